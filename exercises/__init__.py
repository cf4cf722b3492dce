"""What a learner does: questions to answer and exercises to solve, each judged by what crossed the wire."""

from exercises.checking import check
from exercises.playground import playground
from exercises.quiz import question

__all__ = ["check", "playground", "question"]

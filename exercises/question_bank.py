"""The questions: YAML files in `questions/`, one a lesson, held against `question_bank.schema.json`."""

import json
import string
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import fastjsonschema
import yaml

FOLDER = Path(__file__).parent / "questions"
SCHEMA = Path(__file__).with_name("question_bank.schema.json")


class QuestionBankError(ValueError):
    """A question file does not hold what it must; the message says where and what."""


@dataclass(frozen=True, slots=True)
class Option:
    letter: str
    text: str
    correct: bool
    feedback: str


@dataclass(frozen=True, slots=True)
class TryIt:
    """The request that settles a question (as typed in a `%%http` cell), the status and a text of its answer."""

    request: str
    status: int
    shows: str


@dataclass(frozen=True, slots=True)
class QuestionData:
    """One question; the fields are described in the schema."""

    id: str
    objective: str
    kind: str
    difficulty: str
    prompt: str
    options: tuple[Option, ...]
    hints: tuple[str, ...]
    steps: tuple[str, ...]
    mistakes: tuple[str, ...]
    source: str
    try_it: TryIt
    shown: str = ""

    @property
    def right_letters(self) -> list[str]:
        return [option.letter for option in self.options if option.correct]


def load_questions(path: Path) -> list[QuestionData]:
    """The questions of one file. QuestionBankError with file, place and fault where it is not as the schema says."""
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
        _validator()(content)
    except UnicodeDecodeError as error:
        raise QuestionBankError(f"{path.name}, at byte {error.start}: not UTF-8; save the file in this encoding") from None
    except yaml.YAMLError as error:
        raise QuestionBankError(f"{path.name} is not YAML: {error}") from None
    except fastjsonschema.JsonSchemaValueException as error:
        raise QuestionBankError(f"{path.name}: {error.message.removeprefix('data.')}") from None
    if content["lesson"] != path.stem:
        raise QuestionBankError(f"{path.name} says that it belongs to {content['lesson']}; the two must be the same")
    return [_question(path, entry) for entry in content["questions"]]


@cache
def _validator() -> Callable[[object], object]:
    # Not jsonschema, which takes two seconds to import and would keep the first cell of every lesson waiting.
    return fastjsonschema.compile(json.loads(SCHEMA.read_text(encoding="utf-8")), use_default=False)


@cache
def all_questions() -> dict[str, QuestionData]:
    """Every question by its id. QuestionBankError where two have the same."""
    questions: dict[str, QuestionData] = {}
    for path in sorted(FOLDER.glob("*.yaml")):
        for question in load_questions(path):
            if question.id in questions:
                raise QuestionBankError(f"{path.name} uses the id {question.id!r} a second time; ids are unique")
            questions[question.id] = question
    return questions


def _question(path: Path, entry: dict) -> QuestionData:
    options = tuple(
        Option(letter, **option) for letter, option in zip(string.ascii_lowercase, entry["options"], strict=False)
    )
    right = sum(option.correct for option in options)
    if right == 0 or (right > 1 and entry["kind"] != "multiple"):
        raise QuestionBankError(f"{path.name}, {entry['id']}: {right} options are correct, for the kind {entry['kind']}")
    lists = {name: tuple(entry[name]) for name in ("hints", "steps", "mistakes")}
    return QuestionData(**{**entry, **lists, "options": options, "try_it": TryIt(**entry["try_it"])})

"""One submission judged: the scenarios play outside, on the function of a process in the sandbox."""

import time
from dataclasses import dataclass

from exercises.checking import Outcome, Result, find_exercise, play
from exercises.grading.limits import Limits
from exercises.grading.session import Ended, Session
from exercises.grading.submissions import Submission
from exercises.scenario import Exercise, NotAttempted, Scenario, Unmet


@dataclass(frozen=True, slots=True)
class Grade:
    """`remark` says what stood in the way; `failures` are the notebook's cells that raised; `result` is None where nothing ran."""

    submission: Submission
    exercise: Exercise
    remark: str = ""
    failures: tuple[str, ...] = ()
    result: Result | None = None

    @property
    def points(self) -> int:
        return self.result.points if self.result else 0


def grade(submission: Submission, *, limits: Limits = Limits(), unsafe: bool = False) -> Grade:
    """Judge one submission. Never raises for what a learner wrote; SandboxError where the sandbox does not come up."""
    exercise = find_exercise(submission.exercise_id)
    if submission.problem:
        return Grade(submission, exercise, submission.problem)
    with _Attempt(submission, exercise, limits, unsafe) as attempt:
        outcomes: list[Outcome] = []
        for scenario in exercise.scenarios:
            try:
                outcomes.append(attempt.outcome(scenario))
            except NotAttempted:
                return Grade(submission, exercise, "not attempted", attempt.failures, Result(exercise, ()))
            except _NoFunction as problem:
                return Grade(submission, exercise, str(problem), attempt.failures)
            except Ended as ended:
                if not outcomes:
                    return Grade(submission, exercise, f"the notebook did not run to its end: {ended}", attempt.failures)
                outcomes.append(Outcome(scenario, _unmet(f"the notebook did not run to its end again: {ended}")))
        return Grade(submission, exercise, attempt.remark, attempt.failures, Result(exercise, tuple(outcomes)))


class _NoFunction(Exception):
    """The notebook ran, and left nothing to call."""


class _Attempt:
    """The processes of one submission: one, and another after each that a scenario was the end of."""

    def __init__(self, submission: Submission, exercise: Exercise, limits: Limits, unsafe: bool) -> None:
        self._submission, self._exercise, self._limits, self._unsafe = submission, exercise, limits, unsafe
        self._deadline = time.monotonic() + limits.submission_seconds
        self._session: Session | None = None
        self._function = None
        self.failures: tuple[str, ...] = ()
        self.remark = ""

    def __enter__(self) -> "_Attempt":
        return self

    def __exit__(self, *exception: object) -> None:
        if self._session:
            self._session.close()

    def outcome(self, scenario: Scenario) -> Outcome:
        """How the scenario ended. Ended and _NoFunction where there is nothing to play it on."""
        session = self._running()
        try:
            outcome = play(scenario, self._function, session.next_listener())
        except Ended:
            outcome = Outcome(scenario, None)
        except NotAttempted:
            if not session.ended:
                raise
            outcome = Outcome(scenario, None)
        except Exception as error:
            # A scenario that fails on a value that nobody thought of is ours to mend; the learner has not met it either way.
            self.remark = f"please report this: {scenario.title!r} failed itself with {type(error).__name__}: {error}"[:300]
            outcome = Outcome(scenario, _unmet(f"the check could not make sense of what came back ({type(error).__name__})"))
        if session.ended:
            return Outcome(scenario, _unmet(f"the process of your notebook is gone: {session.ended}"), outcome.evidence)
        return outcome

    def _running(self) -> Session:
        if self._session and not self._session.ended:
            return self._session
        if self._session:
            self._session.close()
        self._session = Session(
            list(self._submission.cells),
            self._exercise.function,
            len(self._exercise.scenarios),
            limits=self._limits,
            deadline=self._deadline,
            unsafe=self._unsafe,
        )
        self._function = self._session.run_notebook()
        self.failures = tuple(self._session.failures)
        if self._function is None:
            raise _NoFunction(f"the notebook leaves no function {self._exercise.function}")
        return self._session


def _unmet(seen: str) -> Unmet:
    return Unmet(
        seen=seen,
        expected="a function that returns a value or raises an exception, in good time",
        why="A caller goes on with what your function returns or raises; a program that ends or hangs gives it neither.",
        hint="Which line of your function can wait for ever, end the program, or take ever more memory?",
    )

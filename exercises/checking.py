"""`check("request_a_token", get_token)`: play an exercise's scenarios on a function and show what came of it."""

import importlib
import socket
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from exercises.closed_terminal import KEPT_CHARACTERS
from exercises.expectations import DidNotComeBack, NotAttempted, Unmet
from exercises.help_in_steps import help_after, try_id
from exercises.loopback_only import LoopbackOnly
from exercises.progress import Progress
from exercises.result import Outcome, Result
from exercises.scenario import Exercise, Scenario, Stage


def check(exercise_id: str, function: Callable, progress: Progress | None = None) -> Result:
    """Judge `function` by what it sends and returns; the points are kept in the progress file.

    Never raises for what the function does. KeyError for an unknown exercise, TypeError where `function` is none.
    """
    exercise = find_exercise(exercise_id)
    if not callable(function):
        raise TypeError(
            f"Saw {type(function).__name__} as the second argument, expected your function itself: "
            f'check("{exercise_id}", name_of_your_function), without parentheses after the name.'
        )
    try:
        # From the first call to the last, since a thread that a call has begun may go on after it.
        with LoopbackOnly():
            outcomes = _play_all(exercise, function)
    except NotAttempted:
        return Result(exercise, ())
    progress = progress or Progress()
    result = Result(exercise, outcomes)
    if result.passed:
        progress.checked(exercise_id, result.points)
        return result
    failed_try = try_id(function, [outcome.unmet.seen if outcome.unmet else "" for outcome in outcomes])
    return replace(result, help=help_after(exercise, progress.checked(exercise_id, result.points, failed_try)))


def _play_all(exercise: Exercise, function: Callable) -> tuple[Outcome, ...]:
    """Each scenario's outcome, in order. After a call that did not come back no other is played: a learner has waited enough."""
    outcomes: list[Outcome] = []
    for scenario in exercise.scenarios:
        if outcomes and (isinstance(outcomes[-1].unmet, DidNotComeBack) or not outcomes[-1].played):
            outcomes.append(Outcome(scenario, None, played=False))
        else:
            outcomes.append(play(scenario, function))
    return tuple(outcomes)


def play(scenario: Scenario, function: Callable, listener: socket.socket | None = None) -> Outcome:
    """One scenario on a fresh server, which answers at `listener` if given. NotAttempted where nothing is written yet."""
    stage, unmet = Stage(function, listener), None
    try:
        scenario.play(stage)
        stage.expect_that_no_call_ended_the_program()
    except Unmet as error:
        error.seen = stage.without_random_values(error.seen)
        unmet = error
    finally:
        stage.close()
    printed = "".join(call.printed for call in stage.calls)[: 2 * KEPT_CHARACTERS]
    traceback = stage.calls[-1].traceback if stage.calls else ""
    return Outcome(scenario, unmet, tuple(stage.exchanges), printed, traceback)


def exercise_ids() -> list[str]:
    return sorted(path.parent.name for path in Path(__file__).parent.glob("*/scenarios.py"))


def find_exercise(exercise_id: str) -> Exercise:
    """The exercise in `exercises/<id>/scenarios.py`. KeyError, with those that there are, where there is none."""
    known = exercise_ids()
    if exercise_id not in known:
        raise KeyError(f"There is no exercise {exercise_id!r}; there is: {', '.join(known)}.")
    return importlib.import_module(f"exercises.{exercise_id}.scenarios").EXERCISE

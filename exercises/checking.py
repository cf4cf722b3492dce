"""`check("request_a_token", get_token)`: play an exercise's scenarios on a function and show what came of it."""

import html
import importlib
import socket
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from exercises.progress import Progress
from exercises.scenario import Exercise, NotAttempted, Scenario, Stage, Unmet
from mock_server.views.record import Exchange


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one scenario ended. `unmet` is None where it passed; `evidence` is what crossed the wire."""

    scenario: Scenario
    unmet: Unmet | None
    evidence: tuple[Exchange, ...] = ()

    @property
    def passed(self) -> bool:
        return self.unmet is None

    @property
    def points(self) -> int:
        return self.scenario.points if self.passed else 0


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found; `outcomes` is empty where the exercise was not attempted."""

    exercise: Exercise
    outcomes: tuple[Outcome, ...]

    @property
    def attempted(self) -> bool:
        return bool(self.outcomes)

    @property
    def points(self) -> int:
        return sum(outcome.points for outcome in self.outcomes)

    @property
    def passed(self) -> bool:
        return self.attempted and all(outcome.passed for outcome in self.outcomes)

    @property
    def headline(self) -> str:
        if not self.attempted:
            return f"{self.exercise.title}: not attempted yet. Replace `raise NotImplementedError()` with your code."
        score = f"{self.points} of {self.exercise.points} points"
        return f"{self.exercise.title}: {'solved, ' if self.passed else ''}{score}"

    def __repr__(self) -> str:
        lines = [self.headline]
        for outcome in self.outcomes:
            points = f"{outcome.points}/{outcome.scenario.points}"
            again = outcome.unmet and not self._is_news(outcome)
            lines.append(
                f"{'✓' if outcome.passed else '✗'} {points}  {outcome.scenario.title}{': as above' if again else ''}"
            )
            if self._is_news(outcome):
                lines += [f"        {name + ':':<10}{text}" for name, text in _explained(outcome.unmet)]
        return "\n".join(lines)

    def _is_news(self, outcome: Outcome) -> bool:
        """Whether this outcome failed for a reason that no scenario before it has shown."""
        earlier = self.outcomes[: self.outcomes.index(outcome)]
        return outcome.unmet is not None and outcome.unmet.seen not in [each.unmet.seen for each in earlier if each.unmet]

    def _repr_html_(self) -> str:
        items = []
        for outcome in self.outcomes:
            mark = "✓" if outcome.passed else "✗"
            title = (
                f'<span class="mark">{mark}</span> {html.escape(outcome.scenario.title)} '
                f"<small>{outcome.points} of {outcome.scenario.points}</small>"
            )
            if self._is_news(outcome):
                is_first = not any("What happened" in item for item in items)
                title += _failure_html(outcome, is_open=is_first)
            elif not outcome.passed:
                title += " <em>as above</em>"
            items.append(f'<li class="{"passed" if outcome.passed else "failed"}">{title}</li>')
        if self.outcomes and not self.passed:
            items += [
                f"<li><details><summary>Hint {number}</summary>{html.escape(hint)}</details></li>"
                for number, hint in enumerate(self.exercise.hints, 1)
            ]
        return f'{_STYLE}<div class="check"><p><b>{html.escape(self.headline)}</b></p><ul>{"".join(items)}</ul></div>'


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
    outcomes = []
    for scenario in exercise.scenarios:
        try:
            outcomes.append(play(scenario, function))
        except NotAttempted:
            return Result(exercise, ())
    result = Result(exercise, tuple(outcomes))
    (progress or Progress()).checked(exercise_id, result.points)
    return result


def play(scenario: Scenario, function: Callable, listener: socket.socket | None = None) -> Outcome:
    """One scenario on a fresh server, which answers at `listener` if given. NotAttempted where nothing is written yet."""
    stage = Stage(function, listener)
    try:
        scenario.play(stage)
        return Outcome(scenario, None, tuple(stage.exchanges))
    except Unmet as unmet:
        unmet.seen = stage.without_random_values(unmet.seen)
        return Outcome(scenario, unmet, tuple(stage.exchanges))
    finally:
        stage.close()


def exercise_ids() -> list[str]:
    return sorted(path.parent.name for path in Path(__file__).parent.glob("*/scenarios.py"))


def find_exercise(exercise_id: str) -> Exercise:
    """The exercise in `exercises/<id>/scenarios.py`. KeyError, with those that there are, where there is none."""
    known = exercise_ids()
    if exercise_id not in known:
        raise KeyError(f"There is no exercise {exercise_id!r}; there is: {', '.join(known)}.")
    return importlib.import_module(f"exercises.{exercise_id}.scenarios").EXERCISE


def _explained(unmet: Unmet) -> list[tuple[str, str]]:
    return [("seen", unmet.seen), ("expected", unmet.expected), ("why", unmet.why), ("hint", unmet.hint)]


def _failure_html(outcome: Outcome, is_open: bool) -> str:
    rows = "".join(f"<dt>{name}</dt><dd>{html.escape(text)}</dd>" for name, text in _explained(outcome.unmet))
    evidence = "".join(exchange._repr_html_() for exchange in outcome.evidence[:3])
    wire = f"<details><summary>What crossed the wire</summary>{evidence}</details>" if evidence else ""
    return f'<details{" open" if is_open else ""}><summary>What happened</summary><dl>{rows}</dl>{wire}</details>'


_STYLE = """<style>
.check { max-width: 62rem; border: 1px solid var(--jp-border-color2, #bdbdbd); border-radius: 4px; padding: 0.5em 1em; }
div.check > ul { list-style: none; padding: 0; margin: 0; }
.check li { padding: 0.25em 0 0.25em 0.8em; margin: 0.25em 0; border-left: 4px solid transparent; }
.check li.passed { border-left-color: #2e7d32; }
.check li.failed { border-left-color: #c62828; }
.check .mark { font-weight: bold; }
.check small { opacity: 0.75; }
.check summary { cursor: pointer; }
div.check dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.25em 1em; margin: 0.4em 0; }
.check dt { font-weight: 600; grid-column: 1; }
div.check dd { margin: 0; grid-column: 2; overflow-wrap: anywhere; }
</style>"""

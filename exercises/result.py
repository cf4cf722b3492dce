"""What a check found, as values, as text and as HTML."""

import html
from dataclasses import dataclass

from exercises.help_in_steps import Help
from exercises.scenario import Exercise, Scenario, Unmet
from mock_server.views.record import Exchange

EXPLAINED = 2


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one scenario ended. `unmet` is None where it passed; `evidence` is what crossed the wire.

    `printed` is what the learner's function printed, `traceback` what it raised in its last call. A scenario that was
    not `played`, since a call before it did not come back, counts as failed.
    """

    scenario: Scenario
    unmet: Unmet | None
    evidence: tuple[Exchange, ...] = ()
    printed: str = ""
    traceback: str = ""
    played: bool = True

    @property
    def passed(self) -> bool:
        return self.unmet is None and self.played

    @property
    def points(self) -> int:
        return self.scenario.points if self.passed else 0


@dataclass(frozen=True, slots=True)
class Result:
    """What a check found; `outcomes` is empty where the exercise was not attempted. `help` is what a learner is offered now."""

    exercise: Exercise
    outcomes: tuple[Outcome, ...]
    help: Help = Help()

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

    @property
    def news(self) -> list[Outcome]:
        """The outcomes that failed for a reason which none before them has shown."""
        first: dict[str, Outcome] = {}
        for outcome in self.outcomes:
            if outcome.unmet is not None:
                first.setdefault(outcome.unmet.seen, outcome)
        return list(first.values())

    def __repr__(self) -> str:
        lines = [self.headline]
        for outcome in self.outcomes:
            points = f"{outcome.points}/{outcome.scenario.points}"
            remark = self._remark(outcome)
            lines.append(f"{_mark(outcome)} {points}  {outcome.scenario.title}{remark and ': ' + remark}")
            if self._is_explained(outcome):
                lines += [_row(name, text) for name, text in _explained(outcome.unmet)]
                lines += [_row("traceback", outcome.traceback)] if outcome.traceback else []
            if self._shows_print(outcome):
                lines.append(_row("printed", outcome.printed.rstrip("\n")))
        lines += [self._more] if self._more else []
        if self.help.hints:
            # Not the hints themselves: the same mistake gives the same text, however often it was made.
            lines.append("Stuck? _.help shows a hint, and one more after the next check.")
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        items = [f'<li class="{"passed" if each.passed else "failed"}">{self._item_html(each)}</li>' for each in self.outcomes]
        if self._more:
            items.append(f"<li>{self._more}</li>")
        count = len(self.exercise.hints)
        for number, hint in enumerate(self.help.hints, 1):
            items.append(f"<li>{_folded(f'Hint {number} of {count}', html.escape(hint))}</li>")
        if self.help.solution:
            items.append(f"<li>{_folded('A solution, now that you have tried in earnest', _block(self.help.solution))}</li>")
        return f'{_STYLE}<div class="check"><p><b>{html.escape(self.headline)}</b></p><ul>{"".join(items)}</ul></div>'

    def _item_html(self, outcome: Outcome) -> str:
        title, points = html.escape(outcome.scenario.title), f"{outcome.points} of {outcome.scenario.points}"
        item = f'<span class="mark">{_mark(outcome)}</span> {title} <small>{points}</small>'
        if remark := self._remark(outcome):
            item += f" <em>{remark}</em>"
        if self._is_explained(outcome):
            item += _failure_html(outcome, is_open=outcome is self.news[0])
        if self._shows_print(outcome):
            item += _folded("What your function printed", _block(outcome.printed))
        return item

    def _remark(self, outcome: Outcome) -> str:
        if not outcome.played:
            return "not played, since a call did not come back"
        explained = [each.unmet.seen for each in self.news[:EXPLAINED]]
        is_known = outcome.unmet is not None and outcome.unmet.seen in explained
        return "as above" if is_known and not self._is_explained(outcome) else ""

    def _is_explained(self, outcome: Outcome) -> bool:
        """The first failures only: whoever mends them sees the others in another light."""
        return any(outcome is each for each in self.news[:EXPLAINED])

    def _shows_print(self, outcome: Outcome) -> bool:
        is_first = outcome is self.outcomes[0]
        return bool(outcome.printed) and (self._is_explained(outcome) or (self.passed and is_first))

    @property
    def _more(self) -> str:
        return "Mend these first; the next check tells more about the others." if len(self.news) > EXPLAINED else ""


def _mark(outcome: Outcome) -> str:
    return "✓" if outcome.passed else "✗"


def _row(name: str, text: str) -> str:
    """One line, or an indented block where the text has several."""
    if "\n" not in text:
        return f"        {name + ':':<10}{text}"
    return "\n".join([f"        {name}:", *(f"          {line}" for line in text.splitlines())])


def _explained(unmet: Unmet) -> list[tuple[str, str]]:
    return [("seen", unmet.seen), ("expected", unmet.expected), ("why", unmet.why), ("hint", unmet.hint)]


def _failure_html(outcome: Outcome, is_open: bool) -> str:
    rows = "".join(f"<dt>{name}</dt><dd>{html.escape(text)}</dd>" for name, text in _explained(outcome.unmet))
    trace = _folded("Your traceback", _block(outcome.traceback)) if outcome.traceback else ""
    evidence = "".join(exchange._repr_html_() for exchange in outcome.evidence[:3])
    wire = _folded("What crossed the wire", evidence) if evidence else ""
    return f'<details{" open" if is_open else ""}><summary>What happened</summary><dl>{rows}</dl>{trace}{wire}</details>'


def _folded(summary: str, content: str) -> str:
    return f"<details><summary>{summary}</summary>{content}</details>"


def _block(text: str) -> str:
    return f"<pre>{html.escape(text)}</pre>"


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

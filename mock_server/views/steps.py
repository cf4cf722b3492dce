"""A table drawn from real exchanges: what the client, the authorization server and the API know after each step."""

import html
from dataclasses import dataclass

from mock_server.views.record import Exchange
from mock_server.views.story import API, AUTHORIZATION_SERVER, CLIENT, PARTIES, tell

_AT_FIRST = {
    CLIENT: {"credentials": "its id and its secret"},
    AUTHORIZATION_SERVER: {"credentials": "each client's id, and a digest of its secret"},
    API: {"credentials": "no client, and no secret"},
}
#: How many tokens a party's cell names.
_MOST_FACTS = 5


@dataclass(frozen=True, slots=True)
class Step:
    """`knows` has the facts of each party by now, `learned` those that are new with this step."""

    title: str
    detail: str
    knows: dict[str, tuple[str, ...]]
    learned: dict[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps in order; the first is what was known before anything was sent."""

    steps: tuple[Step, ...]

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self):
        return iter(self.steps)

    def __getitem__(self, number: int) -> Step:
        return self.steps[number]

    def __repr__(self) -> str:
        lines = []
        for number, step in enumerate(self.steps):
            lines.append(f"{number}. {step.title}" + (f" ({step.detail})" if step.detail else ""))
            for party in PARTIES:
                lines += [f"     {party} knows: {fact}" for fact in step.learned[party]]
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{title}</th>' for title in ("Step", *(f"{party} knows" for party in PARTIES)))
        rows = "".join(_row(number, step) for number, step in enumerate(self.steps))
        caption = "<caption>Who knows what after each step; what is new is bold and marked +</caption>"
        return f'{_STYLE}<table class="mock-steps">{caption}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'


def steps(exchanges: list[Exchange]) -> Steps:
    """The steps of these exchanges. Secrets are told by name, never shown."""
    known = {party: dict(facts) for party, facts in _AT_FIRST.items()}
    told = [Step("Before", "", _facts(known), _facts(known))]
    for message in tell(exchanges):
        for party, facts in message.learned.items():
            for subject, fact in facts.items():
                known[party].pop(subject, None)
                known[party][subject] = fact
            while len(known[party]) > _MOST_FACTS:
                del known[party][next(subject for subject in known[party] if subject != "credentials")]
        learned = {party: tuple(message.learned.get(party, {}).values()) for party in PARTIES}
        told.append(Step(f"{message.sender} to {message.receiver}: {message.text}", message.detail, _facts(known), learned))
    return Steps(tuple(told))


def _facts(known: dict[str, dict[str, str]]) -> dict[str, tuple[str, ...]]:
    return {party: tuple(known[party].values()) for party in PARTIES}


def _row(number: int, step: Step) -> str:
    detail = f"<br><small>{html.escape(step.detail)}</small>" if step.detail else ""
    cells = "".join(f"<td>{_cell(step, party, number > 0)}</td>" for party in PARTIES)
    return f'<tr><th scope="row">{number}. {html.escape(step.title)}{detail}</th>{cells}</tr>'


def _cell(step: Step, party: str, marks_news: bool) -> str:
    shown = []
    for fact in step.knows[party]:
        is_new = marks_news and fact in step.learned[party]
        shown.append(f"<b>+ {html.escape(fact)}</b>" if is_new else html.escape(fact))
    return "<br>".join(shown)


_STYLE = """<style>
table.mock-steps { border-collapse: collapse; max-width: 62rem; margin: 0.4em 0; font-family: var(--jp-ui-font-family, sans-serif); font-size: 13px; }
table.mock-steps caption { text-align: left; padding: 0.3em 0; opacity: 0.8; }
table.mock-steps th, table.mock-steps td { border: 1px solid var(--jp-border-color2, #9e9e9e); padding: 0.4em 0.7em; text-align: left; vertical-align: top; white-space: normal; max-width: 18rem; }
table.mock-steps tbody th { font-weight: 600; }
table.mock-steps small { font-weight: 400; opacity: 0.8; }
</style>"""

"""A sequence diagram drawn from real exchanges: SVG without a script, with a text that says the same."""

import binascii
import html
from dataclasses import dataclass

from mock_server.views.record import Exchange
from mock_server.views.story import PARTIES, Message, tell

_WIDTH = 860
_AT = dict(zip(PARTIES, (110, 430, 750), strict=True))
_TOP, _STEP, _BOX_WIDTH, _BOX_HEIGHT = 42, 50, 180, 36
#: More arrows than these make no picture; the latest are drawn.
_MOST_MESSAGES = 60


@dataclass(frozen=True, slots=True)
class Diagram:
    """`svg` is a whole SVG document; `str()` and `repr()` say the same in lines of text."""

    messages: tuple[Message, ...]
    left_out: int = 0

    def __repr__(self) -> str:
        lines = [f"({self.left_out} earlier messages are left out)"] if self.left_out else []
        lines += [f"{number:>3}. {_sentence(message)}" for number, message in enumerate(self.messages, 1)]
        return "\n".join(lines) or "Nothing has crossed the wire yet."

    @property
    def svg(self) -> str:
        height = _TOP + _STEP * max(1, len(self.messages)) + 30
        # The same for the same messages, and different for different diagrams of one page.
        name = f"sequence-{binascii.crc32(repr(self).encode('utf-8')):08x}"
        parts = [
            f'<svg xmlns="http://www.w3.org/2000/svg" class="mock-sequence" role="img" viewBox="0 0 {_WIDTH} {height}" '
            f'width="{_WIDTH}" height="{height}" aria-labelledby="{name}-title {name}-desc">',
            f'<title id="{name}-title">Messages between client, authorization server and API</title>',
            f'<desc id="{name}-desc">{html.escape(repr(self))}</desc>',
            _STYLE,
            _arrow_heads(name),
            f'<rect class="paper" width="{_WIDTH}" height="{height}" rx="6"/>',
            *(_life_line(party, height) for party in PARTIES),
            *(_arrow(message, _TOP + _STEP * number, name) for number, message in enumerate(self.messages, 1)),
        ]
        if not self.messages:
            parts.append(f'<text class="what" x="{_AT[PARTIES[1]]}" y="{_TOP + 30}">Nothing has crossed the wire yet.</text>')
        return "\n".join([*parts, "</svg>"])

    def _repr_svg_(self) -> str:
        return self.svg

    def _repr_html_(self) -> str:
        # A description for whoever has the page read out stands in the SVG; this one is for whoever wants to copy it.
        text = f"<details><summary>The same in words</summary><pre>{html.escape(repr(self))}</pre></details>"
        return f'<div style="max-width:{_WIDTH}px">{self.svg}{text}</div>'


def diagram(exchanges: list[Exchange]) -> Diagram:
    """The diagram of these exchanges. Secrets are told by name, never shown."""
    messages = tell(exchanges)
    left_out = max(0, len(messages) - _MOST_MESSAGES)
    return Diagram(tuple(messages[left_out:]), left_out)


def _sentence(message: Message) -> str:
    detail = f" ({message.detail})" if message.detail else ""
    return f"{message.sender} -> {message.receiver}: {message.text}{detail}"


def _life_line(party: str, height: int) -> str:
    x = _AT[party]
    return (
        f'<line class="life" x1="{x}" y1="{16 + _BOX_HEIGHT}" x2="{x}" y2="{height - 14}"/>'
        f'<rect class="party" x="{x - _BOX_WIDTH // 2}" y="16" width="{_BOX_WIDTH}" height="{_BOX_HEIGHT}" rx="5"/>'
        f'<text class="name" x="{x}" y="{16 + _BOX_HEIGHT // 2 + 5}">{party}</text>'
    )


def _arrow(message: Message, y: int, name: str) -> str:
    start, end = _AT[message.sender], _AT[message.receiver]
    direction = 1 if end > start else -1
    # Beside the client's own line, where no other line crosses the words.
    middle = (_AT[PARTIES[0]] + _AT[PARTIES[1]]) // 2
    stop = (start + end) // 2 if message.outcome == "lost" else end - direction * 3
    mark = ""
    if message.outcome == "lost":
        mark = f'<path class="cross" d="M{stop - 6} {y - 6}l12 12m0 -12l-12 12"/>'
    marker = "" if message.outcome == "lost" else f' marker-end="url(#{name}-{message.outcome})"'
    symbol = {"refused": "✗ ", "granted": "✓ ", "lost": "… ", "asked": ""}[message.outcome]
    detail = f'<text class="detail" x="{middle}" y="{y + 15}">{html.escape(message.detail)}</text>' if message.detail else ""
    return (
        f'<line class="{message.outcome}" x1="{start}" y1="{y}" x2="{stop}" y2="{y}"{marker}/>{mark}'
        f'<text class="what {message.outcome}-text" x="{middle}" y="{y - 7}">{symbol}{html.escape(message.text)}</text>{detail}'
    )


def _arrow_heads(name: str) -> str:
    heads = "".join(
        f'<marker id="{name}-{outcome}" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path class="{outcome}-head" d="M0 0L10 5L0 10z"/></marker>'
        for outcome in ("asked", "granted", "refused")
    )
    return f"<defs>{heads}</defs>"


# JupyterLab's colours where there are any; else those of the reader's system.
_STYLE = """<style>
.mock-sequence { --paper: #ffffff; --ink: #1f2328; --faint: #6b7280; --sent: #1565c0; --good: #00796b; --bad: #c62828; max-width: 100%; height: auto; }
@media (prefers-color-scheme: dark) { .mock-sequence { --paper: #16181d; --ink: #e6e8eb; --faint: #9aa4b2; --sent: #64b5f6; --good: #4db6ac; --bad: #ef9a9a; } }
[data-jp-theme-light="true"] .mock-sequence { --sent: #1565c0; --good: #00796b; --bad: #c62828; }
[data-jp-theme-light="false"] .mock-sequence { --sent: #64b5f6; --good: #4db6ac; --bad: #ef9a9a; }
.mock-sequence .paper { fill: var(--jp-layout-color0, var(--paper)); }
.mock-sequence text { font-family: var(--jp-ui-font-family, system-ui, sans-serif); font-size: 13px; text-anchor: middle; fill: var(--jp-content-font-color1, var(--ink)); stroke: var(--jp-layout-color0, var(--paper)); stroke-width: 5px; paint-order: stroke; stroke-linejoin: round; }
.mock-sequence .name { font-weight: 600; font-size: 14px; stroke: none; }
.mock-sequence .what { font-weight: 600; }
.mock-sequence .detail { font-size: 12px; fill: var(--jp-content-font-color2, var(--faint)); }
.mock-sequence .party { fill: var(--jp-layout-color1, var(--paper)); stroke: var(--jp-content-font-color2, var(--faint)); stroke-width: 1.5; }
.mock-sequence .life { stroke: var(--jp-border-color1, var(--faint)); stroke-dasharray: 3 5; }
.mock-sequence .asked { stroke: var(--sent); stroke-width: 2; }
.mock-sequence .granted { stroke: var(--good); stroke-width: 2; stroke-dasharray: 8 4; }
.mock-sequence .refused, .mock-sequence .lost, .mock-sequence .cross { stroke: var(--bad); stroke-width: 2; stroke-dasharray: 8 4; fill: none; }
.mock-sequence .cross { stroke-dasharray: none; }
.mock-sequence .asked-head { fill: var(--sent); }
.mock-sequence .granted-head { fill: var(--good); }
.mock-sequence .refused-head { fill: var(--bad); }
.mock-sequence .refused-text, .mock-sequence .lost-text { fill: var(--bad); }
</style>"""

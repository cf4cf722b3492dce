"""A workbench for the token request: choose its parts, see its three spellings change, send it, read the answer.

    from exercises import playground

    playground(server)                            # shows it
    playground(server).send(credentials="Basic")  # sends one request without widgets
"""

import html
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import ipywidgets

from exercises.composed_request import ENCODINGS, METHODS, PLACES, Choices
from exercises.http_cell import send_raw
from mock_server.shells.server import Server
from mock_server.views.exchange_view import exchange_html, exchange_text
from mock_server.views.explanation import Explanation, explain
from mock_server.views.spellings import Spellings, three_spellings
from mock_server.web.wire import parse_response, serialize_request

#: The published clients of the lessons and their secrets.
TEACHING_CLIENTS = {
    "myapp123": "secret456",
    "abc123": "secret456",
    "dashboard": "dashboard-secret",
    "station:7 north": "p+q r&%/=",
    "browser-app": "",
}
_PLACE_LABELS = {"body": "in the body", "Basic": "HTTP Basic header", "URL": "in the URL", "nowhere": "nowhere"}
_ENCODING_LABELS = {"form": "form", "JSON": "JSON"}
_OTHER = "another client"


def playground(server: Server | str) -> "Playground":
    """A playground that sends to `server`, a running mock server or its URL."""
    url = server if isinstance(server, str) else server.url
    if urlsplit(url).scheme != "http" or not urlsplit(url).netloc:
        raise ValueError(f"Saw the server {url!r}; expected what start() gave you, or a URL such as http://127.0.0.1:9400.")
    return Playground(url.rstrip("/"))


@dataclass(frozen=True, slots=True)
class Sent:
    """What crossed the wire for one press of Send, and what it means."""

    raw_request: bytes
    raw_response: bytes

    @property
    def status(self) -> int | None:
        """The status of the answer; None where no answer came."""
        response = parse_response(self.raw_response)
        return None if response is None else response.status

    @property
    def explanation(self) -> Explanation:
        return explain(self.raw_request, self.raw_response)

    @property
    def headline(self) -> str:
        if self.status is None:
            return "✗ No answer."
        return f"{'✓' if self.status < 400 else '✗'} {self.status} {parse_response(self.raw_response).reason}."

    def __repr__(self) -> str:
        return f"{self.headline} {self.explanation}\n\n{exchange_text(self.raw_request, self.raw_response)}"

    def _repr_html_(self) -> str:
        return f"{_verdict_html(self)}{exchange_html(self.raw_request, self.raw_response)}"


class Playground:
    """The request as chosen so far. It shows itself in a notebook; `send(credentials="Basic")` works in text."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.choices = Choices()
        self._widgets: _Widgets | None = None

    @property
    def spellings(self) -> Spellings:
        return three_spellings(self.choices.request(urlsplit(self.url).netloc))

    def choose(self, **choices: str) -> "Playground":
        """Change parts of the request, each named as in `Choices`. TypeError or ValueError for what there is not."""
        self.choices = replace(self.choices, **choices)
        if self._widgets is not None:
            self._widgets.show_choices()
        return self

    def send(self, **choices: str) -> Sent:
        """Send the request, with these choices made first. OSError where nobody answers at the URL."""
        self.choose(**choices)
        raw = serialize_request(self.choices.request(urlsplit(self.url).netloc))
        sent = Sent(raw, send_raw(self.url, raw))
        if self._widgets is not None:
            self._widgets.show_answer(sent._repr_html_())
        return sent

    def __repr__(self) -> str:
        # Without the address: a server may have had to move to another port.
        parts = [f"{name}={getattr(self.choices, name)!r}" for name in ("method", "encoding", "credentials", "client_id", "scope")]
        return (
            f"Playground: a token request with {', '.join(parts)}\n"
            'Choose and press Send, or run: playground(server).send(credentials="Basic")'
        )

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        if self._widgets is None:
            self._widgets = _Widgets(self)
        return {**self._widgets.box._repr_mimebundle_(), "text/plain": repr(self)}


class _Widgets:
    """The controls, the three spellings and the answer, of core ipywidgets.

    Choices are buttons and neither dropdowns nor radio inputs: JupyterLab takes the arrow keys and letters that those need,
    while buttons work with Tab, Space and Enter alone.
    """

    def __init__(self, shown: Playground) -> None:
        self._playground = shown
        self._is_updating = False
        self._method = _buttons("Method", METHODS)
        self._encoding = _buttons("Body is", [(_ENCODING_LABELS[each], each) for each in ENCODINGS])
        self._place = _buttons("Credentials", [(_PLACE_LABELS[each], each) for each in PLACES])
        clients = [(name, name) for name in TEACHING_CLIENTS]
        self._client = _buttons("Client", [*clients, (_OTHER, "")])
        self._fields = {
            name: _text(name) for name in ("client_id", "client_secret", "grant_type", "scope", "resource")
        }
        self._spellings = ipywidgets.HTML()
        self._answer = ipywidgets.HTML(_NO_ANSWER)
        send = ipywidgets.Button(description="Send", button_style="primary", tooltip="Send this request to the server")
        reset = ipywidgets.Button(description="Start again", tooltip="Back to a request that is right")
        send.on_click(lambda _: self._send())
        reset.on_click(lambda _: self._reset())
        for control in (self._method, self._encoding, self._place, *self._fields.values()):
            control.observe(lambda _: self._chosen(), names="value")
        self._client.observe(lambda change: self._client_chosen(change.new), names="value")
        fields = ipywidgets.GridBox(
            list(self._fields.values()),
            layout=ipywidgets.Layout(grid_template_columns="repeat(auto-fit, minmax(19em, 1fr))", grid_gap="2px 16px"),
        )
        controls = ipywidgets.VBox([self._method, self._encoding, self._place, self._client, fields])
        title = ipywidgets.HTML(f'{_STYLE}<p class="title"><b>Playground</b> · build a token request, then send it</p>')
        self.box = ipywidgets.VBox([title, controls, self._spellings, ipywidgets.HBox([send, reset]), self._answer])
        self.box.add_class("playground")
        self.show_choices()

    def show_choices(self) -> None:
        """Put the playground's choices into the controls."""
        choices = self._playground.choices
        self._is_updating = True
        self._method.value, self._encoding.value, self._place.value = choices.method, choices.encoding, choices.credentials
        for name, field in self._fields.items():
            field.value = getattr(choices, name)
        known = TEACHING_CLIENTS.get(choices.client_id) == choices.client_secret
        self._client.value = choices.client_id if known else ""
        self._is_updating = False
        self._encoding.disabled = choices.method == "GET"
        self._spellings.value = _spellings_html(self._playground.spellings)

    def show_answer(self, markup: str) -> None:
        self._answer.value = markup

    def _chosen(self) -> None:
        if self._is_updating:
            return
        fields = {name: field.value for name, field in self._fields.items()}
        places = {"method": self._method.value, "encoding": self._encoding.value, "credentials": self._place.value}
        self._playground.choose(**places, **fields)
        self._answer.value = _NO_ANSWER

    def _client_chosen(self, client_id: str) -> None:
        if not self._is_updating:
            self._playground.choose(client_id=client_id, client_secret=TEACHING_CLIENTS.get(client_id, ""))
            self._answer.value = _NO_ANSWER

    def _reset(self) -> None:
        self._playground.choices = Choices()
        self.show_choices()
        self._answer.value = _NO_ANSWER

    def _send(self) -> None:
        try:
            self._playground.send()
        except OSError as error:
            why = html.escape(str(error))
            text = f"<b>✗ Nobody answers.</b> Run the cell that starts the server, then send again. ({why})"
            self._answer.value = f'<div class="verdict refused" role="status">{text}</div>'


def _buttons(label: str, options) -> ipywidgets.ToggleButtons:
    style = _LABEL | {"button_width": "auto"}
    return ipywidgets.ToggleButtons(description=label, options=options, style=style, layout=_WIDE)


def _text(label: str) -> ipywidgets.Text:
    return ipywidgets.Text(description=label, placeholder="left out", style=_LABEL, layout=_WIDE)


_LABEL = {"description_width": "6.5em"}
_WIDE = ipywidgets.Layout(width="auto")


def _spellings_html(spellings: Spellings) -> str:
    """All three at once, so that they are seen to change together."""
    raw = spellings.raw.decode("utf-8", errors="backslashreplace").replace("\r\n", "\n").rstrip("\n")
    titled = (("Raw HTTP", raw), ("curl", spellings.curl), ("Python", spellings.python.rstrip("\n")))
    columns = (f"<section><h4>{title}</h4><pre>{html.escape(text)}</pre></section>" for title, text in titled)
    return f'<div class="columns">{"".join(columns)}</div>'


def _verdict_html(sent: Sent) -> str:
    explanation = sent.explanation
    said = f"<br>The server says: <q>{html.escape(explanation.advice)}</q>" if explanation.advice else ""
    source = f"<br><small>{html.escape(explanation.guide.section)}</small>" if explanation.guide else ""
    side = "granted" if sent.status is not None and sent.status < 400 else "refused"
    text = f"<b>{html.escape(sent.headline)}</b> {html.escape(explanation.text)}{said}{source}"
    return f'<div class="verdict {side}" role="status">{text}</div>'


_NO_ANSWER = '<div role="status"></div>'
_STYLE = """<style>
.playground { max-width: 62rem; border: 1px solid var(--jp-border-color2, #bdbdbd); border-radius: 4px; padding: 0.4em 1em 0.8em; }
.playground .widget-html-content { line-height: 1.45; font-size: var(--jp-content-font-size1, 14px); }
.playground p.title { margin: 0.2em 0 0.4em; }
.playground .columns { display: grid; grid-template-columns: repeat(auto-fit, minmax(15rem, 1fr)); gap: 0.7em; margin: 0.5em 0; }
.playground section { min-width: 0; }
.playground h4 { margin: 0 0 0.2em; font-size: 0.9em; font-weight: 600; }
.playground section pre { margin: 0; height: 13.5em; overflow: auto; padding: 0.6em 0.8em; white-space: pre-wrap; overflow-wrap: anywhere; line-height: 1.4; font-size: 12px; background: var(--jp-layout-color2, #eee); border-radius: 3px; }
.playground .verdict { border-left: 4px solid #2e7d32; padding: 0.1em 0.9em; margin: 0.5em 0; }
.playground .verdict.refused { border-left-color: #c62828; }
.playground .jupyter-button.mod-active { box-shadow: inset 0 -3px #1976d2; font-weight: 600; }
.playground .jupyter-button:focus-visible { outline: 2px solid #1976d2; outline-offset: 1px; }
</style>"""

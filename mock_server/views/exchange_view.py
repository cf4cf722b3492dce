"""An exchange as a learner sees it: every line that crossed the wire, what it is, and which parts are secret."""

import html
import re
from dataclasses import dataclass

from mock_server.web.form import FORM
from mock_server.web.wire import parse_request, parse_response, split_head


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a message, or a part of its body. `secret` is the stretch of `text` to keep to oneself."""

    text: str
    label: str = ""
    secret: tuple[int, int] | None = None


_REQUEST_FIELDS = {
    "host": "the server that is meant",
    "content-length": "how many bytes the body has",
    "accept": "what the client can read",
    "user-agent": "the program that asks",
}
_RESPONSE_FIELDS = {
    "cache-control": "no cache may keep a copy (RFC 6749 §5.1)",
    "pragma": "asked for by RFC 6749 §5.1, deprecated since",
    "content-type": "how to read the body",
    "content-length": "how many bytes the body has",
    "date": "the server's clock",
    "location": "where the new thing is",
    "allow": "the methods that would be right",
    "www-authenticate": "how to prove who you are (RFC 9110 §11.6.1)",
}
_FORM_PARAMETERS = {
    "grant_type": "which flow (RFC 6749 §4.4.2)",
    "client_id": "who asks",
    "client_secret": "known to two only: keep it secret",
    "scope": "what for (RFC 6749 §3.3)",
}
_JSON_MEMBERS = {
    "access_token": "the token: a secret",
    "token_type": "how to present it (RFC 6750)",
    "expires_in": "how many seconds it lives",
    "scope": "what it is good for",
    "error": "what went wrong, for programs (RFC 6749 §5.2)",
    "error_description": "the same, for people",
    "error_uri": "a page of this server that explains it",
    "title": "what the status means",
    "status": "the status once more",
    "detail": "what was seen and what to do",
}
_JSON_MEMBER = re.compile(r'[{\s]*"(?P<name>[^"]*)":\s*(?P<value>"(?:[^"\\]|\\.)*"|[^\s,{}\[\]]+)\s*(?:,|}\s*)')
_JSON_SECRET = re.compile(r'"(?:access_token|client_secret)"\s*:\s*"(?P<value>(?:[^"\\]|\\.)*)')


def request_lines(raw: bytes) -> list[Line]:
    """The lines of a raw request, each with what it is."""
    request = parse_request(raw)
    start_line, *fields = _head_lines(raw)
    lines = [_request_line(start_line) if request else Line(start_line, "not a request line")]
    lines += [_request_field(field) for field in fields]
    body, media_type = (request.body, request.media_type) if request else (split_head(raw)[1], "")
    if not body:
        return lines
    return [*lines, Line("", "an empty line ends the headers"), *_request_body(_text(body), media_type)]


def response_lines(raw: bytes) -> list[Line]:
    """The lines of a raw response, each with what it is."""
    lines = []
    while re.match(rb"HTTP/1\.1 1\d\d ", raw):
        lines += [Line(line, "an interim answer (RFC 9110 §15.2)") for line in _head_lines(raw)]
        raw = split_head(raw)[1]
    response = parse_response(raw)
    if response is None:
        return [*lines, Line(_text(raw), "not a response") if raw else Line("", "no answer")]
    start_line, *fields = _head_lines(raw)
    lines.append(Line(start_line, "version, status"))
    for field in fields:
        lines.append(Line(field, _RESPONSE_FIELDS.get(field.partition(":")[0].lower(), "")))
    if not response.body:
        return lines
    return [*lines, Line("", "an empty line ends the headers"), *_json_body(_text(response.body))]


def exchange_text(raw_request: bytes, raw_response: bytes) -> str:
    """Both messages as plain text, `>` before what was sent and `<` before what came back, as curl does."""
    return f"{_lines_text(request_lines(raw_request), '> ')}\n\n{answer_text(raw_response)}"


def answer_text(raw_response: bytes) -> str:
    return _lines_text(response_lines(raw_response), "< ")


def exchange_html(raw_request: bytes, raw_response: bytes) -> str:
    """Both messages as HTML that needs no script and stays readable where styles are stripped."""
    return f"<style>{STYLE}</style>{bare_exchange_html(raw_request, raw_response)}"


def bare_exchange_html(raw_request: bytes, raw_response: bytes) -> str:
    """The same for a page that has `STYLE` already."""
    request = _lines_html(request_lines(raw_request), "Request", "sent")
    return f'<div class="wire">{request}{_answer_html(raw_response)}</div>'


def answer_html(raw_response: bytes, note: str) -> str:
    """The answer alone, under a note in plain text."""
    return f'<style>{STYLE}</style><div class="wire"><small>{html.escape(note)}</small>{_answer_html(raw_response)}</div>'


def _answer_html(raw_response: bytes) -> str:
    response = parse_response(raw_response)
    if response is None:
        return _lines_html(response_lines(raw_response), "Answer", "received")
    title = f"Answer: {response.status} {response.reason}"
    return _lines_html(response_lines(raw_response), title, "received refused" if response.status >= 400 else "received")


def _lines_text(lines: list[Line], before: str) -> str:
    return "\n".join(before + _padded(line).replace("\n", "\n" + before) for line in lines)


def _padded(line: Line) -> str:
    """The text, and its label in a column of its own where there is room."""
    above, line_end, last = line.text.rpartition("\n")
    return f"{above}{line_end}{last:<58}  [{line.label}]" if line.label else line.text


def _lines_html(lines: list[Line], title: str, classes: str) -> str:
    rows = "<br>".join(
        f'<span class="line"><code>{_marked(line)}</code> <small>{html.escape(line.label)}</small></span>'
        for line in lines
    )
    return f'<div class="{classes}"><b>{html.escape(title)}</b><pre>{rows}</pre></div>'


STYLE = """
.wire { font-size: var(--jp-code-font-size, 13px); max-width: 62rem; margin: 0.4em 0; }
.wire .sent, .wire .received { border-left: 4px solid #1976d2; padding: 0.1em 0 0.1em 0.9em; margin: 0.5em 0; }
.wire .received { border-left-color: #00897b; }
.wire .refused { border-left-color: #c62828; }
.wire b { font-family: var(--jp-ui-font-family, sans-serif); }
.wire pre { margin: 0.2em 0 0 0; padding: 0; background: none; white-space: normal; }
.wire br { display: none; }
.wire .line { display: grid; grid-template-columns: minmax(0, 3fr) minmax(0, 2fr); column-gap: 1.5em; padding: 1px 0; }
.wire .line:hover { background: rgba(128, 128, 128, 0.12); }
div.wire pre .line > code { white-space: pre-wrap; overflow-wrap: anywhere; word-break: normal; background: none; padding: 0; font-size: inherit; }
.wire small { font-family: var(--jp-ui-font-family, sans-serif); font-size: 0.95em; opacity: 0.72; align-self: start; }
.wire mark { background: rgba(255, 179, 0, 0.35); color: inherit; border-radius: 2px; }
"""


def _head_lines(raw: bytes) -> list[str]:
    return [_text(line.removesuffix(b"\r")) for line in split_head(raw)[0].split(b"\n")]


def _text(raw: bytes) -> str:
    """The bytes as text; what no page shows as it is, such as a NUL, is spelled `\\x00`."""
    text = raw.decode("utf-8", errors="backslashreplace").replace("\r\n", "\n")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", lambda control: f"\\x{ord(control[0]):02x}", text)


def _request_line(start_line: str) -> Line:
    secret = re.search(r"[?&]client_secret=([^& ]*)", start_line)
    return Line(start_line, "method, target, version", secret.span(1) if secret else None)


def _request_field(field: str) -> Line:
    name, _, value = field.partition(":")
    scheme = value.strip().partition(" ")[0].lower()
    if name.lower() == "authorization" and scheme in ("basic", "bearer"):
        label = "client id and secret in base64 (RFC 6749 §2.3.1)" if scheme == "basic" else "the access token (RFC 6750 §2.1)"
        return Line(field, label, (field.lower().index(scheme) + len(scheme) + 1, len(field)))
    if name.lower() == "content-type":
        return Line(field, "the body is a form (RFC 6749 §4.4.2)" if value.strip().startswith(FORM) else "how to read the body")
    return Line(field, _REQUEST_FIELDS.get(name.lower(), ""))


def _request_body(body: str, media_type: str) -> list[Line]:
    if media_type != FORM:
        return _json_body(body)
    lines = []
    for number, pair in enumerate(body.split("&")):
        text = ("&" if number else "") + pair
        name = pair.partition("=")[0]
        secret = (text.index("=") + 1, len(text)) if name == "client_secret" and "=" in text else None
        lines.append(Line(text, _FORM_PARAMETERS.get(name, ""), secret))
    return lines


def _json_body(body: str) -> list[Line]:
    """A flat JSON object a member a line; anything else as it is."""
    members, position = [], 0
    while member := _JSON_MEMBER.match(body, position):
        members.append(member)
        position = member.end()
    if position != len(body):
        return [Line(line, "", _json_secret(line)) for line in body.split("\n")]
    return [Line(member[0], _JSON_MEMBERS.get(member["name"], ""), _json_secret(member[0])) for member in members]


def _json_secret(text: str) -> tuple[int, int] | None:
    secret = _JSON_SECRET.search(text)
    return secret.span("value") if secret else None


def _marked(line: Line) -> str:
    if line.secret is None:
        return html.escape(line.text)
    start, end = line.secret
    before, secret, after = line.text[:start], line.text[start:end], line.text[end:]
    return f'{html.escape(before)}<mark title="secret">{html.escape(secret)}</mark>{html.escape(after)}'

"""One request, three spellings: the raw bytes, the curl command and the Python call that send the same thing."""

import base64
import binascii
import html
import json
import re
import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from mock_server.views.record import Exchange
from mock_server.web.form import FORM
from mock_server.web.messages import Request
from mock_server.web.wire import serialize_request, split_head

if TYPE_CHECKING:
    from requests import PreparedRequest


@dataclass(frozen=True, slots=True)
class Spellings:
    """`raw` is bytes for a socket, `curl` a command line for a POSIX shell, `python` a program that uses requests."""

    raw: bytes
    curl: str
    python: str

    def __repr__(self) -> str:
        return "\n\n".join(f"{title}\n{'-' * len(title)}\n{text}" for title, text in self._titled())

    def _repr_html_(self) -> str:
        tabs = (
            f'<details name="{html.escape(self._group)}"{" open" if number == 0 else ""}>'
            f"<summary>{title}</summary><pre>{html.escape(text)}</pre></details>"
            for number, (title, text) in enumerate(self._titled())
        )
        return f'{_STYLE}<div class="spellings">{"".join(tabs)}</div>'

    @property
    def _group(self) -> str:
        """Ties the tabs together. The same for every port and client version, so that stored outputs compare."""
        start_line, body = split_head(self.raw)[0].partition(b"\r\n")[0], split_head(self.raw)[1]
        return f"spellings-{binascii.crc32(start_line + body):08x}"

    def _titled(self) -> list[tuple[str, str]]:
        raw = self.raw.decode("utf-8", errors="backslashreplace").replace("\r\n", "\n")
        return [("Raw HTTP", raw), ("curl", self.curl), ("Python", self.python)]


def three_spellings(sent: "Exchange | Request | PreparedRequest") -> Spellings:
    """The three spellings of a request: of a recorded exchange, or of one that `requests` has prepared.

    ValueError for an exchange whose request cannot be read, or a request without a `Host` header.
    """
    if isinstance(sent, Exchange):
        request, raw = sent.request, sent.raw_request
        if request is None:
            raise ValueError(f"Exchange {sent.number} holds no readable request: {sent.raw_request[:60]!r}.")
    else:
        request = sent if isinstance(sent, Request) else _from_prepared(sent)
        raw = serialize_request(request)
    host = request.header("host")
    if not host:
        raise ValueError("The request has no Host header, so there is no URL to send it to; add one.")
    url = f"http://{host}{request.target}"
    return Spellings(raw, _curl(request, url), _python(request, url))


def _from_prepared(prepared: "PreparedRequest") -> Request:
    parts = urlsplit(prepared.url)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    body = prepared.body or b""
    headers = tuple(prepared.headers.items())
    if "host" not in prepared.headers:
        headers = (("Host", parts.netloc), *headers)
    return Request(prepared.method, target, headers, body.encode("utf-8") if isinstance(body, str) else body)


# What each client adds of its own accord.
_AUTOMATIC = {
    "host": r".*",
    "content-length": r".*",
    "user-agent": r"(curl|python-requests)/.*",
    "accept": r"\*/\*",
    "accept-encoding": r"(gzip|identity).*",
    "connection": r"keep-alive",
    "transfer-encoding": r"chunked",
    "expect": r"100-continue",
}


_REQUESTS_FUNCTIONS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS")


def _own_headers(request: Request) -> list[tuple[str, str]]:
    return [
        (name, value)
        for name, value in request.headers
        if not re.fullmatch(_AUTOMATIC.get(name.lower(), r"(?!)"), value, re.DOTALL)
    ]


def _basic_credentials(request: Request) -> tuple[str, str] | None:
    """The two halves of Basic credentials, if spelling them apart gives the same header again."""
    scheme, _, encoded = (request.header("authorization") or "").partition(" ")
    try:
        pair = base64.b64decode(encoded, validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        return None
    if scheme != "Basic" or ":" not in pair or not pair.isprintable():
        return None
    if base64.b64encode(pair.encode("ascii")).decode("ascii") != encoded:
        return None
    return tuple(pair.split(":", 1))


def _curl(request: Request, url: str) -> str:
    has_body = bool(request.body)
    words = ["curl " + _shell_word(url)]
    if re.search(r"[][{}]", url):
        words.append("--globoff")
    if request.method == "HEAD":
        words.append("--head")
    elif request.method != ("POST" if has_body else "GET"):
        words.append(f"-X {request.method}")
    basic = _basic_credentials(request)
    if basic:
        words.append(f"-u {_shell_word(':'.join(basic))}")
    for name, value in _own_headers(request):
        spelled_otherwise = (name.lower() == "authorization" and basic) or (
            name.lower() == "content-type" and has_body and value == FORM
        )
        if not spelled_otherwise:
            # What was read as latin-1 is typed in UTF-8; and curl takes "Name:" as an order to leave Name out.
            typed = value.encode("latin-1", "replace").decode("utf-8", "backslashreplace")
            words.append(f"-H {_shell_word(f'{name}: {typed}' if value else f'{name};')}")
    if has_body and request.header("content-type") is None:
        words.append('-H "Content-Type:"')
    text = _text(request.body)
    if text is None:
        words.append("--data-binary @-")
        words[0] = f"printf '%b' '{_octal(request.body)}' | {words[0]}"
    elif has_body:
        is_form = request.media_type == FORM and "@" not in text[:1] and "&@" not in text
        parts = text.split("&") if is_form else [text]
        words += [f"{'-d' if is_form else '--data-raw'} {_shell_word(part)}" for part in parts]
    return " \\\n  ".join(words)


def _text(body: bytes) -> str | None:
    """The body as one can type it; None for what no shell takes as an argument."""
    try:
        return None if b"\x00" in body else body.decode("utf-8")
    except UnicodeDecodeError:
        return None


def _octal(body: bytes) -> str:
    """The body for the `%b` of printf, on one line."""
    return "".join(f"\\0{byte:03o}" if byte in b"'\\" or not 32 <= byte < 127 else chr(byte) for byte in body)


def _shell_word(text: str) -> str:
    """Quoted so that POSIX shells and, where the text allows it, Windows take it as one word."""
    if re.fullmatch(r"[A-Za-z0-9_:/.=,@+-]+", text):
        return text
    if re.search(r'["$`\\!%\r\n]', text):
        return shlex.quote(text)
    return f'"{text}"'


def _python(request: Request, url: str) -> str:
    arguments = [_quoted(url)]
    basic = _basic_credentials(request)
    # A dict has one place for each name; RFC 9110 §5.3 joins several lines of it by a comma.
    own = {name: request.header(name) for name, _ in _own_headers(request)}
    headers = {name: value for name, value in own.items() if not (name.lower() == "authorization" and basic)}
    pairs = parse_qsl(request.body.decode("latin-1"), keep_blank_values=True)
    if pairs and request.header("content-type") == FORM and urlencode(pairs).encode("ascii") == request.body and _unique(pairs):
        arguments.append(f"data={_dictionary(pairs)}")
        headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    elif request.header("content-type") == "application/json" and _is_what_json_dumps_writes(request.body):
        arguments.append(f"json={json.loads(request.body)!r}")
        headers = {name: value for name, value in headers.items() if name.lower() != "content-type"}
    elif request.body:
        arguments.append(f"data={request.body!r}")
    if basic:
        arguments.append(f"auth=({_quoted(basic[0])}, {_quoted(basic[1])})")
    if headers:
        arguments.append(f"headers={_dictionary(headers.items())}")
    arguments.append("timeout=10")
    spread = "".join(f"    {argument},\n" for argument in arguments)
    function = request.method.lower() if request.method in _REQUESTS_FUNCTIONS else "request"
    if function == "request":
        spread = f"    {_quoted(request.method)},\n{spread}"
    return f"import requests\n\nresponse = requests.{function}(\n{spread})"


def _is_what_json_dumps_writes(body: bytes) -> bool:
    try:
        value = json.loads(body)
        # requests takes json=None for no body at all.
        return value is not None and json.dumps(value, allow_nan=False).encode("ascii") == body
    except (ValueError, RecursionError):
        return False


def _unique(pairs: list[tuple[str, str]]) -> bool:
    return len(dict(pairs)) == len(pairs)


def _dictionary(pairs) -> str:
    items = [f"{_quoted(name)}: {_quoted(value)}" for name, value in pairs]
    one_line = "{" + ", ".join(items) + "}"
    if len(one_line) <= 76:
        return one_line
    return "{\n" + "".join(f"        {item},\n" for item in items) + "    }"


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


_STYLE = """<style>
.spellings { max-width: 62rem; margin: 0.4em 0; border: 1px solid var(--jp-border-color2, #bdbdbd); border-radius: 3px; }
.spellings summary { padding: 0.35em 1.1em; cursor: pointer; font-family: var(--jp-ui-font-family, sans-serif); }
.spellings details[open] > summary { font-weight: 600; box-shadow: inset 0 -3px #1976d2; }
.spellings details[name] > pre { margin: 0; padding: 0.8em 1.1em; background: none; white-space: pre-wrap; overflow-wrap: anywhere; }
@supports selector(::details-content) {
  .spellings { display: grid; grid-template-columns: repeat(3, auto) 1fr; }
  .spellings details, .spellings details::details-content { display: contents; }
  .spellings details:not([open]) > pre { display: none; }
  .spellings summary { grid-row: 1; list-style: none; }
  .spellings pre { grid-row: 2; grid-column: 1 / -1; border-top: 1px solid var(--jp-border-color2, #bdbdbd); }
}
</style>"""

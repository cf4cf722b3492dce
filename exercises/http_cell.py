"""The `%%http` cell: what you type is what goes out over a plain socket, and the raw answer is what you see.

    %load_ext exercises.http_cell

    %%http {server.url}
    POST /token HTTP/1.1
    Content-Type: application/x-www-form-urlencoded

    grant_type=client_credentials&client_id=myapp123&client_secret=secret456

`{{name}}` in the cell stands for the variable of that name. The cell supplies what HTTP demands and you left out:
CRLF at the ends of lines, `Host` and `Content-Length`. It says what it supplied.

`%%http URL --exact` supplies nothing: a line ends in the bare LF that you typed, and `\\r`, `\\n`, `\\t`, `\\\\`
and `\\xNN` stand for those bytes.
"""

import contextlib
import re
import socket
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from IPython.core.error import UsageError

from mock_server.views.exchange_view import answer_html, answer_text
from mock_server.web.messages import Request, Response
from mock_server.web.wire import is_whole_answer, parse_request, parse_response

ANSWER_SECONDS = 10.0
USAGE = "Expected: %%http http://127.0.0.1:9400 [--exact], then the request in the lines below."


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What came back for the bytes `sent`; `supplied` says what the cell added. `received` is empty for no answer."""

    sent: bytes
    received: bytes
    supplied: tuple[str, ...]

    @property
    def request(self) -> Request | None:
        return parse_request(self.sent)

    @property
    def response(self) -> Response | None:
        return parse_response(self.received)

    def __repr__(self) -> str:
        return f"{self._note}\n\n{answer_text(self.received)}"

    def _repr_html_(self) -> str:
        return answer_html(self.received, self._note)

    @property
    def _note(self) -> str:
        supplied = "; supplied for you: " + ", ".join(self.supplied) if self.supplied else ", exactly as typed"
        return f"Sent {len(self.sent)} bytes{supplied}."


def send_raw(url: str, raw: bytes) -> bytes:
    """Send `raw` to the server at `url` and return the bytes of its answer, up to where it ends or the server hangs up.

    After ANSWER_SECONDS it is what has come until then.
    ValueError where `url` is not an http URL with a port; OSError where nobody answers there.
    """
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname:
        raise ValueError(f"saw the address {url!r}, expected one such as http://127.0.0.1:9400; has the cell that starts the server run?")
    if path := parts.path.rstrip("/"):
        raise ValueError(f"saw the path {path} in the address; it belongs into the first line of the request")
    request, received = parse_request(raw), b""
    method = request.method if request else ""
    deadline = time.monotonic() + ANSWER_SECONDS
    with socket.create_connection((parts.hostname, parts.port or 80), timeout=ANSWER_SECONDS) as connection:
        with contextlib.suppress(TimeoutError, ConnectionError):
            # A server may answer, and hang up, before it has read the whole request.
            with contextlib.suppress(ConnectionError):
                connection.sendall(raw)
            while not is_whole_answer(received, method) and (left := deadline - time.monotonic()) > 0:
                connection.settimeout(left)
                if not (data := connection.recv(65536)):
                    break
                received += data
    return received


def complete(text: str, host: str) -> tuple[bytes, tuple[str, ...]]:
    """The typed request as bytes on the wire, and the names of what had to be supplied."""
    head, _, body = text.replace("\r\n", "\n").strip("\n").partition("\n\n")
    lines = head.split("\n")
    supplied = ["CRLF at the end of each line"]
    present = {line.partition(":")[0].strip().lower() for line in lines[1:]}
    raw_body = body.encode("utf-8")
    if "host" not in present:
        lines.insert(1, f"Host: {host}")
        supplied.append(lines[1])
    if raw_body and not present & {"content-length", "transfer-encoding"}:
        lines.append(f"Content-Length: {len(raw_body)}")
        supplied.append(lines[-1])
    return "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n" + raw_body, tuple(supplied)


def exactly(text: str) -> bytes:
    """The typed bytes, with the escapes that `--exact` reads."""
    escapes = {"r": "\r", "n": "\n", "t": "\t", "\\": "\\"}
    pattern = re.compile(r"\\(?:x([0-9A-Fa-f]{2})|([rnt\\]))")
    parts, position = [], 0
    for escape in pattern.finditer(text):
        parts.append(text[position : escape.start()].encode("utf-8"))
        parts.append(bytes.fromhex(escape[1]) if escape[1] else escapes[escape[2]].encode("ascii"))
        position = escape.end()
    return b"".join(parts) + text[position:].encode("utf-8")


def load_ipython_extension(ipython) -> None:
    def http(line: str, cell: str) -> RawAnswer:
        words = line.split()
        exact = "--exact" in words
        urls = [word for word in words if word != "--exact"]
        if len(urls) != 1:
            raise UsageError(f"Saw {line!r} after %%http. {USAGE}")
        text = _with_variables(cell, ipython.user_ns)
        try:
            raw, supplied = (exactly(text), ()) if exact else complete(text, urlsplit(urls[0]).netloc)
            return RawAnswer(raw, send_raw(urls[0], raw), supplied)
        except ValueError as error:
            raise UsageError(f"{error}. {USAGE}") from None
        except OSError as error:
            raise UsageError(f"Nobody answers at {urls[0]} ({error}). Run the cell that starts the server first.") from None

    ipython.register_magic_function(http, magic_kind="cell", magic_name="http")


def _with_variables(text: str, variables: dict) -> str:
    def value(match: re.Match) -> str:
        name = match[1]
        if name not in variables:
            raise UsageError(f"The cell uses {{{{{name}}}}}, and there is no variable {name}. Run the cell that sets it first.")
        return str(variables[name])

    return re.sub(r"\{\{\s*(\w+)\s*\}\}", value, text)

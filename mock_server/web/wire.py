"""Raw bytes to messages: as much of HTTP/1.1 (RFC 9112) as reading a recorded exchange takes.

The live server is parsed by httptools. This reader serves the record, the `%%http` cell and the views,
so it is forgiving: it takes bare line feeds and says what it can of half a message.
"""

import re

from mock_server.web.messages import Headers, Request, Response

_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]+)[ \t]*(?:;[^\r\n]*)?\r\n")
# RFC 9112 §2.2: a server ignores empty lines before the request line.
_EMPTY_LINES = re.compile(rb"[\r\n]*")


def head_length(raw: bytes) -> int | None:
    """How many bytes of `raw` come before the body, the empty line included; None while the head is incomplete."""
    end = _END_OF_HEAD.search(raw, _EMPTY_LINES.match(raw).end())
    return end.end() if end else None


def split_head(raw: bytes) -> tuple[bytes, bytes]:
    """The start line and header lines, and whatever follows the empty line."""
    start = _EMPTY_LINES.match(raw).end()
    end = _END_OF_HEAD.search(raw, start)
    if end is None:
        return raw[start:], b""
    return raw[start : end.start()], raw[end.end() :]


def parse_request(raw: bytes) -> Request | None:
    """The request in `raw`, or None where there is no request line to read."""
    start_line, headers, body = _parse(raw)
    # RFC 9112 §3: a reader may take any white space between the three words.
    words = start_line.split()
    if len(words) != 3:
        return None
    method, target, protocol = words
    return Request(method, target, headers, body, protocol.removeprefix("HTTP/"))


def parse_response(raw: bytes) -> Response | None:
    """The final response in `raw` (a `100 Continue` before it is skipped), or None where there is none."""
    while re.match(rb"HTTP/1\.1 1\d\d ", raw):
        raw = split_head(raw)[1]
    start_line, headers, body = _parse(raw)
    protocol, _, rest = start_line.partition(" ")
    status = rest[:3]
    if not protocol.startswith("HTTP/") or not status.isdecimal():
        return None
    return Response(int(status), headers, body, protocol.removeprefix("HTTP/"))


def message_length(raw: bytes) -> int | None:
    """How many bytes of `raw` the first message takes (RFC 9112 §6.3), or None while it is incomplete."""
    head = head_length(raw)
    if head is None:
        return None
    headers = _parse(raw[:head])[1]
    fields = {name.lower(): value for name, value in headers}
    if "chunked" in fields.get("transfer-encoding", "").lower():
        chunked = _read_chunks(raw, head)
        return None if chunked is None else chunked[1]
    # More digits than these are no length of anything, and Python refuses to read thousands of them.
    declared = re.fullmatch(r"[0-9]{1,18}", fields.get("content-length", ""))
    length = head + (int(declared[0]) if declared else 0)
    return length if length <= len(raw) else None


def is_whole_answer(raw: bytes, method: str) -> bool:
    """Whether `raw` holds the final answer to a request of that method, up to its end (RFC 9112 §6.3)."""
    while re.match(rb"HTTP/1\.1 1\d\d ", raw) and (interim := message_length(raw)):
        raw = raw[interim:]
    response = parse_response(raw)
    if response is None or _END_OF_HEAD.search(raw) is None:
        return False
    if method == "HEAD" or response.status in (204, 304):
        return True
    # An answer without a length ends where the server hangs up.
    has_end = response.header("content-length") or response.header("transfer-encoding")
    return bool(has_end) and message_length(raw) is not None


def why_unreadable(raw: bytes) -> str | None:
    """The first thing that keeps `raw` from being a request, in words for whoever typed it; None if none is known."""
    start_line, *lines = split_head(raw)[0].decode("latin-1").split("\n")
    words = start_line.split()
    if len(words) != 3 or not words[2].startswith("HTTP/"):
        return f"the first line has {len(words)} words; expected three, as in POST /token HTTP/1.1"
    if not words[0].isupper():
        return f"the method is {words[0][:20]!r}; methods are written in capitals, as in POST"
    for number, line in enumerate(lines, 2):
        if not re.match(r"[!#$%&'*+.^`|~\w-]+:", line.rstrip("\r"), re.ASCII):
            # Cut short, for it may be a form with a secret in it.
            return (
                f"line {number} begins with {line[:12]!r} and is not a header, which is a name and a colon "
                "(perhaps the empty line between the headers and the body is missing)"
            )
    return None


def serialize_request(request: Request) -> bytes:
    """The request as bytes, its headers exactly as given: nothing is added."""
    return _message(f"{request.method} {request.target} HTTP/{request.version}", request)


def serialize_response(response: Response) -> bytes:
    """The response as bytes, its headers exactly as given: nothing is added."""
    return _message(f"HTTP/{response.version} {response.status} {response.reason}", response)


def _message(start_line: str, message: Request | Response) -> bytes:
    lines = (start_line, *map(": ".join, message.headers), "", "")
    return "\r\n".join(lines).encode("latin-1") + message.body


def _parse(raw: bytes) -> tuple[str, Headers, bytes]:
    head, body = split_head(raw)
    start_line, *lines = re.split(r"\r?\n", head.decode("latin-1"))
    fields = (line.partition(":") for line in lines if ":" in line)
    headers = tuple((name, value.strip(" \t")) for name, _, value in fields)
    if any(name.lower() == "transfer-encoding" and "chunked" in value.lower() for name, value in headers):
        chunked = _read_chunks(body, 0)
        body = chunked[0] if chunked else body
    return start_line, headers, body


def _read_chunks(raw: bytes, position: int) -> tuple[bytes, int] | None:
    """A chunked body (RFC 9112 §7.1): its content and where it ends, or None if it is incomplete or broken."""
    content = bytearray()
    # chunk = chunk-size [ chunk-ext ] CRLF chunk-data CRLF, chunk-size = 1*HEXDIG
    while line := _CHUNK_LINE.match(raw, position):
        size = int(line[1], 16)
        if size == 0:
            # last-chunk, trailer-section, CRLF: the CRLF of the last of these lines begins the empty line.
            end = raw.find(b"\r\n\r\n", line.end() - 2)
            return None if end == -1 else (bytes(content), end + 4)
        position = line.end() + size + 2
        if position > len(raw):
            return None
        content += raw[line.end() : line.end() + size]
    return None

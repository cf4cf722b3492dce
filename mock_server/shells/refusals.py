"""What a shell answers to bytes that never become a request for the application, and the bounds that it holds them to."""

from mock_server.web.messages import Response
from mock_server.web.problems import problem
from mock_server.web.wire import head_length, why_unreadable

MOST_HEAD_BYTES = 32 * 1024
MOST_BODY_BYTES = 64 * 1024
#: From the first byte of a request to its last.
REQUEST_SECONDS = 5.0


def unreadable(raw: bytes, otherwise: str) -> Response:
    """400 for what is not HTTP/1.1; `otherwise` says why where the bytes themselves do not tell."""
    reason = why_unreadable(raw) or otherwise
    return problem(400, f"This is not HTTP/1.1 that the server can read: {reason}. Nothing was done.")


def has_long_head(raw: bytes | bytearray) -> bool:
    """Whether the head of this message, as far as it came, is longer than it may be."""
    return len(raw) > MOST_HEAD_BYTES and head_length(bytes(raw[:MOST_HEAD_BYTES])) is None


def head_too_long(raw: bytes | bytearray) -> Response:
    # RFC 9112 §3: 414 for a request target longer than the server wishes to parse; RFC 6585 §5: 431 for headers.
    status = 431 if b"\r\n" in raw[:MOST_HEAD_BYTES].lstrip(b"\r\n") else 414
    return problem(status, f"The request line and headers are longer than {MOST_HEAD_BYTES} bytes.")


def body_too_long() -> Response:
    return problem(413, f"The body is longer than {MOST_BODY_BYTES} bytes; a token request takes a few hundred.")


def incomplete(seconds: float) -> Response:
    return problem(408, f"The request was still incomplete after {seconds:g} seconds.")


def no_proxy() -> Response:
    return problem(501, "CONNECT is a request to a proxy, and this server is none.")


def own_fault() -> Response:
    return problem(500, "The mock server has a fault of its own; the traceback is in its log.")

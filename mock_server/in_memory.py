"""One connection without a socket: the bytes of requests in, the bytes of answers out, as the socket shell gives them.

httptools reads the requests that come through a socket. It is compiled code, and a browser tab has none, so this shell
reads with `wire`; the differential tests hold the two together for whatever an HTTP client library can send.
"""

import logging
import re
from dataclasses import dataclass

from mock_server.application import Application
from mock_server.asgi import MOST_BODY_BYTES
from mock_server.clock import Clock
from mock_server.delivery import half_of, turn_clock
from mock_server.faults import FaultyResponse
from mock_server.messages import Request, Response
from mock_server.problems import problem
from mock_server.record import OpenExchange, Record
from mock_server.wire import message_length, parse_request, serialize_response, split_head, why_unreadable

_MOST_HEAD_BYTES = 32 * 1024
_METHODS = (
    "DELETE GET HEAD POST PUT CONNECT OPTIONS TRACE COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH UNLOCK BIND REBIND UNBIND "
    "ACL REPORT MKACTIVITY CHECKOUT MERGE M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE PATCH PURGE MKCALENDAR LINK UNLINK SOURCE QUERY"
).split()
_log = logging.getLogger("mock_server")


@dataclass(frozen=True, slots=True)
class Answer:
    """`raw` is what the client can read, `delay` the seconds before it comes, `ends` whether the connection ends behind it.

    `off_the_record` is that of `Response`.
    """

    raw: bytes
    delay: float = 0.0
    ends: bool = False
    off_the_record: bool = False


def answer_bytes(raw: bytes, application: Application, clock: Clock, record: Record) -> Answer:
    """The answer to the first request in `raw`, which is all that the client sends before it reads.

    What follows the first request is taken for the next one, recorded and answered, as a server does
    that cannot know better; nobody is there to read that answer.
    """
    exchange = record.open()
    length = message_length(raw)
    following = b"" if length is None else raw[length:]
    record.add(exchange.request, raw if length is None else raw[:length])
    answer = _answer(bytes(raw[:length]), length is not None, application, clock, exchange)
    if answer.off_the_record:
        record.drop(exchange)
    record.add(exchange.response, answer.raw)
    if following.strip(b"\r\n") and not answer.ends:
        answer_bytes(following, application, clock, record)
    return answer


def _answer(raw: bytes, is_whole: bool, application: Application, clock: Clock, exchange: OpenExchange) -> Answer:
    head = split_head(raw)[0]
    request = parse_request(raw)

    def refusal(status: int, detail: str) -> Answer:
        return Answer(serialize_response(problem(status, detail).ready_to_send(clock.now(), ("connection", "close"))), ends=True)

    if request is None or request.method not in _METHODS:
        reason = why_unreadable(raw) or "invalid method encountered"
        return refusal(400, f"This is not HTTP/1.1 that the server can read: {reason}. Nothing was done.")
    if len(head) + 4 > _MOST_HEAD_BYTES:
        # RFC 9112 §3: 414 for a request target too long; RFC 6585 §5: 431 for headers.
        status = 431 if b"\r\n" in head[:_MOST_HEAD_BYTES] else 414
        return refusal(status, f"The request line and headers are longer than {_MOST_HEAD_BYTES} bytes.")
    if request.method == "CONNECT":
        return refusal(501, "CONNECT is a request to a proxy, and this server is none.")
    if not is_whole:
        return refusal(408, "The request was still incomplete after 5 seconds.")
    return _send(_handled(request, application, clock), request, clock, exchange)


def _handled(request: Request, application: Application, clock: Clock) -> Response:
    if len(request.body) > MOST_BODY_BYTES:
        detail = f"The body is longer than {MOST_BODY_BYTES} bytes; a token request takes a few hundred."
        return problem(413, detail).ready_to_send(clock.now(), ("connection", "close"))
    # The core reads field names in lower case, as ASGI has them, and no fragment, which is none of a server's business.
    headers = tuple((name.lower(), value) for name, value in request.headers)
    asked = Request(request.method, request.target.partition("#")[0], headers, request.body, request.version)
    try:
        return application.handle(asked, clock.now())
    except Exception:
        _log.exception("The mock server failed on %s %s", request.method, request.path)
        detail = "The mock server has a fault of its own; the traceback is in its log."
        return problem(500, detail).ready_to_send(clock.now())


def _send(response: Response, request: Request, clock: Clock, exchange: OpenExchange) -> Answer:
    delay, ending = 0.0, "whole"
    if isinstance(response, FaultyResponse):
        exchange.fault, ending = response.fault, response.ending
        if response.virtual:
            turn_clock(clock, response.delay)
        else:
            delay = response.delay
    if ending == "nothing":
        return Answer(b"", delay, ends=True)
    if ending == "half":
        response = half_of(response)
    raw = serialize_response(response)
    closes = "close" in [word.strip().lower() for word in (request.header("connection") or "").split(",")]
    if closes and response.header("connection") is None:
        raw = _with_header(raw, b"connection: close")
    if request.method == "HEAD":
        raw = raw[: raw.index(b"\r\n\r\n") + 4]
    if (request.header("expect") or "").lower() == "100-continue" and response.status != 413:
        raw = b"HTTP/1.1 100 Continue\r\n\r\n" + raw
    ends = closes or ending == "half" or response.header("connection") == "close"
    return Answer(raw, delay, ends, response.off_the_record)


def _with_header(raw: bytes, line: bytes) -> bytes:
    return re.sub(rb"\r\n\r\n", b"\r\n" + line + b"\r\n\r\n", raw, count=1)



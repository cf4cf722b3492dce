"""One connection without a socket: the bytes of requests in, the bytes of answers out, as the socket shell gives them.

httptools reads the requests that come through a socket. It is compiled code, and a browser tab has none, so this shell
reads with `wire`; the differential tests hold the two together for whatever an HTTP client library can send.
"""

from dataclasses import replace

from mock_server.application import Application
from mock_server.clock import Clock
from mock_server.shells.delivery import CONTINUE, Answer, answer, expects_continue, refusal
from mock_server.shells.refusals import (
    MOST_BODY_BYTES,
    REQUEST_SECONDS,
    body_too_long,
    has_long_head,
    head_too_long,
    incomplete,
    no_proxy,
    unreadable,
)
from mock_server.views.record import OpenExchange, Record
from mock_server.web.messages import Request, Response
from mock_server.web.wire import message_length, parse_request

_METHODS = (
    "DELETE GET HEAD POST PUT CONNECT OPTIONS TRACE COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH UNLOCK BIND REBIND UNBIND "
    "ACL REPORT MKACTIVITY CHECKOUT MERGE M-SEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE PATCH PURGE MKCALENDAR LINK UNLINK SOURCE QUERY"
).split()


def answer_bytes(raw: bytes, application: Application, clock: Clock, record: Record) -> Answer:
    """The answer to the first request in `raw`, which is all that the client sends before it reads.

    What follows the first request is taken for the next one, recorded and answered, as a server does
    that cannot know better; nobody is there to read that answer.
    """
    first: Answer | None = None
    while first is None or raw.strip(b"\r\n"):
        exchange = record.open()
        length = message_length(raw)
        this, raw = (raw, b"") if length is None else (raw[:length], raw[length:])
        record.add(exchange.request, this)
        given = _answer(bytes(this), length is not None, application, clock, exchange)
        if given.off_the_record:
            record.drop(exchange)
        record.add(exchange.response, given.raw)
        first = first or given
        if given.ends:
            break
    return first


def _answer(raw: bytes, is_whole: bool, application: Application, clock: Clock, exchange: OpenExchange) -> Answer:
    request = parse_request(raw)
    if refused := _refused(raw, request, is_whole):
        return refusal(refused, clock)
    # The core reads field names in lower case, and no fragment, which is none of a server's business.
    headers = tuple((name.lower(), value) for name, value in request.headers)
    request = replace(request, target=request.target.partition("#")[0], headers=headers)
    given = answer(request, application, clock, exchange)
    if given.raw and expects_continue(headers, request.version):
        given = given._replace(raw=CONTINUE + given.raw)
    return given


def _refused(raw: bytes, request: Request | None, is_whole: bool) -> Response | None:
    if request is None or request.method not in _METHODS:
        return unreadable(raw, "invalid method encountered")
    if has_long_head(raw):
        return head_too_long(raw)
    if request.method == "CONNECT":
        return no_proxy()
    if not is_whole:
        return incomplete(REQUEST_SECONDS)
    return body_too_long() if len(request.body) > MOST_BODY_BYTES else None

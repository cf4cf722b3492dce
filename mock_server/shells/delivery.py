"""From a request to the bytes of its answer, the same in every shell, with what a fault does on the way."""

import contextlib
import logging
from dataclasses import replace
from typing import NamedTuple

from mock_server.application import Application
from mock_server.clock import Clock
from mock_server.faults import FaultyResponse
from mock_server.shells.refusals import own_fault
from mock_server.views.record import OpenExchange
from mock_server.web.messages import Headers, Request, Response
from mock_server.web.wire import serialize_response

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"

_log = logging.getLogger("mock_server")


class Answer(NamedTuple):
    """`raw` is what the client can read, `delay` the seconds before it comes, `ends` whether the connection ends behind it.

    `off_the_record` is that of `Response`.
    """

    raw: bytes
    delay: float = 0.0
    ends: bool = False
    off_the_record: bool = False


def refusal(response: Response, clock: Clock) -> Answer:
    """The answer to what never became a request: with it the connection ends."""
    return Answer(serialize_response(response.ready_to_send(clock.now(), ("connection", "close"))), ends=True)


def answer(request: Request, application: Application, clock: Clock, exchange: OpenExchange) -> Answer:
    """What the application answers, as its fault lets it through; `exchange` is told of the fault."""
    try:
        response = application.handle(request, clock.now())
        if isinstance(response, FaultyResponse):
            return _hit(response, request, clock, exchange)
        return _sent(response, request)
    except Exception:
        _log.exception("The mock server failed on %s %s", request.method, request.path)
        return _sent(own_fault().ready_to_send(clock.now()), request)


def expects_continue(headers: Headers, version: str) -> bool:
    """Whether the client waits for a word before it sends the body."""
    expectation = dict(headers).get("expect")
    # RFC 9110 §10.1.1: the value has no case, and in HTTP/1.0 it means nothing.
    return expectation is not None and expectation.lower() == "100-continue" and version == "1.1"


def _hit(response: FaultyResponse, request: Request, clock: Clock, exchange: OpenExchange) -> Answer:
    exchange.fault = response.fault
    delay = response.delay
    if response.virtual:
        delay = 0.0
        with contextlib.suppress(ValueError):  # At the end of time it stands still, where a learner's call would be refused.
            clock.advance(response.delay)
    if response.ending == "nothing":
        return Answer(b"", delay, ends=True)
    is_half = response.ending == "half"
    if is_half:
        response = replace(response, body=response.body[: len(response.body) // 2])
    sent = _sent(response, request)
    return Answer(sent.raw, delay, sent.ends or is_half)


def _sent(response: Response, request: Request) -> Answer:
    # RFC 9112 §9.3: the connection stays unless the client says otherwise; for one of HTTP/1.0 it never does here.
    options = request.header("connection")
    ends = request.version != "1.1" or (options is not None and "close" in options.lower().replace(" ", "").split(","))
    if ends:
        response = replace(response, headers=(*response.headers, ("connection", "close")))
    # RFC 9110 §9.3.2: "the server MUST NOT send content in the response".
    if request.method == "HEAD":
        response = replace(response, body=b"")
    return Answer(serialize_response(response), ends=ends, off_the_record=response.off_the_record)

"""The ASGI face of the application: bytes in, `handle`, bytes out."""

import logging

from mock_server.application import Application
from mock_server.clock import Clock
from mock_server.delivery import deliver
from mock_server.faults import FaultyResponse
from mock_server.messages import Request
from mock_server.problems import problem

MOST_BODY_BYTES = 64 * 1024
#: A longer body is read this far and thrown away, so that its sender reads a 413 and not a broken connection.
MOST_DISCARDED_BYTES = 32 * 1024 * 1024

_log = logging.getLogger("mock_server")


async def answer(application: Application, clock: Clock, scope, receive, send) -> None:
    """Answer one request; `application` and `clock` are bound by the server, the rest is ASGI's."""
    try:
        request = await _read_request(scope, receive)
    except ConnectionAbortedError:
        return
    if request is None:
        detail = f"The body is longer than {MOST_BODY_BYTES} bytes; a token request takes a few hundred."
        response = problem(413, detail).ready_to_send(clock.now(), ("connection", "close"))
    else:
        try:
            response = application.handle(request, clock.now())
        except Exception:
            _log.exception("The mock server failed on %s %s", request.method, request.path)
            detail = "The mock server has a fault of its own; the traceback is in its log."
            response = problem(500, detail).ready_to_send(clock.now())
    if response.off_the_record:
        scope["mock_server.connection"].leave_unrecorded()
    if isinstance(response, FaultyResponse):
        await deliver(response, clock, scope, receive, send)
        return
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.headers]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _read_request(scope, receive) -> Request | None:
    """The request, or None where its body is too long. ConnectionAbortedError where the client leaves half-way."""
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    fields = dict(headers)
    if "expect" in fields and int(fields.get("content-length", "0")) > MOST_BODY_BYTES:
        return None  # RFC 9110 §10.1.1: the answer before the body spares the client sending it.
    body, received, more = b"", 0, True
    while more and received < MOST_DISCARDED_BYTES:
        event = await receive()
        # RFC 9112 §8: a request whose body ends before its length is incomplete, and nothing is done for it.
        if event["type"] == "http.disconnect":
            raise ConnectionAbortedError
        received += len(event["body"])
        if received <= MOST_BODY_BYTES:
            body += event["body"]
        more = event["more_body"]
    if received > MOST_BODY_BYTES:
        return None
    certificate = scope.get("client_certificate")
    return Request(scope["method"], target.decode("latin-1"), headers, body, scope["http_version"], certificate)

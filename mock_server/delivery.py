"""How the socket shell hands over an answer that a fault has hit: late, cut short, or not at all."""

import asyncio
import contextlib
from dataclasses import replace

from mock_server.clock import Clock
from mock_server.faults import FaultyResponse


async def deliver(response: FaultyResponse, clock: Clock, scope, receive, send) -> None:
    """Send `response` the way its fault says; the parameters behind it are ASGI's."""
    connection = scope["mock_server.connection"]
    connection.note_fault(response.fault)
    if response.virtual:
        turn_clock(clock, response.delay)
    elif response.delay and await _client_leaves_within(response.delay, receive):
        return
    if response.ending != "nothing":
        whole = response.ending == "whole"
        headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.headers]
        body = response.body if whole else half_of(response).body
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        await send({"type": "http.response.body", "body": body, "more_body": not whole})
        if whole:
            return
    connection.hang_up()
    await _client_leaves(receive)


def half_of(response: FaultyResponse) -> FaultyResponse:
    """The same head over the first half of the body."""
    return replace(response, body=response.body[: len(response.body) // 2])


def turn_clock(clock: Clock, seconds: float) -> None:
    """As `advance`, but standing still at the end of time, where a learner's call would be refused."""
    with contextlib.suppress(ValueError):
        clock.advance(seconds)


async def _client_leaves_within(seconds: float, receive) -> bool:
    try:
        await asyncio.wait_for(_client_leaves(receive), seconds)
    except TimeoutError:
        return False
    return True


async def _client_leaves(receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass

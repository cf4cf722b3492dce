"""The event loop behind a listening socket, and a short turn for it while other threads of the process are busy."""

import asyncio
import contextlib
import ssl
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from socket import socket

from mock_server.shells.connection import Connection
from mock_server.shells.listening import BACKLOG
from mock_server.shells.refusals import REQUEST_SECONDS

#: How long a thread may compute before it lets another have a turn. Python's own 5 ms would be added to each step of an
#: answer while a cell of the notebook computes.
TURN_SECONDS = 0.0005
#: At the end, for clients to take what is written to them.
FAREWELL_SECONDS = 0.5

# Not the loop of the process's policy: that is the kernel's choice, and made for its own needs.
_Loop = getattr(asyncio, "ProactorEventLoop", asyncio.SelectorEventLoop)


def serve(
    connect: Callable[[], Connection],
    connections: set[Connection],
    listener: socket,
    context: ssl.SSLContext | None,
    ready: threading.Event,
    ending: "Future[None]",
) -> None:
    """Accept connections from the calling thread until `ending` is done.

    `connections` are those that are open, `context` is for TLS; `ready` is set when the first client can come.
    """
    with short_turns(), asyncio.Runner(loop_factory=_Loop) as runner:
        runner.run(_serve(connect, connections, listener, context, ready, ending))


async def _serve(connect, connections, listener, context, ready, ending) -> None:
    # A client may hang in the handshake and at the farewell too.
    tls = {"ssl": context, "ssl_handshake_timeout": REQUEST_SECONDS, "ssl_shutdown_timeout": FAREWELL_SECONDS}
    loop = asyncio.get_running_loop()
    accepting = await loop.create_server(connect, sock=listener, backlog=BACKLOG, **(tls if context else {}))
    ready.set()
    await asyncio.wrap_future(ending)
    accepting.close()
    for each in list(connections):
        each.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(FAREWELL_SECONDS):
            while connections:
                await asyncio.sleep(0.002)
    for each in list(connections):
        each.abort()
    await asyncio.sleep(0)  # In which the loop lets go of their sockets.


_lock = threading.Lock()
_serving = 0
_usual_turn = 0.0


@contextlib.contextmanager
def short_turns() -> Iterator[None]:
    """Let threads take turns of `TURN_SECONDS`. The interval is the whole process's, so the last server to stop puts it back."""
    global _serving, _usual_turn
    with _lock:
        if not _serving:
            _usual_turn = sys.getswitchinterval()
            sys.setswitchinterval(min(_usual_turn, TURN_SECONDS))
        _serving += 1
    try:
        yield
    finally:
        with _lock:
            _serving -= 1
            if not _serving:
                sys.setswitchinterval(_usual_turn)

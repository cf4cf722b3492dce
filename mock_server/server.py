"""The application on a real socket of this machine, served by uvicorn from a thread of the running process."""

import errno
import functools
import ipaddress
import logging
import random
import secrets
import socket
import sys
import threading

import uvicorn

from mock_server.application import WARNING, Application
from mock_server.clients import Clients, teaching_clients
from mock_server.clock import Clock
from mock_server.connection import RecordedConnection
from mock_server.messages import Request
from mock_server.problems import problem
from mock_server.record import Exchange, Record

PREFERRED_PORT = 9400
MOST_BODY_BYTES = 64 * 1024
#: A longer body is read this far and thrown away, so that its sender reads a 413 and not a broken connection.
MOST_DISCARDED_BYTES = 32 * 1024 * 1024

_log = logging.getLogger("mock_server")
#: The servers that run in this process, each with the port that was asked for.
_started: dict["Server", int | None] = {}


class Server:
    """A running mock server; use `start()` to get one.

    `url` has no slash at its end. `exchanges` is what crossed the wire so far, oldest first.
    """

    def __init__(self, listener: socket.socket, application: Application, clock: Clock) -> None:
        host, self.port = listener.getsockname()[:2]
        # RFC 3986 §3.2.2: an IPv6 address stands in brackets.
        self.url = f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"
        self.clock = clock
        self.clients = application.clients
        self._record = Record()
        self._listener = listener
        self._ready = threading.Event()
        self._uvicorn = _Uvicorn(
            uvicorn.Config(
                functools.partial(_answer, application, clock),
                interface="asgi3",
                http=functools.partial(RecordedConnection, self._record, clock),
                ws="none",
                loop="asyncio",
                lifespan="off",
                log_config=None,
                log_level="critical",
                access_log=False,
                date_header=False,
                server_header=False,
                timeout_graceful_shutdown=1,
            ),
            self._ready,
        )
        self._thread = threading.Thread(target=self.serve, name=f"mock server {self.port}", daemon=True)

    @property
    def exchanges(self) -> list[Exchange]:
        return self._record.exchanges()

    def start(self) -> None:
        """Serve from a thread of this process. RuntimeError where it does not come up."""
        self._thread.start()
        while not self._ready.wait(0.05):
            if not self._thread.is_alive():
                raise RuntimeError(f"The mock server at {self.url} stopped while it was starting; see the error above.")

    def serve(self) -> None:
        """Serve from the calling thread until stopped."""
        self._uvicorn.run(sockets=[self._listener])

    def stop(self) -> None:
        """Close the port and every connection. The record stays readable; a second call does nothing."""
        self._uvicorn.should_exit = True
        if self._thread.is_alive():
            self._thread.join()
        _started.pop(self, None)

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<mock server at {self.url}>"


def start(
    port: int | None = None,
    *,
    seed: int | None = 1,
    clients: Clients | None = None,
    host: str = "127.0.0.1",
    expose: bool = False,
) -> Server:
    """Start a mock server on this machine and say where it is.

    Without a `port` it is 9400, or the next free one when another program holds that; 0 asks for any free port.
    A server that this process started earlier for the same port is stopped first, so a cell can be run again.

    With a `seed` every run gives the same tokens, and the clock stands still until `server.clock.advance(seconds)`;
    with `seed=None` tokens are secret and the clock runs. `clients` replaces the teaching clients.

    ValueError for what is no port, and for an address beyond loopback without `expose=True`;
    OSError where the port asked for is taken.
    """
    server = prepare(port, seed=seed, clients=clients, host=host, expose=expose)
    server.start()
    _started[server] = port
    print(banner(server, asked_for=port))
    return server


def prepare(
    port: int | None = None,
    *,
    seed: int | None = 1,
    clients: Clients | None = None,
    host: str = "127.0.0.1",
    expose: bool = False,
) -> Server:
    """A server that holds its port and does not answer yet; the arguments are those of `start`."""
    if port is not None and (type(port) is not int or not 0 <= port <= 65535):
        raise ValueError(f"Saw port {port!r}; expected a whole number from 0 to 65535, or none for {PREFERRED_PORT}.")
    if not expose and not _is_loopback(host):
        raise ValueError(
            f"Refused to listen on {host}: others could reach it, and {WARNING[0].lower()}{WARNING[1:]} "
            "Expected an address of this machine such as 127.0.0.1; to serve a class all the same, say so with expose."
        )
    for earlier, asked_for in list(_started.items()):
        if earlier.port == (PREFERRED_PORT if port is None else port) or (asked_for is None and port is None):
            earlier.stop()
    listener = _listen_on_first_free(host) if port is None else _listen(host, port)
    random_bytes = secrets.token_bytes if seed is None else random.Random(seed).randbytes
    application = Application(teaching_clients() if clients is None else clients, random_bytes)
    return Server(listener, application, Clock.running() if seed is None else Clock.stopped())


def banner(server: Server, asked_for: int | None) -> str:
    """One line: where the server is, and why it is elsewhere when it had to move."""
    moved = asked_for is None and server.port != PREFERRED_PORT
    return f"Mock server ready at {server.url}" + (f" (port {PREFERRED_PORT} is taken)" if moved else "")


class _Uvicorn(uvicorn.Server):
    def __init__(self, config: uvicorn.Config, ready: threading.Event) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._ready.set()


async def _answer(application: Application, clock: Clock, scope, receive, send) -> None:
    """The ASGI face of the application: bytes in, `handle`, bytes out."""
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
    headers = [(name.encode("ascii"), value.encode("latin-1")) for name, value in response.headers]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def _read_request(scope, receive) -> Request | None:
    """The request, or None where its body is too long. ConnectionAbortedError where the client leaves half-way."""
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    target = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
    request = Request(scope["method"], target.decode("latin-1"), headers, b"", scope["http_version"])
    declared = request.header("content-length") or "0"
    if request.header("expect") and int(declared) > MOST_BODY_BYTES:
        return None  # RFC 9110 §10.1.1: the answer before the body spares the client sending it.
    body, received = bytearray(), 0
    more = True
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
    return Request(request.method, request.target, headers, bytes(body), request.version)


def _listen_on_first_free(host: str) -> socket.socket:
    """A neighbour of the preferred port: as many digits, so a lesson's messages keep their lengths."""
    for port in range(PREFERRED_PORT, PREFERRED_PORT + 100):
        try:
            return _listen(host, port)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
    return _listen(host, 0)


def _listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. OSError, with the address, where that cannot be."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        if sys.platform == "win32":
            # There SO_REUSEADDR would let two programs hold one port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(128)
    except OSError as error:
        listener.close()
        reason = f"cannot listen on {host}:{port} ({error.strerror}); stop what holds that port, or choose another"
        raise OSError(error.errno, reason) from None
    return listener


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

"""The server without a port: what `requests` sends to its URL is answered within this process.

For a machine on which no port may be opened, and for a browser tab, where there are no sockets. `requests` and urllib3 do
all that they do otherwise, down to the bytes: only the socket at the end is replaced by one that is not there.
"""

import io
import threading
import time
from collections.abc import Callable
from urllib.parse import urlsplit

import responses
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool

from mock_server.oauth.clients import Clients
from mock_server.shells.face import Face
from mock_server.shells.in_memory import answer_bytes
from mock_server.shells.seeding import seeded

_PORT = 9400


class InProcess(Face):
    """A mock server that holds no port; use `in_process()` to get one."""

    def __init__(self, port: int, seed: int | None, clients: Clients | None, sleep: Callable[[float], None]) -> None:
        self._application, clock = seeded(seed, clients, issuer=f"http://127.0.0.1:{port}", own_address="127.0.0.1")
        super().__init__(self._application, clock)
        self.port = port
        self._sleep = sleep
        self._pool = _Pool(self, "127.0.0.1", port)

    def stop(self) -> None:
        """Answer no more. The record stays readable; a second call does nothing."""
        _route.remove(self)

    def __enter__(self) -> "InProcess":
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"<mock server at {self.url}, in this process>"


def in_process(
    port: int = _PORT,
    *,
    seed: int | None = 1,
    clients: Clients | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> InProcess:
    """A mock server that `requests` reaches at its `url` while no socket is open; stop it, or use it with `with`.

    The arguments are those of `mock_server.start`; the port is only written, never opened, and a server that this
    process holds there already is replaced. `sleep(seconds)` is how a slow answer is waited for.
    Requests to other addresses go where they would go without it.
    """
    if type(port) is not int or not 1 <= port <= 65535:
        raise ValueError(f"Saw port {port!r}; expected a whole number from 1 to 65535, or none for {_PORT}.")
    server = InProcess(port, seed, clients, sleep)
    _route.add(server)
    return server


class _Route(responses.RequestsMock):
    """Sends what is meant for a server of this process to it, and everything else on its way.

    `responses` puts this in the place of `HTTPAdapter.send`, and puts that back again. Its own bookkeeping of calls is
    left out: the server's record has them, byte by byte and bounded.
    """

    def __init__(self) -> None:
        super().__init__(assert_all_requests_are_fired=False)
        self._servers: dict[str, InProcess] = {}
        self._onward = HTTPAdapter.send
        self._guard = threading.Lock()

    def add(self, server: InProcess) -> None:
        with self._guard:
            if not self._servers:
                self._onward = HTTPAdapter.send
                self.start()
            self._servers[f"127.0.0.1:{server.port}"] = server

    def remove(self, server: InProcess) -> None:
        with self._guard:
            address = f"127.0.0.1:{server.port}"
            if self._servers.get(address) is server:
                del self._servers[address]
                if not self._servers:
                    self.stop(allow_assert=False)

    def unbound_on_send(self):
        def send(adapter, request, *args, **kwargs):
            server = self._server_for(request.url)
            if server is None:
                return self._onward(adapter, request, *args, **kwargs)
            for name, value in zip(("stream", "timeout", "verify", "cert", "proxies"), args, strict=False):
                kwargs[name] = value
            # A proxy is a way over the network, and nothing here goes that way.
            return self._onward(_Adapter(server, adapter.max_retries), request, **(kwargs | {"proxies": {}}))

        return send

    def _server_for(self, url: str) -> InProcess | None:
        parts = urlsplit(url)
        host = "127.0.0.1" if parts.hostname == "localhost" else parts.hostname
        return self._servers.get(f"{host}:{parts.port or 80}") if parts.scheme == "http" else None


class _Adapter(HTTPAdapter):
    """Takes its connections from the server at hand; retries as the adapter does that the session has."""

    def __init__(self, server: InProcess, max_retries: object) -> None:
        super().__init__(max_retries=max_retries)
        self._server = server

    def get_connection_with_tls_context(self, *_, **__) -> HTTPConnectionPool:
        return self._server._pool


class _Pool(HTTPConnectionPool):
    def __init__(self, server: InProcess, host: str, port: int) -> None:
        super().__init__(host, port)
        self._server = server

    def ConnectionCls(self, **settings: object) -> "_Connection":  # noqa: N802 - urllib3's name
        return _Connection(self._server, **settings)


class _Connection(HTTPConnection):
    def __init__(self, server: InProcess, **settings: object) -> None:
        super().__init__(**settings)
        self._server = server

    def _new_conn(self) -> "_NoSocket":
        return _NoSocket(self._server)

    @property
    def is_connected(self) -> bool:
        return False  # So that each request has a connection of its own: there is none to wait for.


class _NoSocket:
    """As much of a socket as http.client uses: what was sent is answered as soon as somebody reads."""

    def __init__(self, server: InProcess) -> None:
        self._server = server
        self._sent = bytearray()
        self._patience: float | None = None

    def settimeout(self, seconds: float | None) -> None:
        self._patience = seconds

    def sendall(self, data: bytes) -> None:
        self._sent += data

    def makefile(self, mode: str, *_: object) -> io.BufferedReader:
        server, sent, self._sent = self._server, bytes(self._sent), bytearray()
        answer = answer_bytes(sent, server._application, server.clock, server._record)
        return io.BufferedReader(_Answer(answer.raw, answer.delay, self._patience, server._sleep))

    def shutdown(self, how: int) -> None:
        pass

    def close(self) -> None:
        pass


class _Answer(io.RawIOBase):
    """The bytes of an answer, once they have come; TimeoutError where the reader's patience ends before."""

    def __init__(self, raw: bytes, delay: float, patience: float | None, sleep: Callable[[float], None]) -> None:
        self._rest = memoryview(raw)
        self._delay, self._patience, self._sleep = delay, patience, sleep

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:
        if self._delay:
            delay, self._delay = self._delay, 0.0
            in_time = self._patience is None or delay < self._patience
            self._sleep(delay if in_time else self._patience)
            if not in_time:
                raise TimeoutError("timed out")
        count = min(len(buffer), len(self._rest))
        buffer[:count], self._rest = self._rest[:count], self._rest[count:]
        return count


_route = _Route()

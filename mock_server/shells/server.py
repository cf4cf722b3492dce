"""The application on a real socket of this machine, served from a thread of the running process."""

import functools
import socket
import threading
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from typing import TYPE_CHECKING

from mock_server.application import Application
from mock_server.clock import Clock
from mock_server.oauth.clients import Clients
from mock_server.shells import listening
from mock_server.shells.face import Face
from mock_server.shells.seeding import seeded

if TYPE_CHECKING:
    from mock_server.shells.connection import Connection
    from mock_server.shells.tls import LocalTLS

#: The servers that run in this process, each with the port that was asked for.
_started: dict["Server", int | None] = {}


class Server(Face):
    """A running mock server; use `start()` to get one.

    `ca_file` is the certificate (PEM) that a client of `start(tls=True)` trusts: `requests.get(url, verify=server.ca_file)`;
    None without TLS. `tls` makes certificates for clients: `server.tls.client_certificate("name")`.
    """

    def __init__(
        self, listener: socket.socket, application: Application, clock: Clock, tls: "LocalTLS | None" = None
    ) -> None:
        super().__init__(application, clock)
        self.port = listener.getsockname()[1]
        self.tls = tls
        self.ca_file = tls.ca_file if tls else None
        self._application = application
        self._listener = listener
        self._ready = threading.Event()
        self._ending: Future[None] = Future()
        self._connections: "set[Connection]" = set()
        self._thread = threading.Thread(target=self.serve, name=f"mock server {self.port}", daemon=True)

    def start(self) -> None:
        """Serve from a thread of this process. RuntimeError where it does not come up."""
        self._thread.start()
        while not self._ready.wait(0.05):
            if not self._thread.is_alive():
                raise RuntimeError(f"The mock server at {self.url} stopped while it was starting; see the error above.")

    def serve(self) -> None:
        """Serve from the calling thread until stopped."""
        # Not before somebody serves: where no socket can be opened there may be no httptools either.
        from mock_server.shells.connection import Connection
        from mock_server.shells.serving import serve

        connect = functools.partial(Connection, self._application, self.clock, self._record, self._connections)
        with self._listener:
            serve(connect, self._connections, self._listener, self.tls.context if self.tls else None, self._ready, self._ending)

    def stop(self) -> None:
        """Close the port and every connection. The record stays readable; a second call does nothing."""
        with suppress(InvalidStateError):
            self._ending.set_result(None)
        if self._thread.is_alive():
            self._thread.join()
        if self.tls:
            self.tls.remove()
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
    tls: bool | str = False,
    **settings: object,
) -> Server:
    """Start a mock server on this machine and say where it is.

    Without a `port` it is 9400, or the next free one when another program holds that; 0 asks for any free port.
    A server that this process started earlier for the same port is stopped first, so a cell can be run again.

    With a `seed` every run gives the same tokens, and the clock stands still until `server.clock.advance(seconds)`;
    with `seed=None` tokens are secret and the clock runs. `clients` replaces the teaching clients.
    Further `settings` are those of `Application`: `rate_limit=(calls, seconds)` lets each client call the API so often,
    `basic="lenient"` takes Basic without form-encoding too, `dpop_nonce=True` asks for a nonce in each DPoP proof.

    With `tls=True` it is https, with a certificate of a local authority (`server.ca_file`); "expired", "self-signed" and
    "wrong-host" give a certificate that clients must refuse.

    ValueError for what is no port, and for an address beyond loopback without `expose=True`;
    OSError where the port asked for is taken.
    """
    server = prepare(port, host=host, expose=expose, tls=tls, seed=seed, clients=clients, **settings)
    server.start()
    _started[server] = port
    print(banner(server, asked_for=port))
    return server


def prepare(
    port: int | None,
    *,
    host: str = "127.0.0.1",
    expose: bool = False,
    tls: bool | str = False,
    listener: socket.socket | None = None,
    **settings: object,
) -> Server:
    """A server that holds its port and does not answer yet, for whoever serves from a thread of their own; see `start`.

    With a `listener`, a socket that listens already, `host` and `port` say nothing.
    """
    listening.check_address(host, port, expose)
    local_tls = None
    if tls:
        from mock_server.shells.tls import LocalTLS  # Not before it is needed: a browser tab has no `ssl`.

        local_tls = LocalTLS(host, tls)
    for earlier, asked_for in list(_started.items()):
        if earlier.port == (listening.PREFERRED_PORT if port is None else port) or (asked_for is None and port is None):
            earlier.stop()
    if listener is None:
        listener = listening.listen_on_first_free(host) if port is None else listening.listen(host, port)
    try:
        made = seeded(
            issuer=listening.url_of(listener, "https" if local_tls else "http"),
            client_ca=local_tls.ca_der if local_tls else None,
            own_address=None if expose else listener.getsockname()[0],
            exposed=expose,
            **settings,
        )
    except BaseException:
        listener.close()
        raise
    return Server(listener, *made, local_tls)


def banner(server: Server, asked_for: int | None) -> str:
    """One line: where the server is, and why it is elsewhere when it had to move."""
    moved = asked_for is None and server.port != listening.PREFERRED_PORT
    return f"Mock server ready at {server.url}" + (f" (port {listening.PREFERRED_PORT} is taken)" if moved else "")

"""The listening socket: which address, which port, and nobody from outside unless asked for."""

import errno
import ipaddress
import socket
import sys

PREFERRED_PORT = 9400
#: How many clients may come at the same moment; the system may allow fewer.
BACKLOG = 1024


def check_address(host: str, port: int | None, expose: bool) -> None:
    """ValueError for what is no port, and for an address that others can reach unless `expose` allows it."""
    if port is not None and (type(port) is not int or not 0 <= port <= 65535):
        raise ValueError(f"Saw port {port!r}; expected a whole number from 0 to 65535, or none for {PREFERRED_PORT}.")
    if not isinstance(host, str):
        raise ValueError(f"Saw host {host!r}; expected the text of an address, such as '127.0.0.1'.")
    if not expose and not is_loopback(host):
        raise ValueError(
            f"Refused to listen on {host}: others could reach it, and this is a teaching server with published secrets. "
            "Expected an address of this machine such as 127.0.0.1; to serve a class all the same, say so with expose."
        )


def url_of(listener: socket.socket, scheme: str = "http") -> str:
    """`scheme://host:port`; an IPv6 address stands in brackets (RFC 3986 §3.2.2)."""
    host, port = listener.getsockname()[:2]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def listen_on_first_free(host: str) -> socket.socket:
    """A neighbour of the preferred port: as many digits, so a lesson's messages keep their lengths."""
    for port in range(PREFERRED_PORT, PREFERRED_PORT + 100):
        try:
            return listen(host, port)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
    return listen(host, 0)


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens there. OSError, with the address, where that cannot be."""
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    try:
        if sys.platform == "win32":
            # There SO_REUSEADDR would let two programs hold one port.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except OSError as error:
        listener.close()
        is_held = error.errno in (errno.EADDRINUSE, errno.EACCES)
        advice = "stop what holds that port, or choose another" if is_held else "the host must be an address of this machine"
        reason = f"cannot listen on {host}:{port} ({error.strerror}); {advice}"
        raise OSError(error.errno, reason) from None
    return listener

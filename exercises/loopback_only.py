"""While a check runs, this process reaches nothing but this machine: other hosts are refused, and named."""

import ipaddress
import shlex
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType
from urllib.parse import urlsplit

from exercises.learners_lines import where_now


@dataclass(frozen=True, slots=True)
class Attempt:
    """A host that was not reached, and the learner's line that asked for it, as `where` gives it."""

    host: str
    where: str


class ForeignHost(OSError):
    """An address beyond this machine. An OSError, so that a client takes it as a connection that fails."""


class LoopbackOnly:
    """`with LoopbackOnly() as refused`: a list of the attempts to reach any other host, by any thread of the process.

    Several may overlap; the last to end gives the sockets back as they were.
    """

    _lock = threading.Lock()
    _open: list[list[Attempt]] = []
    _restore: list[Callable[[], None]] = []

    def __init__(self) -> None:
        self._refused: list[Attempt] = []

    def __enter__(self) -> list[Attempt]:
        with self._lock:
            if not self._open:
                self._close_the_gates()
            self._open.append(self._refused)
        return self._refused

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._lock:
            self._open[:] = [each for each in self._open if each is not self._refused]
            if not self._open:
                while self._restore:
                    self._restore.pop()()

    @classmethod
    def _close_the_gates(cls) -> None:
        for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
            cls._guard(socket, name, lambda arguments: arguments[0])
        for name in ("connect", "connect_ex"):
            cls._guard(socket.socket, name, lambda arguments: _host(arguments[0], arguments[1]))
        # The address is the last of two or three.
        cls._guard(socket.socket, "sendto", lambda arguments: _host(arguments[0], arguments[-1]))

        # curl is a process of its own, so all that can be seen of it is the address among its arguments.
        cls._guard(subprocess.Popen, "__init__", lambda arguments: _host_in(arguments[1] if len(arguments) > 1 else ()))

    @classmethod
    def _guard(cls, owner: object, name: str, host_of: Callable[[tuple], object]) -> None:
        original = getattr(owner, name)

        def guarded(*arguments: object, **named: object) -> object:
            host = host_of(arguments) if arguments else named.get("host")
            if not is_this_machine(host):
                cls._refuse(_text(host))
            return original(*arguments, **named)

        is_inherited = name not in vars(owner)
        cls._restore.append(lambda: delattr(owner, name) if is_inherited else setattr(owner, name, original))
        setattr(owner, name, guarded)

    @classmethod
    def _refuse(cls, host: str) -> None:
        attempt = Attempt(host, where_now(sys._getframe()))
        for refused in tuple(cls._open):
            refused.append(attempt)
        raise ForeignHost(f"{host} is not this machine, and a check reaches nothing else: use the address that is passed in")


def is_this_machine(host: object) -> bool:
    """Whether a connection to `host` stays on this machine. None and the empty text do."""
    name = _text(host).lower().rstrip(".")
    if name in ("", "localhost") or name.endswith(".localhost"):  # RFC 6761 §6.3
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return address.is_loopback or address.is_unspecified


def _host(connection: socket.socket, address: object) -> object:
    is_internet = connection.family in (socket.AF_INET, socket.AF_INET6)
    return address[0] if is_internet and isinstance(address, tuple) and address else None


def _host_in(command: object) -> object:
    """The first foreign host of a URL that stands as an argument of its own; a scope may be a URL too, behind its name."""
    try:
        words = shlex.split(command) if isinstance(command, str) else [_text(word) for word in command]
        hosts = [urlsplit(word).hostname for word in words if word.lower().startswith(("http://", "https://"))]
    except (TypeError, ValueError):
        return None
    return next((host for host in hosts if not is_this_machine(host)), None)


def _text(host: object) -> str:
    if isinstance(host, (bytes, bytearray)):
        return bytes(host).decode("utf-8", "replace")
    return "" if host is None else str(host)

"""HTTP messages as plain immutable values (RFC 9110 §6)."""

import functools
from dataclasses import dataclass
from email.utils import formatdate

from mock_server.web.phrases import phrase

Headers = tuple[tuple[str, str], ...]


@functools.lru_cache(maxsize=4)
def _http_date(second: int) -> str:
    return formatdate(second, usegmt=True)


# A message is asked for its headers many times, and a client sends the same ones again and again.
@functools.lru_cache(maxsize=16)
def _by_name(headers: Headers) -> dict[str, list[str]]:
    values: dict[str, list[str]] = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(value)
    return values


class _Fields:
    """Reading header fields: names compare without case (RFC 9110 §5.1)."""

    headers: Headers
    __slots__ = ()

    def header(self, name: str) -> str | None:
        """The field's value, several lines of it joined by a comma (RFC 9110 §5.3); None if absent."""
        values = _by_name(self.headers).get(name.lower())
        return ", ".join(values) if values else None

    def header_lines(self, name: str) -> list[str]:
        """The value of each line of that name, in the order sent."""
        return list(_by_name(self.headers).get(name.lower(), ()))

    @property
    def media_type(self) -> str:
        """The media type of `Content-Type` in lower case, without parameters; empty if absent."""
        return (self.header("content-type") or "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Request(_Fields):
    """A request: `target` is what stands in the request line, with its query if it has one."""

    method: str
    target: str
    headers: Headers = ()
    body: bytes = b""
    version: str = "1.1"
    #: The certificate that the client proved to hold in the TLS handshake, in DER; None without one.
    client_certificate: bytes | None = None

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> str:
        return self.target.partition("?")[2]


@dataclass(frozen=True, slots=True)
class Response(_Fields):
    """A response; `status` is the three-digit code."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    version: str = "1.1"
    #: An answer to whoever looks on, and no exchange between a client and this server: the shell records neither side.
    off_the_record: bool = False

    @property
    def reason(self) -> str:
        """The standard phrase of the status code, such as `Unauthorized`; empty for an unknown code."""
        return phrase(self.status)

    def ready_to_send(self, now: float, *more_headers: tuple[str, str]) -> "Response":
        """The same response with its `Content-Length` and, as RFC 9110 §6.6.1 asks, a `Date` of `now`."""
        # RFC 9110 §8.6: no Content-Length with 204, nor with 304 unless it is that of the 200.
        length = () if self.status in (204, 304) else (("content-length", str(len(self.body))),)
        headers = (*self.headers, *length, ("date", _http_date(int(now))), *more_headers)
        return Response(self.status, headers, self.body, self.version, self.off_the_record)

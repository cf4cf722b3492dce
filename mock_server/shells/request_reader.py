"""Requests out of the bytes of a connection: HTTP/1.1 as httptools reads it."""

import functools
import re
from typing import Protocol

import httptools

from mock_server.shells.delivery import expects_continue
from mock_server.shells.refusals import MOST_BODY_BYTES, body_too_long, no_proxy, unreadable
from mock_server.web.messages import Headers, Request, Response
from mock_server.web.wire import split_head

_UPGRADE = re.compile(rb"\r\nupgrade:[^\r\n]*", re.IGNORECASE)


class Reading(Protocol):
    """What a reader tells whoever feeds it."""

    #: The message that is being read, as far as it came.
    @property
    def incoming(self) -> bytearray: ...

    def take(self, read: Request | Response) -> None:
        """A message is whole: a request, or what to answer where its body is too long."""

    def refuse(self, response: Response) -> None:
        """This is no request and will be none."""

    def wait_for_continue(self) -> None:
        """The client wants to hear that it may send the body."""


class RequestReader:
    """Tells its owner of each request, until one is refused: behind that nothing is read.

    `body_bytes` is how much came of the body of the message that is being read.
    """

    def __init__(self, owner: Reading, client_certificate: bytes | None) -> None:
        self._owner = owner
        self._client_certificate = client_certificate
        self._parser = httptools.HttpRequestParser(self)
        # RFC 9112 §9.6: what comes behind a request that closes the connection is not read, and no fault of that request.
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._is_done = False
        self.body_bytes = 0

    def feed(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._feed_without_upgrade()
        except httptools.HttpParserError as error:
            self._refuse(unreadable(bytes(self._owner.incoming), str(error).lower()))

    def let_go(self) -> None:
        """Break the circle of this object and its parser."""
        self._parser = None

    def _feed_without_upgrade(self) -> None:
        """RFC 9110 §7.8 lets a server ignore the offer of another protocol, as this one does.

        httptools reads no body behind such a head (Java's client sends one), so it gets the same request without the offer.
        """
        head, rest = split_head(bytes(self._owner.incoming))
        if head.startswith(b"CONNECT "):
            self._refuse(no_proxy())
        else:
            self.feed(_UPGRADE.sub(b"", head) + b"\r\n\r\n" + rest)

    def _refuse(self, response: Response) -> None:
        if not self._is_done:
            self._is_done = True
            self._owner.refuse(response)

    # What httptools calls

    def on_message_begin(self) -> None:
        self._url = b""
        self._fields: list[tuple[str, str]] = []
        self._body = bytearray()
        self.body_bytes = 0

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields.append(_field(name, value))

    def on_headers_complete(self) -> None:
        if self._is_done or self._parser.should_upgrade():
            return
        # RFC 9110 §6.5.1: the fields that may come behind a body in chunks are not among these.
        self._headers: Headers = tuple(self._fields)
        self._method = self._parser.get_method().decode("ascii")
        self._version = self._parser.get_http_version()
        if expects_continue(self._headers, self._version):
            # RFC 9110 §10.1.1: an answer before the body spares the client sending it.
            if int(dict(self._headers).get("content-length", "0")) > MOST_BODY_BYTES:
                self._refuse(body_too_long())
            else:
                self._owner.wait_for_continue()

    def on_body(self, body: bytes) -> None:
        self.body_bytes += len(body)
        if self.body_bytes <= MOST_BODY_BYTES:
            self._body += body

    def on_message_complete(self) -> None:
        if self._is_done or self._parser.should_upgrade():
            return
        if self.body_bytes > MOST_BODY_BYTES:
            self._is_done = True
            self._owner.take(body_too_long())
        else:
            request = Request(
                self._method, self._target(), self._headers, bytes(self._body), self._version, self._client_certificate
            )
            self._owner.take(request)

    def _target(self) -> str:
        # RFC 9112 §3.2.2: the absolute form is taken as well. A fragment is none of a server's business.
        if self._url.startswith(b"/") and b"#" not in self._url:
            return self._url.decode("latin-1")
        parts = httptools.parse_url(self._url)
        # RFC 9110 §4.2.3: an empty path is the same as "/".
        return ((parts.path or b"/") + (b"?" + parts.query if parts.query else b"")).decode("latin-1")


# Clients send the same fields again and again.
@functools.lru_cache(maxsize=128)
def _field(name: bytes, value: bytes) -> tuple[str, str]:
    return name.lower().decode("latin-1"), value.decode("latin-1")

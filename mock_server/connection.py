"""One connection: HTTP/1.1 read by httptools and answered in order, with every byte recorded and bounds on what a client may do."""

import asyncio
import contextlib
import functools
import re
import socket
from collections import deque
from dataclasses import dataclass

import httptools

from mock_server.application import Application
from mock_server.clock import Clock
from mock_server.delivery import CONTINUE, Answer, answer, expects_continue, refusal
from mock_server.messages import Request, Response
from mock_server.record import OpenExchange, Record
from mock_server.refusals import (
    MOST_BODY_BYTES,
    MOST_HEAD_BYTES,
    REQUEST_SECONDS,
    body_too_long,
    head_too_long,
    incomplete,
    no_proxy,
    unreadable,
)
from mock_server.wire import message_length, split_head

#: How long a connection may rest, or an answer wait to be read.
REST_SECONDS = 5.0
#: A request too long is read this far and thrown away, so that its sender reads a 413 and not a broken connection.
MOST_DISCARDED_BYTES = 32 * 1024 * 1024
#: Read in pieces, so that the longest request that is taken and what came behind it fit together in the record.
_PIECE_BYTES = 16 * 1024

_UPGRADE = re.compile(rb"\r\nupgrade:[^\r\n]*", re.IGNORECASE)


# Clients send the same fields again and again.
@functools.lru_cache(maxsize=128)
def _field(name: bytes, value: bytes) -> tuple[str, str]:
    return name.lower().decode("latin-1"), value.decode("latin-1")


@dataclass(slots=True, eq=False)
class _Turn:
    """One exchange and what its answer is made of: a request, or the refusal of what is none."""

    exchange: OpenExchange
    request: Request | None = None
    refusal: Response | None = None
    expects_continue: bool = False


class Connection(asyncio.Protocol):
    """The bytes are recorded before they are handed on, so whoever has an answer finds it in the record.

    `open_connections` holds this connection for as long as it lasts.
    """

    def __init__(self, application: Application, clock: Clock, record: Record, open_connections: "set[Connection]") -> None:
        self._application = application
        self._clock = clock
        self._record = record
        self._open_connections = open_connections
        self._parser = httptools.HttpRequestParser(self)
        # RFC 9112 §9.6: what comes behind a request that closes the connection is not read, and no fault of that request.
        self._parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self._unparsed = b""
        self._unclaimed = b""
        self._receiving: _Turn | None = None
        self._received_bytes = 0
        self._head_is_complete = False
        self._is_refused = False
        #: RFC 9112 §9.3.2: answers are sent in the order that the requests came.
        self._due: deque[_Turn] = deque()
        self._delivery: asyncio.TimerHandle | None = None
        self._goes_on_soon = False
        self._is_paused = False
        self._client_reads = True
        self._client_is_done = False
        self._deadline: float | None = None
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        # asyncio turns Nagle's algorithm off only for sockets that it opened itself; with it, each answer waits 40 ms.
        with contextlib.suppress(OSError):  # macOS: the client has already gone.
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tls = transport.get_extra_info("ssl_object")
        self._is_encrypted = tls is not None
        # RFC 8705: the certificate that the client proved to hold travels with each of its requests.
        self._client_certificate = tls.getpeercert(binary_form=True) if tls else None
        self._open_connections.add(self)
        self._set_deadline(REQUEST_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open_connections.discard(self)
        for timer in (self._timer, self._delivery):
            if timer is not None:
                timer.cancel()
        self._parser = None  # It holds this object, and this object held it.

    def close(self) -> None:
        """End when all that is written is sent."""
        self._transport.close()

    def abort(self) -> None:
        """End at once."""
        self._transport.abort()

    # What comes in

    def data_received(self, data: bytes) -> None:
        self._unparsed += data
        if not self._goes_on_soon:
            self._go_on()

    def eof_received(self) -> bool:
        """The client has sent all that it will. It may still read, so what is due to it is sent before the close."""
        self._client_is_done = True
        if not self._is_refused:
            self._receiving = None  # RFC 9112 §8: half a request may go without an answer.
            self._deadline = None
        # TLS as asyncio speaks it has no half-close: whoever ends it gets no more.
        return bool(self._due or self._delivery) and not self._is_encrypted

    def _go_on(self) -> None:
        """Read a piece and answer one request. More has to wait a round, so that one client does not keep the others waiting."""
        self._goes_on_soon = False
        if self._client_reads and self._delivery is None and not self._transport.is_closing():
            if self._unparsed and not self._due:
                self._read_piece()
            if self._due:
                self._answer(self._due.popleft())
            elif self._receiving is not None and self._receiving.expects_continue:
                self._invite(self._receiving)
            if self._due or self._unparsed:
                self._goes_on_soon = True
                self._loop.call_soon(self._go_on)
        if bool(self._unparsed) is not self._is_paused:
            self._is_paused = not self._is_paused
            (self._transport.pause_reading if self._is_paused else self._transport.resume_reading)()

    def _read_piece(self) -> None:
        piece, self._unparsed = self._unparsed[:_PIECE_BYTES], self._unparsed[_PIECE_BYTES:]
        self._record_incoming(piece)
        if not self._is_refused:
            self._parse(piece)
        if self._receiving is not None:
            self._check_length()
            if self._deadline is None:
                self._set_deadline(REQUEST_SECONDS)

    def _parse(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._parse_without_upgrade()
        except httptools.HttpParserError as error:
            if self._receiving is not None:
                self._refuse(unreadable(bytes(self._receiving.exchange.request), str(error).lower()))

    def _parse_without_upgrade(self) -> None:
        """RFC 9110 §7.8 lets a server ignore the offer of another protocol, as this one does.

        httptools reads no body behind such a head (Java's client sends one), so it gets the same request without the offer.
        """
        head, rest = split_head(bytes(self._receiving.exchange.request))
        if head.startswith(b"CONNECT "):
            self._refuse(no_proxy())
        else:
            self._parse(_UPGRADE.sub(b"", head) + b"\r\n\r\n" + rest)

    def _check_length(self) -> None:
        if not self._head_is_complete and self._received_bytes > MOST_HEAD_BYTES:
            self._refuse(head_too_long(bytes(self._receiving.exchange.request)))
        elif self._received_bytes > MOST_DISCARDED_BYTES and self._is_refused:
            self.close()
        elif self._received_bytes > MOST_DISCARDED_BYTES:
            self._refuse(body_too_long())

    def _refuse(self, response: Response) -> None:
        """Let what is being received be answered in its turn, and read no further."""
        if not self._is_refused:
            self._is_refused = True
            self._receiving.refusal = response
            self._receiving.expects_continue = False
            self._due.append(self._receiving)
            self._deadline = None

    # What httptools calls

    def on_message_begin(self) -> None:
        self._url = b""
        self._fields: list[tuple[str, str]] = []
        self._body = bytearray()
        self._body_bytes = 0
        self._head_is_complete = False

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._fields.append(_field(name, value))

    def on_headers_complete(self) -> None:
        self._head_is_complete = True
        if self._receiving is None or self._is_refused or self._parser.should_upgrade():
            return
        # RFC 9110 §6.5.1: the fields that may come behind a body in chunks are not among these.
        self._headers = tuple(self._fields)
        self._method = self._parser.get_method().decode("ascii")
        self._version = self._parser.get_http_version()
        request = self._receiving.exchange.request
        if self._received_bytes > MOST_HEAD_BYTES and request.find(b"\r\n\r\n") + 4 > MOST_HEAD_BYTES:
            self._refuse(head_too_long(bytes(request)))
        elif expects_continue(self._headers, self._version):
            # RFC 9110 §10.1.1: an answer before the body spares the client sending it.
            if int(dict(self._headers).get("content-length", "0")) > MOST_BODY_BYTES:
                self._refuse(body_too_long())
            else:
                self._receiving.expects_continue = True

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        if self._body_bytes <= MOST_BODY_BYTES:
            self._body += body

    def on_message_complete(self) -> None:
        turn = self._receiving
        if turn is None or self._is_refused or self._parser.should_upgrade():
            # The first came with the end of a request too long for the record, whose answer ends the connection.
            return
        if self._body_bytes > MOST_BODY_BYTES:
            turn.refusal = body_too_long()
        else:
            turn.request = Request(
                self._method, self._target(), self._headers, bytes(self._body), self._version, self._client_certificate
            )
        self._receiving = None
        self._deadline = None
        self._due.append(turn)
        self._cut_off_next(turn.exchange.request)

    def _target(self) -> str:
        # RFC 9112 §3.2.2: the absolute form is taken as well. A fragment is none of a server's business.
        if self._url.startswith(b"/") and b"#" not in self._url:
            return self._url.decode("latin-1")
        parts = httptools.parse_url(self._url)
        # RFC 9110 §4.2.3: an empty path is the same as "/".
        return ((parts.path or b"/") + (b"?" + parts.query if parts.query else b"")).decode("latin-1")

    # What is recorded

    def _record_incoming(self, data: bytes) -> None:
        if self._receiving is None:
            data, self._unclaimed = self._unclaimed + data, b""
            # RFC 9112 §2.2: empty lines before a request belong to nobody yet.
            if not data.strip(b"\r\n") and len(data) <= MOST_HEAD_BYTES:
                self._unclaimed = data
                return
            self._receiving = _Turn(self._record.open())
            self._received_bytes = 0
            self._head_is_complete = False
            self._deadline = None
        self._received_bytes += len(data)
        self._record.add(self._receiving.exchange.request, data)

    def _cut_off_next(self, request: bytearray) -> None:
        """The parser has a whole request: what came behind it is the start of the next one (RFC 9112 §9.3.2)."""
        if request.find(b"\r\n\r\n") + 4 + self._body_bytes == len(request):
            return  # Nothing came behind it, as with most requests: no need to read it a second time.
        length = message_length(bytes(request))
        if length is not None and length < len(request):
            following = bytes(request[length:])
            del request[length:]
            self._record_incoming(following)

    # What goes out

    def _invite(self, turn: _Turn) -> None:
        turn.expects_continue = False
        self._write(turn, CONTINUE)

    def _answer(self, turn: _Turn) -> None:
        if turn.expects_continue:
            self._invite(turn)
        if turn.refusal is None:
            given = answer(turn.request, self._application, self._clock, turn.exchange)
        else:
            given = refusal(turn.refusal, self._clock)
        if given.delay:
            self._delivery = self._loop.call_later(given.delay, self._deliver_late, turn, given)
        else:
            self._deliver(turn, given)

    def _deliver_late(self, turn: _Turn, given: Answer) -> None:
        self._delivery = None
        self._deliver(turn, given)
        self._go_on()

    def _deliver(self, turn: _Turn, given: Answer) -> None:
        self._write(turn, given.raw)
        if given.ends and turn is self._receiving and not self._client_is_done and not self._is_encrypted:
            # RFC 9112 §9.6: closed while the client still sends, the connection would be reset and the answer lost.
            with contextlib.suppress(OSError):  # The client has already gone.
                self._transport.write_eof()
            self._set_deadline(REQUEST_SECONDS)
        elif given.ends or (self._client_is_done and not self._due):
            self._transport.close()
        elif self._receiving is None and not self._due:
            self._set_deadline(REST_SECONDS)

    def _write(self, turn: _Turn, data: bytes) -> None:
        self._record.add(turn.exchange.response, data)
        self._transport.write(data)

    def pause_writing(self) -> None:
        self._client_reads = False
        self._set_deadline(REST_SECONDS)

    def resume_writing(self) -> None:
        self._client_reads = True
        self._set_deadline(REST_SECONDS)
        self._go_on()

    # Time

    def _set_deadline(self, seconds: float) -> None:
        self._deadline = self._loop.time() + seconds
        # A timer that looks now and then costs less than one for each request.
        if self._timer is None:
            self._timer = self._loop.call_at(self._deadline, self._check_deadline)
        elif self._timer.when() > self._deadline:
            self._timer.cancel()
            self._timer = self._loop.call_at(self._deadline, self._check_deadline)

    def _check_deadline(self) -> None:
        self._timer = None
        if self._deadline is None:
            return
        if self._deadline > self._loop.time():
            self._timer = self._loop.call_at(self._deadline, self._check_deadline)
        else:
            self._deadline = None
            self._give_up()

    def _give_up(self) -> None:
        if not self._client_reads:
            self.abort()  # What is written would never be sent.
        elif self._receiving is None or self._is_refused:
            self.close()
        else:
            self._refuse(incomplete(REQUEST_SECONDS))
            self._go_on()

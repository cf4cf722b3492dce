"""One connection: uvicorn's HTTP/1.1 on httptools, with every byte recorded and with bounds on what a client may do."""

import contextlib
import functools
import re
import socket
from asyncio import AbstractEventLoop, TimerHandle, Transport
from collections import deque
from collections.abc import Callable

import httptools
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from mock_server.clock import Clock
from mock_server.phrases import RENAMED
from mock_server.problems import problem
from mock_server.record import OpenExchange, Record
from mock_server.wire import message_length, serialize_response, split_head, why_unreadable

MOST_HEAD_BYTES = 32 * 1024
#: From the first byte of a request to its last.
REQUEST_SECONDS = 5.0
#: Read in pieces, so that the longest request that is taken and what came behind it fit together in the record.
_PIECE_BYTES = 16 * 1024
#: With as many requests unanswered, no more are read: a pipeline may be endless, and its client may never read.
_MOST_UNANSWERED = 100

# uvicorn writes the status line from a table made of Python's phrases, which changed with Python 3.13.
STATUS_LINE.update({status: f"HTTP/1.1 {status} {words}\r\n".encode("ascii") for status, words in RENAMED.items()})

_UPGRADE = re.compile(rb"\r\nupgrade:[^\r\n]*", re.IGNORECASE)


class RecordedConnection(HttpToolsProtocol):
    """The bytes are recorded before they are handed on, so whoever has an answer finds it in the record."""

    def __init__(self, record: Record, clock: Clock, **uvicorn_settings) -> None:
        super().__init__(**uvicorn_settings)
        self._record = record
        self._clock = clock
        self._unparsed = b""
        self._unclaimed = b""
        self._receiving: OpenExchange | None = None
        self._awaiting_answer: deque[OpenExchange] = deque()
        self._head_is_complete = False
        self._refusal: bytes | None = None
        self._client_is_done = False
        self._body_bytes = 0
        self._deadline: float | None = None
        self._timer: TimerHandle | None = None

    # What comes in

    def connection_made(self, transport: Transport) -> None:
        # asyncio turns Nagle's algorithm off only for sockets that it opened itself; with it, each answer waits 40 ms.
        with contextlib.suppress(OSError):  # macOS: the client has already gone.
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._is_encrypted = transport.get_extra_info("ssl_object") is not None
        if self._is_encrypted:
            certificate = transport.get_extra_info("ssl_object").getpeercert(binary_form=True)
            self.app = functools.partial(_with_certificate, self.app, certificate)
        super().connection_made(_RecordedTransport(transport, self._record_answer, self._may_read, self.loop))
        self._set_deadline()

    def data_received(self, data: bytes) -> None:
        self._unparsed += data
        self._read_on()

    def _read_on(self) -> None:
        while self._unparsed and len(self._awaiting_answer) < _MOST_UNANSWERED:
            piece, self._unparsed = self._unparsed[:_PIECE_BYTES], self._unparsed[_PIECE_BYTES:]
            self._record_incoming(piece)
            if self._refusal is None:
                self._parse(piece)
        if self._may_read():
            self.transport.resume_reading()
        else:
            self.transport.pause_reading()

    def _may_read(self) -> bool:
        return not self._unparsed

    def _parse(self, data: bytes) -> None:
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._parse_without_upgrade()
        except httptools.HttpParserError as error:
            reason = why_unreadable(bytes(self._receiving.request)) if self._receiving else None
            self._refuse(400, f"This is not HTTP/1.1 that the server can read: {reason or str(error).lower()}. Nothing was done.")
        if self._receiving and not self._head_is_complete and len(self._receiving.request) > MOST_HEAD_BYTES:
            # RFC 9112 §3: 414 for a request target longer than the server wishes to parse; RFC 6585 §5: 431 for headers.
            status = 431 if b"\r\n" in self._receiving.request.lstrip(b"\r\n") else 414
            self._refuse(status, f"The request line and headers are longer than {MOST_HEAD_BYTES} bytes.")

    def _parse_without_upgrade(self) -> None:
        """RFC 9110 §7.8 lets a server ignore the offer of another protocol, as this one does.

        httptools reads no body behind such a head (Java's client sends one), so it gets the same request without the offer.
        """
        head, rest = split_head(bytes(self._receiving.request))
        if head.startswith(b"CONNECT "):
            self._refuse(501, "CONNECT is a request to a proxy, and this server is none.")
        else:
            self._parse(_UPGRADE.sub(b"", head) + b"\r\n\r\n" + rest)

    def eof_received(self) -> bool:
        """The client has sent all that it will. It may still read, so what is due to it is sent before the close."""
        self._client_is_done = True
        self._cancel_deadline()
        if self._receiving is not None and self._refusal is None:
            self._awaiting_answer.pop()  # RFC 9112 §8: half a request may go without an answer.
        # TLS as asyncio speaks it has no half-close: whoever ends it gets no more.
        return bool(self._awaiting_answer) and not self._is_encrypted

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_deadline()
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """The server stops: a request that is still coming in is not waited for."""
        if self._receiving is not None:
            self.transport.close()
        else:
            super().shutdown()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["mock_server.connection"] = self

    def on_headers_complete(self) -> None:
        self._head_is_complete = True
        if not self.parser.should_upgrade():
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._body_bytes += len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        if not self.parser.should_upgrade():
            self._close_request()
            super().on_message_complete()

    def _record_incoming(self, data: bytes) -> None:
        if self._receiving is None:
            data, self._unclaimed = self._unclaimed + data, b""
            # RFC 9112 §2.2: empty lines before a request belong to nobody yet.
            if not data.strip(b"\r\n") and len(data) <= MOST_HEAD_BYTES:
                self._unclaimed = data
                return
            self._receiving = self._record.open()
            self._awaiting_answer.append(self._receiving)
            self._head_is_complete = False
            self._body_bytes = 0
            self._unset_keepalive_if_required()
            self._set_deadline()
        self._record.add(self._receiving.request, data)

    def _close_request(self) -> None:
        """The parser has a whole request: what came behind it is the start of the next one (RFC 9112 §9.3.2)."""
        if self._receiving is None:
            return  # It came with the end of a request too long for the record, whose answer ends the connection.
        self._cancel_deadline()
        request, self._receiving = self._receiving.request, None
        if request.find(b"\r\n\r\n") + 4 + self._body_bytes == len(request):
            return  # Nothing came behind it, as with most requests: no need to read it a second time.
        length = message_length(bytes(request))
        if length is not None and length < len(request):
            following = bytes(request[length:])
            del request[length:]
            self._record_incoming(following)

    # What goes out

    def _record_answer(self, data: bytes) -> None:
        if self._awaiting_answer:
            self._record.add(self._awaiting_answer[0].response, data)

    def note_fault(self, fault: str) -> None:
        """The record says what hit the answer that is due."""
        if self._awaiting_answer:
            self._awaiting_answer[0].fault = fault

    def leave_unrecorded(self) -> None:
        """The exchange whose answer is due is nobody's but the inspector's."""
        if self._awaiting_answer:
            self._record.drop(self._awaiting_answer[0])

    def hang_up(self) -> None:
        self.transport.close()

    def on_response_complete(self) -> None:
        self._awaiting_answer.popleft()
        super().on_response_complete()
        self._refuse_in_turn()
        if self._client_is_done and not self._awaiting_answer:
            self.transport.close()
        if not self.transport.is_closing():
            self._read_on()

    def _refuse(self, status: int, detail: str) -> None:
        """Answer what never became a request, and hang up."""
        if self._refusal is None and self._receiving is not None:
            self._cancel_deadline()
            answer = problem(status, detail).ready_to_send(self._clock.now(), ("connection", "close"))
            self._refusal = serialize_response(answer)
            self._refuse_in_turn()

    def _refuse_in_turn(self) -> None:
        # RFC 9112 §9.3.2: answers are sent in the order that the requests came.
        if self._refusal is None or len(self._awaiting_answer) > 1 or self.transport.is_closing():
            return
        self.transport.write(self._refusal)
        self._awaiting_answer.popleft()
        if self._client_is_done or self._is_encrypted:
            self.transport.close()
        else:
            # RFC 9112 §9.6: closed while the client still sends, the connection would be reset and the answer lost.
            self.transport.write_eof()
            self._set_deadline()

    # Time

    def _set_deadline(self) -> None:
        self._deadline = self.loop.time() + REQUEST_SECONDS
        if self._timer is None:
            self._timer = self.loop.call_at(self._deadline, self._check_deadline)

    def _cancel_deadline(self) -> None:
        # The timer stays: one that looks now and then costs less than one for each request.
        self._deadline = None

    def _check_deadline(self) -> None:
        self._timer = None
        if self._deadline is None:
            return
        if self._deadline > self.loop.time():
            self._timer = self.loop.call_at(self._deadline, self._check_deadline)
        else:
            self._deadline = None
            self._give_up()

    def _give_up(self) -> None:
        if self._receiving is None or self._refusal is not None:
            self.transport.close()
        else:
            self._refuse(408, f"The request was still incomplete after {REQUEST_SECONDS:g} seconds.")


async def _with_certificate(app, certificate: bytes | None, scope, receive, send) -> None:
    """The client's certificate travels with each request of its connection (RFC 8705)."""
    await app({**scope, "client_certificate": certificate}, receive, send)


class _RecordedTransport:
    """A transport that tells what is written before it writes, and reads only when it may.

    The head of an answer waits for the body that uvicorn writes in the same breath, so that both cross in one packet.
    """

    def __init__(
        self, transport: Transport, tell: Callable[[bytes], None], may_read: Callable[[], bool], loop: AbstractEventLoop
    ) -> None:
        self._transport = transport
        self._tell = tell
        self._may_read = may_read
        self._loop = loop
        self._held = b""
        self.is_closing = transport.is_closing
        self.get_extra_info = transport.get_extra_info
        self.pause_reading = transport.pause_reading

    def write(self, data: bytes) -> None:
        if self._transport.is_closing():
            return
        self._tell(data)
        if self._held:
            data, self._held = self._held + data, b""
        elif data.endswith(b"\r\n\r\n") and not data.startswith(b"HTTP/1.1 1"):
            self._held = data
            self._loop.call_soon(self._let_go)
            return
        self._transport.write(data)

    def _let_go(self) -> None:
        if self._held:
            data, self._held = self._held, b""
            self._transport.write(data)

    def write_eof(self) -> None:
        self._let_go()
        self._transport.write_eof()

    def close(self) -> None:
        self._let_go()
        self._transport.close()

    def resume_reading(self) -> None:
        if self._may_read():
            self._transport.resume_reading()

    def __getattr__(self, name: str):
        return getattr(self._transport, name)

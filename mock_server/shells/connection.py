"""One connection: every byte recorded, requests answered in their order, and bounds on what a client may do."""

import asyncio
import contextlib
import socket
from collections import deque
from dataclasses import dataclass

from mock_server.application import Application
from mock_server.clock import Clock
from mock_server.shells.deadline import Deadline
from mock_server.shells.delivery import CONTINUE, Answer, answer, refusal
from mock_server.shells.refusals import MOST_HEAD_BYTES, REQUEST_SECONDS, body_too_long, has_long_head, head_too_long, incomplete
from mock_server.shells.request_reader import RequestReader
from mock_server.views.record import OpenExchange, Record
from mock_server.web.messages import Request, Response
from mock_server.web.wire import message_length

#: How long a connection may rest, or an answer wait to be read.
REST_SECONDS = 5.0
#: A request too long is read this far and thrown away, so that its sender reads a 413 and not a broken connection.
MOST_DISCARDED_BYTES = 32 * 1024 * 1024
#: Of the head, the frames of chunks and what comes behind them. The longest body, in chunks of one byte, has a third of it.
_MOST_FRAMING_BYTES = 1024 * 1024
#: Read in pieces, so that the longest request that is taken and what came behind it fit together in the record.
_PIECE_BYTES = 16 * 1024


@dataclass(slots=True, eq=False)
class _Turn:
    """One exchange and what its answer is made of: a request, or the refusal of what is none."""

    exchange: OpenExchange
    read: Request | Response | None = None
    waits_for_continue: bool = False


class Connection(asyncio.Protocol):
    """The bytes are recorded before they are handed on, so whoever has an answer finds it in the record.

    `open_connections` holds this connection for as long as it lasts.
    """

    def __init__(self, application: Application, clock: Clock, record: Record, open_connections: "set[Connection]") -> None:
        self._application = application
        self._clock = clock
        self._record = record
        self._open_connections = open_connections
        self._unparsed = b""
        self._unclaimed = b""
        self._receiving: _Turn | None = None
        self._received_bytes = 0
        self._is_refused = False
        #: RFC 9112 §9.3.2: answers are sent in the order that the requests came.
        self._due: deque[_Turn] = deque()
        self._delivery: asyncio.TimerHandle | None = None
        self._goes_on_soon = False
        self._is_paused = False
        self._client_reads = True
        self._client_is_done = False
        self._unsent = b""

    def connection_made(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._deadline = Deadline(self._loop, self._give_up)
        # asyncio turns Nagle's algorithm off only for sockets that it opened itself; with it, each answer waits 40 ms.
        with contextlib.suppress(OSError):  # macOS: the client has already gone.
            transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        tls = transport.get_extra_info("ssl_object")
        self._is_encrypted = tls is not None
        # RFC 8705: the certificate that the client proved to hold travels with each of its requests.
        self._reader = RequestReader(self, tls.getpeercert(binary_form=True) if tls else None)
        self._open_connections.add(self)
        self._deadline.set(REQUEST_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open_connections.discard(self)
        self._deadline.end()
        if self._delivery is not None:
            self._delivery.cancel()
        self._reader.let_go()
        # Both hold this object: let go of, it is free at once and not when the collector comes by.
        self._reader = self._deadline = None

    def close(self) -> None:
        """End when all that is written is sent."""
        self._send()
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
        self._send()
        if not self._is_refused:
            self._receiving = None  # RFC 9112 §8: half a request may go without an answer.
            self._deadline.clear()
        # TLS as asyncio speaks it has no half-close: whoever ends it gets no more.
        return bool(self._due or self._delivery) and not self._is_encrypted

    def _go_on(self) -> None:
        """Read up to a request and answer it. More has to wait a round, so that one client does not keep the others waiting."""
        self._goes_on_soon = False
        if self._client_reads and self._delivery is None and not self._transport.is_closing():
            while self._unparsed and not self._due and not self._transport.is_closing():
                self._read_piece()
            if self._due:
                self._answer(self._due.popleft())
            elif self._receiving is not None and self._receiving.waits_for_continue:
                self._invite(self._receiving)
            if self._due or self._unparsed:
                self._goes_on_soon = True
                self._loop.call_soon(self._go_on)
        if bool(self._unparsed) is not self._is_paused:
            self._is_paused = not self._is_paused
            (self._transport.pause_reading if self._is_paused else self._transport.resume_reading)()

    def _read_piece(self) -> None:
        piece, self._unparsed = self._unparsed[:_PIECE_BYTES], self._unparsed[_PIECE_BYTES:]
        before = self._receiving
        self._record_incoming(piece)
        if not self._is_refused:
            self._reader.feed(piece)
        if self._receiving is not None:
            self._check_length()
            if self._receiving is not before and not self._is_refused:
                self._deadline.set(REQUEST_SECONDS)

    def _check_length(self) -> None:
        framing_bytes = self._received_bytes - self._reader.body_bytes
        if self._received_bytes > MOST_DISCARDED_BYTES and self._is_refused:
            self.close()
        elif self._received_bytes > MOST_DISCARDED_BYTES or framing_bytes > _MOST_FRAMING_BYTES:
            self.refuse(body_too_long())
        elif has_long_head(self.incoming):
            self.refuse(head_too_long(self.incoming))

    def _record_incoming(self, data: bytes) -> None:
        if self._receiving is None:
            data, self._unclaimed = self._unclaimed + data, b""
            # RFC 9112 §2.2: empty lines before a request belong to nobody yet.
            if not data.strip(b"\r\n") and len(data) <= MOST_HEAD_BYTES:
                self._unclaimed = data
                return
            self._receiving = _Turn(self._record.open(data))
            self._received_bytes = len(data)
        else:
            self._received_bytes += len(data)
            self._record.add(self._receiving.exchange.request, data)

    # What the reader tells

    @property
    def incoming(self) -> bytearray:
        return self._receiving.exchange.request if self._receiving else bytearray()

    def take(self, read: Request | Response) -> None:
        turn, self._receiving = self._receiving, None
        raw = turn.exchange.request
        turn.read = head_too_long(raw) if has_long_head(raw) else read
        self._due.append(turn)
        self._deadline.clear()
        # As nothing came behind most requests, few have to be read a second time.
        if raw.find(b"\r\n\r\n") + 4 + self._reader.body_bytes != len(raw):
            self._cut_off_next(raw)

    def _cut_off_next(self, raw: bytearray) -> None:
        """What came behind a whole request is the start of the next one (RFC 9112 §9.3.2)."""
        length = message_length(bytes(raw))
        if length is not None and length < len(raw):
            following = bytes(raw[length:])
            del raw[length:]
            self._record_incoming(following)

    def refuse(self, response: Response) -> None:
        """Let what is being received be answered in its turn, and read no further."""
        if self._receiving is not None and not self._is_refused:
            self._is_refused = True
            self._receiving.read = response
            self._receiving.waits_for_continue = False
            self._due.append(self._receiving)
            self._deadline.clear()

    def wait_for_continue(self) -> None:
        self._receiving.waits_for_continue = True

    # What goes out

    def _invite(self, turn: _Turn) -> None:
        turn.waits_for_continue = False
        self._write(turn, CONTINUE)

    def _answer(self, turn: _Turn) -> None:
        if turn.waits_for_continue:
            self._invite(turn)
        if isinstance(turn.read, Request):
            given = answer(turn.read, self._application, self._clock, turn.exchange)
        else:
            given = refusal(turn.read, self._clock)
        if given.off_the_record:
            self._record.drop(turn.exchange)
        if given.delay:
            self._delivery = self._loop.call_later(given.delay, self._deliver_late, turn, given)
        else:
            self._deliver(turn, given)

    def _deliver_late(self, turn: _Turn, given: Answer) -> None:
        self._delivery = None
        if not self._transport.is_closing():
            self._deliver(turn, given)
            self._go_on()

    def _deliver(self, turn: _Turn, given: Answer) -> None:
        self._write(turn, given.raw)
        if given.ends and turn is self._receiving and not self._client_is_done and not self._is_encrypted:
            # RFC 9112 §9.6: closed while the client still sends, the connection would be reset and the answer lost.
            self._send()
            with contextlib.suppress(OSError):  # The client has already gone.
                self._transport.write_eof()
            self._deadline.set(REQUEST_SECONDS)
        elif given.ends or (self._client_is_done and not self._due):
            self.close()
        elif self._receiving is None and not self._due:
            self._deadline.set(REST_SECONDS)

    def _write(self, turn: _Turn, data: bytes) -> None:
        self._record.add(turn.exchange.response, data)
        if not self._unsent:
            # Not before the other clients of this round have been answered: to send wakes whoever waits, and to wake
            # many at once costs a third less than to wake them one by one.
            self._loop.call_soon(self._send)
        self._unsent += data

    def _send(self) -> None:
        if self._unsent and not self._transport.is_closing():
            unsent, self._unsent = self._unsent, b""
            self._transport.write(unsent)

    def pause_writing(self) -> None:
        self._client_reads = False
        self._deadline.set(REST_SECONDS)

    def resume_writing(self) -> None:
        self._client_reads = True
        self._deadline.clear()
        if not self._due:
            self._deadline.set(REST_SECONDS)
        self._go_on()

    def _give_up(self) -> None:
        if not self._client_reads:
            self.abort()  # What is written would never be sent.
        elif self._receiving is None or self._is_refused:
            self.close()
        else:
            self.refuse(incomplete(REQUEST_SECONDS))
            self._go_on()

"""One connection: uvicorn's HTTP/1.1 on httptools, with every byte recorded and with bounds on what a client may do."""

import socket
from asyncio import TimerHandle, Transport
from collections import deque

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from mock_server.clock import Clock
from mock_server.problems import problem
from mock_server.record import OpenExchange, Record
from mock_server.wire import message_length, serialize_response

MOST_HEAD_BYTES = 32 * 1024
#: From the first byte of a request to its last.
REQUEST_SECONDS = 5.0


class RecordedConnection(HttpToolsProtocol):
    """The bytes are recorded before they are handed on, so whoever has an answer finds it in the record."""

    def __init__(self, record: Record, clock: Clock, **uvicorn_settings) -> None:
        super().__init__(**uvicorn_settings)
        self._record = record
        self._clock = clock
        self._unclaimed = b""
        self._receiving: OpenExchange | None = None
        self._awaiting_answer: deque[OpenExchange] = deque()
        self._head_is_complete = False
        self._deadline: TimerHandle | None = None

    # What comes in

    def connection_made(self, transport: Transport) -> None:
        # asyncio turns Nagle's algorithm off only for sockets that it opened itself; with it, each answer waits 40 ms.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(_RecordedTransport(transport, self._record_answer))
        self._set_deadline()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        self._record_incoming(data)
        if self._head_is_too_long():
            self._refuse(431, f"The request line and headers are longer than {MOST_HEAD_BYTES} bytes.")
            return
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            pass  # No other protocol is spoken here, and RFC 9110 §7.8 lets a server ignore the offer.
        except httptools.HttpParserError as error:
            reason = "the request target or a header cannot be read" if error.__context__ else str(error).lower()
            self._refuse(400, f"This is not HTTP/1.1 that the server can read: {reason}. Nothing was done.")

    def connection_lost(self, exc: Exception | None) -> None:
        self._cancel_deadline()
        super().connection_lost(exc)

    def on_message_begin(self) -> None:
        self._head_is_complete = False
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._head_is_complete = True
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._cancel_deadline()
        self._close_request()
        super().on_message_complete()

    def _record_incoming(self, data: bytes) -> None:
        self._unclaimed += data
        if self._receiving is None:
            # RFC 9112 §2.2: empty lines before a request belong to nobody yet.
            if not self._unclaimed.strip(b"\r\n"):
                return
            self._receiving = self._record.open()
            self._awaiting_answer.append(self._receiving)
            self._set_deadline()
        self._record.add(self._receiving.request, self._unclaimed)
        self._unclaimed = b""

    def _close_request(self) -> None:
        """The parser has a whole request: what came behind it is the start of the next one (RFC 9112 §9.3.2)."""
        request, self._receiving = self._receiving.request, None
        length = message_length(bytes(request))
        if length is not None and length < len(request):
            following = bytes(request[length:])
            del request[length:]
            self._record_incoming(following)

    def _head_is_too_long(self) -> bool:
        if self._receiving is None or self._head_is_complete:
            return False
        head = self._receiving.request[:MOST_HEAD_BYTES]
        return len(head) == MOST_HEAD_BYTES and b"\r\n\r\n" not in head

    # What goes out

    def _record_answer(self, data: bytes) -> None:
        if self._awaiting_answer:
            self._record.add(self._awaiting_answer[0].response, data)

    def on_response_complete(self) -> None:
        self._awaiting_answer.popleft()
        super().on_response_complete()

    def _refuse(self, status: int, detail: str) -> None:
        """Answer what never became a request, and hang up."""
        if self.transport.is_closing():
            return
        while len(self._awaiting_answer) > 1:
            self._awaiting_answer.popleft()
        answer = problem(status, detail).ready_to_send(self._clock.now(), ("connection", "close"))
        self.transport.write(serialize_response(answer))
        self.transport.close()

    # Time

    def _set_deadline(self) -> None:
        self._cancel_deadline()
        self._deadline = self.loop.call_later(REQUEST_SECONDS, self._give_up)

    def _cancel_deadline(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up(self) -> None:
        if self._receiving is None:
            self.transport.close()
        else:
            self._refuse(408, f"The request was still incomplete after {REQUEST_SECONDS:g} seconds.")


class _RecordedTransport:
    """A transport that tells what is written before it writes."""

    def __init__(self, transport: Transport, tell) -> None:
        self._transport = transport
        self._tell = tell

    def write(self, data: bytes) -> None:
        self._tell(data)
        self._transport.write(data)

    def __getattr__(self, name: str):
        return getattr(self._transport, name)

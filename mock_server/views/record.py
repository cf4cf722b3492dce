"""The record: what crossed the wire, as raw bytes, in the order that the requests began."""

import html
import threading
from bisect import bisect
from collections import deque
from dataclasses import dataclass

from mock_server.views.exchange_view import exchange_html, exchange_text
from mock_server.web.messages import Request, Response
from mock_server.web.wire import parse_request, parse_response

#: Below this path the inspector asks for what it shows.
INSPECTION_PATH = "/inspector/"
_INSPECTION = f"GET {INSPECTION_PATH}".encode("ascii")


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer, byte by byte.

    `raw_request` and `raw_response` are what crossed the socket, empty where nothing did; a message longer than
    `Record.MOST_BYTES` is cut there. `request` and `response` are the same in parsed form, None where unreadable.
    `fault` says which fault of `server.fail_next` hit it, empty for none.
    """

    number: int
    raw_request: bytes
    raw_response: bytes
    fault: str = ""

    @property
    def request(self) -> Request | None:
        return parse_request(self.raw_request)

    @property
    def response(self) -> Response | None:
        return parse_response(self.raw_response)

    def __repr__(self) -> str:
        title = f"Exchange {self.number}" + (f" (fault on demand: {self.fault})" if self.fault else "")
        return f"{title}\n{exchange_text(self.raw_request, self.raw_response)}"

    def _repr_html_(self) -> str:
        note = f"<p>Fault on demand: {html.escape(self.fault)}</p>" if self.fault else ""
        return note + exchange_html(self.raw_request, self.raw_response)


class OpenExchange:
    """An exchange that is still being recorded."""

    def __init__(self, number: int, begin: bytes) -> None:
        self.number = number
        self.request = bytearray(begin)
        self.response = bytearray()
        self.fault = ""

    @property
    def is_in_sight(self) -> bool:
        """Not before its first byte; and not while the inspector asks, for that is dropped as soon as it is answered."""
        return bool(self.response) or bool(self.request) and not self.request.startswith(_INSPECTION)


class Record:
    """The latest exchanges of one server. Bounded in number and bytes, and safe to read from any thread."""

    MOST_EXCHANGES = 2000
    #: Room for exchanges that come in and are dropped, so that none of the others makes way for them.
    _MOST_TO_DROP = 50
    #: Of one message; the server refuses longer ones, so nothing that it answers with success is cut.
    MOST_BYTES = 128 * 1024
    #: Of all messages together; the oldest exchanges make room.
    MOST_BYTES_TOGETHER = 32 * 1024 * 1024

    def __init__(self) -> None:
        self._exchanges: deque[OpenExchange] = deque(maxlen=self.MOST_EXCHANGES + self._MOST_TO_DROP)
        self._opened = 0
        self._bytes_at_most = 0
        self._lock = threading.Lock()

    def open(self, begin: bytes = b"") -> OpenExchange:
        """A new exchange, whose request begins with these bytes."""
        begin = begin[: self.MOST_BYTES]
        with self._lock:
            self._opened += 1
            self._bytes_at_most += len(begin)
            exchange = OpenExchange(self._opened, begin)
            self._exchanges.append(exchange)
        return exchange

    def add(self, message: bytearray, data: bytes) -> None:
        """Append to one message of an open exchange, up to the bound."""
        with self._lock:
            kept = data[: self.MOST_BYTES - len(message)]
            message += kept
            self._bytes_at_most += len(kept)
            if self._bytes_at_most > self.MOST_BYTES_TOGETHER:
                self._make_room()

    def exchanges(self, newest: int = MOST_EXCHANGES) -> list[Exchange]:
        """The `newest` exchanges as they are now; one in flight is shown as far as it has got."""
        with self._lock:
            in_sight = [each for each in self._exchanges if each.is_in_sight]
            hidden = [each.number for each in self._exchanges if not each.is_in_sight]
        return [
            Exchange(each.number - bisect(hidden, each.number), bytes(each.request), bytes(each.response), each.fault)
            for each in in_sight[-newest:]
        ]

    def drop(self, exchange: OpenExchange) -> None:
        """Take an exchange out again. Those behind it move up, so that the numbers have no gap."""
        with self._lock:
            if exchange in self._exchanges:
                self._exchanges.remove(exchange)
                self._opened -= 1
                for later in self._exchanges:
                    later.number -= later.number > exchange.number

    def clear(self) -> None:
        with self._lock:
            self._exchanges.clear()
            self._bytes_at_most = 0

    def _make_room(self) -> None:
        """Count again, for what has left was never taken off, and let go of the oldest down to three quarters of the bound."""
        self._bytes_at_most = sum(len(each.request) + len(each.response) for each in self._exchanges)
        while len(self._exchanges) > 1 and self._bytes_at_most > self.MOST_BYTES_TOGETHER * 3 // 4:
            oldest = self._exchanges.popleft()
            self._bytes_at_most -= len(oldest.request) + len(oldest.response)

"""Coverage-guided fuzzing of the socket shell: any bytes come in, cut anywhere, and what goes out has to be well formed.

    uv run --with atheris python tests/fuzzing/fuzz_connection.py -max_total_time=300 NEW_FOLDER tests/fuzzing/corpus

See `fuzz_answers.py`, which has the shell without a socket. httptools is compiled and guides nobody; what it calls does.
"""

import asyncio
import socket
import sys

if __name__ == "__main__":
    from pathlib import Path

    import atheris

    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    with atheris.instrument_imports(include=["mock_server"]):
        import mock_server.shells.connection

from fuzz_answers import check_exchange, with_right_length
from prepared_server import prepared_server

from mock_server.clock import Clock
from mock_server.shells.connection import Connection
from mock_server.shells.delivery import CONTINUE
from mock_server.views.record import Exchange, Record


class Wire(asyncio.Transport):
    """A connection to a client that reads at once whatever it is sent."""

    def __init__(self) -> None:
        super().__init__({"socket": socket.socket()})
        self.written = b""
        self.has_ended = False

    def write(self, data: bytes) -> None:
        assert not self.has_ended
        self.written += data

    def close(self) -> None:
        self.has_ended = True

    abort = close

    def is_closing(self) -> bool:
        return self.has_ended

    def write_eof(self) -> None:
        pass

    pause_reading = resume_reading = write_eof


async def exchanges_of(raw: bytes, size: int) -> list[Exchange]:
    """What the record holds when a client has sent `raw` in pieces of that size and then said that this is all."""
    faults: list[dict] = []
    asyncio.get_running_loop().set_exception_handler(lambda loop, fault: faults.append(fault))
    record, wire = Record(), Wire()
    connection = Connection(prepared_server().application, Clock.stopped(), record, set())
    with wire.get_extra_info("socket"):
        connection.connection_made(wire)
        for start in range(0, len(raw), size):
            if not wire.has_ended:
                connection.data_received(raw[start : start + size])
                await _rest(connection)
        if not wire.has_ended and not connection.eof_received():
            wire.close()
        await _rest(connection)
        connection.connection_lost(None)
    assert faults == []
    return record.exchanges()


async def _rest(connection: Connection) -> None:
    await asyncio.sleep(0)
    while connection._goes_on_soon:
        await asyncio.sleep(0)


def connect_and_check(raw: bytes) -> None:
    """AssertionError, or whatever the server raises, where an answer is not as it should be, or depends on how the bytes are cut."""
    for sent in {raw, with_right_length(raw)}:
        whole, in_pieces = (_statuses(asyncio.run(exchanges_of(sent, size))) for size in (len(sent) or 1, 1 + sum(sent) % 60))
        assert whole == in_pieces


def _statuses(exchanges: list[Exchange]) -> list[bytes]:
    # RFC 9112 §8, §9.6: half a request may go without an answer, but for the invitation to send the rest; and so does
    # what comes behind the last answer.
    answered = [exchange for exchange in exchanges if exchange.raw_response not in (b"", CONTINUE)]
    assert answered == exchanges[: len(answered)]
    for exchange in answered:
        check_exchange(exchange)
    return [exchange.raw_response.removeprefix(CONTINUE)[9:12] for exchange in answered]


if __name__ == "__main__":
    atheris.Setup(sys.argv, connect_and_check)
    atheris.Fuzz()

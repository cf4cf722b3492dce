"""Coverage-guided fuzzing of the whole server: any bytes go in, and every answer has to be well formed.

    uv run --with atheris python tests/fuzzing/fuzz_answers.py -max_total_time=300 NEW_FOLDER tests/fuzzing/corpus

It needs Linux and atheris, which the kit does not install. What it finds belongs into `corpus` under a name that says
what it is: `test_corpus.py` sends every file of it at each test run.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "mock_server")]

if __name__ == "__main__":
    import atheris

    with atheris.instrument_imports(include=["mock_server"]):
        import mock_server.application
        import mock_server.shells.in_memory

from mock_server.clock import Clock
from mock_server.shells.in_memory import answer_bytes
from mock_server.views.record import Exchange, Record
from mock_server.web.messages import Request
from mock_server.web.wire import parse_request, parse_response
from prepared_server import prepared_server
from well_formed import check_answer


def with_right_length(raw: bytes) -> bytes:
    """The same message, its Content-Length made true, so that what the fuzzer does to a body gets as far as the application."""
    head, gap, body = raw.partition(b"\r\n\r\n")
    return re.sub(rb"(?i)(\r\ncontent-length: *)\d+", rb"\g<1>%d" % len(body), head) + gap + body


def answer_and_check(raw: bytes) -> None:
    """AssertionError, or whatever the server raises, where an answer is not as it should be."""
    for sent in {raw, with_right_length(raw)}:
        record = Record()
        answer_bytes(sent, prepared_server().application, Clock.stopped(), record)
        for exchange in record.exchanges():
            check_exchange(exchange)


def check_exchange(exchange: Exchange) -> None:
    response = parse_response(exchange.raw_response)
    assert response is not None, exchange.raw_response
    # A request line without a version, which only httptools reads, may ask for a head alone too.
    method = "HEAD" if exchange.raw_request.lstrip(b"\r\n").startswith(b"HEAD ") else "?"
    check_answer(parse_request(exchange.raw_request) or Request(method, "?"), response)
    # What learners are shown of it.
    repr(exchange), exchange._repr_html_()


if __name__ == "__main__":
    atheris.Setup(sys.argv, answer_and_check)
    atheris.Fuzz()

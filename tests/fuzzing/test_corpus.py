"""The corpus of the fuzzer, sent again at every test run."""

import pytest
from fuzz_answers import ROOT, answer_and_check
from fuzz_connection import connect_and_check
from prepared_server import prepared_server

from mock_server.clock import Clock
from mock_server.shells.in_memory import answer_bytes
from mock_server.views.record import Record

CORPUS = {path.name: path for path in sorted((ROOT / "tests" / "fuzzing" / "corpus").iterdir())}


@pytest.mark.parametrize("name", CORPUS)
def test_what_the_fuzzer_starts_from_and_what_it_found_is_answered_well(name):
    answer_and_check(CORPUS[name].read_bytes())


@pytest.mark.parametrize("name", CORPUS)
def test_behind_a_socket_it_is_answered_as_well_and_alike_however_its_bytes_are_cut(name):
    connect_and_check(CORPUS[name].read_bytes())


# A fuzzer that starts in front of a closed door never learns what is behind it.
@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("token_with_an_assertion", 200),
        ("stations_with_a_token", 200),
        ("stations_with_dpop", 200),
        ("readings_page", 200),
        ("reading_sent", 201),
        ("reading_corrected", 200),
        ("reading_taken_back", 204),
        ("reading_unchanged", 304),
        ("tool_called", 200),
        ("introspect", 200),
        ("revoke", 200),
        ("registration_read", 200),
        ("registration_changed", 200),
        ("registration_ended", 204),
    ],
)
def test_the_fuzzer_starts_from_requests_that_are_let_in(name, status):
    record = Record()
    answer_bytes(CORPUS[name].read_bytes(), prepared_server().application, Clock.stopped(), record)
    assert record.exchanges()[-1].response.status == status

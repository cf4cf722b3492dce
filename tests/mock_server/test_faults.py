"""Faults: what each kind does, whom it hits, what the record says, over both shells."""

import random

import pytest
import requests

from mock_server import start
from mock_server.fault_kinds import KINDS
from mock_server.faults import Faults
from mock_server.oauth.access_tokens import AccessTokens
from mock_server.shells.in_process import in_process
from plain_client import NOW, api_request, basic, fields, token_request


@pytest.fixture(params=[lambda: start(0), lambda: in_process(9405)], ids=["socket", "in-process"])
def either(request):
    with request.param() as server:
        yield server


def ask(server, client="myapp123", secret="secret456", **options):
    with requests.Session() as session:
        session.trust_env = False
        return session.post(
            f"{server.url}/token", data={"grant_type": "client_credentials"}, auth=(client, secret), **({"timeout": 5} | options)
        )


def stations(server, token):
    with requests.Session() as session:
        session.trust_env = False
        return session.get(f"{server.url}/api/stations", headers={"Authorization": f"Bearer {token}"}, timeout=5)


def test_too_many_requests_says_how_long_to_wait(either):
    either.fail_next(429, retry_after=7)
    answer = ask(either)
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "7")
    assert ask(either).status_code == 200
    assert [exchange.fault for exchange in either.exchanges] == ["429 (retry_after=7)", ""]


def test_unavailable_says_nothing_unless_told(either):
    either.fail_next("503", times=2)
    assert [ask(either).status_code for _ in range(3)] == [503, 503, 200]
    assert "retry-after" not in either.exchanges[0].raw_response.decode().lower()


def test_a_dropped_connection_ends_without_a_byte(either):
    either.fail_next("drop")
    with pytest.raises(requests.ConnectionError):
        ask(either)
    assert (either.exchanges[0].raw_response, either.exchanges[0].fault) == (b"", "drop")
    assert ask(either).status_code == 200


def test_a_truncated_body_is_shorter_than_its_length_says(either):
    either.fail_next("truncate")
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        ask(either)
    response = either.exchanges[0].response
    assert 0 < len(response.body) < int(response.header("content-length"))


def test_a_page_comes_with_200_where_json_is_expected(either):
    either.fail_next("not_json")
    answer = ask(either)
    assert answer.status_code == 200
    with pytest.raises(requests.exceptions.JSONDecodeError):
        answer.json()


def test_a_late_answer_runs_into_the_clients_timeout(either):
    either.fail_next("latency", seconds=3)
    with pytest.raises(requests.ReadTimeout):
        ask(either, timeout=0.05)
    either.fail_next("silence")
    with pytest.raises(requests.ReadTimeout):
        ask(either, timeout=0.05)
    either.fail_next("latency", seconds=0.02)
    assert ask(either).status_code == 200


def test_a_virtual_delay_turns_the_clock_and_nobody_waits(either):
    before = either.clock.now()
    either.fail_next("latency", seconds=50, virtual=True)
    ask(either)
    assert either.clock.now() == before + 50


def test_the_lifetime_is_missing_or_text(either):
    either.fail_next("expires_in_missing")
    either.fail_next("expires_in_text")
    assert "expires_in" not in ask(either).json()
    assert ask(either).json()["expires_in"] == "3600"


def test_a_token_can_be_revoked_before_its_time(either):
    either.fail_next("early_revocation", seconds=10)
    token = ask(either).json()["access_token"]
    assert stations(either, token).status_code == 200
    either.clock.advance(10)
    assert stations(either, token).status_code == 401


def test_the_clock_of_the_api_may_be_ahead(either):
    token = ask(either).json()["access_token"]
    either.clock.skew_api(3600)
    assert stations(either, token).status_code == 401
    either.clock.skew_api(0)
    assert stations(either, token).status_code == 200
    either.fail_next("clock_skew", seconds=4000)
    assert stations(either, token).status_code == 401
    assert stations(either, token).status_code == 200


def test_a_fault_of_the_token_answer_waits_for_one(application):
    application.faults.add("expires_in_missing")
    application.handle(api_request("GET", "/"), NOW)
    application.handle(token_request(b"grant_type=nonsense"), NOW)
    assert len(application.faults.waiting()) == 1
    assert "expires_in" not in fields(application.handle(token_request(), NOW))
    assert application.faults.waiting() == []


def test_a_fault_strikes_by_path_and_by_client(application):
    application.faults.add("503", path="/api/*", times=None)
    application.faults.add("429", client="dashboard")
    grant = b"grant_type=client_credentials"
    assert application.handle(token_request(), NOW).status == 200
    assert application.handle(api_request("GET", "/api/stations"), NOW).status == 503
    assert application.handle(token_request(grant, basic("dashboard:dashboard-secret")), NOW).status == 429
    answer = application.handle(token_request(grant, basic("dashboard:dashboard-secret")), NOW)
    application.faults.clear()
    application.faults.add("429", client="dashboard")
    bearer = ("authorization", f"Bearer {fields(answer)['access_token']}")
    assert application.handle(api_request("GET", "/api/stations", bearer), NOW).status == 429


def test_the_same_seed_strikes_the_same_requests_and_changes_no_token():
    def run(probability):
        with in_process(9406) as server:
            if probability:
                server.fail_next("503", times=None, probability=probability, path="/")
            struck = [requests.get(f"{server.url}/").status_code for _ in range(20)]
            return struck, ask(server).json()["access_token"]

    assert run(0.5) == run(0.5)
    assert set(run(0.5)[0]) == {200, 503}
    assert run(0.5)[1] == run(None)[1]


def test_faults_are_listed_and_cleared(either):
    either.fail_next("latency", times=3, path="/token", client="myapp123", probability=0.5)
    assert repr(either.faults) == (
        "[<fault latency (seconds=1.0, virtual=False), 3 times at /token for client myapp123 with a probability of 0.5>]"
    )
    either.clear_faults()
    assert either.faults == []


def test_an_unknown_kind_is_told_those_that_there_are():
    with pytest.raises(ValueError, match="There is no fault 'explode'") as error:
        Faults(random.random).add("explode")
    assert all(repr(kind) in str(error.value) for kind in KINDS)


@pytest.mark.parametrize(
    ("kind", "settings", "said"),
    [
        ("latency", {"seconds": -1}, "expects a number from 0 to 60"),
        ("latency", {"seconds": float("nan")}, "expects a number"),
        ("latency", {"virtual": 1}, "True or False"),
        ("429", {"retry_after": 1.5}, "whole number"),
        ("drop", {"seconds": 1}, "it takes: no options of its own"),
        ("drop", {"times": 0}, "from 1 on"),
        ("drop", {"probability": 0}, "above 0"),
        ("drop", {"path": "token"}, "'/token'"),
    ],
)
def test_a_wrong_argument_is_told_what_would_be_right(kind, settings, said):
    with pytest.raises(ValueError, match=said):
        Faults(random.random).add(kind, **settings)


def test_the_clock_does_what_was_scheduled_when_its_time_passes():
    with in_process(9407) as server:
        began, seen = server.clock.now(), []
        server.clock.at(20, lambda: seen.append(server.clock.now() - began))
        server.clock.at(10, lambda: seen.append(server.clock.now() - began))
        server.clock.advance(9)
        assert seen == []
        server.clock.advance(100)
        assert (seen, server.clock.now() - began) == ([10, 20], 109)
        with pytest.raises(ValueError, match="more than 0"):
            server.clock.at(0, print)


@pytest.mark.parametrize("client", [7, b"myapp123", ["myapp123"]])
def test_a_fault_for_what_is_no_client_id_is_refused(client):
    with pytest.raises(ValueError, match="Saw client=.*; expected the id"):
        Faults(random.random).add("503", client=client)


def test_the_revocations_that_wait_are_bounded(application, monkeypatch):
    monkeypatch.setattr(AccessTokens, "MOST_REVOKED", 3)
    application.faults.add("early_revocation", seconds=10, times=None)
    tokens = [fields(application.handle(token_request(), NOW))["access_token"] for _ in range(5)]
    application.faults.clear()

    def status(token):
        return application.handle(api_request("GET", "/api/stations", ("authorization", f"Bearer {token}")), NOW + 10).status

    assert [status(token) for token in tokens] == [401, 401, 401, 200, 200]

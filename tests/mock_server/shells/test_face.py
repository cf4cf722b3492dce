"""Finding, exporting and drawing what crossed the wire."""

import json
from xml.etree import ElementTree

import pytest
import requests
import responses
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.shells.in_process import in_process
from mock_server.views.har import to_har
from mock_server.views.masking import masked
from mock_server.views.record import Exchange, Record
from mock_server.views.recording import to_recording
from mock_server.views.sequence import diagram
from mock_server.views.steps import steps

SECRETS = ("secret456", "dashboard-secret", "bXlhcHAxMjM6c2VjcmV0NDU2")


@pytest.fixture(scope="module")
def server():
    with in_process(9408) as server:
        form = {"grant_type": "client_credentials"}
        requests.post(f"{server.url}/token", data=form, auth=("myapp123", "wrong-one"))
        answer = requests.post(f"{server.url}/token", data=form, auth=("myapp123", "secret456"))
        bearer = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        requests.get(f"{server.url}/api/stations", headers=bearer)
        requests.post(f"{server.url}/token", data=form | {"client_id": "dashboard", "client_secret": "dashboard-secret"})
        server.fail_next("429")
        requests.get(f"{server.url}/api/stations", headers=bearer)
        server.fail_next("drop")
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{server.url}/api/readings", headers=bearer)
        server.token = answer.json()["access_token"]
    return server


def test_exchanges_are_found_by_path_client_status_method_and_fault(server):
    def numbers(**wanted):
        return [exchange.number for exchange in server.find(**wanted)]

    assert numbers(path="/token") == [1, 2, 4]
    assert numbers(path="/api/*", status=200) == [3]
    assert numbers(client="myapp123") == [1, 2, 3, 5, 6]
    assert numbers(client="dashboard", method="post") == [4]
    assert numbers(status=0) == numbers(fault="drop") == [6]
    assert numbers(fault="*") == [5, 6]
    assert numbers() == [1, 2, 3, 4, 5, 6]


def test_the_archive_holds_every_exchange(server, tmp_path):
    server.save_har(tmp_path / "run.har")
    log = json.loads((tmp_path / "run.har").read_text("utf-8"))["log"]
    assert log["version"] == "1.2"
    assert [entry["response"]["status"] for entry in log["entries"]] == [401, 200, 200, 200, 429, 0]
    second = log["entries"][1]
    assert second["startedDateTime"] == "2026-01-01T12:00:00.000+00:00"
    assert second["request"]["url"] == f"{server.url}/token"
    assert second["request"]["postData"]["params"] == [{"name": "grant_type", "value": "client_credentials"}]
    assert json.loads(second["response"]["content"]["text"])["access_token"] == server.token
    assert log["entries"][4]["comment"] == "fault on demand: 429 (retry_after=2)"


def test_a_recording_replays_the_same_answers(server, tmp_path):
    server.save_recording(tmp_path / "run.yaml")
    with responses.RequestsMock(assert_all_requests_are_fired=False) as replay:
        replay._add_from_file(tmp_path / "run.yaml")
        for exchange in server.exchanges[:-1]:
            answer = requests.request(exchange.request.method, server.url + exchange.request.target)
            assert (answer.status_code, answer.content) == (exchange.response.status, exchange.response.body)
            assert answer.headers["Content-Type"] == exchange.response.header("content-type")
            assert answer.headers.get("Cache-Control") == exchange.response.header("cache-control")


def test_no_secret_is_in_what_is_masked_or_drawn(server):
    shown = [
        json.dumps(server.to_har(mask=True)),
        server.to_recording(mask=True),
        server.diagram()._repr_html_(),
        repr(server.steps()) + server.steps()._repr_html_(),
    ]
    for text in shown:
        assert not [secret for secret in (*SECRETS, server.token) if secret in text]
    assert "secret456" not in masked(b'POST /?client_secret=secret456 HTTP/1.1\r\n\r\n{"client_secret": "secret456"}').decode()


def test_what_is_masked_in_a_sentence_of_json_leaves_it_json():
    body = b'{"error_description": "Send client_id=b&client_secret=x", "error_uri": "/"}'
    seen = masked(b"HTTP/1.1 400 Bad Request\r\n\r\n" + body).partition(b"\r\n\r\n")[2]
    assert json.loads(seen) == {"error_description": "Send client_id=b&client_secret=***", "error_uri": "/"}


def test_the_diagram_is_the_same_every_time_and_says_in_words_what_it_shows(server):
    drawn = server.diagram()
    assert drawn.svg == server.diagram().svg
    root = ElementTree.fromstring(drawn.svg)
    tags = [each.tag.rpartition("}")[2] for each in root.iter()]
    assert tags[1:3] == ["title", "desc"]
    assert "script" not in tags
    assert root[1].text == repr(drawn)
    assert "Client -> API: GET /api/stations (Bearer token 1)" in repr(drawn)
    assert "API -> Client: no answer (fault: drop)" in repr(drawn)


def test_the_steps_say_who_knows_what(server):
    told = server.steps()
    assert len(told) == 13
    assert "myapp123 asks for a token, and has to prove itself" in told[3].learned["Authorization server"]
    assert "token 1 (3600 s) for readings:read readings:write" in told[4].knows["Client"]
    assert told[0].knows["API"] == ("no client, and no secret",)
    assert "token 1 is good for this and belongs to myapp123" in told[6].learned["API"]


def test_asking_about_a_token_and_ending_it_is_told_by_the_name_of_the_token():
    with in_process(9408) as server:
        own = ("myapp123", "secret456")
        token = requests.post(f"{server.url}/token", data={"grant_type": "client_credentials"}, auth=own).json()["access_token"]
        for path in ("introspect", "revoke"):
            requests.post(f"{server.url}/{path}", data={"token": token}, auth=own)
        told = repr(server.steps())
    assert "myapp123 asks about token 1" in told and "myapp123 ends token 1" in told
    assert token not in told


def test_nothing_to_draw_is_said():
    assert repr(diagram([])) == "Nothing has crossed the wire yet."
    ElementTree.fromstring(diagram([]).svg)
    assert len(steps([])) == 1


PIECES = [b"GET / HTTP/1.1\r\n", b"POST /token HTTP/1.1\r\n", b"HTTP/1.1 200 OK\r\n", b"Authorization: Basic ", b"\r\n\r\n"]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.one_of(st.sampled_from(PIECES), st.binary(max_size=20)), max_size=6).map(b"".join), st.binary(max_size=60))
def test_whatever_bytes_were_recorded_can_be_exported_and_drawn(sent, answered):
    exchanges = [Exchange(1, sent, answered), Exchange(2, sent, b"HTTP/1.1 401 \r\n\r\n" + answered)]
    json.dumps(to_har(exchanges, "http://x", mask=True))
    to_recording(exchanges, "http://x", mask=True)
    ElementTree.fromstring(diagram(exchanges).svg)
    steps(exchanges)._repr_html_()


def test_the_record_is_bounded_in_all_its_bytes():
    record = Record()
    for _ in range(400):
        record.add(record.open().request, b"a" * Record.MOST_BYTES)
    kept = record.exchanges()
    assert kept[-1].number == 400
    assert sum(len(each.raw_request) for each in kept) <= Record.MOST_BYTES_TOGETHER

"""The server without a port against the server behind a socket: the same requests, the same bytes."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from mock_server import start
from mock_server.shells.in_process import in_process
from plain_client import GOOD_BODY, GRANT, basic, wait_until

ROOT = Path(__file__).parents[3]
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
AUTH = dict([basic("myapp123:secret456")])


def lower_half():
    """A body whose length requests cannot know, so it sends it in chunks."""
    yield GOOD_BODY[:20]
    yield GOOD_BODY[20:]


# Method, target, headers, body; in this order on one server. {token} is the latest token issued.
CORPUS = {
    "root": ("GET", "/", {}, None),
    "root with post": ("POST", "/", {}, b"x"),
    "token in body": ("POST", "/token", FORM, GOOD_BODY),
    "token with basic": ("POST", "/oauth2/token", FORM | AUTH, GRANT),
    "stations": ("GET", "/api/stations", {"Authorization": "Bearer {token}"}, None),
    "readings": ("GET", "/api/readings", {"Authorization": "Bearer {token}"}, None),
    "add a reading": (
        "POST",
        "/api/readings",
        {"Authorization": "Bearer {token}", "Content-Type": "application/json"},
        b'{"station": 1, "temperature_c": 6.5}',
    ),
    "a reading": ("GET", "/api/readings/4", {"Authorization": "Bearer {token}"}, None),
    "no such reading": ("GET", "/api/readings/77", {"Authorization": "Bearer {token}"}, None),
    "bad reading": ("POST", "/api/readings", {"Authorization": "Bearer {token}", "Content-Type": "application/json"}, b"{"),
    "reading of no type": ("POST", "/api/readings", {"Authorization": "Bearer {token}"}, b"{}"),
    "no token": ("GET", "/api/stations", {}, None),
    "wrong token": ("GET", "/api/stations", {"Authorization": "Bearer nonsense"}, None),
    "token in url": ("GET", "/api/stations?access_token={token}", {}, None),
    "head": ("HEAD", "/api/stations", {"Authorization": "Bearer {token}"}, None),
    "head of root": ("HEAD", "/", {}, None),
    "options": ("OPTIONS", "/token", {}, None),
    "put": ("PUT", "/token", FORM, GOOD_BODY),
    "delete": ("DELETE", "/api/stations", {}, None),
    "patch": ("PATCH", "/api/readings", {}, b"x"),
    "strange method": ("FROBNICATE", "/token", {}, None),
    "not found": ("GET", "/nowhere", {}, None),
    "encoded target": ("GET", "/%C3%A9?a=%00&b=%7B", {}, None),
    "query": ("POST", "/token?client_secret=secret456", FORM, GRANT),
    "json body": ("POST", "/token", {"Content-Type": "application/json"}, b'{"grant_type": "client_credentials"}'),
    "no content type": ("POST", "/token", {}, GOOD_BODY),
    "empty body": ("POST", "/token", FORM, b""),
    "no grant": ("POST", "/token", FORM | AUTH, b"scope=readings:read"),
    "other grant": ("POST", "/token", FORM | AUTH, b"grant_type=password"),
    "repeated": ("POST", "/token", FORM | AUTH, GRANT + b"&" + GRANT),
    "wrong secret": ("POST", "/token", FORM | dict([basic("myapp123:nope")]), GRANT),
    "not base64": ("POST", "/token", FORM | {"Authorization": "Basic ???"}, GRANT),
    "two ways": ("POST", "/token", FORM | AUTH, GOOD_BODY),
    "own token asked about": ("POST", "/introspect", FORM | AUTH, b"token={token}"),
    "a jwt": ("POST", "/token", FORM, GRANT + b"&client_id=jwt-app&client_secret=secret456"),
    "jwt at the api": ("GET", "/api/stations", {"Authorization": "Bearer {token}"}, None),
    "revoked": ("POST", "/revoke", FORM, b"token={token}&client_id=jwt-app&client_secret=secret456"),
    "revoked token": ("GET", "/api/stations", {"Authorization": "Bearer {token}"}, None),
    "keys": ("GET", "/jwks", {}, None),
    "public client": ("POST", "/token", FORM, GRANT + b"&client_id=browser-app"),
    "scope too many": ("POST", "/token", FORM | AUTH, GRANT + b"&scope=everything"),
    "binary body": ("POST", "/token", FORM, bytes(range(256))),
    "long body": ("POST", "/token", FORM, GOOD_BODY + b"&x=" + b"a" * 60_000),
    "too long a body": ("POST", "/token", FORM, b"a" * 70_000),
    "chunked": ("POST", "/token", FORM, lower_half),
    "expect": ("POST", "/token", FORM | {"Expect": "100-continue"}, GOOD_BODY),
    "hangs up": ("POST", "/token", FORM | {"Connection": "close"}, GOOD_BODY),
    "odd headers": ("GET", "/", {"X-Latin": "\u00e9\u00ff", "X-Empty": "", "x-CASE": "a, b ; c=\"d\"", "Accept": ""}, None),
    "other host": ("GET", "/", {"Host": "example.org"}, None),
    "upgrade": ("GET", "/", {"Connection": "Upgrade", "Upgrade": "h2c"}, None),
    "long target": ("GET", "/" + "a" * 60_000, {}, None),
    "long headers": ("GET", "/", {"X-Long": "a" * 60_000}, None),
    "many headers": ("GET", "/", {f"X-{n}": "v" for n in range(80)}, None),
}


def run_corpus(server, corpus) -> list[tuple[object, bytes, bytes]]:
    token = "none"
    seen = []
    for method, target, headers, body in corpus:
        with requests.Session() as session:
            session.trust_env = False
            filled = {name: value.replace("{token}", token).encode("latin-1") for name, value in headers.items()}
            url = server.url + target.replace("{token}", token)
            sent = body.replace(b"{token}", token.encode()) if isinstance(body, bytes) else body
            try:
                answer = session.request(method, url, headers=filled, data=sent() if callable(sent) else sent, timeout=5)
            except requests.RequestException as error:
                result = type(error)
            else:
                result = (answer.status_code, answer.reason, dict(answer.headers), answer.content)
                if b"access_token" in answer.content:
                    token = answer.json()["access_token"]
        seen.append(result)
    return seen, [(each.raw_request, each.raw_response) for each in server.exchanges]


def test_every_request_of_the_corpus_gets_the_same_answer_and_leaves_the_same_bytes_as_behind_a_socket():
    with start(0) as one:
        behind_a_socket = run_corpus(one, CORPUS.values())
    # The same address, so that answers that name it are the same too.
    with in_process(one.port) as other:
        within = run_corpus(other, CORPUS.values())
    for name, expected, seen in zip(CORPUS, behind_a_socket[0], within[0], strict=True):
        assert seen == expected, name
    for expected, seen in zip(behind_a_socket[1], within[1], strict=True):
        assert seen[1] == expected[1]
        # Of a message too long, a socket may have brought more or less by the time that the answer goes out.
        assert seen[0] == expected[0] or len(seen[0]) > 48 * 1024
    assert 200 in [result[0] for result in within[0]]


@pytest.fixture(scope="module")
def pair():
    with start(0) as one, in_process(9401) as other:
        yield one, other


header_text = st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20)


@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "POST", "HEAD", "PUT", "QUERY", "SPAM"]),
    path=st.sampled_from(["/", "/token", "/api/stations", "/api/readings/2", "/x"]),
    query=st.text(max_size=10),
    headers=st.dictionaries(st.sampled_from(["Authorization", "Content-Type", "X-A", "Accept"]), header_text),
    body=st.one_of(st.none(), st.binary(max_size=60), st.just(GRANT)),
)
def test_any_request_that_requests_can_send_gets_the_same_answer(pair, method, path, query, headers, body):
    answers = []
    for server in pair:
        server._record.clear()
        with requests.Session() as session:
            session.trust_env = False
            sent = requests.Request(method, server.url + path, params={"q": query}, headers=headers, data=body)
            answer = session.send(session.prepare_request(sent), timeout=5)
        told = repr(dict(answer.headers)).replace(f":{server.port}", ":PORT")
        answers.append((answer.status_code, told, answer.content))
    assert answers[0] == answers[1]
    # The body of a request that was refused at its head may reach a socket behind the answer.
    wait_until(lambda: crossed(pair[0]) == crossed(pair[1]))


def crossed(server) -> list[tuple[bytes, bytes]]:
    """What crossed the wire, from the first header on that does not name the server."""
    port = b":%d" % server.port
    return [
        (each.raw_request[each.raw_request.index(b"User-Agent") :], each.raw_response.replace(port, b":PORT"))
        for each in server.exchanges
    ]


def post(server, **options) -> requests.Response:
    data = {"grant_type": "client_credentials"}
    return requests.post(f"{server.url}/token", data=data, auth=("myapp123", "secret456"), **options)


def test_a_length_that_is_too_short_makes_the_rest_another_request(pair):
    wires = []
    for server in pair:
        server._record.clear()
        with requests.Session() as session:
            session.trust_env = False
            prepared = requests.Request("POST", f"{server.url}/token", data=GOOD_BODY, headers=FORM).prepare()
            prepared.headers["Content-Length"] = str(len(GOOD_BODY) - 10)
            assert session.send(prepared, timeout=5).status_code == 401
        wires.append(server)
    assert wires[1].exchanges[1].raw_request == GOOD_BODY[-10:]
    assert wires[1].exchanges[1].response.status == 400


def test_a_length_that_is_too_long_ends_in_408(pair):
    prepared = requests.Request("POST", f"{pair[1].url}/token", data=GOOD_BODY, headers=FORM).prepare()
    prepared.headers["Content-Length"] = "5000"
    assert requests.Session().send(prepared).status_code == 408


def test_a_proxy_in_the_environment_does_not_matter(monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    with in_process() as server:
        assert post(server).status_code == 200


def test_after_the_stop_requests_is_what_it_was():
    before = HTTPAdapter.send
    one, two = in_process(9402), in_process(9403)
    assert post(one).json() == post(two).json()
    one.stop()
    one.stop()
    assert post(two).status_code == 200
    two.stop()
    assert HTTPAdapter.send is before
    assert len(one.exchanges) == 1


def test_a_server_of_the_same_port_is_replaced():
    first = in_process()
    with in_process() as second:
        assert post(second).status_code == 200
        first.stop()
        assert post(second).status_code == 200
    assert (len(first.exchanges), len(second.exchanges)) == (0, 2)


def test_what_is_meant_for_others_goes_to_them():
    with start(0) as elsewhere, in_process() as server:
        assert post(elsewhere).status_code == 200
        assert (len(elsewhere.exchanges), len(server.exchanges)) == (1, 0)


def test_localhost_is_the_same_server():
    with in_process() as server:
        assert requests.get(f"http://localhost:{server.port}/").status_code == 200


@pytest.mark.parametrize("port", [0, -1, 65536, "9400", True])
def test_what_is_no_port_is_refused(port):
    with pytest.raises(ValueError, match="expected a whole number from 1 to 65535"):
        in_process(port)


def test_the_retries_of_a_session_work_as_over_a_network():
    with in_process() as server, requests.Session() as session:
        retry = Retry(3, status_forcelist=[503], allowed_methods=None, backoff_factor=0)
        session.mount("http://", HTTPAdapter(max_retries=retry))
        server.fail_next("503", times=1)
        server.fail_next("drop", times=2)
        assert session.get(f"{server.url}/").status_code == 200
        assert [each.fault.partition(" ")[0] for each in server.exchanges] == ["503", "drop", "drop", ""]


def test_many_threads_share_one_server():
    with in_process() as server:
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(post(server).json()["access_token"])) for _ in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(10)
        assert len(set(answers)) == len(server.exchanges) == 16


def test_it_needs_neither_the_parser_nor_the_loop_of_the_socket_shell():
    """A browser tab has no httptools, and threads and sockets in name only."""
    code = """
import sys
sys.modules["httptools"] = sys.modules["uvicorn"] = None
import mock_server
assert "asyncio" not in sys.modules and "ssl" not in sys.modules, "loaded before anything is served"
from mock_server.shells.in_process import in_process
import requests
with in_process() as server:
    assert requests.get(server.url).status_code == 200
"""
    result = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=20)
    assert result.stderr == ""

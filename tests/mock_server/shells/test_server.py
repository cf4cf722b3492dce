import asyncio
import errno
import http.client
import random
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import requests

from mock_server import start
from mock_server.oauth.clients import Clients
from mock_server.shells import listening, serving
from mock_server.shells import server as server_module
from plain_client import (
    GOOD_BODY,
    GRANT,
    PlainClient,
    ask,
    assert_still_serves,
    curl,
    raw_request,
    status_of,
)

ROOT = Path(__file__).parents[3]


def post_token(server, **options) -> requests.Response:
    with requests.Session() as session:
        session.trust_env = False
        data = {"grant_type": "client_credentials"} | options.pop("data", {})
        return session.post(f"{server.url}/token", data=data, timeout=5, **options)


def free_port() -> int:
    """A port that nobody holds, outside the range that systems give away."""
    source = random.SystemRandom()
    for _ in range(100):
        port = source.randrange(20_000, 30_000)
        try:
            with socket.create_server(("127.0.0.1", port)):
                return port
        except OSError:
            continue
    pytest.fail("no free port")


@pytest.fixture
def preferred(monkeypatch):
    """A port of this test's own in the place of 9400, which another program may hold."""
    assert listening.PREFERRED_PORT == 9400
    monkeypatch.setattr(listening, "PREFERRED_PORT", free_port())
    return listening.PREFERRED_PORT


# What real clients get


def test_the_sample_that_a_newcomer_brings_works_unchanged_but_for_the_host(server):
    response = requests.Session().post(
        f"{server.url}/oauth2/token",
        data={"grant_type": "client_credentials"},
        auth=("myapp123", "secret456"),
        proxies={"http": ""},
    )
    assert response.status_code == 200
    assert response.json()["token_type"] == "Bearer"
    assert "refresh_token" not in response.json()


def test_so_does_its_curl_form(server):
    result = curl("-u", "myapp123:secret456", "-d", "grant_type=client_credentials", f"{server.url}/oauth2/token")
    assert b'"access_token"' in result.stdout


def test_a_secret_of_reserved_characters_is_form_encoded_inside_basic_by_real_clients(server):
    from urllib.parse import quote_plus

    client_id, secret = quote_plus("station:7 north"), quote_plus("p+q r&%/=")
    assert post_token(server, auth=(client_id, secret)).status_code == 200
    result = curl("-u", f"{client_id}:{secret}", "-d", "grant_type=client_credentials", f"{server.url}/token")
    assert b'"access_token"' in result.stdout
    raw = post_token(server, auth=("station:7 north", "p+q r&%/="))
    assert (raw.status_code, raw.json()["error"]) == (401, "invalid_client")


def test_the_same_secret_in_the_body_is_encoded_by_the_form(server):
    credentials = {"client_id": "station:7 north", "client_secret": "p+q r&%/="}
    assert post_token(server, data=credentials).status_code == 200
    fields = [f"{name}={value}" for name, value in credentials.items()]
    result = curl(*(part for field in fields for part in ("--data-urlencode", field)), "-d", GRANT.decode(), f"{server.url}/token")
    assert b'"access_token"' in result.stdout


def test_json_from_requests_is_told_that_it_is_json(server):
    with requests.Session() as session:
        session.trust_env = False
        response = session.post(f"{server.url}/token", json={"grant_type": "client_credentials"})
    assert response.status_code == 400
    assert "The body is JSON" in response.json()["error_description"]


def test_a_token_expires_when_the_clock_is_turned():
    with start(0) as server, requests.Session() as session:
        session.trust_env = False
        answer = post_token(server, auth=("myapp123", "secret456")).json()
        session.headers["Authorization"] = f"Bearer {answer['access_token']}"
        assert session.get(f"{server.url}/api/stations").status_code == 200
        server.clock.advance(answer["expires_in"] - 1)
        assert session.get(f"{server.url}/api/stations").status_code == 200
        server.clock.advance(1)
        refused = session.get(f"{server.url}/api/stations")
        assert refused.status_code == 401
        assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]
        assert refused.headers["Date"] == "Thu, 01 Jan 2026 13:00:00 GMT"


def test_head_has_no_body(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    for _ in range(2):
        connection.request("HEAD", "/token")
        answer = connection.getresponse()
        assert (answer.status, answer.read()) == (405, b"")
    connection.close()


# Same seed, same bytes

CONVERSATION = [
    raw_request(),
    raw_request(b"x"),
    raw_request(GOOD_BODY + b"&scope=admin"),
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"GET /nowhere HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    b"junk\r\n\r\n",
    raw_request(b"a" * 70_000),
    b"GET /api/stations HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    raw_request(),
]


def test_the_same_requests_to_the_same_seed_get_the_same_bytes():
    with start(0) as one, start(0) as two:
        # A challenge names the server's own address, and two servers have two.
        first, second = (
            [ask(each, raw).replace(each.url.encode(), b"URL") for raw in CONVERSATION] for each in (one, two)
        )
    assert first == second
    assert first[0] != first[-1]


def test_without_a_seed_tokens_differ_and_the_clock_runs():
    with start(0, seed=None) as one, start(0, seed=None) as two:
        assert post_token(one, auth=("myapp123", "secret456")).json() != post_token(two, auth=("myapp123", "secret456")).json()
        assert abs(one.clock.now() - time.time()) < 5


def test_other_clients_take_the_place_of_the_teaching_clients():
    clients = Clients()
    clients.register("mine", "s")
    with start(0, clients=clients) as server:
        assert post_token(server, auth=("mine", "s")).status_code == 200
        assert post_token(server, auth=("myapp123", "secret456")).status_code == 401
        server.clients.register("late", "s")
        assert post_token(server, auth=("late", "s")).status_code == 200


# The port


def test_the_preferred_port_is_taken_when_it_is_free(preferred, capsys):
    with start() as server:
        assert server.port == preferred
        assert capsys.readouterr().out == f"Mock server ready at http://127.0.0.1:{preferred}\n"
        assert repr(server) == f"<mock server at http://127.0.0.1:{preferred}>"


def test_a_server_moves_and_says_so_when_somebody_else_holds_the_port(preferred, capsys):
    with socket.create_server(("127.0.0.1", preferred)):
        with start() as server:
            assert preferred < server.port < preferred + 100
            line = f"Mock server ready at http://127.0.0.1:{server.port} (port {preferred} is taken)\n"
            assert capsys.readouterr().out == line
            assert_still_serves(server)


def test_a_server_moves_when_another_process_holds_the_port(preferred):
    code = f"import socket, sys; s = socket.create_server(('127.0.0.1', {preferred})); print('held', flush=True); sys.stdin.read()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout.readline().strip() == b"held"
        with start() as server:
            assert server.port != preferred
    finally:
        holder.communicate(timeout=10)


def test_a_cell_that_is_run_again_gets_its_port_again(preferred):
    first = start()
    second = start()
    try:
        assert second.port == first.port == preferred
        assert not first._thread.is_alive()
        assert second.exchanges == []
        assert_still_serves(second)
        first.stop()
        assert_still_serves(second)
        third = start(preferred)
        assert third.port == preferred
        assert not second._thread.is_alive()
    finally:
        for server in (first, second, third):
            server.stop()


def test_a_cell_that_is_run_again_leaves_no_server_behind_though_the_port_is_taken(preferred):
    with socket.create_server(("127.0.0.1", preferred)):
        first = start()
        with start() as second:
            assert not first._thread.is_alive()
            assert_still_serves(second)
        first.stop()


def test_a_cell_is_run_again_while_a_client_keeps_its_connection(preferred):
    with start() as first, PlainClient(first) as client:
        client.send(raw_request()).answers()
        with start() as second:
            assert second.port == preferred
            assert client.until_closed() == client.received
            assert_still_serves(second)


def test_an_explicit_port_that_is_taken_is_a_clear_error():
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        with pytest.raises(OSError, match=f"127.0.0.1:{port}.*choose another") as caught:
            start(port)
        assert caught.value.errno == errno.EADDRINUSE


def test_an_address_that_is_not_this_machines_is_a_clear_error_that_names_it(preferred):
    with pytest.raises(OSError, match=f"192.0.2.1:{preferred}"):
        start(host="192.0.2.1", expose=True)


@pytest.mark.parametrize("port", [99999, 65536, -1, "9400", 9400.0, b"9400", True])
def test_a_port_that_is_none_is_a_clear_error(port):
    with pytest.raises(ValueError, match="port.*0 to 65535"):
        start(port)


def test_two_servers_on_any_port_live_side_by_side(server):
    one = server
    with start(0) as two:
        assert one.port != two.port
        token = post_token(one, auth=("myapp123", "secret456")).json()["access_token"]
        assert len(one.exchanges) == 1
        assert two.exchanges == []
        answer = ask(two, f"GET /api/stations HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        assert status_of(answer) == 401


# The address


@pytest.mark.parametrize(
    "host", ["0.0.0.0", "::", "", "192.0.2.1", "example.com", "localhost.example.com", "0", "169.254.1.1", "127.0.0.1.example"]
)
def test_an_address_that_others_can_reach_is_refused_without_expose(host):
    with pytest.raises(ValueError, match="expose"):
        start(0, host=host)


def test_a_name_of_loopback_is_served():
    with start(0, host="localhost") as server:
        assert_still_serves(server)


@pytest.mark.skipif(not socket.has_ipv6, reason="this Python has no IPv6")
def test_an_address_of_ipv6_stands_in_brackets_in_the_url():
    """RFC 3986 §3.2.2."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    with start(0, host="::1") as server:
        assert server.url == f"http://[::1]:{server.port}"
        assert post_token(server, auth=("myapp123", "secret456")).status_code == 200


def test_every_address_is_served_with_expose():
    with start(0, host="0.0.0.0", expose=True) as server:
        assert_still_serves(server)


# Start and stop


def stopped_within(server, seconds: float) -> None:
    begun = time.monotonic()
    server.stop()
    assert time.monotonic() - begun < seconds
    assert not server._thread.is_alive()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)


def test_stop_closes_the_port_and_can_be_called_again():
    server = start(0)
    assert_still_serves(server)
    stopped_within(server, 1.0)
    server.stop()
    assert len(server.exchanges) == 1
    with start(server.port) as again:
        assert_still_serves(again)


def test_stop_is_quick_though_clients_hang(caplog):
    server = start(0)
    clients = [PlainClient(server) for _ in range(6)]
    hanging = [b"", b"POST", raw_request()[:100], raw_request()[:-1], raw_request(), b"junk\r\n\r\n"]
    for client, message in zip(clients, hanging, strict=True):
        client.send(message)
    assert_still_serves(server)
    stopped_within(server, 1.0)
    for client in clients:
        client.until_closed()
        client.close()
    assert caplog.records == []


def test_stop_may_be_called_from_several_threads_at_once():
    server = start(0)
    threads = [threading.Thread(target=server.stop) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert not server._thread.is_alive()


def test_the_context_manager_stops_though_its_body_fails():
    with pytest.raises(ZeroDivisionError), start(0) as server:
        1 / 0  # noqa: B018
    assert not server._thread.is_alive()


def test_no_thread_and_no_socket_is_left_behind():
    before = threading.active_count()
    for _ in range(2):
        with start(0) as server:
            assert_still_serves(server)
    assert threading.active_count() == before


def test_a_server_starts_inside_a_running_event_loop():
    """As in a notebook's kernel."""

    async def cell() -> int:
        with start(0) as server:
            reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
            writer.write(raw_request())
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
            writer.close()
            return status_of(answer)

    assert asyncio.run(cell()) == 200


def test_a_server_starts_from_a_thread():
    started = []
    thread = threading.Thread(target=lambda: started.append(start(0)))
    thread.start()
    thread.join(5)
    with started[0] as server:
        assert_still_serves(server)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_server_that_fails_to_come_up_is_an_error_and_not_a_wait(monkeypatch):
    def fail(*arguments):
        raise SystemExit(3)

    monkeypatch.setattr(serving, "serve", fail)
    with pytest.raises(RuntimeError, match="stopped while it was starting"):
        start(0)


def test_a_fault_of_its_own_is_a_500_and_logged(monkeypatch, caplog):
    def fault(*arguments):
        raise ZeroDivisionError

    monkeypatch.setattr(server_module.Application, "handle", fault)
    with start(0) as server:
        answer = ask(server, raw_request())
        assert status_of(answer) == 500
        assert server.exchanges[0].raw_response == answer
    assert "secret456" not in caplog.text
    assert "ZeroDivisionError" in caplog.text


def run_python(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-W", "error", "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=20)


def test_a_program_that_ends_without_stop_ends_calmly():
    result = run_python("from mock_server import start; import urllib.request as u; s = start(0); u.build_opener(u.ProxyHandler({})).open(s.url).read()")
    assert result.returncode == 0
    assert result.stderr == ""


def test_importing_the_server_does_not_load_cryptography():
    result = run_python("import sys, mock_server; sys.exit(any(name.split('.')[0] == 'cryptography' for name in sys.modules))")
    assert result.returncode == 0, result.stderr
    assert result.stdout == ""


def test_threads_take_short_turns_for_as_long_as_any_server_runs():
    """Each step of an answer waits for the turn of a cell that computes to end."""
    code = """
import sys
from mock_server import start
seen = [sys.getswitchinterval()]
one, two = start(0), start(0)
for server in (one, two):
    seen.append(sys.getswitchinterval())
    server.stop()
print([*seen, sys.getswitchinterval()])
"""
    assert run_python(code).stdout.splitlines()[-1] == f"[0.005, {serving.TURN_SECONDS}, {serving.TURN_SECONDS}, 0.005]"


def test_a_server_that_is_stopped_before_it_serves_ends_at_once():
    server = server_module.prepare(0)
    server.stop()
    server.serve()
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", server.port), timeout=1)


@pytest.mark.parametrize(
    "setting",
    [
        {"rate_limit": 5},
        {"rate_limit": (1,)},
        {"rate_limit": (1, 2, 3)},
        {"rate_limit": (10**16, 60)},
        {"clients": ()},
        {"clients": {"myapp123": "secret456"}},
        {"dpop_nonce": "false"},
        {"host": 2130706433},
    ],
    ids=repr,
)
def test_a_setting_of_the_wrong_type_is_refused_with_what_would_be_right(setting):
    (name,) = setting
    with pytest.raises(ValueError, match=f"Saw {name}.*; expected "):
        start(0, **setting)


def test_an_address_of_another_machine_is_not_blamed_on_the_port():
    # RFC 5737: 192.0.2.0/24 is nobody's.
    with pytest.raises(OSError, match="192.0.2.1:0.*the host must be an address of this machine"):
        start(0, host="192.0.2.1", expose=True)

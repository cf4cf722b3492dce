"""`python -m mock_server`, as a terminal and a script see it."""

import base64
import os
import random
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
import requests

from mock_server import start
from plain_client import GRANT, PlainClient, ask, assert_still_serves, raw_request, status_of

ROOT = Path(__file__).parents[2]
#: How a terminal asks a program to end, where such signals exist.
ENDINGS = [signal.SIGINT, signal.SIGTERM] if sys.platform != "win32" else []


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "mock_server", *arguments]


@pytest.fixture
def launch():
    """Starts the command and waits for its line; whatever is left at the end of the test is ended."""
    processes = []

    def launch(*arguments: str) -> SimpleNamespace:
        # Nothing in the environment may unbuffer the output for us.
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
        process = subprocess.Popen(
            command(*arguments), cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        processes.append(process)
        line = process.stdout.readline()
        found = re.search(r"https?://[^ ]+:(\d+)", line)
        assert found, line + process.stderr.read()
        return SimpleNamespace(process=process, line=line, port=int(found[1]), url=found[0])

    yield launch
    for process in processes:
        process.kill()
        process.communicate(timeout=10)


def run(*arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(command(*arguments), cwd=ROOT, capture_output=True, text=True, timeout=20)


def test_one_line_says_that_it_is_ready_though_the_output_is_a_pipe(launch):
    server = launch("--port", "0", "--seed", "1")
    assert server.line == f"Mock server ready at http://127.0.0.1:{server.port}\n"
    assert_still_serves(server)
    server.process.kill()
    assert server.process.communicate(timeout=10) == ("", "")


def test_the_same_seed_gives_the_same_bytes_in_another_process(launch):
    terminal = launch("--port", "0", "--seed", "7")
    with start(0, seed=7) as kernel:
        assert [ask(terminal, raw_request()) for _ in range(3)] == [ask(kernel, raw_request()) for _ in range(3)]


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.name)
def test_a_signal_ends_it_calmly(launch, ending):
    server = launch("--port", "0")
    with PlainClient(server) as client:
        client.send(raw_request()[:-1])
        assert_still_serves(server)
        server.process.send_signal(ending)
        out, err = server.process.communicate(timeout=10)
    assert (server.process.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize("ending", ENDINGS, ids=lambda ending: ending.name)
def test_a_signal_the_moment_it_is_ready_ends_it_calmly(launch, ending):
    server = launch("--port", "0")
    server.process.send_signal(ending)
    assert server.process.communicate(timeout=10) == ("", "")
    assert server.process.returncode == 0


def test_hostile_clients_leave_the_terminal_calm(launch):
    server = launch("--port", "0")
    source = random.Random(1)
    messages = [
        b"\x16\x03\x01\x02\x00\x01",
        b"\0" * 100,
        b"A" * 100_000,
        raw_request(b"a" * 200_000),
        raw_request()[:50],
        raw_request() * 100,
        raw_request(b"{}", "Authorization: Basic \xe9"),
        *(source.randbytes(200) for _ in range(30)),
    ]
    for message in messages:
        with PlainClient(server) as client:
            try:
                client.send(message)
                client.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            client.until_closed()
    assert_still_serves(server)
    server.process.kill()
    assert server.process.communicate(timeout=10) == ("", "")


def test_a_port_that_is_taken_is_one_clear_line():
    with socket.create_server(("127.0.0.1", 0)) as holder:
        port = holder.getsockname()[1]
        result = run("--port", str(port))
    assert result.returncode == 1
    assert result.stdout == ""
    assert len(result.stderr.splitlines()) == 1
    assert f"127.0.0.1:{port}" in result.stderr
    assert "choose another" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "99999"], "0 to 65535"),
        (["--host", "0.0.0.0"], "expose"),
        (["--host", "192.0.2.1", "--expose", "--port", "1234"], "192.0.2.1:1234"),
        (["--rate-limit", "0/5"], "above zero"),
    ],
)
def test_what_cannot_be_served_is_one_clear_line(arguments, message):
    result = run(*arguments)
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_help_names_every_option():
    result = run("--help")
    assert result.returncode == 0
    for option in ("--port", "--seed", "--host", "--expose", "--tls", "--basic", "--dpop-nonce", "--rate-limit"):
        assert option in result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--port", "abc"], "--port"),
        (["--rate-limit", "5"], "as in 100/60"),
        (["--basic", "loose"], "'strict', 'lenient'"),
        (["--tls", "rotten"], "wrong-host"),
    ],
)
def test_an_option_that_cannot_be_read_is_the_usage(arguments, message):
    result = run(*arguments)
    assert result.returncode == 2
    assert "usage:" in result.stderr
    assert message in result.stderr.splitlines()[-1]


def test_tls_names_the_certificate_that_clients_trust_and_removes_it_at_the_end(launch):
    server = launch("--port", "0", "--tls")
    ca_file = server.process.stdout.readline().removeprefix("Its clients trust ").strip()
    assert requests.get(server.url, verify=ca_file, timeout=5).status_code == 200
    if ENDINGS:
        server.process.send_signal(ENDINGS[0])
        server.process.wait(10)
        assert not Path(ca_file).exists()


def test_a_certificate_that_clients_must_refuse_is_refused(launch):
    server = launch("--port", "0", "--tls", "wrong-host")
    ca_file = server.process.stdout.readline().removeprefix("Its clients trust ").strip()
    with pytest.raises(requests.exceptions.SSLError, match="(?i)mismatch"):
        requests.get(server.url, verify=ca_file, timeout=5)


def test_the_reading_of_basic_the_nonce_and_the_rate_are_those_of_the_options(launch):
    server = launch("--port", "0", "--basic", "lenient", "--dpop-nonce", "--rate-limit", "1/3600")
    # A strict reading stops at the percent sign, before it looks at the secret.
    half_encoded = "Authorization: Basic " + base64.b64encode(b"myapp123:100%").decode("ascii")
    assert b"its secret is wrong" in ask(server, raw_request(GRANT, half_encoded))
    answer = ask(server, raw_request())
    assert b"dpop-nonce:" in answer
    token = answer.split(b'"')[3].decode()
    stations = f"GET /api/stations HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n\r\n"
    assert [status_of(ask(server, stations.encode())) for _ in range(2)] == [200, 429]

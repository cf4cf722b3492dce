"""`python -m mock_server`, as a terminal and a script see it."""

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

from mock_server import start
from plain_client import PlainClient, ask, assert_still_serves, raw_request

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
        found = re.search(r"http://[^ ]+:(\d+)", line)
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
    for option in ("--port", "--seed", "--host", "--expose"):
        assert option in result.stdout


def test_a_port_that_is_no_number_is_the_usage():
    result = run("--port", "abc")
    assert result.returncode == 2
    assert "usage:" in result.stderr

import asyncio
import http.client
import socket
import subprocess
import sys
import threading
import urllib.request

import httpx
import pytest
import requests

from exercises.loopback_only import ForeignHost, LoopbackOnly, is_this_machine

# RFC 2606 and RFC 5737 keep these for examples.
NAME, ADDRESS, SIX = "auth.example", "192.0.2.7", "2001:db8::7"


def asks_with_asyncio():
    async def ask():
        await asyncio.open_connection(ADDRESS, 443)

    asyncio.run(ask())


def sends_a_datagram():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as channel:
        channel.sendto(b"secret", (ADDRESS, 53))


def connects_by_number():
    with socket.socket() as connection:
        connection.connect_ex((ADDRESS, 80))


def connects_over_ipv6():
    with socket.socket(socket.AF_INET6) as connection:
        connection.connect((SIX, 80, 0, 0))


WAYS = [
    (lambda: requests.get(f"https://{NAME}/token", timeout=5), NAME),
    (lambda: httpx.get(f"http://{ADDRESS}/token", timeout=5), ADDRESS),
    (lambda: urllib.request.urlopen(f"http://{NAME}/token", timeout=5), NAME),
    (lambda: http.client.HTTPConnection(NAME, timeout=5).connect(), NAME),
    (lambda: socket.create_connection((NAME, 80), timeout=5), NAME),
    (lambda: socket.getaddrinfo(host=NAME, port=80), NAME),
    (lambda: socket.gethostbyname(NAME), NAME),
    (lambda: subprocess.run(["curl", "--max-time", "5", f"https://{NAME}/token"], capture_output=True), NAME),
    (lambda: subprocess.check_output(f"curl --max-time 5 -d 'scope=a b' http://{ADDRESS}/token", shell=True), ADDRESS),
    (asks_with_asyncio, ADDRESS),
    (sends_a_datagram, ADDRESS),
    (connects_by_number, ADDRESS),
    (connects_over_ipv6, SIX),
]


@pytest.mark.parametrize(("reach", "host"), WAYS)
def test_another_machine_is_refused_and_named_however_it_is_asked(reach, host):
    with LoopbackOnly() as refused, pytest.raises(Exception, match=f"{host}"):
        reach()
    assert {attempt.host for attempt in refused} == {host}
    assert "test_loopback_only" not in refused[0].where


def test_the_refusal_names_the_line_that_asked_and_what_to_do():
    with LoopbackOnly() as refused, pytest.raises(ForeignHost, match="auth.example is not this machine.*passed in"):
        socket.getaddrinfo(NAME, 80)
    assert "socket.getaddrinfo(NAME, 80)" in refused[0].where


def test_this_machine_is_reached_as_ever():
    with socket.create_server(("127.0.0.1", 0)) as server, LoopbackOnly() as refused:
        for host in ("127.0.0.1", "localhost"):
            socket.create_connection((host, server.getsockname()[1]), timeout=5).close()
    assert refused == []


def test_a_command_may_name_a_foreign_url_in_what_it_sends():
    sent = [sys.executable, "-c", "import sys; print(sys.argv[1])", f"scope=https://{NAME}/.default"]
    with LoopbackOnly() as refused:
        assert NAME in subprocess.run(sent, capture_output=True, text=True, check=True).stdout
    assert refused == []


@pytest.mark.parametrize(
    "host", ["127.0.0.1", b"127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1", "localhost", "LOCALHOST.", "a.localhost", "", None, "0.0.0.0"]
)
def test_what_is_this_machine(host):
    assert is_this_machine(host)


@pytest.mark.parametrize(
    "host", ["127.0.0.1.example", "localhost.example", "notlocalhost", "10.0.0.1", "::ffff:10.0.0.1", "2130706433", "fe80::1%eth0", b"\xff"]
)
def test_what_is_not(host):
    assert not is_this_machine(host)


def test_the_gates_open_when_the_last_has_ended():
    original = socket.getaddrinfo
    with LoopbackOnly() as outer:
        with LoopbackOnly() as inner, pytest.raises(ForeignHost):
            socket.gethostbyname(NAME)
        assert len(outer) == len(inner) == 1
        thread = threading.Thread(target=lambda: socket.socket().connect_ex((ADDRESS, 1)), daemon=True)
        thread.run = _quietly(thread.run)
        thread.start()
        thread.join()
        assert (len(outer), len(inner)) == (2, 1)
    assert socket.getaddrinfo is original
    assert "connect" not in vars(socket.socket)


def _quietly(run):
    def quiet():
        with pytest.raises(ForeignHost):
            run()

    return quiet

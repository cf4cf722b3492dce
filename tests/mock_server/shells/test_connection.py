"""Clients that hang, flood, stammer, lie and leave: each gets a clear answer or a closed connection, and the next is served."""

import contextlib
import gc
import random
import socket
import ssl
import struct
import time
import weakref

import pytest
import requests

from mock_server import start
from mock_server.shells import connection
from mock_server.shells.in_memory import answer_bytes
from mock_server.shells.in_process import in_process
from plain_client import (
    FORM,
    GOOD_BODY,
    GRANT,
    PlainClient,
    ask,
    assert_still_serves,
    curl,
    raw_request,
    split_answers,
    status_of,
    wait_until,
)

GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
TEN_MEGABYTES = 10 * 1024 * 1024


@pytest.fixture
def short_deadline(monkeypatch):
    monkeypatch.setattr(connection, "REQUEST_SECONDS", 0.15)


def reset(client: PlainClient) -> None:
    """Leave with a reset instead of an orderly close."""
    client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def no_connection_is_left(server) -> None:
    wait_until(lambda: not server._connections)


# Time


def test_a_client_that_sends_nothing_is_hung_up_on(server, short_deadline):
    with PlainClient(server) as client:
        assert client.until_closed() == b""
    assert server.exchanges == []
    assert_still_serves(server)


@pytest.mark.parametrize("length", [1, 20, 100, len(raw_request()) - 1])
def test_a_request_that_stays_half_is_answered_with_408_and_closed(server, short_deadline, length):
    with PlainClient(server) as client:
        answer = client.send(raw_request()[:length]).until_closed()
    assert status_of(answer) == 408
    assert b"connection: close" in answer
    assert b"0.15 seconds" in answer
    assert server.exchanges[0].raw_response == answer
    assert_still_serves(server)


@pytest.mark.parametrize(
    "drip",
    [raw_request()[:60], b"POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\n", b"\r\n" * 30],
    ids=["head", "chunks", "empty-lines"],
)
def test_a_request_that_drips_is_hung_up_on(server, short_deadline, drip):
    with PlainClient(server) as client:
        client.socket.settimeout(0.01)
        bytes_left = list(drip * 20)
        ended = False
        while not ended:
            assert bytes_left, "the server lets a request drip for ever"
            try:
                client.send(bytes([bytes_left.pop(0)]))
                client.received += (data := client.socket.recv(65536))
                ended = not data
            except TimeoutError:
                continue
            except OSError:
                ended = True
    if client.received:
        assert status_of(client.received) == 408
    assert_still_serves(server)


def test_a_second_request_has_a_deadline_too(server, short_deadline):
    with PlainClient(server) as client:
        client.send(GET + b"GET / HT").until_closed()
    assert [status_of(answer) for answer in split_answers(client.received)] == [200, 408]


def test_a_connection_at_rest_stays_open_longer_than_a_request_may_take(server, short_deadline):
    with PlainClient(server) as client:
        client.send(GET).answers()
        with PlainClient(server) as other:
            other.until_closed()
        assert len(client.send(GET).answers(2)) == 2


@pytest.mark.parametrize("behind", [b"", b"\r\n"])
def test_a_connection_at_rest_is_closed_in_the_end(monkeypatch, server, behind):
    monkeypatch.setattr(connection, "REST_SECONDS", 0.1)
    with PlainClient(server) as client:
        client.send(GET).answers()
        client.send(behind)
        assert len(split_answers(client.until_closed())) == 1


def test_answers_on_a_kept_connection_come_at_once(server):
    """With Nagle's algorithm each of them would wait for 40 ms: 2 seconds in all."""
    begun = time.perf_counter()
    with requests.Session() as session:
        session.trust_env = False
        for _ in range(50):
            assert session.get(server.url).status_code == 200
    assert time.perf_counter() - begun < 1.0


# Size


def test_curl_with_ten_megabytes_is_told_that_it_is_too_much(server):
    for expect in ("Expect:", "Expect: 100-continue"):
        result = curl("--data-binary", "@-", "-H", expect, "-w", "%{http_code}", server.url + "/token", data=b"a" * TEN_MEGABYTES)
        assert result.returncode == 0, result.stderr
        assert result.stdout.endswith(b"413")
    assert_still_serves(server)


def test_requests_with_ten_megabytes_is_told_that_it_is_too_much(server):
    with requests.Session() as session:
        session.trust_env = False
        response = session.post(f"{server.url}/token", data=b"a" * TEN_MEGABYTES)
        assert response.status_code == 413
        assert "65536" in response.json()["detail"]
        assert session.post(f"{server.url}/token", data=GOOD_BODY, headers={"Content-Type": FORM}).status_code == 200


def test_ten_megabytes_in_chunks_are_too_much_as_well(server):
    with requests.Session() as session:
        session.trust_env = False
        response = session.post(f"{server.url}/token", data=(b"a" * 65536 for _ in range(160)))
    assert response.status_code == 413
    assert_still_serves(server)


def test_ten_megabytes_behind_a_content_length_of_ten_are_not_read_as_requests(server):
    head = raw_request(b"", length=False)[:-2]
    with PlainClient(server) as client:
        try:
            client.send(head + b"Content-Length: 10\r\n\r\n" + b"a" * TEN_MEGABYTES)
        except OSError:
            pass
        client.until_closed()
    assert [status_of(answer) for answer in split_answers(client.received)] == [401, 400]
    assert_still_serves(server)


def test_ten_megabytes_that_stop_short_of_their_length_are_no_request(server, short_deadline):
    head = raw_request(b"", length=False)[:-2]
    with PlainClient(server) as client:
        client.send(head + b"Content-Length: 20000000\r\n\r\n" + b"a" * TEN_MEGABYTES)
        assert status_of(client.until_closed()) == 408
    assert_still_serves(server)


@pytest.mark.parametrize(
    "begin",
    [
        raw_request(b"", "Content-Length: 99999999999", length=False),
        raw_request(b"", "Transfer-Encoding: chunked", length=False) + b"ffffffff\r\n",
        raw_request(b"", "Transfer-Encoding: chunked", length=False) + b"0\r\nTrailer: ",
        b"GET / HTTP/1.1\r\nX: ",
        b"junk\r\n\r\n",
    ],
    ids=["length", "chunk", "trailer", "head", "junk"],
)
def test_what_has_no_end_is_hung_up_on(server, begin):
    with PlainClient(server) as client:
        client.send(begin)
        with pytest.raises(OSError):
            for _ in range(2000):
                client.send(b"a" * 65536)
    assert_still_serves(server)


@pytest.mark.parametrize(
    ("length", "status"), [(64 * 1024, 200), (64 * 1024 + 1, 413)], ids=["the-longest-body", "one-byte-more"]
)
def test_the_bound_of_a_body_is_exact(server, length, status):
    body = GOOD_BODY + b"&x="
    body += b"a" * (length - len(body))
    assert status_of(ask(server, raw_request(body))) == status


def test_a_message_in_the_record_is_bounded(server):
    ask(server, raw_request(b"a" * 1_000_000))
    (exchange,) = server.exchanges
    assert len(exchange.raw_request) == server._record.MOST_BYTES
    assert exchange.request.header("content-length") == "1000000"
    assert exchange.response.status == 413


def test_what_came_with_the_end_of_too_long_a_body_is_not_answered(server):
    for behind in (GET, GET * 40, b"\0junk"):
        with PlainClient(server) as client:
            received = client.send(raw_request(b"a" * 200_000) + behind).until_closed()
        assert [status_of(answer) for answer in split_answers(received)] == [413]
    assert_still_serves(server)


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"a" * 1_000_000 + b"\r\n\r\n", 431),
        (b"POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X: a\r\n" * 170_000 + b"\r\n", 431),
        (b"POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X" * 1_000_000, 431),
        (b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 414),
        (b"\r\n" * 500_000, 414),
    ],
    ids=["long-value", "many-headers", "long-name", "long-target", "empty-lines"],
)
def test_a_megabyte_of_head_is_refused_and_the_answer_can_be_read(server, head, status):
    with PlainClient(server) as client:
        try:
            client.send(head)
        except OSError:
            pass
        assert status_of(client.until_closed()) == status
    assert len(server.exchanges) == 1
    assert len(server.exchanges[0].raw_request) <= server._record.MOST_BYTES
    assert_still_serves(server)


def test_a_long_head_within_the_bound_is_read(server):
    head = raw_request(GOOD_BODY, "X: " + "a" * 31_000)
    assert status_of(ask(server, head)) == 200
    assert status_of(ask(server, GET.replace(b"/", b"/" + b"a" * 31_000, 1))) == 404


@pytest.mark.parametrize(("more", "status"), [(0, 404), (1, 431)], ids=["the-longest-head", "one-byte-more"])
def test_the_bound_of_a_head_is_exact_in_both_shells(server, more, status):
    head = b"GET /x HTTP/1.1\r\nHost: 127.0.0.1\r\nX: "
    message = head + b"a" * (32 * 1024 - len(head) - 4 + more) + b"\r\n\r\n"
    assert status_of(ask(server, message)) == status
    within = in_process(9408)
    assert status_of(answer_bytes(message, within._application, within.clock, within._record).raw) == status
    within.stop()


def test_a_megabyte_of_head_behind_a_good_request_is_refused_in_its_turn(server):
    with PlainClient(server) as client:
        try:
            client.send(GET + b"GET / HTTP/1.1\r\nX: " + b"a" * 1_000_000)
        except OSError:
            pass
        assert [status_of(answer) for answer in split_answers(client.until_closed())] == [200, 431]


# Syntax


@pytest.mark.parametrize(
    "message",
    [
        b"\0" * 100,
        b"\xff\xfe\xfd\r\n\r\n",
        b"hello\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / FTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /\xc3\xa9 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET /\xff HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET http:// HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET x HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"CONNECT x:1 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"CONNECT /token HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\0b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX\0: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: a\rb\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n: a\r\n\r\n",
        b"GET / HTTP/1.1\nHost: 127.0.0.1\n\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: y\r\n\r\n",
        b"POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
        b"POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        b"POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n",
        b"POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n-6\r\nabcdef\r\n",
        b"POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFF\r\n",
        b"POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n",
    ],
)
def test_what_is_not_http_is_refused_with_a_reason(server, message):
    with PlainClient(server) as client:
        answer = client.send(message).answers()[0]
    assert status_of(answer) in (400, 501)
    assert b'"detail": "' in answer
    assert server.exchanges[0].raw_response == answer
    server.exchanges[0].request  # noqa: B018 - must come to an end, whatever the bytes are
    assert_still_serves(server)


@pytest.mark.parametrize(
    "length",
    ["-1", "+5", "5, 5", "5 5", "0x5", "1e3", "5;", "\xb2", "\xb9\xb2", "５", "٣", "9" * 19, "9" * 30, "9" * 5000, "3\r\nContent-Length: 3", "3\r\nContent-Length: 4", "a", "1_0", "--1", "5.0"],
    ids=ascii,
)  # fmt: skip
def test_a_content_length_that_is_no_length_is_refused(server, short_deadline, length):
    head = f"POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
    with PlainClient(server) as client:
        client.send(head.encode("utf-8" if not length.isascii() and ord(length[0]) > 255 else "latin-1") + b"abc")
        answer = client.until_closed()
    # A length of nineteen nines can be read, and is too long.
    assert status_of(answer) == (413 if length == "9" * 19 else 400)
    assert_still_serves(server)


def test_what_comes_behind_the_chunks_is_no_header():
    """RFC 9110 §6.5.1: a recipient "MUST NOT merge a trailer field into the header section" unless it may."""
    head = f"POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunk = f"{len(GRANT):x}\r\n{GRANT.decode()}\r\n0\r\nAuthorization: Basic bXlhcHAxMjM6c2VjcmV0NDU2\r\n\r\n"
    with start(0) as server:
        assert status_of(ask(server, (head + chunk).encode())) == 401


def test_nul_bytes_and_broken_utf8_in_a_body_are_an_invalid_request(server):
    for body in (b"\xff\xfe", b"a=\0&a=\0", b"\0=%FF", GOOD_BODY + b"&x=\xc3("):
        answer = ask(server, raw_request(body))
        assert status_of(answer) == 400
        assert b'"invalid_request"' in answer


def test_bytes_that_are_not_ascii_in_authorization_are_an_invalid_client(server):
    answer = ask(server, raw_request(GRANT, "Authorization: Basic \xe9\xff"))
    assert status_of(answer) == 401
    assert b"www-authenticate: Basic" in answer


def test_a_tls_client_learns_quickly_that_this_is_no_tls(server):
    context = ssl.create_default_context()
    with PlainClient(server) as client, pytest.raises((ssl.SSLError, OSError)):
        context.wrap_socket(client.socket, server_hostname="localhost")
    assert server.exchanges[0].response.status == 400
    assert server.exchanges[0].raw_request.startswith(b"\x16\x03")
    assert_still_serves(server)


def test_a_target_in_absolute_form_is_read(server):
    """RFC 9112 §3.2.2: "a server MUST accept the absolute-form in requests"."""
    answer = ask(server, raw_request(start="POST http://127.0.0.1/token?a=b HTTP/1.1"))
    assert status_of(answer) == 200
    # RFC 9110 §4.2.3: an empty path is the same as "/".
    for target in ("http://127.0.0.1", "http://127.0.0.1?a=b"):
        assert status_of(ask(server, raw_request(b"", start=f"GET {target} HTTP/1.1"))) == 200


def test_an_offer_of_another_protocol_is_ignored_and_the_body_read(server):
    """As curl --http2 and Java's client make it."""
    offer = raw_request(GOOD_BODY, "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMA")
    with PlainClient(server) as client:
        client.send(offer + raw_request() + offer).answers(3)
        client.send(offer[:50])
        client.send(offer[50:-20])
        client.send(offer[-20:])
        answers = client.answers(4)
    assert [status_of(answer) for answer in answers] == [200] * 4
    assert [exchange.raw_request for exchange in server.exchanges] == [offer, raw_request(), offer, offer]
    assert [exchange.raw_response for exchange in server.exchanges] == answers


def test_a_pipeline_of_offers_is_no_burden(server):
    offer = b"GET / HTTP/1.1\r\nHost:localhost\r\nConnection:upgrade\r\nUpgrade:x\r\n\r\n"
    with PlainClient(server) as client:
        answers = client.send(offer * 300).answers(300)
    assert [status_of(answer) for answer in answers] == [200] * 300


@pytest.mark.parametrize("version", [b"", b" HTTP/0.9", b" HTTP/2.0"])
def test_a_request_line_without_a_version_that_is_spoken_here_is_refused(server, version):
    with PlainClient(server) as client:
        answer = client.send(b"GET /" + version + b"\r\nHost: 127.0.0.1\r\n\r\n").until_closed()
    assert status_of(answer) in (400, 505)
    assert_still_serves(server)


@pytest.mark.parametrize("method", [b"GET", b"OPTIONS", b"POST"])
def test_an_asterisk_is_a_target_at_which_there_is_nothing(server, method):
    assert status_of(ask(server, method + b" * HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")) == 404


def test_a_request_that_is_answered_can_be_read_from_the_record(server):
    """RFC 9112 §3 lets a server read more white space than there should be."""
    assert status_of(ask(server, b"GET  / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")) == 200
    assert server.exchanges[0].request.target == "/"


def test_http_1_0_is_answered_and_closed(server):
    with PlainClient(server) as client:
        answer = client.send(raw_request(start="POST /token HTTP/1.0")).until_closed()
    assert status_of(answer) == 200
    assert b"connection: close" in answer


def test_a_connection_that_the_client_wants_closed_is_closed(server):
    with PlainClient(server) as client:
        received = client.send(raw_request(GOOD_BODY, "Connection: close") + GET).until_closed()
    assert len(split_answers(received)) == 1
    assert b"connection: close" in received


def test_a_client_that_has_closed_its_half_still_gets_its_answers(server):
    """As `nc -N` does at the end of its input."""
    with PlainClient(server) as client:
        client.send((raw_request() + GET) * 20)
        client.socket.shutdown(socket.SHUT_WR)
        answers = split_answers(client.until_closed())
    assert len(answers) == 40
    assert [exchange.raw_response for exchange in server.exchanges] == answers
    no_connection_is_left(server)


# Clients that leave


@pytest.mark.parametrize("leave", [reset, PlainClient.close], ids=["reset", "close"])
@pytest.mark.parametrize(
    "message",
    [b"", b"POST", raw_request()[:-1], raw_request(), raw_request() * 50, b"junk", raw_request(b"a" * 1000)[:-500], GET * 2000],
    ids=["nothing", "word", "half", "whole", "fifty", "junk", "half-body", "two-thousand"],
)
def test_a_client_that_leaves_harms_nobody(server, leave, message):
    client = PlainClient(server)
    try:
        client.send(message)
    except OSError:
        pass
    leave(client)
    assert_still_serves(server)
    no_connection_is_left(server)


def test_clients_that_do_not_read_their_answers_harm_nobody(caplog):
    with start(0) as server:
        server._listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 8192)
        clients = [PlainClient(server, seconds=0.05) for _ in range(3)]
        for client in clients:
            client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            with pytest.raises(OSError):  # The server stops to read when nobody reads its answers.
                for _ in range(200):
                    client.send(GET * 5000)
        assert_still_serves(server)
        reset(clients[0])
        clients[1].close()
        wait_until(lambda: len(server._connections) == 1)
        assert_still_serves(server)
        begun = time.monotonic()
        server.stop()
        assert time.monotonic() - begun < 3
        clients[2].close()
    assert caplog.records == []


@pytest.mark.parametrize("message", [b"", raw_request()[:50], raw_request(), b"junk\r\n\r\n"], ids=["nothing", "half", "whole", "junk"])
def test_what_a_connection_held_is_free_when_it_has_ended(message):
    """Without waiting for the garbage collector, which would have to look through all tokens for it."""
    with start(0) as server, PlainClient(server) as client:
        client.send(message)
        wait_until(lambda: server._connections and (not message or server.exchanges))
        (held,) = map(weakref.ref, server._connections)
        gc.disable()
        try:
            client.close()
            wait_until(lambda: held() is None)
        finally:
            gc.enable()


def test_half_a_request_does_nothing():
    """RFC 9112 §8: an incomplete request is not to be handled as if it were complete."""
    with start(0) as server:
        token = ask(server, raw_request()).split(b'"')[3].decode()
        reading = b'{"station": 1, "temperature_c": 6.5}'
        post = f"POST /api/readings HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        for leave in (reset, PlainClient.close):
            client = PlainClient(server)
            client.send(f"{post}Content-Length: 100\r\n\r\n".encode() + reading)
            wait_until(lambda: server.exchanges[-1].raw_request == client.sent)  # noqa: B023
            leave(client)
            no_connection_is_left(server)
        for _ in range(2):
            with PlainClient(server) as client:
                client.send(raw_request(GOOD_BODY)[:-1])
            no_connection_is_left(server)
        listed = ask(server, f"GET /api/readings HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        assert listed.count(b'"id"') == 3
        second = ask(server, raw_request())
    with start(0) as undisturbed:
        ask(undisturbed, raw_request())
        assert ask(undisturbed, raw_request()) == second


def test_two_hundred_connections_opened_and_left_harm_nobody(server):
    clients = [PlainClient(server) for _ in range(200)]
    for number, client in enumerate(clients):
        client.send(raw_request()[: number % 90])
    assert_still_serves(server)
    for client in clients:
        client.close()
    no_connection_is_left(server)


def test_a_pipeline_does_not_keep_others_waiting(server):
    """Answers to one client take turns with those to the rest."""
    with PlainClient(server) as greedy, PlainClient(server) as other:
        greedy.send(GET * 20_000)
        other.send(GET).answers()
        greedy.socket.setblocking(False)
        with contextlib.suppress(BlockingIOError):
            greedy.received = greedy.socket.recv(10_000_000)
        assert len(split_answers(greedy.received)) < 20_000
    assert_still_serves(server)


def test_a_client_that_never_reads_is_hung_up_on_in_the_end(monkeypatch, server):
    monkeypatch.setattr(connection, "REST_SECONDS", 0.1)
    with PlainClient(server, seconds=0.05) as client:
        with pytest.raises(OSError):
            for _ in range(200):
                client.send(GET * 5000)
        no_connection_is_left(server)
    assert_still_serves(server)


def test_slow_and_long_and_leaving_clients_together_harm_nobody(server):
    """One answer at a time for a good client, while the others drip, flood and vanish around it."""
    slow = [PlainClient(server).send(raw_request()[:40]) for _ in range(50)]
    for number in range(50):
        with PlainClient(server) as flood:
            with contextlib.suppress(OSError):
                flood.send(b"GET / HTTP/1.1\r\nX: " + b"a" * 1_000_000)
        reset(PlainClient(server).send(raw_request()))
        slow[number].send(b"X")
        begun = time.perf_counter()
        assert_still_serves(server)
        assert time.perf_counter() - begun < 1.0
    for client in slow:
        client.close()
    no_connection_is_left(server)


def test_a_few_hundred_broken_requests_bring_no_fault_to_light(server):
    source = random.Random(20260101)
    good = [
        raw_request(),
        raw_request(GRANT, "Authorization: Basic bXlhcHAxMjM6c2VjcmV0NDU2"),
        f"POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n48\r\n".encode()
        + GOOD_BODY + b"\r\n0\r\n\r\n",
        raw_request(b'{"station": 1}', start="POST /api/readings HTTP/1.1"),
        b"GET /api/stations HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer abc\r\n\r\n",
    ]  # fmt: skip
    pieces = [b"\r\n", b"\n", b"\0", b"\xff", b"%", b"%FF", b" ", b":", b"=", b"&", b"\xc3", b"9", b"-", b"Content-Length: 5\r\n",
              b"Transfer-Encoding: chunked\r\n", b"Expect: 100-continue\r\n", b"Upgrade: x\r\nConnection: upgrade\r\n",
              b"Authorization: Basic \xe9\r\n", b"Host: y\r\n", b"HTTP/1.0", b"*", b"http://", b"/../", b"?", b"#"]  # fmt: skip
    for number in range(300):
        message = bytearray(source.choice(good))
        for _ in range(source.randrange(1, 6)):
            place = source.randrange(len(message))
            match source.randrange(5):
                case 0:
                    message[place] = source.randrange(256)
                case 1:
                    del message[place : place + source.randrange(1, 12)]
                case 2:
                    message[place:place] = source.choice(pieces)
                case 3:
                    line = message.find(b"\r\n") + 2
                    message[line:line] = source.choice(pieces)
                case 4:
                    message += message[place:]
        with PlainClient(server) as client:
            try:
                client.send(bytes(message))
                client.socket.shutdown(socket.SHUT_WR)
            except OSError:
                pass
            received = client.until_closed()
        for answer in split_answers(received, without_body=message.startswith(b"HEAD")):
            assert b" 50" not in answer.partition(b"\r\n")[0].replace(b" 501", b"").replace(b" 505", b""), (number, bytes(message))
    for exchange in server.exchanges:
        exchange.request, exchange.response  # noqa: B018 - must come to an end
    assert_still_serves(server)
    no_connection_is_left(server)

"""The record against what a plain client sent and received: not a byte more, less or elsewhere."""

import random
import socket
import threading

import pytest
import requests

from mock_server.views.record import Exchange, Record
from plain_client import (
    FORM,
    GOOD_BODY,
    GRANT,
    PlainClient,
    Witness,
    curl,
    raw_request,
    split_answers,
    wait_until,
)

GET = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
CHUNKED_HEAD = f"POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
HALF = len(GOOD_BODY) // 2


def chunks(*parts: bytes, extension: bytes = b"", trailer: bytes = b"") -> bytes:
    body = b"".join(b"%x%s\r\n%s\r\n" % (len(part), extension, part) for part in parts)
    return CHUNKED_HEAD + body + b"0\r\n" + trailer + b"\r\n"


CHUNKED = chunks(GOOD_BODY[:HALF], GOOD_BODY[HALF:])

SHAPES = {
    "one": [raw_request()],
    "two": [raw_request(), raw_request(b"x=1")],
    "five": [GET, raw_request(), GET, raw_request(b"&"), GET],
    "forty": [raw_request(GOOD_BODY + b"&n=%d" % number) for number in range(40)],
    "chunked": [CHUNKED],
    "chunked-one-byte-each": [chunks(*(bytes([byte]) for byte in GOOD_BODY))],
    "chunked-extension": [chunks(GOOD_BODY, extension=b";a=b")],
    "chunked-trailers": [chunks(GOOD_BODY, trailer=b"X-Sum: 1\r\nY: 2\r\n"), GET],
    "chunked-empty": [chunks(), GET],
    "chunked-then-more": [CHUNKED, GET, CHUNKED, raw_request()],
    "crlf-before": [b"\r\n" + raw_request(), b"\r\n\r\n" + GET, b"\r\n" + CHUNKED],
    "head-refused": [b"POST /token HTTP/1.1\r\n\r\n", raw_request()],
    "long-body": [raw_request(GOOD_BODY + b"&x=" + b"a" * 60_000), GET],
    "nul-body": [raw_request(b"\0" * 100), GET],
    "looks-like-a-request": [raw_request(GET * 3), GET],
    "looks-like-chunks": [raw_request(b"5\r\nabcde\r\n0\r\n\r\n"), GET],
    "not-found": [GET.replace(b"/ ", b"/%C3%A9?a=%00 "), GET],
    "absolute": [GET.replace(b"/ ", b"http://x/ "), GET],
    "header-cases": [GET.replace(b"Host:", b"hOsT:  ").replace(b"\r\n\r\n", b" \t\r\nX-A: \xe9\xff\r\nX-A:\r\n\r\n")],
}


def recorded(server):
    return [(exchange.raw_request, exchange.raw_response) for exchange in server.exchanges]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("how", ["in-one-go", "one-after-the-other", "in-pieces"])
def test_the_record_is_what_the_client_sent_and_received(server, shape, how):
    messages = SHAPES[shape]
    with PlainClient(server) as client:
        if how == "in-one-go":
            client.send(b"".join(messages))
        elif how == "one-after-the-other":
            for number, message in enumerate(messages, 1):
                client.send(message).answers(number)
        else:
            client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            source, rest = random.Random(shape), b"".join(messages)
            while rest:
                cut = source.choice([1, 2, 3, 30, 1000, 20_000])
                client.send(rest[:cut])
                rest = rest[cut:]
        answers = client.answers(len(messages))
        assert recorded(server) == list(zip(messages, answers, strict=True))
        assert client.received == b"".join(answers)


def test_a_request_sent_byte_by_byte_is_recorded_whole(server):
    message = b"\r\n" + chunks(GRANT)
    with PlainClient(server) as client:
        client.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for byte in message:
            client.send(bytes([byte]))
        answers = client.answers()
        assert recorded(server) == [(message, *answers)]


def test_a_deep_pipeline_is_recorded_request_by_request(server):
    messages = [raw_request(GOOD_BODY + b"&n=%d" % number) for number in range(700)]
    with PlainClient(server) as client:
        client.send(b"".join(messages))
        answers = client.answers(len(messages))
        assert recorded(server) == list(zip(messages, answers, strict=True))


def test_empty_lines_behind_a_request_belong_to_the_next(server):
    with PlainClient(server) as client:
        client.send(GET + b"\r\n").answers()
        client.send(GET).answers(2)
    assert [exchange.raw_request for exchange in server.exchanges] == [GET, b"\r\n" + GET]


def test_an_answer_to_head_is_recorded_without_a_body(server):
    message = GET.replace(b"GET", b"HEAD")
    with PlainClient(server) as client:
        answer = client.send(message).answers(without_body=True)
        assert recorded(server) == [(message, *answer)]
        assert client.send(GET).answers(2, without_body=True)
    assert server.exchanges[1].response.status == 200


@pytest.mark.parametrize(
    "message",
    [
        b"GET / HTTP/1.0\r\n\r\n",
        raw_request(start="POST /token HTTP/1.0"),
        raw_request(GOOD_BODY, "Connection: close"),
        b"junk\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"GET / HTTP/1.1\nHost: 127.0.0.1\n\n",
        CHUNKED_HEAD + b"-6\r\nabcdef\r\n",
        CHUNKED_HEAD + b"zz\r\n",
        b"POST /token HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -1\r\n\r\nabc",
        raw_request(GOOD_BODY, "Transfer-Encoding: chunked"),
    ],
)
def test_an_exchange_that_ends_the_connection_is_recorded_to_its_last_byte(server, message):
    with PlainClient(server) as client:
        received = client.send(message).until_closed()
    assert recorded(server) == [(message, received)]
    assert server.exchanges[0].response.status in (200, 400)
    server.exchanges[0].request  # noqa: B018 - must come to an end, whatever the bytes are


def test_a_good_request_before_a_bad_one_is_answered_first(server):
    bad = b"\0\0\0\0"
    with PlainClient(server) as client:
        received = client.send(raw_request() + GET + bad).until_closed()
    answers = split_answers(received)
    assert [answer[9:12] for answer in answers] == [b"200", b"200", b"400"]
    assert recorded(server) == list(zip([raw_request(), GET, bad], answers, strict=True))


def test_what_was_never_sent_is_not_in_the_record(server):
    """The client closes its connection before most answers are written."""
    messages = [raw_request(GOOD_BODY + b"&n=%d" % number) for number in range(300)]
    with PlainClient(server) as client:
        client.send(b"".join(messages) + b"POST ")
        client.socket.shutdown(socket.SHUT_WR)
        received = client.until_closed()
    assert b"".join(exchange.raw_response for exchange in server.exchanges) == received


@pytest.mark.parametrize("length", [1, 10, 60, len(raw_request()) - 1])
def test_half_a_request_is_recorded_as_far_as_it_came(server, length):
    with PlainClient(server) as client:
        client.send(raw_request()[:length])
    wait_until(lambda: recorded(server) == [(raw_request()[:length], b"")])
    wait_until(lambda: not server._connections)
    assert recorded(server) == [(raw_request()[:length], b"")]


@pytest.mark.parametrize(
    "arguments",
    [
        ["--user", "myapp123:secret456", "--data", "grant_type=client_credentials"],
        ["--user", "myapp123:secret456", "--data", "grant_type=client_credentials", "--http1.0"],
        ["--data-binary", "@-", "--header", "Expect: 100-continue"],
        ["--data-binary", "@-", "--header", "Transfer-Encoding: chunked"],
        ["--data-binary", "@-", "--header", "Transfer-Encoding: chunked", "--header", "Expect: 100-continue"],
        ["--head"],
        ["--form", "a=b"],
        ["--http2", "--data-binary", "@-"],
        ["--json", "{}"],
    ],
    ids=" ".join,
)
def test_whatever_curl_sends_is_recorded_as_it_crossed_the_wire(server, arguments):
    with Witness(server) as witness:
        result = curl(*arguments, f"{witness.url}/token", data=GOOD_BODY)
    assert result.returncode == 0, result.stderr
    assert recorded(server) == [(witness.sent, witness.received)]
    assert server.exchanges[0].response.status in (200, 400, 401, 405)


def test_curl_sends_a_small_body_after_100_continue(server):
    with Witness(server) as witness:
        result = curl("--data-binary", "@-", "-H", "Expect: 100-continue", f"{witness.url}/token", data=GOOD_BODY)
    assert b"access_token" in result.stdout
    assert witness.received.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n")
    assert server.exchanges[0].response.status == 200
    assert server.exchanges[0].request.body == GOOD_BODY


def test_curl_with_a_body_over_a_megabyte_is_refused_before_it_sends_it(server):
    with Witness(server) as witness:
        result = curl("--data-binary", "@-", f"{witness.url}/token", "--write-out", "%{http_code}", data=b"a" * 1_200_000)
    assert result.returncode == 0, result.stderr
    assert result.stdout.endswith(b"413")
    assert b"Expect: 100-continue" in witness.sent
    assert len(witness.sent) < 1000
    assert recorded(server) == [(witness.sent, witness.received)]


def test_requests_on_one_session_are_recorded_one_by_one(server):
    with Witness(server) as witness:
        with requests.Session() as session:
            session.trust_env = False
            for number in range(5):
                session.post(f"{witness.url}/token", data={"grant_type": "client_credentials", "n": number}, auth=("a", "b"))
    assert b"".join(exchange.raw_request for exchange in server.exchanges) == witness.sent
    assert [exchange.raw_response for exchange in server.exchanges] == split_answers(witness.received)
    numbers = [exchange.number for exchange in server.exchanges]
    assert numbers == list(range(numbers[0], numbers[0] + 5))


def test_an_exchange_is_in_the_record_the_moment_the_client_has_its_answer(server):
    missing = []

    def client_loop(name: int) -> None:
        with PlainClient(server) as client:
            for number in range(1, 101):
                message = raw_request(GOOD_BODY + b"&n=%d-%d" % (name, number))
                answer = client.send(message).answers(number)[-1]
                found = [each.raw_response for each in server.exchanges if each.raw_request == message]
                if found != [answer]:
                    missing.append((message, answer, found))

    threads = [threading.Thread(target=client_loop, args=(name,)) for name in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert missing == []
    assert len(server.exchanges) == 400


def test_exchanges_of_many_connections_do_not_mix(server):
    clients = [PlainClient(server) for _ in range(20)]
    messages = [raw_request(GOOD_BODY + b"&n=%d" % number) for number in range(20)]
    for cut in (0, 1):
        for client, message in zip(clients, messages, strict=True):
            client.send(message[100 * cut : 100 + 10_000 * cut])
    pairs = {(message, *client.answers()) for client, message in zip(clients, messages, strict=True)}
    assert set(recorded(server)) == pairs
    for client in clients:
        client.close()


def test_the_record_keeps_the_latest_exchanges_and_their_numbers():
    record = Record()
    for number in range(Record.MOST_EXCHANGES + 10):
        record.add(record.open().request, b"%d" % number)
    kept = record.exchanges()
    assert len(kept) == Record.MOST_EXCHANGES
    assert (kept[0].number, kept[0].raw_request) == (11, b"10")
    record.clear()
    assert record.exchanges() == []


def test_an_exchange_that_is_dropped_leaves_no_gap():
    record = Record()
    opened = [record.open() for _ in range(3)]
    for exchange in opened:
        record.add(exchange.request, b"%d" % exchange.number)
    record.drop(opened[1])
    record.drop(opened[1])
    record.add(record.open().request, b"4")
    assert [(exchange.number, exchange.raw_request) for exchange in record.exchanges()] == [(1, b"1"), (2, b"3"), (3, b"4")]


def test_an_exchange_is_not_there_before_its_first_byte():
    record = Record()
    exchange = record.open()
    assert record.exchanges() == []
    record.add(exchange.request, b"G")
    assert record.exchanges() == [Exchange(1, b"G", b"")]


def test_a_message_is_kept_up_to_the_bound():
    record = Record()
    exchange = record.open()
    for _ in range(10):
        record.add(exchange.request, b"a" * 50_000)
        record.add(exchange.response, b"")
    assert record.exchanges() == [Exchange(1, b"a" * Record.MOST_BYTES, b"")]


def test_what_came_before_stays_as_it_was_when_it_was_looked_at(server):
    with PlainClient(server) as client:
        client.send(GET).answers()
        before = server.exchanges
        client.send(raw_request()).answers(2)
    assert len(before) == 1
    assert len(server.exchanges) == 2


def test_the_parsed_form_is_the_raw_form_in_parts(server):
    with PlainClient(server) as client:
        client.send(CHUNKED).answers()
    (exchange,) = server.exchanges
    assert (exchange.request.method, exchange.request.path, exchange.request.body) == ("POST", "/token", GOOD_BODY)
    assert exchange.response.status == 200
    assert exchange.raw_response.endswith(exchange.response.body)

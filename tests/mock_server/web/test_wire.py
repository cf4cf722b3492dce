import pytest

from mock_server.web.messages import Request, Response
from mock_server.web.wire import (
    message_length,
    parse_request,
    parse_response,
    serialize_request,
    serialize_response,
    split_head,
    why_unreadable,
)

POST = b"POST /token?a=b HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
CHUNKED = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_a_request_is_read_part_by_part():
    request = parse_request(POST + b"a=b")
    assert request == Request("POST", "/token?a=b", (("Host", "x"), ("Content-Length", "3")), b"a=b", "1.1")
    assert (request.path, request.query) == ("/token", "a=b")


def test_a_request_read_and_written_is_the_same_bytes():
    assert serialize_request(parse_request(POST + b"a=b")) == POST + b"a=b"


def test_a_response_read_and_written_is_the_same_bytes():
    raw = b"HTTP/1.1 401 Unauthorized\r\nwww-authenticate: Basic\r\ncontent-length: 2\r\n\r\n{}"
    response = parse_response(raw)
    assert (response.status, response.reason, response.body) == (401, "Unauthorized", b"{}")
    assert serialize_response(response) == raw


def test_a_response_of_an_unknown_status_has_no_reason():
    assert serialize_response(Response(599)) == b"HTTP/1.1 599 \r\n\r\n"


@pytest.mark.parametrize("before", [b"\r\n", b"\n", b"\r\n\r\n", b"\n\r\n", b"\r\r\n"])
def test_empty_lines_before_the_request_are_passed_over(before):
    assert parse_request(before + POST + b"a=b") == parse_request(POST + b"a=b")
    assert message_length(before + POST + b"a=b") == len(before + POST + b"a=b")
    assert split_head(before + b"GET / HTTP/1.1\r\n\r\nx") == (b"GET / HTTP/1.1", b"x")


def test_bare_line_feeds_are_read():
    assert parse_request(b"GET / HTTP/1.0\nA: b\n\nbody") == Request("GET", "/", (("A", "b"),), b"body", "1.0")


@pytest.mark.parametrize("raw", [b"", b"\r\n", b"GET", b"GET /", b"\x16\x03\x01\x02", b"a b c d\r\n\r\n", b"\xff\xff\xff"])
def test_what_has_no_request_line_is_no_request(raw):
    assert parse_request(raw) is None


@pytest.mark.parametrize("raw", [b"", b"junk", b"HTTP/1.1", b"HTTP/1.1 ", b"HTTP/1.1 abc", b"HTTP/1.1 \xb2\xb3\xb9 x", b"FTP/1.1 200 "])
def test_what_has_no_status_line_is_no_response(raw):
    assert parse_response(raw) is None


def test_half_a_request_is_read_as_far_as_it_goes():
    assert parse_request(b"POST /token HTTP/1.1\r\nHost: x\r\nAuthor") == Request("POST", "/token", (("Host", "x"),))


def test_a_header_value_loses_the_white_space_of_http_and_no_other():
    raw = b"GET / HTTP/1.1\r\nA: \t b\xa0 \t\r\nB:\x85c\r\n\r\n"
    assert parse_request(raw).headers == (("A", "b\xa0"), ("B", "\x85c"))


def test_an_interim_answer_is_passed_over():
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    assert parse_response(interim) is None
    assert parse_response(interim + interim + b"HTTP/1.1 200 OK\r\n\r\nx").body == b"x"


def test_chunks_are_joined():
    request = parse_request(CHUNKED + b"3\r\nabc\r\nA;ext=1\r\n0123456789\r\n0\r\n\r\n")
    assert request.body == b"abc0123456789"


def test_a_chunk_may_hold_line_ends():
    assert parse_request(CHUNKED + b"4\r\n\r\n\r\n\r\n0\r\n\r\n").body == b"\r\n\r\n"


@pytest.mark.parametrize(
    "body",
    [b"-6\r\nabcdef\r\n0\r\n\r\n", b"-2\r\n\r\n", b"0x3\r\nabc\r\n0\r\n\r\n", b"+3\r\nabc\r\n0\r\n\r\n", b"1_0\r\n\r\n", b" 3\r\nabc\r\n",
     b"\r\nabc", b"\xb2\r\nab\r\n0\r\n\r\n", b"zz\r\n", b"", b"3\r\nab", b"F" * 5000 + b"\r\nabc", b"3\r\nabc\r\n0\r\n"],
)  # fmt: skip
def test_a_chunked_body_that_is_broken_or_incomplete_is_shown_as_it_came(body):
    assert parse_request(CHUNKED + body).body == body
    assert message_length(CHUNKED + body) is None


@pytest.mark.parametrize("trailer", [b"", b"X: y\r\n", b"X: y\r\nZ: 0\r\n"])
def test_a_chunked_message_ends_behind_its_trailers(trailer):
    message = CHUNKED + b"3\r\nabc\r\n0\r\n" + trailer + b"\r\n"
    assert parse_request(message).body == b"abc"
    assert message_length(message) == len(message)
    assert message_length(message + b"GET / HTTP/1.1\r\n") == len(message)
    assert message_length(message[:-1]) is None


@pytest.mark.parametrize(
    ("raw", "length"),
    [
        (POST + b"a=b", len(POST) + 3),
        (POST + b"a=bGET / HTTP/1.1", len(POST) + 3),
        (POST + b"a=", None),
        (POST[:-2], None),
        (b"GET / HTTP/1.1\r\n\r\nrest", 18),
        (b"", None),
        (b"GET / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", 38),
        (b"GET / HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n", 37),
        (b"GET / HTTP/1.1\r\nCONTENT-LENGTH:0\r\n\r\nx", 36),
    ],
)
def test_the_length_of_the_first_message_is_found(raw, length):
    assert message_length(raw) == length


def test_an_endless_content_length_is_no_crash():
    message_length(b"GET / HTTP/1.1\r\nContent-Length: " + b"9" * 6000 + b"\r\n\r\n")


def test_any_bytes_at_all_can_be_read():
    import random

    source = random.Random(20260101)
    pieces = [b"POST / HTTP/1.1", b"\r\n", b"\n", b"Transfer-Encoding: chunked", b"Content-Length: ", b"\xb2", b"-6", b"5", b"HTTP/1.1 ",
              b"200", b" ", b"\r\n\r\n", b"0\r\n", b"\xff", b"100 "]  # fmt: skip
    for _ in range(3000):
        raw = b"".join(source.choices(pieces, k=source.randrange(12)))
        parse_request(raw), parse_response(raw), split_head(raw)
        length = message_length(raw)
        assert length is None or 0 <= length <= len(raw)


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"POST /token HTTP/1.1\r\nHost: x\r\ngrant_type=client_credentials&client_secret=secret456\r\n\r\n", "line 3 begins with 'grant_type=c'"),
        (b"post /token HTTP/1.1\r\nHost: x\r\n\r\n", "the method is 'post'"),
        (b"POST\r\nHost: x\r\n\r\n", "the first line has 1 words"),
        (b"GET / HTTP/1.1\r\nHost : x\r\n\r\n", "line 2 begins with 'Host : x'"),
    ],
    ids=["no empty line", "small letters", "one word", "space before the colon"],
)
def test_what_makes_a_request_unreadable_is_named_without_its_secrets(raw, reason):
    assert reason in why_unreadable(raw)
    assert "secret456" not in why_unreadable(raw)

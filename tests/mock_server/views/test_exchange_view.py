import html
import re
import time

import pytest

from mock_server.views.exchange_view import Line, _lines_text, request_lines, response_lines
from mock_server.views.record import Exchange
from mock_server.web.form import FORM

HEAD = f"POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\n".encode("ascii")
FORM_REQUEST = HEAD + b"Content-Length: 72\r\n\r\ngrant_type=client_credentials&client_id=myapp123&client_secret=secret456"
TOKEN = b'{"access_token": "t0ken", "token_type": "Bearer", "expires_in": 3600, "scope": "readings:read"}'
ANSWER = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncache-control: no-store\r\n\r\n" + TOKEN


def seen(exchange: Exchange) -> str:
    """What a reader of the HTML has before them."""
    page = re.sub(r"<style>.*?</style>", "", exchange._repr_html_(), flags=re.DOTALL)
    return html.unescape(re.sub(r"<br>", "\n", re.sub(r"<(?!br)[^>]*>", "", page)))


def marked(exchange: Exchange) -> list[str]:
    return [html.unescape(secret) for secret in re.findall(r'<mark title="secret">(.*?)</mark>', exchange._repr_html_(), re.DOTALL)]


def texts(lines: list[Line]) -> list[str]:
    return [line.text for line in lines]


def test_a_request_is_shown_line_by_line_and_its_form_pair_by_pair():
    assert texts(request_lines(FORM_REQUEST)) == [
        "POST /token HTTP/1.1",
        "Host: x",
        f"Content-Type: {FORM}",
        "Content-Length: 72",
        "",
        "grant_type=client_credentials",
        "&client_id=myapp123",
        "&client_secret=secret456",
    ]


def test_an_answer_is_shown_line_by_line_and_its_json_member_by_member():
    assert texts(response_lines(ANSWER)) == [
        "HTTP/1.1 200 OK",
        "content-type: application/json",
        "cache-control: no-store",
        "",
        '{"access_token": "t0ken",',
        ' "token_type": "Bearer",',
        ' "expires_in": 3600,',
        ' "scope": "readings:read"}',
    ]


def test_each_part_that_a_lesson_speaks_of_is_labelled():
    lines = request_lines(FORM_REQUEST) + response_lines(ANSWER)
    labels = {line.text.strip("{&} ").split("=")[0].split(":")[0].strip('"'): line.label for line in lines}
    for name in ("Host", "Content-Type", "grant_type", "client_id", "client_secret", "access_token", "token_type", "expires_in"):
        assert labels[name], name


def test_the_text_form_shows_the_direction_before_every_line():
    text = repr(Exchange(3, FORM_REQUEST + b"\nsecond\r\nthird", b"HTTP/1.1 200 OK\r\n\r\n{\n  \"a\": 1,\n  \"b\": [1]\n}\n"))
    first, *others = [line for line in text.splitlines() if line]
    assert first == "Exchange 3"
    assert [line for line in others if not line.startswith(("> ", "< "))] == []
    assert any(line.startswith("> second") for line in others)


def test_a_label_stands_in_its_column_behind_a_text_of_several_lines():
    shown = _lines_text([Line("one", "first"), Line("{\n  two", "second")], "< ").split("\n")
    assert shown[1] == "< {"
    assert shown[0].index("[first]") == shown[2].index("[second]")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"\r\n",
        b"G",
        b"GET / HTTP/1.1",
        b"GET / HTTP/1.1\r\nHost",
        b"GET / HTTP/1.1\nHost: x\nA: b\n\nbody one\nbody two",
        b"hello\r\nworld\r\n\r\nand more\r\nand more still",
        b"POST /token HTTP/1.1\r\n: no name\r\nno colon\r\n folded\r\n\r\n",
        b"POST /token HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{\"a\": {\"b\": [1, 2]}}",
        b"POST /token HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{\n  \"a\": 1,\n  \"b\": 2\n}\n",
        b"POST /token HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{\"a\": 1, \"b\"",
        HEAD + b"\r\n&&a&=b&c==d&client_secret&client_secret=",
        b"\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcdefgh",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
        b"HTTP/1.1 200 OK\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n\r\n<html>\n<b>x</b>\n</html>",
        b"HTTP/1.1 200",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 401 No\r\nA: b\r\n\r\n{\"error\": \"x\"}",
    ],
)
def test_no_line_of_a_message_is_lost_whichever_way_it_went(raw):
    for exchange in (Exchange(1, raw, b""), Exchange(1, b"", raw)):
        for view in (seen(exchange), repr(exchange)):
            one_line = re.sub(r"\s+", "", view.replace("\n> ", "").replace("\n< ", ""))
            for line in raw.decode("ascii").split("\n"):
                for word in re.split(r"[&\s]|(?<=,)", line):
                    assert re.sub(r"\s+", "", word) in one_line, line


def test_half_an_answer_is_shown_as_far_as_it_got():
    lines = texts(response_lines(ANSWER[: -len(TOKEN) + 20]))
    assert lines[0] == "HTTP/1.1 200 OK"
    assert lines[-1] == TOKEN[:20].decode("ascii")


def test_no_answer_is_called_no_answer():
    assert [line.label for line in response_lines(b"")] == ["no answer"]
    assert "no answer" in repr(Exchange(1, FORM_REQUEST, b""))


def test_an_interim_answer_is_shown_before_the_final_one():
    lines = response_lines(b"HTTP/1.1 100 Continue\r\n\r\n" + ANSWER)
    assert texts(lines)[0] == "HTTP/1.1 100 Continue"
    assert texts(lines)[1:] == texts(response_lines(ANSWER))


def test_bytes_that_are_no_utf8_are_spelled_out():
    raw = HEAD + b"\r\nclient_id=\xff\xfe\xc3&x=\xed\xa0\x80"
    assert r"\xff\xfe\xc3" in repr(Exchange(1, raw, raw))
    assert r"\xed\xa0\x80" in seen(Exchange(1, raw, raw))


def test_characters_that_no_page_shows_are_spelled_out():
    raw = b"GET / HTTP/1.1\r\nA: \x00\x1b[31mred\x7f\x0bb\rc\r\n\r\nbody \x00\x1b \r."
    for view in (seen(Exchange(1, raw, raw)), repr(Exchange(1, raw, raw))):
        assert r"\x00\x1b[31mred\x7f\x0bb\x0dc" in view
        assert r"body \x00\x1b \x0d." in view
        assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", view)


def test_letters_beyond_ascii_are_shown_as_letters():
    assert "client_id=Zürich-€" in seen(Exchange(1, HEAD + "\r\nclient_id=Zürich-€".encode("utf-8"), b""))


@pytest.mark.parametrize(
    "raw",
    [
        b"GET /<script>alert(1)</script> HTTP/1.1\r\n<script>: <script>\r\n\r\n",
        HEAD + b'\r\n<script>=</code><script>"\'&client_secret=</mark><script>alert(1)</script>',
        HEAD + b"Authorization: Basic </mark><script>\r\nCookie: <img src=x onerror=alert(1)>\r\n\r\n",
        b"<script>alert(1)</script>",
        b'HTTP/1.1 200 <script>\r\n<img src=x onerror=alert(1)>: 1\r\n\r\n{"access_token": "</mark><script>", "<script>": 1}',
        b"HTTP/1.1 200 OK\r\n\r\n<script>alert(1)</script>",
    ],
)
def test_nothing_in_a_message_becomes_markup(raw):
    for exchange in (Exchange(1, raw, b""), Exchange(1, b"", raw)):
        page = exchange._repr_html_()
        allowed = r"</?(?:style|div|b|pre|span|code|small|mark|br)(?: (?:class|title)=\"[\w ]+\")?>"
        assert re.findall(r"<[^>]*>", re.sub(allowed, "", re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL))) == []
        assert "<script" not in page
        assert "<img" not in page


@pytest.mark.parametrize(
    ("request_", "secrets"),
    [
        (FORM_REQUEST, ["secret456"]),
        (HEAD + b"\r\nclient_secret=a%26b=c+d&x=1", ["a%26b=c+d"]),
        (HEAD + b"\r\nclient_secret=<b>&client_secret=two", ["<b>", "two"]),
        (b"POST /token HTTP/1.1\r\nAuthorization: Basic bXlhcHA6c2VjcmV0\r\n\r\n", ["bXlhcHA6c2VjcmV0"]),
        (b"POST /token HTTP/1.1\r\nAUTHORIZATION:basic abc=\r\n\r\n", ["abc="]),
        (b"GET /api/stations HTTP/1.1\r\nauthorization:  BEARER  abc.def\r\n\r\n", [" abc.def"]),
        (b"GET /token?client_id=a&client_secret=s3cret&x=1 HTTP/1.1\r\n\r\n", ["s3cret"]),
        (b"POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{\"client_id\": \"a\", \"client_secret\": \"s\\\"3\"}", ['s\\"3']),
        (b"POST / HTTP/1.1\r\nContent-Type: application/json\r\n\r\n{\n \"client_secret\": \"s3\"\n}\n", ["s3"]),
        (b"POST / HTTP/1.1\r\n\r\n{\"a\": [{}], \"client_secret\" : \"s3\"}", ["s3"]),
        (b"GET / HTTP/1.1\r\nAuthorization: Basic\r\nAuthorization: Bearer\r\n\r\n", ["", ""]),
    ],
)
def test_a_secret_that_was_sent_is_marked_and_nothing_else_is(request_, secrets):
    assert marked(Exchange(1, request_, b"")) == secrets


@pytest.mark.parametrize(
    "body", [TOKEN, TOKEN.replace(b", ", b",\n  "), TOKEN[:22], TOKEN.replace(b"3600", b"[3600]"), TOKEN + b"\n", TOKEN.replace(b" ", b"")]
)
def test_an_access_token_that_came_back_is_marked_even_in_a_broken_answer(body):
    assert "".join(marked(Exchange(1, b"", b"HTTP/1.1 200 OK\r\n\r\n" + body))) in ("t0ken", "t0ke")


def test_a_request_without_a_secret_has_no_mark():
    assert marked(Exchange(1, b"GET /api/stations HTTP/1.1\r\nHost: x\r\nAuthorization: Digest abc\r\n\r\n", b"")) == []


@pytest.mark.parametrize(
    "body",
    [
        b" " * 120_000,
        b"{" * 120_000,
        b'"":' * 40_000,
        b'"a":"' * 24_000,
        b'{"a": "' + b"\\" * 100_001,
        b"&" * 40_000,
        b"\n" * 60_000,
        b'{"a":1,' * 10_000,
    ],
    ids=["spaces", "braces", "colons", "open strings", "backslashes", "ampersands", "line ends", "members"],
)
def test_a_huge_body_is_shown_in_a_moment(body):
    exchange = Exchange(1, HEAD + b"\r\n" + body, b"HTTP/1.1 200 OK\r\n\r\n" + body)
    began = time.process_time()
    repr(exchange)
    exchange._repr_html_()
    assert time.process_time() - began < 3


def test_a_huge_body_is_shown_whole():
    body = b"x" * 100_000
    exchange = Exchange(1, b"", b"HTTP/1.1 200 OK\r\n\r\n" + body)
    assert body.decode("ascii") in repr(exchange)
    assert body.decode("ascii") in exchange._repr_html_()


def test_the_html_stays_readable_where_styles_are_stripped():
    page = re.sub(r"<style>.*?</style>", "", Exchange(1, FORM_REQUEST, ANSWER)._repr_html_(), flags=re.DOTALL)
    assert page.count("<br>") == len(request_lines(FORM_REQUEST)) + len(response_lines(ANSWER)) - 2
    assert page.index("Request") < page.index("POST /token") < page.index("Answer") < page.index("HTTP/1.1 200 OK")

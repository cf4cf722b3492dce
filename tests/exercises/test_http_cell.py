"""The `%%http` cell in a real InteractiveShell, against the mock server and against servers that misbehave."""

import html
import re
import socket
import threading
import time
from collections.abc import Callable

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from exercises import http_cell
from exercises.http_cell import RawAnswer, complete, exactly, send_raw
from mock_server.shells.server import prepare

BODY = "grant_type=client_credentials&client_id=myapp123&client_secret=secret456"
TYPED = f"POST /token HTTP/1.1\nContent-Type: application/x-www-form-urlencoded\n\n{BODY}\n"
ATTACK = "</pre><script>alert(1)</script>"


@pytest.fixture(scope="module")
def running_server():
    with prepare(0) as server:
        server.start()
        yield server


@pytest.fixture
def server(running_server):
    running_server._record.clear()
    return running_server


@pytest.fixture(scope="module")
def shell():
    shell = InteractiveShell.instance()
    shell.run_line_magic("load_ext", "exercises.http_cell")
    yield shell
    InteractiveShell.clear_instance()


@pytest.fixture
def run(shell, server, monkeypatch) -> Callable[..., RawAnswer]:
    """Run a cell as a notebook does, with `server` among its variables; the answer, or the error that it raised."""

    def run(cell: str, line: str = "{server.url}", **variables: object) -> RawAnswer:
        with monkeypatch.context() as patch:
            for name, value in {"server": server, **variables}.items():
                patch.setitem(shell.user_ns, name, value)
            result = shell.run_cell(f"%%http {line}\n{cell}", store_history=False)
        if result.error_in_exec:
            raise result.error_in_exec
        return result.result

    return run


class PlainServer:
    """A server that answers the first request of one connection with `pieces`, then hangs up unless `stays`."""

    def __init__(self, *pieces: bytes, stays: bool = False, pause: float = 0, reads: int = 65536) -> None:
        self._pieces, self._stays, self._pause, self._reads = pieces, stays, pause, reads
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = f"http://{self.host}"
        self.received = b""
        self._client_has_gone = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def _serve(self) -> None:
        with self._listener, self._listener.accept()[0] as connection:
            if self._reads:
                self.received = connection.recv(self._reads)
            try:
                for piece in self._pieces:
                    connection.sendall(piece)
                    if self._client_has_gone.wait(self._pause):
                        return
                if self._stays:
                    self._client_has_gone.wait(10)
            except OSError:
                pass

    def __enter__(self) -> "PlainServer":
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._client_has_gone.set()
        self._thread.join(10)
        assert not self._thread.is_alive()


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"(?s)<style>.*?</style>", "", page))).split())


# What is supplied


def test_a_typed_request_is_completed_and_sent_and_its_answer_shown(run, server):
    answer = run(TYPED)
    assert answer.response.status == 200
    assert server.exchanges[0].raw_request == (
        f"POST /token HTTP/1.1\r\nHost: {server.url[7:]}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: 72\r\n\r\n{BODY}"
    ).encode("ascii")
    assert answer.sent == server.exchanges[0].raw_request
    assert answer.received == server.exchanges[0].raw_response
    assert (answer.request, answer.response) == (server.exchanges[0].request, server.exchanges[0].response)


def test_it_says_what_it_supplied_in_both_forms(run, server):
    answer = run(TYPED)
    note = (
        f"Sent {len(answer.sent)} bytes; supplied for you: CRLF at the end of each line, "
        f"Host: {server.url[7:]}, Content-Length: 72."
    )
    assert repr(answer).startswith(note)
    assert note in words(answer._repr_html_())


@pytest.mark.parametrize("name", ["Host", "host", "HOST", "hOsT"])
def test_a_host_that_is_there_is_not_supplied_whatever_its_case(name):
    raw, supplied = complete(f"GET / HTTP/1.1\n{name}: elsewhere\n", "here:1")
    assert raw == f"GET / HTTP/1.1\r\n{name}: elsewhere\r\n\r\n".encode("ascii")
    assert supplied == ("CRLF at the end of each line",)


@pytest.mark.parametrize(
    "header", ["Content-Length: 99", "content-LENGTH: 0", "Transfer-Encoding: chunked", "transfer-encoding:x"]
)
def test_a_length_that_is_there_is_not_supplied_whatever_its_case(header):
    raw, supplied = complete(f"POST / HTTP/1.1\nHost: 127.0.0.1\n{header}\n\nbody", "here:1")
    assert raw == f"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\n{header}\r\n\r\nbody".encode("ascii")
    assert len(supplied) == 1


def test_a_header_whose_name_only_resembles_one_does_not_count():
    raw, _ = complete("POST / HTTP/1.1\nX-Host: a\nContent-Length-Hint: 1\n\nbody", "here:1")
    assert b"\r\nHost: here:1\r\n" in raw
    assert b"\r\nContent-Length: 4\r\n" in raw


def test_a_host_in_the_body_is_no_header():
    raw, _ = complete("POST / HTTP/1.1\n\nHost: in the body", "here:1")
    assert raw.startswith(b"POST / HTTP/1.1\r\nHost: here:1\r\n")


def test_a_request_without_a_body_gets_no_length():
    raw, supplied = complete("GET / HTTP/1.1", "here:1")
    assert raw == b"GET / HTTP/1.1\r\nHost: here:1\r\n\r\n"
    assert supplied == ("CRLF at the end of each line", "Host: here:1")


def test_the_length_counts_bytes_and_not_letters():
    raw, _ = complete("POST / HTTP/1.1\n\nü€𝄞", "here:1")
    assert b"Content-Length: 9\r\n\r\n\xc3\xbc\xe2\x82\xac\xf0\x9d\x84\x9e" in raw


def test_a_body_of_several_lines_keeps_its_lines_and_loses_the_last_line_end():
    raw, _ = complete("POST / HTTP/1.1\n\none\n\ntwo\n\tthree\n\n", "here:1")
    assert raw.endswith(b"Content-Length: 15\r\n\r\none\n\ntwo\n\tthree")


@pytest.mark.parametrize("typed", [TYPED, TYPED.replace("\n", "\r\n"), f"\n\n{TYPED}\n\n", f"\n{TYPED}".replace("\n", "\r\n")])
def test_line_ends_of_any_editor_and_empty_lines_around_make_no_difference(typed):
    assert complete(typed, "x") == complete(TYPED, "x")


def test_a_json_body_with_braces_goes_out_as_typed(run, server):
    body = '{"a": {"b": {"c": 1}}, "d": [{}], "e": "$HOME {server.url}"}'
    run(f"POST /token HTTP/1.1\nContent-Type: application/json\n\n{body}")
    assert server.exchanges[0].request.body == body.encode("ascii")


# Exactly as typed


@pytest.mark.parametrize(
    ("typed", "raw"),
    [
        ("GET / HTTP/1.1\nHost: 127.0.0.1\n\n", b"GET / HTTP/1.1\nHost: 127.0.0.1\n\n"),
        (r"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"),
        (r"a\tb\\c\x00\xfF\x0a", b"a\tb\\c\x00\xff\n"),
        (r"\\r\\x41\\\r", b"\\r\\x41\\\r"),
        (r"\q \x \x4 \xzz \u1234 \0 \N", rb"\q \x \x4 \xzz \u1234 \0 \N"),
        ("ü€", "ü€".encode("utf-8")),
        (r"\xc3\xbc", "ü".encode("utf-8")),
        ("a\\", b"a\\"),
        ("", b""),
    ],
)
def test_exact_text_stands_for_exact_bytes(typed, raw):
    assert exactly(typed) == raw


@pytest.mark.parametrize("line", ["{server.url} --exact", "--exact {server.url}", "  {server.url}   --exact  "])
def test_an_exact_cell_supplies_nothing_and_says_so(run, server, line):
    answer = run("GET /api/stations HTTP/1.1\\r\\nHost: 127.0.0.1\\r\\n\\r\\n", line)
    # The cell itself ends in one line end, which goes out too.
    assert answer.sent == b"GET /api/stations HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n\n"
    assert answer.supplied == ()
    assert repr(answer).startswith(f"Sent {len(answer.sent)} bytes, exactly as typed.")
    assert answer.response.status == 401


def test_a_wrong_length_can_be_sent_and_is_answered(run):
    answer = run("POST /token HTTP/1.1\nContent-Length: 3\n\ngrant_type=client_credentials")
    assert answer.response.status >= 400


# Variables


def test_a_name_in_double_braces_stands_for_the_variable(run, server):
    run("GET /api/stations HTTP/1.1\nAuthorization: Bearer {{token}}\nX-N: {{ number }}{{number}}", token="abc", number=7)
    request = server.exchanges[0].request
    assert request.header("authorization") == "Bearer abc"
    assert request.header("x-n") == "77"


def test_a_value_is_not_searched_for_names_again(run, server):
    run("GET / HTTP/1.1\nX-A: {{a}}", a="{{b}}", b="no")
    assert server.exchanges[0].request.header("x-a") == "{{b}}"


@pytest.mark.parametrize("text", ["{{}}", "{{a.b}}", "{{a b}}", "{ {a} }", "{a}", '{{"a"}}'])
def test_other_braces_are_text(run, server, text):
    run(f"GET / HTTP/1.1\nX-A: {text}", a="no")
    assert server.exchanges[0].request.header("x-a") == text


def test_an_unknown_name_is_refused_before_anything_is_sent(run, server):
    with pytest.raises(UsageError, match=r"The cell uses \{\{tokn\}\}, and there is no variable tokn\. Run the cell that sets it"):
        run("GET / HTTP/1.1\nAuthorization: Bearer {{tokn}}", token="abc")
    assert server.exchanges == []


# What goes wrong


@pytest.mark.parametrize("line", ["", "--exact", "http://127.0.0.1:1 http://127.0.0.1:2", "http://127.0.0.1:1 --exactly", "-h"])
def test_missing_and_extra_arguments_are_refused_with_what_is_expected(run, line):
    with pytest.raises(UsageError, match=r"Expected: %%http http://127\.0\.0\.1:9400 \[--exact\]"):
        run(TYPED, line)


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:9400",
        "localhost:9400",
        "https://127.0.0.1:9400",
        "ftp://x",
        "http://",
        "http:///token",
        "/token",
        "http://x:port",
        "http://x:99999",
        "http://[::1",
        f"http://{'a' * 70}.x",
    ],
)
def test_an_address_that_is_none_is_refused_with_what_is_expected(run, url):
    with pytest.raises(UsageError, match=r"Expected: %%http http://127\.0\.0\.1:9400"):
        run(TYPED, url)


def test_a_server_that_was_never_started_is_told_from_a_wrong_address(shell):
    assert "server" not in shell.user_ns
    result = shell.run_cell(f"%%http {{server.url}}\n{TYPED}", store_history=False)
    assert isinstance(result.error_in_exec, UsageError)
    assert "has the cell that starts the server run?" in str(result.error_in_exec)


def test_a_port_where_nobody_listens_is_told_with_what_to_do(run):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        free = listener.getsockname()[1]
    with pytest.raises(UsageError, match=rf"Nobody answers at http://127\.0\.0\.1:{free} .*Run the cell that starts the server"):
        run(TYPED, f"http://127.0.0.1:{free}")


def test_a_path_in_the_address_is_told_where_it_belongs(run):
    with pytest.raises(UsageError, match="the path /token in the address; it belongs into the first line"):
        run(TYPED, "http://127.0.0.1:9400/token")


def test_a_usage_error_is_told_without_a_traceback(shell, capsys):
    shell.run_cell(f"%%http\n{TYPED}", store_history=False)
    said = capsys.readouterr()
    assert "UsageError: Saw ''" in said.out + said.err
    assert "Traceback" not in said.out + said.err


def test_a_server_that_hangs_up_without_an_answer_is_shown_as_no_answer(run):
    with PlainServer() as server:
        answer = run(TYPED, server.url)
    assert answer.received == b""
    assert answer.response is None
    assert "no answer" in repr(answer)
    assert "no answer" in words(answer._repr_html_())


def test_a_server_that_hangs_up_without_reading_is_shown_as_no_answer(run):
    with PlainServer(reads=0) as server:
        answer = run(f"POST / HTTP/1.1\n\n{'x' * 3_000_000}", server.url)
    assert answer.received == b""


def test_an_answer_that_comes_before_the_whole_request_was_read_is_shown(run):
    with PlainServer(b"HTTP/1.1 413 Content Too Large\r\nContent-Length: 0\r\n\r\n", stays=True, reads=10) as server:
        answer = send_raw(server.url, b"POST / HTTP/1.1\r\n\r\nshort body")
    assert answer.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    "pieces",
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"2\r\nde\r\n0\r\n", b"\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n", b"\r\nab", b"cde"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde"),
        (b"HTTP/1.1 204 No Content\r\n", b"\r\n"),
        (b"H", b"TTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r", b"\n"),
    ],
    ids=["chunked", "in pieces", "after an interim answer", "without a body", "byte by byte"],
)
def test_an_answer_that_ends_is_not_waited_for_any_longer(run, pieces):
    began = time.monotonic()
    with PlainServer(*pieces, stays=True, pause=0.01) as server:
        answer = send_raw(server.url, b"GET / HTTP/1.1\r\n\r\n")
    assert answer == b"".join(pieces)
    assert time.monotonic() - began < 5


def test_an_answer_without_a_length_is_read_until_the_server_hangs_up():
    pieces = [b"HTTP/1.0 200 OK\r\n\r\n", b"one", b"two"]
    with PlainServer(*pieces, pause=0.01) as server:
        assert send_raw(server.url, b"GET / HTTP/1.0\r\n\r\n") == b"".join(pieces)


def test_the_answer_to_head_ends_with_its_headers(run):
    began = time.monotonic()
    answer = run("HEAD /api/stations HTTP/1.1")
    assert int(answer.response.header("content-length")) > 0
    assert answer.response.body == b""
    assert time.monotonic() - began < 2


def test_the_final_answer_is_awaited_where_the_request_expects_to_continue(run):
    answer = run(TYPED.replace("\n", "\nExpect: 100-continue\n", 1))
    assert answer.response.status == 200
    assert "access_token" in repr(answer)


@pytest.mark.parametrize(
    "pieces",
    [(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",), (b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 50), (b"",)],
    ids=["stops half-way", "never stops", "silent"],
)
def test_an_answer_that_does_not_end_in_time_is_shown_as_far_as_it_came(monkeypatch, pieces):
    monkeypatch.setattr(http_cell, "ANSWER_SECONDS", 0.2)
    began = time.monotonic()
    with PlainServer(*pieces, stays=True, pause=0.05) as server:
        answer = send_raw(server.url, b"GET / HTTP/1.1\r\n\r\n")
    assert 0.1 < time.monotonic() - began < 2
    assert b"".join(pieces).startswith(answer)
    assert bool(answer) == bool(pieces[0])


def test_an_answer_that_is_no_http_is_shown_as_it_is(run):
    with PlainServer(b"SSH-2.0-OpenSSH_9.6\r\n\x00\xff<b>") as server:
        answer = run(TYPED, server.url)
    assert answer.response is None
    for form in (repr(answer), html.unescape(answer._repr_html_())):
        assert "SSH-2.0-OpenSSH_9.6" in form
        assert r"\x00\xff<b>" in form


# How it is shown


def test_the_text_form_shows_every_line_of_the_answer(run):
    answer = run(TYPED)
    text = repr(answer)
    for line in answer.received.split(b"\r\n\r\n")[0].decode("ascii").split("\r\n"):
        assert f"< {line}" in text
    assert "access_token" in text


def test_the_html_form_marks_the_token_as_a_secret(run):
    answer = run(TYPED)
    token = re.search(rb'"access_token": "([^"]+)"', answer.received)[1].decode("ascii")
    assert f'<mark title="secret">{token}</mark>' in answer._repr_html_()


def test_nothing_in_an_answer_or_a_request_becomes_markup(run):
    evil = f"HTTP/1.1 200 {ATTACK}\r\n{ATTACK}: {ATTACK}\r\nContent-Length: {len(ATTACK)}\r\n\r\n{ATTACK}".encode("ascii")
    with PlainServer(evil) as server:
        answer = run(f"GET / HTTP/1.1\nHost: {ATTACK}", server.url)
    assert "<script" not in answer._repr_html_()
    with PlainServer(ATTACK.encode("ascii")) as server:
        assert "<script" not in run(TYPED, server.url)._repr_html_()
    assert "<script" not in RawAnswer(b"", b"", (ATTACK,))._repr_html_()

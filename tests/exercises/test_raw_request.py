"""Bytes that are right pass however they are made, and those that are wrong fail with their message."""

import base64
import http.client
import json
import re
import shutil
import socket
import subprocess
import urllib.request
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import httpx
import pytest
import requests
from exercise_proof import solved, without_line_number

from exercises import check

FORM = "application/x-www-form-urlencoded"
#: A wrong request may leave the server waiting, and its client with it.
IMPATIENT = 0.2


def form(client_id: str, client_secret: str) -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}


def body_of(client_id: str, client_secret: str) -> bytes:
    return urlencode(form(client_id, client_secret)).encode("ascii")


def head_for(host: str, port: int, path: str, body: bytes) -> str:
    return (
        f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Type: {FORM}\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )


def send(host: str, port: int, raw: bytes, seconds: float = 10) -> bytes:
    with socket.create_connection((host, port), timeout=seconds) as connection:
        connection.sendall(raw)
        received = b""
        while data := connection.recv(65536):
            received += data
        return received


def token_in(answer: bytes) -> str:
    return json.loads(answer.partition(b"\r\n\r\n")[2])["access_token"]


# Right answers, in many spellings


def basic_over_a_socket(host, port, path, client_id, client_secret):
    pair = base64.b64encode(f"{quote_plus(client_id)}:{quote_plus(client_secret)}".encode("ascii")).decode("ascii")
    body = b"grant_type=client_credentials"
    head = head_for(host, port, path, body).replace("Connection: close", f"Connection: close\r\nAuthorization: Basic {pair}")
    return token_in(send(host, port, head.encode("ascii") + body))


def as_many_bytes_as_the_answer_says(host, port, path, client_id, client_secret):
    body = body_of(client_id, client_secret)
    head = head_for(host, port, path, body).replace("Connection: close\r\n", "")
    with socket.create_connection((host, port), timeout=10) as connection, connection.makefile("rwb") as stream:
        stream.write(head.encode("ascii") + body)
        stream.flush()
        if b" 200 " not in stream.readline():
            raise ValueError("refused")
        length = 0
        while (line := stream.readline()) != b"\r\n":
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
        return json.loads(stream.read(length))["access_token"]


def the_end_of_what_is_sent_is_shown(host, port, path, client_id, client_secret):
    body = body_of(client_id, client_secret)
    with socket.create_connection((host, port), timeout=10) as connection:
        connection.sendall(head_for(host, port, path, body).encode("ascii"))
        connection.sendall(body)
        connection.shutdown(socket.SHUT_WR)
        return token_in(b"".join(iter(lambda: connection.recv(1000), b"")))


def percent_encoded_by_hand(host, port, path, client_id, client_secret):
    pairs = (f"{name}={quote(value, safe='')}" for name, value in form(client_id, client_secret).items())
    body = "&".join(pairs).encode("ascii")
    return token_in(send(host, port, head_for(host, port, path, body).encode("ascii") + body))


def chunks(host, port, path, client_id, client_secret):
    body = body_of(client_id, client_secret)
    head = re.sub(r"Content-Length: \d+", "Transfer-Encoding: chunked", head_for(host, port, path, body))
    raw = head.encode("ascii") + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    return token_in(send(host, port, raw))


def http_1_0(host, port, path, client_id, client_secret):
    body = body_of(client_id, client_secret)
    return token_in(send(host, port, head_for(host, port, path, body).replace("HTTP/1.1", "HTTP/1.0").encode("ascii") + body))


def requests_library(host, port, path, client_id, client_secret):
    answer = requests.post(f"http://{host}:{port}{path}", data=form(client_id, client_secret), timeout=10)
    answer.raise_for_status()
    return answer.json()["access_token"]


def httpx_library(host, port, path, client_id, client_secret):
    pair = (quote_plus(client_id), quote_plus(client_secret))
    grant = {"grant_type": "client_credentials"}
    answer = httpx.post(f"http://{host}:{port}{path}", data=grant, auth=pair, trust_env=False, timeout=10)
    return answer.raise_for_status().json()["access_token"]


def urllib_library(host, port, path, client_id, client_secret):
    with urllib.request.urlopen(f"http://{host}:{port}{path}", body_of(client_id, client_secret), timeout=10) as answer:
        return json.load(answer)["access_token"]


def http_client_library(host, port, path, client_id, client_secret):
    connection = http.client.HTTPConnection(host, port, timeout=10)
    connection.request("POST", path, body_of(client_id, client_secret), {"Content-Type": f"{FORM}; charset=utf-8"})
    answer = json.loads(connection.getresponse().read())
    connection.close()
    return answer["access_token"]


def curl(host, port, path, client_id, client_secret):
    command = [shutil.which("curl"), "-q", "-sS", "--noproxy", "*", "--fail", "--max-time", "10", f"http://{host}:{port}{path}"]
    command += ["--data", "@-"]
    ran = subprocess.run(command, input=body_of(client_id, client_secret), check=True, capture_output=True)
    return json.loads(ran.stdout)["access_token"]


RIGHT = [
    solved("raw_request"),
    basic_over_a_socket,
    as_many_bytes_as_the_answer_says,
    the_end_of_what_is_sent_is_shown,
    percent_encoded_by_hand,
    chunks,
    http_1_0,
    requests_library,
    httpx_library,
    urllib_library,
    http_client_library,
    curl,
]


@pytest.mark.parametrize("function", RIGHT, ids=lambda function: function.__name__)
def test_a_right_answer_passes_in_any_spelling(function):
    result = check("raw_request", function)
    assert result.passed, result
    assert [outcome.points for outcome in result.outcomes] == [4, 2, 2, 1, 1]


# Wrong answers. Each is a mistake that people make.


def sends(
    change: Callable[[str, bytes], bytes], read: Callable[[bytes], object] = token_in, seconds: float = 10
) -> Callable:
    """A function that sends what `change` makes of the right head and body."""

    def function(host, port, path, client_id, client_secret):
        body = body_of(client_id, client_secret)
        return read(send(host, port, change(head_for(host, port, path, body), body), seconds))

    return function


def without(name: str) -> Callable:
    return sends(lambda head, body: re.sub(rf"{name}: [^\r]*\r\n", "", head).encode("ascii") + body)


def replacing(old: str, new: str, seconds: float = 10) -> Callable:
    return sends(lambda head, body: head.replace(old, new).encode("ascii") + body, seconds=seconds)


def with_length(change: Callable[[int], object]) -> Callable:
    def changed(head: str, body: bytes) -> bytes:
        return re.sub(r"(?<=Content-Length: )\d+", str(change(len(body))), head).encode("ascii") + body

    return sends(changed, seconds=IMPATIENT)


def a_host_without_its_port(host, port, path, client_id, client_secret):
    body = body_of(client_id, client_secret)
    head = head_for(host, port, path, body).replace(f"{host}:{port}", host)
    return token_in(send(host, port, head.encode("ascii") + body))


def a_host_copied_from_the_lesson(host, port, path, client_id, client_secret):
    body = body_of(client_id, client_secret)
    head = head_for(host, port, path, body).replace(f"{host}:{port}", "127.0.0.1:9400")
    return token_in(send(host, port, head.encode("ascii") + body))


def everything_in_the_url(host, port, path, client_id, client_secret):
    target = f"{path}?{urlencode(form(client_id, client_secret))}"
    return token_in(send(host, port, head_for(host, port, target, b"").encode("ascii")))


def a_path_written_into_the_code(host, port, path, client_id, client_secret):
    return solved("raw_request")(host, port, "/token", client_id, client_secret)


def a_glued_body(host, port, path, client_id, client_secret):
    body = f"grant_type=client_credentials&client_id={client_id}&client_secret={client_secret}".encode("utf-8")
    return token_in(send(host, port, head_for(host, port, path, body).encode("ascii") + body))


def a_length_of_characters(host, port, path, client_id, client_secret):
    secret = quote_plus(client_secret) if client_secret.isascii() else client_secret
    text = f"grant_type=client_credentials&client_id={client_id}&client_secret={secret}"
    head = head_for(host, port, path, text)
    return token_in(send(host, port, (head + text).encode("utf-8")))


def latin_1(host, port, path, client_id, client_secret):
    body = urlencode(form(client_id, client_secret), encoding="latin-1", errors="replace").encode("ascii")
    return token_in(send(host, port, head_for(host, port, path, body).encode("ascii") + body))


def a_json_body(host, port, path, client_id, client_secret):
    body = json.dumps(form(client_id, client_secret)).encode("ascii")
    head = head_for(host, port, path, body).replace(FORM, "application/json")
    return token_in(send(host, port, head.encode("ascii") + body))


def a_single_recv(host, port, path, client_id, client_secret):
    body = body_of(client_id, client_secret)
    with socket.create_connection((host, port), timeout=10) as connection:
        connection.sendall(head_for(host, port, path, body).encode("ascii") + body)
        return token_in(connection.recv(65536))


def a_token_cut_out_of_whatever_came(host, port, path, client_id, client_secret):
    body = body_of(client_id, client_secret)
    answer = send(host, port, head_for(host, port, path, body).encode("ascii") + body)
    found = re.search(rb'"access_token": "([^"]+)"', answer)
    return found and found[1].decode("ascii")


def loses_the_end_of_the_body(host, port, path, client_id, client_secret):
    body = body_of(client_id, client_secret)
    try:
        return token_in(send(host, port, head_for(host, port, path, body).encode("ascii") + body[:-4], IMPATIENT))
    except TimeoutError:
        return None


def sends_it_twice(*arguments):
    solved("raw_request")(*arguments)
    return solved("raw_request")(*arguments)


def never_sends(*arguments):
    return "token"


BARE_LF = "a line of the head ends with a bare LF, \\n"
NO_EMPTY_LINE = "the server still waits for the end of the headers: no empty line came"

# Which function, the number of the first scenario that fails, the points it gets, and what is said of it.
WRONG = {
    "bare line feeds": (sends(lambda head, body: head.replace("\r", "").encode("ascii") + body), 0, 0, BARE_LF),
    "an empty line of a bare LF": (replacing("\r\n\r\n", "\r\n\n"), 0, 0, BARE_LF),
    "no empty line": (
        sends(lambda head, body: head.removesuffix("\r\n").encode("ascii") + body, seconds=IMPATIENT),
        0,
        0,
        NO_EMPTY_LINE,
    ),
    "no version": (replacing(" HTTP/1.1", ""), 0, 0, "the first line is 'POST /oauth2/token'"),
    "two spaces in the first line": (replacing("POST ", "POST  "), 0, 0, "the first line is 'POST  /oauth2/token HTTP/1.1'"),
    "GET": (replacing("POST", "GET"), 0, 0, "the request line is GET /oauth2/token HTTP/1.1"),
    "no Host": (without("Host"), 0, 0, "the request has no Host header"),
    "no Content-Type": (without("Content-Type"), 0, 0, "the Content-Type is absent"),
    "no Content-Length": (without("Content-Length"), 0, 0, "the request has no Content-Length"),
    "a length that is one too large": (with_length(lambda length: length + 1), 0, 0, "Content-Length says 94, and 93 bytes of body came"),
    "a length that is one too small": (with_length(lambda length: length - 1), 0, 0, "Content-Length says 92, and 93 bytes of body came"),
    "a length of 0": (with_length(lambda length: 0), 0, 0, "Content-Length says 0, and 93 bytes of body came"),
    "a length that is no number": (with_length(lambda length: "len(body)"), 0, 0, "the Content-Length is 'len(body)'"),
    "a host without its port": (a_host_without_its_port, 0, 0, "the Host header is 127.0.0.1"),
    "a host from the lesson": (a_host_copied_from_the_lesson, 0, 0, "the Host header is another than the address that was called"),
    "everything in the URL": (everything_in_the_url, 0, 0, "the request line is POST /oauth2/token?... HTTP/1.1"),
    "a path in the code": (a_path_written_into_the_code, 0, 0, "the request line is POST /token HTTP/1.1"),
    "a JSON body": (a_json_body, 0, 0, "the Content-Type is application/json"),
    "a grant that is misspelled": (
        sends(lambda head, body: head.encode("ascii") + body.replace(b"_credentials", b"-credentials")),
        0,
        0,
        "the body does not say grant_type=client_credentials",
    ),
    "a glued body": (
        a_glued_body,
        1,
        8,
        "for a secret with & = + % and a space, the server answered 401: "
        "The client is unknown or its secret is wrong: check client_id and client_secret.",
    ),
    "a length of characters": (a_length_of_characters, 2, 8, "Content-Length says 83, and 87 bytes of body came"),
    "Latin-1": (
        latin_1,
        2,
        8,
        "for a secret with letters beyond ASCII, the server answered 400: "
        "The body is not form-encoded: byte 0xfc is not valid UTF-8.",
    ),
    "one recv": (
        a_single_recv,
        3,
        9,
        "of an answer of more than 64 KiB your function did not read the end: "
        "your function raised JSONDecodeError: Unterminated string starting at: line 1 column 107 (char 106) "
        '(line N of token_in: return json.loads(answer.partition(b"\\r\\n\\r\\n")[2])["access_token"])',
    ),
    "a token cut out of whatever came": (
        a_token_cut_out_of_whatever_came,
        4,
        9,
        "the server answered 401 invalid_client, and your function returned None",
    ),
    "the whole answer": (
        sends(lambda head, body: head.encode("ascii") + body, lambda answer: answer.decode("ascii")),
        0,
        0,
        "the server sent a token, and your function returned a str that is not the token alone",
    ),
    "bytes": (
        sends(lambda head, body: head.encode("ascii") + body, lambda answer: token_in(answer).encode("ascii")),
        0,
        1,
        "the server sent a token, and your function returned a bytes that is not the token alone",
    ),
    "nothing returned": (
        sends(lambda head, body: head.encode("ascii") + body, lambda answer: print(end="")),
        0,
        0,
        "the server sent a token, and your function returned None",
    ),
    "reading until the server hangs up, which it does not": (
        replacing("Connection: close\r\n", "", IMPATIENT),
        0,
        1,
        "the server sent a token, and your function raised TimeoutError: timed out "
        '(line N of send: while data := connection.recv(65536):)',
    ),
    "losing the end of the body": (loses_the_end_of_the_body, 0, 0, "Content-Length says 93, and 89 bytes of body came"),
    "two requests": (sends_it_twice, 0, 1, "2 requests reached the server in one call"),
    "no request": (never_sends, 0, 0, "no request reached the address that was passed in; your function returned 'token'"),
}


@pytest.mark.parametrize(("function", "fails_first", "points", "seen"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_fails_with_its_message_and_twice_with_the_same(function, fails_first, points, seen):
    first, second = check("raw_request", function), check("raw_request", function)
    failed = [number for number, outcome in enumerate(first.outcomes) if not outcome.passed]
    assert without_line_number(first.outcomes[failed[0]].unmet.seen) == seen
    assert failed[0] == fails_first
    assert (first.passed, first.points) == (False, points), first
    assert repr(first) == repr(second)

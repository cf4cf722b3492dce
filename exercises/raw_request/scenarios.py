"""Raw request: `raw_token_request(host, port, path, client_id, client_secret)` writes the bytes and returns the access token."""

import json
import re

from exercises.scenario import Call, Exercise, Scenario, Stage, expect
from mock_server.web.form import FORM
from mock_server.web.messages import Request, Response
from mock_server.web.wire import head_length, split_head

HOST = "127.0.0.1"
# Not /token, so that a path written into the code is noticed.
PATH = "/oauth2/token"
# Longer than one recv of 65536 bytes, and short enough for the record to keep whole.
MANY_SCOPES = tuple(f"station-{number:04}:{'read' * 20}" for number in range(1000))


def _call(stage: Stage, client_id: str, client_secret: str) -> Call:
    return stage.call(HOST, stage.server.port, PATH, client_id, client_secret)


def _expect_token_request(stage: Stage, call: Call) -> Request:
    """The request that reached the server, after its bytes were looked at from the first line to the last."""
    if stage.exchanges:
        raw = stage.exchanges[0].raw_request
        _expect_request_line(raw)
        _expect_whole_head(raw)
        _expect_headers(stage)
        _expect_right_length(stage)
    request = stage.only_request(call)
    expect(
        b"grant_type=client_credentials" in request.body.split(b"&"),
        seen="the body does not say grant_type=client_credentials",
        expected="grant_type=client_credentials, spelled exactly so, among the pairs of the body",
        why="grant_type says which flow the client asks for (RFC 6749 §4.4.2).",
        hint="How does the server learn which flow you want?",
    )
    return request


def _expect_request_line(raw: bytes) -> None:
    line = raw.lstrip(b"\r\n").partition(b"\n")[0].rstrip(b"\r").decode("latin-1")
    method, _, rest = line.partition(" ")
    target, _, version = rest.partition(" ")
    # What stands behind the question mark may be a secret.
    path, question_mark, _ = target.partition("?")
    expect(
        re.fullmatch(r"HTTP/1\.[01]", version) is not None,
        seen=f"the first line is {line.partition('?')[0][:80]!r}",
        expected="a method, a path and HTTP/1.1, with one space between them",
        why="A request line has three parts (RFC 9112 §3).",
        hint="Which of the three parts is missing, or stands in the wrong place?",
    )
    expect(
        not question_mark,
        seen=f"the request line is {method[:20]} {path[:60]}?... {version}",
        expected="the parameters in the body, none in the request line",
        why="URLs end up in logs; client credentials 'MUST NOT be included in the request URI' (RFC 6749 §2.3.1).",
        hint="Which bytes of your request does a log keep, and in which do your parameters stand?",
    )
    expect(
        (method, target) == ("POST", PATH),
        seen=f"the request line is {method[:20]} {target[:60]} {version}",
        expected=f"POST {PATH} HTTP/1.1",
        why="The client must use POST for a token request (RFC 6749 §3.2); the path is an argument.",
        hint="Which parts of the request line does your code write itself, and which does it take from its arguments?",
    )


def _expect_whole_head(raw: bytes) -> None:
    expect(
        head_length(raw) is not None,
        seen="the server still waits for the end of the headers: no empty line came",
        expected="an empty line between the headers and the body, that is, CRLF CRLF",
        why="An empty line ends the headers (RFC 9112 §2.1); without it the body is read as one more header.",
        hint="With which bytes does your last header end, and what comes before the first byte of the body?",
    )
    lines = split_head(raw)[0].split(b"\n")[:-1]
    expect(
        all(line.endswith(b"\r") for line in lines) and b"\r\n\r\n" in raw,
        seen="a line of the head ends with a bare LF, \\n",
        expected="CRLF, \\r\\n, at the end of each line, and CRLF CRLF before the body",
        why="HTTP ends its lines with CRLF (RFC 9112 §2.1).",
        hint="What does \\n in a Python string put on the wire, and what does a triple-quoted string put there?",
    )


def _expect_headers(stage: Stage) -> None:
    request, authority = stage.exchanges[0].request, f"{HOST}:{stage.server.port}"
    hosts = request.header_lines("host")
    expect(
        len(hosts) == 1,
        seen=f"the request has {len(hosts) or 'no'} Host header{'s' if len(hosts) > 1 else ''}",
        expected="one Host header: the host, a colon and the port",
        why="A request of HTTP/1.1 must have one Host header (RFC 9112 §3.2).",
        hint="How would a machine that serves several names know which of them you mean?",
    )
    expect(
        hosts[0] == authority,
        seen=f"the Host header is {'another than the address that was called' if ':' in hosts[0] else hosts[0][:60]}",
        expected="the host, a colon and the port that were passed in",
        why="Host says what the client calls, with the port unless it is the scheme's own (RFC 9110 §7.2 and §4.2.3).",
        hint="Which port does a Host header without one stand for?",
    )
    expect(
        request.media_type == FORM,
        seen=f"the Content-Type is {request.media_type or 'absent'}",
        expected=FORM,
        why="The token endpoint reads form encoding, and the header says so (RFC 6749 §4.4.2).",
        hint="Which header tells the server how to read the body?",
    )


def _expect_right_length(stage: Stage) -> None:
    """Content-Length is the number of bytes that came behind the head. A body in chunks has no such header (RFC 9112 §6.2)."""
    exchanges = stage.exchanges
    request = exchanges[0].request
    if "chunked" in (request.header("transfer-encoding") or "").lower():
        return
    declared = request.header("content-length")
    expect(
        declared is not None and declared.isdecimal(),
        seen="the request has no Content-Length" if declared is None else f"the Content-Length is {declared[:20]!r}",
        expected="Content-Length: and the number of bytes in the body",
        why="Without a Content-Length a request has no body, whatever follows the empty line (RFC 9112 §6.3).",
        hint="How does the server know where your body ends, when the connection stays open?",
    )
    # What is more than was declared stands in the record as the begin of another request.
    sent = len(exchanges[0].raw_request) - head_length(exchanges[0].raw_request)
    rest = sum(len(each.raw_request) for each in exchanges[1:] if not each.raw_request.startswith(b"POST "))
    expect(
        sent + rest == int(declared),
        seen=f"Content-Length says {declared}, and {sent + rest} bytes of body came",
        expected="the number of bytes in the body, after it is encoded",
        why="Content-Length counts bytes, not characters (RFC 9110 §8.6); the server reads exactly so many.",
        hint="What does len() count in a str, and what in bytes? Which of the two do you send?",
    )


def _expect_token(stage: Stage, call: Call) -> None:
    """The call returned the very token that the server issued."""
    response = stage.only_answer()
    expect(
        response.status == 200,
        seen=f"the server answered {response.status}: {_description(response)}",
        expected="200 with an access token",
        why="A valid request from a known client is answered with a token (RFC 6749 §5.1).",
        hint="The description says what the server missed. What do your bytes say instead?",
    )
    expect(
        call.raised is None,
        seen=f"the server sent a token, and {call.story}",
        expected="the access token as the return value",
        why="The answer is there, up to the byte that its Content-Length names; the server keeps the connection open (RFC 9112 §9.3).",
        hint="How does your code know that it has read the whole answer?",
    )
    issued, returned = json.loads(response.body)["access_token"], call.returned
    expect(
        returned == issued and type(returned) is str,
        seen="the server sent a token, and your function returned "
        + ("None" if returned is None else f"a {type(returned).__name__} that is not the token alone"),
        expected="the access token alone, a str",
        why="The body of the answer is JSON, and its member access_token is the token (RFC 6749 §5.1).",
        hint="Where does the head of the answer end, and which member of the JSON behind it do you return?",
    )


def _description(response: Response) -> str:
    fields = json.loads(response.body)
    return fields.get("error_description") or fields.get("detail", "")


def _expect_token_for(stage: Stage, client_secret: str, about: str, why: str, hint: str) -> None:
    client = stage.new_client(secret=client_secret)
    call = _call(stage, client.id, client.secret)
    _expect_token_request(stage, call)
    response = stage.only_answer()
    expect(
        response.status == 200,
        seen=f"for a secret {about}, the server answered {response.status}: {_description(response)}",
        expected="200 with an access token, for any secret",
        why=why,
        hint=hint,
    )
    _expect_token(stage, call)


def the_server_reads_the_bytes(stage: Stage) -> None:
    client = stage.new_client()
    call = _call(stage, client.id, client.secret)
    _expect_token_request(stage, call)
    _expect_token(stage, call)


def reserved_characters_arrive(stage: Stage) -> None:
    _expect_token_for(
        stage,
        client_secret="k7&x=9+%41 z",
        about="with & = + % and a space",
        why="In a form these characters have a meaning of their own; inside a value they are percent-encoded (RFC 6749 appendix B).",
        hint="Which bytes of your body are names and separators, and which are the secret?",
    )


def other_letters_arrive(stage: Stage) -> None:
    _expect_token_for(
        stage,
        client_secret="Schlüssel-鍵-é",
        about="with letters beyond ASCII",
        why="Values are encoded in UTF-8 first, then for the form (RFC 6749 appendix B).",
        hint="Which encoding turns the letters of the secret into bytes in your code?",
    )


def a_long_answer_is_read_whole(stage: Stage) -> None:
    client = stage.new_client(scopes=MANY_SCOPES)
    call = _call(stage, client.id, client.secret)
    _expect_token_request(stage, call)
    # The beginning of the answer may be all that a function takes; then the server is still sending.
    expect(
        call.raised is None,
        seen=f"of an answer of more than 64 KiB your function did not read the end: {call.story}",
        expected="reading until as many bytes of body have come as the answer's Content-Length says",
        why="TCP hands over bytes as they come; one recv may return any part of an answer (RFC 9112 §6.3 says where it ends).",
        hint="What does recv return when only half of the answer has arrived?",
    )
    _expect_token(stage, call)


def a_refusal_raises(stage: Stage) -> None:
    client = stage.new_client()
    call = _call(stage, client.id, f"not-{client.secret}")
    _expect_token_request(stage, call)
    response = stage.only_answer()
    expect(
        response.status == 401,
        seen=f"the server answered {response.status}: {_description(response)}",
        expected="401, for a request that is right but for its secret",
        why="Only a request that the server can read shows what happens when the secret is wrong (RFC 6749 §5.2).",
        hint="Which of the scenarios above fails for the same reason? Mend that one first.",
    )
    expect(
        isinstance(call.raised, Exception),
        seen=f"the server answered 401 invalid_client, and {call.story}",
        expected="an exception",
        why="An answer other than 200 holds no token (RFC 6749 §5.2); a caller that gets a value goes on as if it did.",
        hint="Where does the status stand in the bytes of the answer, and does your code look at it?",
    )


EXERCISE = Exercise(
    id="raw_request",
    title="Write the request by hand",
    function="raw_token_request",
    objective=(
        "Write raw_token_request(host, port, path, client_id, client_secret): it writes a token request as bytes, "
        "sends it, returns the access token, and raises on any refusal."
    ),
    hints=(
        "Write the whole request on paper first: a first line, headers, an empty line, a body. Which part depends on which?",
        "Make the body first, as bytes: urlencode(...).encode('ascii'). Then its length is len(body), and the head can name it.",
        "Read in a loop until recv returns b''. The server hangs up by itself only if you send Connection: close.",
    ),
    scenarios=(
        Scenario("the server reads the bytes and sends a token", 4, the_server_reads_the_bytes),
        Scenario("a secret with & = + % and a space arrives whole", 2, reserved_characters_arrive),
        Scenario("a secret with letters beyond ASCII arrives whole", 2, other_letters_arrive),
        Scenario("a long answer is read to its end", 1, a_long_answer_is_read_whole),
        Scenario("a refusal raises", 1, a_refusal_raises),
    ),
)

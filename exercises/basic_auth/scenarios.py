"""Basic: `basic_token(token_url, client_id, client_secret)` proves the client in the Authorization header, form-encoded inside."""

import base64
import binascii
import json

from exercises.scenario import Call, Exercise, Scenario, Stage, expect
from mock_server.web.form import FORM, FormError, form_decode, parse_form
from mock_server.web.messages import Request, Response

PATH = "/oauth2/token"
# Each of `+ % : / &` and the space means something in a form or in Basic. The tildes put a + into the base64, wherever they
# stand in it, and the length is more than one line of MIME's.
RESERVED = "k7+x%41:z/9& y~~~" + 50 * "m"
BEYOND_ASCII = "Schlüssel-鍵-é"
# An id that is a URN: its colons are not the one between id and secret.
ID_WITH_COLONS = "urn:example:reports 7"


def _call(stage: Stage, client_id: str, client_secret: str) -> Call:
    return stage.call(stage.server.url + PATH, client_id, client_secret)


def _expect_basic(stage: Stage, call: Call) -> tuple[str, str]:
    """What stands before and behind the colon inside Basic, in a request that has everything else right."""
    request = stage.only_request(call)
    expect(
        (request.method, request.target) == ("POST", PATH),
        seen=f"the request line starts with {request.method} {request.path[:60]}{'?...' if request.query else ''}",
        expected="POST, and the path of the address that was passed in, without a query",
        why="A token request is a POST (RFC 6749 §3.2), and credentials 'MUST NOT be included in the request URI' (§2.3.1).",
        hint="Which function of your library sends a POST, and which argument goes into the URL?",
    )
    _expect_grant_alone(request)
    return _pair(request)


def _expect_grant_alone(request: Request) -> None:
    try:
        fields = dict(parse_form(request.body))
    except FormError:
        fields = {}
    expect(
        request.media_type == FORM and fields.get("grant_type") == "client_credentials",
        seen=f"the Content-Type is {request.media_type or 'absent'}, and the body {_how_the_grant_stands(request, fields)}",
        expected=f"{FORM}, with grant_type=client_credentials in the body",
        why="Basic says who asks; the body still says what for, as a form (RFC 6749 §4.4.2).",
        hint="What is left of the body when the credentials move into a header?",
    )
    twice = [name for name in ("client_id", "client_secret") if name in fields]
    expect(
        not twice,
        seen=f"the body has {' and '.join(twice)}" + (", and there is an Authorization header too" if _lines(request) else ""),
        expected="the credentials in the Authorization header, and none in the body",
        why="A client uses one authentication method in each request (RFC 6749 §2.3).",
        hint="Where do the credentials stand now, and where else?",
    )


def _how_the_grant_stands(request: Request, fields: dict[str, str]) -> str:
    if request.body.startswith(b"{"):
        return "is JSON"
    return f"says grant_type={fields['grant_type'][:60]}" if "grant_type" in fields else "says no grant_type"


def _lines(request: Request) -> list[str]:
    return request.header_lines("authorization")


def _pair(request: Request) -> tuple[str, str]:
    lines = _lines(request)
    expect(
        len(lines) == 1,
        seen=f"the request has {len(lines) or 'no'} Authorization header{'s' if len(lines) > 1 else ''}",
        expected="one header: Authorization: Basic and the credentials in base64",
        why="HTTP Basic is a header (RFC 7617 §2), and every authorization server takes it (RFC 6749 §2.3.1).",
        hint="Which argument of requests makes an Authorization header? And how would you write it yourself?",
    )
    scheme, _, credentials = lines[0].partition(" ")
    expect(
        scheme.lower() == "basic" and bool(credentials),
        seen=f"the Authorization header is {'one word' if not credentials else f'of the scheme {scheme[:20]}'}",
        expected="the word Basic, a space, and the credentials in base64",
        why="The first word names the scheme (RFC 9110 §11.4). You have no token yet, so it cannot be Bearer.",
        hint="Which scheme does the header name, and what comes behind that word?",
    )
    try:
        text = base64.b64decode(credentials.strip(" "), validate=True)
    except binascii.Error:
        text = None
    expect(
        text is not None,
        seen=f"what follows Basic is not base64: {_why_not_base64(credentials)}",
        expected="base64 in one piece, of the letters A-Z a-z 0-9 + / and = at the end",
        why="Basic uses the first alphabet of RFC 4648 (§4), not the one for URLs, and no line ends (RFC 7617 §2).",
        hint="base64 in Python has several functions that encode. Which alphabet does yours use, and does it add line ends?",
    )
    client_id, colon, secret = text.decode("latin-1").partition(":")
    expect(
        bool(colon),
        seen="the text inside Basic holds no colon",
        expected="client id, colon, client secret: the colon itself is not encoded",
        why="The first colon ends the client id (RFC 7617 §2), so only id and secret are encoded, before they are joined.",
        hint="What do you encode: the two parts, or the whole?",
    )
    return client_id, secret


def _why_not_base64(credentials: str) -> str:
    if ":" in credentials:
        return "it holds a colon"
    if set(credentials) & set("-_"):
        return "it holds - or _, which belong to the alphabet for URLs"
    return "it holds a character that is not in the alphabet, or its end is missing"


def _expect_encoded_once(part: str, value: str, name: str, report: str) -> None:
    """`part` is `value`, form-encoded: once, in UTF-8, and not left as it is."""
    decoded = _decoded(part)
    how = f"does not decode to the {name} that was passed in"
    if _is_as_it_was(part, value):
        how = "is not form-encoded: it stands there as it is"
    elif decoded is not None and _decoded(decoded) == value:
        how = "is form-encoded twice"
    expect(
        decoded == value,
        seen=f"the {name} inside Basic {how}",
        expected=f"the {name} form-encoded, once: a plus becomes %2B, a percent sign %25, a colon %3A",
        why=f"Id and secret are each form-encoded, in UTF-8, before they are joined (RFC 6749 §2.3.1 and appendix B); {report}.",
        hint="Which function of urllib.parse turns one value into what a form would hold? Where do you call it, and how often?",
    )


def _is_as_it_was(part: str, value: str) -> bool:
    """Whether that is the value in UTF-8 or Latin-1 with nothing encoded. A colon may have cut an id short."""
    sent = part.encode("latin-1")
    return any(value.encode(charset, "ignore").startswith(sent) for charset in ("utf-8", "latin-1")) and len(sent) > 0


def _decoded(text: str) -> str | None:
    try:
        return form_decode(text)
    except FormError:
        return None


def _expect_token(stage: Stage, call: Call) -> None:
    response = stage.only_answer()
    expect(
        response.status == 200,
        seen=f"the server answered {response.status} {_error(response)}: {_description(response)}",
        expected="200 with an access token",
        why="A valid request from a known client is answered with a token (RFC 6749 §5.1).",
        hint="The description says what the server missed. What does your request say instead?",
    )
    issued, returned = json.loads(response.body)["access_token"], call.returned
    expect(
        call.raised is None and type(returned) is str and returned == issued,
        seen=f"the server sent a token, and {call.story}",
        expected="the access token alone as the return value, a str",
        why="The access_token member of the answer is the token (RFC 6749 §5.1).",
        hint="What does your last line return, and which member of the answer is the token?",
    )


def _error(response: Response) -> str:
    fields = json.loads(response.body)
    return fields.get("error") or fields.get("title", "")


def _description(response: Response) -> str:
    fields = json.loads(response.body)
    return fields.get("error_description") or fields.get("detail", "")


def a_client_proves_itself_with_basic(stage: Stage) -> None:
    client = stage.new_client()
    call = _call(stage, client.id, client.secret)
    client_id, secret = _expect_basic(stage, call)
    expect(
        (client_id, secret) != (client.secret, client.id),
        seen="inside Basic the client secret stands before the colon",
        expected="the client id, a colon, the client secret",
        why="What stands before the first colon is read as the id (RFC 7617 §2).",
        hint="In which order do you join the two?",
    )
    _expect_token(stage, call)


def reserved_characters_arrive(stage: Stage) -> None:
    client = stage.new_client(secret=RESERVED)
    call = _call(stage, client.id, client.secret)
    _, secret = _expect_basic(stage, call)
    _expect_encoded_once(secret, client.secret, "client secret", "requests/requests-oauthlib#568 tells what happens otherwise")
    _expect_token(stage, call)


def an_id_with_colons_arrives(stage: Stage) -> None:
    secret = stage.new_client().secret
    stage.server.clients.register(ID_WITH_COLONS, secret)
    call = _call(stage, ID_WITH_COLONS, secret)
    client_id, _ = _expect_basic(stage, call)
    _expect_encoded_once(client_id, ID_WITH_COLONS, "client id", "authlib/authlib#595 tells of an id with a colon")
    _expect_token(stage, call)


def other_letters_arrive(stage: Stage) -> None:
    client = stage.new_client(secret=BEYOND_ASCII)
    call = _call(stage, client.id, client.secret)
    _, secret = _expect_basic(stage, call)
    _expect_encoded_once(secret, client.secret, "client secret", "then all that goes into base64 is ASCII")
    _expect_token(stage, call)


def a_wrong_secret_raises(stage: Stage) -> None:
    client = stage.new_client()
    call = _call(stage, client.id, f"not-{client.secret}")
    _expect_basic(stage, call)
    response = stage.only_answer()
    expect(
        isinstance(call.raised, Exception),
        seen=f"with a wrong secret, the server answered {response.status} {_error(response)}, and {call.story}",
        expected="an exception",
        why="An answer other than 200 holds no token (RFC 6749 §5.2); a caller that gets a value goes on as if it did.",
        hint="Which method of a requests response raises when the status is 400 or more?",
    )


EXERCISE = Exercise(
    id="basic_auth",
    title="Prove the client with Basic",
    function="basic_token",
    objective=(
        "Write basic_token(token_url, client_id, client_secret): it authenticates with HTTP Basic alone, "
        "returns the access token, and raises on any refusal."
    ),
    hints=(
        "Decode the Authorization header of your own request with base64. Can you still tell the id from the secret?",
        "RFC 6749 §2.3.1 has one step more than HTTP Basic elsewhere. It comes before the two are joined.",
        "quote_plus(client_id) and quote_plus(client_secret) first, then Basic as ever: requests takes them in auth=.",
    ),
    scenarios=(
        Scenario("a client proves itself with Basic, and with nothing else", 3, a_client_proves_itself_with_basic),
        Scenario("a secret with + % : / & and a space arrives whole", 3, reserved_characters_arrive),
        Scenario("a client id with colons arrives whole", 2, an_id_with_colons_arrives),
        Scenario("a secret with letters beyond ASCII arrives whole", 1, other_letters_arrive),
        Scenario("a wrong secret raises", 1, a_wrong_secret_raises),
    ),
)

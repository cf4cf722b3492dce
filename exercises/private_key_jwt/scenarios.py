"""A signed assertion: `get_token(token_url, client_id, private_jwk, now)` proves who it is by a signature and returns a token."""

import json
import re
from urllib.parse import parse_qs, unquote_plus

from exercises.scenario import Call, Credentials, Exercise, Scenario, Stage, Unmet, expect
from mock_server.oauth.client_assertion import ASSERTION_TYPE
from mock_server.oauth.signed_jwt import PRIVATE_MEMBERS, PUBLIC_MEMBERS, SignedJWT, UnreadableJWT, read_jwt
from mock_server.oauth.signing_keys import fresh_key
from mock_server.web.messages import Request
from mock_server.web.wire import is_whole_answer

# Not /token, so that a path written into the code is noticed.
PATH = "/oauth2/token"
MOST_LIFETIME = 300
DAY = 86_400
JWK = dict[str, str]


def _new_key(algorithm: str = "ES256") -> JWK:
    """A private JWK that says for which algorithm it is."""
    made = fresh_key(algorithm, 0)
    members = (*PUBLIC_MEMBERS[made["kty"]], *PRIVATE_MEMBERS, "kid")
    return {member: made[member] for member in members if member in made} | {"alg": algorithm}


def _public(key: JWK) -> JWK:
    return {member: value for member, value in key.items() if member not in PRIVATE_MEMBERS}


def _client_of(stage: Stage, key: JWK) -> Credentials:
    return stage.new_client(auth_methods=("private_key_jwt",), jwks=(_public(key),))


def _call(stage: Stage, client: Credentials, key: JWK) -> Call:
    return stage.call(stage.server.url + PATH, client.id, dict(key), stage.server.clock.now())


def _first_request(stage: Stage, call: Call) -> Request:
    try:
        return stage.only_request(call)
    except Unmet as unmet:
        unmet.seen = _without_times(unmet.seen)
        raise


def _without_times(text: str) -> str:
    """Seconds since 1970 are other ones at every check, and a lifetime may be a second longer or shorter."""
    text = re.sub(r"\b\d{9,}(\.\d+)?\b", "<time>", text)
    return re.sub(r"it lives (\d+) seconds", lambda found: f"it lives {round(int(found[1]), -1)} seconds", text)


def _parameters(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}


def _assertion(request: Request) -> SignedJWT:
    """The assertion in the request. Unmet where there is none that can be read."""
    parameters = _parameters(request)
    rule = {
        "expected": "client_assertion_type and client_assertion in a form body, the second of them a signed JWT",
        "why": "These two parameters stand in the place of a secret (RFC 7523 §2.2).",
        "hint": "Which two names does RFC 7523 §2.2 give, and does requests send them as a form (data=)?",
    }
    names = ", ".join(parameters) or "no form parameters"
    expect("client_assertion" in parameters, seen=f"the body has {names}", **rule)
    expect(
        parameters.get("client_assertion_type") == ASSERTION_TYPE,
        seen=f"client_assertion_type is {parameters.get('client_assertion_type', 'absent')[:80]}",
        expected=ASSERTION_TYPE,
        why="The type says what kind of proof client_assertion is; it is this text, to the letter (RFC 7523 §2.2).",
        hint="How is the type spelled in RFC 7523 §2.2, and which dashes and colons are in it?",
    )
    try:
        return read_jwt(parameters["client_assertion"])
    except UnreadableJWT as error:
        raise Unmet(seen=f"client_assertion cannot be read: {error}", **rule) from None


def _answer(stage: Stage, number: int) -> tuple[int, dict]:
    """Status and JSON members of the answer to that exchange. Unmet where the function did not wait for it."""
    exchange = stage.exchanges[number]
    if exchange.response is None or not is_whole_answer(exchange.raw_response, exchange.request.method):
        stage.only_answer()
    return exchange.response.status, json.loads(exchange.response.body)


def _refusal(status: int, members: dict) -> str:
    error = members.get("error") or members.get("title", "")
    description = members.get("error_description") or members.get("detail", "")
    return _without_times(f"the server answered {status} {error}: {description}")


def _expect_token(stage: Stage, call: Call, what: str = "", number: int = 0) -> None:
    """The server issued a token for that exchange, and the call returned it."""
    status, members = _answer(stage, number)
    expect(
        status == 200,
        seen=f"{what}{_refusal(status, members)}",
        expected="200 with an access token",
        why="A client whose assertion has the right claims and a signature of its key gets a token (RFC 7523 §3, RFC 6749 §5.1).",
        hint="The description says what the server missed. Which claim, header or parameter is that in your function?",
    )
    story = _without_times(call.story)
    if call.raised is None and call.returned is not None:
        story = f"your function returned {'another text' if type(call.returned) is str else f'a {type(call.returned).__name__}'}"
    expect(
        type(call.returned) is str and call.returned == members["access_token"],
        seen=f"{what}the server sent a token, and {story}",
        expected="the access token as the return value, a str",
        why="The access_token member of the answer is what the caller needs (RFC 6749 §5.1).",
        hint="What does the last line of your function give back, and is there a return?",
    )


def _expect_no_private_key(request: Request, key: JWK) -> None:
    text = unquote_plus(request.target) + str(request.headers) + unquote_plus(request.body.decode("utf-8", "replace"))
    sent = text + (json.dumps([jwt.header, jwt.claims]) if (jwt := _read(request)) else "")
    expect(
        not any(key[member] in sent for member in PRIVATE_MEMBERS & key.keys()) and "PRIVATE KEY" not in sent,
        seen="the private key crossed the wire",
        expected="a signature, and at most the public key",
        why="Whoever has the private key is the client. It never leaves the client; the server holds the public one (RFC 7517 §9.2).",
        hint="The parts of a JWT are base64url, and not encrypted. What do you put into its header, or beside it?",
    )
    expect(
        "client_secret" not in _parameters(request) and request.header("authorization") is None,
        seen="the request has a client_secret or an Authorization header",
        expected="the assertion as the only proof",
        why="A client must use one method of authentication in a request (RFC 6749 §2.3), and this one has no secret.",
        hint="Which argument of your request is left over from a client that has a secret?",
    )


def _read(request: Request) -> SignedJWT | None:
    try:
        return read_jwt(_parameters(request).get("client_assertion", ""))
    except UnreadableJWT:
        return None


def a_signed_assertion_gets_a_token(stage: Stage) -> None:
    key = _new_key()
    client = _client_of(stage, key)
    call = _call(stage, client, key)
    request = _first_request(stage, call)
    audience = _assertion(request).claims.get("aud")
    _expect_token(stage, call)
    named = audience if isinstance(audience, list) else [audience]
    expect(
        len(named) == 1,
        seen=f"aud names {len(named)} audiences",
        expected="this authorization server alone",
        why="Each one that aud names could show the assertion to the others, as if it were the client (RFC 7523 §3, item 3).",
        hint="For whom else is this assertion good?",
    )


def the_private_key_stays_at_home(stage: Stage) -> None:
    key = _new_key("RS256")
    client = _client_of(stage, key)
    call = _call(stage, client, key)
    request = _first_request(stage, call)
    _expect_no_private_key(request, key)
    _assertion(request)
    _expect_token(stage, call, "for a key with the alg RS256, ")


def the_key_says_the_algorithm(stage: Stage) -> None:
    key = _new_key("EdDSA")
    client = _client_of(stage, key)
    call = _call(stage, client, key)
    _assertion(_first_request(stage, call))
    _expect_token(stage, call, "for a key with the alg EdDSA, ")


def the_assertion_is_short_lived(stage: Stage) -> None:
    # Not today, so that only a function that goes by its argument is right.
    stage.server.clock.advance(2 * DAY)
    key = _new_key()
    client = _client_of(stage, key)
    now = stage.server.clock.now()
    call = _call(stage, client, key)
    assertion = _assertion(_first_request(stage, call))
    _expect_token(stage, call, "at the time now that was passed in, ")
    lifetime = assertion.claims["exp"] - now
    expect(
        lifetime <= MOST_LIFETIME + 5,
        seen=f"the assertion is good for {round(lifetime / 60)} minutes",
        expected=f"{MOST_LIFETIME // 60} minutes at most; one is plenty",
        why="It is made for one request. Whoever finds it later must find it worthless; a server may refuse one that ends late (RFC 7523 §3, item 4).",
        hint="How long does a request take?",
    )


def each_request_has_its_own_assertion(stage: Stage) -> None:
    key = _new_key()
    client = _client_of(stage, key)
    first = _call(stage, client, key)
    _assertion(_first_request(stage, first))
    _expect_token(stage, first)
    # Two calls may fall into one second; jti must differ all the same.
    second = stage.call(stage.server.url + PATH, client.id, dict(key), stage.server.clock.now())
    expect(
        len(stage.exchanges) == 2,
        seen=f"in the second call, {len(stage.exchanges) - 1} requests reached the server",
        expected="one request in each call",
        why="Each call asks for a token of its own, with an assertion of its own (RFC 7523 §3, item 7).",
        hint="What does your function keep from the first call?",
    )
    _expect_token(stage, second, "in the second call, ", 1)


def a_refusal_raises(stage: Stage) -> None:
    key = _new_key()
    client = _client_of(stage, _new_key())
    call = _call(stage, client, key)
    _assertion(_first_request(stage, call))
    status, members = _answer(stage, 0)
    expect(
        "not signed with a key that is registered" in members.get("error_description", ""),
        seen=_refusal(status, members),
        expected="an assertion that is right but for its key",
        why="Only an assertion that the server can read shows what happens when the key is the problem (RFC 7521 §4.2.1).",
        hint="Which of the scenarios above fails for the same reason? Mend that one first.",
    )
    expect(
        isinstance(call.raised, Exception),
        seen=f"with a key that is not registered, the server answered {status} {members['error']}, and {_without_times(call.story)}",
        expected="an exception that a caller can handle, that is, a kind of Exception",
        why="An answer other than 200 holds no token (RFC 6749 §5.2); a caller that gets a value goes on as if it did.",
        hint="Which method of a requests response raises when the status is 400 or more?",
    )


EXERCISE = Exercise(
    id="private_key_jwt",
    title="A signed assertion",
    function="get_token",
    objective=(
        "Write get_token(token_url, client_id, private_jwk, now): it proves who it is with a signed assertion, "
        "returns the access token and raises on any refusal."
    ),
    hints=(
        "What does the server know of this client, and what can only the owner of the private key make?",
        "The claims are iss, sub, aud, exp and jti (RFC 7523 §3). Two of them are the client_id. Which one must be new each time?",
        "With PyJWT: key = jwt.PyJWK(private_jwk), then jwt.encode(claims, key.key, key.algorithm_name).",
        f"Send a form with grant_type, client_assertion and client_assertion_type={ASSERTION_TYPE}, and no secret.",
    ),
    scenarios=(
        Scenario("a signed assertion gets a token", 3, a_signed_assertion_gets_a_token),
        Scenario("the private key stays at home", 2, the_private_key_stays_at_home),
        Scenario("the key says the algorithm", 1, the_key_says_the_algorithm),
        Scenario("the assertion is short-lived, by the time passed in", 2, the_assertion_is_short_lived),
        Scenario("each request has its own assertion", 1, each_request_has_its_own_assertion),
        Scenario("a key that is not registered raises", 1, a_refusal_raises),
    ),
)

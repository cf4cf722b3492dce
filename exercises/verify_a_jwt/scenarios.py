"""Verify a JWT: `verify(token, jwks_url, issuer, audience, now)` returns the claims of a good access token or raises."""

import requests

from exercises.scenario import Call, Exercise, Scenario, Stage, expect
from exercises.verify_a_jwt.forgeries import (
    claims_of,
    signed,
    signed_by_somebody_else,
    with_a_key_of_its_own,
    with_changed_claims,
    with_the_public_key_as_secret,
    without_signature,
)

PATH = "/jwks"
ALGORITHMS = ("ES256", "RS256", "EdDSA")
DAY = 86_400


def _real_token(stage: Stage, algorithm: str = "ES256", resources: tuple[str, ...] = ("/api",)) -> str:
    client = stage.new_client(access_token_format="jwt", token_signing_alg=algorithm)
    form = {"grant_type": "client_credentials", "resource": [stage.server.url + path for path in resources]}
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(f"{stage.server.url}/token", data=form, auth=(client.id, client.secret), timeout=10)
    return answer.json()["access_token"]


def _verify(stage: Stage, token: str, now: float | None = None) -> Call:
    url = stage.server.url
    return stage.call(token, url + PATH, url, f"{url}/api", stage.server.clock.now() if now is None else now)


def _fetches(stage: Stage) -> int:
    return sum(exchange.request is not None and exchange.request.path == PATH for exchange in stage.exchanges)


def _story(stage: Stage, call: Call) -> str:
    story = call.story
    for algorithm in ALGORITHMS:
        story = story.replace(stage.signing_key(algorithm).kid, "<kid>")
    return story


def _expect_accepted(stage: Stage, token: str, what: str, hint: str, now: float | None = None) -> None:
    call = _verify(stage, token, now)
    expect(
        call.raised is None,
        seen=f"{what}: {_story(stage, call)}",
        expected="its claims, as a dict",
        why="A token that its issuer signed, that is meant for this API and is not expired is to be accepted (RFC 9068 §4).",
        hint=hint,
    )
    expect(
        type(call.returned) is dict,
        seen=f"{what}: your function returned {'None' if call.returned is None else f'a {type(call.returned).__name__}'}",
        expected="its claims, as a dict",
        why="The API decides by the claims: who calls, and with which scope (RFC 9068 §2.2).",
        hint="What does the last line of your function give back, and is there a return?",
    )
    expect(
        call.returned == claims_of(token),
        seen=f"{what}: your function returned a dict that is not the claims of the token",
        expected="the claims as they stand in the token, and nothing else",
        why="The claims are the payload, the part between the two dots (RFC 7519 §3).",
        hint="Is it the header that you return, or the claims with something added?",
    )


def _expect_good(stage: Stage) -> str:
    """Whoever refuses everything proves nothing: first a good token, which is given back."""
    token = _real_token(stage)
    _expect_accepted(stage, token, "a good token", "Which line raised, and what does it demand that the token does not have?")
    return token


def _expect_refused(stage: Stage, token: str, what: str, *, expected: str, why: str, hint: str, now: float | None = None) -> None:
    call = _verify(stage, token, now)
    returned = "its claims" if type(call.returned) is dict else _story(stage, call).removeprefix("your function returned ")
    expect(
        call.raised is not None,
        seen=f"{what}: your function returned {returned}",
        expected=f"an exception: {expected}",
        why=why,
        hint=hint,
    )
    expect(
        isinstance(call.raised, Exception),
        seen=f"{what}: {_story(stage, call)}",
        expected="an exception that a caller can handle, that is, a kind of Exception",
        why="SystemExit ends the whole API because of one bad token, and anybody can send one.",
        hint="Which line ends the program, and what could it raise instead?",
    )


def good_tokens_give_their_claims(stage: Stage) -> None:
    for algorithm in ALGORITHMS:
        _expect_accepted(
            stage,
            _real_token(stage, algorithm),
            f"a good token, signed with {algorithm}",
            "Which member of the key says for which algorithm it is, and how do you find the key that the token names?",
        )
    _expect_accepted(
        stage,
        _real_token(stage, resources=("/mcp", "/api")),
        "a good token whose aud is a list that names this API",
        "aud may be one text or a list of texts (RFC 7519 §4.1.3). Does your comparison take both?",
    )


def forged_tokens_raise(stage: Stage) -> None:
    token = _expect_good(stage)
    key, claims = stage.signing_key(), claims_of(token)
    forged = [
        ("a token whose claims were changed after it was signed", with_changed_claims(token)),
        ("a token that somebody else signed, under the kid of the server's key", signed_by_somebody_else(key, claims)),
        ("a token that brings the key it was signed with, as jwk in its header", with_a_key_of_its_own(key, claims)),
    ]
    for what, forgery in forged:
        _expect_refused(
            stage,
            forgery,
            what,
            expected="no key of the authorization server has made this signature",
            why="Anybody can write claims; only the signature by a key of the JWK Set proves who did (RFC 9068 §4, RFC 7515 §5.2).",
            hint="With which key does your function check the signature, and who chose that key?",
        )


def the_token_does_not_choose_the_algorithm(stage: Stage) -> None:
    token = _expect_good(stage)
    key, claims = stage.signing_key(), claims_of(token)
    for forgery in without_signature(key, claims):
        _expect_refused(
            stage,
            forgery,
            "a token without a signature, with alg none",
            expected="alg none is never good",
            why='A resource server must refuse a token with the alg "none" (RFC 9068 §4).',
            hint="Where does your list of algorithms come from: from the key, or from the token?",
        )
    for forgery in with_the_public_key_as_secret(key, claims):
        _expect_refused(
            stage,
            forgery,
            "a token with alg HS256, whose secret is the server's public key",
            expected="the key in the JWK Set says for which algorithm it is, and HS256 is not that",
            why="Everybody knows the public key. Each key is for one algorithm, and that is checked (RFC 8725 §2.1, §3.1).",
            hint="Where does your list of algorithms come from: from the key, or from the token?",
        )


def tokens_for_others_raise(stage: Stage) -> None:
    key, claims = stage.signing_key(), claims_of(_expect_good(stage))
    issuer, audience = claims["iss"], claims["aud"]
    _expect_refused(
        stage,
        signed(key, claims | {"iss": f"{issuer}.example"}),
        "a token of another issuer, whose name begins like the right one",
        expected="iss is not the issuer, to the letter",
        why="iss must be exactly the issuer that this API trusts (RFC 9068 §4).",
        hint="Do you compare iss with the issuer, and as a whole?",
    )
    for aud, what in ((f"{audience}-of-others", "whose aud"), ([f"{audience}-of-others"], "where the one aud of a list")):
        _expect_refused(
            stage,
            signed(key, claims | {"aud": aud}),
            f"a token for another API, {what} begins like the right one",
            expected="aud does not name this API",
            why="aud must name this very API (RFC 9068 §4); or whoever gets a token could use it elsewhere.",
            hint="If aud is a text, what does `audience in aud` compare?",
        )
    for typ, what in (("JWT", "with typ JWT"), (None, "without typ")):
        _expect_refused(
            stage,
            signed(key, claims, typ),
            f"a JWT {what}, made for another purpose with the same key",
            expected="only typ at+jwt is an access token",
            why="typ must be at+jwt, so that no other JWT of the server is taken for an access token (RFC 9068 §4, RFC 8725 §3.11).",
            hint="In which of the three parts does typ stand, and what do you do where it is absent?",
        )


def time_ends_a_token(stage: Stage) -> None:
    # Not today, so that only a function that goes by its argument is right.
    stage.server.clock.advance(2 * DAY)
    token = _real_token(stage)
    _expect_accepted(
        stage,
        token,
        "a token that is good at the time now",
        "Which clock does your library read? Which of its options turn its own checks of time off?",
        stage.server.clock.now() + 10,
    )
    claims = claims_of(token)
    rule = {
        "why": "The time now must be before exp (RFC 9068 §4); leeway for clocks that differ is minutes at most (RFC 7519 §4.1.4).",
        "hint": "With what do you compare exp, and what happens where there is none?",
    }
    _expect_refused(
        stage, token, "a token an hour after its exp", expected="it has expired by now", now=claims["exp"] + 3600, **rule
    )
    endless = {name: value for name, value in claims.items() if name != "exp"}
    _expect_refused(stage, signed(stage.signing_key(), endless), "a token without exp", expected="exp is required", **rule)


def a_new_key_is_fetched_and_an_old_one_forgotten(stage: Stage) -> None:
    token = _expect_good(stage)
    later = stage.server.clock.now() + 600
    stage.server.rotate_keys(overlap=0)
    _expect_accepted(
        stage,
        _real_token(stage),
        "after the server changed its keys, a token with a kid that your function has not met",
        "When it does not know the kid, does your function give up, wait (cooldown_duration of PyJWKClient), or fetch the set again?",
        later,
    )
    _expect_refused(
        stage,
        token,
        "a token of the key that the server has withdrawn",
        now=later,
        expected="the key is not in the JWK Set any more",
        why="The JWK Set holds the keys that the server vouches for (RFC 7517 §5). One that has left it may have leaked.",
        hint="When you fetch the set again, do the new keys replace the old ones, or join them?",
    )


def the_keys_are_not_fetched_for_every_token(stage: Stage) -> None:
    tokens = [_expect_good(stage), *(_real_token(stage) for _ in range(4))]
    for token in tokens[1:]:
        _expect_accepted(stage, token, "a good token", "Which line raised, and what does it demand that the token does not have?")
    expect(
        _fetches(stage) >= 1,
        seen="the JWK Set was not fetched, and the tokens were accepted",
        expected="one request for the JWK Set",
        why="Without the server's public keys no signature can be checked (RFC 9068 §4).",
        hint="With which key does your function check the signature?",
    )
    expect(
        _fetches(stage) == 1,
        seen=f"for {len(tokens)} tokens of one key the JWK Set was fetched {_fetches(stage)} times",
        expected="one request for the JWK Set; then its keys are kept",
        why="A JWT is there so that an API need not ask for each call; the answer allows to keep the set (Cache-Control, RFC 9111 §5.2.2).",
        hint="Where could the keys stay between two calls of your function?",
    )


EXERCISE = Exercise(
    id="verify_a_jwt",
    title="Verify a JWT",
    function="verify",
    objective="Write verify(token, jwks_url, issuer, audience, now): it returns the claims of a good access token and raises for any other.",
    hints=(
        "Who says which key and which algorithm are used: the token, or the authorization server?",
        "Read kid from the header, find that key in the JWK Set, and take the algorithm from the key. Then check typ, iss, aud and exp.",
        "With PyJWT: key = jwt.PyJWK(member_of_the_set), then jwt.decode(token, key, algorithms=[key.algorithm_name], issuer=..., audience=...).",
        'PyJWT reads the computer\'s clock: options={"verify_exp": False, "verify_iat": False} turns that off. Compare claims["exp"] with now yourself.',
        "Keep the keys by kid. Where the kid is not among them, fetch the set and let it replace what you kept.",
    ),
    scenarios=(
        Scenario("good tokens give their claims", 1, good_tokens_give_their_claims),
        Scenario("forged tokens raise", 3, forged_tokens_raise),
        Scenario("the token does not choose the algorithm", 1, the_token_does_not_choose_the_algorithm),
        Scenario("tokens for others and other JWTs raise", 2, tokens_for_others_raise),
        Scenario("time ends a token", 1, time_ends_a_token),
        Scenario("a new key is fetched, and an old one forgotten", 1, a_new_key_is_fetched_and_an_old_one_forgotten),
        Scenario("the keys are not fetched for every token", 1, the_keys_are_not_fetched_for_every_token),
    ),
)

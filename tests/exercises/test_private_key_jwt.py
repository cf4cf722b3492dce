"""Right answers pass with any library, and wrong ones fail with their message."""

import base64
import functools
import json
import secrets
import time
import urllib.request
from urllib.parse import urlencode

import httpx
import jwt
import pytest
import requests
from authlib.oauth2.rfc7523 import private_key_jwt_sign
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, utils
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from exercise_proof import solved, without_line_number
from joserfc import jwt as jose_jwt
from joserfc.jwk import import_key

from exercises import check

TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def claims_for(token_url, client_id, now) -> dict[str, object]:
    return {"iss": client_id, "sub": client_id, "aud": token_url, "exp": int(now) + 60, "jti": secrets.token_hex(16)}


def signed(claims, private_jwk, **header) -> str:
    key = jwt.PyJWK(private_jwk)
    return jwt.encode(claims, key.key, key.algorithm_name, header)


def form(assertion) -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_assertion_type": TYPE, "client_assertion": assertion}


def sent(token_url, data, **settings) -> str:
    answer = requests.post(token_url, data=data, timeout=10, **settings)
    answer.raise_for_status()
    return answer.json()["access_token"]


# Right answers, in many spellings


def pyjwt_with_client_id_and_scope(token_url, client_id, private_jwk, now):
    assertion = signed(claims_for(token_url, client_id, now), private_jwk, kid=private_jwk["kid"])
    return sent(token_url, form(assertion) | {"client_id": client_id, "scope": "readings:read"})


def the_issuer_as_audience_in_a_list(token_url, client_id, private_jwk, now):
    claims = claims_for(token_url, client_id, now) | {"aud": [token_url.removesuffix("/oauth2/token")], "nbf": int(now) - 5}
    return sent(token_url, form(signed(claims, private_jwk, typ="client-authentication+jwt")))


def with_the_public_key_in_the_header(token_url, client_id, private_jwk, now):
    public = {name: value for name, value in private_jwk.items() if name in ("kty", "crv", "x", "y", "n", "e")}
    return sent(token_url, form(signed(claims_for(token_url, client_id, now), private_jwk, jwk=public)))


def joserfc_and_httpx(token_url, client_id, private_jwk, now):
    header = {"alg": private_jwk["alg"], "kid": private_jwk["kid"]}
    key = import_key(private_jwk)
    assertion = jose_jwt.encode(header, claims_for(token_url, client_id, now), key, algorithms=[private_jwk["alg"]])
    answer = httpx.post(token_url, data=form(assertion), trust_env=False, timeout=10)
    answer.raise_for_status()
    return answer.json()["access_token"]


def authlib_for_five_minutes(token_url, client_id, private_jwk, now):
    assertion = private_key_jwt_sign(
        import_key(private_jwk), client_id, token_url, alg=private_jwk["alg"], issued_at=int(now), expires_at=int(now) + 300
    )
    return sent(token_url, form(assertion))


def base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def by_hand(token_url, client_id, private_jwk, now):
    parts = {"alg": private_jwk["alg"]}, claims_for(token_url, client_id, now)
    data = ".".join(base64url(json.dumps(part).encode("ascii")) for part in parts)
    key = jwt.PyJWK(private_jwk).key
    if isinstance(key, ec.EllipticCurvePrivateKey):
        pair = utils.decode_dss_signature(key.sign(data.encode("ascii"), ec.ECDSA(hashes.SHA256())))
        signature = b"".join(number.to_bytes(32, "big") for number in pair)
    elif isinstance(key, ed25519.Ed25519PrivateKey):
        signature = key.sign(data.encode("ascii"))
    else:
        signature = key.sign(data.encode("ascii"), padding.PKCS1v15(), hashes.SHA256())
    body = urlencode(form(f"{data}.{base64url(signature)}")).encode("ascii")
    with urllib.request.urlopen(token_url, body, timeout=10) as answer:
        return json.load(answer)["access_token"]


RIGHT = [
    solved("private_key_jwt"),
    pyjwt_with_client_id_and_scope,
    the_issuer_as_audience_in_a_list,
    with_the_public_key_in_the_header,
    joserfc_and_httpx,
    authlib_for_five_minutes,
    by_hand,
]


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")
@pytest.mark.parametrize("get_token", RIGHT, ids=lambda function: function.__name__)
def test_a_right_answer_passes_in_any_spelling(get_token):
    result = check("private_key_jwt", get_token)
    assert result.passed, result
    assert [outcome.points for outcome in result.outcomes] == [3, 2, 1, 2, 1, 1]


# Wrong answers. Each is a mistake that people make.


def with_claims(name, **changes):
    """A wrong answer whose claims differ: `None` takes one away, a function makes it of (token_url, client_id, now)."""

    def get_token(token_url, client_id, private_jwk, now):
        made = {claim: value(token_url, client_id, now) if callable(value) else value for claim, value in changes.items()}
        claims = claims_for(token_url, client_id, now) | made
        return sent(token_url, form(signed({claim: value for claim, value in claims.items() if value is not None}, private_jwk)))

    get_token.__name__ = name
    return get_token


def with_form(name, change):
    """A wrong answer whose form differs."""

    def get_token(token_url, client_id, private_jwk, now):
        made = form(signed(claims_for(token_url, client_id, now), private_jwk))
        return sent(token_url, change(made, private_jwk))

    get_token.__name__ = name
    return get_token


def as_pem(private_jwk) -> str:
    return jwt.PyJWK(private_jwk).key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii")


def a_json_body(token_url, client_id, private_jwk, now):
    answer = requests.post(token_url, json=form(signed(claims_for(token_url, client_id, now), private_jwk)), timeout=10)
    answer.raise_for_status()
    return answer.json()["access_token"]


def the_private_key_in_the_header(token_url, client_id, private_jwk, now):
    return sent(token_url, form(signed(claims_for(token_url, client_id, now), private_jwk, jwk=private_jwk)))


def the_key_as_a_secret(token_url, client_id, private_jwk, now):
    return sent(token_url, {"grant_type": "client_credentials"}, auth=(client_id, private_jwk["d"][:40]))


def an_empty_secret_beside_the_assertion(token_url, client_id, private_jwk, now):
    return sent(token_url, form(signed(claims_for(token_url, client_id, now), private_jwk)), auth=(client_id, ""))


def always_es256(token_url, client_id, private_jwk, now):
    key = jwt.PyJWK(private_jwk).key
    return sent(token_url, form(jwt.encode(claims_for(token_url, client_id, now), key, "ES256")))


def hs256_with_the_private_part(token_url, client_id, private_jwk, now):
    return sent(token_url, form(jwt.encode(claims_for(token_url, client_id, now), private_jwk["d"], "HS256")))


def the_clock_of_the_computer(token_url, client_id, private_jwk, now):
    return pyjwt_with_client_id_and_scope(token_url, client_id, private_jwk, time.time())


@functools.cache
def kept_assertion(token_url, client_id, private_jwk, now):
    return signed(claims_for(token_url, client_id, now), json.loads(private_jwk))


def the_same_assertion_again(token_url, client_id, private_jwk, now):
    return sent(token_url, form(kept_assertion(token_url, client_id, json.dumps(private_jwk), int(now) // 60 * 60)))


KEPT_TOKENS = {}


def the_same_token_again(token_url, client_id, private_jwk, now):
    if client_id not in KEPT_TOKENS:
        KEPT_TOKENS[client_id] = pyjwt_with_client_id_and_scope(token_url, client_id, private_jwk, now)
    return KEPT_TOKENS[client_id]


def asks_twice(token_url, client_id, private_jwk, now):
    pyjwt_with_client_id_and_scope(token_url, client_id, private_jwk, now)
    return pyjwt_with_client_id_and_scope(token_url, client_id, private_jwk, now)


def returns_the_dict(token_url, client_id, private_jwk, now):
    data = form(signed(claims_for(token_url, client_id, now), private_jwk))
    answer = requests.post(token_url, data=data, timeout=10)
    answer.raise_for_status()
    return answer.json()


def returns_the_assertion(token_url, client_id, private_jwk, now):
    assertion = signed(claims_for(token_url, client_id, now), private_jwk)
    sent(token_url, form(assertion))
    return assertion


def swallows_the_error(*arguments):
    try:
        return pyjwt_with_client_id_and_scope(*arguments)
    except requests.HTTPError:
        return None


def does_nothing(*arguments):
    return None


#: The scenario that fails first (0 to 5), the points that are left, what was seen.
WRONG = [
    (
        with_claims("no_issuer", iss=None),
        0,
        0,
        "the server answered 401 invalid_client: The client_assertion cannot be used: iss and sub must both "
        "be the client_id, saw iss absent and sub '<client id>'.",
    ),
    (
        with_claims("the_issuer_is_the_server", iss=lambda token_url, client_id, now: token_url),
        0,
        0,
        "the server answered 401 invalid_client: The client_assertion cannot be used: iss and sub must both "
        "be the client_id, saw iss 'http://<host>/oauth2/token' and sub '<client id>'.",
    ),
    (
        with_claims("no_subject", sub=None),
        0,
        0,
        "the server answered 401 invalid_client: The client_assertion cannot be used: iss and sub must both "
        "be the client_id, saw iss '<client id>' and sub absent.",
    ),
    (
        with_claims("no_audience", aud=None),
        0,
        0,
        "the server answered 401 invalid_client: The client_assertion cannot be used: aud is absent, "
        "expected one of http://<host> http://<host>/token http://<host>/oauth2/token.",
    ),
    (
        with_claims("the_api_as_audience", aud=lambda token_url, client_id, now: token_url.replace("/oauth2/token", "/api")),
        0,
        0,
        "the server answered 401 invalid_client: The client_assertion cannot be used: aud is "
        "'http://<host>/api', expected one of http://<host> http://<host>/token http://<host>/oauth2/token.",
    ),
    (
        with_claims("two_audiences", aud=lambda token_url, client_id, now: [token_url, "https://other.example"]),
        0,
        7,
        "aud names 2 audiences",
    ),
    (
        with_claims("no_end", exp=None),
        0,
        0,
        "the server answered 401 invalid_client: The client_assertion cannot be used: exp is absent, and "
        "without it the assertion would be good for ever.",
    ),
    (
        with_claims("an_hour", exp=lambda token_url, client_id, now: int(now) + 3600),
        3,
        8,
        "the assertion is good for 60 minutes",
    ),
    (
        with_claims("a_day", exp=lambda token_url, client_id, now: int(now) + 86_400),
        0,
        0,
        "the server answered 401 invalid_client: The client_assertion cannot be used: it lives 86400 "
        "seconds, at most 3600 are taken (the server's clock says <time>).",
    ),
    (
        with_claims("milliseconds", exp=lambda token_url, client_id, now: int(now * 1000) + 60_000),
        0,
        0,
        "the server answered 401 invalid_client: The client_assertion cannot be used: it lives <time> "
        "seconds, at most 3600 are taken (the server's clock says <time>).",
    ),
    (
        with_claims("no_jti", jti=None),
        0,
        0,
        "the server answered 401 invalid_client: The client_assertion cannot be used: jti is absent, "
        "expected a text that is new in each assertion.",
    ),
    (
        with_claims("one_jti_for_all", jti="1"),
        4,
        9,
        "in the second call, the server answered 401 invalid_client: This client_assertion was used before "
        "(the server has seen its jti): make a new one for each request.",
    ),
    (
        with_claims("the_hour_as_jti", jti=lambda token_url, client_id, now: f"{client_id}-{int(now) // 3600}"),
        4,
        9,
        "in the second call, the server answered 401 invalid_client: This client_assertion was used before "
        "(the server has seen its jti): make a new one for each request.",
    ),
    (
        with_claims("an_empty_jti", jti=""),
        0,
        0,
        "the server answered 401 invalid_client: The client_assertion cannot be used: jti is '', expected a "
        "text that is new in each assertion.",
    ),
    (
        with_form("no_type", lambda made, key: {name: made[name] for name in made if name != "client_assertion_type"}),
        0,
        0,
        "client_assertion_type is absent",
    ),
    (
        with_form("another_type", lambda made, key: made | {"client_assertion_type": TYPE.replace("client-assertion-type", "grant-type")}),
        0,
        0,
        "client_assertion_type is urn:ietf:params:oauth:grant-type:jwt-bearer",
    ),
    (
        with_form("as_the_jwt_bearer_grant", lambda made, key: {"grant_type": made["grant_type"], "assertion": made["client_assertion"]}),
        0,
        0,
        "the body has grant_type, assertion",
    ),
    (
        with_form("without_a_grant_type", lambda made, key: made | {"grant_type": ""}),
        0,
        1,
        "the server answered 400 invalid_request: The parameter grant_type is missing. A body looks like "
        "this: grant_type=client_credentials&client_id=...&client_secret=...",
    ),
    (
        with_form("without_a_signature", lambda made, key: made | {"client_assertion": made["client_assertion"].rpartition(".")[0]}),
        0,
        0,
        "client_assertion cannot be read: a JWT has three parts with a dot between, saw 2",
    ),
    (
        with_form("the_key_beside_the_assertion", lambda made, key: made | {"private_key": as_pem(key)}),
        1,
        8,
        "the private key crossed the wire",
    ),
    (
        with_form("the_key_as_client_secret", lambda made, key: made | {"client_secret": json.dumps(key)}),
        0,
        0,
        "the server answered 400 invalid_request: The client authenticated more than once in one request: "
        "send either one Authorization header or client_secret or client_assertion in the body, not two of "
        "them.",
    ),
    (a_json_body, 0, 0, "the body has no form parameters"),
    (the_private_key_in_the_header, 1, 8, "the private key crossed the wire"),
    (the_key_as_a_secret, 0, 0, "the body has grant_type"),
    (
        an_empty_secret_beside_the_assertion,
        0,
        0,
        "the server answered 400 invalid_request: The client authenticated more than once in one request: "
        "send either one Authorization header or client_secret or client_assertion in the body, not two of "
        "them.",
    ),
    (
        always_es256,
        1,
        7,
        "your function raised TypeError: Expecting a PEM-formatted key. (line N of always_es256: return "
        'sent(token_url, form(jwt.encode(claims_for(token_url, client_id, now), key, "ES256")))), and no '
        "request reached the address that was passed in",
    ),
    (
        hs256_with_the_private_part,
        0,
        1,
        "the server answered 401 invalid_client: The client is unknown, or the client_assertion is not "
        "signed with a key that is registered for it.",
    ),
    (
        the_clock_of_the_computer,
        3,
        8,
        "at the time now that was passed in, the server answered 401 invalid_client: The client_assertion "
        "cannot be used: exp is <time>, which is past: the server's clock says <time>.",
    ),
    (
        the_same_assertion_again,
        4,
        9,
        "in the second call, the server answered 401 invalid_client: This client_assertion was used before "
        "(the server has seen its jti): make a new one for each request.",
    ),
    (the_same_token_again, 4, 9, "in the second call, 0 requests reached the server"),
    (asks_twice, 0, 1, "2 requests reached the server in one call"),
    (returns_the_dict, 0, 1, "the server sent a token, and your function returned a dict"),
    (returns_the_assertion, 0, 1, "the server sent a token, and your function returned another text"),
    (
        swallows_the_error,
        5,
        9,
        "with a key that is not registered, the server answered 401 invalid_client, and your function "
        "returned None",
    ),
    (does_nothing, 0, 0, "no request reached the address that was passed in; your function returned None"),
]


@pytest.mark.parametrize(("get_token", "fails_first", "points", "seen"), WRONG, ids=lambda value: getattr(value, "__name__", None))
def test_a_wrong_answer_fails_with_its_message_and_twice_with_the_same(get_token, fails_first, points, seen):
    first, second = check("private_key_jwt", get_token), check("private_key_jwt", get_token)
    failed = [number for number, outcome in enumerate(first.outcomes) if not outcome.passed]
    assert without_line_number(first.outcomes[failed[0]].unmet.seen) == seen
    assert failed[0] == fails_first
    assert (first.passed, first.points) == (False, points), first
    assert repr(first) == repr(second)

"""Clients that prove themselves with a signature: RFC 7521, RFC 7523. PyJWT makes the assertions."""

import json

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from mock_server.oauth import client_assertion
from mock_server.oauth.client_assertion import ASSERTION_TYPE, MOST_LIFETIME
from plain_client import NOW, fields, token_request

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
ED_KEY = ed25519.Ed25519PrivateKey.generate()
SECRET = "a-shared-secret-that-is-32-bytes-long"
TOKEN_URL = "http://127.0.0.1:9400/token"


def jwk(key, algorithm) -> dict:
    return json.loads(jwt.get_algorithm_by_name(algorithm).to_jwk(key.public_key()))


@pytest.fixture
def application(application):
    application.clients.register("signer", None, auth_methods=("private_key_jwt",), jwks=(jwk(KEY, "ES256"),))
    application.clients.register("ed-signer", None, auth_methods=("private_key_jwt",), jwks=(jwk(ED_KEY, "EdDSA"),))
    application.clients.register("sharer", SECRET, auth_methods=("client_secret_jwt",))
    return application


def claims(client_id: str = "signer", **changes: object) -> dict:
    good = {"iss": client_id, "sub": client_id, "aud": TOKEN_URL, "exp": NOW + 60, "iat": NOW, "jti": "1"}
    return {name: value for name, value in (good | changes).items() if value is not None}


def ask(application, assertion: str, now: float = NOW, kind: str = ASSERTION_TYPE):
    body = f"grant_type=client_credentials&client_assertion_type={kind}&client_assertion={assertion}"
    return application.handle(token_request(body.encode("ascii")), now)


def test_a_client_that_signs_with_its_own_key_gets_a_token(application):
    assert ask(application, jwt.encode(claims(), KEY, "ES256")).status == 200
    assert ask(application, jwt.encode(claims("ed-signer"), ED_KEY, "EdDSA")).status == 200


def test_a_client_that_signs_with_its_secret_gets_a_token(application):
    assert ask(application, jwt.encode(claims("sharer"), SECRET, "HS256")).status == 200


@pytest.mark.parametrize("audience", ["http://127.0.0.1:9400", f"{TOKEN_URL}", ["x", "http://127.0.0.1:9400/oauth2/token"]])
def test_the_audience_is_the_issuer_or_the_token_endpoint(application, audience):
    assert ask(application, jwt.encode(claims(aud=audience), KEY, "ES256")).status == 200


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"exp": None}, "exp is absent"),
        ({"exp": NOW}, "which is past"),
        ({"exp": NOW + MOST_LIFETIME + 60}, "it lives"),
        ({"iat": NOW - MOST_LIFETIME}, "it lives"),
        ({"nbf": NOW + 60}, "nbf is"),
        ({"iat": NOW + 60}, "iat is"),
        ({"aud": "https://elsewhere.example"}, "aud is"),
        ({"aud": None}, "aud is absent"),
        ({"iss": "somebody"}, "iss and sub must both be the client_id"),
        ({"sub": None}, "iss and sub must both be the client_id"),
        ({"jti": None}, "jti is absent"),
    ],
)
def test_a_claim_that_is_missing_or_wrong_is_named(application, changes, said):
    refused = ask(application, jwt.encode(claims(**changes), KEY, "ES256"))
    assert (refused.status, fields(refused)["error"]) == (401, "invalid_client")
    assert said in fields(refused)["error_description"]


def test_an_assertion_is_good_for_one_request(application):
    assertion = jwt.encode(claims(), KEY, "ES256")
    assert ask(application, assertion).status == 200
    assert "used before" in fields(ask(application, assertion))["error_description"]


def test_another_key_and_an_unknown_client_are_refused_in_the_same_words(application):
    wrong_key = ask(application, jwt.encode(claims(), OTHER_KEY, "ES256"))
    unknown = ask(application, jwt.encode(claims("nobody"), KEY, "ES256"))
    assert (wrong_key.status, unknown.status) == (401, 401)
    assert wrong_key.body == unknown.body


def test_a_public_key_is_no_shared_secret(application):
    """RFC 8725 §2.1: an attacker signs with HMAC, and the public key as its secret."""
    pem = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    header, payload = (jwt.utils.base64url_encode(json.dumps(part).encode()) for part in ({"alg": "HS256"}, claims()))
    signature = jwt.get_algorithm_by_name("HS256").sign(header + b"." + payload, pem)
    forged = b".".join([header, payload, jwt.utils.base64url_encode(signature)]).decode("ascii")
    assert ask(application, forged).status == 401


def test_an_unsigned_assertion_is_refused(application):
    unsigned = jwt.encode(claims(), None, "none")
    assert "alg is" in fields(ask(application, unsigned))["error_description"]


def test_an_altered_assertion_is_refused(application):
    header, _, signature = jwt.encode(claims(), KEY, "ES256").split(".")
    altered = jwt.utils.base64url_encode(json.dumps(claims(jti="2")).encode()).decode("ascii")
    assert ask(application, f"{header}.{altered}.{signature}").status == 401


@pytest.mark.parametrize("assertion", ["", "x", "a.b.c", "a.b.c.d", "e30.e30.e30", "." * 50, "%00", "eyJhbGciOiJFUzI1NiJ9..."])
def test_what_is_no_jwt_is_refused_without_an_accident(application, assertion):
    assert ask(application, assertion).status in (400, 401)


def test_the_type_of_the_assertion_is_required_to_the_letter(application):
    refused = ask(application, jwt.encode(claims(), KEY, "ES256"), kind="jwt")
    assert (refused.status, fields(refused)["error"]) == (400, "invalid_request")


def test_a_client_is_held_to_the_method_that_it_is_registered_for(application):
    with_secret = token_request(f"grant_type=client_credentials&client_id=sharer&client_secret={SECRET}".encode("ascii"))
    refused = application.handle(with_secret, NOW)
    assert (refused.status, fields(refused)["error"]) == (401, "invalid_client")
    assert "registered for client_secret_jwt" in fields(refused)["error_description"]


def test_an_assertion_and_a_secret_are_two_ways_to_authenticate(application):
    assertion = jwt.encode(claims(), KEY, "ES256")
    body = f"grant_type=client_credentials&client_secret=x&client_assertion_type={ASSERTION_TYPE}&client_assertion={assertion}"
    assert fields(application.handle(token_request(body.encode("ascii")), NOW))["error"] == "invalid_request"


FOREIGN_KEYS = {
    "ES256": OTHER_KEY,
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "ES512": ec.generate_private_key(ec.SECP521R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "RS256": rsa.generate_private_key(65537, 2048),
    "PS256": rsa.generate_private_key(65537, 2048),
}


@pytest.mark.parametrize("algorithm", FOREIGN_KEYS)
def test_an_unknown_client_costs_as_many_signatures_as_a_known_one_with_whatever_key(application, monkeypatch, algorithm):
    checked = []

    def is_signed_with(jwt, key):
        if client_assertion.fits(jwt.algorithm, key):
            checked.append(key)
        return usual(jwt, key)

    usual = client_assertion.is_signed_with
    monkeypatch.setattr(client_assertion, "is_signed_with", is_signed_with)
    own = jwk(FOREIGN_KEYS[algorithm], algorithm) | {"kid": "its own"}
    application.clients.register("owner", None, auth_methods=("private_key_jwt",), jwks=(own,))
    answers = set()
    for number, client_id in enumerate(("nobody", "signer", "ed-signer", "sharer", "myapp123", "browser-app", "owner")):
        checked.clear()
        forged = jwt.encode(claims(client_id, jti=str(number)), FOREIGN_KEYS[algorithm], algorithm)
        answers.add(ask(application, forged if client_id != "owner" else forged[:-8] + "AAAAAAAA"))
        assert len(checked) == 1, client_id
    assert [answer.status for answer in answers] == [401]

"""Tokens bound to a key: RFC 9449. PyJWT makes the proofs."""

import base64
import hashlib
import json
import random

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from mock_server.application import Application
from mock_server.oauth.clients import teaching_clients
from mock_server.oauth.dpop import MOST_AGE
from plain_client import GOOD_BODY, NOW, api_request, fields, token_request

KEY = ec.generate_private_key(ec.SECP256R1())
OTHER_KEY = ec.generate_private_key(ec.SECP256R1())
TOKEN_URL = "http://127.0.0.1:9400/token"
API_URL = "http://127.0.0.1:9400/api/stations"
numbers = iter(range(10_000))


def proof(method="POST", url=TOKEN_URL, key=KEY, token=None, header=(), **changes) -> tuple[str, str]:
    public = json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(key.public_key()))
    claims = {"jti": f"proof-{next(numbers)}", "htm": method, "htu": url, "iat": int(NOW)} | changes
    if token is not None:
        claims["ath"] = base64.urlsafe_b64encode(hashlib.sha256(token.encode("ascii")).digest()).rstrip(b"=").decode("ascii")
    claims = {name: value for name, value in claims.items() if value is not None}
    return ("DPoP", jwt.encode(claims, key, "ES256", headers={"typ": "dpop+jwt", "jwk": public} | dict(header)))


@pytest.fixture
def token(application):
    answer = fields(application.handle(token_request(GOOD_BODY, proof()), NOW))
    assert answer["token_type"] == "DPoP"
    return answer["access_token"]


def call(application, *headers):
    return application.handle(api_request("GET", "/api/stations", *headers), NOW)


def test_a_bound_token_opens_the_api_with_a_proof_for_it(application, token):
    assert call(application, ("Authorization", f"DPoP {token}"), proof("GET", API_URL, token=token)).status == 200


def test_a_bound_token_is_worth_nothing_as_a_bearer_token(application, token):
    refused = call(application, ("Authorization", f"Bearer {token}"))
    assert refused.status == 401
    assert refused.header("www-authenticate").startswith("DPoP ")


def test_a_bearer_token_is_not_taken_with_the_scheme_dpop(application):
    bearer = fields(application.handle(token_request(), NOW))["access_token"]
    assert call(application, ("Authorization", f"DPoP {bearer}"), proof("GET", API_URL, token=bearer)).status == 401


@pytest.mark.parametrize(
    "changed",
    [
        {"key": OTHER_KEY},
        {"token": None},
        {"token": "another"},
        {"method": "POST"},
        {"url": "http://127.0.0.1:9400/api/readings"},
        {"url": API_URL + "?a=b"},
        {"iat": int(NOW) - MOST_AGE - 1},
        {"iat": int(NOW) + 60},
        {"jti": None},
        {"header": [("typ", "JWT")]},
    ],
    ids=str,
)
def test_a_proof_that_does_not_fit_the_request_is_refused(application, token, changed):
    settings = {"method": "GET", "url": API_URL, "token": token} | changed
    assert call(application, ("Authorization", f"DPoP {token}"), proof(**settings)).status == 401


def test_a_proof_is_good_for_one_request(application, token):
    once = proof("GET", API_URL, token=token)
    authorization = ("Authorization", f"DPoP {token}")
    assert [call(application, authorization, once).status for _ in range(2)] == [200, 401]


def test_no_proof_and_two_proofs_are_refused(application, token):
    authorization = ("Authorization", f"DPoP {token}")
    assert call(application, authorization).status == 401
    assert call(application, authorization, proof("GET", API_URL, token=token), proof("GET", API_URL, token=token)).status == 401


def test_a_private_key_in_a_proof_is_refused(application):
    private = json.loads(jwt.get_algorithm_by_name("ES256").to_jwk(KEY))
    refused = application.handle(token_request(GOOD_BODY, proof(header=[("jwk", private)])), NOW)
    assert (refused.status, fields(refused)["error"]) == (400, "invalid_dpop_proof")


def test_a_server_that_requires_a_nonce_hands_one_out_and_takes_it():
    application = Application(teaching_clients(), random.Random(1).randbytes, dpop_nonce=True)
    refused = application.handle(token_request(GOOD_BODY, proof()), NOW)
    assert (refused.status, fields(refused)["error"]) == (400, "use_dpop_nonce")
    nonce = refused.header("dpop-nonce")
    assert application.handle(token_request(GOOD_BODY, proof(nonce=nonce)), NOW).status == 200
    assert application.handle(token_request(GOOD_BODY, proof(nonce="old")), NOW).status == 400


@pytest.mark.parametrize("value", ["", "x", "a.b.c", "é", "e30.e30.e30"])
def test_what_is_no_proof_is_refused_without_an_accident(application, value):
    assert application.handle(token_request(GOOD_BODY, ("DPoP", value)), NOW).status == 400


def test_a_proof_stays_used_when_the_clock_of_the_api_runs_ahead(application, token):
    once = proof()
    assert application.handle(token_request(GOOD_BODY, once), NOW).status == 200
    ahead = proof("GET", API_URL, token=token, iat=int(NOW) + 600)
    request = api_request("GET", "/api/stations", ("authorization", f"DPoP {token}"), ahead)
    assert application.handle(request, NOW + 600).status == 200
    assert application.handle(token_request(GOOD_BODY, once), NOW).status == 400

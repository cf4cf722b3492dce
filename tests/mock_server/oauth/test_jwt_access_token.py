"""JWT access tokens, read by somebody else: joserfc verifies what this server signs."""

import json
import random
from base64 import urlsafe_b64decode

import pytest
import requests
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from mock_server import start
from mock_server.application import Application
from mock_server.oauth.clients import teaching_clients
from mock_server.oauth.jwt_access_token import verified_claims
from mock_server.oauth.signed_jwt import base64url
from plain_client import GRANT, NOW, api_request, fields, token_request

CLIENTS = {"jwt-app": "ES256", "jwt-eddsa": "EdDSA", "jwt-rsa": "RS256"}
#: joserfc has the name of RFC 9864, this server the one of RFC 8037; the signature is the same.
KNOWN = ["ES256", "RS256", "EdDSA", "Ed25519"]


def token_of(application, client_id="jwt-app", more=b"", now=NOW):
    body = GRANT + b"&client_secret=secret456&client_id=" + client_id.encode() + more
    return fields(application.handle(token_request(body), now))["access_token"]


def key_set(application, now=NOW):
    return KeySet.import_key_set(fields(application.handle(api_request("GET", "/jwks"), now)))


def stations(application, token, now=NOW):
    return application.handle(api_request("GET", "/api/stations", ("authorization", f"Bearer {token}")), now)


def kid_of(token):
    return json.loads(urlsafe_b64decode(token.partition(".")[0] + "=="))["kid"]


def encoded(members):
    return base64url(json.dumps(members).encode())


@pytest.mark.filterwarnings("ignore:EdDSA is deprecated")  # RFC 9864 renames it; most of the world has the old name.
@pytest.mark.parametrize(("client_id", "algorithm"), CLIENTS.items())
def test_a_resource_server_with_another_library_verifies_the_token(client_id, algorithm):
    with start(0, seed=None) as server:
        answer = requests.post(
            f"{server.url}/token", data={"grant_type": "client_credentials"}, auth=(client_id, "secret456"), timeout=5
        )
        keys = KeySet.import_key_set(requests.get(f"{server.url}/jwks", timeout=5).json())
        token = jwt.decode(answer.json()["access_token"], keys, algorithms=KNOWN)
        # RFC 9068 §4: what a resource server must check.
        assert token.header["typ"] == "at+jwt"
        assert token.header["alg"] == algorithm
        jwt.JWTClaimsRegistry(
            iss={"essential": True, "value": server.url},
            aud={"essential": True, "value": f"{server.url}/api"},
            exp={"essential": True},
        ).validate(token.claims)


def test_the_data_structure_has_all_required_claims(application):
    claims = jwt.decode(token_of(application), key_set(application), algorithms=KNOWN).claims
    jti = claims.pop("jti")
    assert claims == {
        "iss": application.issuer,
        "exp": int(NOW) + 3600,
        "aud": f"{application.issuer}/api",
        "sub": "jwt-app",
        "client_id": "jwt-app",
        "iat": int(NOW),
        "scope": "readings:read readings:write",
    }
    assert jti not in token_of(application)


@pytest.mark.parametrize("client_id", CLIENTS)
def test_the_same_seed_signs_the_same_bytes(client_id):
    one, two = (token_of(Application(teaching_clients(), random.Random(1).randbytes), client_id) for _ in range(2))
    assert one == two


@pytest.mark.parametrize("client_id", CLIENTS)
def test_the_api_takes_the_token_until_it_expires(application, client_id):
    token = token_of(application, client_id)
    assert stations(application, token).status == 200
    late = stations(application, token, NOW + 3600)
    assert (late.status, "expired" in late.header("www-authenticate")) == (401, True)


def forged(token):
    """The ways in which people try to change a JWT (RFC 8725 §2.1)."""
    header, claims, signature = token.split(".")
    read = json.loads(urlsafe_b64decode(header + "=="))
    yield "no signature", f"{header}.{claims}."
    yield "alg none", f"{encoded(read | {'alg': 'none'})}.{claims}."
    yield "alg of a shared secret", f"{encoded(read | {'alg': 'HS256'})}.{claims}.{signature}"
    yield "another algorithm", f"{encoded(read | {'alg': 'RS256'})}.{claims}.{signature}"
    yield "another key", f"{encoded(read | {'kid': 'rs256-1'})}.{claims}.{signature}"
    yield "no kid", f"{encoded({name: read[name] for name in ('typ', 'alg')})}.{claims}.{signature}"
    yield "other claims", f"{header}.{encoded({'sub': 'abc123'})}.{signature}"
    yield "padding", f"{header}.{claims}.{signature}="
    yield "a critical extension", f"{encoded(read | {'crit': ['x']})}.{claims}.{signature}"


def test_a_token_that_was_changed_is_not_taken(application):
    token = token_of(application)
    assert stations(application, token).status == 200
    for how, changed in forged(token):
        response = stations(application, changed)
        assert response.status == 401, how
        assert 'error="invalid_token"' in response.header("www-authenticate"), how


def test_another_jwt_of_the_same_key_is_no_access_token(application):
    keys = application.authorization_server.keys
    key = keys.current("ES256")
    claims = {"iss": application.issuer, "sub": "jwt-app"}
    for typ, expected in (("at+jwt", claims), ("application/at+jwt", claims), ("JWT", None), ("logout+jwt", None), (7, None)):
        signing_input = f"{encoded({'typ': typ, 'alg': 'ES256', 'kid': key.kid})}.{encoded(claims)}"
        value = f"{signing_input}.{base64url(key.sign(signing_input.encode()))}"
        assert verified_claims(value, application.issuer, keys, NOW) == expected, typ


def test_the_token_of_another_issuer_is_not_taken(application):
    keys = application.authorization_server.keys
    assert verified_claims(token_of(application), application.issuer, keys, NOW)
    assert verified_claims(token_of(application), application.issuer + "/", keys, NOW) is None


def test_a_bound_token_says_what_it_is_bound_to():
    with start(0, tls=True) as server:
        server.clients.replace("tls-app", access_token_format="jwt")
        certificate = server.tls.client_certificate("tls-app")
        data = {"grant_type": "client_credentials", "client_id": "tls-app"}
        with requests.Session() as session:
            session.trust_env, session.verify, session.cert = False, server.ca_file, certificate.path
            token = session.post(f"{server.url}/token", data=data, timeout=5).json()["access_token"]
            keys = KeySet.import_key_set(session.get(f"{server.url}/jwks", timeout=5).json())
            claims = jwt.decode(token, keys, algorithms=KNOWN).claims
            assert claims["cnf"] == {"x5t#S256": certificate.thumbprint}
            bearer = {"Authorization": f"Bearer {token}"}
            assert session.get(f"{server.url}/api/stations", headers=bearer, timeout=5).status_code == 200
        thief = requests.get(f"{server.url}/api/stations", headers=bearer, verify=server.ca_file, timeout=5)
        assert thief.status_code == 401


# Rotation


def test_after_a_rotation_old_tokens_hold_while_their_key_is_published_and_new_ones_have_another_kid(application):
    keys = application.authorization_server.keys
    old = token_of(application)
    keys.rotate(NOW, overlap=60)
    new = token_of(application, now=NOW + 1)
    assert (kid_of(old), kid_of(new)) == ("es256-1", "es256-2")
    for token in (old, new):
        assert jwt.decode(token, key_set(application, NOW + 59), algorithms=KNOWN)
        assert stations(application, token, NOW + 59).status == 200
    assert stations(application, old, NOW + 60).status == 401
    assert stations(application, new, NOW + 60).status == 200
    with pytest.raises((JoseError, ValueError)):
        jwt.decode(old, key_set(application, NOW + 60), algorithms=KNOWN)


def test_a_rotation_without_overlap_ends_every_jwt_at_once(application):
    old, opaque = token_of(application), token_of(application, "myapp123")
    application.authorization_server.keys.rotate(NOW, overlap=0)
    assert stations(application, old).status == 401
    assert stations(application, opaque).status == 200


def test_a_scheduled_rotation_happens_when_the_clock_gets_there():
    with start(0) as server:
        server.clock.at(60, server.rotate_keys)
        kids = []
        for _ in range(2):
            kids.append({key["kid"] for key in requests.get(f"{server.url}/jwks", timeout=5).json()["keys"]})
            server.clock.advance(60)
    assert kids[0] == {"es256-1", "eddsa-1", "rs256-1"}
    assert kids[1] == kids[0] | {"es256-2", "eddsa-2", "rs256-2"}

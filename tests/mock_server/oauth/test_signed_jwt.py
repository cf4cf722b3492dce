"""JWTs are read with suspicion: whatever comes, it is a JWT or refused in words."""

import base64
import json

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.oauth.signed_jwt import UnreadableJWT, fits, is_signed_with, public_key_fault, read_jwt

quick = settings(max_examples=200, deadline=None, derandomize=True, database=None)
value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
claims = st.dictionaries(st.sampled_from(["iss", "sub", "aud", "exp", "iat", "nbf", "jti"]), value)
jwk = st.dictionaries(st.sampled_from(["kty", "crv", "x", "y", "n", "e", "alg", "kid", "d"]), value | st.sampled_from(["EC", "P-256", "RSA", "OKP", "AQAB"]))


def part(members: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(members).encode()).rstrip(b"=").decode("ascii")


@quick
@given(st.dictionaries(st.text(max_size=5), st.none() | st.booleans() | st.integers() | st.text(max_size=8)))
def test_what_another_library_has_written_is_read(claims):
    read = read_jwt(jwt.encode({"sub": "a", **claims, "iss": "b"}, "k" * 32, "HS256"))
    assert read.algorithm == "HS256"
    assert read.claims == {"sub": "a", **claims, "iss": "b"}


@quick
@given(st.text(max_size=30) | st.lists(st.text("eyJ0-_=A", max_size=10), max_size=4).map(".".join))
def test_any_text_is_a_jwt_or_refused_in_words(text):
    with pytest.raises(UnreadableJWT, match="."):
        read_jwt(text)


@quick
@given(claims, claims)
def test_any_members_are_read_or_refused_and_a_time_is_a_number_or_refused(header, claims):
    try:
        read = read_jwt(f"{part(header)}.{part(claims)}.AA")
    except UnreadableJWT:
        return
    for name in claims:
        try:
            assert isinstance(read.seconds(name), float)
        except UnreadableJWT as error:
            assert name in str(error)


@quick
@given(jwk | value, st.sampled_from(["ES256", "ES512", "EdDSA", "RS256", "PS256", "HS256", "none", "RS512"]) | value)
def test_no_key_that_somebody_made_up_verifies_anything(jwk, algorithm):
    assert public_key_fault(jwk) is None or isinstance(public_key_fault(jwk), str)
    if isinstance(jwk, dict):
        assert fits(algorithm, jwk) in (True, False)
        read = read_jwt(f"{part({'alg': 'ES256'})}.{part({})}.AA")
        assert not is_signed_with(read, jwk)

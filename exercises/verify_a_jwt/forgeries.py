"""Tokens that a resource server must refuse: no authorization server issues them."""

import hmac
import json
from base64 import urlsafe_b64decode

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mock_server.oauth.signed_jwt import base64url, load_key
from mock_server.oauth.signing_keys import SigningKey


def claims_of(token: str) -> dict[str, object]:
    """What the token says, without a look at its signature."""
    payload = token.split(".")[1]
    return json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))


def signed(key: SigningKey, claims: dict[str, object], typ: str | None = "at+jwt") -> str:
    """A JWT with a good signature, and without `typ` where that is None."""
    header = {"alg": key.algorithm, "kid": key.kid} | ({"typ": typ} if typ is not None else {})
    unsigned = _unsigned(header, claims)
    return f"{unsigned}.{base64url(key.sign(unsigned.encode('ascii')))}"


def with_changed_claims(token: str) -> str:
    header, _, signature = token.split(".")
    return f"{header}.{_part(claims_of(token) | {'scope': 'readings:read readings:write admin'})}.{signature}"


def signed_by_somebody_else(key: SigningKey, claims: dict[str, object]) -> str:
    """Under the server's `kid`."""
    return jwt.encode(claims, ec.generate_private_key(ec.SECP256R1()), "ES256", {"kid": key.kid, "typ": "at+jwt"})


def with_a_key_of_its_own(key: SigningKey, claims: dict[str, object]) -> str:
    """Signed by somebody else, whose public key stands in the header (RFC 7515 §4.1.3)."""
    own = ec.generate_private_key(ec.SECP256R1())
    jwk = jwt.algorithms.ECAlgorithm.to_jwk(own.public_key(), as_dict=True) | {"alg": "ES256", "kid": key.kid}
    return jwt.encode(claims, own, "ES256", {"kid": key.kid, "typ": "at+jwt", "jwk": jwk})


def without_signature(key: SigningKey, claims: dict[str, object]) -> list[str]:
    """RFC 7518 §3.6 calls it `none`; a check for that one spelling misses the others."""
    return [f"{_unsigned({'alg': alg, 'kid': key.kid, 'typ': 'at+jwt'}, claims)}." for alg in ("none", "None")]


def with_the_public_key_as_secret(key: SigningKey, claims: dict[str, object]) -> list[str]:
    """HS256 with what everybody knows, in each form that a verifier may hold it in (RFC 8725 §2.1)."""
    public = load_key(key.public)
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secrets = [
        pem,
        pem.strip(),
        public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        json.dumps(key.public).encode("ascii"),
    ]
    unsigned = _unsigned({"alg": "HS256", "kid": key.kid, "typ": "at+jwt"}, claims)
    return [f"{unsigned}.{base64url(hmac.digest(secret, unsigned.encode('ascii'), 'sha256'))}" for secret in secrets]


def _unsigned(header: dict[str, object], claims: dict[str, object]) -> str:
    return f"{_part(header)}.{_part(claims)}"


def _part(members: dict[str, object]) -> str:
    return base64url(json.dumps(members).encode("ascii"))

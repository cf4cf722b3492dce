"""Access tokens that say themselves what they are good for: the JWT profile (RFC 9068)."""

import functools
import json

from mock_server.oauth.signed_jwt import UnreadableJWT, base64url, is_signed_with, read_jwt
from mock_server.oauth.signing_keys import SigningKey, SigningKeys

Claims = dict[str, object]
#: Made once: an encoder for each token would cost as much as the encoding.
_to_json = json.JSONEncoder(separators=(",", ":")).encode


def signed_token(key: SigningKey, claims: Claims) -> str:
    """The claims as a signed JWT."""
    payload = base64url(_to_json(claims).encode("ascii"))
    signing_input = f"{_header(key.algorithm, key.kid)}.{payload}"
    return f"{signing_input}.{base64url(key.sign(signing_input.encode('ascii')))}"


@functools.lru_cache(maxsize=100)
def _header(algorithm: str, kid: str) -> str:
    # §2.1: typ is at+jwt, so that no other JWT of this server can be taken for an access token.
    return base64url(_to_json({"typ": "at+jwt", "alg": algorithm, "kid": kid}).encode("ascii"))


def verified_claims(value: str, issuer: str, keys: SigningKeys, now: float) -> Claims | None:
    """The claims of a token that this server signed with a key that it publishes at the time `now`; None for any other text.

    Whether they still hold (`exp`, `aud`, a revocation) is for the caller to ask.
    """
    try:
        jwt = read_jwt(value)
    except UnreadableJWT:
        return None
    # §4: typ must be at+jwt or application/at+jwt.
    typ = jwt.header.get("typ")
    if not isinstance(typ, str) or typ.lower() not in ("at+jwt", "application/at+jwt"):
        return None
    key = keys.find(jwt.header.get("kid"), now)
    # §4: the signature is checked by the algorithm that is the key's own, and "none" is nobody's (RFC 8725 §3.1).
    if key is None or not is_signed_with(jwt, key.public):
        return None
    # §4: the issuer must be the one expected, to the letter.
    return jwt.claims if jwt.claims.get("iss") == issuer else None

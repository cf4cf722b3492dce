"""Signed JSON objects: JWT (RFC 7519) in the compact form of RFC 7515, read with suspicion (RFC 8725)."""

import base64
import functools
import hashlib
import hmac
import json
import re
from dataclasses import dataclass

#: RFC 7518 §3.2: the algorithms of a shared secret.
HMAC_ALGORITHMS = {"HS256": hashlib.sha256, "HS384": hashlib.sha384, "HS512": hashlib.sha512}
#: Each algorithm belongs to one kind of key (kty, crv). RFC 8037 says EdDSA, RFC 9864 Ed25519, and both mean the same.
KEY_OF_ALGORITHM = {
    "ES256": ("EC", "P-256"),
    "ES384": ("EC", "P-384"),
    "ES512": ("EC", "P-521"),
    "EdDSA": ("OKP", "Ed25519"),
    "Ed25519": ("OKP", "Ed25519"),
    "RS256": ("RSA", None),
    "PS256": ("RSA", None),
}
#: RFC 7638 §3.2: the members that a thumbprint is made of, and with them all that makes up a public key.
PUBLIC_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x"), "RSA": ("e", "kty", "n")}
#: RFC 7518 §6: what only the owner of a key may hold.
PRIVATE_MEMBERS = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"}


class UnreadableJWT(ValueError):
    """The text is no signed JWT; the message says what was seen."""


@dataclass(frozen=True, slots=True)
class SignedJWT:
    """A JWT whose signature nobody has checked yet."""

    header: dict
    claims: dict
    signing_input: bytes
    signature: bytes

    @property
    def algorithm(self) -> object:
        return self.header.get("alg")

    def seconds(self, claim: str) -> float | None:
        """A NumericDate (RFC 7519 §2), None where absent. UnreadableJWT where it is not one."""
        value = self.claims.get(claim)
        if claim not in self.claims:
            return None
        # JSON has no NaN and no true for a number; Python reads the one and counts with the other.
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e15:
            raise UnreadableJWT(f"{claim} must be a number of seconds since 1970, saw {seen(self.claims, claim)[:30]}")
        return float(value)


def read_jwt(text: str) -> SignedJWT:
    """The parts of a JWT in compact form. UnreadableJWT where it is not one."""
    parts = text.split(".")
    # RFC 7515 §7.1: BASE64URL(header) || '.' || BASE64URL(payload) || '.' || BASE64URL(signature)
    if len(parts) != 3:
        raise UnreadableJWT(f"a JWT has three parts with a dot between, saw {len(parts)}")
    header, claims = (_json_object(part, name) for part, name in zip(parts, ("header", "payload")))
    # RFC 7515 §4.1.11: what "crit" lists must be understood, and nothing of the kind is here.
    if "crit" in header:
        raise UnreadableJWT("the header has crit, and this server knows no critical extension")
    return SignedJWT(header, claims, f"{parts[0]}.{parts[1]}".encode("ascii"), _base64url(parts[2], "signature"))


def has_hmac(jwt: SignedJWT, key: bytes) -> bool:
    """Whether the signature is the HMAC of that key."""
    # RFC 7518 §3.2: compared in constant time.
    expected = hmac.new(key, jwt.signing_input, HMAC_ALGORITHMS[jwt.algorithm]).digest()
    return hmac.compare_digest(expected, jwt.signature)


def is_signed_with(jwt: SignedJWT, jwk: dict) -> bool:
    """Whether the signature is that of the key. The key decides which algorithms are taken (RFC 8725 §3.1)."""
    if not fits(jwt.algorithm, jwk):
        return False
    try:
        key = _loaded(json.dumps({member: jwk[member] for member in PUBLIC_MEMBERS[jwk["kty"]]}))
        return _algorithm(jwt.algorithm).verify(jwt.signing_input, key, jwt.signature)
    except Exception:  # Whatever `cryptography` has against a key or a signature, it is no proof.
        return False


def fits(algorithm: object, jwk: dict) -> bool:
    """Whether the algorithm is one for that key, by type, curve and the key's own `alg` where it has one."""
    kind = KEY_OF_ALGORITHM.get(algorithm) if isinstance(algorithm, str) else None
    if kind is None or kind != (jwk.get("kty"), jwk.get("crv") if jwk.get("kty") != "RSA" else None):
        return False
    own = jwk.get("alg", algorithm)
    return own == algorithm or (own in ("EdDSA", "Ed25519") and algorithm in ("EdDSA", "Ed25519"))


def public_key_fault(jwk: object) -> str | None:
    """Why this is no public key to accept from a client, or None."""
    if not isinstance(jwk, dict) or not isinstance(jwk.get("kty"), str) or jwk["kty"] not in PUBLIC_MEMBERS:
        return "jwk must be a JSON Web Key with the kty EC, OKP or RSA"
    if private := sorted(PRIVATE_MEMBERS & jwk.keys()):
        return f"jwk holds the private member {private[0]}: send the public key only, and make a new key pair"
    for member in PUBLIC_MEMBERS[jwk["kty"]]:
        if not isinstance(jwk.get(member), str) or len(jwk[member]) > 1400:
            return f"jwk needs the member {member}, as a string"
    # RFC 7518 §3.3: 2048 bits or more. Beyond 8192 a signature is only a way to keep a server busy.
    if jwk["kty"] == "RSA" and not 342 <= len(jwk["n"]) <= 1366:
        return "the RSA key in jwk must have 2048 to 8192 bits"
    return None


def thumbprint(jwk: dict) -> str:
    """The SHA-256 thumbprint of a public key (RFC 7638), base64url."""
    members = {member: jwk[member] for member in PUBLIC_MEMBERS[jwk["kty"]]}
    return base64url(hashlib.sha256(json.dumps(members, separators=(",", ":"), sort_keys=True).encode()).digest())


def load_key(jwk: dict) -> object:
    """The key as `cryptography` has it, private where the JWK is. An RSA key takes up to 65 ms to check: load it once."""
    return _algorithm({"EC": "ES256", "OKP": "EdDSA", "RSA": "RS256"}[jwk["kty"]]).from_jwk(jwk)


def seen(members: dict, name: str) -> str:
    """A member as a refusal shows it: as JSON, cut short."""
    try:
        return json.dumps(members[name])[:120] if name in members else "absent"
    except RecursionError:
        return "nested too deeply"


def base64url(data: bytes) -> str:
    """RFC 7515 §2: without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _base64url(text: str, name: str) -> bytes:
    if not re.fullmatch(r"[A-Za-z0-9_-]*", text) or len(text) % 4 == 1:
        raise UnreadableJWT(f"the {name} is not base64url without padding")
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    # RFC 4648 §3.5: one text for one value, so that nobody gets two JWTs of one.
    if base64url(data) != text:
        raise UnreadableJWT(f"the {name} is not base64url: its last character has bits to spare")
    return data


def _json_object(part: str, name: str) -> dict:
    try:
        text = _base64url(part, name).decode("utf-8")
        found = json.loads(text, object_pairs_hook=_without_repetition, parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        if isinstance(error, UnreadableJWT):
            raise
        raise UnreadableJWT(f"the {name} is not JSON in UTF-8") from None
    if not isinstance(found, dict):
        raise UnreadableJWT(f"the {name} is JSON, but not an object")
    return found


def _no_constant(name: str) -> None:
    raise UnreadableJWT(f"{name} is not JSON")


def _without_repetition(pairs: list[tuple[str, object]]) -> dict:
    # RFC 7515 §4, RFC 7519 §4: names must be unique, or two readers see two different JWTs.
    if len({name for name, _ in pairs}) < len(pairs):
        raise UnreadableJWT("a name stands twice in one JSON object")
    return dict(pairs)


# PyJWT and the `cryptography` behind it take 80 ms to import, so they wait until the first signature.
@functools.cache
def _algorithm(name: str):
    from jwt.algorithms import get_default_algorithms

    return get_default_algorithms()["EdDSA" if name == "Ed25519" else name]


@functools.lru_cache(maxsize=1000)
def _loaded(jwk: str):
    return load_key(json.loads(jwk))

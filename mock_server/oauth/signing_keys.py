"""The authorization server's own keys: what it signs with, and what it publishes so that others can verify (RFC 7517)."""

import math
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from mock_server.oauth.signed_jwt import PUBLIC_MEMBERS, load_key, thumbprint
from mock_server.oauth.teaching_keys import SERVER_KEYS

ALGORITHMS = tuple(SERVER_KEYS)

JWK = dict[str, str]
#: From an algorithm and how many keys came before, the private key to use next; its `kid` is new.
NewKey = Callable[[str, int], JWK]


def teaching_key(algorithm: str, number: int) -> JWK:
    """The same keys at every run."""
    known = SERVER_KEYS[algorithm]
    return known[number % len(known)] | {"kid": f"{algorithm.lower()}-{number + 1}"}


def fresh_key(algorithm: str, number: int) -> JWK:
    """A key that nobody else has. An RSA key takes 50 to 200 ms to make."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
    from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

    if algorithm == "ES256":
        made = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
    elif algorithm == "EdDSA":
        made = OKPAlgorithm.to_jwk(ed25519.Ed25519PrivateKey.generate(), as_dict=True)
    else:
        made = RSAAlgorithm.to_jwk(rsa.generate_private_key(public_exponent=65537, key_size=2048), as_dict=True)
    # RFC 7638: a name that no other key has, so that a verifier's cache never takes one for the other.
    return made | {"kid": thumbprint(made)}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """One key pair. `public` is what the JWK Set says of it; `published_until` is in seconds since 1970.

    `sign(data)` gives the signature in the form of JWS (RFC 7518 §3.3, §3.4; RFC 8037 §3.1).
    """

    algorithm: str
    public: JWK
    sign: Callable[[bytes], bytes] = field(repr=False)
    published_until: float = math.inf

    @property
    def kid(self) -> str:
        return self.public["kid"]


def _signer(algorithm: str, key: object) -> Callable[[bytes], bytes]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, padding, utils

    if algorithm == "EdDSA":
        return key.sign
    if algorithm == "RS256":
        scheme, digest = padding.PKCS1v15(), hashes.SHA256()
        return lambda data: key.sign(data, scheme, digest)
    # RFC 6979: the same bytes have the same signature, so the same run has the same tokens.
    ecdsa = ec.ECDSA(hashes.SHA256(), deterministic_signing=True)

    def sign(data: bytes) -> bytes:
        # RFC 7518 §3.4: R and S as 32 bytes each, and not in DER.
        r, s = utils.decode_dss_signature(key.sign(data, ecdsa))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    return sign


class SigningKeys:
    """One key for each algorithm that signs, and the earlier ones for as long as they are published. Made when first needed."""

    def __init__(self, new_key: NewKey) -> None:
        self._new_key = new_key
        self._made: dict[str, list[SigningKey]] = {}
        self._numbers = dict.fromkeys(ALGORITHMS, 0)
        self._lock = threading.Lock()

    def current(self, algorithm: str) -> SigningKey:
        """The key that signs."""
        made = self._made.get(algorithm)
        if made is None:
            with self._lock:
                made = self._made.setdefault(algorithm, [self._make(algorithm)])
        return made[-1]

    def find(self, kid: object, now: float) -> SigningKey | None:
        """The key of that name, while it is published."""
        return next((key for key in self._published(now) if key.kid == kid), None)

    def jwks(self, now: float) -> dict[str, list[JWK]]:
        """The JWK Set (RFC 7517 §5): the public half of every key that a token may still be signed with."""
        for algorithm in ALGORITHMS:
            self.current(algorithm)
        return {"keys": [key.public for key in self._published(now)]}

    def rotate(self, now: float, overlap: float) -> None:
        """Sign with new keys from now on. The earlier ones stay published for `overlap` seconds.

        ValueError for an overlap below zero.
        """
        if not isinstance(overlap, (int, float)) or isinstance(overlap, bool) or not overlap >= 0:
            raise ValueError(f"Saw overlap={overlap!r}; expected seconds, from 0 on: for how long the earlier keys stay published.")
        for algorithm in ALGORITHMS:
            self.current(algorithm)
        with self._lock:
            for algorithm, made in self._made.items():
                ending = [replace(key, published_until=min(key.published_until, now + overlap)) for key in made]
                alive = [key for key in ending if key.published_until > now]
                self._made[algorithm] = [*alive, self._make(algorithm)]

    def _published(self, now: float) -> list[SigningKey]:
        return [key for made in list(self._made.values()) for key in made if now < key.published_until]

    def _make(self, algorithm: str) -> SigningKey:
        jwk = self._new_key(algorithm, self._numbers[algorithm])
        self._numbers[algorithm] += 1
        public = {member: jwk[member] for member in PUBLIC_MEMBERS[jwk["kty"]]}
        # RFC 7517 §4.2 use, §4.4 alg, §4.5 kid.
        return SigningKey(algorithm, public | {"use": "sig", "alg": algorithm, "kid": jwk["kid"]}, _signer(algorithm, load_key(jwk)))

"""DPoP (RFC 9449): a token that is good only for whoever holds a key, proved by a signed JWT in each request."""

import hashlib
import hmac
from collections.abc import Callable
from urllib.parse import urlsplit

from mock_server.oauth.oauth_errors import OAuthError
from mock_server.oauth.replay import ReplayMemory
from mock_server.oauth.signed_jwt import (
    KEY_OF_ALGORITHM,
    SignedJWT,
    UnreadableJWT,
    base64url,
    fits,
    is_signed_with,
    public_key_fault,
    read_jwt,
    seen,
    thumbprint,
)
from mock_server.web.messages import Headers, Request

#: In seconds, by the server's clock: §4.3 item 11 asks for an acceptable window, §11.1 for a short one.
MOST_AGE = 60
CLOCK_SKEW = 10
#: How long a nonce is handed out; it is taken for as long again.
NONCE_SECONDS = 120
ALGORITHMS = " ".join(KEY_OF_ALGORITHM)


class ProofRefused(OAuthError):
    """`invalid_dpop_proof` or `use_dpop_nonce` (§5, §8); `headers` hold the nonce to use where there is one."""


class DPoP:
    """Checks proofs. `random_bytes` makes the key of the nonces, and is asked only where nonces are required."""

    def __init__(self, issuer: str, random_bytes: Callable[[int], bytes], requires_nonce: bool = False) -> None:
        self._issuer = issuer
        self._nonce_key = random_bytes(32) if requires_nonce else b""
        # The API may have a clock of its own, by which the token endpoint must forget nothing.
        self._used, self._used_at_api = ReplayMemory(), ReplayMemory()

    def nonce_headers(self, now: float) -> Headers:
        """§8.2: the nonce for the next proof; empty where none is required."""
        return (("dpop-nonce", self._nonce(now)),) if self._nonce_key else ()

    def prove(self, request: Request, now: float, access_token: str | None = None) -> str | None:
        """The thumbprint of the key that the request proves to hold, None where it brings no proof.

        With an `access_token` the proof must be made for it. ProofRefused where the proof is not good.
        """
        lines = request.header_lines("dpop")
        if not lines:
            return None
        # §4.3 item 1.
        if len(lines) > 1:
            raise self._refused(f"There are {len(lines)} DPoP headers; send one")
        try:
            # §4.3 item 2. (HTTP joins two values with a comma, which is in no JWT.)
            jwt = read_jwt(lines[0].strip(" \t"))
            self._check_header(jwt)
            made_at = self._check_claims(jwt, request, now)
        except UnreadableJWT as error:
            raise self._refused(f"The DPoP proof cannot be used: {error}") from None
        jwk = jwt.header["jwk"]
        # §4.3 item 6.
        if not is_signed_with(jwt, jwk):
            raise self._refused("The signature of the DPoP proof does not verify with the jwk in its header")
        # §4.3 item 10. The nonce comes after the signature: to ask for one is an answer to a proof that is otherwise good.
        self._check_nonce(jwt, now)
        # §4.3 item 12.
        if access_token is not None:
            expected = base64url(hashlib.sha256(access_token.encode("ascii")).digest())
            if jwt.claims.get("ath") != expected:
                seen = "another" if "ath" in jwt.claims else "absent"
                raise self._refused(f"ath is {seen}; it must be the SHA-256 of the access token that is sent along, in base64url")
        # §11.1: jti is remembered for as long as the proof could be used.
        key = thumbprint(jwk)
        used = self._used if access_token is None else self._used_at_api
        if not used.use(now, made_at + MOST_AGE, key, jwt.claims["jti"]):
            raise self._refused("This DPoP proof was used before (the server has seen its jti); make a new one for each request")
        return key

    def _check_header(self, jwt: SignedJWT) -> None:
        # §4.3 item 4.
        if jwt.header.get("typ") != "dpop+jwt":
            raise UnreadableJWT(f"its typ is {seen(jwt.header, 'typ')}, expected dpop+jwt")
        # §4.3 item 5: asymmetric, not "none", and accepted here.
        if not isinstance(jwt.algorithm, str) or jwt.algorithm not in KEY_OF_ALGORITHM:
            raise UnreadableJWT(f"its alg is {seen(jwt.header, 'alg')}, this server takes one of {ALGORITHMS}")
        # §4.3 item 7: the key is there, and only its public half.
        jwk = jwt.header.get("jwk")
        if fault := public_key_fault(jwk):
            raise UnreadableJWT(fault)
        if not fits(jwt.algorithm, jwk):
            raise UnreadableJWT(f"its alg is {jwt.algorithm}, which is not for the key in jwk")

    def _check_claims(self, jwt: SignedJWT, request: Request, now: float) -> float:
        # §4.3 item 3, §4.2: jti, htm, htu and iat are required.
        for claim in ("jti", "htm", "htu"):
            if not isinstance(jwt.claims.get(claim), str) or not jwt.claims[claim]:
                raise UnreadableJWT(f"{claim} is {seen(jwt.claims, claim)}, expected a text")
        # §4.3 item 8; a method is compared with its case (RFC 9110 §9.1).
        if jwt.claims["htm"] != request.method:
            raise UnreadableJWT(f"htm is {seen(jwt.claims, 'htm')}, and this is a {request.method[:20]} request")
        # §4.3 item 9, against the address that the client used: the issuer's, or that of its Host header.
        urls = [self._issuer + request.path]
        if host := request.header("host"):
            urls.append(f"{self._issuer.partition('://')[0]}://{host}{request.path}")
        if _normalised(jwt.claims["htu"]) not in [_normalised(url) for url in urls]:
            raise UnreadableJWT(f"htu is {seen(jwt.claims, 'htu')}, expected {urls[0][:120]} without query or fragment")
        # §4.3 item 11.
        made_at = jwt.seconds("iat")
        if made_at is None or not now - MOST_AGE <= made_at <= now + CLOCK_SKEW:
            raise UnreadableJWT(
                f"iat is {seen(jwt.claims, 'iat')}, and the server's clock says {now:.0f}: "
                f"a proof may be {MOST_AGE} seconds old and {CLOCK_SKEW} ahead"
            )
        return made_at

    def _check_nonce(self, jwt: SignedJWT, now: float) -> None:
        if not self._nonce_key:
            return
        good = (self._nonce(now), self._nonce(now - NONCE_SECONDS))
        if jwt.claims.get("nonce") not in good:
            what = "is not one that is good now" if "nonce" in jwt.claims else "is absent"
            raise ProofRefused(
                "use_dpop_nonce",
                f"The nonce of the DPoP proof {what}: send the request again, with the value of the header DPoP-Nonce as its nonce.",
                headers=self.nonce_headers(now),
            )

    def _nonce(self, now: float) -> str:
        """The same for everybody for a while, so nothing has to be remembered of it."""
        period = str(int(now // NONCE_SECONDS)).encode("ascii")
        return base64url(hmac.new(self._nonce_key, period, hashlib.sha256).digest()[:18])

    @staticmethod
    def _refused(description: str) -> ProofRefused:
        return ProofRefused("invalid_dpop_proof", f"{description}.")


def _normalised(url: str) -> tuple:
    """RFC 3986 §6.2.2 and §6.2.3: case of scheme and host, default port, empty path. A query stays, and fits nothing."""
    try:
        parts = urlsplit(url)
        scheme = parts.scheme.lower()
        default = {"http": 80, "https": 443}.get(scheme)
        return scheme, parts.hostname, parts.port or default, parts.path or "/", parts.query, parts.fragment, "@" in parts.netloc
    except ValueError:
        return (url,)

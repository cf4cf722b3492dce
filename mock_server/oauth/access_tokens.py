"""The access tokens that this server issues (RFC 6749 §1.4): opaque ones that it remembers, and JWTs that say all themselves."""

import heapq
import threading
from collections.abc import Callable
from dataclasses import dataclass

from mock_server.oauth.clients import Client, Clients
from mock_server.oauth.jwt_access_token import Claims, signed_token, verified_claims
from mock_server.oauth.signed_jwt import base64url
from mock_server.oauth.signing_keys import SigningKeys


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What is known of a token; times in seconds since 1970."""

    value: str
    client_id: str
    scope: tuple[str, ...]
    #: The resources that it is for (RFC 8707, RFC 9068 §3).
    audience: tuple[str, ...]
    issued_at: float
    expires_at: float
    #: `cnf` (RFC 7800): what its user must prove to hold; None for a bearer token.
    confirmation: dict[str, str] | None = None
    #: The `jti` of a JWT; an opaque token has none.
    jti: str = ""


class AccessTokens:
    """Issues tokens, and knows them again. Opaque ones are remembered until some time after they expired; of JWTs only those revoked."""

    #: RFC 6749 §10.10: guessing must succeed with at most 2^-128, better 2^-160; this is 2^-192.
    #: The tokens of a seeded server can be predicted: that is for lessons only.
    TOKEN_BYTES = 24
    #: How long a token is remembered after it expired, so that the API can say *expired* and not *unknown*.
    REMEMBERED_SECONDS = 3600
    #: Of opaque tokens; beyond, those that expire soonest are forgotten before their time.
    MOST_TOKENS = 200_000
    #: Of tokens that were ended before their time; beyond, no more can be.
    MOST_REVOKED = 100_000

    def __init__(self, issuer: str, clients: Clients, keys: SigningKeys, random_bytes: Callable[[int], bytes]) -> None:
        self._issuer = issuer
        self._clients = clients
        self._keys = keys
        self._random_bytes = random_bytes
        self._tokens: dict[str, AccessToken] = {}
        #: Until when it matters that a token is revoked; by the value of an opaque token, by the `jti` of a JWT.
        self._revoked: dict[str, float] = {}
        self._soonest_first: list[tuple[float, str]] = []
        self._lock = threading.Lock()

    def issue(
        self,
        client: Client,
        scope: tuple[str, ...],
        audience: tuple[str, ...],
        now: float,
        confirmation: dict[str, str] | None = None,
    ) -> AccessToken:
        if client.access_token_format == "jwt":
            return self._issue_jwt(client, scope, audience, now, confirmation)
        with self._lock:
            self._sweep(now)
            value = self._random_text()
            token = AccessToken(value, client.id, scope, audience, now, now + client.token_lifetime, confirmation)
            self._tokens[value] = token
            heapq.heappush(self._soonest_first, (token.expires_at, value))
        return token

    def find(self, value: str, now: float) -> AccessToken | None:
        """The token of that value, whether or not it is still good; None for what this server did not issue."""
        token = self._tokens.get(value)
        if token is None and value.count(".") == 2:
            claims = verified_claims(value, self._issuer, self._keys, now)
            return _from_claims(value, claims) if claims else None
        return token

    def why_not_good(self, token: AccessToken, now: float) -> str | None:
        """What has ended the token: time, a revocation, or the end of its client. None while it is good."""
        if token.expires_at <= now:
            lifetime = token.expires_at - token.issued_at
            return f"The access token has expired after its {lifetime:.0f} seconds: ask the token endpoint for a new one."
        if (token.jti or token.value) in self._revoked:
            return "The access token was revoked before its time: ask the token endpoint for a new one."
        # RFC 7592 §2.3: the tokens of a client that is no longer registered end with its registration.
        if self._clients.find(token.client_id) is None:
            return "The client that got this access token is no longer registered."
        return None

    def revoke(self, value: str, now: float) -> bool:
        """End a token before its time; an unknown one is no error. False where no more revocations can be remembered."""
        token = self.find(value, now)
        if token is None:
            return True
        with self._lock:
            if len(self._revoked) >= self.MOST_REVOKED:
                self._revoked = {name: until for name, until in self._revoked.items() if until >= now}
            # A revocation that is forgotten early would bring the token back to life.
            if len(self._revoked) >= self.MOST_REVOKED:
                return False
            self._revoked[token.jti or value] = token.expires_at + self.REMEMBERED_SECONDS
        return True

    def _issue_jwt(
        self, client: Client, scope: tuple[str, ...], audience: tuple[str, ...], now: float, confirmation: dict[str, str] | None
    ) -> AccessToken:
        with self._lock:
            jti = self._random_text()
        # RFC 9068 §2.2: iss, exp, aud, sub, client_id, iat and jti are required. Where no user takes part,
        # sub is the client itself. §2.2.3: scope, as the client asked for one or got the default.
        claims: Claims = {
            "iss": self._issuer,
            "sub": client.id,
            "client_id": client.id,
            "aud": audience[0] if len(audience) == 1 else list(audience),
            "iat": int(now),
            "exp": int(now) + client.token_lifetime,
            "jti": jti,
            "scope": " ".join(scope),
        }
        if confirmation:
            claims["cnf"] = confirmation
        return _from_claims(signed_token(self._keys.current(client.token_signing_alg), claims), claims)

    def _random_text(self) -> str:
        return base64url(self._random_bytes(self.TOKEN_BYTES))

    def _sweep(self, now: float) -> None:
        """Forget what ended longest ago, two at a time, so that no single request pays for all."""
        for _ in range(2):
            if not self._soonest_first:
                return
            is_over = self._soonest_first[0][0] + self.REMEMBERED_SECONDS < now
            if not is_over and len(self._tokens) < self.MOST_TOKENS:
                return
            self._tokens.pop(heapq.heappop(self._soonest_first)[1], None)


def _from_claims(value: str, claims: Claims) -> AccessToken:
    # Only claims that this server has signed come here, so their shapes are its own.
    audience = claims["aud"]
    return AccessToken(
        value,
        claims["client_id"],
        tuple(claims["scope"].split(" ")),
        (audience,) if isinstance(audience, str) else tuple(audience),
        claims["iat"],
        claims["exp"],
        claims.get("cnf"),
        claims["jti"],
    )

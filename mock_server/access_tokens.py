"""Opaque access tokens: random text that means something to this server alone (RFC 6749 §1.4)."""

import base64
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from mock_server.clients import Client
from mock_server.dpop import DPoP


@dataclass(frozen=True, slots=True)
class AccessToken:
    """What the server remembers of a token it issued; times in seconds since 1970."""

    value: str
    client_id: str
    scope: tuple[str, ...]
    issued_at: float
    expires_at: float
    #: `cnf` (RFC 7800): what its user must prove to hold; None for a bearer token.
    confirmation: dict[str, str] | None = None


class AccessTokens:
    """The tokens issued; the expired ones are forgotten as new ones come."""

    #: RFC 6749 §10.10: guessing must succeed with at most 2^-128, better 2^-160; this is 2^-192.
    #: The tokens of a seeded server can be predicted: that is for lessons only.
    TOKEN_BYTES = 24
    #: How long a token is remembered after it expired, so that the API can say *expired* and not *unknown*.
    REMEMBERED_SECONDS = 3600

    def __init__(self, random_bytes: Callable[[int], bytes]) -> None:
        self._random_bytes = random_bytes
        self._tokens: dict[str, AccessToken] = {}
        self._oldest_first: deque[str] = deque()
        self._lock = threading.Lock()
        #: How holders of DPoP-bound tokens prove it; None until the application says so.
        self.dpop: DPoP | None = None

    def issue(
        self, client: Client, scope: tuple[str, ...], now: float, confirmation: dict[str, str] | None = None
    ) -> AccessToken:
        with self._lock:
            self._sweep(now)
            value = base64.urlsafe_b64encode(self._random_bytes(self.TOKEN_BYTES)).decode("ascii")
            token = self._tokens[value] = AccessToken(
                value, client.id, scope, now, now + client.token_lifetime, confirmation
            )
            self._oldest_first.append(value)
        return token

    def find(self, value: str) -> AccessToken | None:
        return self._tokens.get(value)

    def revoke(self, value: str) -> None:
        """Forget a token before its time; an unknown one is no error."""
        with self._lock:
            self._tokens.pop(value, None)

    def _sweep(self, now: float) -> None:
        """Forget the oldest, two at a time, so that no single request pays for all."""
        for _ in range(min(2, len(self._oldest_first))):
            oldest = self._tokens.get(self._oldest_first[0])
            if oldest is not None and oldest.expires_at + self.REMEMBERED_SECONDS >= now:
                return
            self._tokens.pop(self._oldest_first.popleft(), None)

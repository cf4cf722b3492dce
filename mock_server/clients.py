"""The clients that the authorization server knows (RFC 6749 §2)."""

import hashlib
import hmac
from dataclasses import dataclass, replace

READ, WRITE = "readings:read", "readings:write"
CLIENT_CREDENTIALS = "client_credentials"


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8")).digest()


_NO_SECRET = bytes(32)


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client. The secret itself is not kept, only its SHA-256 digest.

    A public client (RFC 6749 §2.1) has no secret.
    """

    id: str
    secret_digest: bytes = _NO_SECRET
    scopes: tuple[str, ...] = (READ, WRITE)
    grant_types: tuple[str, ...] = (CLIENT_CREDENTIALS,)
    token_lifetime: int = 3600
    access_token_format: str = "opaque"

    @property
    def is_public(self) -> bool:
        return self.secret_digest == _NO_SECRET

    def has_secret(self, secret: str) -> bool:
        """Whether `secret` is this client's, compared in a time that does not depend on it."""
        return hmac.compare_digest(self.secret_digest, _digest(secret))


class Clients:
    """Clients by id. Asking for an unknown one costs as much as for a known one."""

    _UNKNOWN = Client("")

    def __init__(self, clients: tuple[Client, ...] = ()) -> None:
        self._by_id = {client.id: client for client in clients}

    def register(self, client_id: str, secret: str | None, **settings: object) -> Client:
        """Add a client, or replace the one of that id. `secret=None` makes a public client."""
        digest = _NO_SECRET if secret is None else _digest(secret)
        client = self._by_id[client_id] = Client(client_id, digest, **settings)
        return client

    def replace(self, client_id: str, **settings: object) -> Client:
        """Give a client other settings; its secret stays. KeyError where there is no such client."""
        client = self._by_id[client_id] = replace(self._by_id[client_id], **settings)
        return client

    def remove(self, client_id: str) -> None:
        """Forget a client; an unknown one is no error."""
        self._by_id.pop(client_id, None)

    def find(self, client_id: str) -> Client | None:
        return self._by_id.get(client_id)

    def with_secret(self, client_id: str, secret: str) -> Client | None:
        """The client of that id if the secret is its own; None if either is wrong, and not which."""
        client = self._by_id.get(client_id, self._UNKNOWN)
        return client if client.has_secret(secret) else None


def teaching_clients() -> Clients:
    """The clients of the lessons. These secrets are published, so they are worth nothing."""
    clients = Clients()
    clients.register("myapp123", "secret456")
    clients.register("abc123", "secret456")
    clients.register("dashboard", "dashboard-secret", scopes=(READ,))
    # Reserved characters, so that form-encoding inside Basic matters (RFC 6749 §2.3.1).
    clients.register("station:7 north", "p+q r&%/=")
    # RFC 6749 §2.1: an app in a browser cannot keep a secret, so it has none.
    clients.register("browser-app", None, grant_types=("authorization_code",))
    return clients

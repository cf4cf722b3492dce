"""The clients that the authorization server knows (RFC 6749 §2)."""

import hashlib
import hmac
import math
import threading
from dataclasses import dataclass, field, replace

from mock_server.oauth.client_settings import KEY_METHODS, SECRET_METHODS, check_settings, check_text
from mock_server.oauth.teaching_keys import ASSERTION_APP_PUBLIC_KEY

READ, WRITE = "readings:read", "readings:write"
CLIENT_CREDENTIALS = "client_credentials"


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8")).digest()


_NO_SECRET = bytes(32)


@dataclass(frozen=True, slots=True)
class Client:
    """A registered client. The secret itself is not kept, only its SHA-256 digest.

    A public client (RFC 6749 §2.1) has no secret and no key. `auth_methods` are the names of RFC 7591 §2
    (`token_endpoint_auth_method`), of which the client may use any one in a request. ValueError for a setting that could not work.
    """

    id: str
    secret_digest: bytes = _NO_SECRET
    scopes: tuple[str, ...] = (READ, WRITE)
    grant_types: tuple[str, ...] = (CLIENT_CREDENTIALS,)
    token_lifetime: int = 3600
    auth_methods: tuple[str, ...] = SECRET_METHODS
    #: The secret before the last rotation, and until when it still opens.
    old_secret_digest: bytes = _NO_SECRET
    old_secret_until: float = math.inf
    # RFC 7523 §3 needs the secret itself as the key of an HMAC, so a digest will not do. It is kept for clients of
    # client_secret_jwt alone, and out of the repr: whoever reads this memory can sign as those clients, and only those.
    hmac_key: bytes = field(default=b"", repr=False)
    old_hmac_key: bytes = field(default=b"", repr=False)
    #: RFC 7591 §2 `jwks`: the public keys, as JSON Web Keys.
    jwks: tuple[dict[str, str], ...] = ()
    #: RFC 8705 §2.1.2: one metadata name and its value, such as `("tls_client_auth_subject_dn", "CN=x")`.
    certificate_subject: tuple[str, str] = ("", "")
    #: RFC 8705 §2.2: the `x5t#S256` of each self-signed certificate.
    certificate_thumbprints: tuple[str, ...] = ()
    #: RFC 8705 §3.4 `tls_client_certificate_bound_access_tokens` and RFC 9449 §5.2 `dpop_bound_access_tokens`.
    certificate_bound: bool = False
    dpop_bound: bool = False
    #: "opaque" or "jwt" (RFC 9068); a JWT is signed with the algorithm named (RFC 7518 §3.1, RFC 8037 §3.1).
    access_token_format: str = "opaque"
    token_signing_alg: str = "ES256"
    #: A resource server asks about the tokens that it is shown (RFC 7662), whoever got them.
    may_introspect: bool = False

    def __post_init__(self) -> None:
        check_settings(self)

    @property
    def is_public(self) -> bool:
        return self.secret_digest == _NO_SECRET and not KEY_METHODS & set(self.auth_methods)

    def has_secret(self, secret: str, now: float = math.inf) -> bool:
        """Whether `secret` is this client's at the time `now`, compared in a time that does not depend on it."""
        digest = _digest(secret)
        # Both are always compared, so that a rotation cannot be seen from outside.
        is_current = hmac.compare_digest(self.secret_digest, digest)
        is_old = hmac.compare_digest(self.old_secret_digest, digest)
        return is_current | (is_old & (now < self.old_secret_until))

    def hmac_keys(self, now: float) -> tuple[bytes, bytes]:
        """The current and the old key of `client_secret_jwt`; empty where there is none."""
        return self.hmac_key, self.old_hmac_key if now < self.old_secret_until else b""


class Clients:
    """Clients by id, which any thread may change. Asking for an unknown one costs as much as for a known one."""

    _UNKNOWN = Client("")

    def __init__(self, clients: tuple[Client, ...] = ()) -> None:
        self._by_id = {client.id: client for client in clients}
        #: From reading a client to putting another in its place nobody else may change it.
        self._lock = threading.Lock()

    def register(self, client_id: str, secret: str | None, **settings: object) -> Client:
        """Add a client, or replace the one of that id. `secret=None` makes a public client, unless it has a key.

        `settings` are fields of `Client`. ValueError, with what would be right, for a value that could not work.
        """
        check_text("client_id", client_id)
        # RFC 6749 §3.2: a parameter without a value counts as omitted, so nobody could send an empty id.
        if not client_id:
            raise ValueError("Saw an empty client_id; expected a text by which a request can name its client.")
        if secret is not None:
            check_text("secret", secret)
        digest = _NO_SECRET if secret is None else _digest(secret)
        client = Client(client_id, digest, **settings)
        if secret is not None and "client_secret_jwt" in client.auth_methods:
            client = replace(client, hmac_key=secret.encode("utf-8"))
        with self._lock:
            self._by_id[client_id] = client
        return client

    def rotate_secret(self, client_id: str, new_secret: str, *, old_until: float = math.inf) -> Client:
        """Give a client another secret. The one before stays good until `old_until` (seconds since 1970), or until dropped.

        KeyError for an unknown client. The secret before the one before is dropped: two live at most.
        """
        check_text("new_secret", new_secret)
        if isinstance(old_until, bool) or not isinstance(old_until, (int, float)):
            raise ValueError(f"Saw old_until={old_until!r}; expected seconds since 1970, as in server.clock.now() + 3600.")
        with self._lock:
            client = self._by_id[client_id]
            client = self._by_id[client_id] = replace(
                client,
                secret_digest=_digest(new_secret),
                hmac_key=new_secret.encode("utf-8") if "client_secret_jwt" in client.auth_methods else b"",
                old_secret_digest=client.secret_digest,
                old_hmac_key=client.hmac_key,
                old_secret_until=old_until,
            )
        return client

    def drop_old_secret(self, client_id: str) -> Client:
        """End a rotation: only the newest secret is good. KeyError for an unknown client."""
        with self._lock:
            client = replace(self._by_id[client_id], old_secret_digest=_NO_SECRET, old_hmac_key=b"")
            self._by_id[client_id] = client
        return client

    def replace(self, client_id: str, **settings: object) -> Client:
        """Give a client other settings; its secret stays. KeyError where there is no such client."""
        with self._lock:
            client = replace(self._by_id[client_id], **settings)
            if "client_secret_jwt" not in client.auth_methods:
                client = replace(client, hmac_key=b"", old_hmac_key=b"")
            self._by_id[client_id] = client
        return client

    def remove(self, client_id: str) -> None:
        """Forget a client; an unknown one is no error."""
        with self._lock:
            self._by_id.pop(client_id, None)

    def all(self) -> list[Client]:
        """In the order in which they were registered."""
        return list(self._by_id.values())

    def find(self, client_id: str) -> Client | None:
        return self._by_id.get(client_id)

    def with_secret(self, client_id: str, secret: str, now: float = math.inf) -> Client | None:
        """The client of that id if the secret is its own; None if either is wrong, and not which."""
        client = self._by_id.get(client_id, self._UNKNOWN)
        return client if client.has_secret(secret, now) else None


def teaching_clients() -> Clients:
    """The clients of the lessons. These secrets are published, so they are worth nothing."""
    clients = Clients()
    clients.register("myapp123", "secret456")
    clients.register("abc123", "secret456")
    clients.register("dashboard", "dashboard-secret", scopes=(READ,))
    # Reserved characters, so that form-encoding inside Basic matters (RFC 6749 §2.3.1).
    clients.register("station:7 north", "p+q r&%/=")
    # RFC 9068: its access tokens are JWTs; RS256 is the algorithm that everybody must know (§2.1).
    clients.register("jwt-app", "secret456", access_token_format="jwt")
    clients.register("jwt-eddsa", "secret456", access_token_format="jwt", token_signing_alg="EdDSA")
    clients.register("jwt-rsa", "secret456", access_token_format="jwt", token_signing_alg="RS256")
    # RFC 7662: the API itself, which gets no tokens and asks about those of others.
    clients.register("stations-api", "stations-secret", grant_types=(), may_introspect=True)
    # RFC 7523: it signs an assertion instead of sending a secret. RFC 8705: it shows a certificate, made by
    # `server.tls.client_certificate("tls-app")`, and its tokens are bound to that.
    clients.register("assertion-app", None, auth_methods=("private_key_jwt",), jwks=(ASSERTION_APP_PUBLIC_KEY,))
    clients.register(
        "tls-app",
        None,
        auth_methods=("tls_client_auth",),
        certificate_subject=("tls_client_auth_subject_dn", "CN=tls-app,OU=Clients,O=Lessons"),
        certificate_bound=True,
    )
    # RFC 6749 §2.1: an app in a browser cannot keep a secret, so it has none.
    clients.register("browser-app", None, grant_types=("authorization_code",))
    return clients

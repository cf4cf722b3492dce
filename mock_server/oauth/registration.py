"""Dynamic client registration (RFC 7591), and reading, changing and ending a registration (RFC 7592)."""

import base64
import hashlib
import hmac
import json
import re
import threading
from collections.abc import Callable
from dataclasses import dataclass

from mock_server.oauth.client_certificate import certificate_thumbprint
from mock_server.oauth.client_metadata import (
    CERTIFICATE_NAMES,
    WITH_SECRET,
    Metadata,
    MetadataError,
    certificates_in,
    read_metadata,
)
from mock_server.oauth.clients import Clients
from mock_server.oauth.oauth_errors import NO_STORE, OAuthError
from mock_server.web.json_body import parse_json
from mock_server.web.messages import Headers, Request, Response

PATH = "/register"
#: RFC 7592 §2.2: what a request to update must not hold.
_OURS = ("registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at")
_NOBODY = bytes(32)


@dataclass(frozen=True, slots=True)
class Registration:
    """A registered client's metadata. Of its secret and its registration access token only digests are kept."""

    metadata: Metadata
    issued_at: int
    token_digest: bytes


class Registrations:
    """The clients that registered themselves.

    `exposed` says that others than this machine's own can reach the server: then nobody may register.
    """

    MOST_CLIENTS = 20_000

    def __init__(self, clients: Clients, random_bytes: Callable[[int], bytes], issuer: str, exposed: bool = False) -> None:
        self._clients = clients
        self._random_bytes = random_bytes
        self._issuer = issuer
        self._exposed = exposed
        self._by_id: dict[str, Registration] = {}
        self._lock = threading.Lock()

    def find(self, client_id: str) -> Registration | None:
        return self._by_id.get(client_id)

    def registration_response(self, request: Request, now: float) -> Response:
        """The client registration endpoint (RFC 7591 §3)."""
        if request.method != "POST":
            return _error(405, "invalid_request", f"A client registers with POST, not {request.method[:20]}.", (("allow", "POST"),))
        if self._exposed:
            # RFC 7591 §3: registration may be closed, or open; here it is open where nobody else can come in.
            return _error(403, "access_denied", "Registration is open on loopback only, and this server can be reached by others.")
        try:
            metadata = read_metadata(_json_in(request))
        except MetadataError as error:
            return _error(400, error.error, str(error))
        with self._lock:
            if len(self._by_id) >= self.MOST_CLIENTS:
                detail = f"This server keeps {self.MOST_CLIENTS} registered clients and has them: delete one, then register."
                return _error(503, "temporarily_unavailable", detail)
            client_id, token = self._random_text(12), self._random_text(24)
            secret = self._random_text(24) if _uses_secret(metadata) else None
            self._by_id[client_id] = Registration(metadata, int(now), _digest(token))
            self._let_in(client_id, secret, metadata)
        return self._information(201, client_id, token, secret)

    def configuration_response(self, request: Request, now: float) -> Response:
        """The client configuration endpoint of one client (RFC 7592 §2)."""
        client_id = request.path.removeprefix(f"{PATH}/")
        answers = {"GET": self._read, "HEAD": self._read, "PUT": self._update, "DELETE": self._delete}
        if request.method not in answers:
            detail = f"A registration is read with GET, changed with PUT, ended with DELETE; saw {request.method[:20]}."
            return _error(405, "invalid_request", detail, (("allow", ", ".join(answers)),))
        token = _bearer_token(request)
        with self._lock:
            registration = self._by_id.get(client_id)
            # The same time and the same answer for an unknown client and for a wrong token (RFC 7592 §2.1 wants 401 for both).
            is_right = hmac.compare_digest(registration.token_digest if registration else _NOBODY, _digest(token or ""))
            # §2.1: where the client exists no longer, its registration access token is void too.
            if not is_right or registration is None or self._clients.find(client_id) is None:
                return _not_yours(with_token=token is not None)
            return answers[request.method](request, client_id, token)

    def _read(self, request: Request, client_id: str, token: str) -> Response:
        return self._information(200, client_id, token, None)

    def _update(self, request: Request, client_id: str, token: str) -> Response:
        """RFC 7592 §2.2: the new metadata takes the place of the old as a whole."""
        client, registration = self._clients.find(client_id), self._by_id[client_id]
        if client is None:  # Whoever runs the server may remove a client at any moment.
            return _not_yours(with_token=True)
        try:
            sent = _json_in(request)
            metadata = read_metadata(sent)
            if named := [name for name in _OURS if name in sent]:
                raise MetadataError(f"{', '.join(named)} is the server's to say: leave it out of an update.")
            if sent.get("client_id") != client_id:
                raise MetadataError("An update names its client in client_id, and it must be the one in the address.")
            secret = sent.get("client_secret")
            # §2.2: a secret in the update must be the client's own; it is not a way to choose one.
            if secret is not None and not (isinstance(secret, str) and secret.isascii() and client.has_secret(secret)):
                raise MetadataError("client_secret is not this client's: send its own, or leave it out.")
        except MetadataError as error:
            return _error(400, error.error, str(error))
        needs_secret = _uses_secret(metadata) and not _uses_secret(registration.metadata)
        # RFC 7523 §3: an HMAC needs the secret itself, and of the one before only the digest is here.
        needs_secret |= metadata["token_endpoint_auth_method"] == "client_secret_jwt" and not client.hmac_key
        new_secret = self._random_text(24) if needs_secret else None
        if new_secret is None and _uses_secret(metadata):
            try:
                self._clients.replace(client_id, **_settings(metadata))
            except KeyError:
                return _not_yours(with_token=True)
        else:
            self._let_in(client_id, new_secret, metadata)
        self._by_id[client_id] = Registration(metadata, registration.issued_at, registration.token_digest)
        return self._information(200, client_id, token, new_secret)

    def _delete(self, request: Request, client_id: str, token: str) -> Response:
        # RFC 7592 §2.3: the client's id, secret and registration access token are void at once.
        del self._by_id[client_id]
        self._clients.remove(client_id)
        return Response(204, NO_STORE)

    def _let_in(self, client_id: str, secret: str | None, metadata: Metadata) -> None:
        self._clients.register(client_id, secret, **_settings(metadata))

    def _information(self, status: int, client_id: str, token: str, secret: str | None) -> Response:
        """The client information response (RFC 7591 §3.2.1, RFC 7592 §3)."""
        registration = self._by_id[client_id]
        # The secret is told once: afterwards the server has only its digest. 0 means that it does not expire.
        told = {} if secret is None else {"client_secret": secret, "client_secret_expires_at": 0}
        body = {
            "client_id": client_id,
            **told,
            "client_id_issued_at": registration.issued_at,
            "registration_access_token": token,
            "registration_client_uri": f"{self._issuer}{PATH}/{client_id}",
            **registration.metadata,
        }
        return Response(status, (("content-type", "application/json"), *NO_STORE), json.dumps(body).encode("ascii"))

    def _random_text(self, count: int) -> str:
        return base64.urlsafe_b64encode(self._random_bytes(count)).decode("ascii")


def _settings(metadata: Metadata) -> dict[str, object]:
    """The metadata that the token endpoint reads, as the fields of `Client`."""
    return {
        "scopes": tuple(metadata["scope"].split(" ")),
        "grant_types": tuple(metadata["grant_types"]),
        "access_token_format": metadata["access_token_format"],
        # §2: the registered method is the one that the client uses.
        "auth_methods": (metadata["token_endpoint_auth_method"],),
        "jwks": tuple(metadata.get("jwks", {}).get("keys", ())),
        "certificate_subject": next(((name, metadata[name]) for name in CERTIFICATE_NAMES if name in metadata), ("", "")),
        "certificate_thumbprints": tuple(certificate_thumbprint(certificate) for certificate in certificates_in(metadata)),
        "certificate_bound": metadata.get("tls_client_certificate_bound_access_tokens", False),
        "dpop_bound": metadata.get("dpop_bound_access_tokens", False),
    }


def _uses_secret(metadata: Metadata) -> bool:
    return metadata["token_endpoint_auth_method"] in WITH_SECRET


def _json_in(request: Request) -> object:
    if request.media_type != "application/json":
        raise MetadataError(f"The Content-Type is {request.media_type[:60] or 'absent'}; a registration is application/json.")
    try:
        return parse_json(request.body)
    except ValueError as error:
        raise MetadataError(f"The body is not JSON: {error}.") from None


def _bearer_token(request: Request) -> str | None:
    lines = request.header_lines("authorization")
    found = re.fullmatch(r"(?i:bearer) +([A-Za-z0-9\-._~+/]+=*)", lines[0].strip(" ")) if len(lines) == 1 else None
    return found[1] if found else None


def _not_yours(with_token: bool) -> Response:
    # RFC 6750 §3: no error code where there was no token.
    challenge = 'Bearer realm="client registration"' + (', error="invalid_token"' if with_token else "")
    detail = "Send Authorization: Bearer TOKEN with the registration_access_token of this very client, as its registration told it."
    return _error(401, "invalid_token", detail, (("www-authenticate", challenge),))


def _error(status: int, error: str, description: str, headers: Headers = ()) -> Response:
    # RFC 7591 §3.2.2 has the members of RFC 6749 §5.2.
    return OAuthError(error, description, status=status, headers=headers).response()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8")).digest()

"""The authorization server: its endpoints, and what they share."""

from collections.abc import Callable

from mock_server.oauth.access_tokens import AccessTokens
from mock_server.oauth.client_authentication import AuthenticationRules
from mock_server.oauth.clients import Clients
from mock_server.oauth.dpop import DPoP
from mock_server.oauth.introspection import introspection_response
from mock_server.oauth.metadata import (
    AUTHORIZE_PATH,
    SERVER_PATH,
    authorize_response,
    jwks_response,
    metadata_response,
    server_metadata,
)
from mock_server.oauth.registration import Registrations
from mock_server.oauth.revocation import revocation_response
from mock_server.oauth.signing_keys import NewKey, SigningKeys
from mock_server.oauth.token_endpoint import token_response
from mock_server.web.messages import Request, Response

TOKEN_PATHS = ("/token", "/oauth2/token")


class AuthorizationServer:
    """`routes` are its endpoints by path. `resources` are the identifiers of what it gives tokens for, the default one first.

    The other parameters are those of `Application`.
    """

    def __init__(
        self,
        issuer: str,
        clients: Clients,
        random_bytes: Callable[[int], bytes],
        new_key: NewKey,
        *,
        resources: tuple[str, ...],
        basic: str = "strict",
        dpop_nonce: bool = False,
        client_ca: bytes | None = None,
        is_registration_open: bool = True,
    ) -> None:
        if basic not in ("strict", "lenient"):
            raise ValueError(f'Saw basic={basic!r}; expected "strict" or "lenient" (RFC 6749 section 2.3.1).')
        self.issuer = issuer
        self.clients = clients
        self.keys = SigningKeys(new_key)
        self.tokens = AccessTokens(issuer, clients, self.keys, random_bytes)
        self.dpop = DPoP(issuer, random_bytes, dpop_nonce)
        self.registrations = Registrations(clients, random_bytes, issuer, not is_registration_open)
        # RFC 7523 §3 item 3: an assertion may name the authorization server, or the endpoint that it is sent to.
        audiences = (issuer, *(issuer + path for path in TOKEN_PATHS))
        self._rules = AuthenticationRules(audiences, basic == "lenient", client_ca)
        self._resources = resources
        self._metadata = server_metadata(issuer, with_certificates=client_ca is not None, with_registration=is_registration_open)
        self.routes: dict[str, Callable[[Request, float], Response]] = {
            **dict.fromkeys(TOKEN_PATHS, self._token),
            "/introspect": self._introspect,
            "/revoke": self._revoke,
            "/jwks": lambda request, now: jwks_response(request, now, self.keys),
            SERVER_PATH: lambda request, now: metadata_response(request, self._metadata),
            AUTHORIZE_PATH: authorize_response,
            "/register": self.registrations.registration_response,
            "/register/{client_id}": self.registrations.configuration_response,
        }

    def _token(self, request: Request, now: float) -> Response:
        return token_response(request, now, self.clients, self.tokens, self._rules, self.dpop, self._resources)

    def _introspect(self, request: Request, now: float) -> Response:
        return introspection_response(request, now, self.clients, self.tokens, self._rules, self.issuer)

    def _revoke(self, request: Request, now: float) -> Response:
        return revocation_response(request, now, self.clients, self.tokens, self._rules)

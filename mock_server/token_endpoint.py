"""The token endpoint for the client credentials grant (RFC 6749 §3.2, §4.4, §5)."""

import json
import re

from mock_server.access_tokens import AccessTokens
from mock_server.bound_tokens import confirmation_for, token_type
from mock_server.client_authentication import AuthenticationRules, authenticate_client
from mock_server.clients import CLIENT_CREDENTIALS, Client, Clients
from mock_server.dpop import DPoP
from mock_server.messages import Request, Response
from mock_server.oauth_errors import NO_STORE, OAuthError, error_body
from mock_server.parameters import EXAMPLE, read_parameters


def token_response(
    request: Request, now: float, clients: Clients, tokens: AccessTokens, rules: AuthenticationRules, dpop: DPoP
) -> Response:
    """The answer to an access token request: a token (§5.1) or an error (§5.2)."""
    # RFC 6749 §3.2: 'The client MUST use the HTTP "POST" method when making access token requests.'
    if request.method != "POST":
        in_url = " Its parameters belong in the body, because logs keep URLs." if request.query else ""
        detail = f"A token request is sent with POST, not {request.method[:20]}.{in_url}"
        body = error_body("invalid_request", detail)
        headers = (("allow", "POST"), ("content-type", "application/json"), *NO_STORE)
        return Response(405, headers, json.dumps(body).encode("ascii"))
    try:
        parameters = read_parameters(request)
        client = authenticate_client(request, parameters, clients, now, rules)
        _check_grant(client, parameters.get("grant_type"))
        scope = _grant_scope(client, parameters.get("scope"))
        confirmation = confirmation_for(client, request, now, dpop)
    except OAuthError as error:
        return error.response()

    token = tokens.issue(client, scope, now, confirmation)
    # §5.1. No refresh_token: §4.4.3 advises against one, for the client can ask again at any time.
    body = {
        "access_token": token.value,
        "token_type": token_type(confirmation),
        "expires_in": client.token_lifetime,
        "scope": " ".join(scope),
    }
    nonce = dpop.nonce_headers(now)
    return Response(200, (("content-type", "application/json"), *NO_STORE, *nonce), json.dumps(body).encode("ascii"))


def _check_grant(client: Client, grant_type: str | None) -> None:
    if grant_type is None:
        raise OAuthError("invalid_request", f"The parameter grant_type is missing. A body looks like this: {EXAMPLE}")
    if grant_type != CLIENT_CREDENTIALS:
        raise OAuthError(
            "unsupported_grant_type",
            f"The grant_type is {grant_type[:60]!r}; this server knows {CLIENT_CREDENTIALS}, spelled exactly so.",
        )
    # §4.4: "The client credentials grant type MUST only be used by confidential clients."
    if client.is_public:
        raise OAuthError(
            "unauthorized_client",
            "This is a public client: it has no secret, so it cannot prove who it is and may not use this grant.",
        )
    if grant_type not in client.grant_types:
        raise OAuthError("unauthorized_client", f"This client is not registered for the grant {grant_type}.")


def _grant_scope(client: Client, requested: str | None) -> tuple[str, ...]:
    # §3.3: without a scope the server uses a default, here all that the client is registered for.
    if requested is None:
        return client.scopes
    # §3.3: scope tokens separated by one space, of %x21 / %x23-5B / %x5D-7E.
    if not re.fullmatch(r"[\x21\x23-\x5b\x5d-\x7e]+( [\x21\x23-\x5b\x5d-\x7e]+)*", requested):
        raise OAuthError("invalid_scope", f"The scope {requested[:60]!r} is not a list of names with one space between.")
    names = tuple(dict.fromkeys(requested.split(" ")))
    for name in names:
        if name not in client.scopes:
            raise OAuthError(
                "invalid_scope",
                f"The client may not have the scope {name[:60]!r}; it may have: {' '.join(client.scopes)}.",
            )
    return names

"""The token endpoint for the client credentials grant (RFC 6749 §3.2, §4.4, §5)."""

import re

from mock_server.oauth.access_tokens import AccessTokens
from mock_server.oauth.bound_tokens import confirmation_for, token_type
from mock_server.oauth.client_authentication import AuthenticationRules
from mock_server.oauth.client_endpoint import posted_by_client
from mock_server.oauth.clients import CLIENT_CREDENTIALS, Client, Clients
from mock_server.oauth.dpop import DPoP
from mock_server.oauth.oauth_errors import NO_STORE, OAuthError
from mock_server.oauth.parameters import EXAMPLE
from mock_server.web.messages import Request, Response


def token_response(
    request: Request,
    now: float,
    clients: Clients,
    tokens: AccessTokens,
    rules: AuthenticationRules,
    dpop: DPoP,
    resources: tuple[str, ...],
) -> Response:
    """The answer to an access token request: a token (§5.1) or an error (§5.2).

    `resources` are the identifiers of the resources that there are tokens for, the default one first.
    """
    try:
        parameters, client = posted_by_client(request, now, clients, rules)
        _check_grant(client, parameters.get("grant_type"))
        scope = _grant_scope(client, parameters.get("scope"))
        audience = _grant_audience(parameters.resources, resources)
        confirmation = confirmation_for(client, request, now, dpop)
    except OAuthError as error:
        return error.response()

    token = tokens.issue(client, scope, audience, now, confirmation)
    # §5.1. No refresh_token: §4.4.3 advises against one, for the client can ask again at any time.
    # Written out, because json.dumps would take a fifth of all the time: a token is base64url and dots, and neither it
    # nor a scope (§3.3) can hold a character that JSON would escape.
    body = (
        f'{{"access_token": "{token.value}", "token_type": "{token_type(confirmation)}", '
        f'"expires_in": {client.token_lifetime}, "scope": "{" ".join(scope)}"}}'
    )
    nonce = dpop.nonce_headers(now)
    return Response(200, (("content-type", "application/json"), *NO_STORE, *nonce), body.encode("ascii"))


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
    # §3.3: a scope has at least one name, so there is no default for a client that has none.
    if not client.scopes:
        raise OAuthError("invalid_scope", "This client is registered for no scope, so there is no token for it: give it one.")
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


def _grant_audience(requested: tuple[str, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    # RFC 9068 §3: without a resource the token is for a default one.
    # RFC 8707 §2: "The client MAY use multiple "resource" parameters"; one that is not known is an invalid_target.
    for resource in requested:
        if resource not in known:
            raise OAuthError("invalid_target", f"The resource is {resource[:100]!r}; there are tokens for {' and '.join(known)}.")
    return tuple(dict.fromkeys(requested)) or known[:1]

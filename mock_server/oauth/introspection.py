"""The introspection endpoint: a resource server asks what a token is good for (RFC 7662)."""

import json
import math

from mock_server.oauth.access_tokens import AccessToken, AccessTokens
from mock_server.oauth.bound_tokens import token_type
from mock_server.oauth.client_authentication import CHALLENGE, AuthenticationRules
from mock_server.oauth.client_endpoint import posted_by_client, token_to_judge
from mock_server.oauth.clients import Clients
from mock_server.oauth.oauth_errors import NO_STORE, OAuthError
from mock_server.web.messages import Request, Response

EXAMPLE = "token=...&client_id=...&client_secret=..."


def introspection_response(
    request: Request, now: float, clients: Clients, tokens: AccessTokens, rules: AuthenticationRules, issuer: str
) -> Response:
    """What is known of the token, or only that it is not active. `token_type_hint` is not needed here, so it is not read (§2.1)."""
    try:
        parameters, client = posted_by_client(request, now, clients, rules, "introspection", EXAMPLE)
        # §2.1: the endpoint "MUST also require some form of authorization", and a public client proves nothing.
        if client.is_public:
            raise OAuthError("invalid_client", "This is a public client: it has no secret, so it may not ask about tokens.", CHALLENGE)
        token = tokens.find(token_to_judge(parameters, EXAMPLE), now)
    except OAuthError as error:
        return error.response()
    # §2.2: a token that is unknown, not good, or not for this client to ask about is "active": false, and nothing else is said.
    may_ask = token is not None and (client.may_introspect or client.id == token.client_id)
    is_active = may_ask and tokens.why_not_good(token, now) is None
    body = {"active": True, **_members(token, issuer)} if is_active else {"active": False}
    return Response(200, (("content-type", "application/json"), *NO_STORE), json.dumps(body).encode("ascii"))


def _members(token: AccessToken, issuer: str) -> dict[str, object]:
    # §2.2. Where no user takes part, the subject is the client (RFC 9068 §2.2 says so of JWTs).
    members: dict[str, object] = {
        "scope": " ".join(token.scope),
        "client_id": token.client_id,
        "token_type": token_type(token.confirmation),
        # Rounded up, so that no token is active past its exp.
        "exp": math.ceil(token.expires_at),
        "iat": int(token.issued_at),
        "sub": token.client_id,
        "aud": token.audience[0] if len(token.audience) == 1 else list(token.audience),
        "iss": issuer,
    }
    if token.jti:
        members["jti"] = token.jti
    # RFC 8705 §3.2, RFC 9449 §6.2: what the token is bound to, so that the resource server can check it.
    if token.confirmation:
        members["cnf"] = token.confirmation
    return members

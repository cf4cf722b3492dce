"""The revocation endpoint: a client ends a token that it needs no longer (RFC 7009)."""

from mock_server.oauth.access_tokens import AccessTokens
from mock_server.oauth.client_authentication import AuthenticationRules
from mock_server.oauth.client_endpoint import posted_by_client, token_to_judge
from mock_server.oauth.clients import Clients
from mock_server.oauth.introspection import EXAMPLE
from mock_server.oauth.oauth_errors import NO_STORE, OAuthError
from mock_server.web.messages import Request, Response


def revocation_response(
    request: Request, now: float, clients: Clients, tokens: AccessTokens, rules: AuthenticationRules
) -> Response:
    """200 where the token is no longer good, whether or not it ever was (§2.2)."""
    try:
        parameters, client = posted_by_client(request, now, clients, rules, "revocation", EXAMPLE)
        value = token_to_judge(parameters, EXAMPLE)
        # §2.1: the hint may be ignored. There is one type of token here, so unsupported_token_type (§2.2.1) cannot come up.
        token = tokens.find(value, now)
        # §2.1: the server verifies "whether the token was issued to the client making the revocation request".
        if token is not None and token.client_id != client.id:
            raise OAuthError("unauthorized_client", "This access token was issued to another client, and only that one may revoke it.")
        if not tokens.revoke(value, now):
            # §2.2.1: 503 says that the token still lives, and that the client may try again later.
            raise OAuthError(
                "temporarily_unavailable",
                f"This server remembers {tokens.MOST_REVOKED} revocations and has them; the token is good until it expires.",
                status=503,
                headers=(("retry-after", "3600"),),
            )
    except OAuthError as error:
        return error.response()
    # §2.2: "The content of the response body is ignored by the client"; the status says it all.
    return Response(200, NO_STORE)

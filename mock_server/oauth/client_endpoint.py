"""What the endpoints for clients have in common: a form that comes with POST, from a client that proves who it is."""

from mock_server.oauth.client_authentication import AuthenticationRules, authenticate_client
from mock_server.oauth.clients import Client, Clients
from mock_server.oauth.oauth_errors import OAuthError
from mock_server.oauth.parameters import EXAMPLE, Parameters, read_parameters
from mock_server.web.messages import Request


def posted_by_client(
    request: Request,
    now: float,
    clients: Clients,
    rules: AuthenticationRules,
    purpose: str = "token",
    example: str = EXAMPLE,
) -> tuple[Parameters, Client]:
    """The parameters and the client that sent them. OAuthError, with its answer, where the request is not so.

    `purpose` names the endpoint in refusals, `example` is a body that it takes.
    """
    # RFC 6749 §3.2: 'The client MUST use the HTTP "POST" method when making access token requests.'
    # RFC 7662 §2.1 and RFC 7009 §2.1 ask for POST too.
    if request.method != "POST":
        in_url = " Its parameters belong in the body, because logs keep URLs." if request.query else ""
        article = "An" if purpose[0] in "aeiou" else "A"
        detail = f"{article} {purpose} request is sent with POST, not {request.method[:20]}.{in_url}"
        raise OAuthError("invalid_request", detail, status=405, headers=(("allow", "POST"),))
    parameters = read_parameters(request, f"{purpose} endpoint", example)
    return parameters, authenticate_client(request, parameters, clients, now, rules)


def token_to_judge(parameters: Parameters, example: str) -> str:
    """The parameter `token` (RFC 7662 §2.1, RFC 7009 §2.1)."""
    if "token" not in parameters:
        raise OAuthError("invalid_request", f"The parameter token is missing. A body looks like this: {example}")
    return parameters["token"]

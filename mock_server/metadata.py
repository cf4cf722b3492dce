"""The smallest metadata by which a client finds its way: of the protected resource (RFC 9728) and of the authorization server (RFC 8414)."""

import json

from mock_server.messages import Request, Response
from mock_server.problems import problem

RESOURCE_PATH = "/.well-known/oauth-protected-resource"
SERVER_PATH = "/.well-known/oauth-authorization-server"


def resource_metadata_response(request: Request, issuer: str) -> Response:
    # RFC 9728 §3.1: the well-known path stands before the path of the resource, whose URL is then issuer and path.
    resource = issuer + request.path.removeprefix(RESOURCE_PATH)
    body = {"resource": resource, "authorization_servers": [issuer], "bearer_methods_supported": ["header"]}
    return _read_only(request, body)


def server_metadata_response(request: Request, issuer: str) -> Response:
    # RFC 8414 §2
    body = {
        "issuer": issuer,
        # §2 lets a server without such grants leave this out, but the official MCP client (2.3) refuses metadata without it.
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "registration_endpoint": f"{issuer}/register",
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "scopes_supported": ["readings:read", "readings:write"],
    }
    return _read_only(request, body)


def _read_only(request: Request, body: dict[str, object]) -> Response:
    if request.method not in ("GET", "HEAD"):
        return problem(405, "Metadata can only be read, with GET.", (("allow", "GET, HEAD"),))
    return Response(200, (("content-type", "application/json"),), json.dumps(body).encode("ascii"))

"""The documents by which a client finds its way: of the authorization server (RFC 8414) and of each resource (RFC 9728)."""

import json

from mock_server.oauth.bearer import ProtectedResource
from mock_server.oauth.client_metadata import WITH_SECRET
from mock_server.oauth.clients import CLIENT_CREDENTIALS, READ, WRITE
from mock_server.oauth.signed_jwt import HMAC_ALGORITHMS, KEY_OF_ALGORITHM
from mock_server.oauth.signing_keys import SigningKeys
from mock_server.web.messages import Headers, Request, Response
from mock_server.web.problems import problem

SERVER_PATH = "/.well-known/oauth-authorization-server"
RESOURCE_PATH = "/.well-known/oauth-protected-resource"
AUTHORIZE_PATH = "/authorize"
#: RFC 8705 §2.1.1, §2.2.1
_CERTIFICATE_METHODS = ("tls_client_auth", "self_signed_tls_client_auth")


def server_metadata(issuer: str, *, with_certificates: bool, with_registration: bool) -> dict[str, object]:
    """RFC 8414 §2. `with_certificates` where clients may prove themselves in the TLS handshake."""
    methods = [*WITH_SECRET, "private_key_jwt", *(_CERTIFICATE_METHODS if with_certificates else ())]
    # §2: these are required where a method of signed JWTs is listed, and "none" must not be among them.
    algorithms = [*KEY_OF_ALGORITHM, *HMAC_ALGORITHMS]
    metadata: dict[str, object] = {
        "issuer": issuer,
        # §2 lets a server without such grants leave this out, but the official MCP client (2.3) refuses metadata without it.
        "authorization_endpoint": issuer + AUTHORIZE_PATH,
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/jwks",
        "introspection_endpoint": f"{issuer}/introspect",
        "revocation_endpoint": f"{issuer}/revoke",
        "service_documentation": f"{issuer}/",
        "scopes_supported": [READ, WRITE],
        # §2 makes it required; the one grant here has no response type.
        "response_types_supported": [],
        "grant_types_supported": [CLIENT_CREDENTIALS],
        # RFC 9449 §5.1
        "dpop_signing_alg_values_supported": list(KEY_OF_ALGORITHM),
        # RFC 8705 §3.3
        "tls_client_certificate_bound_access_tokens": with_certificates,
    }
    for endpoint in ("token", "introspection", "revocation"):
        metadata[f"{endpoint}_endpoint_auth_methods_supported"] = methods
        metadata[f"{endpoint}_endpoint_auth_signing_alg_values_supported"] = algorithms
    if with_registration:
        metadata["registration_endpoint"] = f"{issuer}/register"
    return metadata


def resource_metadata(resource: ProtectedResource, issuer: str, *, with_certificates: bool) -> dict[str, object]:
    """RFC 9728 §2."""
    return {
        "resource": resource.identifier,
        "resource_name": f"{resource.name} (a teaching server)",
        "authorization_servers": [issuer],
        "scopes_supported": list(resource.scopes),
        "bearer_methods_supported": ["header"],
        "dpop_signing_alg_values_supported": list(KEY_OF_ALGORITHM),
        "tls_client_certificate_bound_access_tokens": with_certificates,
    }


def metadata_response(request: Request, metadata: dict[str, object]) -> Response:
    # RFC 8414 §3.2, RFC 9728 §3.2: application/json.
    return _read_only(request, metadata, "application/json")


def jwks_response(request: Request, now: float, keys: SigningKeys) -> Response:
    """The public keys with which this server's JWTs can be verified (RFC 7517 §5)."""
    # RFC 7517 §8.5.2. A verifier keeps the set for a while, and asks again when it meets a kid that it does not know.
    return _read_only(request, keys.jwks(now), "application/jwk-set+json", (("cache-control", "max-age=300"),))


def authorize_response(request: Request, now: float) -> Response:
    """RFC 6749 §4.1.2.1: without a registered redirect URI the error is told where it arose, and nobody is redirected."""
    if request.method not in ("GET", "HEAD"):
        return problem(405, "A browser comes here with GET.", (("allow", "GET, HEAD"),))
    return problem(400, "This server has no flow in which a person signs in: ask POST /token with grant_type=client_credentials.")


def _read_only(request: Request, body: dict[str, object], media_type: str, headers: Headers = ()) -> Response:
    if request.method not in ("GET", "HEAD"):
        return problem(405, "This document can only be read, with GET.", (("allow", "GET, HEAD"),))
    return Response(200, (("content-type", media_type), *headers), json.dumps(body).encode("ascii"))

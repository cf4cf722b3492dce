"""The token endpoint for the client credentials grant (RFC 6749 §3.2, §4.4, §5)."""

import json
import re
from collections import Counter

from mock_server.access_tokens import AccessTokens
from mock_server.client_authentication import authenticate_client
from mock_server.clients import CLIENT_CREDENTIALS, Client, Clients
from mock_server.form import FORM, FormError, parse_form
from mock_server.messages import Request, Response
from mock_server.oauth_errors import NO_STORE, OAuthError, printable

EXAMPLE = "grant_type=client_credentials&client_id=...&client_secret=..."


def token_response(request: Request, now: float, clients: Clients, tokens: AccessTokens) -> Response:
    """The answer to an access token request: a token (§5.1) or an error (§5.2)."""
    # RFC 6749 §3.2: 'The client MUST use the HTTP "POST" method when making access token requests.'
    if request.method != "POST":
        in_url = " Its parameters belong in the body, because logs keep URLs." if request.query else ""
        detail = f"A token request is sent with POST, not {request.method[:20]}.{in_url}"
        body = {"error": "invalid_request", "error_description": printable(detail)}
        headers = (("allow", "POST"), ("content-type", "application/json"), *NO_STORE)
        return Response(405, headers, json.dumps(body).encode("ascii"))
    try:
        parameters = _read_parameters(request)
        client = authenticate_client(request, parameters, clients)
        _check_grant(client, parameters.get("grant_type"))
        scope = _grant_scope(client, parameters.get("scope"))
    except OAuthError as error:
        return error.response()

    token = tokens.issue(client.id, scope, client.token_lifetime, now)
    # §5.1. No refresh_token: §4.4.3 advises against one, for the client can ask again at any time.
    body = {
        "access_token": token.value,
        "token_type": "Bearer",
        "expires_in": client.token_lifetime,
        "scope": " ".join(scope),
    }
    return Response(200, (("content-type", "application/json"), *NO_STORE), json.dumps(body).encode("ascii"))


def _read_parameters(request: Request) -> dict[str, str]:
    if request.media_type != FORM or _is_json(request.body):
        raise OAuthError("invalid_request", _wrong_encoding(request))
    try:
        pairs = parse_form(request.body)
    except FormError as error:
        raise OAuthError("invalid_request", f"The body is not form-encoded: {error}.") from None
    # §3.2: "Request and response parameters MUST NOT be included more than once."
    for name, count in Counter(name for name, _ in pairs).items():
        if count > 1:
            raise OAuthError("invalid_request", f"The parameter {name[:60]!r} was sent {count} times: send it once.")
    for name, value in pairs:
        if value and not value.strip("_"):
            raise OAuthError("invalid_request", f"The value of {name[:60]!r} is still a blank to fill in: {value[:20]}")
    # §3.2: "Parameters sent without a value MUST be treated as if they were omitted from the request."
    return {name: value for name, value in pairs if value}


def _wrong_encoding(request: Request) -> str:
    expected = f"Send Content-Type: {FORM} and a body such as {EXAMPLE}"
    if _is_json(request.body):
        return f"The body is JSON, and the token endpoint reads only forms. {expected}"
    if request.media_type:
        return f"The Content-Type is {request.media_type[:60]}, and the token endpoint reads only forms. {expected}"
    if request.query and not request.body:
        return f"The parameters came in the URL, and logs keep them; the token endpoint reads the body. {expected}"
    return f"The request has no Content-Type. {expected}"


def _is_json(body: bytes) -> bool:
    """Whether the body is a JSON object, whatever its Content-Type says: curl labels `-d '{...}'` a form."""
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False


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

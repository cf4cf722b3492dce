"""How a client proves who it is at the token endpoint (RFC 6749 §2.3)."""

import base64

from mock_server.clients import Client, Clients
from mock_server.form import FormError, form_decode
from mock_server.messages import Request
from mock_server.oauth_errors import OAuthError

CHALLENGE = 'Basic realm="token endpoint"'


def authenticate_client(request: Request, parameters: dict[str, str], clients: Clients) -> Client:
    """The client that sent this request.

    A public client is only identified: it has nothing to prove itself with, and the caller decides
    what it may do. OAuthError `invalid_client` or `invalid_request` where it is not clear who asks.
    """
    authorization = request.header_lines("authorization")
    # RFC 6749 §2.3: "The client MUST NOT use more than one authentication method in each request."
    if len(authorization) > 1 or (authorization and "client_secret" in parameters):
        raise OAuthError(
            "invalid_request",
            "The client authenticated more than once in one request: "
            "send either one Authorization header or client_secret in the body, not both.",
        )
    if authorization:
        client_id, secret = _read_basic(authorization[0])
        if parameters.get("client_id", client_id) != client_id:
            raise OAuthError(
                "invalid_request",
                "client_id in the body is not the one in the Authorization header: send it once.",
            )
        return _with_secret(clients, client_id, secret)
    if "client_secret" in parameters and "client_id" in parameters:
        return _with_secret(clients, parameters["client_id"], parameters["client_secret"])

    client = clients.find(parameters.get("client_id", ""))
    if client is not None and client.is_public and "client_secret" not in parameters:
        return client
    raise _invalid_client(_what_is_missing(request, parameters))


def _read_basic(authorization: str) -> tuple[str, str]:
    """The client id and secret of HTTP Basic (RFC 7617), each of them form-encoded (RFC 6749 §2.3.1)."""
    scheme, _, credentials = authorization.partition(" ")
    # RFC 9110 §11.1: the name of a scheme is read without case.
    if scheme.lower() != "basic":
        raise _invalid_client(f"The Authorization scheme is {scheme[:20]!r}; this endpoint knows Basic.")
    try:
        pair = base64.b64decode(credentials.strip(" "), validate=True).decode("utf-8")
    except ValueError:
        raise _invalid_client(
            "The text after Basic is not base64 of UTF-8: it must be base64(client_id:client_secret)."
        ) from None
    client_id, colon, secret = pair.partition(":")
    if not colon:
        raise _invalid_client("The decoded Basic credentials hold no colon between client_id and client_secret.")
    try:
        return form_decode(client_id), form_decode(secret)
    except FormError:
        raise _invalid_client(
            "The client_id or client_secret inside Basic is not form-encoded: "
            "encode each of the two before joining them with a colon (RFC 6749 section 2.3.1)."
        ) from None


def _with_secret(clients: Clients, client_id: str, secret: str) -> Client:
    client = clients.with_secret(client_id, secret)
    if client is None:
        raise _invalid_client("The client is unknown or its secret is wrong: check client_id and client_secret.")
    return client


def _what_is_missing(request: Request, parameters: dict[str, str]) -> str:
    advice = "send client_id and client_secret in the form body or as HTTP Basic"
    if "client_secret=" in request.query:
        return f"client_secret came in the URL, where it is not read and logs keep it: {advice}."
    for name, other in (("client_id", "client_secret"), ("client_secret", "client_id")):
        if name in parameters:
            return f"{name} was sent without {other}: {advice}."
    for name in parameters:
        if name.strip() in ("client_id", "client_secret") and name != name.strip():
            return f"There is a parameter {name!r}, with a space in its name, and no {name.strip()}: write no spaces."
    return f"The request does not say which client sends it: {advice}."


def _invalid_client(description: str) -> OAuthError:
    return OAuthError("invalid_client", description, challenge=CHALLENGE)

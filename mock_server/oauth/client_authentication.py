"""How a client proves who it is at the token endpoint (RFC 6749 §2.3)."""

import base64
import math
from dataclasses import dataclass, field

from mock_server.oauth.client_assertion import assertion_from, authenticated_by_assertion
from mock_server.oauth.client_certificate import authenticated_by_certificate
from mock_server.oauth.clients import Client, Clients
from mock_server.oauth.oauth_errors import OAuthError
from mock_server.oauth.replay import ReplayMemory
from mock_server.web.form import FormError, form_decode
from mock_server.web.messages import Request

CHALLENGE = 'Basic realm="token endpoint"'


@dataclass(frozen=True)
class AuthenticationRules:
    """What a server asks of its clients.

    `audiences` are the names by which an assertion may address this server. `lenient_basic` also takes a client id
    and secret that were not form-encoded inside Basic. `client_ca` vouches for the certificates of clients (DER).
    """

    audiences: tuple[str, ...] = ()
    lenient_basic: bool = False
    client_ca: bytes | None = None
    used_assertions: ReplayMemory = field(default_factory=ReplayMemory)


def authenticate_client(
    request: Request,
    parameters: dict[str, str],
    clients: Clients,
    now: float = math.inf,
    rules: AuthenticationRules = AuthenticationRules(),
) -> Client:
    """The client that sent this request, at the time `now`. Without `now` and `rules` only secrets are taken, and no old ones.

    A public client is only identified: it has nothing to prove itself with, and the caller decides
    what it may do. OAuthError `invalid_client` or `invalid_request` where it is not clear who asks.
    """
    authorization = request.header_lines("authorization")
    # RFC 6749 §2.3: "The client MUST NOT use more than one authentication method in each request."
    assertion = assertion_from(parameters)
    if len(authorization) + ("client_secret" in parameters) + (assertion is not None) > 1:
        raise OAuthError(
            "invalid_request",
            "The client authenticated more than once in one request: "
            "send either one Authorization header or client_secret or client_assertion in the body, not two of them.",
        )
    if assertion is not None:
        method, client = authenticated_by_assertion(
            assertion, parameters, clients, now, rules.audiences, rules.used_assertions
        )
        return _registered_for(method, client)
    if authorization:
        pairs = _read_basic(authorization[0], rules.lenient_basic)
        client_id = pairs[0][0]
        if parameters.get("client_id", client_id) != client_id:
            raise OAuthError(
                "invalid_request",
                "client_id in the body is not the one in the Authorization header: send it once.",
            )
        return _registered_for("client_secret_basic", _with_secret(clients, pairs, now))
    if "client_secret" in parameters and "client_id" in parameters:
        pair = (parameters["client_id"], parameters["client_secret"])
        return _registered_for("client_secret_post", _with_secret(clients, [pair], now))
    # RFC 8705 §2: the certificate proves who the client is, and client_id says as whom to look it up.
    if request.client_certificate and "client_id" in parameters and "client_secret" not in parameters:
        by_certificate = authenticated_by_certificate(
            request.client_certificate, clients.find(parameters["client_id"]), rules.client_ca
        )
        if by_certificate:
            return _registered_for(*by_certificate)

    client = clients.find(parameters.get("client_id", ""))
    if client is not None and client.is_public and "client_secret" not in parameters:
        return client
    raise _invalid_client(_what_is_missing(request, parameters))


def _registered_for(method: str, client: Client) -> Client:
    """The client, if it may use that method. It is asked only of a client that proved itself: a stranger learns nothing."""
    # RFC 7591 §2 `token_endpoint_auth_method`; RFC 6749 §5.2 invalid_client: "unsupported authentication method".
    if method not in client.auth_methods:
        raise _invalid_client(f"This client used {method}; it is registered for {' or '.join(client.auth_methods)}.")
    return client


def _read_basic(authorization: str, lenient: bool) -> list[tuple[str, str]]:
    """The client id and secret of HTTP Basic (RFC 7617), each of them form-encoded (RFC 6749 §2.3.1).

    A lenient server also tries the pair as it stands, for the many clients that do not encode it: two pairs, then.
    """
    scheme, _, credentials = authorization.partition(" ")
    # RFC 9110 §11.1: the name of a scheme is read without case.
    if scheme.lower() != "basic":
        # A single word may be the credentials themselves: it is not repeated.
        seen = f"scheme is {scheme[:20]!r}" if credentials.strip() else "header is one word, so its scheme is missing"
        raise _invalid_client(f"The Authorization {seen}; this endpoint knows Basic.")
    try:
        pair = base64.b64decode(credentials.strip(" "), validate=True).decode("utf-8")
    except ValueError:
        raise _invalid_client(
            "The text after Basic is not base64 of UTF-8: it must be base64(client_id:client_secret)."
        ) from None
    client_id, colon, secret = pair.partition(":")
    if not colon:
        raise _invalid_client("The decoded Basic credentials hold no colon between client_id and client_secret.")
    as_it_stands = [(client_id, secret)] if lenient else []
    try:
        return [(form_decode(client_id), form_decode(secret)), *as_it_stands]
    except FormError:
        if lenient:
            return as_it_stands
        raise _invalid_client(
            "The client_id or client_secret inside Basic is not form-encoded: "
            "encode each of the two before joining them with a colon (RFC 6749 section 2.3.1)."
        ) from None


def _with_secret(clients: Clients, pairs: list[tuple[str, str]], now: float) -> Client:
    found = None
    for client_id, secret in pairs:
        # No pair is left out once one fits, so the work tells nothing.
        client = clients.with_secret(client_id, secret, now)
        found = found or client
    if found is not None:
        return found
    raise _invalid_client("The client is unknown or its secret is wrong: check client_id and client_secret.")


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
    if request.client_certificate:
        # RFC 8705 §2: "the client MUST include the client_id parameter".
        return "This connection has a client certificate, but the request does not say whose: send client_id in the form body."
    return f"The request does not say which client sends it: {advice}."


def _invalid_client(description: str) -> OAuthError:
    return OAuthError("invalid_client", description, challenge=CHALLENGE)

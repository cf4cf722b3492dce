"""How the API reads an access token: RFC 6750, in the `Authorization` header only (§2.1)."""

import re
from dataclasses import dataclass

from mock_server.oauth.access_tokens import AccessToken, AccessTokens
from mock_server.oauth.bound_tokens import DPOP_REALM, REALM, NotTheHolder, check_holder
from mock_server.oauth.dpop import DPoP
from mock_server.oauth.oauth_errors import printable
from mock_server.web.messages import Headers, Request, Response
from mock_server.web.problems import problem

# RFC 6750 §2.3: the parameter access_token, and none whose name only ends so.
_TOKEN_IN_URL = re.compile("(?:^|&)access_token=")


@dataclass(frozen=True, slots=True)
class ProtectedResource:
    """What a token can be for. `identifier` is its URL (RFC 8707 §2, RFC 9728 §1.2), `metadata_url` says more of it (RFC 9728 §3)."""

    name: str
    identifier: str
    metadata_url: str
    scopes: tuple[str, ...]
    tokens: AccessTokens
    dpop: DPoP


class Refused(Exception):
    """The request may not pass; `response` is the answer to give."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def authorize(request: Request, needed_scope: str, now: float, resource: ProtectedResource) -> AccessToken:
    """The token that lets this request pass. Refused, with the answer of §3.1, where none does."""
    lines = request.header_lines("authorization")
    bearer = [line for line in lines if line.partition(" ")[0].lower() in ("bearer", "dpop")]
    # RFC 9449 §7.1: whoever used the scheme DPoP is challenged in it.
    realm = DPOP_REALM if bearer and bearer[0].lower().startswith("dpop") else REALM
    # RFC 9728 §5.1: a 401 says where the metadata of this resource is.
    pointer = {"resource_metadata": resource.metadata_url}

    def refused(detail: str, error: str = "invalid_token", realm: str = realm, headers: Headers = ()) -> Refused:
        return Refused(_challenge(401, detail, realm, {"error": error, "error_description": detail} | pointer, headers))

    # §3.1: a request without authentication gets a challenge and no error code.
    if not bearer:
        raise Refused(_challenge(401, _without_token(request, lines), REALM, pointer))
    # §2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
    credentials = re.fullmatch(r"((?i:bearer|dpop)) +([A-Za-z0-9\-._~+/]+=*)", bearer[0].strip(" "))
    # §3.1: more than one method for including an access token is an invalid_request.
    if len(lines) > 1 or credentials is None or _TOKEN_IN_URL.search(request.query):
        detail = "Expected one header of the form Authorization: Bearer TOKEN, with nothing behind the token, and no token in the URL."
        raise Refused(_challenge(400, detail, realm, {"error": "invalid_request", "error_description": detail}))
    token = resource.tokens.find(credentials[2], now)
    if token is None:
        raise refused("This server did not issue this access token.")
    if reason := resource.tokens.why_not_good(token, now):
        raise refused(reason)
    # RFC 9068 §4: the resource must find itself in aud. Opaque tokens are held to the same.
    if resource.identifier not in token.audience:
        raise refused(f"This access token is for {' and '.join(token.audience)}; ask for one with resource={resource.identifier}.")
    try:
        check_holder(token, credentials[1], request, now, resource.dpop)
    except NotTheHolder as fault:
        raise refused(fault.description, fault.error, fault.realm, fault.headers) from None
    if needed_scope not in token.scope:
        detail = f"The access token has the scope {' '.join(token.scope)}; this request needs {needed_scope}."
        attributes = {"error": "insufficient_scope", "error_description": detail, "scope": needed_scope}
        raise Refused(_challenge(403, detail, realm, attributes))
    return token


def _without_token(request: Request, authorization: list[str]) -> str:
    expected = "Send the header Authorization: Bearer TOKEN"
    if _TOKEN_IN_URL.search(request.query):
        return f"An access token in the URL is not read, because logs keep URLs. {expected}."
    if authorization and " " not in authorization[0].strip():
        return f"The Authorization header is one word, so the word Bearer is missing before the token. {expected}."
    if authorization:
        return f"The Authorization scheme is {printable(authorization[0].partition(' ')[0])[:20]}. {expected}."
    return f"This request carries no access token. {expected}."


def _challenge(status: int, detail: str, realm: str, attributes: dict[str, str], headers: Headers = ()) -> Response:
    """The answer with `WWW-Authenticate` (§3)."""
    challenge = ", ".join([realm, *(f'{name}="{printable(value)}"' for name, value in attributes.items())])
    return problem(status, detail, (("www-authenticate", challenge), *headers))

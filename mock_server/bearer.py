"""How the API reads an access token: RFC 6750, in the `Authorization` header only (§2.1)."""

import re

from mock_server.access_tokens import AccessToken, AccessTokens
from mock_server.bound_tokens import NotTheHolder, check_holder
from mock_server.messages import Headers, Request, Response
from mock_server.oauth_errors import printable
from mock_server.problems import problem

REALM = 'Bearer realm="stations"'


class Refused(Exception):
    """The request may not pass; `response` is the answer to give."""

    def __init__(self, response: Response) -> None:
        super().__init__(response.status)
        self.response = response


def authorize(request: Request, needed_scope: str, now: float, tokens: AccessTokens) -> AccessToken:
    """The token that lets this request pass. Refused, with the answer of §3.1, where none does."""
    lines = request.header_lines("authorization")
    bearer = [line for line in lines if line.partition(" ")[0].lower() in ("bearer", "dpop")]
    # §3.1: a request without authentication gets a challenge and no error code.
    if not bearer:
        raise Refused(_challenge(401, None, _without_token(request, lines)))
    # §2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
    credentials = re.fullmatch(r"((?i:bearer|dpop)) +([A-Za-z0-9\-._~+/]+=*)", bearer[0].strip(" "))
    if len(lines) > 1 or credentials is None:
        detail = "Expected one header of the form Authorization: Bearer TOKEN, with nothing before or after the token."
        raise Refused(_challenge(400, "invalid_request", detail))
    token = tokens.find(credentials[2])
    if token is None:
        raise Refused(_challenge(401, "invalid_token", "This server did not issue this access token."))
    if token.expires_at <= now:
        lifetime = token.expires_at - token.issued_at
        detail = f"The access token has expired after its {lifetime:.0f} seconds: ask the token endpoint for a new one."
        raise Refused(_challenge(401, "invalid_token", detail))
    try:
        check_holder(token, credentials[1], request, now, tokens.dpop)
    except NotTheHolder as fault:
        raise Refused(_challenge(401, fault.error, fault.description, None, fault.realm, fault.headers)) from None
    if needed_scope not in token.scope:
        detail = f"The access token has the scope {' '.join(token.scope)}; this request needs {needed_scope}."
        raise Refused(_challenge(403, "insufficient_scope", detail, needed_scope))
    return token


def _without_token(request: Request, authorization: list[str]) -> str:
    expected = "Send the header Authorization: Bearer TOKEN"
    if "access_token=" in request.query:
        return f"An access token in the URL is not read, because logs keep URLs. {expected}."
    if authorization and " " not in authorization[0].strip():
        return f"The Authorization header is one word, so the word Bearer is missing before the token. {expected}."
    if authorization:
        return f"The Authorization scheme is {printable(authorization[0].partition(' ')[0])[:20]}. {expected}."
    return f"This request carries no access token. {expected}."


def _challenge(
    status: int, error: str | None, detail: str, scope: str | None = None, realm: str = REALM, headers: Headers = ()
) -> Response:
    """The answer with `WWW-Authenticate` (§3); the attributes are left out where there is nothing to say."""
    attributes = [realm]
    if error:
        attributes += [f'error="{error}"', f'error_description="{printable(detail)}"']
    if scope:
        attributes.append(f'scope="{scope}"')
    return problem(status, detail, (("www-authenticate", ", ".join(attributes)), *headers))

"""The parameters of a request to the authorization server: a form, read by the rules of RFC 6749 §3.2."""

import json
from collections import Counter

from mock_server.oauth.oauth_errors import OAuthError
from mock_server.web.form import FORM, FormError, parse_form
from mock_server.web.messages import Request

EXAMPLE = "grant_type=client_credentials&client_id=...&client_secret=..."


class Parameters(dict[str, str]):
    """One value for each name, but for `resource`, the one parameter that may be repeated (RFC 8707 §2)."""

    resources: tuple[str, ...] = ()


def read_parameters(request: Request, endpoint: str = "token endpoint", example: str = EXAMPLE) -> Parameters:
    """Names and values. OAuthError `invalid_request` where the body is no form, or says a thing twice."""
    if request.media_type != FORM or _is_json(request.body):
        raise OAuthError("invalid_request", _wrong_encoding(request, endpoint, example))
    try:
        pairs = parse_form(request.body)
    except FormError as error:
        raise OAuthError("invalid_request", f"The body is not form-encoded: {error}.") from None
    parameters = Parameters(pairs)
    if len(parameters) < len(pairs):
        _check_repetition(pairs)
    if "resource" in parameters:
        parameters.resources = tuple(value for name, value in pairs if name == "resource" and value)
    # §3.2: "Parameters sent without a value MUST be treated as if they were omitted from the request."
    for name, value in pairs:
        if not value:
            parameters.pop(name, None)
        elif not value.strip("_"):
            raise OAuthError("invalid_request", f"The value of {name[:60]!r} is still a blank to fill in: {value[:20]}")
    return parameters


def _check_repetition(pairs: list[tuple[str, str]]) -> None:
    # §3.2: "Request and response parameters MUST NOT be included more than once." RFC 8707 §2 makes one exception.
    for name, count in Counter(name for name, _ in pairs).most_common():
        if count > 1 and name != "resource":
            raise OAuthError("invalid_request", f"The parameter {name[:60]!r} was sent {count} times: send it once.")


def _wrong_encoding(request: Request, endpoint: str, example: str) -> str:
    expected = f"Send Content-Type: {FORM} and a body such as {example}"
    if _is_json(request.body):
        return f"The body is JSON, and the {endpoint} reads only forms. {expected}"
    if request.media_type:
        return f"The Content-Type is {request.media_type[:60]}, and the {endpoint} reads only forms. {expected}"
    if request.query and not request.body:
        return f"The parameters came in the URL, and logs keep them; the {endpoint} reads the body. {expected}"
    return f"The request has no Content-Type. {expected}"


def _is_json(body: bytes) -> bool:
    """Whether the body is a JSON object, whatever its Content-Type says: curl labels `-d '{...}'` a form."""
    if b"{" not in body:
        return False
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False

"""The parameters of a request to the authorization server: a form, read by the rules of RFC 6749 §3.2."""

import json
from collections import Counter

from mock_server.form import FORM, FormError, parse_form
from mock_server.messages import Request
from mock_server.oauth_errors import OAuthError

EXAMPLE = "grant_type=client_credentials&client_id=...&client_secret=..."


def read_parameters(request: Request) -> dict[str, str]:
    """Names and values. OAuthError `invalid_request` where the body is no form, or says a thing twice."""
    if request.media_type != FORM or _is_json(request.body):
        raise OAuthError("invalid_request", _wrong_encoding(request))
    try:
        pairs = parse_form(request.body)
    except FormError as error:
        raise OAuthError("invalid_request", f"The body is not form-encoded: {error}.") from None
    parameters = dict(pairs)
    # §3.2: "Request and response parameters MUST NOT be included more than once."
    if len(parameters) < len(pairs):
        name, count = Counter(name for name, _ in pairs).most_common(1)[0]
        raise OAuthError("invalid_request", f"The parameter {name[:60]!r} was sent {count} times: send it once.")
    # §3.2: "Parameters sent without a value MUST be treated as if they were omitted from the request."
    for name, value in pairs:
        if not value:
            del parameters[name]
        elif not value.strip("_"):
            raise OAuthError("invalid_request", f"The value of {name[:60]!r} is still a blank to fill in: {value[:20]}")
    return parameters


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
    if b"{" not in body:
        return False
    try:
        return isinstance(json.loads(body), dict)
    except (ValueError, RecursionError):
        return False

"""An exchange in one or two sentences, for somebody who sees such a thing for the first time."""

import json
from dataclasses import dataclass

from mock_server.views.error_guide import GUIDES, ErrorGuide
from mock_server.views.problem_guide import PROBLEM_GUIDES
from mock_server.web.messages import Response
from mock_server.web.problems import PROBLEM_PAGES
from mock_server.web.wire import parse_request, parse_response


@dataclass(frozen=True, slots=True)
class Explanation:
    """`text` is what the answer means; `advice`, empty after a success, what the server said of it; `guide` the error's page."""

    text: str
    advice: str = ""
    guide: ErrorGuide | None = None

    def __str__(self) -> str:
        return f"{self.text} {self.advice}".strip()


def explain(raw_request: bytes, raw_response: bytes) -> Explanation:
    """What the answer means, in words."""
    request, response = parse_request(raw_request), parse_response(raw_response)
    if response is None:
        return Explanation("No answer came: the connection ended, or the server is still busy with it.")
    members = _members(response)
    code = members.get("error") or _challenge_code(response)
    guide = _guide(code) or _guide(members.get("type"))
    said = members.get("error_description") or members.get("detail")
    said = said if isinstance(said, str) else ""
    if guide and response.status >= 400:
        return Explanation(guide.meaning, said, guide)
    if response.status >= 400:
        return Explanation(_STATUSES.get(response.status, _of_class(response.status)), said)
    if isinstance(members.get("access_token"), str):
        return Explanation(_token_text(members))
    if response.status < 300 and request is not None and request.header("authorization"):
        return Explanation("The server accepted the access token and did what was asked.")
    return Explanation(_of_class(response.status))


def _guide(code: object) -> ErrorGuide | None:
    """The guide of an error code, or of a problem type; None where there is neither."""
    if not isinstance(code, str):
        return None
    return GUIDES.get(code) or PROBLEM_GUIDES.get(code.removeprefix(PROBLEM_PAGES))


def _token_text(members: dict) -> str:
    lifetime = members.get("expires_in")
    lives = f" It lives {lifetime} seconds." if isinstance(lifetime, int | float) else ""
    scope = members.get("scope")
    what = f" It is good for: {scope}." if isinstance(scope, str) and scope else ""
    kind = members.get("token_type")
    presented = "in the header Authorization: Bearer" if kind == "Bearer" else f"as its token_type says: {kind}"
    return f"The server knows the client and gave it an access token.{lives}{what} To use it, send it to the API {presented}."


_STATUSES = {
    400: "The server could not read the request.",
    401: "The server does not know who is asking: the request proves nothing.",
    403: "The server knows who is asking, and that client may not do this.",
    404: "There is nothing at this address.",
    405: "This address exists, but not for this method.",
    406: "The server cannot answer in a form that the client takes.",
    408: "The request did not arrive whole in time.",
    413: "The body is longer than the server takes.",
    415: "The body is not in a form that this address reads.",
    422: "The body could be read, but what it says cannot be done.",
    429: "Too many requests in a short time: wait as long as Retry-After says, then ask again.",
    503: "The server cannot answer now: wait as long as Retry-After says, then ask again.",
}


def _of_class(status: int) -> str:
    if status >= 500:
        return "The server failed. The request may be right: ask again later, and wait longer each time."
    if status >= 400:
        return "The server refused the request."
    return "What was asked for is elsewhere." if status >= 300 else "The server did what was asked."


def _members(response: Response) -> dict:
    try:
        value = json.loads(response.body)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _challenge_code(response: Response) -> str | None:
    """The `error` attribute of `WWW-Authenticate` (RFC 6750 §3)."""
    _, found, rest = (response.header("www-authenticate") or "").partition('error="')
    return rest.partition('"')[0] if found else None

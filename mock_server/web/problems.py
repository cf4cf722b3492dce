"""Problem details: errors of the API as JSON that a person can read (RFC 9457)."""

import json

from mock_server.web.messages import Headers, Response
from mock_server.web.phrases import phrase

#: Below this path the server explains each type of problem to a person.
PROBLEM_PAGES = "/problems/"


def problem(status: int, detail: str, headers: Headers = (), kind: str | None = None, **more: object) -> Response:
    """An `application/problem+json` answer; `detail` says what was seen and what to do.

    With a `kind` such as `not-acceptable` the answer has a `type`, the relative path `/problems/not-acceptable`
    (RFC 9457 §3.1.1); without one its type is `about:blank`, which says no more than the status (§4.2.1).
    `more` are extension members (§3.2).
    """
    type_ = {"type": PROBLEM_PAGES + kind} if kind else {}
    body = {**type_, "title": phrase(status), "status": status, "detail": detail, **more}
    return Response(status, (("content-type", "application/problem+json"), *headers), json.dumps(body).encode("ascii"))

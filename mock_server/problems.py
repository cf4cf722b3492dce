"""Problem details: errors of the API as JSON that a person can read (RFC 9457)."""

import json
from http import HTTPStatus

from mock_server.messages import Headers, Response


def problem(status: int, detail: str, headers: Headers = ()) -> Response:
    """An `application/problem+json` answer; `detail` says what was seen and what to do."""
    body = {"title": HTTPStatus(status).phrase, "status": status, "detail": detail}
    return Response(status, (("content-type", "application/problem+json"), *headers), json.dumps(body).encode("ascii"))

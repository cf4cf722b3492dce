"""What every protected resource does before it answers: method, token, rate limit, `Accept` and preconditions, in that order."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace

from mock_server.api.rate_limit import RateLimit
from mock_server.oauth.bearer import ProtectedResource, Refused, authorize
from mock_server.web.conditional import conditional, entity_tag
from mock_server.web.json_body import parse_json
from mock_server.web.messages import Headers, Request, Response
from mock_server.web.negotiation import JSON, accepts_json
from mock_server.web.problems import problem

#: For each method the scope that it needs and what it does.
Methods = Mapping[str, tuple[str, Callable[[], Response]]]


def protected(
    request: Request, now: float, resource: ProtectedResource, methods: Methods, rate_limit: RateLimit | None = None
) -> Response:
    """The answer of the method asked for, if this request may have it."""
    # RFC 9110 §9.1: GET and HEAD go together. HEAD is answered like GET; the shell that sends it leaves the body away.
    method = "GET" if request.method == "HEAD" and "GET" in methods else request.method
    if method not in methods:
        allowed = ", ".join("GET, HEAD" if name == "GET" else name for name in methods)
        detail = f"{request.method[:20]} is not for {request.path[:200]}; use {allowed}."
        # RFC 9110 §15.5.6: a 405 must list the methods of this resource in Allow.
        return problem(405, detail, (("allow", allowed),), kind="method-not-allowed")
    scope, act = methods[method]
    try:
        token = authorize(request, scope, now, resource)
    except Refused as refused:
        return refused.response
    told, refusal = rate_limit.count(token.client_id, now) if rate_limit else ((), None)
    response = refusal or _for_client(request, methods, act)
    return replace(response, headers=(*response.headers, *told))


def _for_client(request: Request, methods: Methods, act: Callable[[], Response]) -> Response:
    if not accepts_json(request):
        seen = request.header("accept")[:80]
        return problem(406, f"Accept is {seen}, which leaves out {JSON}, all that there is here.", kind="not-acceptable")
    if request.header("if-match") is None and request.header("if-none-match") is None:
        return act()
    current = methods["GET"][1]() if "GET" in methods else None
    if current is not None and current.status != 200:
        return act()  # RFC 9110 §13.2.1: preconditions are ignored where the answer would be an error without them.
    return conditional(request, current, act)


def json_response(status: int, body: object, headers: Headers = ()) -> Response:
    """A JSON answer; a 200 has the ETag of its bytes."""
    content = json.dumps(body).encode("ascii")
    tag = (("etag", entity_tag(content)),) if status == 200 else ()
    return Response(status, (("content-type", JSON), *tag, *headers), content)


def read_json(request: Request) -> object | Response:
    """The JSON value in the body, or the answer that says why there is none."""
    if request.media_type != JSON:
        seen = request.media_type or "absent"
        return problem(415, f"The Content-Type is {seen[:60]}; a reading is sent as application/json.", kind="not-json")
    try:
        return parse_json(request.body)
    except ValueError as error:
        return problem(400, f"The body is not JSON: {error}.", kind="not-json")

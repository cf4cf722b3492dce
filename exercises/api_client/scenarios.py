"""API client: `read_api(token_url, api_url, client_id, client_secret, scope, paths)` gets one token and reads each path with it."""

import json

from exercises.scenario import Call, Credentials, Exercise, Scenario, Stage, expect
from mock_server.oauth.clients import READ, WRITE
from mock_server.views.record import Exchange
from mock_server.web.form import FORM, FormError, parse_form

TOKEN_PATH, API_PATH = "/oauth2/token", "/api"
PATHS = ["/stations", "/readings?limit=2", "/readings"]


def _call(stage: Stage, client: Credentials, scope: str = READ, paths: list[str] = PATHS) -> Call:
    url = stage.server.url
    call = stage.call(url + TOKEN_PATH, url + API_PATH, client.id, client.secret, scope, list(paths))
    if len(stage.exchanges) < 2:
        stage.only_request(call)
    _expect_token_first(stage, call)
    _expect_bearer(stage, client)
    return call


def _is_for_a_token(exchange: Exchange) -> bool:
    return exchange.request is not None and exchange.request.path == TOKEN_PATH


def _asked_for_tokens(stage: Stage) -> list[Exchange]:
    return [each for each in stage.exchanges if _is_for_a_token(each)]


def _asked_the_api(stage: Stage) -> list[Exchange]:
    return [each for each in stage.exchanges if not _is_for_a_token(each)]


def _expect_token_first(stage: Stage, call: Call) -> None:
    first = stage.exchanges[0]
    expect(
        _is_for_a_token(first),
        seen=f"the first request is {_told(first)}",
        expected=f"POST {TOKEN_PATH}, the token endpoint that was passed in",
        why="The API lets nobody in without an access token (RFC 6750 §2.1); the token endpoint issues it (RFC 6749 §4.4.2).",
        hint="What do you need before the first call of the API, and where do you get it?",
    )
    expect(
        first.response is not None and first.response.status == 200,
        seen=f"the token request was refused: {_refusal(first)}",
        expected="200 with an access token",
        why="A valid request from a known client is answered with a token (RFC 6749 §5.1).",
        hint="The description says what the server missed. What does your request say instead?",
    )
    expect(
        len(stage.exchanges) > 1,
        seen=f"after the token no request reached the API; {call.story}",
        expected="one GET for each path, at the API's address with the path behind it",
        why="The token is the means, not the end: the caller wants what the API holds.",
        hint="What do you do with each of the paths?",
    )


def _expect_bearer(stage: Stage, client: Credentials) -> None:
    """Each call of the API shows the latest token, in the header, and not the secret."""
    token = ""
    for exchange in stage.exchanges:
        if _is_for_a_token(exchange):
            token = _members(exchange).get("access_token", token)
            continue
        request = exchange.request
        lines = request.header_lines("authorization") if request else []
        expect(
            request is not None and client.secret not in exchange.raw_request.decode("latin-1"),
            seen="the client secret went to the API",
            expected="the secret at the token endpoint alone",
            why="The API needs the token and nothing else; that is what a token is for (RFC 6749 §1.4).",
            hint="Which of your requests need the secret?",
        )
        expect(
            token not in request.query,
            seen=f"the token stands in the URL: {request.method} {request.path[:60]}?...",
            expected="the token in the Authorization header",
            why="URLs end up in logs and histories, so a token SHOULD NOT be sent in one (RFC 6750 §2.3).",
            hint="Which part of a request do logs leave out?",
        )
        expect(
            len(lines) == 1 and lines[0].partition(" ")[0].lower() == "bearer",
            seen=f"{_told(exchange)} had {_scheme(lines)}",
            expected="Authorization: Bearer, a space, and the token",
            why="A bearer token is sent in the Authorization header (RFC 6750 §2.1).",
            hint="What does the API read, to see whom it talks to? Look at a header of lesson 01.",
        )
        expect(
            lines[0].partition(" ")[2].strip(" ") == token,
            seen=f"{_told(exchange)} had behind Bearer another text than the latest token",
            expected="the access_token of the latest answer, unchanged",
            why="The token is opaque to the client (RFC 6749 §1.4): it is passed on as it is, until a new one takes its place.",
            hint="Which variable holds the token that you send, and when does it change?",
        )


def _scheme(lines: list[str]) -> str:
    if len(lines) != 1:
        return f"{len(lines) or 'no'} Authorization header{'s' if lines else ''}"
    scheme, space, _ = lines[0].partition(" ")
    return f"an Authorization header of the scheme {scheme[:20]}" if space else "an Authorization header of one word"


def _told(exchange: Exchange) -> str:
    request, response = exchange.request, exchange.response
    if request is None:
        return "no HTTP request"
    return f"{request.method[:20]} {request.path[:60]}" + (f" ({response.status})" if response else " (no answer)")


def _story(stage: Stage) -> str:
    told = [_told(each) for each in stage.exchanges]
    return ", ".join(told[:6]) + (f", and {len(told) - 6} more" if len(told) > 6 else "")


def _refusal(exchange: Exchange) -> str:
    if exchange.response is None:
        return "no answer"
    fields = _members(exchange)
    return f"{exchange.response.status} {fields.get('error_description') or fields.get('detail', '')}".rstrip()


def _members(exchange: Exchange) -> dict[str, object]:
    """The members of the JSON answer; none where a HEAD, or a client that left early, cut it off."""
    try:
        return json.loads(exchange.response.body) if exchange.response else {}
    except ValueError:
        return {}


def _expect_result(stage: Stage, call: Call, paths: list[str]) -> None:
    """The call returned what the API answered last for each path."""
    bodies = {
        each.request.target: _members(each)
        for each in _asked_the_api(stage)
        if each.request.method == "GET" and each.response is not None and each.response.status == 200
    }
    missing = [path for path in paths if API_PATH + path not in bodies]
    expect(
        not missing,
        seen=f"for the path {', '.join(missing)} there was no answer of 200 from the API: {_story(stage)}",
        expected="a GET that the API answers, for each path that was passed in",
        why="The API's address with the path behind it is where a resource is.",
        hint="How do you put the address of a call together, and with which method do you call it?",
    )
    expect(
        call.raised is None,
        seen=f"the API answered all, and {call.story}",
        expected="a list of what it answered",
        why="The caller needs the answers, whatever else the function does with them.",
        hint="Which line raised? Print the answer's text just before it and compare.",
    )
    expect(
        type(call.returned) is list and call.returned == [bodies[API_PATH + path] for path in paths],
        seen=_how_it_differs(call.returned, len(paths)),
        expected="a list with the JSON of each answer, in the order of the paths",
        why="The caller finds the answer for a path by its place.",
        hint="What do you append to the list, and what do you return?",
    )


def _how_it_differs(returned: object, count: int) -> str:
    if type(returned) is not list:
        return f"your function returned {'None' if returned is None else f'a {type(returned).__name__}'}"
    if len(returned) != count:
        return f"your function returned a list of {len(returned)}, for {count} paths"
    kinds = sorted({type(each).__name__ for each in returned})
    return f"your function returned a list of {', '.join(kinds)}, which are not what the API answered, in the order of the paths"


def one_token_opens_all_paths(stage: Stage) -> None:
    call = _call(stage, stage.new_client())
    asked = len(_asked_for_tokens(stage))
    expect(
        asked == 1,
        seen=f"{asked} token requests for {len(PATHS)} calls of the API",
        expected="one token for all calls",
        why="A token is good until it expires (RFC 6749 §5.1, expires_in); each one more costs the authorization server work.",
        hint="Where does your function ask for the token: before the loop, or in it?",
    )
    _expect_result(stage, call, PATHS)


def the_token_is_for_this_scope_and_this_api(stage: Stage) -> None:
    client = stage.new_client(scopes=(READ, WRITE))
    call = _call(stage, client)
    request = stage.exchanges[0].request
    try:
        fields = dict(parse_form(request.body)) if request.media_type == FORM else {}
    except FormError:
        fields = {}
    asked = f"asks for the scope {fields['scope'][:60]}" if "scope" in fields else "has no scope"
    expect(
        fields.get("scope") == READ,
        seen=f"the token request {asked}, and this client may read and write",
        expected="the scope that was passed in, and no more",
        why="Without a scope the server gives a default (RFC 6749 §3.3); "
        "a token that may do less does less harm when it leaks (RFC 9700 §2.3).",
        hint="What could a thief do with the token that you got?",
    )
    expect(
        fields.get("resource") == stage.server.url + API_PATH,
        seen=f"the token request {'has no resource' if 'resource' not in fields else 'names another resource than the API'}",
        expected="resource=, the API's address as it was passed in",
        why="resource says for which API the token is, so that no other one takes it (RFC 8707 §2).",
        hint="How does the authorization server learn which API you will show the token to?",
    )
    _expect_result(stage, call, PATHS)


def a_token_that_ended_is_replaced_once(stage: Stage) -> None:
    stage.server.fail_next("early_revocation", path=TOKEN_PATH)
    call = _call(stage, stage.new_client())
    expect(
        len(_asked_for_tokens(stage)) > 1,
        seen=f"the API answered 401, and your function asked for no new token: {_story(stage)}",
        expected="one new token, and the same call again",
        why="401 invalid_token: the token expired or was revoked, and the client may get a new one and try again (RFC 6750 §3.1).",
        hint="Which status does the API answer when a token has ended, and who can give you another?",
    )
    expect(
        len(_asked_for_tokens(stage)) == 2,
        seen=f"{len(_asked_for_tokens(stage))} token requests, where the second token is good: {_story(stage)}",
        expected="one new token, used for all calls that follow",
        why="The new token is as good as the first was. One is enough (RFC 6749 §5.1, expires_in).",
        hint="Where do you keep the new token, and which one do the calls after it send?",
    )
    _expect_result(stage, call, PATHS)


def a_second_401_is_the_end(stage: Stage) -> None:
    stage.server.fail_next("early_revocation", path=TOKEN_PATH, times=5)
    call = _call(stage, stage.new_client(), paths=PATHS[:1])
    _expect_an_end(
        stage,
        call,
        tokens=2,
        about="a new token did not help: the API answered 401 again",
        why="The client may try again with a new token (RFC 6750 §3.1). Where that fails too, another one will not help.",
        hint="How often may your function go round before it gives up?",
    )


def too_little_scope_is_the_end(stage: Stage) -> None:
    client = stage.new_client(scopes=(READ, WRITE))
    call = _call(stage, client, scope=WRITE)
    _expect_an_end(
        stage,
        call,
        tokens=1,
        about="the API answered 403 insufficient_scope",
        why="403: the token is good, and may not do this (RFC 6750 §3.1). The same client asks in vain for the same scope again.",
        hint="Does a new token with the same scope change anything? What does your function do on 403, and what on 401?",
    )


def _expect_an_end(stage: Stage, call: Call, tokens: int, about: str, why: str, hint: str) -> None:
    """The function raised after that many tokens, with one call of the API for each."""
    asked, called = len(_asked_for_tokens(stage)), len(_asked_the_api(stage))
    expect(
        asked <= tokens,
        seen=f"{about}, and your function made {asked} token requests: {_story(stage)}",
        expected=f"{tokens} at most, then an exception",
        why=why,
        hint=hint,
    )
    expect(
        all(each.response is not None and each.response.status in (401, 403) for each in _asked_the_api(stage)),
        seen=f"not every call of the API was refused as it should be: {_story(stage)}",
        expected="calls for the paths that were passed in, with a token of the scope that was passed in",
        why="Only a call that is right but for its token shows what happens when the token is the problem.",
        hint="Which of the scenarios above fails for the same reason? Mend that one first.",
    )
    expect(
        isinstance(call.raised, Exception),
        seen=f"{about}, and {call.story}",
        expected="an exception",
        why="A caller that gets a value goes on as if the API had answered.",
        hint="Which method of a requests response raises when the status is 400 or more?",
    )
    expect(
        (asked, called) == (tokens, tokens),
        seen=f"{about}, and these requests were made: {_story(stage)}",
        expected=f"{tokens} token request{'s' if tokens > 1 else ''} and as many calls of the API, then an exception",
        why=why,
        hint=hint,
    )


EXERCISE = Exercise(
    id="api_client",
    title="Call the API",
    function="read_api",
    objective=(
        "Write read_api(token_url, api_url, client_id, client_secret, scope, paths): it gets one token, reads each path of the API "
        "with it, and returns a list of the JSON answers; it raises when the API refuses for good."
    ),
    hints=(
        "Draw who talks to whom, and in which order. Which of the two gets the secret, and which one the token?",
        "One token before the loop, with scope= and resource= in its form. Then a GET for each path, with Authorization: Bearer.",
        "On 401 inside the loop: a new token in the same variable, the same GET again. Then raise_for_status() for all that is left.",
    ),
    scenarios=(
        Scenario("one token opens all paths", 3, one_token_opens_all_paths),
        Scenario("the token is for this scope and this API alone", 2, the_token_is_for_this_scope_and_this_api),
        Scenario("a token that ended is replaced, once", 2, a_token_that_ended_is_replaced_once),
        Scenario("a second 401 is the end", 1, a_second_401_is_the_end),
        Scenario("403 is the end at once", 2, too_little_scope_is_the_end),
    ),
)

"""Explain the error: `explain(token_url, client_id, client_secret, scope)` asks for a token and says what came of it."""

import json
import secrets

from exercises.scenario import Call, Credentials, Exercise, Scenario, Stage, expect
from mock_server.web.form import FORM, FormError, parse_form
from mock_server.web.messages import Request, Response

PATH = "/oauth2/token"
SCOPE = "readings:read"
MEMBERS = ("error", "whose", "retry", "wait")


def _explained(stage: Stage, client: Credentials, scope: str = SCOPE, secret: str | None = None) -> tuple[Call, Response]:
    """How the call ended, and the one answer that it had to explain. Unmet where the request was not that of the task."""
    call = stage.call(stage.server.url + PATH, client.id, secret or client.secret, scope)
    _expect_token_request(stage.only_request(call), scope)
    return call, stage.only_answer()


def _expect_token_request(request: Request, scope: str) -> None:
    expect(
        (request.method, request.target) == ("POST", PATH),
        seen=f"the request line starts with {request.method} {request.path[:60]}{'?...' if request.query else ''}",
        expected="POST, and the path of the address that was passed in, without a query",
        why="A token request is a POST (RFC 6749 §3.2), and credentials 'MUST NOT be included in the request URI' (§2.3.1).",
        hint="Which part of your function sends the request, and with which method?",
    )
    try:
        fields = dict(parse_form(request.body)) if request.media_type == FORM else {}
    except FormError:
        fields = {}
    wanted = {"grant_type": "client_credentials", "scope": scope}
    missing = [name for name, value in wanted.items() if fields.get(name) != value]
    expect(
        not missing,
        seen=f"the body is no form with the right {' and '.join(missing)}",
        expected=f"{FORM}, with grant_type=client_credentials and the scope that was passed in",
        why="Flow and scope are parameters of the token request (RFC 6749 §4.4.2).",
        hint="Which arguments does your function get, and which of them stand in the body that you send?",
    )


def _expect_answer(response: Response, status: int, error: str | None) -> None:
    """That the request was right but for what this scenario is about, so that there is something to explain."""
    fields = json.loads(response.body)
    expect(
        (response.status, fields.get("error")) == (status, error),
        seen=f"the server answered {response.status} {fields.get('error') or ''}: "
        f"{fields.get('error_description') or fields.get('detail', '')}",
        expected=f"{status} {error or 'with a token'}, for a request that is right otherwise",
        why="Only a request that the server can read shows what it has to say about the rest (RFC 6749 §5.2).",
        hint="The description says what the server missed. What does your request say instead?",
    )


def _expect_explanation(call: Call, about: str, why: str, hint: str, **members: object) -> None:
    """The function returned those four members, with these values."""
    expect(
        call.raised is None,
        seen=f"{about}: {call.story}",
        expected="a dict that explains the answer, whatever the answer is",
        why=f"What cannot be explained cannot be mended. {why}",
        hint="Which line raised, and what did it take for granted about the answer?",
    )
    expect(
        type(call.returned) is dict,
        seen=f"{about}, and your function returned a {type(call.returned).__name__}",
        expected=f"a dict with the members {', '.join(MEMBERS)}",
        why="The caller decides by these four what to do next.",
        hint="Does every way through your function end with a return?",
    )
    for name, value in members.items():
        expect(
            name in call.returned,
            seen=f"{about}, and the dict has no member {name!r}",
            expected=f"the members {', '.join(MEMBERS)}, each time",
            why="A member that is sometimes missing has to be asked for twice by every caller.",
            hint="Which of your dicts leaves it out? None is a value too.",
        )
        returned = call.returned[name]
        expect(
            type(returned) is type(value) and returned == value,
            seen=f"{about}, and {name!r} is {_told(returned, value)}",
            expected=f"{name!r} is {_wanted(value)}",
            why=why,
            hint=hint,
        )


def _told(returned: object, value: object) -> str:
    """The value as it was returned; of what is long or new at every check only what is wrong with it."""
    if type(value) is not int:
        shown = repr(returned)
        return shown if len(shown) <= 60 else f"a long {type(returned).__name__}"
    return "another number" if type(returned) is int else "None" if returned is None else f"a {type(returned).__name__}"


def _wanted(value: object) -> str:
    return "the number of seconds in Retry-After, an int" if type(value) is int else repr(value)


def a_token_needs_no_explanation(stage: Stage) -> None:
    call, response = _explained(stage, stage.new_client())
    _expect_answer(response, 200, None)
    _expect_explanation(
        call,
        "the server answered 200 with a token",
        "An answer with a token has no error member (RFC 6749 §5.1).",
        "What is there to mend when a token came?",
        error=None,
        whose="nobody",
        retry=False,
        wait=None,
    )


def a_wrong_secret(stage: Stage) -> None:
    client = stage.new_client()
    call, response = _explained(stage, client, secret=f"not-{client.secret}")
    _expect_answer(response, 401, "invalid_client")
    _expect_explanation(
        call,
        "the server answered 401 invalid_client",
        "invalid_client: the server does not know the client, or not by these credentials (RFC 6749 §5.2). They stay wrong.",
        "Will the same secret be right in a minute? Which member of the JSON names the error?",
        error="invalid_client",
        whose="client",
        retry=False,
        wait=None,
    )


def a_scope_that_the_client_may_not_have(stage: Stage) -> None:
    call, response = _explained(stage, stage.new_client(), scope="readings:burn")
    _expect_answer(response, 400, "invalid_scope")
    _expect_explanation(
        call,
        "the server answered 400 invalid_scope",
        "invalid_scope: the scope is unknown, malformed, or more than this client may have (RFC 6749 §5.2).",
        "Who has to change something, so that the answer changes?",
        error="invalid_scope",
        whose="client",
        retry=False,
        wait=None,
    )


def a_client_that_may_not_use_this_flow(stage: Stage) -> None:
    call, response = _explained(stage, stage.new_client(grant_types=("authorization_code",)))
    _expect_answer(response, 400, "unauthorized_client")
    _expect_explanation(
        call,
        "the server answered 400 unauthorized_client",
        "unauthorized_client: the client is known, and not registered for this grant type (RFC 6749 §5.2).",
        "The secret is right here. Which member of the JSON tells this from a wrong scope?",
        error="unauthorized_client",
        whose="client",
        retry=False,
        wait=None,
    )


def a_server_that_is_busy(stage: Stage) -> None:
    stage.server.fail_next("503")
    call, _ = _explained(stage, stage.new_client())
    _expect_explanation(
        call,
        "the server answered 503",
        "503: the server cannot answer now, and probably can after a while (RFC 9110 §15.6.4). This answer has no Retry-After.",
        "Is anything wrong with your request? Does every answer that is JSON have a member error?",
        error=None,
        whose="server",
        retry=True,
        wait=None,
    )


def a_client_that_asks_too_often(stage: Stage) -> None:
    seconds = 2 + secrets.randbelow(500)
    stage.server.fail_next("429", retry_after=seconds)
    call, _ = _explained(stage, stage.new_client())
    _expect_explanation(
        call,
        "the server answered 429 with a Retry-After",
        "429: too many requests from this client (RFC 6585 §4). "
        "Retry-After says in how many seconds it may ask again (RFC 9110 §10.2.3).",
        "Who asked too often? And where in the answer does the server say how long to wait?",
        error=None,
        whose="client",
        retry=True,
        wait=seconds,
    )


def an_answer_of_somebody_else(stage: Stage) -> None:
    stage.server.fail_next("not_json")
    call, _ = _explained(stage, stage.new_client())
    _expect_explanation(
        call,
        "the answer is 200 with a page of HTML",
        "A token answer is JSON, a refusal too (RFC 6749 §5.1 and §5.2): this page comes from something on the way, "
        "such as the sign-in of a network. It is not to get your secret again.",
        "Which header of the answer says what its body is? Who may have written that page?",
        error=None,
        whose="network",
        retry=False,
        wait=None,
    )


EXERCISE = Exercise(
    id="explain_the_error",
    title="Explain the error",
    function="explain",
    objective=(
        "Write explain(token_url, client_id, client_secret, scope): it sends one token request, never raises for what came back, "
        "and returns a dict with error, whose, retry and wait."
    ),
    hints=(
        "Look at each answer in full before you write a line: its status, its headers, its body. Which of them tells what?",
        "Status first: 429 and from 500 on are worth another try later. A 400 or a 401 is not; its error member says why.",
        'Content-Type tells whether there is JSON to read. Then answer.json().get("error") is None where there is no such member.',
    ),
    scenarios=(
        Scenario("a token: nobody has to mend anything", 1, a_token_needs_no_explanation),
        Scenario("a wrong secret: the client's own, and no use to try again", 2, a_wrong_secret),
        Scenario("a scope that the client may not have", 1, a_scope_that_the_client_may_not_have),
        Scenario("a client that may not use this flow", 1, a_client_that_may_not_use_this_flow),
        Scenario("a busy server: try again later", 1, a_server_that_is_busy),
        Scenario("too many requests: try again when the server says", 2, a_client_that_asks_too_often),
        Scenario("a page that is not the authorization server's", 2, an_answer_of_somebody_else),
    ),
)

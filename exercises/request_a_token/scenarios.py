"""Request a token: `get_token(token_url, client_id, client_secret)` returns the access token or raises."""

import json
from urllib.parse import unquote_plus

from exercises.scenario import Call, Exercise, Scenario, Stage, expect
from mock_server.web.form import FORM
from mock_server.web.messages import Request, Response

# Not /token, so that a path written into the code is noticed.
PATH = "/oauth2/token"


def _token_url(stage: Stage) -> str:
    return stage.server.url + PATH


def _expect_a_token_request(request: Request, secret: str) -> None:
    expect(
        secret not in unquote_plus(request.query),
        seen=f"the client secret stands in the URL: {request.method} {request.path}?...client_secret=...",
        expected="the secret in the body or in the Authorization header, never in the URL",
        why="URLs end up in logs, histories and referrers (RFC 6749 §2.3.1: the parameters 'MUST NOT be included in the request URI').",
        hint="Which argument of requests.post fills the URL, and which one fills the body?",
    )
    expect(
        request.path == PATH,
        seen=f"the request went to the path {request.path[:80]}",
        expected=f"{PATH}, the path of the address that was passed in",
        why="Every authorization server has its own token endpoint (RFC 6749 §3.2); its address is an argument, to be used as it is.",
        hint="Which part of the address does your function write itself?",
    )
    expect(
        request.method == "POST",
        seen=f"the request line starts with {request.method}",
        expected="POST",
        why="The client must use POST for a token request (RFC 6749 §3.2).",
        hint="Which function of requests sends a POST?",
    )
    called_a_form = ", and the Content-Type calls it a form" if request.media_type == FORM else ""
    expect(
        request.media_type != "application/json" and not request.body.startswith(b"{"),
        seen=f"the body is JSON{called_a_form}: {request.body[:20].decode('utf-8', 'replace')}...",
        expected=f"a body in {FORM}, such as grant_type=client_credentials&...",
        why="The token endpoint reads form encoding only; its answer is JSON, the request is not (RFC 6749 §4.4.2).",
        hint="requests.post takes data= and json=. Which of the two makes a form?",
    )
    expect(
        request.media_type == FORM,
        seen=f"the Content-Type is {request.media_type or 'absent'}",
        expected=FORM,
        why="The parameters are sent form-encoded, and the header says so (RFC 6749 §4.4.2).",
        hint="What does requests do with a dict in data=, and what with a str?",
    )
    expect(
        b"grant_type=client_credentials" in request.body.split(b"&"),
        seen=f"the body has {_names(request)}",
        expected="grant_type=client_credentials, spelled exactly so",
        why="grant_type says which flow the client asks for (RFC 6749 §4.4.2).",
        hint="How does the server learn which flow you want?",
    )


def _expect_token(stage: Stage, call: Call) -> None:
    """The call returned the very token that the server issued."""
    response = stage.only_answer()
    expect(
        response.status == 200,
        seen=f"the server answered {response.status} {_error(response)}: {_description(response)}",
        expected="200 with an access token",
        why="A valid request from a known client is answered with a token (RFC 6749 §5.1).",
        hint="The description in the answer says what the server missed. What does your request say instead?",
    )
    expect(
        call.raised is None,
        seen=f"the server sent a token, and {call.story}",
        expected="the access token as the return value",
        why="The caller needs the token, whatever else the function does with the answer.",
        hint="Which line raised? Print the answer's text just before it and compare.",
    )
    issued, returned = json.loads(response.body)["access_token"], call.returned
    expect(
        returned is not None,
        seen="the server sent a token, and your function returned None",
        expected="the access token, a str",
        why="A function without a return statement returns None; printing is not returning.",
        hint="Did you forget a return?",
    )
    expect(
        type(returned) is str,
        seen=f"your function returned a {type(returned).__name__}",
        expected="the access token alone, a str",
        why="The answer holds more than the token; the access_token member is the token (RFC 6749 §5.1).",
        hint="Which member of the JSON answer does the caller need?",
    )
    expect(
        returned == issued,
        seen=_how_it_differs(returned, issued),
        expected="the access_token of the server's answer, unchanged",
        why="The token is opaque to the client: it is passed on as it is (RFC 6749 §1.4).",
        hint="Where does the text that you return come from, and what was added or taken away?",
    )


def _names(request: Request) -> str:
    """The names of the parameters, and the value of grant_type, which is no secret."""
    pairs = [pair for pair in request.body.decode("utf-8", "replace").split("&") if pair]
    shown = [pair if pair.startswith("grant_type=") else pair.partition("=")[0] for pair in pairs]
    return f"the parameters {', '.join(shown)}" if shown else "no parameters"


def _how_it_differs(returned: str, issued: str) -> str:
    if issued in returned:
        return f"your function returned the token with something around it: {returned.replace(issued, '<token>')[:80]!r}"
    return "your function returned a text that is not the token that the server sent"


def a_known_client_gets_its_token(stage: Stage) -> None:
    client = stage.new_client()
    call = stage.call(_token_url(stage), client.id, client.secret)
    _expect_a_token_request(stage.only_request(call), client.secret)
    _expect_token(stage, call)


def a_secret_with_reserved_characters_arrives_whole(stage: Stage) -> None:
    # '&' and '=' break a body that is glued together, and survive Basic with and without form-encoding.
    client = stage.new_client(secret="k7&x=9&grant_type=none")
    call = stage.call(_token_url(stage), client.id, client.secret)
    _expect_a_token_request(stage.only_request(call), client.secret)
    response = stage.only_answer()
    expect(
        response.status == 200,
        seen=f"for a secret that holds & and =, the server answered {response.status}: {_description(response)}",
        expected="200 with an access token, for any secret",
        why="In a form & and = separate; inside a value they are percent-encoded (RFC 6749 appendix B).",
        hint="Who encodes the values in your request: a library, or nobody?",
    )
    _expect_token(stage, call)


def _expect_refusal_to_be_raised(stage: Stage, call: Call, secret: str, what: str, error: str) -> None:
    _expect_a_token_request(stage.only_request(call), secret)
    response = stage.only_answer()
    expect(
        _error(response) == error,
        seen=f"the server answered {response.status} {_error(response)}: {_description(response)}",
        expected=f"a request that is right but for its client, which the server answers with {error}",
        why="Only a request that the server can read shows what happens when the client is the problem (RFC 6749 §5.2).",
        hint="Which of the scenarios above fails for the same reason? Mend that one first.",
    )
    expect(
        call.raised is not None,
        seen=f"{what}: the server answered {response.status} {_error(response)}, and {call.story}",
        expected="an exception",
        why="An answer other than 200 holds no token (RFC 6749 §5.2); a caller that gets a value goes on as if it did.",
        hint="Which method of a requests response raises when the status is 400 or more?",
    )
    expect(
        isinstance(call.raised, Exception),
        seen=f"{what}, {call.story}",
        expected="an exception that a caller can handle, that is, a kind of Exception",
        why="SystemExit ends the caller's whole program, and only the caller can know whether a refusal is worth that.",
        hint="Which line ends the program, and what could it raise instead?",
    )


def a_wrong_secret_raises(stage: Stage) -> None:
    client = stage.new_client()
    call = stage.call(_token_url(stage), client.id, f"not-{client.secret}")
    _expect_refusal_to_be_raised(stage, call, client.secret, "with a wrong secret", "invalid_client")


def a_client_that_may_not_use_this_flow_raises(stage: Stage) -> None:
    client = stage.new_client(grant_types=("authorization_code",))
    call = stage.call(_token_url(stage), client.id, client.secret)
    _expect_refusal_to_be_raised(stage, call, client.secret, "for a client without this flow", "unauthorized_client")


def _description(response: Response) -> str:
    fields = json.loads(response.body)
    return fields.get("error_description") or fields.get("detail", "")


def _error(response: Response) -> str:
    fields = json.loads(response.body)
    return fields.get("error") or fields.get("title", "")


EXERCISE = Exercise(
    id="request_a_token",
    title="Request a token",
    function="get_token",
    objective="Write get_token(token_url, client_id, client_secret): it returns the access token and raises on any refusal.",
    hints=(
        "Look at the Python spelling in lesson 01: what goes in, what comes back?",
        "A dict in data= becomes a form. Three names belong in it, or one and HTTP Basic.",
        "Before you read the token, make sure that a refusal raises: response.raise_for_status().",
    ),
    scenarios=(
        Scenario("a known client gets its token", 4, a_known_client_gets_its_token),
        Scenario("a secret with & and = arrives whole", 2, a_secret_with_reserved_characters_arrives_whole),
        Scenario("a wrong secret raises", 2, a_wrong_secret_raises),
        Scenario("a client that may not use this flow raises", 2, a_client_that_may_not_use_this_flow_raises),
    ),
)

"""Keep the secret: `get_token(token_url, client_id, environment)` returns a token and what it would log, and shows no secret."""

import json
import secrets
import traceback
from urllib.parse import unquote_plus

from exercises.keep_the_secret.leaks import how_it_shows
from exercises.scenario import Call, Credentials, Exercise, Scenario, Stage, expect
from mock_server.web.messages import Request

# Not /token, so that a path written into the code is noticed.
PATH = "/oauth2/token"
VARIABLE = "CLIENT_SECRET"
#: Another program's secret, in the same environment.
ANOTHER = "DATABASE_PASSWORD"


def _new_client(stage: Stage) -> Credentials:
    # '&' and '=' look different once they are encoded, and survive Basic with and without form-encoding.
    return stage.new_client(secret=f"{secrets.token_hex(8)}&={secrets.token_hex(8)}")


def _environment(secret: str | None) -> dict[str, str]:
    others = {"LANG": "C.UTF-8", ANOTHER: secrets.token_hex(12)}
    return others if secret is None else others | {VARIABLE: secret}


def _call(stage: Stage, client: Credentials, environment: dict[str, str]) -> Call:
    return stage.call(stage.server.url + PATH, client.id, dict(environment))


def _told(call: Call, environment: dict[str, str]) -> str:
    """The story without what is new at every check, however it is encoded."""
    story = call.story
    for value in [*environment.get(VARIABLE, "").split("&="), environment[ANOTHER]]:
        story = story.replace(value, "<secret>") if value else story
    return story


def _expect_no_secret_in_the_url(request: Request, secret: str) -> None:
    expect(
        secret not in unquote_plus(request.query),
        seen=f"the client secret stands in the URL: {request.method} {request.path}?...client_secret=...",
        expected="the secret in the body or in the Authorization header, never in the URL",
        why="URLs end up in logs, histories and referrers (RFC 6749 §2.3.1: the parameters 'MUST NOT be included in the request URI').",
        hint="Which argument of requests.post fills the URL, and which one fills the body?",
    )


def _expect_token_and_log(stage: Stage, call: Call, client: Credentials, environment: dict[str, str]) -> tuple[str, list[str]]:
    """The call returned the server's token and its log lines, which are given back."""
    request = stage.only_request(call)
    _expect_no_secret_in_the_url(request, client.secret)
    response = stage.only_answer()
    members = json.loads(response.body)
    description = members.get("error_description") or members.get("detail", "")
    expect(
        response.status == 200,
        seen=f"the server answered {response.status} {members.get('error', '')}: {description}",
        expected="200 with an access token",
        why=f"The secret in the variable {VARIABLE} is this client's (RFC 6749 §4.4).",
        hint="Which secret does your function send: the one from the mapping that it is given?",
    )
    expect(
        call.raised is None,
        seen=f"the server sent a token, and {_told(call, environment)}",
        expected='a dict with "access_token" and "log"',
        why="The caller needs the token, whatever else the function does with the answer.",
        hint="Which line raised? Print the type of what it works with just before it.",
    )
    returned = call.returned if type(call.returned) is dict else {}
    kind = "None" if call.returned is None else f"a {type(call.returned).__name__}"
    expect(
        {"access_token", "log"} <= returned.keys(),
        seen=f"your function returned {kind}{' without access_token or log' if returned else ''}",
        expected='a dict with "access_token" and "log"',
        why="The token goes to the caller, the log to whoever runs the program. They are not the same people.",
        hint="Is there a return, and does it give back both?",
    )
    token, log = returned["access_token"], returned["log"]
    expect(
        type(token) is str and token == members["access_token"],
        seen="access_token of what your function returned is not the token that the server sent",
        expected="the access_token of the server's answer, a str",
        why="The caller sends it to the API as it is (RFC 6749 §1.4). Only the log has to do without it.",
        hint="Is it the token that you mask, or a copy for the log?",
    )
    expect(
        type(log) is list and all(type(line) is str for line in log) and any(client.id in line for line in log),
        seen="no line of the log names the client" if type(log) is list else f"the log is a {type(log).__name__}",
        expected="a list of lines, each a str, one of which names the client_id",
        why="A log that says nothing is safe and of no use. The client_id is no secret (RFC 6749 §2.2).",
        hint="Which client asked, where, and with what result: what of it may everybody read?",
    )
    return token, log


def the_secret_comes_from_the_environment(stage: Stage) -> None:
    client = _new_client(stage)
    environment = _environment(client.secret)
    _expect_token_and_log(stage, _call(stage, client, environment), client, environment)


def the_log_shows_no_secret(stage: Stage) -> None:
    client = _new_client(stage)
    environment = _environment(client.secret)
    token, log = _expect_token_and_log(stage, _call(stage, client, environment), client, environment)
    kept = {"client secret": client.secret.split("&="), "access token": [token], f"value of {ANOTHER}": [environment[ANOTHER]]}
    for name, values in kept.items():
        for number, line in enumerate(log, 1):
            how = how_it_shows(values, line)
            expect(
                how is None,
                seen=f"line {number} of the log shows the {name}{how}",
                expected="no line with the client secret, the access token or another secret, in whatever form",
                why="Who reads the log can act as the client: a token in a log is a leaked token, and base64 hides nothing (RFC 6750 §5.3, RFC 7617 §4).",
                hint="What do you write into that line: one named value, or a whole object with all that it holds?",
            )


def _expect_a_safe_error(call: Call, environment: dict[str, str], what: str, says: tuple[str, ...] = ()) -> None:
    expect(
        isinstance(call.raised, Exception),
        seen=f"{what}: {_told(call, environment)}",
        expected="an exception that a caller can handle, that is, a kind of Exception",
        why="Without a token there is nothing to go on with; a caller that gets a value goes on as if there were.",
        hint="Which line of your function runs in this case, and does it raise?",
    )
    # What a log shows of an exception: its text, its notes, and the exceptions that it came from.
    text = "".join(traceback.format_exception(call.raised)) + repr(call.raised)
    for name, variable in (("client secret", VARIABLE), (f"value of {ANOTHER}", ANOTHER)):
        how = how_it_shows(environment.get(variable, "").split("&="), text)
        expect(
            how is None,
            seen=f"{what}, your function raised {type(call.raised).__name__}, and its traceback shows the {name}{how}",
            expected="an error that says what happened, without a secret in its text or in the errors behind it",
            why="Nobody knows where an error's text ends up: in a log, in a ticket, on a page (CWE-209, CWE-532).",
            hint="What stands in the text of your exception, or of the one that it was raised from (raise ... from None)?",
        )
    expect(
        not says or any(word in "".join(traceback.format_exception_only(call.raised)) for word in says),
        seen=f"{what}: {_told(call, environment)}",
        expected=f"an error whose text names {' or '.join(says)}",
        why="Whoever reads the error has to know what to mend, without seeing the secret.",
        hint="Would the text of your exception tell you at three in the morning what to mend?",
    )


def errors_show_no_secret(stage: Stage) -> None:
    client = _new_client(stage)
    wrong = _environment(f"{secrets.token_hex(8)}&={secrets.token_hex(8)}")
    call = _call(stage, client, wrong)
    _expect_no_secret_in_the_url(stage.only_request(call), wrong[VARIABLE])
    answer = stage.only_answer()
    expect(
        b'"invalid_client"' in answer.body,
        seen=f"with a wrong secret, the server answered {answer.status} for another reason",
        expected="a request that is right but for its secret, which the server answers with invalid_client",
        why="Only a request that the server can read shows what happens when the secret is the problem (RFC 6749 §5.2).",
        hint="Which of the scenarios above fails for the same reason? Mend that one first.",
    )
    _expect_a_safe_error(call, wrong, "with a wrong secret", ("401", "invalid_client"))


def a_dead_server_shows_no_secret(stage: Stage) -> None:
    client = _new_client(stage)
    environment = _environment(client.secret)
    _expect_token_and_log(stage, _call(stage, client, environment), client, environment)
    stage.server.fail_next("drop", times=None)
    _expect_a_safe_error(_call(stage, client, environment), environment, "when the connection ends without an answer")


def _expect_a_missing_secret_to_be_named(stage: Stage, environment: dict[str, str], what: str) -> None:
    # Whoever never asks proves nothing: first a call with the secret, which must send its request.
    client = _new_client(stage)
    stage.only_request(_call(stage, client, _environment(client.secret)))
    call = _call(stage, client, environment)
    expect(
        len(stage.exchanges) == 1,
        seen=f"{what}, and a request reached the server",
        expected="no request: without a secret there is nothing to ask for",
        why="A default secret or an empty one hides the mistake; the server then answers invalid_client, and you search in the wrong place.",
        hint="What does your function do before it sends anything? What is the truth value of an empty text?",
    )
    _expect_a_safe_error(call, environment, what, (VARIABLE,))


def a_missing_variable_is_named(stage: Stage) -> None:
    _expect_a_missing_secret_to_be_named(stage, _environment(None), f"{VARIABLE} is missing")


def an_empty_variable_is_named(stage: Stage) -> None:
    _expect_a_missing_secret_to_be_named(stage, _environment(""), f"{VARIABLE} is empty")


EXERCISE = Exercise(
    id="keep_the_secret",
    title="Keep the secret",
    function="get_token",
    objective=(
        f"Write get_token(token_url, client_id, environment): it takes the secret from environment[{VARIABLE!r}], returns a dict with "
        "access_token and log, and shows no secret in the log, in an error or in the URL."
    ),
    hints=(
        "Who will read the log, and what could they do with each value in it?",
        "Write into a log line what you name yourself: client_id, address, status, scope, expires_in. Never a whole dict, request or answer.",
        f"Look at the variable first: environment.get({VARIABLE!r}) is None where it is missing and '' where it is empty. Both are to raise.",
        "An exception that is raised inside except brings the first one along; raise ... from None leaves it out of the traceback.",
    ),
    scenarios=(
        Scenario("the secret comes from the environment", 2, the_secret_comes_from_the_environment),
        Scenario("the log shows no secret and no token", 3, the_log_shows_no_secret),
        Scenario("a refusal raises, and its error shows no secret", 2, errors_show_no_secret),
        Scenario("a broken connection raises, and its error shows no secret", 1, a_dead_server_shows_no_secret),
        Scenario("a missing variable is named, and nothing is sent", 1, a_missing_variable_is_named),
        Scenario("an empty variable is named, and nothing is sent", 1, an_empty_variable_is_named),
    ),
)

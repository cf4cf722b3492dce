"""Test with responses: `verdict(variant)` runs the learner's test on the client of that name."""

import http.client
import json
from urllib.parse import urlsplit

from exercises.scenario import Exercise, Scenario, Stage, Unmet, expect
from exercises.test_with_responses.clients import CLIENT_ID, CLIENT_SECRET

GOOD = ("good", "good_in_another_order")
WRONG_REQUESTS = ("json_body", "no_content_type", "secret_in_the_url", "misspelled_grant_type", "glued_body")
WRONG_RESULTS = ("returns_the_whole_answer", "asks_twice")
WRONG_AT_A_REFUSAL = ("swallows_the_refusal", "returns_the_error")

_VERDICT = {"accepted": bool, "reason": str, "mocked": list}
_MOCKED = {"method": str, "url": str, "headers": dict, "body": str, "status": int, "answer": str}
_MEMBERS = ("access_token", "token_type", "expires_in", "scope")


def _verdict(stage: Stage, variant: str) -> dict:
    call = stage.call(variant)
    expect(
        _fits(call.returned, _VERDICT) and all(_fits(each, _MOCKED) for each in call.returned["mocked"]),
        seen=call.story,
        expected="what run(test_get_token, variant) returns",
        why="The check reads from it whether your test accepted the client, and what your mock answered.",
        hint="Is the cell with verdict as it was?",
    )
    return call.returned


def _expect_good_to_be_accepted(stage: Stage) -> list[dict]:
    """What the mock answered to the first of the good clients."""
    mocked, _ = [_accepted(stage, variant) for variant in GOOD]
    return mocked


def _accepted(stage: Stage, variant: str) -> list[dict]:
    """What the mock answered to this client. Unmet where the test rejects it, or never lets it ask."""
    verdict = _verdict(stage, variant)
    expect(
        verdict["accepted"],
        seen=f"your test rejects the client {variant}: {' '.join(verdict['reason'].split())[:200]}",
        expected="a test that a right client passes",
        why="A form is a set of parameters, in any order (RFC 6749 §4.4.2, appendix B); a test that asks for more than the "
        "rule breaks at harmless changes.",
        hint="What exactly did your mock ask of the request, or your test of the result?",
    )
    expect(
        bool(verdict["mocked"]),
        seen=f"your test accepts the client {variant} without a single request to the mock",
        expected="a test that calls the client, against a mock that answers it",
        why="A test that runs nothing is passed by every client.",
        hint="Where does your test call get_token?",
    )
    return verdict["mocked"]


def _expect_to_be_rejected(stage: Stage, variants: tuple[str, ...], why: str, hint: str) -> None:
    _expect_good_to_be_accepted(stage)
    for variant in variants:
        verdict = _verdict(stage, variant)
        if verdict["accepted"]:
            raise Unmet(
                seen=f"your test accepts the client {variant}{_what_the_real_server_says(stage, verdict['mocked'])}",
                expected="a test that this client fails",
                why=why,
                hint=hint,
            )


def _what_the_real_server_says(stage: Stage, mocked: list[dict]) -> str:
    """Where the mock granted what the real server refuses: its words."""
    for each in mocked:
        status, body = _really_answered(stage, each)
        if each["status"] == 200 and status != 200:
            error = json.loads(body)
            return f": your mock answers it with 200, the real server with {status} {error.get('error', '')}".rstrip()
    return ""


def _really_answered(stage: Stage, mocked: dict) -> tuple[int, str]:
    """Status and body of the real server's answer to the request that the mock has answered."""
    stage.server.clients.register(CLIENT_ID, CLIENT_SECRET)
    url = urlsplit(mocked["url"])
    headers = {name: value for name, value in mocked["headers"].items() if name.lower() not in ("host", "content-length")}
    connection = http.client.HTTPConnection("127.0.0.1", stage.server.port, timeout=10)
    try:
        target = "/token" + (f"?{url.query}" if url.query else "")
        connection.request(mocked["method"], target, mocked["body"].encode("utf-8"), headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8")
    finally:
        connection.close()


def a_right_client_is_accepted(stage: Stage) -> None:
    _expect_good_to_be_accepted(stage)


def the_mock_answers_as_the_real_server_does(stage: Stage) -> None:
    mocked = _expect_good_to_be_accepted(stage)
    why = "A mock says what you believe of the server. Where that is wrong, your test passes and your program fails."
    for each in mocked:
        status, real = _really_answered(stage, each)
        expect(
            each["status"] == status,
            seen=f"your mock answers a request with {each['status']}, and the real server answers it with {status}",
            expected="the status of the real server, for the same request",
            why=why,
            hint="With which secret does your test ask, and is that the client's?",
        )
        members, real_members = _members(each["answer"]), json.loads(real)
        if status == 200:
            _expect_a_real_grant(members, why)
        else:
            expect(
                members.get("error") == real_members.get("error"),
                seen=f"your mock refuses with the error {_quoted(members.get('error'))}, "
                f"the real server with {_quoted(real_members.get('error'))}",
                expected="the same member error, in JSON",
                why=why + " The codes are in RFC 6749 §5.2.",
                hint="What does the server of the cells above answer to a wrong secret? Look at it.",
            )
    statuses = [each["status"] for each in mocked]
    expect(
        200 in statuses and any(status >= 400 for status in statuses),
        seen=f"your mock answers the good client with {' and '.join(map(str, statuses))} alone",
        expected="one grant and one refusal",
        why="A client that was never refused in a test is refused for the first time in production.",
        hint="Which request does the real server refuse, although its form is right?",
    )


def _expect_a_real_grant(members: dict, why: str) -> None:
    missing = [name for name in _MEMBERS[:3] if name not in members]
    more = [name for name in members if name not in _MEMBERS]
    expect(
        not missing and not more,
        seen=f"the token answer of your mock has {', '.join(members) or 'no members'}",
        expected="access_token, token_type, expires_in, and perhaps scope",
        why=why + " There is no refresh_token in this flow (RFC 6749 §4.4.3).",
        hint="Which members has a real answer? Ask the server of the cells above.",
    )
    is_number = isinstance(members["expires_in"], (int, float)) and not isinstance(members["expires_in"], bool)
    expect(
        is_number and isinstance(members["access_token"], str) and str(members["token_type"]).lower() == "bearer",
        seen=f"in your mock token_type is {_quoted(members['token_type'])} and expires_in is {_quoted(members['expires_in'])}",
        expected="Bearer, and a number of seconds",
        why=why + " The types are in RFC 6749 §5.1.",
        hint="Which of the two has quotation marks in a real answer?",
    )


def _fits(value: object, shape: dict[str, type]) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(name), kind) for name, kind in shape.items())


def _members(text: str) -> dict:
    try:
        fields = json.loads(text)
    except ValueError:
        return {}
    return fields if isinstance(fields, dict) else {}


def _quoted(value: object) -> str:
    return json.dumps(value)[:80]


def a_wrong_request_is_rejected(stage: Stage) -> None:
    _expect_to_be_rejected(
        stage,
        WRONG_REQUESTS,
        why="A mock without conditions answers every request. The real server takes a form of the right parameters, named as a "
        "form, with nothing secret in the URL (RFC 6749 §2.3.1, §3.2, §4.4.2).",
        hint="Which part of the request does your mock not look at? responses.matchers has one for the form, one for the headers "
        "and one for the query.",
    )


def a_wrong_result_is_rejected(stage: Stage) -> None:
    _expect_to_be_rejected(
        stage,
        WRONG_RESULTS,
        why="The client promises the token alone, for one request (RFC 6749 §5.1 has all of it in one answer).",
        hint="What does your test say of the value that get_token returns, and of len(mock.calls)?",
    )


def a_swallowed_refusal_is_rejected(stage: Stage) -> None:
    _expect_to_be_rejected(
        stage,
        WRONG_AT_A_REFUSAL,
        why="A refusal holds no token (RFC 6749 §5.2), and a caller that gets a value goes on as if it did.",
        hint="What happens in your test when the call with a wrong secret raises nothing?",
    )


EXERCISE = Exercise(
    id="test_with_responses",
    title="Test with responses",
    function="verdict",
    objective="Write test_get_token(mock, get_token), which verdict(variant) runs: a right client passes it, a wrong one fails.",
    hints=(
        "Two calls tell most: one that is granted and one that is refused. What must be true of each?",
        "mock.post(TOKEN_URL, json=..., match=[...]) answers only a request that fits all its matchers.",
        "Match the form with urlencoded_params_matcher, the Content-Type with header_matcher, an empty query with "
        "query_param_matcher({}). Then mock a 401 for a wrong secret, and demand that the call raises.",
    ),
    scenarios=(
        Scenario("a right client is accepted", 2, a_right_client_is_accepted),
        Scenario("the mock answers as the real server does", 2, the_mock_answers_as_the_real_server_does),
        Scenario("a wrong request is rejected", 3, a_wrong_request_is_rejected),
        Scenario("a wrong result is rejected", 1, a_wrong_result_is_rejected),
        Scenario("a swallowed refusal is rejected", 2, a_swallowed_refusal_is_rejected),
    ),
)

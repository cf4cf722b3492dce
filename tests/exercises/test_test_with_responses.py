"""Test with responses: tests of a client that are good enough, and those that let a mistake or an untrue mock through.

PYTEST_DONT_REWRITE: an assert of these tests says as little as it does in a learner's notebook.
"""

import json
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import responses
from responses.matchers import header_matcher, query_param_matcher, urlencoded_params_matcher

from exercises import check
from exercises.test_with_responses.bench import run
from exercises.test_with_responses.clients import CLIENT_ID, CLIENT_SECRET, FORM, TOKEN_URL, client

GRANT = {"access_token": "a-token", "token_type": "Bearer", "expires_in": 3600}
REFUSAL = {"error": "invalid_client"}
RIGHT = {"grant_type": "client_credentials", "client_id": CLIENT_ID, "client_secret": CLIENT_SECRET}
SOUND = (header_matcher({"Content-Type": FORM}), query_param_matcher({}))


def verdict_of(test):
    return lambda variant: run(test, variant)


def granting(mock, *matchers, form=True, grant=GRANT):
    mock.post(TOKEN_URL, json=grant, match=[*([urlencoded_params_matcher(RIGHT)] if form else []), *matchers])


def refusing(mock, *matchers, status=401, **body):
    wrong = urlencoded_params_matcher(RIGHT | {"client_secret": "wrong"})
    mock.post(TOKEN_URL, status=status, match=[wrong, *matchers], **(body or {"json": REFUSAL}))


def ask(get_token, secret=CLIENT_SECRET):
    return get_token(TOKEN_URL, CLIENT_ID, secret)


def expect_a_refusal(get_token):
    with pytest.raises(requests.HTTPError):
        ask(get_token, "wrong")


# --- right answers -------------------------------------------------------------------------------------------------


def matchers_and_pytest(mock, get_token):
    granting(mock, *SOUND)
    refusing(mock, *SOUND)
    assert ask(get_token) == "a-token"
    mock.assert_call_count(TOKEN_URL, 1)
    expect_a_refusal(get_token)


def a_look_at_the_request_afterwards(mock, get_token):
    mock.add(responses.POST, TOKEN_URL, json={**GRANT, "scope": "readings:read"})
    assert ask(get_token) == "a-token"
    assert len(mock.calls) == 1
    request = mock.calls[0].request
    assert request.headers["Content-Type"] == FORM
    assert urlsplit(request.url).query == ""
    assert parse_qs(request.body) == {name: [value] for name, value in RIGHT.items()}
    mock.replace(responses.POST, TOKEN_URL, json=REFUSAL, status=401)
    try:
        ask(get_token, "wrong")
    except requests.HTTPError:
        return
    raise AssertionError("the refusal was swallowed")


def a_server_in_miniature(mock, get_token):
    def answer(request):
        assert request.headers.get("Content-Type") == FORM and "?" not in request.url
        form = {name: values[0] for name, values in parse_qs(request.body).items()}
        assert form["grant_type"] == "client_credentials"
        if (form["client_id"], form["client_secret"]) == (CLIENT_ID, CLIENT_SECRET):
            return 200, {}, json.dumps({**GRANT, "token_type": "bearer"})
        return 401, {}, json.dumps(REFUSAL)

    mock.add_callback(responses.POST, TOKEN_URL, callback=answer)
    tokens = [ask(get_token)]
    if tokens != ["a-token"] or len(mock.calls) != 1:
        pytest.fail("one request, one token")
    expect_a_refusal(get_token)


@pytest.mark.parametrize("test", [matchers_and_pytest, a_look_at_the_request_afterwards, a_server_in_miniature])
def test_another_spelling_passes(test):
    result = check("test_with_responses", verdict_of(test))
    assert (result.passed, result.points) == (True, 10), result


# --- wrong answers -------------------------------------------------------------------------------------------------


def no_conditions(mock, get_token):
    granting(mock, form=False)
    assert ask(get_token) == "a-token"
    assert len(mock.calls) == 1
    mock.reset()
    refusing(mock)
    expect_a_refusal(get_token)


def the_form_alone(mock, get_token):
    granting(mock)
    refusing(mock)
    assert ask(get_token) == "a-token"
    assert len(mock.calls) == 1
    expect_a_refusal(get_token)


def form_and_header(mock, get_token):
    granting(mock, SOUND[0])
    refusing(mock, SOUND[0])
    assert ask(get_token) == "a-token"
    assert len(mock.calls) == 1
    expect_a_refusal(get_token)


def no_refusal(mock, get_token):
    granting(mock, *SOUND)
    assert ask(get_token) == "a-token"
    assert len(mock.calls) == 1


def refuses_the_right_secret(mock, get_token):
    granting(mock, *SOUND)
    assert ask(get_token) == "a-token"
    assert len(mock.calls) == 1
    mock.post(TOKEN_URL, status=401, json=REFUSAL, match=[urlencoded_params_matcher(RIGHT)])
    with pytest.raises(requests.HTTPError):
        ask(get_token)


def grants_a_wrong_secret(mock, get_token):
    mock.post(TOKEN_URL, json=GRANT, match=SOUND)
    assert ask(get_token, "any") == "a-token"


def catches_its_own_assertion(mock, get_token):
    granting(mock, *SOUND)
    refusing(mock, *SOUND)
    try:
        assert ask(get_token) == "a-token"
        assert len(mock.calls) == 1
        expect_a_refusal(get_token)
    except BaseException:
        ask(client("good"))
        ask(client("swallows_the_refusal"), "wrong")


def rejects_everybody(mock, get_token):
    granting(mock, *SOUND)
    assert ask(get_token) == "another-token"


def calls_nobody(mock, get_token):
    assert callable(get_token)


def demands_an_order(mock, get_token):
    matchers_and_pytest(mock, get_token)
    assert mock.calls[0].request.body.startswith("grant_type=")


def knows_a_refresh_token(mock, get_token):
    granting(mock, *SOUND, grant={**GRANT, "refresh_token": "r"})
    refusing(mock, *SOUND)
    assert ask(get_token) == "a-token"
    assert len(mock.calls) == 1
    expect_a_refusal(get_token)


def knows_only_the_token(mock, get_token):
    granting(mock, *SOUND, grant={"access_token": "a-token"})
    refusing(mock, *SOUND)
    assert ask(get_token) == "a-token"
    assert len(mock.calls) == 1
    expect_a_refusal(get_token)


def knows_a_life_in_text(mock, get_token):
    granting(mock, *SOUND, grant={**GRANT, "expires_in": "3600"})
    refusing(mock, *SOUND)
    assert ask(get_token) == "a-token"
    assert len(mock.calls) == 1
    expect_a_refusal(get_token)


def refuses_with_400(mock, get_token):
    granting(mock, *SOUND)
    refusing(mock, *SOUND, status=400)
    assert ask(get_token) == "a-token"
    assert len(mock.calls) == 1
    expect_a_refusal(get_token)


def refuses_with_another_error(mock, get_token):
    granting(mock, *SOUND)
    refusing(mock, *SOUND, json={"error": "unauthorized_client"})
    assert ask(get_token) == "a-token"
    assert len(mock.calls) == 1
    expect_a_refusal(get_token)


def refuses_in_plain_text(mock, get_token):
    granting(mock, *SOUND)
    refusing(mock, *SOUND, body="Unauthorized")
    assert ask(get_token) == "a-token"
    assert len(mock.calls) == 1
    expect_a_refusal(get_token)


def counts_no_calls(mock, get_token):
    granting(mock, *SOUND)
    refusing(mock, *SOUND)
    assert ask(get_token) == "a-token"
    expect_a_refusal(get_token)


def is_content_with_any_value(mock, get_token):
    granting(mock, *SOUND)
    refusing(mock, *SOUND)
    assert ask(get_token)
    assert len(mock.calls) == 1
    expect_a_refusal(get_token)


def returns_in_place_of_asserting(mock, get_token):
    granting(mock, *SOUND)
    refusing(mock, *SOUND)
    is_right = ask(get_token) == "a-token" and len(mock.calls) == 1
    expect_a_refusal(get_token)
    return is_right


def forgets_the_else(mock, get_token):
    granting(mock, *SOUND)
    refusing(mock, *SOUND)
    assert ask(get_token) == "a-token"
    assert len(mock.calls) == 1
    try:
        ask(get_token, "wrong")
    except requests.HTTPError:
        pass


def has_a_typo(mock, get_token):
    granting(mock, *SOUND)
    ask(get_tokn)  # noqa: F821


#: The scenario that fails first (0 to 4), the points that are left, what was seen.
WRONG = [
    (
        no_conditions,
        2,
        7,
        "your test accepts the client no_content_type: your mock answers it with 200, the real server with 400 invalid_request",
    ),
    (
        the_form_alone,
        2,
        7,
        "your test accepts the client no_content_type: your mock answers it with 200, the real server with 400 invalid_request",
    ),
    (form_and_header, 2, 7, "your test accepts the client secret_in_the_url"),
    (no_refusal, 1, 6, "your mock answers the good client with 200 alone"),
    (refuses_the_right_secret, 1, 8, "your mock answers a request with 401, and the real server answers it with 200"),
    (grants_a_wrong_secret, 1, 2, "your mock answers a request with 200, and the real server answers it with 401"),
    (catches_its_own_assertion, 2, 4, "your test accepts the client json_body"),
    (
        rejects_everybody,
        0,
        0,
        'your test rejects the client good: AssertionError (in the line assert ask(get_token) == "another-token")',
    ),
    (calls_nobody, 0, 0, "your test accepts the client good without a single request to the mock"),
    (
        demands_an_order,
        0,
        0,
        "your test rejects the client good_in_another_order: AssertionError (in the line assert "
        'mock.calls[0].request.body.startswith("grant_type="))',
    ),
    (knows_a_refresh_token, 1, 8, "the token answer of your mock has access_token, token_type, expires_in, refresh_token"),
    (knows_only_the_token, 1, 8, "the token answer of your mock has access_token"),
    (knows_a_life_in_text, 1, 8, 'in your mock token_type is "Bearer" and expires_in is "3600"'),
    (refuses_with_400, 1, 8, "your mock answers a request with 400, and the real server answers it with 401"),
    (
        refuses_with_another_error,
        1,
        8,
        'your mock refuses with the error "unauthorized_client", the real server with "invalid_client"',
    ),
    (refuses_in_plain_text, 1, 8, 'your mock refuses with the error null, the real server with "invalid_client"'),
    (counts_no_calls, 3, 9, "your test accepts the client asks_twice"),
    (is_content_with_any_value, 3, 9, "your test accepts the client returns_the_whole_answer"),
    (returns_in_place_of_asserting, 3, 9, "your test accepts the client returns_the_whole_answer"),
    (forgets_the_else, 4, 8, "your test accepts the client swallows_the_refusal"),
    (
        has_a_typo,
        0,
        0,
        "your test rejects the client good: NameError: name 'get_tokn' is not defined (in the line ask(get_tokn) # noqa: F821)",
    ),
]


@pytest.mark.parametrize(("test", "fails_first", "points", "seen"), WRONG, ids=lambda value: getattr(value, "__name__", None))
def test_a_test_that_is_not_good_enough_is_told_why_and_twice_the_same(test, fails_first, points, seen):
    first, second = (check("test_with_responses", verdict_of(test)) for _ in range(2))
    failed = [number for number, outcome in enumerate(first.outcomes) if not outcome.passed]
    assert first.outcomes[failed[0]].unmet.seen == seen
    assert (failed[0], first.points) == (fails_first, points), first
    assert repr(first) == repr(second)


def test_what_is_no_verdict_is_told():
    for returned in (True, None, {}, {"accepted": True, "reason": "", "mocked": [{}]}):
        result = check("test_with_responses", lambda variant, returned=returned: returned)
        assert result.points == 0
        assert result.outcomes[0].unmet.seen == f"your function returned {returned!r}"


def test_an_unknown_client_is_refused_with_those_that_there_are():
    with pytest.raises(KeyError, match="There is no client 'best'; there is: good, good_in_another_order, json_body"):
        client("best")


def test_the_verdict_has_the_reason_and_each_exchange_that_the_mock_answered():
    verdict = run(matchers_and_pytest, "glued_body")
    assert (verdict["accepted"], verdict["mocked"]) == (False, [])
    assert verdict["reason"].startswith("ConnectionError: ")
    granted, refused = run(matchers_and_pytest, "good")["mocked"]
    assert (granted["method"], granted["url"], granted["status"]) == ("POST", TOKEN_URL, 200)
    assert (refused["status"], json.loads(refused["answer"])) == (401, REFUSAL)


def test_what_the_mock_answered_is_kept_when_the_test_resets_the_mock():
    def resets(mock, get_token):
        granting(mock)
        ask(get_token)
        mock.reset()

    assert [each["status"] for each in run(resets, "good")["mocked"]] == [200]


def test_a_test_can_be_interrupted():
    def hangs(mock, get_token):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(hangs, "good")

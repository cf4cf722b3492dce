"""An explanation is right however it is come by, and each misreading of an answer has its message."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx
import pytest
import requests
from exercise_proof import solved, without_line_number

from exercises import check

explain = solved("explain_the_error")


def form(client_id: str, client_secret: str, scope: str) -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret, "scope": scope}


def ask(token_url: str, client_id: str, client_secret: str, scope: str) -> requests.Response:
    return requests.post(token_url, data=form(client_id, client_secret, scope), timeout=10)


def explained(status: int, headers, text: str) -> dict[str, object]:
    """By way of what parses, and not of what Content-Type says."""
    try:
        error, is_json = json.loads(text).get("error"), True
    except ValueError:
        error, is_json = None, False
    wait = headers.get("Retry-After")
    if status == 200:
        whose = "nobody" if is_json else "network"
    else:
        whose = "server" if status >= 500 else "client"
    return {"error": error, "whose": whose, "retry": status in (429, 502, 503, 504), "wait": int(wait) if wait else None}


# Right answers, in many spellings


def requests_library(*arguments):
    answer = ask(*arguments)
    return explained(answer.status_code, answer.headers, answer.text)


def httpx_with_basic(token_url, client_id, client_secret, scope):
    grant = {"grant_type": "client_credentials", "scope": scope}
    pair = (quote_plus(client_id), quote_plus(client_secret))
    answer = httpx.post(token_url, data=grant, auth=pair, trust_env=False, timeout=10)
    return explained(answer.status_code, answer.headers, answer.text)


def urllib_library(token_url, *arguments):
    try:
        with urllib.request.urlopen(token_url, urlencode(form(*arguments)).encode("ascii"), timeout=10) as answer:
            return explained(answer.status, answer.headers, answer.read().decode("utf-8"))
    except urllib.error.HTTPError as refusal:
        with refusal:
            return explained(refusal.code, refusal.headers, refusal.read().decode("utf-8"))


def http_client_library(token_url, *arguments):
    parts = urlsplit(token_url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    connection.request("POST", parts.path, urlencode(form(*arguments)), headers)
    answer = connection.getresponse()
    text = answer.read().decode("utf-8")
    connection.close()
    return explained(answer.status, answer.headers, text)


def with_more_members(*arguments):
    return {**explain(*arguments), "advice": "read RFC 6749"}


RIGHT = [explain, requests_library, httpx_with_basic, urllib_library, http_client_library, with_more_members]


@pytest.mark.parametrize("function", RIGHT, ids=lambda function: function.__name__)
def test_a_right_answer_passes_in_any_spelling(function):
    result = check("explain_the_error", function)
    assert result.passed, result
    assert [outcome.points for outcome in result.outcomes] == [1, 2, 1, 1, 1, 2, 2]


# Wrong answers. Each is a mistake that people make.


def changed(change: Callable[[dict], object]) -> Callable:
    """A function that returns what `change` makes of the right explanation."""

    def function(*arguments):
        return change(explain(*arguments))

    return function


def raises_for_status(*arguments):
    answer = ask(*arguments)
    answer.raise_for_status()
    return explained(answer.status_code, answer.headers, answer.text)


def takes_json_for_granted(*arguments):
    answer = ask(*arguments)
    answer.json()
    return explained(answer.status_code, answer.headers, answer.text)


def takes_an_error_for_granted(*arguments):
    answer = ask(*arguments)
    return {"error": answer.json()["error"], "whose": "client", "retry": False, "wait": None}


def takes_any_200_for_a_token(*arguments):
    answer = ask(*arguments)
    seen = explained(answer.status_code, answer.headers, answer.text)
    return seen | {"whose": "nobody"} if answer.ok else seen


def knows_401_alone(*arguments):
    answer = ask(*arguments)
    if answer.status_code == 401:
        return {"error": "invalid_client", "whose": "client", "retry": False, "wait": None}
    return {"error": None, "whose": "nobody", "retry": False, "wait": None}


def retries_by_itself(*arguments):
    answer = ask(*arguments)
    if answer.status_code >= 429:
        answer = ask(*arguments)
    return explained(answer.status_code, answer.headers, answer.text)


def forgets_the_scope(token_url, client_id, client_secret, scope):
    answer = requests.post(token_url, data=form(client_id, client_secret, ""), timeout=10)
    return explained(answer.status_code, answer.headers, answer.text)


def asks_with_json(token_url, *arguments):
    answer = requests.post(token_url, json=form(*arguments), timeout=10)
    return explained(answer.status_code, answer.headers, answer.text)


def asks_with_get(token_url, *arguments):
    answer = requests.get(token_url, params=form(*arguments), timeout=10)
    return explained(answer.status_code, answer.headers, answer.text)


def loses_the_secret(token_url, client_id, client_secret, scope):
    return explain(token_url, client_id, "secret456", scope)


def the_answer_as_the_error(*arguments):
    return {"error": ask(*arguments).text, "whose": "client", "retry": False, "wait": None}


def asks_nobody(*arguments):
    return {"error": None, "whose": "nobody", "retry": False, "wait": None}


# Which function, the number of the first scenario that fails, the points it gets, and what is said of it.
WRONG = {
    "raise_for_status": (
        raises_for_status,
        1,
        3,
        "the server answered 401 invalid_client: your function raised HTTPError: 401 Client Error: "
        "Unauthorized for url: http://<host>/oauth2/token (line N of raises_for_status: "
        "answer.raise_for_status())",
    ),
    "JSON taken for granted": (
        takes_json_for_granted,
        6,
        8,
        "the answer is 200 with a page of HTML: your function raised JSONDecodeError: Expecting value: line 1 "
        "column 1 (char 0) (line N of takes_json_for_granted: answer.json())",
    ),
    "an error taken for granted": (
        takes_an_error_for_granted,
        0,
        4,
        "the server answered 200 with a token: your function raised KeyError: 'error' (line N of "
        'takes_an_error_for_granted: return {"error": answer.json()["error"], "whose": "client", "retry": False, "wait": None})',
    ),
    "any 200 taken for a token": (
        takes_any_200_for_a_token,
        6,
        8,
        "the answer is 200 with a page of HTML, and 'whose' is 'nobody'",
    ),
    "401 alone": (knows_401_alone, 2, 3, "the server answered 400 invalid_scope, and 'error' is None"),
    "every failure worth another try": (
        changed(lambda answer: answer | {"retry": answer["whose"] != "nobody"}),
        1,
        4,
        "the server answered 401 invalid_client, and 'retry' is True",
    ),
    "no failure worth another try": (
        changed(lambda answer: answer | {"retry": False}),
        4,
        7,
        "the server answered 503, and 'retry' is False",
    ),
    "retry in words": (
        changed(lambda answer: answer | {"retry": "yes" if answer["retry"] else "no"}),
        0,
        0,
        "the server answered 200 with a token, and 'retry' is 'no'",
    ),
    "retry as a number": (
        changed(lambda answer: answer | {"retry": int(answer["retry"])}),
        0,
        0,
        "the server answered 200 with a token, and 'retry' is 0",
    ),
    "a wait of its own": (
        changed(lambda answer: answer | {"wait": answer["wait"] and 1}),
        5,
        8,
        "the server answered 429 with a Retry-After, and 'wait' is another number",
    ),
    "a wait as text": (
        changed(lambda answer: answer | {"wait": answer["wait"] and str(answer["wait"])}),
        5,
        8,
        "the server answered 429 with a Retry-After, and 'wait' is a str",
    ),
    "no wait": (
        changed(lambda answer: answer | {"wait": None}),
        5,
        8,
        "the server answered 429 with a Retry-After, and 'wait' is None",
    ),
    "a wait of 0": (
        changed(lambda answer: answer | {"wait": answer["wait"] or 0}),
        0,
        2,
        "the server answered 200 with a token, and 'wait' is 0",
    ),
    "a member left out": (
        changed(lambda answer: {name: value for name, value in answer.items() if value is not None}),
        0,
        0,
        "the server answered 200 with a token, and the dict has no member 'error'",
    ),
    "429 as the server's": (
        changed(lambda answer: answer | {"whose": "server" if answer["retry"] else answer["whose"]}),
        5,
        8,
        "the server answered 429 with a Retry-After, and 'whose' is 'server'",
    ),
    "an empty error": (
        changed(lambda answer: answer | {"error": answer["error"] or ""}),
        0,
        4,
        "the server answered 200 with a token, and 'error' is ''",
    ),
    "the answer as the error": (
        the_answer_as_the_error,
        0,
        0,
        "the server answered 200 with a token, and 'error' is a long str",
    ),
    "one error for all": (
        changed(lambda answer: answer | {"error": answer["error"] and "invalid_client"}),
        2,
        8,
        "the server answered 400 invalid_scope, and 'error' is 'invalid_client'",
    ),
    "a text": (changed(str), 0, 0, "the server answered 200 with a token, and your function returned a str"),
    "nothing": (
        changed(lambda answer: None),
        0,
        0,
        "the server answered 200 with a token, and your function returned a NoneType",
    ),
    "another try by itself": (retries_by_itself, 4, 7, "2 requests reached the server in one call"),
    "no scope": (forgets_the_scope, 0, 0, "the body is no form with the right scope"),
    "a JSON body": (asks_with_json, 0, 0, "the body is no form with the right grant_type and scope"),
    "GET": (asks_with_get, 0, 0, "the request line starts with GET /oauth2/token?..."),
    "another secret": (
        loses_the_secret,
        0,
        7,
        "the server answered 401 invalid_client: The client is unknown or its secret is wrong: check "
        "client_id and client_secret.",
    ),
    "no request": (
        asks_nobody,
        0,
        0,
        "no request reached the address that was passed in; your function returned {'error': None, 'whose': "
        "'nobody', 'retry': False, 'wait': None}",
    ),
}


@pytest.mark.parametrize(("function", "fails_first", "points", "seen"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_fails_with_its_message_and_twice_with_the_same(function, fails_first, points, seen):
    first, second = check("explain_the_error", function), check("explain_the_error", function)
    failed = [number for number, outcome in enumerate(first.outcomes) if not outcome.passed]
    assert without_line_number(first.outcomes[failed[0]].unmet.seen) == seen
    assert failed[0] == fails_first
    assert (first.passed, first.points) == (False, points), first
    assert repr(first) == repr(second)

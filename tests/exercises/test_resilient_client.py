"""Right answers pass in any spelling, and wrong ones fail with their message."""

import http.client
import json
import random
import urllib.error
import urllib.request
from urllib.parse import quote_plus, urlencode

import httpx
import pytest
import requests
from exercise_proof import solved, without_line_number
from requests.adapters import HTTPAdapter, Retry

from exercises import check


def form(client_id, client_secret):
    return {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}


def send(token_url, client_id, client_secret):
    try:
        return requests.post(token_url, data=form(client_id, client_secret), timeout=10)
    except requests.RequestException:
        return None


def outcome(answer, failures):
    if answer is not None and answer.status_code == 200:
        return {"token": answer.json()["access_token"]}
    if answer is not None and answer.status_code not in (429, 503):
        return {"error": answer.json()["error"]}
    if failures == 4:
        return {"error": "gave up"}
    return {"wait": retry_after(answer) or 2**failures}


def retry_after(answer):
    return int(answer.headers.get("Retry-After", 0)) if answer is not None else 0


# Right answers, in several spellings


class HttpxWithBasic:
    """A third of the wait is added at random."""

    def __init__(self, url, client_id, client_secret):
        self.url, self.auth = url, (quote_plus(client_id), quote_plus(client_secret))
        self.until, self.waits, self.final = 0.0, [1, 2, 4, 8], None

    def step(self, now):
        if self.final or now < self.until:
            return self.final or {"wait": self.until - now}
        result = self.ask()
        if "wait" in result:
            self.until = now + result["wait"]
        else:
            self.final = result
        return result

    def ask(self):
        named = None
        try:
            with httpx.Client(trust_env=False, auth=self.auth) as client:
                answer = client.post(self.url, data={"grant_type": "client_credentials"})
            if answer.is_success:
                return {"token": answer.json()["access_token"]}
            if answer.status_code not in (429, 503):
                return {"error": answer.json()["error"]}
            named = answer.headers.get("retry-after")
        except httpx.TransportError:
            pass
        if not self.waits:
            return {"error": "The authorization server does not recover."}
        return {"wait": float(named or self.waits.pop(0)) * random.uniform(1, 1.33)}


def httpx_and_a_bound_method(*arguments):
    return HttpxWithBasic(*arguments).step


def urllib_and_a_generator(*arguments):
    """What comes next is written in the order in which it happens; the time comes in by `send`."""

    def life():
        now = yield None
        for wait in (1, 2, 4, 8, None):
            result = one_request(*arguments)
            if result.get("wait") is not None:
                wait = max(result["wait"], wait or 0)
            elif result:
                break
            result, until = {"error": "five times in vain"}, now + (wait or 0)
            while now < until:
                now = yield {"wait": until - now}
        while True:
            yield result

    steps = life()
    next(steps)
    return steps.send


def one_request(url, client_id, client_secret):
    body = urlencode(form(client_id, client_secret)).encode("ascii")
    try:
        with urllib.request.urlopen(url, body, timeout=10) as answer:
            return {"token": json.load(answer)["access_token"]}
    except urllib.error.HTTPError as error:
        with error:
            if error.code not in (429, 503):
                return {"error": json.load(error)["error"]}
            return {"wait": int(error.headers["Retry-After"])} if "Retry-After" in error.headers else {}
    except (OSError, http.client.HTTPException):
        return {}


RIGHT = [solved("resilient_client"), httpx_and_a_bound_method, urllib_and_a_generator]


@pytest.mark.parametrize("make_token_client", RIGHT, ids=lambda function: function.__name__)
def test_a_right_answer_passes_with_full_points(make_token_client):
    result = check("resilient_client", make_token_client)
    assert (result.passed, result.points) == (True, 10), result


# Wrong answers: the mistakes that people really make


def client_with(send=send, outcome=outcome, until=lambda now, wait: now + wait, final=("token", "error")):
    """A right answer, but for the part that is given."""

    def make_token_client(*arguments):
        result, end, failures = {}, 0, 0

        def step(now):
            nonlocal result, end, failures
            if now >= end and not set(final) & result.keys():
                result = outcome(send(*arguments), failures)
                end, failures = until(now, result.get("wait", 0)), failures + 1
            return {"wait": end - now} if "wait" in result else result

        return step

    return make_token_client


def after(change):
    """The right outcome, changed."""
    return client_with(outcome=lambda answer, failures: change(answer, failures, outcome(answer, failures)))


def asks_three_times_in_one_step(*arguments):
    for _ in range(3):
        answer = send(*arguments)
        if answer is not None and answer.status_code == 200:
            break
    return answer


def lets_the_library_ask_again(url, client_id, client_secret):
    again = Retry(3, status_forcelist=[429, 503], allowed_methods=None, respect_retry_after_header=False, raise_on_status=False)
    with requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=again))
        return session.post(url, data=form(client_id, client_secret), timeout=10)


def does_not_remember_until_when(*arguments):
    result, failures = {}, 0

    def step(now):
        nonlocal result, failures
        if not {"token", "error"} & result.keys():
            result, failures = outcome(send(*arguments), failures), failures + 1
        return result

    return step


def begins_to_wait_again_at_each_step(*arguments):
    result, until = {}, 0

    def step(now):
        nonlocal result, until
        if now >= until and "token" not in result:
            result = outcome(send(*arguments), 0)
            until = now + result.get("wait", 0)
        return result

    return step


def does_not_catch(url, client_id, client_secret):
    return requests.post(url, data=form(client_id, client_secret), timeout=10)


def raises_for_status(*arguments):
    answer = send(*arguments)
    if answer is not None and answer.status_code not in (429, 503):
        answer.raise_for_status()
    return answer


def sends_json(url, client_id, client_secret):
    return requests.post(url, json=form(client_id, client_secret), timeout=10)


def sends_nothing(*arguments):
    return lambda now: {"wait": 1}


def returns_the_token_alone(*arguments):
    return lambda now: send(*arguments).json()["access_token"]


def without_retry_after(answer, failures):
    result = outcome(answer, failures)
    return {"wait": 2**failures} if "wait" in result else result


def takes_the_header_as_a_text(*arguments):
    step = client_with()(*arguments)

    def step_with_text(now):
        result = step(now)
        return {"wait": str(result["wait"])} if result.get("wait", 0) > 4.5 else result

    return step_with_text


SEVERAL = "one step sent several requests"
TOO_SOON = "after a 429 with Retry-After, the wait ends before the time that the server named"
AGAIN = "after 401 invalid_client, the step sent another request"

#: What it does, which scenario fails first (0 to 5), the points that are left, what was seen.
WRONG = {
    "asks_three_times_in_one_step": (client_with(send=asks_three_times_in_one_step), 1, 1, SEVERAL),
    "lets_the_library_ask_again": (client_with(send=lets_the_library_ask_again), 1, 3, SEVERAL),
    "ignores_retry_after": (client_with(outcome=without_retry_after), 1, 7, TOO_SOON),
    "takes_a_refusal_for_no_answer": (client_with(outcome=lambda answer, failures: outcome(answer or None, failures)), 1, 5, TOO_SOON),
    "obeys_a_429_alone": (
        after(lambda answer, failures, result: {"wait": 2**failures} if "wait" in result and answer is not None and answer.status_code == 503 else result),
        1,
        7,
        "after a 503 with Retry-After, the wait ends before the time that the server named",
    ),
    "waits_three_times_as_long": (
        after(lambda answer, failures, result: {"wait": 3 * retry_after(answer)} if retry_after(answer) else result),
        1,
        7,
        "after a 429 with Retry-After, the wait ends long after the time that the server named",
    ),
    "does_not_remember_until_when": (
        does_not_remember_until_when,
        1,
        7,
        "after a 429 with Retry-After, before that time was over, the step sent another request",
    ),
    "begins_to_wait_again_at_each_step": (
        begins_to_wait_again_at_each_step,
        1,
        2,
        "after a 429 with Retry-After, the wait ends long after the time that the server named",
    ),
    "takes_the_header_as_a_text": (takes_the_header_as_a_text, 1, 4, "your function returned {'wait': 'SECONDS'}"),
    "always_waits_as_long": (
        after(lambda answer, failures, result: {"wait": retry_after(answer) or 1} if "wait" in result else result),
        2,
        8,
        "after failure 3 the wait was shorter than the back-off allows",
    ),
    "begins_with_too_long_a_wait": (
        after(lambda answer, failures, result: {"wait": retry_after(answer) or 10} if "wait" in result else result),
        2,
        8,
        "after failure 1 the wait was longer than the back-off allows",
    ),
    "does_not_catch": (
        client_with(send=does_not_catch),
        3,
        9,
        "your function raised ConnectionError: ('Connection aborted.', RemoteDisconnected('Remote end closed connection without response')) "
        "(line N of does_not_catch: return requests.post(url, data=form(client_id, client_secret), timeout=10))",
    ),
    "stops_at_a_dropped_connection": (
        after(lambda answer, failures, result: {"error": "no answer"} if answer is None else result),
        3,
        9,
        "after a connection that ended without an answer, the step returned {'error': 'no answer'}",
    ),
    "never_gives_up": (
        after(lambda answer, failures, result: {"wait": 2**failures} if result.get("error") == "gave up" else result),
        4,
        9,
        "after 6 answers of 503, the step returned {'wait': SECONDS}",
    ),
    "asks_again_after_an_error": (client_with(final=("token",)), 5, 8, AGAIN),
    "waits_after_any_refusal": (
        after(lambda answer, failures, result: {"wait": 2**failures} if "error" in result else result),
        4,
        7,
        "after 6 answers of 503, the step returned {'wait': SECONDS}",
    ),
    "raises_for_status": (
        client_with(send=raises_for_status),
        5,
        8,
        "your function raised HTTPError: 401 Client Error: Unauthorized for url: http://<host>/oauth2/token "
        "(line N of raises_for_status: answer.raise_for_status())",
    ),
    "asks_for_a_second_token": (client_with(final=("error",)), 0, 9, "after the token, the step sent another request"),
    "sends_json": (
        client_with(send=sends_json),
        0,
        1,
        "at a server that is well, the step returned {'error': 'invalid_request'}",
    ),
    "sends_nothing": (
        sends_nothing,
        0,
        0,
        "no request reached the address that was passed in; your function returned {'wait': 1}",
    ),
    "returns_the_token_alone": (returns_the_token_alone, 0, 0, "your function returned '<access token>'"),
}


@pytest.mark.parametrize(("make_token_client", "fails_first", "points", "seen"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_fails_with_its_message_and_twice_with_the_same(make_token_client, fails_first, points, seen):
    first, second = check("resilient_client", make_token_client), check("resilient_client", make_token_client)
    failed = [number for number, outcome in enumerate(first.outcomes) if not outcome.passed]
    assert failed, first
    assert without_line_number(first.outcomes[failed[0]].unmet.seen) == seen
    assert failed[0] == fails_first
    assert first.points == points, first
    assert repr(first) == repr(second)

"""Right answers pass in any spelling, and wrong ones fail with their message."""

import contextlib
import http.client
import json
import logging
import random
import threading
import urllib.error
import urllib.request
from types import SimpleNamespace
from urllib.parse import quote_plus, urlencode

import httpx
import pytest
import requests
from exercise_proof import solved, without_line_number

from exercises import check


class Ended(Exception):
    """The call ends with this result."""


class RightClient:
    """All in one class, with `requests` and Basic. A wrong answer below differs from it in one method."""

    def __init__(self, token_url, client_id):
        self.token_url, self.client_id = token_url, client_id
        self.tokens, self.refused, self.until, self.failures = {}, {}, 0, 0
        self.lock = threading.RLock()

    def __call__(self, method, url, now, secret, scope):
        try:
            answer = self.answer(method, url, now, secret, scope)
            return {"status": answer.status_code, "body": answer.text}
        except Ended as ended:
            return ended.args[0]

    def answer(self, method, url, now, secret, scope):
        token = self.token(now, secret, scope)
        answer = self.attempt(now, method, url, headers={"Authorization": f"Bearer {token}"})
        if answer.status_code == 401:
            token = self.token(now, secret, scope, bad=token)
            answer = self.attempt(now, method, url, headers={"Authorization": f"Bearer {token}"})
        return answer

    def token(self, now, secret, scope, bad=None):
        with self.lock:
            kept, until = self.tokens.get(self.key(secret, scope), (bad, 0))
            if kept == bad or now >= until:
                members = self.ask(now, secret, scope)
                kept, until = members["access_token"], now + self.usable(members)
                self.tokens[self.key(secret, scope)] = kept, until
            return kept

    def key(self, secret, scope):
        return scope

    def usable(self, members):
        return float(members.get("expires_in") or 0) / 2

    def ask(self, now, secret, scope):
        if secret in self.refused:
            raise Ended({"error": self.refused[secret]})
        answer = self.request_token(now, secret, scope)
        if answer.status_code != 200:
            self.refused[secret] = answer.json()["error"]
            raise Ended({"error": self.refused[secret]})
        return answer.json()

    def request_token(self, now, secret, scope):
        credentials = quote_plus(self.client_id), quote_plus(secret)
        return self.attempt(now, "POST", self.token_url, data={"grant_type": "client_credentials", "scope": scope}, auth=credentials)

    def attempt(self, now, method, url, **request):
        if now < self.until:
            raise Ended({"wait": self.until - now})
        answer = self.send(method, url, **request)
        if answer is None or answer.status_code in (429, 503):
            wait = self.wait(answer)
            self.failures, self.until = self.failures + 1, now + wait
            raise Ended({"wait": wait})
        self.failures = 0
        return answer

    def send(self, method, url, **request):
        try:
            return requests.request(method, url, timeout=10, **request)
        except requests.RequestException:
            return None

    def wait(self, answer):
        return float(answer is not None and answer.headers.get("Retry-After") or 2**self.failures)


# Right answers, in further spellings


class HttpxClient(RightClient):
    """Tokens by secret and scope; up to a quarter more of each wait, at random."""

    def key(self, secret, scope):
        return secret, scope

    def send(self, method, url, **request):
        try:
            with httpx.Client(trust_env=False, verify=False) as client:
                return client.request(method, url, **request)
        except httpx.TransportError:
            return None

    def wait(self, answer):
        return super().wait(answer) * random.uniform(1, 1.25)


class UrllibClient(RightClient):
    """The secret in the body; a renewal without a lock around the whole, but one flight for each scope."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.locks = {}

    def token(self, now, secret, scope, bad=None):
        with self.lock:
            lock = self.locks.setdefault(scope, threading.Lock())
        kept, until = self.tokens.get(scope, (bad, 0))
        if kept != bad and now < until:
            return kept
        with lock:
            kept, until = self.tokens.get(scope, (bad, 0))
            if kept == bad or now >= until:
                members = self.ask(now, secret, scope)
                self.tokens[scope] = members["access_token"], now + self.usable(members)
            return self.tokens[scope][0]

    def request_token(self, now, secret, scope):
        form = {"grant_type": "client_credentials", "client_id": self.client_id, "client_secret": secret, "scope": scope}
        return self.attempt(now, "POST", self.token_url, data=urlencode(form).encode("ascii"))

    def send(self, method, url, **request):
        try:
            with urllib.request.urlopen(urllib.request.Request(url, method=method, **request), timeout=10) as answer:
                return self.read(answer)
        except urllib.error.HTTPError as error:
            with error:
                return self.read(error)
        except (OSError, http.client.HTTPException):
            return None

    def read(self, answer):
        text = answer.read().decode("utf-8")
        return SimpleNamespace(status_code=answer.status, text=text, headers=answer.headers, json=lambda: json.loads(text))


RIGHT = [solved("capstone"), RightClient, HttpxClient, UrllibClient]


@pytest.mark.parametrize("make_api_client", RIGHT, ids=lambda function: function.__name__)
def test_a_right_answer_passes_with_full_points(make_api_client):
    result = check("capstone", make_api_client)
    assert (result.passed, result.points) == (True, 25), result


# Wrong answers: the mistakes that people really make


def but(**methods):
    """The right client, but for these methods."""
    return type("WrongClient", (RightClient,), methods)


class AsksTheServerEachTime(RightClient):
    def token(self, now, secret, scope, bad=None):
        return self.ask(now, secret, scope)["access_token"]


class HasNoLock(RightClient):
    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.lock = contextlib.nullcontext()


class ThrowsTheNewTokenAway(RightClient):
    """After a 401 each thread drops what is kept, and drops what another thread has just got."""

    def token(self, now, secret, scope, bad=None):
        if bad:
            with self.lock:
                self.tokens.clear()
                return super().token(now, secret, scope)
        return super().token(now, secret, scope)


class TriesA403Again(RightClient):
    def answer(self, method, url, now, secret, scope, statuses=(401, 403), times=1):
        token = None
        for _ in range(times + 1):
            token = self.token(now, secret, scope, bad=token)
            answer = self.attempt(now, method, url, headers={"Authorization": f"Bearer {token}"})
            if answer.status_code not in statuses:
                break
        return answer


class NeverTriesAgain(TriesA403Again):
    def answer(self, *arguments):
        return super().answer(*arguments, statuses=())


class LoopsWhile401(TriesA403Again):
    def answer(self, *arguments):
        return super().answer(*arguments, statuses=(401,), times=4)


class SendsTheOldTokenAgain(RightClient):
    def token(self, now, secret, scope, bad=None):
        return super().token(now, secret, scope)


class AsksAgainAtOnce(RightClient):
    def send(self, method, url, **request):
        for _ in range(3):
            answer = super().send(method, url, **request)
            if answer is not None and answer.status_code < 429:
                break
        return answer


class ForgetsToBeQuiet(RightClient):
    def attempt(self, now, method, url, **request):
        self.until = 0
        return super().attempt(now, method, url, **request)


class DoesNotCatch(RightClient):
    def send(self, method, url, **request):
        return requests.request(method, url, timeout=10, **request)


class ForgetsRefusals(RightClient):
    def ask(self, now, secret, scope):
        self.refused.clear()
        return super().ask(now, secret, scope)


class KeepsTheFirstSecret(RightClient):
    secret = ""

    def ask(self, now, secret, scope):
        self.secret = self.secret or secret
        return super().ask(now, self.secret, scope)


class KeepsTheSecretThatWorked(RightClient):
    secret = ""

    def ask(self, now, secret, scope):
        members = super().ask(now, self.secret or secret, scope)
        self.secret = self.secret or secret
        return members


class TakesTheLifetimeForANumber(RightClient):
    def usable(self, members):
        return members.get("expires_in", 60) - 30


class TakesTheLifetimeForGranted(RightClient):
    def usable(self, members):
        return float(members["expires_in"]) / 2


class LogsTheRequest(RightClient):
    def request_token(self, now, secret, scope):
        logging.getLogger("client").debug("token request of %s with %s", self.client_id, secret)
        return super().request_token(now, secret, scope)


class PrintsTheRequest(RightClient):
    def request_token(self, now, secret, scope):
        print("token request with", secret)
        return super().request_token(now, secret, scope)


class ShowsWhatItKnows(RightClient):
    def __repr__(self):
        return f"<client {self.client_id}, refused {self.refused}>"


class NamesTheSecretInTheError(RightClient):
    def ask(self, now, secret, scope):
        try:
            return super().ask(now, secret, scope)
        except Ended as ended:
            raise Ended({name: f"{value} for {secret}" if name == "error" else value for name, value in ended.args[0].items()}) from None


class SendsJson(RightClient):
    def request_token(self, now, secret, scope):
        form = {"grant_type": "client_credentials", "client_id": self.client_id, "client_secret": secret, "scope": scope}
        return self.attempt(now, "POST", self.token_url, json=form)


def returns_the_token(token_url, client_id):
    client = RightClient(token_url, client_id)
    return lambda method, url, now, secret, scope: client.token(now, secret, scope)


def returns_the_members(token_url, client_id):
    client = RightClient(token_url, client_id)
    return lambda *arguments: client(*arguments) | {"headers": {}}


def does_nothing(token_url, client_id):
    return lambda *arguments: {"status": 200, "body": ""}


BURST = "eight threads called at once while {}, and it sent several token requests"

#: What it does, which scenario fails first (0 to 14), the points that are left, what was seen.
WRONG = {
    "asks_the_server_each_time": (
        AsksTheServerEachTime,
        0,
        13,
        "during the first half of a token's life, your client had sent 2 token requests",
    ),
    "has_no_lock": (HasNoLock, 1, 22, BURST.format("your client had no token")),
    "relies_on_the_401": (
        but(usable=lambda self, members: 1e9),
        2,
        21,
        "after expires_in had passed, your client still sent the old token",
    ),
    "uses_it_to_the_last_second": (
        but(usable=lambda self, members: float(members.get("expires_in", 0))),
        3,
        23,
        "8 seconds before its end, your client still sent the old token",
    ),
    "renews_a_minute_early": (
        but(usable=lambda self, members: float(members.get("expires_in", 0)) - 60),
        3,
        23,
        "25 seconds into a life of 60, your client had sent 2 token requests",
    ),
    "never_tries_again": (
        NeverTriesAgain,
        4,
        18,
        "after the token was revoked, the call returned status 401, and the last answer on the wire was 401",
    ),
    "sends_the_old_token_again": (
        SendsTheOldTokenAgain,
        4,
        20,
        "after the token was revoked, the call returned status 401, and the last answer on the wire was 401",
    ),
    "throws_the_new_token_away": (ThrowsTheNewTokenAway, 5, 24, BURST.format("its token was revoked")),
    "loops_while_401": (LoopsWhile401, 6, 23, "at an API whose clock is two hours ahead, 5 requests reached the API"),
    "tries_a_403_again": (TriesA403Again, 7, 24, "after 403 insufficient_scope, 2 requests reached the API"),
    "asks_again_at_once": (
        AsksAgainAtOnce,
        8,
        21,
        "after a 429 of the API with Retry-After, the call returned status 200",
    ),
    "ignores_retry_after": (
        but(wait=lambda self, answer: 2**self.failures),
        8,
        23,
        "after a 429 of the API with Retry-After, the wait is shorter than the server asked for",
    ),
    "forgets_to_be_quiet": (
        ForgetsToBeQuiet,
        8,
        23,
        "after a 429 of the API with Retry-After, before the time was over, the call returned status 200",
    ),
    "always_waits_as_long": (
        but(wait=lambda self, answer: float(answer is not None and answer.headers.get("Retry-After") or 1)),
        9,
        23,
        "after failure 3 the wait was shorter than the back-off allows",
    ),
    "does_not_catch": (
        DoesNotCatch,
        9,
        23,
        "your function raised ConnectionError: ('Connection aborted.', RemoteDisconnected('Remote end closed "
        "connection without response')) (line N of send: return requests.request(method, url, timeout=10, **request))",
    ),
    "forgets_refusals": (ForgetsRefusals, 10, 23, "after 401 invalid_client, your client sent another request"),
    "keeps_the_first_secret": (
        KeepsTheFirstSecret,
        10,
        20,
        "with the right secret after a wrong one, the call returned the error invalid_client, and the last answer on "
        "the wire was 401",
    ),
    "keeps_the_secret_that_worked": (
        KeepsTheSecretThatWorked,
        11,
        23,
        "after the secret was rotated and the token revoked, your client sent the old secret",
    ),
    "keeps_one_token_for_all_scopes": (
        but(key=lambda self, secret, scope: ""),
        12,
        23,
        "for a call with the scope readings:write, your client used a token with another scope, or none",
    ),
    "takes_the_lifetime_for_a_number": (
        TakesTheLifetimeForANumber,
        13,
        24,
        "your function raised TypeError: unsupported operand type(s) for -: 'str' and 'int' (line N of usable: return "
        'members.get("expires_in", 60) - 30)',
    ),
    "takes_the_lifetime_for_granted": (
        TakesTheLifetimeForGranted,
        13,
        24,
        "your function raised KeyError: 'expires_in' (line N of usable: return float(members[\"expires_in\"]) / 2)",
    ),
    "takes_a_missing_lifetime_for_ever": (
        but(usable=lambda self, members: float(members.get("expires_in", "inf")) / 2),
        13,
        24,
        "after an answer with an unusual expires_in, your client sent an expired token",
    ),
    "logs_the_request": (LogsTheRequest, 14, 24, "the client secret stands in a line of the log"),
    "prints_the_request": (PrintsTheRequest, 14, 24, "the client secret stands in what your function printed"),
    "shows_what_it_knows": (
        ShowsWhatItKnows,
        14,
        24,
        "the client secret stands in the repr of the function that you returned",
    ),
    "names_the_secret_in_the_error": (
        NamesTheSecretInTheError,
        10,
        22,
        "after 401 invalid_client, the call returned the error invalid_client for no secret of that client",
    ),
    "sends_json": (
        SendsJson,
        0,
        0,
        "at a plain call, the call returned the error invalid_request, and the last answer on the wire was 400",
    ),
    "returns_the_token": (returns_the_token, 0, 0, "your function returned '<access token>'"),
    "returns_the_members": (
        returns_the_members,
        0,
        0,
        "your function returned {'status': 200, 'body': '{\"stations\": [{\"id\": 1, \"name\": \"Harbour\", \"elevation_m\": 4}, "
        '{"id": 2, "name": "Old mill", "elevation_m": 121}, {"id": 3, "name": "...',
    ),
    "does_nothing": (
        does_nothing,
        0,
        0,
        "no request reached the addresses that were passed in; your function returned {'status': 200, 'body': ''}",
    ),
}


@pytest.mark.parametrize(("make_api_client", "fails_first", "points", "seen"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_fails_with_its_message_and_twice_with_the_same(make_api_client, fails_first, points, seen):
    first, second = check("capstone", make_api_client), check("capstone", make_api_client)
    failed = [number for number, outcome in enumerate(first.outcomes) if not outcome.passed]
    assert failed, first
    assert without_line_number(first.outcomes[failed[0]].unmet.seen) == seen
    assert failed[0] == fails_first
    assert first.points == points, first
    # What was printed and the traceback may hold values that are new each time.
    seen_in = [[each.unmet and each.unmet.seen for each in result.outcomes] for result in (first, second)]
    assert seen_in[0] == seen_in[1]

"""Right answers pass in any spelling, and wrong ones fail with their message."""

import contextlib
import json
import threading
import time
import urllib.request
from urllib.parse import quote_plus, urlencode

import httpx
import pytest
import requests
from exercise_proof import solved, without_line_number

from exercises import check


def ask(token_url, client_id, client_secret, scope=None):
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    answer = requests.post(token_url, data=form | ({"scope": scope} if scope else {}), timeout=10)
    answer.raise_for_status()
    return answer.json()


def usable(answer):
    lifetime = float(answer.get("expires_in", 60))
    return lifetime - min(30, lifetime / 2)


# Right answers, in several spellings


class HttpxWithBasic:
    """A lock for each scope, half the lifetime, and a token without lifetime is used once."""

    def __init__(self, token_url, client_id, client_secret):
        self.url, self.auth = token_url, (quote_plus(client_id), quote_plus(client_secret))
        self.kept, self.locks, self.lock = {}, {}, threading.Lock()

    def __call__(self, now, scope=None):
        with self.lock:
            lock = self.locks.setdefault(scope, threading.Lock())
        with lock:
            token, until = self.kept.get(scope, ("", now))
            if now < until:
                return token
            form = {"grant_type": "client_credentials", "scope": scope or ""}
            with httpx.Client(trust_env=False, auth=self.auth) as client:
                answer = client.post(self.url, data=form).raise_for_status().json()
            self.kept[scope] = answer["access_token"], now + int(answer.get("expires_in") or 0) / 2
            return answer["access_token"]


class UrllibAndABoundMethod:
    """It looks before it waits for the lock, and once more behind it."""

    def __init__(self, *arguments):
        self.arguments, self.kept, self.lock = arguments, [], threading.RLock()

    def token(self, when, wanted=None):
        return self.find(when, wanted) or self.renew(when, wanted)

    def find(self, when, wanted):
        return next((token for scope, token, until in self.kept if scope == wanted and when < until), None)

    def renew(self, when, wanted):
        with self.lock:
            if found := self.find(when, wanted):
                return found
            url, client_id, secret = self.arguments
            form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": secret, "scope": wanted or ""}
            with urllib.request.urlopen(url, urlencode(form).encode("ascii"), timeout=10) as answer:
                members = json.load(answer)
            kept = (wanted, members["access_token"], when + usable(members))
            self.kept = [each for each in self.kept if each[0] != wanted] + [kept]
            return members["access_token"]


def urllib_and_a_bound_method(*arguments):
    return UrllibAndABoundMethod(*arguments).token


def asks_when_it_is_made(*arguments):
    first, lock, kept = [ask(*arguments)], threading.Lock(), {}

    def token(now, scope=None):
        with lock:
            if scope not in kept or now >= kept[scope][1]:
                answer = first.pop() if first and scope is None else ask(*arguments, scope)
                kept[scope] = answer["access_token"], now + usable(answer)
            return kept[scope][0]

    return token


RIGHT = [solved("token_cache"), HttpxWithBasic, urllib_and_a_bound_method, asks_when_it_is_made]


@pytest.mark.parametrize("make_token_source", RIGHT, ids=lambda function: function.__name__)
def test_a_right_answer_passes_with_full_points(make_token_source):
    result = check("token_cache", make_token_source)
    assert (result.passed, result.points) == (True, 10), result


# Wrong answers: the mistakes that people really make


def source_with(ask=ask, usable=usable, key=lambda scope: scope, clock=lambda now: now, lock=threading.Lock):
    """A right answer, but for the part that is given."""

    def make_token_source(*arguments):
        kept, held = {}, lock()

        def token(now, scope=None):
            with held:
                if key(scope) not in kept or clock(now) >= kept[key(scope)][1]:
                    answer = ask(*arguments, scope)
                    kept[key(scope)] = answer["access_token"], clock(now) + usable(answer)
                return kept[key(scope)][0]

        return token

    return make_token_source


def asks_at_every_call(*arguments):
    return lambda now, scope=None: ask(*arguments, scope)["access_token"]


def never_looks_at_the_time(*arguments):
    kept, lock = {}, threading.Lock()

    def token(now, scope=None):
        with lock:
            if scope not in kept:
                kept[scope] = ask(*arguments, scope)["access_token"]
            return kept[scope]

    return token


def forgets_when_it_asked(*arguments):
    """The lifetime is compared with the time itself, so that it is over at once."""
    kept, lock = {}, threading.Lock()

    def token(now, scope=None):
        with lock:
            if scope not in kept or now > kept[scope]["expires_in"]:
                kept[scope] = ask(*arguments, scope)
            return kept[scope]["access_token"]

    return token


def looks_once_and_then_waits_for_the_lock(*arguments):
    kept, lock = {}, threading.Lock()

    def token(now, scope=None):
        if scope not in kept or now >= kept[scope][1]:
            with lock:
                answer = ask(*arguments, scope)
                kept[scope] = answer["access_token"], now + usable(answer)
        return kept[scope][0]

    return token


def returns_the_whole_answer(*arguments):
    return lambda now, scope=None: ask(*arguments, scope)


def returns_a_token_and_no_function(*arguments):
    return ask(*arguments)["access_token"]


def takes_no_scope(*arguments):
    token = source_with()(*arguments)
    return lambda now: token(now)


def does_nothing(*arguments):
    pass


SEVERAL = "eight threads called at once while your function had no token yet, and it sent several token requests"
EXPIRED = "after expires_in had passed, your function handed out the expired token"
LAST = "8 seconds before its end, your function still handed out the old token"
AGAIN = "at a further call in the first half of the token's life, your function sent another token request"

#: What it does, which scenario fails first (0 to 5), the points that are left, what was seen.
WRONG = {
    "asks_at_every_call": (asks_at_every_call, 0, 1, AGAIN),
    "forgets_when_it_asked": (forgets_when_it_asked, 0, 1, AGAIN),
    "never_looks_at_the_time": (never_looks_at_the_time, 1, 4, EXPIRED),
    "reads_the_computers_clock": (source_with(clock=lambda now: time.monotonic()), 1, 4, EXPIRED),
    "uses_it_to_the_last_second": (source_with(usable=lambda answer: float(answer.get("expires_in", 60))), 2, 8, LAST),
    "renews_a_minute_early": (
        source_with(usable=lambda answer: float(answer.get("expires_in", 600)) - 60),
        2,
        8,
        "25 seconds into a life of 60, your function sent another token request",
    ),
    "keeps_one_token_for_all_scopes": (
        source_with(key=lambda scope: ""),
        3,
        8,
        "asked for the scope readings:write, your function returned a token with the scope readings:read",
    ),
    "never_asks_for_the_scope": (
        source_with(ask=lambda *arguments: ask(*arguments[:3])),
        3,
        8,
        "asked for the scope readings:read, your function returned a token with the scope readings:read readings:write",
    ),
    "takes_no_scope": (
        takes_no_scope,
        3,
        8,
        "no request reached the server, and your function raised TypeError: "
        "takes_no_scope.<locals>.<lambda>() takes 1 positional argument but 2 were given",
    ),
    "takes_the_lifetime_for_a_number": (
        source_with(usable=lambda answer: answer.get("expires_in", 60) * 0.5),
        4,
        9,
        "the server answered 200, and your function raised TypeError: can't multiply sequence by non-int of type 'float' "
        '(line N of <lambda>: source_with(usable=lambda answer: answer.get("expires_in", 60) * 0.5),)',
    ),
    "takes_the_lifetime_for_granted": (
        source_with(usable=lambda answer: float(answer["expires_in"]) / 2),
        4,
        9,
        "the server answered 200, and your function raised KeyError: 'expires_in' "
        '(line N of <lambda>: source_with(usable=lambda answer: float(answer["expires_in"]) / 2),)',
    ),
    "takes_a_missing_lifetime_for_ever": (
        source_with(usable=lambda answer: float(answer.get("expires_in", "inf")) / 2),
        4,
        9,
        "after an answer without expires_in, your function handed out the same token a day later",
    ),
    "takes_a_text_for_ever": (
        source_with(usable=lambda answer: answer["expires_in"] / 2 if type(answer.get("expires_in")) is int else 1e9),
        4,
        9,
        'after an answer with "expires_in": "3600", a text, your function used the token for ever',
    ),
    "has_no_lock": (source_with(lock=contextlib.nullcontext), 5, 8, SEVERAL),
    "looks_once_and_then_waits_for_the_lock": (looks_once_and_then_waits_for_the_lock, 5, 8, SEVERAL),
    "returns_the_whole_answer": (
        returns_the_whole_answer,
        0,
        0,
        "the server answered 200, and your function returned {'access_token': '<access token>', 'token_type': 'Bearer', "
        "'expires_in': 3600, 'scope': 'readings:read readings:write'}",
    ),
    "returns_a_token_and_no_function": (
        returns_a_token_and_no_function,
        0,
        0,
        "your function returned '<access token>'",
    ),
    "does_nothing": (does_nothing, 0, 0, "your function returned None"),
}


@pytest.mark.parametrize(("make_token_source", "fails_first", "points", "seen"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_fails_with_its_message_and_twice_with_the_same(make_token_source, fails_first, points, seen):
    first, second = check("token_cache", make_token_source), check("token_cache", make_token_source)
    failed = [number for number, outcome in enumerate(first.outcomes) if not outcome.passed]
    assert failed, first
    assert without_line_number(first.outcomes[failed[0]].unmet.seen) == seen
    assert failed[0] == fails_first
    assert first.points == points, first
    assert repr(first) == repr(second)

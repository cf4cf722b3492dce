"""The clinic: every patient as it comes in, as it may leave, and as a wrong treatment leaves it."""

import base64
import json
import math
import re
import urllib.request
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import httpx
import pytest
import requests
from exercise_proof import solved, stub

from exercises import check
from exercises.checking import find_exercise

NAMES = [scenario.title.partition(":")[0] for scenario in find_exercise("clinic").scenarios]


def patient_with(**clients: Callable) -> Callable:
    """All clients as the solution mends them, but for `clients`."""
    ward = {**solved("clinic").__globals__, **clients}
    return lambda name, *arguments: ward[name](*arguments)


def as_it_comes_in(name: str) -> Callable:
    return stub("clinic").__globals__[name]


def only_failure(name: str, client: Callable) -> str:
    """What was seen of this client, where all others are mended. It is the same at every check."""
    results = [check("clinic", patient_with(**{name: client})) for _ in range(2)]
    for result in results:
        assert [outcome.passed for outcome in result.outcomes] == [each != name for each in NAMES], result
        assert result.points == 22
    (seen, again) = [result.outcomes[NAMES.index(name)].unmet.seen for result in results]
    assert seen == again
    return re.sub(r" \(line \d+ of .*\)$", "", seen.removeprefix(f"{name}: "))


# --- right answers -------------------------------------------------------------------------------------------------


def by_requests(url: str, form: dict, headers: dict) -> dict:
    answer = requests.post(url, data=form, headers=headers, timeout=10)
    answer.raise_for_status()
    return answer.json()


def by_httpx(url: str, form: dict, headers: dict) -> dict:
    return httpx.post(url, data=form, headers=headers, trust_env=False).raise_for_status().json()


def by_urllib(url: str, form: dict, headers: dict) -> dict:
    with urllib.request.urlopen(urllib.request.Request(url, urlencode(form).encode(), headers), timeout=10) as answer:
        return json.load(answer)


def in_body(send: Callable, url: str, client_id: str, client_secret: str, **more: str) -> dict:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret, **more}
    return send(url, form, {})


def in_basic(encode: Callable, send: Callable, url: str, client_id: str, client_secret: str) -> dict:
    pair = base64.b64encode(f"{encode(client_id)}:{encode(client_secret)}".encode()).decode()
    return send(url, {"grant_type": "client_credentials"}, {"Authorization": f"Basic {pair}"})


def status_of(api_url: str, token: str) -> int:
    return requests.get(api_url, headers={"Authorization": f"bearer {token}"}, timeout=10).status_code


class Cache:
    """`token(now)` that renews at half of the life, and supposes no life where none is named."""

    def __init__(self, ask: Callable[[], dict]) -> None:
        self._ask, self._token, self._until = ask, None, -math.inf

    def __call__(self, now: float) -> str:
        if self._token is None or now > self._until:
            answer = self._ask()
            self._token = answer["access_token"]
            self._until = now + int(answer.get("expires_in") or 0) * 0.75
        return self._token


class Reader:
    """`read()` that asks for its first token late, drops a refused one and repeats once."""

    def __init__(self, ask: Callable[[], dict], api_url: str) -> None:
        self._ask, self._api_url, self._token = ask, api_url, None

    def __call__(self) -> int:
        for _ in range(2):
            self._token = self._token or self._ask()["access_token"]
            if (status := status_of(self._api_url, self._token)) != 401:
                break
            self._token = None
        return status


def another_ward(send: Callable, encode: Callable) -> dict[str, Callable]:
    def basic(url, client_id, client_secret):
        return in_basic(encode, send, url, client_id, client_secret)["access_token"]

    def body(url, client_id, client_secret):
        return in_body(send, url, client_id, client_secret)["access_token"]

    def cache(url, client_id, client_secret):
        return Cache(lambda: in_body(send, url, client_id, client_secret))

    def reader(url, api_url, client_id, client_secret):
        return Reader(lambda: in_basic(encode, send, url, client_id, client_secret), api_url)

    def reloaded(kept, now, url, client_id, client_secret):
        if kept is None or now > kept["renew_at"]:
            answer = in_body(send, url, client_id, client_secret)
            kept = {"access_token": answer["access_token"], "renew_at": now + answer["expires_in"] - 30}
        return kept

    def one_for_all():
        kept: dict = {}

        def token(*asked_for):
            if asked_for not in kept:
                kept[asked_for] = in_body(send, *asked_for[:3], scope=asked_for[3])["access_token"]
            return kept[asked_for]

        return token

    return {
        **dict.fromkeys(("raw_basic", "colon_in_id"), basic),
        "either_reading": body,
        **dict.fromkeys(("for_ever", "last_second", "text_or_nothing"), cache),
        "reloaded": reloaded,
        "one_for_all": one_for_all,
        **dict.fromkeys(("still_kept", "long_job", "every_call", "any_refusal"), reader),
    }


@pytest.mark.parametrize("send", [by_requests, by_httpx, by_urllib])
@pytest.mark.parametrize("encode", [quote_plus, lambda text: quote(text, safe="")], ids=["quote_plus", "quote"])
def test_other_spellings_and_libraries_mend_all_twelve(send, encode):
    result = check("clinic", patient_with(**another_ward(send, encode)))
    assert (result.passed, result.points) == (True, 24), result


def test_the_body_mends_what_basic_breaks():
    body = another_ward(by_requests, quote_plus)["either_reading"]
    assert check("clinic", patient_with(raw_basic=body, colon_in_id=body)).passed


# --- as the patients come in ---------------------------------------------------------------------------------------

ILL = {
    "raw_basic": "for a secret with + in it, the server answered 401 invalid_client",
    "colon_in_id": "for a client id with a colon in it, the server answered 401 invalid_client",
    "either_reading": "at a server that decodes what stands in Basic, the server answered 401 invalid_client",
    "for_ever": "100 seconds after the token expired, 1 token request has arrived in all",
    "reloaded": "at a restart too late, 1 token request has arrived in all",
    "last_second": "one second before the token expires, 1 token request has arrived in all",
    "text_or_nothing": (
        'where expires_in is "3600", your function raised TypeError: '
        "unsupported operand type(s) for +: 'int' and 'str'"
    ),
    "one_for_all": "for another scope, 1 token request has arrived in all",
    "still_kept": "the API refused the revoked token 2 times",
    "long_job": "after the first token expired, your function returned 401",
    "every_call": "at the second call, 2 token requests have arrived in all",
    "any_refusal": "where the API answers 403, 2 token requests have arrived in all",
}


def test_there_are_twelve_patients():
    assert list(ILL) == NAMES and len(NAMES) == 12


@pytest.mark.parametrize("name", ILL)
def test_a_patient_that_is_not_mended_fails_its_own_scenario_and_no_other(name):
    assert only_failure(name, as_it_comes_in(name)) == ILL[name]


def test_nobody_is_well_when_they_come_in():
    result = check("clinic", patient_with(**{name: as_it_comes_in(name) for name in NAMES}))
    assert (result.attempted, result.points) == (True, 0)


# --- wrong treatments ----------------------------------------------------------------------------------------------


def ask(url, client_id, client_secret, **more):
    return in_body(by_requests, url, client_id, client_secret, **more)


def encodes_twice(url, client_id, client_secret):
    return in_basic(lambda text: quote_plus(quote_plus(text)), by_requests, url, client_id, client_secret)["access_token"]


def encodes_the_pair(url, client_id, client_secret):
    pair = base64.b64encode(quote_plus(f"{client_id}:{client_secret}").encode()).decode()
    return by_requests(url, {"grant_type": "client_credentials"}, {"Authorization": f"Basic {pair}"})["access_token"]


def encodes_for_one_reading(url, client_id, client_secret):
    return in_basic(quote_plus, by_requests, url, client_id, client_secret)["access_token"]


def asks_every_time(url, client_id, client_secret):
    return lambda now: ask(url, client_id, client_secret)["access_token"]


def returns_the_old_token_once_more(url, client_id, client_secret):
    kept = {}

    def token(now):
        old = kept.get("access_token")
        if not kept or now >= kept["until"]:
            kept.update(ask(url, client_id, client_secret), until=now + 3600)
        return old or kept["access_token"]

    return token


def reads_until_from_the_clock_of_the_first_start(kept, now, url, client_id, client_secret):
    return {**ask(url, client_id, client_secret), "until": now}


def keeps_a_text(kept, now, url, client_id, client_secret):
    return json.dumps(ask(url, client_id, client_secret))


def keeps_for_ever_what_names_no_life(url, client_id, client_secret):
    kept = {"until": -math.inf}

    def token(now):
        if now >= kept["until"]:
            answer = ask(url, client_id, client_secret)
            kept.update(answer, until=now + float(answer.get("expires_in", "inf")))
        return kept["access_token"]

    return token


def takes_text_for_no_life(url, client_id, client_secret):
    kept = {"until": -math.inf}

    def token(now):
        if now >= kept["until"]:
            answer = ask(url, client_id, client_secret)
            life = answer.get("expires_in")
            kept.update(answer, until=now + (life if isinstance(life, int) else 0))
        return kept["access_token"]

    return token


def keyed_by(*places: int) -> Callable:
    def one_for_all():
        kept = {}

        def token(*asked_for):
            key = tuple(asked_for[place] for place in places)
            if key not in kept:
                kept[key] = ask(*asked_for[:3], scope=asked_for[3])["access_token"]
            return kept[key]

        return token

    one_for_all.__name__ = f"keyed by {places}"
    return one_for_all


def keeps_nothing():
    return lambda url, client_id, client_secret, scope: ask(url, client_id, client_secret, scope=scope)["access_token"]


def gives_the_401_back(url, api_url, client_id, client_secret):
    token = ask(url, client_id, client_secret)["access_token"]
    return lambda: status_of(api_url, token)


def asks_at_every_read(url, api_url, client_id, client_secret):
    return lambda: status_of(api_url, ask(url, client_id, client_secret)["access_token"])


def renews_and_does_not_repeat(url, api_url, client_id, client_secret):
    kept = ask(url, client_id, client_secret)

    def read():
        if (status := status_of(api_url, kept["access_token"])) == 401:
            kept.update(ask(url, client_id, client_secret))
        return status

    return read


def reads_twice(url, api_url, client_id, client_secret):
    token = ask(url, client_id, client_secret)["access_token"]
    return lambda: status_of(api_url, token) and status_of(api_url, token)


def forgets_to_return(url, api_url, client_id, client_secret):
    def read():
        Reader(lambda: ask(url, client_id, client_secret), api_url)()

    return read


def returns_the_answer_of_the_first_read(url, api_url, client_id, client_secret):
    return Reader(lambda: ask(url, client_id, client_secret), api_url)()


async def a_coroutine(url, client_id, client_secret):
    return ask(url, client_id, client_secret)["access_token"]


WRONG = [
    ("raw_basic", encodes_twice, "for a secret with + in it, the server answered 401 invalid_client"),
    ("raw_basic", encodes_the_pair, "for a secret with + in it, the server answered 401 invalid_client"),
    (
        "raw_basic",
        a_coroutine,
        "for a secret with + in it, no token request arrived, and your function returned <coroutine object a_coroutine>",
    ),
    ("colon_in_id", encodes_twice, "for a client id with a colon in it, the server answered 401 invalid_client"),
    (
        "either_reading",
        encodes_for_one_reading,
        "the secret stands encoded in Basic, and a server that does not decode reads another secret",
    ),
    ("for_ever", asks_every_time, "half a life later, 2 token requests have arrived in all"),
    ("for_ever", returns_the_old_token_once_more, "100 seconds after the token expired, your function returned an earlier token"),
    ("reloaded", reads_until_from_the_clock_of_the_first_start, "at a restart in time, 2 token requests have arrived in all"),
    (
        "reloaded",
        keeps_a_text,
        'at the first start, your function returned \'{"access_token": "<access token>", "token_type": "Bearer", '
        '"expires_in": 3600, "scope": "readings:read readings:write"}\'',
    ),
    ("last_second", asks_every_time, "half a life later, 2 token requests have arrived in all"),
    (
        "text_or_nothing",
        keeps_for_ever_what_names_no_life,
        "a day later, where expires_in was missing, 3 token requests have arrived in all",
    ),
    (
        "text_or_nothing",
        takes_text_for_no_life,
        'half a life later, where expires_in was "3600", 2 token requests have arrived in all',
    ),
    ("one_for_all", keyed_by(0, 1), "for another scope, 1 token request has arrived in all"),
    ("one_for_all", keyed_by(0, 3), "for another client, 2 token requests have arrived in all"),
    ("one_for_all", keyed_by(0, 1, 3), "for a rotated secret, 3 token requests have arrived in all"),
    ("one_for_all", keeps_nothing, "for a client and scope that were asked for before, 4 token requests have arrived in all"),
    ("still_kept", gives_the_401_back, "where the first token was revoked early, your function returned 401"),
    ("still_kept", asks_at_every_read, "where the first token was revoked early, your function returned 401"),
    ("long_job", renews_and_does_not_repeat, "after the first token expired, your function returned 401"),
    ("long_job", asks_at_every_read, "a moment later, 2 token requests have arrived in all"),
    ("every_call", reads_twice, "6 requests reached the API in three calls"),
    ("every_call", returns_the_answer_of_the_first_read, "your function returned 200"),
    ("any_refusal", gives_the_401_back, "where the API answers 401, your function returned 401"),
    ("any_refusal", forgets_to_return, "the API answered 403, and your function returned None"),
]






@pytest.mark.parametrize(("name", "client", "seen"), WRONG, ids=[f"{name}, {client.__name__}" for name, client, _ in WRONG])
def test_a_wrong_treatment_is_named(name, client, seen):
    assert only_failure(name, client) == seen


def test_a_dispatcher_that_calls_nobody_is_told_what_it_returned():
    ward = solved("clinic").__globals__
    result = check("clinic", lambda name, *arguments: ward[name])
    assert result.points == 0
    assert result.outcomes[0].unmet.seen == (
        "raw_basic: for a secret with + in it, no token request arrived, and your function returned <function raw_basic>"
    )

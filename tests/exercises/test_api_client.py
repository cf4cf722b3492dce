"""A client of an API passes in any spelling, and each way to misuse a token has its message."""

import base64
import json
import urllib.error
import urllib.request
from collections.abc import Callable
from urllib.parse import quote_plus, urlencode

import httpx
import pytest
import requests
from exercise_proof import solved, without_line_number

from exercises import check

read_api = solved("api_client")


def token_for(token_url: str, client_id: str, client_secret: str, **more: str) -> str:
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret, **more}
    answer = requests.post(token_url, data=form, timeout=10)
    answer.raise_for_status()
    return answer.json()["access_token"]


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# Right answers, in many spellings


def a_session_with_a_header(token_url, api_url, client_id, client_secret, scope, paths):
    def renew() -> None:
        session.headers.update(bearer(token_for(token_url, client_id, client_secret, scope=scope, resource=api_url)))

    with requests.Session() as session:
        renew()
        results = []
        for path in paths:
            if (answer := session.get(api_url + path, timeout=10)).status_code == 401:
                renew()
                answer = session.get(api_url + path, timeout=10)
            answer.raise_for_status()
            results.append(answer.json())
        return results


class OurAuth(httpx.Auth):
    """What httpx has for the task: a flow that may send a request again."""

    requires_response_body = True

    def __init__(self, token_url, api_url, client_id, client_secret, scope):
        pair = base64.b64encode(f"{quote_plus(client_id)}:{quote_plus(client_secret)}".encode("ascii")).decode("ascii")
        form = {"grant_type": "client_credentials", "scope": scope, "resource": api_url}
        self._asking = httpx.Request("POST", token_url, data=form, headers={"Authorization": f"Basic {pair}"})
        self._token = None

    def auth_flow(self, request):
        for _ in range(2):
            if self._token is None:
                answer = yield self._asking
                self._token = answer.raise_for_status().json()["access_token"]
            request.headers["Authorization"] = f"bearer {self._token}"
            answer = yield request
            if answer.status_code != 401:
                return
            self._token = None


def httpx_with_an_auth_class(token_url, api_url, client_id, client_secret, scope, paths):
    with httpx.Client(auth=OurAuth(token_url, api_url, client_id, client_secret, scope), trust_env=False) as client:
        return [client.get(api_url + path).raise_for_status().json() for path in paths]


def urllib_library(token_url, api_url, client_id, client_secret, scope, paths):
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}

    def new_token() -> str:
        body = urlencode({**form, "scope": scope, "resource": api_url}).encode("ascii")
        with urllib.request.urlopen(token_url, body, timeout=10) as answer:
            return json.load(answer)["access_token"]

    def get(path: str, token: str) -> object:
        with urllib.request.urlopen(urllib.request.Request(api_url + path, headers=bearer(token)), timeout=10) as answer:
            return json.load(answer)

    token, results = new_token(), []
    for path in paths:
        try:
            results.append(get(path, token))
        except urllib.error.HTTPError as refusal:
            refusal.close()
            if refusal.code != 401:
                raise
            token = new_token()
            results.append(get(path, token))
    return results


def all_over_again_after_a_401(*arguments):
    try:
        return without_retry(*arguments)
    except requests.HTTPError as refusal:
        if refusal.response.status_code != 401 or refusal.response.request.method != "GET":
            raise
        return without_retry(*arguments)


def without_retry(token_url, api_url, client_id, client_secret, scope, paths):
    token = token_for(token_url, client_id, client_secret, scope=scope, resource=api_url)
    return [got(api_url + path, token) for path in paths]


def got(url: str, token: str) -> object:
    answer = requests.get(url, headers=bearer(token), timeout=10)
    answer.raise_for_status()
    return answer.json()


RIGHT = [read_api, a_session_with_a_header, httpx_with_an_auth_class, urllib_library, all_over_again_after_a_401]


@pytest.mark.parametrize("function", RIGHT, ids=lambda function: function.__name__)
def test_a_right_answer_passes_in_any_spelling(function):
    result = check("api_client", function)
    assert result.passed, result
    assert [outcome.points for outcome in result.outcomes] == [3, 2, 2, 1, 2]


# Wrong answers. Each is a mistake that people make.


def with_another_call(call: Callable) -> Callable:
    """A function that is right but for how it calls the API: `call(url, token, client_secret)`."""

    def function(token_url, api_url, client_id, client_secret, scope, paths):
        token, results = token_for(token_url, client_id, client_secret, scope=scope, resource=api_url), []
        for path in paths:
            if (answer := call(api_url + path, token, client_secret)).status_code == 401:
                token = token_for(token_url, client_id, client_secret, scope=scope, resource=api_url)
                answer = call(api_url + path, token, client_secret)
            answer.raise_for_status()
            results.append(answer.json())
        return results

    return function


def with_parameters(change: Callable[[dict], dict]) -> Callable:
    """A function that is right but for the parameters of its token request, scope and resource."""

    def function(token_url, api_url, client_id, client_secret, scope, paths):
        asked = (token_url, client_id, client_secret)
        more = change({"scope": scope, "resource": api_url})
        token, results = token_for(*asked, **more), []
        for path in paths:
            if (answer := requests.get(api_url + path, headers=bearer(token), timeout=10)).status_code == 401:
                token = token_for(*asked, **more)
                answer = requests.get(api_url + path, headers=bearer(token), timeout=10)
            answer.raise_for_status()
            results.append(answer.json())
        return results

    return function


def a_token_for_every_call(token_url, api_url, client_id, client_secret, scope, paths):
    return [read_api(token_url, api_url, client_id, client_secret, scope, [path])[0] for path in paths]


def until_it_works(token_url, api_url, client_id, client_secret, scope, paths):
    results = []
    for path in paths:
        for _ in range(5):
            token = token_for(token_url, client_id, client_secret, scope=scope, resource=api_url)
            answer = requests.get(api_url + path, headers=bearer(token), timeout=10)
            if answer.ok:
                break
        answer.raise_for_status()
        results.append(answer.json())
    return results


def on_401_the_old_token_again(token_url, api_url, client_id, client_secret, scope, paths):
    token, results = token_for(token_url, client_id, client_secret, scope=scope, resource=api_url), []
    for path in paths:
        if (answer := requests.get(api_url + path, headers=bearer(token), timeout=10)).status_code == 401:
            token_for(token_url, client_id, client_secret, scope=scope, resource=api_url)
            answer = requests.get(api_url + path, headers=bearer(token), timeout=10)
        answer.raise_for_status()
        results.append(answer.json())
    return results


def a_new_token_for_one_call_alone(token_url, api_url, client_id, client_secret, scope, paths):
    token, results = token_for(token_url, client_id, client_secret, scope=scope, resource=api_url), []
    for path in paths:
        if (answer := requests.get(api_url + path, headers=bearer(token), timeout=10)).status_code == 401:
            another = token_for(token_url, client_id, client_secret, scope=scope, resource=api_url)
            answer = requests.get(api_url + path, headers=bearer(another), timeout=10)
        answer.raise_for_status()
        results.append(answer.json())
    return results


def a_loop_while_401(token_url, api_url, client_id, client_secret, scope, paths):
    token, results = token_for(token_url, client_id, client_secret, scope=scope, resource=api_url), []
    for path in paths:
        while (answer := requests.get(api_url + path, headers=bearer(token), timeout=10)).status_code == 401:
            token = token_for(token_url, client_id, client_secret, scope=scope, resource=api_url)
        answer.raise_for_status()
        results.append(answer.json())
    return results


def treats_403_like_401(token_url, api_url, client_id, client_secret, scope, paths):
    token, results = token_for(token_url, client_id, client_secret, scope=scope, resource=api_url), []
    for path in paths:
        if (answer := requests.get(api_url + path, headers=bearer(token), timeout=10)).status_code in (401, 403):
            token = token_for(token_url, client_id, client_secret, scope=scope, resource=api_url)
            answer = requests.get(api_url + path, headers=bearer(token), timeout=10)
        answer.raise_for_status()
        results.append(answer.json())
    return results


def on_403_goes_on(*arguments):
    try:
        return read_api(*arguments)
    except requests.HTTPError as refusal:
        return [refusal.response.json()]


def json_of_whatever_came(token_url, api_url, client_id, client_secret, scope, paths):
    token = token_for(token_url, client_id, client_secret, scope=scope, resource=api_url)
    return [requests.get(api_url + path, headers=bearer(token), timeout=10).json() for path in paths]


def only_the_token(token_url, api_url, client_id, client_secret, scope, paths):
    return token_for(token_url, client_id, client_secret, scope=scope, resource=api_url)


def no_token_at_all(token_url, api_url, client_id, client_secret, scope, paths):
    return [requests.get(api_url + path, auth=(client_id, client_secret), timeout=10).json() for path in paths]


def forgets_the_api_in_the_address(token_url, api_url, client_id, client_secret, scope, paths):
    token = token_for(token_url, client_id, client_secret, scope=scope, resource=api_url)
    return [got(api_url.removesuffix("/api") + path, token) for path in paths]


def another_secret(token_url, api_url, client_id, client_secret, scope, paths):
    return read_api(token_url, api_url, client_id, "secret456", scope, paths)


def returned(change: Callable[[list], object]) -> Callable:
    return lambda *arguments: change(read_api(*arguments))


def only_the_first_path(token_url, api_url, client_id, client_secret, scope, paths):
    return read_api(token_url, api_url, client_id, client_secret, scope, paths[:1])


# Which function, the number of the first scenario that fails, the points it gets, and what is said of it.
WRONG = {
    "a token for every call": (a_token_for_every_call, 0, 5, "3 token requests for 3 calls of the API"),
    "again until it works": (until_it_works, 0, 2, "3 token requests for 3 calls of the API"),
    "no retry": (
        without_retry,
        2,
        7,
        "the API answered 401, and your function asked for no new token: POST /oauth2/token (200), GET "
        "/api/stations (401)",
    ),
    "on 401 the old token again": (
        on_401_the_old_token_again,
        2,
        7,
        "GET /api/stations (401) had behind Bearer another text than the latest token",
    ),
    "a new token for one call alone": (
        a_new_token_for_one_call_alone,
        2,
        8,
        "GET /api/readings (401) had behind Bearer another text than the latest token",
    ),
    "a loop while 401": (
        a_loop_while_401,
        3,
        9,
        "a new token did not help: the API answered 401 again, and your function made 6 token requests: POST "
        "/oauth2/token (200), GET /api/stations (401), POST /oauth2/token (200), GET /api/stations (401), "
        "POST /oauth2/token (200), GET /api/stations (401), and 6 more",
    ),
    "403 like 401": (
        treats_403_like_401,
        4,
        8,
        "the API answered 403 insufficient_scope, and your function made 2 token requests: POST /oauth2/token "
        "(200), GET /api/stations (403), POST /oauth2/token (200), GET /api/stations (403)",
    ),
    "on 403 going on": (
        on_403_goes_on,
        3,
        7,
        "a new token did not help: the API answered 401 again, and your function returned [{'title': "
        "'Unauthorized', 'status': 401, 'detail': 'The access token was revoked before its time: ask the "
        "token endpoint for a new one.'}]",
    ),
    "the JSON of whatever came": (
        json_of_whatever_came,
        2,
        5,
        "the API answered 401, and your function asked for no new token: POST /oauth2/token (200), GET "
        "/api/stations (401), GET /api/readings (401), GET /api/readings (401)",
    ),
    "no scope": (
        with_parameters(lambda asked: {"resource": asked["resource"]}),
        1,
        6,
        "the token request has no scope, and this client may read and write",
    ),
    "every scope": (
        with_parameters(lambda asked: asked | {"scope": "readings:read readings:write"}),
        1,
        6,
        "the token request asks for the scope readings:read readings:write, and this client may read and "
        "write",
    ),
    "no resource": (with_parameters(lambda asked: {"scope": asked["scope"]}), 1, 8, "the token request has no resource"),
    "a resource with a path": (
        with_parameters(lambda asked: asked | {"resource": asked["resource"] + "/stations"}),
        0,
        0,
        "the token request was refused: 400 The resource is 'http://<host>/api/stations'; there are tokens "
        "for http://<host>/api and http://<host>/mcp.",
    ),
    "audience for resource": (
        with_parameters(lambda asked: {"scope": asked["scope"], "audience": asked["resource"]}),
        1,
        8,
        "the token request has no resource",
    ),
    "the token in the URL": (
        with_another_call(lambda url, token, secret: requests.get(url, params={"access_token": token}, timeout=10)),
        0,
        0,
        "the token stands in the URL: GET /api/stations?...",
    ),
    "no header": (
        with_another_call(lambda url, token, secret: requests.get(url, timeout=10)),
        0,
        0,
        "GET /api/stations (401) had no Authorization header",
    ),
    "no word Bearer": (
        with_another_call(lambda url, token, secret: requests.get(url, headers={"Authorization": token}, timeout=10)),
        0,
        0,
        "GET /api/stations (401) had an Authorization header of one word",
    ),
    "the word Token": (
        with_another_call(lambda url, token, secret: requests.get(url, headers={"Authorization": f"Token {token}"}, timeout=10)),
        0,
        0,
        "GET /api/stations (401) had an Authorization header of the scheme Token",
    ),
    "a token with quotes": (
        with_another_call(lambda url, token, secret: requests.get(url, headers=bearer(f'"{token}"'), timeout=10)),
        0,
        0,
        "GET /api/stations (400) had behind Bearer another text than the latest token",
    ),
    "the secret for the API too": (
        with_another_call(lambda url, token, secret: requests.get(url, headers=bearer(token) | {"X-Secret": secret}, timeout=10)),
        0,
        0,
        "the client secret went to the API",
    ),
    "POST": (
        with_another_call(lambda url, token, secret: requests.post(url, headers=bearer(token), timeout=10)),
        0,
        0,
        "for the path /stations, /readings?limit=2, /readings there was no answer of 200 from the API: POST "
        "/oauth2/token (200), POST /api/stations (405)",
    ),
    "HEAD": (
        with_another_call(lambda url, token, secret: requests.head(url, headers=bearer(token), timeout=10)),
        0,
        3,
        "for the path /stations, /readings?limit=2, /readings there was no answer of 200 from the API: POST "
        "/oauth2/token (200), HEAD /api/stations (200)",
    ),
    "HEAD for the token": (
        lambda token_url, *more: requests.head(token_url, timeout=10).json(),
        0,
        0,
        "the token request was refused: 405",
    ),
    "only the token": (
        only_the_token,
        0,
        0,
        "after the token no request reached the API; your function returned '<access token>'",
    ),
    "no token at all": (no_token_at_all, 0, 0, "the first request is GET /api/stations (401)"),
    "another address": (
        forgets_the_api_in_the_address,
        0,
        0,
        "for the path /stations, /readings?limit=2, /readings there was no answer of 200 from the API: POST "
        "/oauth2/token (200), GET /stations (404)",
    ),
    "another secret": (
        another_secret,
        0,
        0,
        "the token request was refused: 401 The client is unknown or its secret is wrong: check client_id and "
        "client_secret.",
    ),
    "the first path alone": (
        only_the_first_path,
        0,
        3,
        "for the path /readings?limit=2, /readings there was no answer of 200 from the API: POST "
        "/oauth2/token (200), GET /api/stations (200)",
    ),
    "the answers in another order": (
        returned(lambda results: results[::-1]),
        0,
        3,
        "your function returned a list of dict, which are not what the API answered, in the order of the "
        "paths",
    ),
    "the answers as text": (
        returned(lambda results: [json.dumps(each) for each in results]),
        0,
        3,
        "your function returned a list of str, which are not what the API answered, in the order of the paths",
    ),
    "the last answer": (returned(lambda results: results[-1]), 0, 3, "your function returned a dict"),
    "nothing": (returned(lambda results: None), 0, 3, "your function returned None"),
    "no request": (lambda *arguments: [], 0, 0, "no request reached the address that was passed in; your function returned []"),
}


@pytest.mark.parametrize(("function", "fails_first", "points", "seen"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_fails_with_its_message_and_twice_with_the_same(function, fails_first, points, seen):
    first, second = check("api_client", function), check("api_client", function)
    failed = [number for number, outcome in enumerate(first.outcomes) if not outcome.passed]
    assert without_line_number(first.outcomes[failed[0]].unmet.seen) == seen
    assert failed[0] == fails_first
    assert (first.passed, first.points) == (False, points), first
    assert repr(first) == repr(second)

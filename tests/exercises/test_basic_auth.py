"""Basic passes however it is spelled, and the ways in which it goes wrong each have their message."""

import base64
import json
import shutil
import subprocess
import urllib.request
from collections.abc import Callable
from urllib.parse import quote, quote_plus, urlencode

import httpx
import pytest
import requests
from exercise_proof import solved, without_line_number

from exercises import check

GRANT = {"grant_type": "client_credentials"}


def token_of(answer: requests.Response) -> str:
    answer.raise_for_status()
    return answer.json()["access_token"]


def encoded(client_id: str, client_secret: str) -> str:
    return f"{quote_plus(client_id)}:{quote_plus(client_secret)}"


def base64_of(text: str) -> str:
    return base64.b64encode(text.encode("utf-8")).decode("ascii")


# Right answers, in many spellings


def a_header_by_hand(token_url, client_id, client_secret):
    headers = {"Authorization": f"Basic {base64_of(encoded(client_id, client_secret))}"}
    return token_of(requests.post(token_url, data=GRANT, headers=headers, timeout=10))


def the_scheme_in_lower_case(token_url, client_id, client_secret):
    headers = {"Authorization": f"basic {base64_of(encoded(client_id, client_secret))}"}
    return token_of(requests.post(token_url, data=GRANT, headers=headers, timeout=10))


def every_byte_percent_encoded(token_url, client_id, client_secret):
    pair = ":".join("".join(f"%{byte:02x}" for byte in part.encode("utf-8")) for part in (client_id, client_secret))
    return token_of(requests.post(token_url, data=GRANT, headers={"Authorization": f"Basic {base64_of(pair)}"}, timeout=10))


def percent_for_the_space(token_url, client_id, client_secret):
    return token_of(requests.post(token_url, data=GRANT, auth=(quote(client_id), quote(client_secret)), timeout=10))


def with_a_scope(token_url, client_id, client_secret):
    pair = (quote_plus(client_id), quote_plus(client_secret))
    return token_of(requests.post(token_url, data={**GRANT, "scope": "readings:read"}, auth=pair, timeout=10))


def httpx_library(token_url, client_id, client_secret):
    pair = (quote_plus(client_id), quote_plus(client_secret))
    answer = httpx.post(token_url, data=GRANT, auth=pair, trust_env=False, timeout=10)
    return answer.raise_for_status().json()["access_token"]


def urllib_library(token_url, client_id, client_secret):
    headers = {"Authorization": f"Basic {base64_of(encoded(client_id, client_secret))}"}
    asked = urllib.request.Request(token_url, urlencode(GRANT).encode("ascii"), headers)
    with urllib.request.urlopen(asked, timeout=10) as answer:
        return json.load(answer)["access_token"]


def curl(token_url, client_id, client_secret):
    command = [shutil.which("curl"), "-q", "-sS", "--noproxy", "*", "--fail", "--max-time", "10", token_url]
    command += ["--user", encoded(client_id, client_secret), "--data", urlencode(GRANT)]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["access_token"]


RIGHT = [
    solved("basic_auth"),
    a_header_by_hand,
    the_scheme_in_lower_case,
    every_byte_percent_encoded,
    percent_for_the_space,
    with_a_scope,
    httpx_library,
    urllib_library,
    curl,
]


@pytest.mark.parametrize("function", RIGHT, ids=lambda function: function.__name__)
def test_a_right_answer_passes_in_any_spelling(function):
    result = check("basic_auth", function)
    assert result.passed, result
    assert [outcome.points for outcome in result.outcomes] == [3, 3, 2, 1, 1]


# Wrong answers. Each is a mistake that people make.


def with_header(header: Callable[[str, str], str]) -> Callable:
    """A function whose Authorization header is what `header` makes of id and secret."""

    def function(token_url, client_id, client_secret):
        headers = {"Authorization": header(client_id, client_secret)}
        return token_of(requests.post(token_url, data=GRANT, headers=headers, timeout=10))

    return function


def requests_auth_as_it_is(token_url, client_id, client_secret):
    return token_of(requests.post(token_url, data=GRANT, auth=(client_id, client_secret), timeout=10))


def only_the_secret_encoded(token_url, client_id, client_secret):
    return token_of(requests.post(token_url, data=GRANT, auth=(client_id, quote_plus(client_secret)), timeout=10))


def encoded_in_latin_1(token_url, client_id, client_secret):
    pair = tuple(quote_plus(part, encoding="latin-1", errors="replace") for part in (client_id, client_secret))
    return token_of(requests.post(token_url, data=GRANT, auth=pair, timeout=10))


def credentials_in_the_body(token_url, client_id, client_secret):
    form = {**GRANT, "client_id": client_id, "client_secret": client_secret}
    return token_of(requests.post(token_url, data=form, timeout=10))


def credentials_in_both_places(token_url, client_id, client_secret):
    form = {**GRANT, "client_id": client_id, "client_secret": client_secret}
    return token_of(requests.post(token_url, data=form, auth=(quote_plus(client_id), quote_plus(client_secret)), timeout=10))


def the_id_in_both_places(token_url, client_id, client_secret):
    form = {**GRANT, "client_id": client_id}
    return token_of(requests.post(token_url, data=form, auth=(quote_plus(client_id), quote_plus(client_secret)), timeout=10))


def no_body(token_url, client_id, client_secret):
    return token_of(requests.post(token_url, auth=(quote_plus(client_id), quote_plus(client_secret)), timeout=10))


def a_json_body(token_url, client_id, client_secret):
    return token_of(requests.post(token_url, json=GRANT, auth=(quote_plus(client_id), quote_plus(client_secret)), timeout=10))


def another_grant(token_url, client_id, client_secret):
    pair = (quote_plus(client_id), quote_plus(client_secret))
    return token_of(requests.post(token_url, data={"grant_type": "password"}, auth=pair, timeout=10))


def get_with_basic(token_url, client_id, client_secret):
    pair = (quote_plus(client_id), quote_plus(client_secret))
    return token_of(requests.get(token_url, params=GRANT, auth=pair, timeout=10))


def a_refusal_swallowed(*arguments):
    try:
        return solved("basic_auth")(*arguments)
    except requests.HTTPError:
        return None


def the_whole_answer(token_url, client_id, client_secret):
    answer = requests.post(token_url, data=GRANT, auth=(quote_plus(client_id), quote_plus(client_secret)), timeout=10)
    answer.raise_for_status()
    return answer.json()


RAW_SECRET = "the client secret inside Basic is not form-encoded: it stands there as it is"
RAW_ID = "the client id inside Basic is not form-encoded: it stands there as it is"

# Which function, the number of the first scenario that fails, the points it gets, and what is said of it.
WRONG = {
    "auth= as it is": (requests_auth_as_it_is, 1, 4, RAW_SECRET),
    "UTF-8, and not form-encoded": (with_header(lambda *pair: f"Basic {base64_of(':'.join(pair))}"), 1, 4, RAW_SECRET),
    "only the secret encoded": (only_the_secret_encoded, 2, 8, RAW_ID),
    "only the id encoded": (
        with_header(lambda client_id, secret: f"Basic {base64_of(f'{quote_plus(client_id)}:{secret}')}"),
        1,
        6,
        RAW_SECRET,
    ),
    "encoded twice": (
        with_header(lambda *pair: f"Basic {base64_of(encoded(*map(quote_plus, pair)))}"),
        1,
        4,
        "the client secret inside Basic is form-encoded twice",
    ),
    "Latin-1": (encoded_in_latin_1, 3, 9, "the client secret inside Basic does not decode to the client secret that was passed in"),
    "the whole pair encoded": (
        with_header(lambda *pair: f"Basic {base64_of(quote_plus(':'.join(pair)))}"),
        0,
        0,
        "the text inside Basic holds no colon",
    ),
    "no base64": (
        with_header(lambda *pair: f"Basic {encoded(*pair)}"),
        0,
        0,
        "what follows Basic is not base64: it holds a colon",
    ),
    "base64 for URLs": (
        with_header(lambda *pair: f"Basic {base64.urlsafe_b64encode(encoded(*pair).encode('ascii')).decode('ascii')}"),
        1,
        7,
        "what follows Basic is not base64: it holds - or _, which belong to the alphabet for URLs",
    ),
    "base64 without its end": (
        with_header(lambda *pair: f"Basic {base64_of(encoded(*pair)).rstrip('=')}"),
        2,
        6,
        "what follows Basic is not base64: it holds a character that is not in the alphabet, or its end is missing",
    ),
    "base64 in the repr of bytes": (
        with_header(lambda *pair: f"Basic {base64.b64encode(encoded(*pair).encode('ascii'))}"),
        0,
        0,
        "what follows Basic is not base64: it holds a character that is not in the alphabet, or its end is missing",
    ),
    "base64 with line ends": (
        with_header(lambda *pair: f"Basic {base64.encodebytes(encoded(*pair).encode('ascii')).decode('ascii').rstrip()}"),
        1,
        7,
        "your function raised InvalidHeader: Invalid leading whitespace, reserved character(s), or return character(s) "
        "in header value: 'Basic <credentials>' (line N of function: "
        "return token_of(requests.post(token_url, data=GRANT, headers=headers, timeout=10))), "
        "and no request reached the address that was passed in",
    ),
    "no scheme": (with_header(lambda *pair: base64_of(encoded(*pair))), 0, 0, "the Authorization header is one word"),
    "Bearer": (
        with_header(lambda *pair: f"Bearer {base64_of(encoded(*pair))}"),
        0,
        0,
        "the Authorization header is of the scheme Bearer",
    ),
    "the secret first": (
        with_header(lambda client_id, secret: f"Basic {base64_of(encoded(secret, client_id))}"),
        0,
        1,
        "inside Basic the client secret stands before the colon",
    ),
    "credentials in the body": (credentials_in_the_body, 0, 0, "the body has client_id and client_secret"),
    "credentials in both places": (
        credentials_in_both_places,
        0,
        0,
        "the body has client_id and client_secret, and there is an Authorization header too",
    ),
    "the id in both places": (
        the_id_in_both_places,
        0,
        0,
        "the body has client_id, and there is an Authorization header too",
    ),
    "no body": (no_body, 0, 0, "the Content-Type is absent, and the body says no grant_type"),
    "a JSON body": (a_json_body, 0, 0, "the Content-Type is application/json, and the body is JSON"),
    "another grant": (
        another_grant,
        0,
        0,
        "the Content-Type is application/x-www-form-urlencoded, and the body says grant_type=password",
    ),
    "GET": (get_with_basic, 0, 0, "the request line starts with GET /oauth2/token?..."),
    "a refusal swallowed": (
        a_refusal_swallowed,
        4,
        9,
        "with a wrong secret, the server answered 401 invalid_client, and your function returned None",
    ),
    "the whole answer": (
        the_whole_answer,
        0,
        1,
        "the server sent a token, and your function returned {'access_token': '<access token>', 'token_type': 'Bearer', "
        "'expires_in': 3600, 'scope': 'readings:read readings:write'}",
    ),
    "no request": (
        lambda *arguments: "token",
        0,
        0,
        "no request reached the address that was passed in; your function returned 'token'",
    ),
}


@pytest.mark.parametrize(("function", "fails_first", "points", "seen"), WRONG.values(), ids=WRONG)
def test_a_wrong_answer_fails_with_its_message_and_twice_with_the_same(function, fails_first, points, seen):
    first, second = check("basic_auth", function), check("basic_auth", function)
    failed = [number for number, outcome in enumerate(first.outcomes) if not outcome.passed]
    assert without_line_number(first.outcomes[failed[0]].unmet.seen) == seen
    assert failed[0] == fails_first
    assert (first.passed, first.points) == (False, points), first
    assert repr(first) == repr(second)

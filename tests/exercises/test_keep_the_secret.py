"""Right answers pass in any spelling, and wrong ones fail with their message."""

import base64
import dataclasses
import hashlib
import json
import os
import shutil
import subprocess
import sys
import urllib.request
from urllib.parse import quote, urlencode

import httpx
import pytest
import requests
from exercise_proof import solved, without_line_number

from exercises import check
from exercises.keep_the_secret.leaks import how_it_shows

GRANT = {"grant_type": "client_credentials"}


def secret_in(environment) -> str:
    if not environment.get("CLIENT_SECRET"):
        raise ValueError("CLIENT_SECRET is missing or empty")
    return environment["CLIENT_SECRET"]


def form(client_id, environment) -> dict[str, str]:
    return {**GRANT, "client_id": client_id, "client_secret": secret_in(environment)}


def fields_of(answer) -> dict:
    answer.raise_for_status()
    return answer.json()


def result(client_id, fields, *lines) -> dict[str, object]:
    return {"access_token": fields["access_token"], "log": [f"{client_id} got a token", *lines]}


# Right answers, in many spellings


def requests_with_basic(token_url, client_id, environment):
    answer = requests.post(token_url, data=GRANT, auth=(client_id, secret_in(environment)), timeout=10)
    fields = fields_of(answer)
    return result(client_id, fields, f"status {answer.status_code}, scope {fields['scope']}, at {token_url}")


def requests_with_a_mark(token_url, client_id, environment):
    fields = fields_of(requests.post(token_url, data=form(client_id, environment), timeout=10))
    return result(client_id, fields, f"token {hashlib.sha256(fields['access_token'].encode()).hexdigest()[:8]}")


def a_masked_copy(token_url, client_id, environment):
    data = form(client_id, environment)
    fields = fields_of(requests.post(token_url, data=data, timeout=10))
    return result(client_id, fields, str(data | {"client_secret": "***"}), str(fields | {"access_token": "***"}))


def a_key_error_that_names_it(token_url, client_id, environment):
    secret = environment["CLIENT_SECRET"]
    if secret == "":
        raise KeyError("CLIENT_SECRET")
    return result(client_id, fields_of(requests.post(token_url, data={**GRANT, "client_id": client_id, "client_secret": secret}, timeout=10)))


def an_error_of_its_own(token_url, client_id, environment):
    data = form(client_id, environment)
    try:
        answer = requests.post(token_url, data=data, timeout=10)
    except requests.RequestException as error:
        raise RuntimeError(f"nobody answers at {token_url}: {type(error).__name__}") from None
    if answer.status_code != 200:
        raise PermissionError(f"{client_id}: {answer.json()['error']}")
    return result(client_id, answer.json())


@dataclasses.dataclass
class Settings:
    client_id: str
    client_secret: str = dataclasses.field(repr=False)


def a_repr_without_the_secret(token_url, client_id, environment):
    settings = Settings(client_id, secret_in(environment))
    return result(client_id, fields_of(requests.post(token_url, data=GRANT | vars(settings), timeout=10)), repr(settings))


def httpx_alone(token_url, client_id, environment):
    return result(client_id, fields_of(httpx.post(token_url, data=form(client_id, environment), trust_env=False, timeout=10)))


def urllib_alone(token_url, client_id, environment):
    body = urlencode(form(client_id, environment)).encode("ascii")
    with urllib.request.urlopen(token_url, body, timeout=10) as answer:
        return result(client_id, json.load(answer))


CURL = [shutil.which("curl"), "-q", "-sS", "--noproxy", "*", "--fail", "--max-time", "10"]


def curl_that_reads_the_secret(token_url, client_id, environment):
    done = subprocess.run([*CURL, "--data", "@-", token_url], input=urlencode(form(client_id, environment)).encode(), capture_output=True)
    if done.returncode:
        raise OSError(f"curl ended with {done.returncode}: {done.stderr.decode()}")
    return result(client_id, json.loads(done.stdout))


RIGHT = [
    solved("keep_the_secret"),
    requests_with_basic,
    requests_with_a_mark,
    a_masked_copy,
    a_key_error_that_names_it,
    an_error_of_its_own,
    a_repr_without_the_secret,
    httpx_alone,
    urllib_alone,
    curl_that_reads_the_secret,
]


@pytest.mark.parametrize("get_token", RIGHT, ids=lambda function: function.__name__)
def test_a_right_answer_passes_in_any_spelling(get_token):
    found = check("keep_the_secret", get_token)
    assert found.passed, found
    assert [outcome.points for outcome in found.outcomes] == [2, 3, 2, 1, 1, 1]


SECRET = "0a1b2c3d4e5f6a7b"


@pytest.mark.parametrize(
    ("text", "how"),
    [
        (f"secret={SECRET}", ""),
        (quote(f"{SECRET}&="), ""),
        ("secret 0a1b2c3d***", None),
        ("secret ***4e5f6a7b", None),
        ("secret 0a1b2c3d4***", ", more than 8 characters of it"),
        ("Basic " + base64.b64encode(f"a:{SECRET}".encode()).decode(), " in base64"),
        ("Basic " + base64.b64encode(f"ab:{SECRET}".encode()).decode(), " in base64"),
        ("Authorization:Basic" + base64.urlsafe_b64encode(f"abc:{SECRET}~~".encode()).decode(), " in base64"),
        (hashlib.sha256(SECRET.encode()).hexdigest(), None),
        ("", None),
    ],
)
def test_a_secret_is_seen_in_each_of_its_forms(text, how):
    assert how_it_shows(["", SECRET], text) == how


# Wrong answers. Each is a mistake that people make.


def with_log(name, line):
    """A wrong answer that logs one line too many, made of (form, answer)."""

    def get_token(token_url, client_id, environment):
        data = form(client_id, environment)
        answer = requests.post(token_url, data=data, timeout=10)
        return result(client_id, fields_of(answer), line(data, answer))

    get_token.__name__ = name
    return get_token


def with_return(name, change):
    """A wrong answer that returns something else, made of the right one."""

    def get_token(*arguments):
        return change(requests_with_basic(*arguments))

    get_token.__name__ = name
    return get_token


def with_secret(name, find):
    """A wrong answer that finds its secret in another way."""

    def get_token(token_url, client_id, environment):
        data = {**GRANT, "client_id": client_id, "client_secret": find(environment)}
        return result(client_id, fields_of(requests.post(token_url, data=data, timeout=10)))

    get_token.__name__ = name
    return get_token


@dataclasses.dataclass
class LooseSettings:
    client_id: str
    client_secret: str


def logs_the_headers(token_url, client_id, environment):
    answer = requests.post(token_url, data=GRANT, auth=(client_id, secret_in(environment)), timeout=10)
    return result(client_id, fields_of(answer), str(answer.request.headers))


def logs_the_environment(token_url, client_id, environment):
    fields = fields_of(requests.post(token_url, data=form(client_id, environment), timeout=10))
    return result(client_id, fields, str({name: value for name, value in environment.items() if name != "CLIENT_SECRET"}))


def reads_the_own_environment(token_url, client_id, environment):
    return requests_with_basic(token_url, client_id, os.environ)


def the_secret_in_the_url(token_url, client_id, environment):
    return result(client_id, fields_of(requests.post(token_url, params=form(client_id, environment), data=GRANT, timeout=10)))


def credentials_in_the_address(token_url, client_id, environment):
    address = token_url.replace("://", f"://{client_id}:{quote(secret_in(environment))}@")
    return result(client_id, fields_of(requests.post(address, data=GRANT, timeout=10)))


def curl_with_the_secret_as_an_argument(token_url, client_id, environment):
    arguments = [part for name, value in form(client_id, environment).items() for part in ("--data-urlencode", f"{name}={value}")]
    return result(client_id, json.loads(subprocess.run([*CURL, *arguments, token_url], check=True, capture_output=True).stdout))


def an_error_with_the_form(token_url, client_id, environment):
    data = form(client_id, environment)
    answer = requests.post(token_url, data=data, timeout=10)
    if answer.status_code != 200:
        raise RuntimeError(f"{answer.status_code} for {data}")
    return result(client_id, answer.json())


def an_error_that_hides_another(token_url, client_id, environment):
    try:
        return an_error_with_the_form(token_url, client_id, environment)
    except RuntimeError as error:
        raise PermissionError("401, see the log") from error


def a_note_on_the_error(token_url, client_id, environment):
    try:
        return requests_with_basic(token_url, client_id, environment)
    except requests.HTTPError as error:
        error.add_note(f"with {environment['CLIENT_SECRET']}")
        raise


def an_error_with_the_form_when_nobody_answers(token_url, client_id, environment):
    data = form(client_id, environment)
    try:
        answer = requests.post(token_url, data=data, timeout=10)
    except requests.ConnectionError as error:
        raise ConnectionError(f"nobody takes {data}") from error
    return result(client_id, fields_of(answer))


def an_error_that_says_nothing(token_url, client_id, environment):
    try:
        return requests_with_basic(token_url, client_id, environment)
    except requests.RequestException:
        raise RuntimeError("no token") from None


def an_error_with_all_variables(token_url, client_id, environment):
    if not environment.get("CLIENT_SECRET"):
        raise ValueError(f"no CLIENT_SECRET in {environment}")
    return requests_with_basic(token_url, client_id, environment)


def an_error_that_does_not_name_it(token_url, client_id, environment):
    if not environment.get("CLIENT_SECRET"):
        raise ValueError("the configuration is not complete")
    return requests_with_basic(token_url, client_id, environment)


def ends_the_program(token_url, client_id, environment):
    if not environment.get("CLIENT_SECRET"):
        sys.exit("CLIENT_SECRET is missing or empty")
    return requests_with_basic(token_url, client_id, environment)


def swallows_the_error(*arguments):
    try:
        return requests_with_basic(*arguments)
    except requests.RequestException as error:
        return {"access_token": None, "log": [str(error)]}


def refuses_everything(*arguments):
    raise ValueError("401: CLIENT_SECRET")


def looks_in_the_wrong_place(token_url, client_id, environment):
    return requests_with_basic(token_url, client_id, environment["environment"])


#: The scenario that fails first (0 to 5), the points that are left, what was seen.
WRONG = [
    (with_log("logs_the_form", lambda data, answer: f"sent {data}"), 1, 7, "line 2 of the log shows the client secret"),
    (
        with_log("logs_the_body", lambda data, answer: f"sent {answer.request.body}"),
        1,
        7,
        "line 2 of the log shows the client secret",
    ),
    (
        with_log("logs_the_settings", lambda data, answer: repr(LooseSettings(data["client_id"], data["client_secret"]))),
        1,
        7,
        "line 2 of the log shows the client secret",
    ),
    (with_log("logs_the_answer", lambda data, answer: answer.text), 1, 7, "line 2 of the log shows the access token"),
    (
        with_log("logs_the_authorization_to_come", lambda data, answer: f"Authorization: Bearer {answer.json()['access_token']}"),
        1,
        7,
        "line 2 of the log shows the access token",
    ),
    (
        with_log("logs_half_of_the_token", lambda data, answer: answer.json()["access_token"][:16] + "..."),
        1,
        7,
        "line 2 of the log shows the access token, more than 8 characters of it",
    ),
    (
        with_log("logs_the_end_of_the_secret", lambda data, answer: "***" + data["client_secret"][-12:]),
        1,
        7,
        "line 2 of the log shows the client secret, more than 8 characters of it",
    ),
    (logs_the_headers, 1, 7, "line 2 of the log shows the client secret in base64"),
    (logs_the_environment, 1, 7, "line 2 of the log shows the value of DATABASE_PASSWORD"),
    (with_return("logs_nothing", lambda right: right | {"log": []}), 0, 4, "no line of the log names the client"),
    (with_return("logs_one_text", lambda right: right | {"log": "\n".join(right["log"])}), 0, 4, "the log is a str"),
    (
        with_return("logs_no_name", lambda right: right | {"log": ["got a token"]}),
        0,
        4,
        "no line of the log names the client",
    ),
    (
        with_return("masks_the_token_for_the_caller", lambda right: right | {"access_token": "***"}),
        0,
        4,
        "access_token of what your function returned is not the token that the server sent",
    ),
    (with_return("returns_the_token", lambda right: right["access_token"]), 0, 4, "your function returned a str"),
    (with_return("returns_a_pair", lambda right: tuple(right.values())), 0, 4, "your function returned a tuple"),
    (
        with_return("returns_no_log", lambda right: {"access_token": right["access_token"]}),
        0,
        4,
        "your function returned a dict without access_token or log",
    ),
    (with_return("returns_nothing", print), 0, 4, "your function returned None"),
    (
        with_secret("has_a_default", lambda environment: environment.get("CLIENT_SECRET", "secret456")),
        4,
        8,
        "CLIENT_SECRET is missing, and a request reached the server",
    ),
    (
        with_secret("takes_an_empty_secret", lambda environment: environment["CLIENT_SECRET"]),
        5,
        9,
        "CLIENT_SECRET is empty, and a request reached the server",
    ),
    (
        reads_the_own_environment,
        0,
        0,
        "your function raised ValueError: CLIENT_SECRET is missing or empty (line N of secret_in: raise "
        'ValueError("CLIENT_SECRET is missing or empty")), and no request reached the address that was '
        "passed in",
    ),
    (
        with_secret("reads_another_variable", lambda environment: environment["DATABASE_PASSWORD"]),
        0,
        2,
        "the server answered 401 invalid_client: The client is unknown or its secret is wrong: check "
        "client_id and client_secret.",
    ),
    (
        with_secret("takes_none", lambda environment: environment.get("CLIENT_SECRET")),
        4,
        8,
        "CLIENT_SECRET is missing, and a request reached the server",
    ),
    (the_secret_in_the_url, 0, 2, "the client secret stands in the URL: POST /oauth2/token?...client_secret=..."),
    (
        credentials_in_the_address,
        2,
        8,
        "with a wrong secret, your function raised HTTPError, and its traceback shows the client secret",
    ),
    (
        curl_with_the_secret_as_an_argument,
        2,
        7,
        "with a wrong secret, your function raised CalledProcessError, and its traceback shows the client "
        "secret",
    ),
    (
        an_error_with_the_form,
        2,
        8,
        "with a wrong secret, your function raised RuntimeError, and its traceback shows the client secret",
    ),
    (
        an_error_that_hides_another,
        2,
        8,
        "with a wrong secret, your function raised PermissionError, and its traceback shows the client secret",
    ),
    (
        a_note_on_the_error,
        2,
        8,
        "with a wrong secret, your function raised HTTPError, and its traceback shows the client secret",
    ),
    (
        an_error_with_the_form_when_nobody_answers,
        3,
        9,
        "when the connection ends without an answer, your function raised ConnectionError, and its traceback "
        "shows the client secret",
    ),
    (
        an_error_that_says_nothing,
        2,
        8,
        "with a wrong secret: your function raised RuntimeError: no token (line N of "
        'an_error_that_says_nothing: raise RuntimeError("no token") from None)',
    ),
    (
        an_error_with_all_variables,
        4,
        8,
        "CLIENT_SECRET is missing, your function raised ValueError, and its traceback shows the value of "
        "DATABASE_PASSWORD",
    ),
    (
        an_error_that_does_not_name_it,
        4,
        8,
        "CLIENT_SECRET is missing: your function raised ValueError: the configuration is not complete (line "
        'N of an_error_that_does_not_name_it: raise ValueError("the configuration is not complete"))',
    ),
    (
        ends_the_program,
        4,
        8,
        "CLIENT_SECRET is missing: your function raised SystemExit: CLIENT_SECRET is missing or empty (line "
        'N of ends_the_program: sys.exit("CLIENT_SECRET is missing or empty"))',
    ),
    (
        swallows_the_error,
        2,
        7,
        "with a wrong secret: your function returned {'access_token': None, 'log': ['401 Client Error: "
        "Unauthorized for url: http://<host>/oauth2/token']}",
    ),
    (
        refuses_everything,
        0,
        0,
        "your function raised ValueError: 401: CLIENT_SECRET (line N of refuses_everything: raise "
        'ValueError("401: CLIENT_SECRET")), and no request reached the address that was passed in',
    ),
    (
        looks_in_the_wrong_place,
        0,
        0,
        "your function raised KeyError: 'environment' (line N of looks_in_the_wrong_place: return "
        'requests_with_basic(token_url, client_id, environment["environment"])), and no request reached the '
        "address that was passed in",
    ),
]


@pytest.mark.parametrize(("get_token", "fails_first", "points", "seen"), WRONG, ids=lambda value: getattr(value, "__name__", None))
def test_a_wrong_answer_fails_with_its_message_and_twice_with_the_same(get_token, fails_first, points, seen, capsys):
    first, second = check("keep_the_secret", get_token), check("keep_the_secret", get_token)
    failed = [number for number, outcome in enumerate(first.outcomes) if not outcome.passed]
    assert without_line_number(first.outcomes[failed[0]].unmet.seen) == seen
    assert failed[0] == fails_first
    assert (first.passed, first.points) == (False, points), first
    # What was printed and the traceback may hold values that are new each time.
    seen_in = [[each.unmet and each.unmet.seen for each in result.outcomes] for result in (first, second)]
    assert seen_in[0] == seen_in[1]

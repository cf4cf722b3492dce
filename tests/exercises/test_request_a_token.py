"""Right answers pass in any spelling, and wrong ones fail with their message."""

import base64
import http.client
import json
import shutil
import socket
import subprocess
import sys
import urllib.request
from urllib.parse import quote_plus, urlencode, urlsplit

import httpx
import pytest
import requests
from exercise_proof import solved, without_line_number

from exercises import check

FORM = "application/x-www-form-urlencoded"


def form(client_id, client_secret) -> dict[str, str]:
    return {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}


def token_of(answer: requests.Response) -> str:
    answer.raise_for_status()
    return answer.json()["access_token"]


# Right answers, in many spellings


def requests_with_the_body(token_url, client_id, client_secret):
    return token_of(requests.post(token_url, data=form(client_id, client_secret), timeout=10))


def requests_with_basic(token_url, client_id, client_secret):
    grant = {"grant_type": "client_credentials"}
    return token_of(requests.post(token_url, data=grant, auth=(quote_plus(client_id), quote_plus(client_secret)), timeout=10))


def requests_with_raw_basic(token_url, client_id, client_secret):
    return token_of(requests.post(token_url, data={"grant_type": "client_credentials"}, auth=(client_id, client_secret), timeout=10))


def requests_with_a_scope(token_url, client_id, client_secret):
    return token_of(requests.post(token_url, data={**form(client_id, client_secret), "scope": "readings:read"}, timeout=10))


def requests_with_a_text(token_url, client_id, client_secret):
    body = urlencode(form(client_id, client_secret))
    return token_of(requests.post(token_url, data=body, headers={"Content-Type": f"{FORM}; charset=UTF-8"}, timeout=10))


def requests_with_an_exception_of_its_own(token_url, client_id, client_secret):
    answer = requests.post(token_url, data=form(client_id, client_secret), timeout=10)
    if answer.status_code != 200:
        raise RuntimeError(f"refused: {answer.json()['error']}")
    return answer.json()["access_token"]


def requests_where_the_missing_key_raises(token_url, client_id, client_secret):
    return requests.post(token_url, data=form(client_id, client_secret), timeout=10).json()["access_token"]


def requests_with_chunks(token_url, client_id, client_secret):
    body = urlencode(form(client_id, client_secret)).encode("ascii")
    pieces = (body[start : start + 10] for start in range(0, len(body), 10))
    return token_of(requests.post(token_url, data=pieces, headers={"Content-Type": FORM}, timeout=10))


def a_session(token_url, client_id, client_secret):
    with requests.Session() as session:
        return token_of(session.post(token_url, data=form(client_id, client_secret), timeout=10))


def an_httpx_client(token_url, client_id, client_secret):
    answer = httpx.post(token_url, data=form(client_id, client_secret), trust_env=False, timeout=10)
    answer.raise_for_status()
    return answer.json()["access_token"]


def urllib_alone(token_url, client_id, client_secret):
    with urllib.request.urlopen(token_url, urlencode(form(client_id, client_secret)).encode("ascii"), timeout=10) as answer:
        return json.load(answer)["access_token"]


def http_client(token_url, client_id, client_secret):
    parts = urlsplit(token_url)
    connection = http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
    connection.request("POST", parts.path, urlencode(form(client_id, client_secret)), {"Content-Type": FORM})
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    if answer.status != 200:
        raise ValueError(text)
    return json.loads(text)["access_token"]


def a_raw_socket(token_url, client_id, client_secret):
    parts = urlsplit(token_url)
    pair = base64.b64encode(f"{quote_plus(client_id)}:{quote_plus(client_secret)}".encode("ascii"))
    body = b"grant_type=client_credentials"
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(
            f"POST {parts.path} HTTP/1.1\r\nHost: {parts.netloc}\r\nContent-Type: {FORM}\r\nConnection: close\r\n"
            f"Content-Length: {len(body)}\r\nAuthorization: Basic ".encode("ascii") + pair + b"\r\n\r\n" + body
        )
        received = b""
        while data := connection.recv(65536):
            received += data
    head, body = received.split(b"\r\n\r\n", 1)
    assert head.startswith(b"HTTP/1.1 200"), head
    return json.loads(body)["access_token"]


def curl_in_a_subprocess(token_url, client_id, client_secret):
    command = [shutil.which("curl"), "-q", "-sS", "--noproxy", "*", "--fail", "--max-time", "10", token_url]
    for name, value in form(client_id, client_secret).items():
        command += ["--data-urlencode", f"{name}={value}"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["access_token"]


def any_parameter_names(address, who, proof, more="of its own"):
    return requests_with_the_body(address, who, proof)


class CallableObject:
    def __call__(self, *arguments):
        return requests_with_the_body(*arguments)


RIGHT = [
    solved("request_a_token"),
    requests_with_the_body,
    requests_with_basic,
    requests_with_raw_basic,
    requests_with_a_scope,
    requests_with_a_text,
    requests_with_an_exception_of_its_own,
    requests_where_the_missing_key_raises,
    requests_with_chunks,
    a_session,
    an_httpx_client,
    urllib_alone,
    http_client,
    a_raw_socket,
    curl_in_a_subprocess,
    any_parameter_names,
    lambda token_url, client_id, client_secret: requests_with_the_body(token_url, client_id, client_secret),
    CallableObject(),
]


@pytest.mark.parametrize("get_token", RIGHT, ids=lambda function: getattr(function, "__name__", "an object"))
def test_a_right_answer_passes_in_any_spelling(get_token):
    result = check("request_a_token", get_token)
    assert result.passed, result
    assert result.points == 10
    assert [outcome.points for outcome in result.outcomes] == [4, 2, 2, 2]


# Wrong answers. Each is a mistake that people make, or a trick.


def a_json_body(token_url, client_id, client_secret):
    return token_of(requests.post(token_url, json=form(client_id, client_secret), timeout=10))


def a_json_body_called_a_form(token_url, client_id, client_secret):
    body = json.dumps(form(client_id, client_secret))
    return token_of(requests.post(token_url, data=body, headers={"Content-Type": FORM}, timeout=10))


def get_with_params(token_url, client_id, client_secret):
    return token_of(requests.get(token_url, params=form(client_id, client_secret), timeout=10))


def get_with_basic(token_url, client_id, client_secret):
    return token_of(requests.get(token_url, auth=(client_id, client_secret), timeout=10))


def post_with_params(token_url, client_id, client_secret):
    return token_of(requests.post(token_url, params=form(client_id, client_secret), timeout=10))


def a_secret_in_the_query_beside_a_form(token_url, client_id, client_secret):
    url = f"{token_url}?client_secret={quote_plus(client_secret)}"
    return token_of(requests.post(url, data={"grant_type": "client_credentials", "client_id": client_id}, timeout=10))


def a_glued_body(token_url, client_id, client_secret):
    body = f"grant_type=client_credentials&client_id={client_id}&client_secret={client_secret}"
    return token_of(requests.post(token_url, data=body, headers={"Content-Type": FORM}, timeout=10))


def a_text_without_content_type(token_url, client_id, client_secret):
    return token_of(requests.post(token_url, data=urlencode(form(client_id, client_secret)), timeout=10))


def no_grant_type(token_url, client_id, client_secret):
    return token_of(requests.post(token_url, data={"client_id": client_id, "client_secret": client_secret}, timeout=10))


def a_grant_type_with_a_dash(token_url, client_id, client_secret):
    wrong = {**form(client_id, client_secret), "grant_type": "client-credentials"}
    return token_of(requests.post(token_url, data=wrong, timeout=10))


def a_parameter_name_misspelled(token_url, client_id, client_secret):
    wrong = {"grant_type": "client_credentials", "client_id": client_id, "secret": client_secret}
    return token_of(requests.post(token_url, data=wrong, timeout=10))


def both_methods(token_url, client_id, client_secret):
    answer = requests.post(token_url, data=form(client_id, client_secret), auth=(client_id, client_secret), timeout=10)
    return token_of(answer)


def an_unknown_scope(token_url, client_id, client_secret):
    wrong = {**form(client_id, client_secret), "scope": "everything"}
    return token_of(requests.post(token_url, data=wrong, timeout=10))


def returns_the_dict(token_url, client_id, client_secret):
    answer = requests.post(token_url, data=form(client_id, client_secret), timeout=10)
    answer.raise_for_status()
    return answer.json()


def returns_the_response(token_url, client_id, client_secret):
    answer = requests.post(token_url, data=form(client_id, client_secret), timeout=10)
    answer.raise_for_status()
    return answer


def returns_the_text(token_url, client_id, client_secret):
    answer = requests.post(token_url, data=form(client_id, client_secret), timeout=10)
    answer.raise_for_status()
    return answer.text


def returns_bearer_and_the_token(*arguments):
    return f"Bearer {requests_with_the_body(*arguments)}"


def returns_the_token_with_a_line_end(*arguments):
    return requests_with_the_body(*arguments) + "\n"


def returns_the_token_in_lower_case(*arguments):
    return requests_with_the_body(*arguments)[:-1] + "!"


def returns_bytes(*arguments):
    return requests_with_the_body(*arguments).encode("ascii")


def prints_it(*arguments):
    print(requests_with_the_body(*arguments))


def asks_for_the_wrong_member(token_url, client_id, client_secret):
    answer = requests.post(token_url, data=form(client_id, client_secret), timeout=10)
    answer.raise_for_status()
    return answer.json()["token"]


def swallows_the_error(*arguments):
    try:
        return requests_with_the_body(*arguments)
    except requests.HTTPError:
        return None


def returns_whatever_member_is_there(token_url, client_id, client_secret):
    return requests.post(token_url, data=form(client_id, client_secret), timeout=10).json().get("access_token")


def returns_the_error_text(token_url, client_id, client_secret):
    fields = requests.post(token_url, data=form(client_id, client_secret), timeout=10).json()
    return fields.get("access_token") or fields["error_description"]


def returns_the_exception(*arguments):
    try:
        return requests_with_the_body(*arguments)
    except requests.HTTPError as error:
        return error


def returns_an_empty_text(*arguments):
    try:
        return requests_with_the_body(*arguments)
    except requests.HTTPError:
        return ""


def ends_the_program(*arguments):
    try:
        return requests_with_the_body(*arguments)
    except requests.HTTPError:
        sys.exit("refused")


def ends_the_program_at_once(*arguments):
    requests_with_the_body(*arguments)
    sys.exit(0)


def hard_coded_credentials(token_url, client_id, client_secret):
    return requests_with_the_body(token_url, "myapp123", "secret456")


def hard_coded_address(token_url, client_id, client_secret):
    # Port 1 of the own machine: nobody listens there.
    return requests_with_the_body("http://127.0.0.1:1/token", client_id, client_secret)


def hard_coded_path(token_url, client_id, client_secret):
    return requests_with_the_body(token_url.replace("/oauth2/token", "/token"), client_id, client_secret)


def a_slash_too_many(token_url, client_id, client_secret):
    return requests_with_the_body(f"{token_url}/", client_id, client_secret)


def https_instead(token_url, client_id, client_secret):
    raise ConnectionError(f"cannot reach {token_url} for {client_id} with {client_secret}")


def asks_twice(token_url, client_id, client_secret):
    requests.post(token_url, data=form(client_id, client_secret), timeout=10).raise_for_status()
    return requests_with_the_body(token_url, client_id, client_secret)


class EqualToAll:
    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


class LyingText(str):
    __slots__ = ()

    def __eq__(self, other):
        return True

    def __hash__(self):
        return 0


class Unshowable:
    def __repr__(self):
        raise SystemExit("no repr")


class UnshowableError(Exception):
    def __str__(self):
        raise ZeroDivisionError


def returns_something_equal_to_all(*arguments):
    requests_with_the_body(*arguments)
    return EqualToAll()


def returns_a_text_that_lies(*arguments):
    requests_with_the_body(*arguments)
    return LyingText("x")


def returns_what_cannot_be_shown(*arguments):
    return Unshowable()


def raises_what_cannot_be_shown(*arguments):
    raise UnshowableError


def returns_itself(token_url, client_id, client_secret):
    return returns_itself


def calls_itself(token_url, client_id, client_secret):
    return calls_itself(token_url, client_id, client_secret)


def a_typo(token_url, client_id, client_secret):
    answer = requests.post(token_ulr, data=form(client_id, client_secret), timeout=10)  # noqa: F821
    return token_of(answer)


def too_few_parameters(token_url, client_id):
    return None


def does_nothing(token_url, client_id, client_secret):
    pass


def returns_the_secret(token_url, client_id, client_secret):
    return client_secret


def names_that_give_the_secret_away(token_url, client_id, client_secret):
    body = f"grant_type:client_credentials,client_id:{client_id},client_secret:{client_secret}"
    return token_of(requests.post(token_url, data=body, headers={"Content-Type": FORM}, timeout=10))


async def a_coroutine(token_url, client_id, client_secret):
    return requests_with_the_body(token_url, client_id, client_secret)


def a_generator(token_url, client_id, client_secret):
    yield requests_with_the_body(token_url, client_id, client_secret)


def speaks_no_http(token_url, client_id, client_secret):
    parts = urlsplit(token_url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(f"hello {client_id}\r\n\r\n".encode("ascii"))
        connection.recv(65536)


def hangs_up_before_the_body(token_url, client_id, client_secret):
    parts = urlsplit(token_url)
    with socket.create_connection((parts.hostname, parts.port), timeout=10) as connection:
        connection.sendall(
            f"POST {parts.path} HTTP/1.1\r\nHost: x\r\nContent-Type: {FORM}\r\nContent-Length: 500\r\n\r\n"
            "grant_type=client_credentials".encode("ascii")
        )
        connection.shutdown(socket.SHUT_WR)
        connection.recv(65536)


ANSWERED_WRONG = "the server answered 401 invalid_client: The client is unknown or its secret is wrong: check client_id and client_secret."
WITH_A_WRONG_SECRET = "with a wrong secret: the server answered 401 invalid_client, and your function returned"
NONE_ARRIVED = "no request reached the address that was passed in"

#: The scenario that fails first (0 to 3), the points that are left, what was seen.
WRONG = [
    (a_json_body, 0, 0, 'the body is JSON: {"grant_type": "clie...'),
    (
        a_json_body_called_a_form,
        0,
        0,
        'the body is JSON, and the Content-Type calls it a form: {"grant_type": "clie...',
    ),
    (get_with_params, 0, 0, "the client secret stands in the URL: GET /oauth2/token?...client_secret=..."),
    (get_with_basic, 0, 0, "the request line starts with GET"),
    (post_with_params, 0, 0, "the client secret stands in the URL: POST /oauth2/token?...client_secret=..."),
    (
        a_secret_in_the_query_beside_a_form,
        0,
        0,
        "the client secret stands in the URL: POST /oauth2/token?...client_secret=...",
    ),
    (
        a_glued_body,
        1,
        8,
        "for a secret that holds & and =, the server answered 400: "
        "The parameter 'grant_type' was sent 2 times: send it once.",
    ),
    (a_text_without_content_type, 0, 0, "the Content-Type is absent"),
    (
        no_grant_type,
        0,
        0,
        "the body has the parameters client_id, client_secret",
    ),
    (
        a_grant_type_with_a_dash,
        0,
        0,
        "the body has the parameters grant_type=client-credentials, client_id, client_secret",
    ),
    (
        a_parameter_name_misspelled,
        0,
        2,
        "the server answered 401 invalid_client: client_id was sent without client_secret: "
        "send client_id and client_secret in the form body or as HTTP Basic.",
    ),
    (
        both_methods,
        0,
        0,
        "the server answered 400 invalid_request: The client authenticated more than once in one request: "
        "send either one Authorization header or client_secret or client_assertion in the body, not two of them.",
    ),
    (
        an_unknown_scope,
        0,
        4,
        "the server answered 400 invalid_scope: The client may not have the scope 'everything'; "
        "it may have: readings:read readings:write.",
    ),
    (returns_the_dict, 0, 4, "your function returned a dict"),
    (returns_the_response, 0, 4, "your function returned a Response"),
    (
        returns_the_text,
        0,
        4,
        "your function returned the token with something around it: "
        '\'{"access_token": "<token>", "token_type": "Bearer", "expires_in": 3600, "scope":\'',
    ),
    (returns_bearer_and_the_token, 0, 4, "your function returned the token with something around it: 'Bearer <token>'"),
    (returns_the_token_with_a_line_end, 0, 4, "your function returned the token with something around it: '<token>\\n'"),
    (returns_the_token_in_lower_case, 0, 4, "your function returned a text that is not the token that the server sent"),
    (returns_bytes, 0, 4, "your function returned a bytes"),
    (prints_it, 0, 4, "the server sent a token, and your function returned None"),
    (
        asks_for_the_wrong_member,
        0,
        4,
        "the server sent a token, and your function raised KeyError: 'token' "
        '(line N of asks_for_the_wrong_member: return answer.json()["token"])',
    ),
    (swallows_the_error, 2, 6, f"{WITH_A_WRONG_SECRET} None"),
    (returns_whatever_member_is_there, 2, 6, f"{WITH_A_WRONG_SECRET} None"),
    (
        returns_the_error_text,
        2,
        6,
        f"{WITH_A_WRONG_SECRET} 'The client is unknown or its secret is wrong: check client_id and client_secret.'",
    ),
    (
        returns_the_exception,
        2,
        6,
        f"{WITH_A_WRONG_SECRET} HTTPError('401 Client Error: Unauthorized for url: http://<host>/oauth2/token')",
    ),
    (returns_an_empty_text, 2, 6, f"{WITH_A_WRONG_SECRET} ''"),
    (
        ends_the_program,
        2,
        6,
        'with a wrong secret, your function raised SystemExit: refused (line N of ends_the_program: sys.exit("refused"))',
    ),
    (
        ends_the_program_at_once,
        0,
        4,
        "the server sent a token, and your function raised SystemExit: 0 (line N of ends_the_program_at_once: sys.exit(0))",
    ),
    (hard_coded_credentials, 0, 2, ANSWERED_WRONG),
    (hard_coded_path, 0, 0, "the request went to the path /token"),
    (a_slash_too_many, 0, 0, "the request went to the path /oauth2/token/"),
    (
        https_instead,
        0,
        0,
        "your function raised ConnectionError: cannot reach http://<host>/oauth2/token for <client id> with <client secret> "
        '(line N of https_instead: raise ConnectionError(f"cannot reach {token_url} for {client_id} with {client_secret}")), '
        "and no request reached the address that was passed in",
    ),
    (asks_twice, 0, 4, "2 requests reached the server in one call"),
    (returns_something_equal_to_all, 0, 4, "your function returned a EqualToAll"),
    (returns_a_text_that_lies, 0, 4, "your function returned a LyingText"),
    (returns_what_cannot_be_shown, 0, 0, f"{NONE_ARRIVED}; your function returned an object whose repr raises SystemExit"),
    (
        raises_what_cannot_be_shown,
        0,
        0,
        "your function raised UnshowableError: an object whose str raises ZeroDivisionError "
        f"(line N of raises_what_cannot_be_shown: raise UnshowableError), and {NONE_ARRIVED}",
    ),
    (returns_itself, 0, 0, f"{NONE_ARRIVED}; your function returned <function returns_itself>"),
    (
        a_typo,
        0,
        0,
        "your function raised NameError: name 'token_ulr' is not defined (line N of a_typo: "
        "answer = requests.post(token_ulr, data=form(client_id, client_secret), timeout=10)  # noqa: F821), "
        f"and {NONE_ARRIVED}",
    ),
    (
        too_few_parameters,
        0,
        0,
        "your function raised TypeError: too_few_parameters() takes 2 positional arguments but 3 were given, "
        f"and {NONE_ARRIVED}",
    ),
    (does_nothing, 0, 0, f"{NONE_ARRIVED}; your function returned None"),
    (returns_the_secret, 0, 0, f"{NONE_ARRIVED}; your function returned '<client secret>'"),
    (
        names_that_give_the_secret_away,
        0,
        0,
        "the body has the parameters grant_type:client_credentials,client_id:<client id>,client_secret:<client secret>",
    ),
    (a_coroutine, 0, 0, "your function returned a coroutine, and no line of it has run yet"),
    (a_generator, 0, 0, "your function returned a generator, and no line of it has run yet"),
    (speaks_no_http, 0, 0, "these bytes reached the server: b'hello <client id>'"),
    (hangs_up_before_the_body, 0, 0, "your function ended before the server had answered"),
]


@pytest.mark.parametrize(("get_token", "fails_first", "points", "seen"), WRONG, ids=lambda value: getattr(value, "__name__", None))
def test_a_wrong_answer_fails_with_its_message_and_twice_with_the_same(get_token, fails_first, points, seen, capsys):
    first, second = check("request_a_token", get_token), check("request_a_token", get_token)
    failed = [number for number, outcome in enumerate(first.outcomes) if not outcome.passed]
    assert without_line_number(first.outcomes[failed[0]].unmet.seen) == seen
    assert failed[0] == fails_first
    assert (first.passed, first.points) == (False, points), first
    assert repr(first) == repr(second)

"""Each spelling is really sent, the raw bytes by a socket, curl by a shell, Python by exec, and the record compared."""

import json
import os
import shutil
import subprocess
import sys

import pytest
import requests
from plain_client import PlainClient, basic

from mock_server.form import FORM
from mock_server.messages import Request
from mock_server.record import Exchange
from mock_server.spellings import three_spellings
from mock_server.wire import serialize_request

#: What each client adds of its own accord, and what frames the body.
OF_THE_CLIENT = {"host", "user-agent", "accept", "accept-encoding", "connection", "content-length", "transfer-encoding", "expect"}
NASTY = "a+b %&=\"'$HOME`id`\\!~#;|<>(){}[]*?^ ü€"


def post(body: str | bytes, *headers: tuple[str, str], target: str = "/token", content_type: str | None = FORM) -> Request:
    raw = body if isinstance(body, bytes) else body.encode("utf-8")
    described = (("Content-Type", content_type),) if content_type else ()
    return Request("POST", target, (("Host", "{host}"), *described, *headers, ("Content-Length", str(len(raw)))), raw)


def bodiless(method: str, target: str, *headers: tuple[str, str]) -> Request:
    return Request(method, target, (("Host", "{host}"), *headers))


def encoded(**parameters: str) -> str:
    return requests.models.RequestEncodingMixin._encode_params(parameters)


REQUESTS = {
    "credentials in the body": post("grant_type=client_credentials&client_id=myapp123&client_secret=secret456"),
    "nothing encoded in the body": post(f"grant_type=client_credentials&client_secret={NASTY}"),
    "everything encoded in the body": post(encoded(grant_type="client_credentials", client_secret=NASTY)),
    "plus and percent raw": post("client_secret=p+q%20r%2B&x=%zz"),
    "an empty value": post("grant_type=&client_id=myapp123"),
    "a name without a value": post("grant_type&client_id=myapp123"),
    "a repeated name": post("scope=a&scope=b&grant_type=client_credentials"),
    "empty pairs": post("&&a=1&&b=2&"),
    "only ampersands": post("&"),
    "@ at the start of a value": post("client_secret=@home&a=@/etc/hostname"),
    "@ at the start of the body": post("@/etc/hostname"),
    "@ at the start of a name": post("a=1&@/etc/hostname=2"),
    "a leading dash": post("-d=--data"),
    "line ends in a form": post("a=1\r\nb=2\n"),
    "a form with a charset": post("a=1&b=2", content_type=f"{FORM}; charset=utf-8"),
    "invalid UTF-8": post(b"client_id=\xff\xfe&client_secret=%ff"),
    "NUL and other control bytes": post(b"a=\x00\x01\x1b[31m\x7f&b=\\0101"),
    "Basic": post("grant_type=client_credentials", basic("myapp123:secret456")),
    "Basic with a form-encoded secret": post("grant_type=client_credentials", basic("station%3A7+north:p%2Bq+r%26%25%2F%3D")),
    "Basic with shell characters": post("a=1", basic("my app:" + NASTY.encode("ascii", "ignore").decode("ascii"))),
    "Basic in UTF-8": post("a=1", basic("ü:€")),
    "Basic with a control character": post("a=1", basic("a:b\x00c")),
    "Basic without an id": post("a=1", basic(":secret")),
    "Basic without a secret": post("a=1", basic("id:")),
    "Basic without anything": post("a=1", basic(":")),
    "Basic with several colons": post("a=1", basic("a:b:c")),
    "Basic without a colon": post("a=1", basic("abc")),
    "Basic that is not base64": post("a=1", ("Authorization", "Basic not/base64!")),
    "Basic in lower case": post("a=1", ("authorization", "basic bXlhcHAxMjM6c2VjcmV0NDU2")),
    "Basic with base64 that another writer made": post("a=1", ("Authorization", "Basic YTpiYR==")),
    "GET with Bearer": bodiless("GET", "/api/stations", ("Authorization", "Bearer abc.def-ghi_jkl~+/==")),
    "GET with a query": bodiless("GET", "/api/readings?station=a%20b&x='$y'&z=1;2&%C3%BC"),
    "GET with brackets in the query": bodiless("GET", "/api/readings?a[0]=1&b[]=2"),
    "GET with an empty query value": bodiless("GET", "/token?a=&b"),
    "a POST of JSON": post(json.dumps({"station": "ü", "celsius": -1.5, "ok": True, "n": None}), content_type="application/json"),
    "JSON by hand": post('{"a":1,  "a": 2, "b": "it\'s $5"}', content_type="application/json"),
    "JSON null": post("null", content_type="application/json"),
    "JSON that is none": post("{'a': 1}", content_type="application/json"),
    "JSON with a lone surrogate": post('{"a": "\\ud800"}', content_type="application/json"),
    "a text": post("line one\nline two\n", content_type="text/plain"),
    "a body without Content-Type": post("a=1", content_type=None),
    "a POST without a body": Request("POST", "/token", (("Host", "{host}"), ("Content-Length", "0"))),
    "a POST without a body, with a Content-Type": Request(
        "POST", "/token", (("Host", "{host}"), ("Content-Type", FORM), ("Content-Length", "0"))
    ),
    "a GET with a body": Request("GET", "/token", (("Host", "{host}"), ("Content-Type", FORM), ("Content-Length", "3")), b"a=1"),
    "DELETE": bodiless("DELETE", "/api/readings"),
    "HEAD": bodiless("HEAD", "/api/stations"),
    "OPTIONS": bodiless("OPTIONS", "/token"),
    "PUT": Request("PUT", "/token", (("Host", "{host}"), ("Content-Type", "text/plain"), ("Content-Length", "1")), b"x"),
    "a method that requests has no function for": bodiless("PROPFIND", "/token"),
    "custom headers": bodiless("GET", "/api/stations", ("X-Request-Id", 'a "b" $c'), ("X-Other", "1"), ("Accept", "text/html")),
    "a header without a value": bodiless("GET", "/api/stations", ("X-Empty", "")),
    "a header sent twice": bodiless("GET", "/api/stations", ("X-Twice", "1"), ("X-Twice", "2")),
    "a header in UTF-8": bodiless("GET", "/api/stations", ("X-Name", "ü".encode("utf-8").decode("latin-1"))),
    "User-Agent and Accept-Encoding of its own": bodiless(
        "GET", "/api/stations", ("User-Agent", "station/7"), ("Accept-Encoding", "br"), ("Connection", "close")
    ),
}


@pytest.fixture(autouse=True)
def without_settings_of_whoever_runs_this(monkeypatch, tmp_path):
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CURL_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))


def at(server, request: Request) -> Request:
    """The request with the address of that server in its Host."""
    host = server.url.removeprefix("http://")
    headers = tuple((name, value.replace("{host}", host)) for name, value in request.headers)
    return Request(request.method, request.target, headers, request.body)


def by_socket(server, raw: bytes) -> None:
    with PlainClient(server) as client:
        client.send(raw).answers(without_body=raw.startswith(b"HEAD "))


def by_shell(command: str, *shell: str) -> subprocess.CompletedProcess:
    ended = subprocess.run([*shell, command], capture_output=True, timeout=20, encoding="utf-8", errors="replace")
    assert ended.returncode == 0, f"{command}\n{ended.stderr}"
    return ended


def by_python(program: str) -> requests.Response:
    names: dict[str, object] = {}
    exec(compile(program, "<spelling>", "exec"), names)
    return names["response"]


def what_arrived(server) -> dict[str, object]:
    exchanges = server.exchanges
    assert len(exchanges) == 1, exchanges
    request = exchanges[0].request
    own = sorted({name.lower(): request.header(name) for name, _ in request.headers}.items())
    server._record.clear()
    return {
        "method": request.method,
        "target": request.target,
        "body": request.body,
        "headers": [(name, value) for name, value in own if name not in OF_THE_CLIENT],
    }


SHELLS = [[shell, "-c"] for shell in ("bash", "sh") if shutil.which(shell)]
by_any_posix_shell = pytest.mark.skipif(
    sys.platform == "win32" and not SHELLS, reason="the curl spelling is for POSIX shells, and there is none here"
)


@pytest.mark.parametrize("name", REQUESTS)
def test_the_python_spelling_sends_what_the_raw_spelling_sends(server, name):
    spellings = three_spellings(at(server, REQUESTS[name]))
    by_socket(server, spellings.raw)
    expected = what_arrived(server)
    by_python(spellings.python)
    assert what_arrived(server) == expected, spellings.python


@by_any_posix_shell
@pytest.mark.parametrize("name", REQUESTS)
def test_the_curl_spelling_sends_what_the_raw_spelling_sends(server, name):
    spellings = three_spellings(at(server, REQUESTS[name]))
    by_socket(server, spellings.raw)
    expected = what_arrived(server)
    for shell in SHELLS:
        by_shell(spellings.curl, *shell)
        assert what_arrived(server) == expected, spellings.curl

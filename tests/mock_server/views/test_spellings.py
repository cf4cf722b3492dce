"""Each spelling is really sent, the raw bytes by a socket, curl by a shell, Python by exec, and the record compared."""

import json
import shutil
import subprocess
import sys

import pytest
import requests

from mock_server.views.record import Exchange
from mock_server.views.spellings import three_spellings
from mock_server.web.form import FORM
from mock_server.web.messages import Request
from mock_server.web.wire import serialize_request
from plain_client import PlainClient, basic

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
    # RFC 3986 §3.4 has no brackets in a query, and requests percent-encodes them; curl and the socket send what is there.
    expected["target"] = expected["target"].replace("[", "%5B").replace("]", "%5D")
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


def test_a_recorded_exchange_is_spelled_with_the_bytes_that_crossed_the_wire(server):
    raw = serialize_request(at(server, REQUESTS["credentials in the body"]))
    by_socket(server, raw)
    assert three_spellings(server.exchanges[0]).raw == raw


@by_any_posix_shell
@pytest.mark.parametrize(
    "arguments",
    [
        {"method": "POST", "data": {"grant_type": "client_credentials", "client_secret": NASTY}},
        {"method": "POST", "data": {"grant_type": "client_credentials"}, "auth": ("myapp123", "secret456")},
        {"method": "POST", "json": {"a": [1, None, "ü"]}},
        {"method": "POST", "data": "ü=1", "headers": {"Content-Type": FORM}},
        {"method": "POST", "params": {"a": "b c"}},
        {"method": "GET", "headers": {"Authorization": "Bearer abc"}},
    ],
    ids=["form", "Basic", "JSON", "text", "POST with a query only", "Bearer"],
)
def test_a_prepared_request_and_its_spellings_all_send_the_same(server, arguments):
    prepared = requests.Request(url=f"{server.url}/token", **arguments).prepare()
    spellings = three_spellings(prepared)
    with requests.Session() as session:
        session.send(prepared)
    expected = what_arrived(server)
    by_socket(server, spellings.raw)
    assert what_arrived(server) == expected
    by_python(spellings.python)
    assert what_arrived(server) == expected
    by_shell(spellings.curl, *SHELLS[0])
    assert what_arrived(server) == expected


@by_any_posix_shell
def test_the_spellings_of_a_chunked_request_send_the_same_content(server):
    raw = f"POST /token HTTP/1.1\r\nHost: {server.url[7:]}\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n"
    by_socket(server, raw.encode("ascii") + b"3\r\na=1\r\n4\r\n&b=2\r\n0\r\n\r\n")
    spellings = three_spellings(server.exchanges[0])
    expected = what_arrived(server)
    by_python(spellings.python)
    assert what_arrived(server) == expected
    by_shell(spellings.curl, *SHELLS[0])
    assert what_arrived(server) == expected


def test_the_commonest_request_is_spelled_as_one_would_write_it():
    headers = (("Host", "127.0.0.1:9400"), ("Content-Type", FORM), basic("myapp123:secret456"))
    spellings = three_spellings(Request("POST", "/token", headers, b"grant_type=client_credentials&scope=readings%3Aread"))
    assert spellings.curl == (
        "curl http://127.0.0.1:9400/token \\\n"
        "  -u myapp123:secret456 \\\n"
        "  -d grant_type=client_credentials \\\n"
        "  -d scope=readings%3Aread"
    )
    assert spellings.python == (
        "import requests\n\n"
        "response = requests.post(\n"
        '    "http://127.0.0.1:9400/token",\n'
        '    data={"grant_type": "client_credentials", "scope": "readings:read"},\n'
        '    auth=("myapp123", "secret456"),\n'
        "    timeout=10,\n"
        ")"
    )


def test_a_word_that_windows_can_take_is_in_double_quotes():
    spellings = three_spellings(Request("GET", "/token", (("Host", "x"), ("Authorization", "Bearer it's"))))
    assert '-H "Authorization: Bearer it\'s"' in spellings.curl


def test_the_text_form_has_the_three_titles_and_texts_in_order():
    spellings = three_spellings(Request("GET", "/api/stations", (("Host", "x"),)))
    titles = [line for line in repr(spellings).splitlines() if line in ("Raw HTTP", "curl", "Python")]
    assert titles == ["Raw HTTP", "curl", "Python"]
    assert "GET /api/stations HTTP/1.1\nHost: x" in repr(spellings)
    assert spellings.curl in repr(spellings)
    assert spellings.python in repr(spellings)


def test_the_html_form_has_a_tab_for_each_spelling_and_the_first_is_open():
    view = three_spellings(Request("GET", "/api/stations", (("Host", "x"),)))._repr_html_()
    assert [view.count(f"<summary>{title}</summary>") for title in ("Raw HTTP", "curl", "Python")] == [1, 1, 1]
    assert view.count(" open>") == 1
    assert view.index(" open>") < view.index("Raw HTTP")


def test_nothing_in_a_request_becomes_markup():
    attack = '</pre><script>alert("1")</script>'
    request = Request("POST", f"/{attack}", (("Host", attack), ("X-A", attack)), attack.encode("ascii"))
    view = three_spellings(request)._repr_html_()
    assert "<script" not in view
    assert view.count("</pre>") == 3


@pytest.mark.parametrize("body", [b"\xff", b"a\x00b", "ü\ud7ff€".encode("utf-8"), b"\x80" * 300])
def test_every_spelling_can_be_displayed_whatever_the_bytes(body):
    spellings = three_spellings(Request("POST", "/token", (("Host", "x"),), body))
    json.dumps([repr(spellings), spellings._repr_html_()], ensure_ascii=False).encode("utf-8")


@pytest.mark.parametrize("body", [b"[" * 60_000, b'{"a":' * 10_000, b"&" * 60_000, b"1" * 60_000])
def test_a_monstrous_body_is_spelled_all_the_same(body):
    spellings = three_spellings(Request("POST", "/token", (("Host", "x"), ("Content-Type", "application/json")), body))
    assert spellings.raw.endswith(body)
    compile(spellings.python, "<spelling>", "exec")


def test_bytes_that_are_no_request_are_refused_with_what_they_are():
    with pytest.raises(ValueError, match=r"^Exchange 7 holds no readable request: b'\\x16\\x03hello'\.$"):
        three_spellings(Exchange(7, b"\x16\x03hello", b""))


def test_a_request_without_a_host_is_refused_with_what_to_do():
    with pytest.raises(ValueError, match=r"has no Host header, so there is no URL .*; add one"):
        three_spellings(Request("GET", "/"))

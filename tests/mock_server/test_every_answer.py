"""Whatever is asked, wherever: no exception, no 5xx, and an answer that is well formed."""

import json
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.web.messages import Request
from plain_client import FORM, NOW, api_request, basic, token_request
from prepared_server import prepared_server
from well_formed import check_answer

APPLICATION, TOKEN, REGISTRATION = prepared_server()
OF_ONE = {"{id}": "2", "{client_id}": REGISTRATION["client_id"]}
PATHS = ["/errors/invalid_client", "/problems/not-json", "/x"]
for path in APPLICATION._routes:
    for variable, one in OF_ONE.items():
        path = path.replace(variable, one)
    PATHS.append(path)
OWNER = ("authorization", f"Bearer {REGISTRATION['registration_access_token']}")

any_text = st.text(max_size=20)
#: What can stand in a header as the shells hand it over: bytes as Latin-1, without line ends.
header_text = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=30)
method = st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "QUERY", "get"])
authorization = st.one_of(
    st.sampled_from([basic("myapp123:secret456")[1], basic("stations-api:stations-secret")[1], f"Bearer {TOKEN}", f"DPoP {TOKEN}", OWNER[1]]),
    header_text,
    st.builds("{} {}".format, st.sampled_from(["Basic", "Bearer", "DPoP", "basic"]), header_text),
    st.binary(max_size=30).map(lambda raw: basic(raw)[1]),
)
headers = st.fixed_dictionaries(
    {},
    optional={
        "authorization": authorization,
        "content-type": st.one_of(st.sampled_from([FORM, "application/json", "text/html"]), header_text),
        "accept": header_text,
        "if-match": header_text,
        "if-none-match": st.one_of(header_text, st.just("*")),
        "dpop": header_text,
        "origin": header_text,
        "mcp-protocol-version": header_text,
        "host": st.one_of(st.just("127.0.0.1"), header_text),
    },
)
NAMES = [
    "grant_type", "client_id", "client_secret", "scope", "resource", "token", "token_type_hint",
    "client_assertion", "client_assertion_type",
]  # fmt: skip
VALUES = [
    "client_credentials", "myapp123", "secret456", "browser-app", "stations-api", "jwt-app", "tls-app", "readings:read", TOKEN,
    "urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "http://127.0.0.1:9400/api", "a.b.c", "",
]  # fmt: skip
form = st.lists(st.tuples(st.sampled_from(NAMES), st.one_of(st.sampled_from(VALUES), any_text)), max_size=8)
value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(any_text, inner, max_size=3),
    max_leaves=5,
)
document = st.dictionaries(
    st.sampled_from(
        ["station", "temperature_c", "reference", "jsonrpc", "id", "method", "params", "grant_types", "scope", "jwks",
         "token_endpoint_auth_method", "access_token_format", "redirect_uris", "client_id"]
    ),
    value | st.sampled_from(["2.0", "tools/call", "private_key_jwt", 1]),
    max_size=6,
)  # fmt: skip
body = st.one_of(
    st.binary(max_size=60),
    form.map(lambda pairs: urlencode(pairs).encode()),
    document.map(lambda members: json.dumps(members).encode()),
)
query = st.one_of(st.just(""), st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"), max_size=20))


@settings(max_examples=1500, deadline=None, derandomize=True, database=None)
@given(method, st.sampled_from(PATHS), query, headers, body)
def test_every_route_answers_anything_well(method, path, query, headers, body):
    sent = {"host": "127.0.0.1", "content-type": FORM} | headers
    request = Request(method, path + ("?" + query if query else ""), tuple(sent.items()), body)
    check_answer(request, prepared_server().application.handle(request, NOW))


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(form, st.sampled_from(["/token", "/introspect", "/revoke"]), st.one_of(st.none(), authorization))
def test_every_form_for_clients_is_answered_well(pairs, path, authorization):
    more = () if authorization is None else (("authorization", authorization),)
    request = Request("POST", path, (("host", "127.0.0.1"), ("content-type", FORM), *more), urlencode(pairs).encode())
    check_answer(request, prepared_server().application.handle(request, NOW))


JSON = ("content-type", "application/json")


def requests_with(secret: str) -> list[Request]:
    """The secret in every place where one may stand, and in those where it is put by mistake."""
    pairs = [("grant_type", "client_credentials"), ("client_id", "myapp123")]
    assertion = [("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"), ("client_assertion", secret)]
    form = urlencode([*pairs, ("client_secret", secret)])
    grant, ours = b"grant_type=client_credentials", basic("myapp123:secret456")
    path = f"/register/{REGISTRATION['client_id']}"
    update = json.dumps({"client_id": REGISTRATION["client_id"], "client_secret": secret}).encode()
    return [
        token_request(form.encode()),
        token_request(urlencode(pairs + assertion).encode()),
        token_request(grant, basic(f"myapp123:{quote_plus(secret)}")),
        token_request(grant, basic(f"myapp123:{secret}")),
        token_request(grant, ("authorization", quote_plus(secret))),
        token_request(grant, ours, ("dpop", quote_plus(secret))),
        token_request(json.dumps({"client_secret": secret}).encode(), JSON, content_type="text/plain"),
        token_request(form.replace("&", "\n&").encode()),
        Request("POST", f"/token?{form}", (("host", "127.0.0.1"), ("content-type", FORM)), b""),
        Request("GET", f"/token?{form}", (("host", "127.0.0.1"),), b""),
        *(Request("POST", end, (*token_request().headers, ours), urlencode({"token": secret}).encode()) for end in ("/introspect", "/revoke")),
        api_request("GET", "/api/stations", ("authorization", quote_plus(secret))),
        api_request("GET", "/api/stations", ("authorization", f"Bearer {quote_plus(secret)}")),
        api_request("GET", "/api/stations", ("authorization", f"DPoP {TOKEN}"), ("dpop", quote_plus(secret))),
        api_request("GET", f"/api/stations?access_token={quote_plus(secret)}"),
        api_request("GET", path, ("authorization", f"Bearer {quote_plus(secret)}")),
        api_request("PUT", path, OWNER, JSON, body=update),
        api_request("POST", "/register", JSON, body=update),
    ]


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(st.text(max_size=30).map("s3cr3t-{}".format))
def test_no_secret_that_was_sent_comes_back(secret):
    for request in requests_with(secret):
        answer = APPLICATION.handle(request, NOW)
        assert "s3cr3t" not in answer.body.decode("ascii") + repr(answer.headers), request


@pytest.mark.parametrize("path", PATHS)
def test_a_path_in_another_spelling_is_not_there(path):
    for other in (path + "/", path.upper() if path != "/" else "//", "/." + path):
        if other != path:
            request = Request("GET", other, (("host", "127.0.0.1"),))
            assert APPLICATION.handle(request, NOW).status in (404, 401), other

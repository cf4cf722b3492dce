import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest

import mock_server
from mock_server.oauth.oauth_errors import ERROR_PAGES, OAuthError
from mock_server.views.error_guide import GUIDES
from mock_server.views.problem_guide import PROBLEM_GUIDES
from mock_server.web.messages import Request
from mock_server.web.problems import PROBLEM_PAGES
from mock_server.web.wire import message_length, parse_request
from plain_client import FORM, NOW, api_request, basic, fields, token_request

# RFC 6749 §5.2: "MUST NOT include characters outside the set %x21 / %x23-5B / %x5D-7E"
URI_CHARACTERS = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
REFUSED = {
    "invalid_request": token_request(b"{}"),
    "invalid_client": token_request(b"grant_type=client_credentials&client_id=myapp123&client_secret=no"),
    "unauthorized_client": token_request(b"grant_type=client_credentials&client_id=browser-app"),
    "unsupported_grant_type": token_request(b"grant_type=x&client_id=myapp123&client_secret=secret456"),
    "invalid_scope": token_request(b"grant_type=client_credentials&client_id=myapp123&client_secret=secret456&scope=x"),
}
METHOD = Request("GET", "/token", (("host", "x"),))
ALL = {guide.path: guide for guide in (*GUIDES.values(), *PROBLEM_GUIDES.values())}
every_page = pytest.mark.parametrize("guide", ALL.values(), ids=list(ALL))


def page(application, path, method="GET"):
    return application.handle(api_request(method, path), NOW)


@pytest.mark.parametrize(("code", "request_"), [*REFUSED.items(), ("invalid_request", METHOD)])
def test_every_error_of_the_token_endpoint_leads_to_the_page_that_explains_it(application, code, request_):
    answer = fields(application.handle(request_, NOW))
    assert answer["error"] == code
    assert URI_CHARACTERS.fullmatch(answer["error_uri"])
    for endpoint in ("http://127.0.0.1:9400/token", "http://class.example/oauth2/token"):
        address = urlsplit(urljoin(endpoint, answer["error_uri"]))
        response = application.handle(api_request("GET", address.path), NOW)
        assert response.status == 200
        assert f"<h1><code>{code}</code></h1>" in response.body.decode()


def test_an_error_uri_is_the_same_whatever_the_port():
    assert json.loads(OAuthError("invalid_scope", "x").response().body)["error_uri"] == "/errors/invalid_scope"


def test_every_type_of_problem_leads_to_the_page_that_explains_it(application):
    sources = Path(mock_server.__file__).parent.rglob("*.py")
    kinds = {kind for source in sources for kind in re.findall(r'\bkind="([^"]+)"', source.read_text(encoding="utf-8"))}
    assert len(kinds) >= 10
    assert kinds == set(PROBLEM_GUIDES)
    for kind in kinds:
        response = page(application, PROBLEM_PAGES + kind)
        assert response.status == 200
        assert f"<h1><code>{kind}</code></h1>" in response.body.decode()


def test_the_type_of_a_problem_is_the_address_of_its_page(application):
    token = fields(application.handle(token_request(), NOW))["access_token"]
    answer = application.handle(api_request("DELETE", "/api/stations", ("authorization", f"Bearer {token}")), NOW)
    assert page(application, fields(answer)["type"]).status == 200


@every_page
def test_a_page_says_what_it_means_what_causes_it_what_to_do_and_where_it_is_written(application, guide):
    response = page(application, guide.path)
    text = response.body.decode("utf-8")
    assert response.header("content-type") == "text/html; charset=utf-8"
    assert guide.causes and guide.remedies and "RFC" in guide.section and guide.status in text
    for heading in ("What usually causes it", "What to do", "A request that is right"):
        assert heading in text
    assert len(response.body) < 12_000


class Assets(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.links = [], []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.links += [value for name, value in attributes if name in ("src", "href", "action", "style") or name.startswith("on")]


@every_page
def test_a_page_loads_nothing_and_runs_nothing(application, guide):
    response = page(application, guide.path)
    assets = Assets()
    assets.feed(response.body.decode("utf-8"))
    assert "script" not in assets.tags
    assert {link for link in assets.links if link != "data:,"} == {each.code for each in ALL.values() if each.pages == guide.pages} - {guide.code}
    policy = response.header("content-security-policy")
    assert "default-src 'none'" in policy and "script-src 'none'" in policy and "unsafe" not in policy


@every_page
def test_the_example_is_a_request_whose_length_is_right(guide):
    raw = guide.example.replace("\n", "\r\n").encode("ascii")
    if b"\r\n\r\n" not in raw:
        raw += b"\r\n"
    assert message_length(raw) == len(raw)
    assert parse_request(raw) is not None


@pytest.mark.parametrize("code", REFUSED)
def test_the_example_of_a_token_error_gets_a_token(application, code):
    request = parse_request(GUIDES[code].example.replace("\n", "\r\n").encode("ascii"))
    assert application.handle(request, NOW).status == 200


@pytest.mark.parametrize("kind", PROBLEM_GUIDES)
def test_the_example_of_a_problem_is_done(application, kind):
    token = fields(application.handle(token_request(), NOW))["access_token"]
    example = PROBLEM_GUIDES[kind].example.replace("ACCESS_TOKEN", token).replace("\n", "\r\n")
    raw = example if "\r\n\r\n" in example else example + "\r\n"
    assert application.handle(parse_request(raw.encode("ascii")), NOW).status in (200, 201)


def test_the_example_of_a_wrong_client_uses_basic():
    assert basic("myapp123:secret456")[1] in GUIDES["invalid_client"].example
    assert FORM in GUIDES["invalid_client"].example


@pytest.mark.parametrize("name", ["", "nothing", "<script>alert(1)</script>", "../token", "invalid_client/", "not-json/"])
@pytest.mark.parametrize(("pages", "there_is"), [(ERROR_PAGES, "invalid_client"), (PROBLEM_PAGES, "not-json")])
def test_an_unknown_code_is_a_404_that_lists_the_codes(application, name, pages, there_is):
    response = page(application, pages + name)
    assert response.status == 404
    assert there_is in fields(response)["detail"]
    assert b"script" not in response.body


def test_a_page_can_only_be_read(application):
    response = page(application, "/errors/invalid_client", "POST")
    assert (response.status, response.header("allow")) == (405, "GET, HEAD")


# RFC 9110 §9.1: "All general-purpose servers MUST support the methods GET and HEAD."
@every_page
def test_head_is_answered_like_get(application, guide):
    assert page(application, guide.path, "HEAD").headers == page(application, guide.path).headers

import json
import random
import re

import pytest

from mock_server.application import Application
from mock_server.oauth.clients import Clients, teaching_clients
from mock_server.web.messages import Request
from plain_client import FORM, GOOD_BODY, GRANT, NOW, basic, fields, token_request

# RFC 6749 appendix A.8: error-description = 1*NQSCHAR, NQSCHAR = %x20-21 / %x23-5B / %x5D-7E
NQSCHARS = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
#: Text that a hostile client would like to see again in an answer.
HOSTILE = ['"', "\\", "\r\nSet-Cookie: a=b", "\0", "é", "\N{KEY}", "<script>", "%s{0}", "a" * 5000, "\x7f", "\t"]


def with_scope(scope: str) -> Request:
    from urllib.parse import quote_plus

    return token_request(GOOD_BODY + b"&scope=" + quote_plus(scope).encode())


def refused(application, request, error, status=400):
    response = application.handle(request, NOW)
    assert response.status == status
    assert fields(response)["error"] == error
    return fields(response)["error_description"]


def test_an_answer_with_a_token_is_as_section_5_1_says(application):
    response = application.handle(token_request(), NOW)
    assert response.status == 200
    assert response.header("content-type") == "application/json"
    assert response.header("cache-control") == "no-store"
    assert response.header("pragma") == "no-cache"
    assert response.header("www-authenticate") is None
    assert response.header("content-length") == str(len(response.body))
    assert response.header("date") == "Thu, 01 Jan 2026 12:00:00 GMT"
    answer = fields(response)
    assert answer.keys() == {"access_token", "token_type", "expires_in", "scope"}
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 3600
    assert type(answer["expires_in"]) is int
    assert answer["scope"] == "readings:read readings:write"
    assert re.fullmatch(r"[\x20-\x7e]{20,}", answer["access_token"])


def test_no_refresh_token_and_no_id_token_is_issued(application):
    body = GOOD_BODY + b"&scope=readings%3Aread&access_type=offline&response_type=id_token"
    assert not {"refresh_token", "id_token"} & fields(application.handle(token_request(body), NOW)).keys()


def test_each_request_gets_a_token_of_its_own(application):
    values = {fields(application.handle(token_request(), NOW))["access_token"] for _ in range(50)}
    assert len(values) == 50


@pytest.mark.parametrize(
    ("body", "scope"),
    [
        (b"client_id=myapp123&client_secret=secret456", "readings:read readings:write"),
        (b"client_id=abc123&client_secret=secret456", "readings:read readings:write"),
        (b"client_id=dashboard&client_secret=dashboard-secret", "readings:read"),
        (b"client_id=station%3A7+north&client_secret=p%2Bq+r%26%25%2F%3D", "readings:read readings:write"),
    ],
)
@pytest.mark.parametrize("path", ["/token", "/oauth2/token"])
def test_every_teaching_client_gets_a_token_at_both_paths(application, path, body, scope):
    request = Request("POST", path, (("host", "x"), ("content-type", FORM)), GRANT + b"&" + body)
    response = application.handle(request, NOW)
    assert response.status == 200
    assert fields(response)["scope"] == scope


ERRORS = [
    (token_request(b""), 401, "invalid_client"),
    (token_request(GRANT + b"&client_id=myapp123&client_secret=no"), 401, "invalid_client"),
    (token_request(b"client_id=myapp123&client_secret=secret456"), 400, "invalid_request"),
    (token_request(GOOD_BODY + b"&x=1&x=2"), 400, "invalid_request"),
    (token_request(GOOD_BODY.replace(b"_credentials", b"-credentials")), 400, "unsupported_grant_type"),
    (token_request(GRANT + b"&client_id=browser-app"), 400, "unauthorized_client"),
    (token_request(GOOD_BODY + b"&scope=admin"), 400, "invalid_scope"),
]


@pytest.mark.parametrize(("request_", "status", "error"), ERRORS, ids=[f"{error}-{status}" for _, status, error in ERRORS])
def test_every_error_of_section_5_2_has_its_status_and_headers(application, request_, status, error):
    response = application.handle(request_, NOW)
    assert response.status == status
    assert response.header("content-type") == "application/json"
    assert response.header("cache-control") == "no-store"
    assert response.header("pragma") == "no-cache"
    assert (response.header("www-authenticate") is not None) == (status == 401)
    answer = fields(response)
    assert answer.keys() == {"error", "error_description", "error_uri"}
    assert answer["error"] == error
    assert NQSCHARS.fullmatch(answer["error_description"])


def test_an_error_issues_no_token(application):
    for request, _, _ in ERRORS:
        application.handle(request, NOW)
    expected = Application(teaching_clients(), random.Random(1).randbytes).handle(token_request(), NOW)
    assert application.handle(token_request(), NOW) == expected


def hostile_requests():
    from urllib.parse import quote_plus

    for text in HOSTILE:
        encoded = quote_plus(text).encode()
        latin = text.encode("utf-8").decode("latin-1")
        yield token_request(GOOD_BODY + b"&scope=" + encoded)
        yield token_request(GOOD_BODY + b"&scope=readings%3Aread+" + encoded)
        yield token_request(GOOD_BODY + b"&%s=1&%s=2" % (encoded, encoded))
        yield token_request(b"client_id=myapp123&client_secret=secret456&grant_type=" + encoded)
        yield token_request(GRANT + b"&client_id=" + encoded + b"&client_secret=" + encoded)
        yield token_request(GRANT + b"&client_id=a%" + text.encode())
        yield token_request(content_type=latin)
        yield token_request(content_type=f"{latin}/json")
        yield token_request(GRANT, ("authorization", latin))
        yield token_request(GRANT, ("authorization", f"Basic {latin}"))
        yield token_request(GRANT, basic(text))
        yield token_request(GRANT, basic(f"%{text}:x"))
        yield Request(text, "/token", (("host", "x"),))
        yield Request("GET", f"/token?{latin}", (("host", "x"),))
        yield Request("POST", f"/token?client_secret={latin}", (("host", "x"), ("content-type", FORM)), GRANT)


def test_no_hostile_text_gets_out_of_the_characters_that_section_5_2_allows(application):
    for request in hostile_requests():
        response = application.handle(request, NOW)
        assert response.status in (400, 401, 405), request
        description = fields(response)["error_description"]
        assert NQSCHARS.fullmatch(description), request
        assert len(description) < 500, request
        for _, value in response.headers:
            assert re.fullmatch(r"[\x20-\x7e]*", value), request
        assert response.body.isascii()


@pytest.mark.parametrize(
    "name", ["grant_type", "client_id", "client_secret", "scope", "audience", "x", "", "%63lient_id"]
)
def test_a_repeated_parameter_is_refused(application, name):
    body = GOOD_BODY + f"&{name}=1&{name}=1".encode()
    assert "times" in refused(application, token_request(body), "invalid_request")


def test_a_repeated_parameter_is_refused_though_the_values_agree(application):
    refused(application, token_request(GOOD_BODY + b"&client_id=myapp123"), "invalid_request")


def test_a_parameter_name_is_compared_with_case(application):
    response = application.handle(token_request(GOOD_BODY + b"&Scope=admin&SCOPE=admin&Client_Id=x"), NOW)
    assert response.status == 200


def test_an_empty_parameter_counts_as_omitted(application):
    response = application.handle(token_request(GOOD_BODY + b"&scope="), NOW)
    assert fields(response)["scope"] == "readings:read readings:write"
    body = b"grant_type=&client_id=myapp123&client_secret=secret456"
    assert "grant_type is missing" in refused(application, token_request(body), "invalid_request")


def test_unknown_parameters_are_ignored(application):
    body = GOOD_BODY + b"&audience=https%3A%2F%2Fapi.example&foo&%F0%9F%94%91=1"
    assert application.handle(token_request(body), NOW).status == 200


@pytest.mark.parametrize("query", ["scope=admin", "grant_type=password", "client_id=abc123", "a=1&a=2", "%"])
def test_nothing_in_the_query_counts(application, query):
    request = Request("POST", f"/token?{query}", token_request().headers, GOOD_BODY)
    response = application.handle(request, NOW)
    assert response.status == 200
    assert fields(response)["scope"] == "readings:read readings:write"


def test_parameters_in_the_query_alone_are_refused_and_told_where_they_belong(application):
    request = Request("POST", f"/token?{GOOD_BODY.decode()}", (("host", "x"),))
    assert "URL" in refused(application, request, "invalid_request")


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "post", "Post", "FOO"])
def test_any_method_but_post_is_refused_with_allow(application, method):
    response = application.handle(Request(method, "/token", token_request().headers, GOOD_BODY), NOW)
    assert response.status == 405
    assert response.header("allow") == "POST"
    assert response.header("cache-control") == "no-store"
    assert fields(response)["error"] == "invalid_request"
    assert "POST" in fields(response)["error_description"]


def test_get_with_parameters_is_told_that_logs_keep_urls(application):
    response = application.handle(Request("GET", f"/token?{GOOD_BODY.decode()}", (("host", "x"),)), NOW)
    assert "logs keep URLs" in fields(response)["error_description"]
    assert "secret456" not in response.body.decode()


@pytest.mark.parametrize(
    "content_type",
    [
        FORM,
        f"{FORM}; charset=UTF-8",
        f"{FORM};charset=utf-8",
        f'{FORM} ; charset="utf-8"',
        "Application/X-WWW-Form-Urlencoded",
    ],
)
def test_the_content_type_is_read_without_case_and_parameters(application, content_type):
    assert application.handle(token_request(content_type=content_type), NOW).status == 200


def test_a_json_body_is_told_that_it_is_json(application):
    body = json.dumps({"grant_type": "client_credentials"}).encode()
    for content_type in ("application/json", "application/json; charset=utf-8", "APPLICATION/JSON"):
        detail = refused(application, token_request(body, content_type=content_type), "invalid_request")
        assert "The body is JSON" in detail
        assert FORM in detail


@pytest.mark.parametrize("content_type", ["text/plain", "multipart/form-data; boundary=x", f"{FORM}, {FORM}", "form", ";"])
def test_any_other_content_type_is_refused_and_told_the_right_one(application, content_type):
    assert FORM in refused(application, token_request(content_type=content_type), "invalid_request")


def test_a_missing_content_type_is_refused_and_told_the_right_one(application):
    request = Request("POST", "/token", (("host", "x"),), GOOD_BODY)
    assert "no Content-Type" in refused(application, request, "invalid_request")


def test_two_content_types_are_refused(application):
    refused(application, token_request(GOOD_BODY, ("content-type", "application/json")), "invalid_request")


@pytest.mark.parametrize("body", [b"\xff", b"grant_type=%FF", b"a=%zz", b"\xc3\x28=1"])
def test_a_body_that_is_not_a_form_is_an_invalid_request(application, body):
    assert "not form-encoded" in refused(application, token_request(body), "invalid_request")


@pytest.mark.parametrize(
    "grant_type", ["password", "authorization_code", "Client_Credentials", "client_credentials ", "client-credentials"]
)
def test_a_grant_type_is_compared_exactly(application, grant_type):
    body = GOOD_BODY.replace(b"client_credentials", grant_type.replace(" ", "+").encode())
    assert grant_type[:5] in refused(application, token_request(body), "unsupported_grant_type")


def test_a_client_without_the_grant_is_an_unauthorized_client():
    clients = Clients()
    clients.register("web", "s", grant_types=("authorization_code",))
    application = Application(clients, lambda n: bytes(n))
    body = GRANT + b"&client_id=web&client_secret=s"
    refused(application, token_request(body), "unauthorized_client")


@pytest.mark.parametrize(
    ("asked", "granted"),
    [
        ("readings:read", "readings:read"),
        ("readings:write", "readings:write"),
        ("readings:write readings:read", "readings:write readings:read"),
        ("readings:read readings:read", "readings:read"),
        ("readings:write readings:read readings:write", "readings:write readings:read"),
    ],
)
def test_scope_is_granted_as_asked_without_duplicates(application, asked, granted):
    assert fields(application.handle(with_scope(asked), NOW))["scope"] == granted


@pytest.mark.parametrize(
    "scope",
    ["admin", "readings:read admin", "Readings:Read", "readings:*", "readings:read,readings:write", "readings"],
)
def test_an_unknown_scope_is_refused_and_not_dropped(application, scope):
    assert "readings:read" in refused(application, with_scope(scope), "invalid_scope")


@pytest.mark.parametrize(
    "scope", [" readings:read", "readings:read ", "readings:read  readings:write", " ", "a\tb", "é", 'a"b', "a\\b", "a\n"]
)
def test_a_malformed_scope_is_refused(application, scope):
    refused(application, with_scope(scope), "invalid_scope")


def test_a_client_may_not_ask_for_the_scope_of_another(application):
    body = GRANT + b"&client_id=dashboard&client_secret=dashboard-secret&scope=readings%3Awrite"
    refused(application, token_request(body), "invalid_scope")


@pytest.mark.parametrize("body", [GRANT, GRANT + b"&scope=readings:read"])
def test_a_client_without_any_scope_gets_no_token(body):
    """RFC 6749 §3.3: scope = scope-token *( SP scope-token ), so there is no empty one to grant."""
    clients = Clients()
    clients.register("none", "s", scopes=())
    application = Application(clients, random.Random(1).randbytes)
    refused(application, token_request(body + b"&client_id=none&client_secret=s"), "invalid_scope")


def test_expires_in_is_the_lifetime_of_the_client():
    clients = Clients()
    clients.register("short", "s", token_lifetime=5)
    application = Application(clients, random.Random(1).randbytes)
    response = application.handle(token_request(GRANT + b"&client_id=short&client_secret=s"), NOW)
    assert fields(response)["expires_in"] == 5


def test_a_form_of_many_parameters_is_read_in_reasonable_time(application):
    body = GOOD_BODY + b"".join(b"&p%d=1" % number for number in range(6000))
    assert application.handle(token_request(body), NOW).status == 200


def test_json_that_curl_labels_a_form_is_told_that_it_is_json(application):
    response = application.handle(token_request(b'{"grant_type": "client_credentials"}'), NOW)
    assert (response.status, fields(response)["error"]) == (400, "invalid_request")
    assert "The body is JSON" in fields(response)["error_description"]


def test_a_form_that_is_labelled_json_is_told_what_its_label_says(application):
    response = application.handle(token_request(content_type="application/json"), NOW)
    assert "The Content-Type is application/json" in fields(response)["error_description"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"grant_type=client_credentials\n&client_id=myapp123\n&client_secret=secret456", "a form is one line"),
        (b"grant_type=client_credentials&client_id=____&client_secret=____", "client_id' is still a blank"),
    ],
    ids=["form on several lines", "blanks not filled in"],
)
def test_a_typing_error_in_the_form_is_named(application, body, said):
    assert said in refused(application, token_request(body), "invalid_request")


def test_spaces_around_a_parameter_name_are_named(application):
    body = b"grant_type=client_credentials&client_id =myapp123&client_secret =secret456"
    response = application.handle(token_request(body), NOW)
    assert (response.status, fields(response)["error"]) == (401, "invalid_client")
    assert "with a space in its name" in fields(response)["error_description"]

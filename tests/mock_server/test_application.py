import random

import pytest

from mock_server.application import Application
from mock_server.oauth.clients import teaching_clients
from mock_server.web.messages import Request
from plain_client import GOOD_BODY, NOW, api_request, fields, token_request


def seeded(seed=1):
    return Application(teaching_clients(), random.Random(seed).randbytes)


def test_the_same_requests_get_the_same_bytes_from_the_same_seed():
    requests = [token_request(), api_request("GET", "/"), token_request(b"x"), token_request(), api_request("GET", "/api/stations")]
    one, two = seeded(), seeded()
    assert [one.handle(request, NOW) for request in requests] == [two.handle(request, NOW) for request in requests]


def test_another_seed_gives_other_tokens():
    assert seeded(1).handle(token_request(), NOW) != seeded(2).handle(token_request(), NOW)


def test_the_root_says_that_this_is_a_teaching_server(application):
    response = application.handle(api_request("GET", "/"), NOW)
    assert response.status == 200
    assert "never use it for anything real" in fields(response)["warning"]
    assert fields(response)["endpoints"] == [
        "/token",
        "/oauth2/token",
        "/introspect",
        "/revoke",
        "/jwks",
        "/.well-known/oauth-authorization-server",
        "/authorize",
        "/register",
        "/register/{client_id}",
        "/api/stations",
        "/api/readings",
        "/api/readings/{id}",
        "/mcp",
        "/.well-known/oauth-protected-resource/api",
        "/openapi.json",
        "/.well-known/oauth-protected-resource/mcp",
    ]


def test_the_root_can_only_be_read(application):
    response = application.handle(api_request("POST", "/"), NOW)
    assert response.status == 405
    assert response.header("allow") == "GET, HEAD"


@pytest.mark.parametrize(
    "target", ["/Token", "/token/", "//token", "/oauth/token", "/%74oken", "/token%20", "/x?y", "", "*", "/../token", "/é\"\\\r\n"]
)
def test_anything_else_is_a_404_that_lists_what_is_here(application, target):
    response = application.handle(Request("POST", target, token_request().headers, GOOD_BODY), NOW)
    assert response.status == 404
    assert response.header("content-type") == "application/problem+json"
    assert "/oauth2/token" in fields(response)["detail"]


def test_a_404_repeats_the_path_as_it_was_sent(application):
    assert "nothing at /token%20 " not in fields(application.handle(api_request("GET", "/other"), NOW))["detail"]
    assert "nothing at /token%20." in fields(application.handle(api_request("GET", "/token%20"), NOW))["detail"]


def test_a_404_for_an_endless_path_is_short(application):
    response = application.handle(api_request("GET", "/" + "a" * 30_000), NOW)
    assert response.status == 404
    assert len(response.body) < 600


@pytest.mark.parametrize(
    ("version", "hosts", "status"),
    [("1.1", 1, 200), ("1.1", 0, 400), ("1.1", 2, 400), ("1.0", 0, 200), ("1.0", 1, 200), ("1.0", 2, 400)],
)
def test_a_request_of_http_1_1_has_one_host_and_none_has_several(application, version, hosts, status):
    request = Request("GET", "/", (("host", "x"),) * hosts, version=version)
    response = application.handle(request, NOW)
    assert response.status == status
    if status == 400:
        assert str(hosts) in fields(response)["detail"]


def test_every_answer_has_its_date_and_length(application):
    for request in (token_request(), api_request("GET", "/"), api_request("GET", "/nowhere"), api_request("GET", "/api/stations")):
        response = application.handle(request, NOW)
        assert response.header_lines("content-length") == [str(len(response.body))]
        assert response.header_lines("date") == ["Thu, 01 Jan 2026 12:00:00 GMT"]
        assert len(response.header_lines("content-type")) == 1


def test_two_applications_share_nothing():
    one, two = seeded(), seeded()
    token = fields(one.handle(token_request(), NOW))["access_token"]
    request = api_request("GET", "/api/stations", ("authorization", f"Bearer {token}"))
    assert one.handle(request, NOW).status == 200
    assert two.handle(request, NOW).status == 401

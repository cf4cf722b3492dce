import pytest

from mock_server.oauth.access_tokens import AccessTokens
from plain_client import FORM, GRANT, NOW, api_request, basic, fields, token_request

OWN = basic("myapp123:secret456")


def token_of(application, client_id):
    body = GRANT + b"&client_secret=secret456&client_id=" + client_id.encode()
    return fields(application.handle(token_request(body), NOW))["access_token"]


def revoke(application, token, *headers, hint=""):
    body = f"token={token}{hint}".encode()
    return application.handle(api_request("POST", "/revoke", ("content-type", FORM), *headers, body=body), NOW)


def stations(application, token):
    return application.handle(api_request("GET", "/api/stations", ("authorization", f"Bearer {token}")), NOW)


@pytest.mark.parametrize("client_id", ["myapp123", "jwt-app"])
def test_a_revoked_token_opens_nothing_and_the_api_says_why(application, client_id):
    token, kept = token_of(application, client_id), token_of(application, client_id)
    response = revoke(application, token, basic(f"{client_id}:secret456"))
    assert (response.status, response.body, response.header("cache-control")) == (200, b"", "no-store")
    refused = stations(application, token)
    assert refused.status == 401
    assert 'error="invalid_token", error_description="The access token was revoked' in refused.header("www-authenticate")
    assert stations(application, kept).status == 200


@pytest.mark.parametrize("hint", ["", "&token_type_hint=access_token", "&token_type_hint=refresh_token", "&token_type_hint=x"])
def test_the_hint_does_not_matter(application, hint):
    token = token_of(application, "myapp123")
    assert revoke(application, token, OWN, hint=hint).status == 200
    assert stations(application, token).status == 401


@pytest.mark.parametrize("token", ["unknown", "a.b.c", "%C3%A9"])
def test_an_invalid_token_is_no_error_for_it_is_not_good_already(application, token):
    assert revoke(application, token, OWN).status == 200


def test_a_token_revoked_twice_is_no_error(application):
    token = token_of(application, "myapp123")
    assert [revoke(application, token, OWN).status for _ in range(2)] == [200, 200]


def test_the_token_of_another_client_stays_good(application):
    token = token_of(application, "myapp123")
    for other in (basic("abc123:secret456"), basic("stations-api:stations-secret")):
        response = revoke(application, token, other)
        assert (response.status, fields(response)["error"]) == (400, "unauthorized_client")
    assert stations(application, token).status == 200


def test_whoever_does_not_prove_who_it_is_revokes_nothing(application):
    token = token_of(application, "myapp123")
    for headers in ((), (basic("myapp123:wrong"),)):
        assert revoke(application, token, *headers).status == 401
    assert stations(application, token).status == 200


def test_without_a_token_the_request_is_told_so(application):
    response = revoke(application, "", OWN)
    assert (response.status, fields(response)["error"]) == (400, "invalid_request")


def test_any_method_but_post_is_refused(application):
    response = application.handle(api_request("DELETE", "/revoke", OWN), NOW)
    assert (response.status, response.header("allow")) == (405, "POST")


def test_where_no_more_revocations_fit_the_client_is_told_that_the_token_lives(application, monkeypatch):
    monkeypatch.setattr(AccessTokens, "MOST_REVOKED", 0)
    response = revoke(application, token_of(application, "myapp123"), OWN)
    # RFC 7009 §2.2.1
    assert (response.status, response.header("retry-after")) == (503, "3600")

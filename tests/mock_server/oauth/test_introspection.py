import pytest

from mock_server.oauth.clients import READ
from plain_client import FORM, GRANT, NOW, api_request, basic, fields, token_request

API = basic("stations-api:stations-secret")


def token_of(application, client_id="myapp123", more=b"", now=NOW):
    body = GRANT + b"&client_secret=secret456&client_id=" + client_id.encode() + more
    return fields(application.handle(token_request(body), now))["access_token"]


def ask(application, body, *headers, now=NOW, method="POST", form=FORM):
    return application.handle(api_request(method, "/introspect", ("content-type", form), *headers, body=body), now)


def about(application, token, *headers, now=NOW):
    response = ask(application, b"token=" + token.encode(), *(headers or (API,)), now=now)
    assert response.status == 200
    return fields(response)


def test_an_active_opaque_token_is_described(application):
    token = token_of(application, more=b"&scope=readings:read")
    assert about(application, token) == {
        "active": True,
        "scope": READ,
        "client_id": "myapp123",
        "token_type": "Bearer",
        "exp": int(NOW) + 3600,
        "iat": int(NOW),
        "sub": "myapp123",
        "aud": f"{application.issuer}/api",
        "iss": application.issuer,
    }


def test_a_jwt_is_described_as_it_describes_itself(application):
    members = about(application, token_of(application, "jwt-app"))
    assert members["active"] is True and members["client_id"] == "jwt-app" and members["jti"]


def test_a_resource_server_may_ask_about_any_token_and_a_client_about_its_own(application):
    token = token_of(application)
    assert about(application, token, API)["active"] is True
    assert about(application, token, basic("myapp123:secret456"))["active"] is True
    # RFC 7662 §2.2: not allowed to know about this token is "active": false, and no error.
    assert about(application, token, basic("abc123:secret456")) == {"active": False}


@pytest.mark.parametrize("client_id", ["myapp123", "jwt-app"])
def test_of_a_token_that_is_no_longer_good_nothing_more_is_said(application, client_id):
    expired, revoked = token_of(application, client_id, now=NOW - 3600), token_of(application, client_id)
    application.authorization_server.tokens.revoke(revoked, NOW)
    for token in (expired, revoked, "unknown", "a.b.c", "é"):
        assert about(application, token) == {"active": False}


def test_a_token_of_another_resource_names_it(application):
    token = token_of(application, more=f"&resource={application.issuer}/mcp".encode())
    assert about(application, token)["aud"] == f"{application.issuer}/mcp"


def test_a_hint_that_nobody_knows_changes_nothing(application):
    response = ask(application, f"token={token_of(application)}&token_type_hint=refresh_token".encode(), API)
    assert fields(response)["active"] is True


def test_the_answer_is_not_kept_by_caches(application):
    assert ask(application, b"token=x", API).header("cache-control") == "no-store"


@pytest.mark.parametrize("headers", [(), (basic("stations-api:wrong"),), (("authorization", "Bearer x"),)])
def test_whoever_does_not_prove_who_it_is_learns_nothing(application, headers):
    response = ask(application, f"token={token_of(application)}".encode(), *headers)
    assert (response.status, fields(response)["error"]) == (401, "invalid_client")
    assert response.header("www-authenticate").startswith("Basic ")


def test_a_public_client_proves_nothing(application):
    response = ask(application, b"token=x&client_id=browser-app")
    assert (response.status, fields(response)["error"]) == (401, "invalid_client")


@pytest.mark.parametrize(
    ("body", "form", "words"),
    [
        (b"", FORM, "token is missing"),
        (b"token=", FORM, "token is missing"),
        (b'{"token": "x"}', "application/json", "introspection endpoint reads only forms"),
        (b"token=a&token=b", FORM, "2 times"),
    ],
)
def test_a_request_that_is_not_one_is_told_what_is_wrong(application, body, form, words):
    response = ask(application, body, API, form=form)
    assert (response.status, fields(response)["error"]) == (400, "invalid_request")
    assert words in fields(response)["error_description"]


def test_a_token_in_the_url_is_not_read(application):
    response = application.handle(api_request("GET", f"/introspect?token={token_of(application)}", API), NOW)
    assert (response.status, response.header("allow")) == (405, "POST")
    assert "An introspection request" in fields(response)["error_description"]


def test_a_resource_server_gets_no_token_for_itself(application):
    response = application.handle(token_request(GRANT, API), NOW)
    assert fields(response)["error"] == "unauthorized_client"


@pytest.mark.parametrize("client_id", ["myapp123", "jwt-app"])
def test_no_token_is_active_past_its_exp(application, client_id):
    issued = NOW + 0.7
    token = token_of(application, client_id, now=issued)
    for now in (issued, issued + 3598.9, issued + 3599.5, issued + 3600):
        members = about(application, token, now=now)
        assert not members["active"] or now < members["exp"]

"""What other authorization servers and test servers were measured to get wrong, one by one, and right here: over the wire.

The peers: Authlib, django-oauth-toolkit, node oidc-provider, oauth2-mock-server and basic-oauth2-server of npm,
navikt/mock-oauth2-server, nanoidp, ory/hydra. Each test names those that got it wrong.
"""

from collections.abc import Callable
from contextlib import closing
from http.client import HTTPConnection

import pytest

from mock_server import start
from mock_server.web.messages import Request, Response
from plain_client import FORM, GOOD_BODY, GRANT, api_request, basic, fields, token_request

RIGHT = basic("myapp123:secret456")
WRONG = basic("myapp123:wrong")


@pytest.fixture(scope="module")
def server():
    with start(0) as server:
        yield server


@pytest.fixture
def send(server) -> Callable[[Request], Response]:
    def send(request):
        own = {name: value for name, value in request.headers if name != "host"}
        with closing(HTTPConnection("127.0.0.1", server.port, timeout=5)) as connection:
            connection.request(request.method, request.target, request.body or None, own)
            answer = connection.getresponse()
            return Response(answer.status, tuple(answer.getheaders()), answer.read())

    return send


@pytest.fixture
def ask(send) -> Callable[..., Response]:
    return lambda body, *headers: send(token_request(body, *headers))


def error(response) -> tuple[int, str]:
    return response.status, fields(response)["error"]


# Authlib, django-oauth-toolkit and nanoidp take the first or the last; node oidc-provider overlooks unknown names.
@pytest.mark.parametrize("name", ["grant_type", "client_id", "scope", "unknown"])
def test_a_parameter_must_not_be_included_more_than_once(ask, name):
    assert error(ask(GOOD_BODY + f"&{name}=x&{name}=x".encode())) == (400, "invalid_request")


# Authlib and django-oauth-toolkit try one after the other.
def test_a_client_must_not_use_more_than_one_authentication_method_in_a_request(ask):
    assert error(ask(GOOD_BODY, RIGHT)) == (400, "invalid_request")


# Authlib decodes Basic with unquote, so that a + stays a +; nanoidp does not decode it. oidc-provider#267 fell over a %.
@pytest.mark.parametrize(
    ("pair", "status"),
    [
        ("station%3A7+north:p%2Bq+r%26%25%2F%3D", 200),
        ("station%3A7%20north:p%2Bq%20r%26%25%2F%3D", 200),
        ("station%3A7 north:p+q r&%25/=", 401),
        ("station:7 north:p+q r&%/=", 401),
        ("myapp123:%", 401),
    ],
)
def test_id_and_secret_are_form_encoded_inside_basic(ask, pair, status):
    assert ask(GRANT, basic(pair)).status == status


# django-oauth-toolkit compares it letter by letter.
@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC"])
def test_the_name_of_an_authentication_scheme_has_no_case(ask, scheme):
    assert ask(GRANT, ("authorization", RIGHT[1].replace("Basic", scheme))).status == 200


# django-oauth-toolkit answers a failed Basic with a challenge for Bearer; basic-oauth2-server and hydra send none.
@pytest.mark.parametrize("headers", [(WRONG,), (basic("nobody:x"),), (basic("no colon"),), (("authorization", "Basic %%"),)])
def test_a_failed_basic_is_a_401_with_the_scheme_that_the_client_used(ask, headers):
    response = ask(GRANT, *headers)
    assert error(response) == (401, "invalid_client")
    assert response.header("www-authenticate").startswith("Basic ")


def test_a_wrong_secret_in_the_body_is_a_401_with_a_challenge_too(ask):
    response = ask(GOOD_BODY.replace(b"secret456", b"wrong"))
    assert error(response) == (401, "invalid_client")
    assert response.header("www-authenticate")


# Authlib calls it unsupported_grant_type.
def test_a_missing_grant_type_is_an_invalid_request(ask):
    assert error(ask(b"scope=readings:read", RIGHT)) == (400, "invalid_request")


# node oidc-provider calls it invalid_request.
def test_a_client_that_may_not_use_this_grant_is_an_unauthorized_client(server, ask):
    server.clients.register("other", "s", grant_types=("authorization_code",))
    assert error(ask(GRANT, basic("other:s"))) == (400, "unauthorized_client")


# node oidc-provider drops it in silence.
@pytest.mark.parametrize("scope", [b"everything", b"readings:read+everything"])
def test_an_unknown_scope_is_an_invalid_scope(ask, scope):
    assert error(ask(GRANT + b"&scope=" + scope, RIGHT)) == (400, "invalid_scope")


# oauth2-mock-server and navikt/mock-oauth2-server take any.
@pytest.mark.parametrize("secret", ["", "wrong", "secret4567", "SECRET456", "secret456 "])
def test_only_the_right_secret_is_right(ask, secret):
    assert error(ask(GRANT, basic(f"myapp123:{secret}"))) == (401, "invalid_client")


# navikt/mock-oauth2-server and basic-oauth2-server leave it out.
@pytest.mark.parametrize(("body", "status"), [(GOOD_BODY, 200), (b"", 401), (GOOD_BODY + b"&scope=x", 400)])
def test_whatever_may_hold_a_token_is_not_kept_by_caches(ask, body, status):
    response = ask(body)
    assert (response.status, response.header("cache-control")) == (status, "no-store")


def test_an_api_gives_no_error_code_to_whoever_sent_no_token(send):
    challenge = send(api_request("GET", "/api/stations")).header("www-authenticate")
    assert challenge.startswith("Bearer ") and "error" not in challenge


# Authlib's resource protector sends a bare 403.
def test_an_insufficient_scope_has_a_challenge_that_names_the_scope(send, ask):
    token = fields(ask(GRANT + b"&scope=readings:read", RIGHT))["access_token"]
    headers = (("authorization", f"Bearer {token}"), ("content-type", "application/json"))
    response = send(api_request("POST", "/api/readings", *headers, body=b"{}"))
    assert response.status == 403
    assert 'error="insufficient_scope"' in response.header("www-authenticate")
    assert 'scope="readings:write"' in response.header("www-authenticate")


# authlib/authlib#595: an id with a colon, cut at the first one.
def test_an_id_may_hold_a_colon(send):
    body = GRANT + b"&client_id=station%3A7+north&client_secret=p%2Bq+r%26%25%2F%3D"
    for request in (token_request(body), token_request(GRANT, basic("station%3A7+north:p%2Bq+r%26%25%2F%3D"))):
        assert send(request).status == 200


# A form with a charset is a form (RFC 9110 §8.3.1); a media type has no case.
@pytest.mark.parametrize("kind", [FORM, FORM.upper(), f"{FORM};charset=UTF-8", f'{FORM} ; charset="utf-8"'])
def test_the_media_type_is_read_with_its_parameters_and_without_case(send, kind):
    assert send(token_request(content_type=kind)).status == 200

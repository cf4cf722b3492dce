import random
import re

import pytest

from mock_server.application import Application
from mock_server.oauth.clients import teaching_clients
from plain_client import GRANT, NOW, api_request, basic, fields, token_request

# RFC 6750 §3: each attribute is a quoted string, and error_description is of %x20-21 / %x23-5B / %x5D-7E.
METADATA = "http://127.0.0.1:9400/.well-known/oauth-protected-resource/api"
CHALLENGE = re.compile(r'Bearer \w+="[\x20-\x21\x23-\x5b\x5d-\x7e]*"(, \w+="[\x20-\x21\x23-\x5b\x5d-\x7e]*")*')


@pytest.fixture
def token(application):
    return token_for(application, b"myapp123", b"secret456")


def token_for(application, client_id, secret, scope=b""):
    body = GRANT + b"&client_id=" + client_id + b"&client_secret=" + secret + b"&scope=" + scope
    return fields(application.handle(token_request(body), NOW))["access_token"]


def stations(application, *headers, target="/api/stations", now=NOW, method="GET"):
    return application.handle(api_request(method, target, *headers), now)


def challenge(response):
    """The attributes of the one challenge."""
    (value,) = response.header_lines("www-authenticate")
    assert CHALLENGE.fullmatch(value)
    return dict(re.findall(r'(\w+)="([^"]*)"', value))


def test_a_token_opens_the_api(application, token):
    assert stations(application, ("authorization", f"Bearer {token}")).status == 200


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "Bearer  "])
def test_the_scheme_name_is_read_without_case(application, token, scheme):
    assert stations(application, ("authorization", f"{scheme} {token}")).status == 200


@pytest.mark.parametrize("headers", [(), (basic("myapp123:secret456"),), (("authorization", ""),), (("authorization", "é"),)])
def test_without_a_token_there_is_a_challenge_and_no_error_code(application, headers):
    response = stations(application, *headers)
    assert response.status == 401
    assert challenge(response) == {"realm": "stations", "resource_metadata": METADATA}


@pytest.mark.parametrize(
    "value",
    ["Bearer", "Bearer ", "Bearer a b", 'Bearer "abc"', "Bearer abc,def", "Bearer a=b", "Bearer é", "Bearer abc\xa0", "Bearer \x85abc"],
)
def test_a_malformed_bearer_header_is_an_invalid_request(application, value):
    response = stations(application, ("authorization", value))
    assert response.status == 400
    assert challenge(response)["error"] == "invalid_request"


def test_a_token_with_anything_behind_it_is_an_invalid_request(application, token):
    for behind in (", Basic eDp5", " x", "\xa0", '"'):
        response = stations(application, ("authorization", f"Bearer {token}{behind}"))
        assert (response.status, challenge(response)["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("other", ["Bearer abc", "Basic eDp5", "{same}"])
def test_two_authorization_headers_are_an_invalid_request(application, token, other):
    both = [("authorization", f"Bearer {token}"), ("authorization", other.format(same=f"Bearer {token}"))]
    for headers in (both, both[::-1]):
        response = stations(application, *headers)
        assert (response.status, challenge(response)["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("value", ["abc", "=", "A" * 32, "A" * 30_000])
def test_a_token_that_was_never_issued_is_an_invalid_token(application, value):
    response = stations(application, ("authorization", f"Bearer {value}"))
    if value == "=":
        assert challenge(response)["error"] == "invalid_request"
        return
    assert response.status == 401
    assert challenge(response)["error"] == "invalid_token"
    assert value not in response.body.decode()


def test_a_token_is_compared_with_case(application, token):
    response = stations(application, ("authorization", f"Bearer {token.swapcase()}"))
    assert challenge(response)["error"] == "invalid_token"


def test_a_token_of_another_server_is_an_invalid_token(application):
    other = Application(teaching_clients(), random.Random(2).randbytes)
    token = token_for(other, b"myapp123", b"secret456")
    response = stations(application, ("authorization", f"Bearer {token}"))
    assert challenge(response)["error"] == "invalid_token"


def test_a_token_is_good_until_expires_in_has_passed_and_not_longer(application, token):
    header = ("authorization", f"Bearer {token}")
    assert stations(application, header, now=NOW + 3599.9).status == 200
    expired = stations(application, header, now=NOW + 3600)
    assert expired.status == 401
    assert challenge(expired)["error"] == "invalid_token"
    assert "expired" in fields(stations(application, header, now=NOW + 3660))["detail"]


def test_insufficient_scope_is_a_403_that_names_the_scope(application):
    token = token_for(application, b"dashboard", b"dashboard-secret")
    response = stations(application, ("authorization", f"Bearer {token}"), target="/api/readings", method="POST")
    assert response.status == 403
    attributes = challenge(response)
    assert attributes["error"] == "insufficient_scope"
    assert attributes["scope"] == "readings:write"
    assert "readings:read" in attributes["error_description"]


def test_a_token_for_writing_alone_may_not_read(application):
    token = token_for(application, b"myapp123", b"secret456", b"readings%3Awrite")
    response = stations(application, ("authorization", f"Bearer {token}"))
    assert response.status == 403
    assert challenge(response)["scope"] == "readings:read"


def test_a_token_in_the_url_is_not_read_and_the_answer_says_why(application, token):
    response = stations(application, target=f"/api/stations?access_token={token}")
    assert response.status == 401
    assert challenge(response) == {"realm": "stations", "resource_metadata": METADATA}
    assert "URL" in fields(response)["detail"]
    assert token not in response.body.decode()


def test_a_token_in_a_form_body_is_not_read(application, token):
    headers = (("content-type", "application/x-www-form-urlencoded"),)
    response = application.handle(api_request("POST", "/api/readings", *headers, body=f"access_token={token}".encode()), NOW)
    assert response.status == 401


def test_another_scheme_is_named_in_characters_that_a_header_allows(application):
    response = stations(application, ("authorization", 'Di"g\xe9st x'))
    assert "Di'g?st" in fields(response)["detail"]
    assert challenge(response) == {"realm": "stations", "resource_metadata": METADATA}


def test_a_token_without_the_word_bearer_is_told_so_and_not_repeated(application, token):
    response = stations(application, ("Authorization", token))
    assert "error=" not in challenge(response)
    assert "the word Bearer is missing" in fields(response)["detail"]
    assert token[:8] not in fields(response)["detail"]


def test_whoever_used_the_scheme_dpop_is_challenged_in_it(application, token):
    for value in ("DPoP unknown", "dpop unknown"):
        response = stations(application, ("authorization", value))
        assert response.header("www-authenticate").startswith('DPoP realm="stations", algs="ES256 ')
    late = stations(application, ("authorization", f"DPoP {token}"), now=NOW + 3600)
    assert 'DPoP realm="stations"' in late.header("www-authenticate") and "expired" in late.header("www-authenticate")


def test_a_token_in_the_header_and_in_the_url_is_an_invalid_request(application, token):
    response = stations(application, ("authorization", f"Bearer {token}"), target=f"/api/stations?access_token={token}")
    assert (response.status, challenge(response)["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("query", ["my_access_token=1", "note=access_token=1", "access_tokens=1"])
def test_a_parameter_whose_name_only_looks_like_it_is_no_token_in_the_url(application, token, query):
    assert stations(application, ("authorization", f"Bearer {token}"), target=f"/api/stations?{query}").status == 200

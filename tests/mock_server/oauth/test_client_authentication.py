from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.oauth.client_authentication import AuthenticationRules, authenticate_client
from mock_server.oauth.clients import Clients, teaching_clients
from mock_server.oauth.oauth_errors import OAuthError
from mock_server.web.messages import Request
from plain_client import GOOD_BODY, GRANT, NOW, basic, fields, token_request

BODY_CREDENTIALS = b"client_id=myapp123&client_secret=secret456"


def refused(application, request, status, error):
    response = application.handle(request, NOW)
    assert response.status == status
    assert fields(response)["error"] == error
    return fields(response)["error_description"]


def test_a_client_may_send_its_credentials_as_http_basic(application):
    assert application.handle(token_request(GRANT, basic("myapp123:secret456")), NOW).status == 200


def test_a_client_may_send_its_credentials_in_the_body(application):
    assert application.handle(token_request(GRANT + b"&" + BODY_CREDENTIALS), NOW).status == 200


@pytest.mark.parametrize("scheme", ["Basic", "basic", "BASIC", "bAsIc"])
def test_the_scheme_name_is_read_without_case(application, scheme):
    name, value = basic("myapp123:secret456")
    request = token_request(GRANT, (name, value.replace("Basic", scheme)))
    assert application.handle(request, NOW).status == 200


def test_more_than_one_space_may_stand_after_the_scheme(application):
    name, value = basic("myapp123:secret456")
    assert application.handle(token_request(GRANT, (name, value.replace(" ", "   "))), NOW).status == 200


def test_both_parts_inside_basic_are_form_encoded(application):
    pair = "station%3A7+north:p%2Bq+r%26%25%2F%3D"
    assert application.handle(token_request(GRANT, basic(pair)), NOW).status == 200


@pytest.mark.parametrize(
    "pair",
    [
        "station:7 north:p+q r&%/=",
        "station%3A7+north:p+q+r%26%25%2F%3D",
        "station%3A7+north:p+q r&%25/=",
        "station:7+north:p%2Bq+r%26%25%2F%3D",
    ],
)
def test_reserved_characters_left_raw_inside_basic_are_refused(application, pair):
    refused(application, token_request(GRANT, basic(pair)), 401, "invalid_client")


def test_a_raw_percent_inside_basic_is_explained(application):
    detail = refused(application, token_request(GRANT, basic("myapp123:100%")), 401, "invalid_client")
    assert "form-encoded" in detail
    assert "2.3.1" in detail


@pytest.mark.parametrize("encoded", ["%6Dyapp123:secret45%36", "myapp123:secret%34%35%36"])
def test_characters_that_need_no_encoding_may_be_encoded_all_the_same(application, encoded):
    assert application.handle(token_request(GRANT, basic(encoded)), NOW).status == 200


@pytest.mark.parametrize(
    "value",
    [
        "Basic",
        "Basic ",
        "Basic !!!!",
        "Basic bXlhcHAxMjM6c2VjcmV0NDU",
        "Basic bXlhcHAx MjM6c2VjcmV0NDU2",
        "Basic bXlhcHAxMjM6c2VjcmV0NDU2, Basic eDp5",
        "Basic myapp123:secret456",
        "Basic //79",
        "Basic \xe9\xe9\xe9\xe9",
        "Basic \xb2",
        "Basic " + "A" * 20_000,
        "",
        " ",
        "bXlhcHAxMjM6c2VjcmV0NDU2",
        "Bearer abc",
        'Digest username="myapp123"',
        "Basicly bXlhcHAxMjM6c2VjcmV0NDU2",
        "\0",
    ],
)
def test_an_authorization_that_cannot_be_read_is_an_invalid_client_with_a_challenge(application, value):
    response = application.handle(token_request(GRANT, ("authorization", value)), NOW)
    assert response.status == 401
    assert fields(response)["error"] == "invalid_client"
    assert response.header_lines("www-authenticate") == ['Basic realm="token endpoint"']


def test_basic_without_a_colon_says_so(application):
    assert "no colon" in refused(application, token_request(GRANT, basic("myapp123")), 401, "invalid_client")


def test_basic_that_is_not_base64_says_so(application):
    request = token_request(GRANT, ("authorization", "Basic myapp123:secret456"))
    assert "base64" in refused(application, request, 401, "invalid_client")


def test_credentials_without_the_word_basic_are_told_so_and_not_repeated(application):
    credentials = basic("myapp123:secret456")[1].removeprefix("Basic ")
    detail = refused(application, token_request(GRANT, ("authorization", credentials)), 401, "invalid_client")
    assert "scheme is missing" in detail
    assert credentials[:8] not in detail


def test_only_the_first_colon_inside_basic_separates():
    clients = Clients()
    clients.register("a", "b:c")
    from mock_server.application import Application

    application = Application(clients, lambda n: bytes(n))
    assert application.handle(token_request(GRANT, basic("a:b:c")), NOW).status == 200


def test_two_methods_at_once_are_refused_even_when_both_are_right(application):
    request = token_request(GOOD_BODY, basic("myapp123:secret456"))
    assert "more than once" in refused(application, request, 400, "invalid_request")


def test_two_authorization_headers_are_refused(application):
    request = token_request(GRANT, basic("myapp123:secret456"), basic("myapp123:secret456"))
    refused(application, request, 400, "invalid_request")


def test_client_id_in_the_body_may_repeat_the_one_in_basic(application):
    request = token_request(GRANT + b"&client_id=myapp123", basic("myapp123:secret456"))
    assert application.handle(request, NOW).status == 200


def test_client_id_in_the_body_may_not_name_another_client(application):
    request = token_request(GRANT + b"&client_id=abc123", basic("myapp123:secret456"))
    refused(application, request, 400, "invalid_request")


def test_an_empty_secret_in_the_body_beside_basic_counts_as_omitted(application):
    request = token_request(GRANT + b"&client_secret=", basic("myapp123:secret456"))
    assert application.handle(request, NOW).status == 200


@pytest.mark.parametrize(
    ("wrong_secret", "unknown_client"),
    [
        (
            token_request(GRANT, basic("myapp123:wrong")),
            token_request(GRANT, basic("nobody:secret456")),
        ),
        (
            token_request(GRANT + b"&client_id=myapp123&client_secret=wrong"),
            token_request(GRANT + b"&client_id=nobody&client_secret=secret456"),
        ),
        (
            token_request(GRANT + b"&client_id=browser-app&client_secret=x"),
            token_request(GRANT + b"&client_id=nobody&client_secret=x"),
        ),
        (
            token_request(GRANT + b"&client_id=myapp123"),
            token_request(GRANT + b"&client_id=nobody"),
        ),
    ],
    ids=["basic", "body", "public", "no-secret"],
)
def test_an_unknown_client_and_a_wrong_secret_get_the_same_answer_byte_for_byte(
    application, wrong_secret, unknown_client
):
    first = application.handle(wrong_secret, NOW)
    assert first.status == 401
    assert first == application.handle(unknown_client, NOW)


def test_the_answer_to_a_wrong_secret_names_neither_secret_nor_client(application):
    detail = refused(application, token_request(GRANT, basic("myapp123:hunter2")), 401, "invalid_client")
    assert "hunter2" not in detail
    assert "myapp123" not in detail


@pytest.mark.parametrize(
    ("body", "hint"),
    [
        (GRANT, "does not say which client"),
        (GRANT + b"&client_id=myapp123", "client_id was sent without client_secret"),
        (GRANT + b"&client_id=myapp123&client_secret=", "client_id was sent without client_secret"),
        (GRANT + b"&client_secret=secret456", "client_secret was sent without client_id"),
    ],
)
def test_missing_credentials_are_named(application, body, hint):
    assert hint in refused(application, token_request(body), 401, "invalid_client")


def test_a_secret_in_the_url_is_not_read_and_the_answer_says_why(application):
    headers = token_request().headers
    request = Request("POST", "/token?client_id=myapp123&client_secret=secret456", headers, GRANT)
    detail = refused(application, request, 401, "invalid_client")
    assert "URL" in detail
    assert "secret456" not in detail


def test_a_public_client_is_identified_and_refused_the_grant(application):
    refused(application, token_request(GRANT + b"&client_id=browser-app"), 400, "unauthorized_client")


@pytest.mark.parametrize("pair", ["browser-app:", "browser-app:x"])
def test_a_public_client_cannot_authenticate_with_basic(application, pair):
    refused(application, token_request(GRANT, basic(pair)), 401, "invalid_client")


@pytest.mark.parametrize("name", ["é", "名前", "a\0b", "a\x85", "\N{KEY}"])
def test_client_ids_of_any_utf8_can_be_used_in_both_places(name):
    from mock_server.application import Application

    clients = teaching_clients()
    clients.register(name, name)
    application = Application(clients, lambda n: bytes(n))
    encoded = quote_plus(name)
    assert application.handle(token_request(GRANT, basic(f"{encoded}:{encoded}")), NOW).status == 200
    body = GRANT + f"&client_id={encoded}&client_secret={encoded}".encode()
    assert application.handle(token_request(body), NOW).status == 200


quick = settings(max_examples=150, deadline=None, derandomize=True, database=None)
text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)


@quick
@given(text, text, st.sampled_from([quote, quote_plus]))
def test_any_id_and_secret_pass_through_basic_when_each_is_form_encoded(client_id, secret, encode):
    clients = Clients()
    client = clients.register(client_id, secret)
    pair = f"{encode(client_id, safe='')}:{encode(secret, safe='')}"
    assert authenticate_client(token_request(GRANT, basic(pair)), {}, clients) is client


@quick
@given(st.binary(max_size=40).map(lambda raw: basic(raw)[1]) | st.text(st.characters(max_codepoint=255), max_size=40), st.booleans())
def test_any_other_authorization_is_an_invalid_client(authorization, lenient):
    with pytest.raises(OAuthError) as refusal:
        authenticate_client(token_request(GRANT, ("authorization", authorization)), {}, Clients(), NOW, AuthenticationRules(lenient_basic=lenient))
    assert refusal.value.error == "invalid_client"
    assert refusal.value.response().status == 401

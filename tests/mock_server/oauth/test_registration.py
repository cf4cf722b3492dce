import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.application import Application
from mock_server.oauth.clients import teaching_clients
from mock_server.oauth.registration import Registrations
from plain_client import GRANT, NOW, api_request, basic, fields, token_request

JSON = ("content-type", "application/json")


def register(application, metadata=None, method="POST", path="/register", token=None):
    body = metadata if isinstance(metadata, bytes) else json.dumps({} if metadata is None else metadata).encode()
    headers = (JSON, ("authorization", f"Bearer {token}")) if token is not None else (JSON,)
    return application.handle(api_request(method, path, *headers, body=body), NOW)


@pytest.fixture
def client(application):
    return fields(register(application, {"client_name": "Buoy", "scope": "readings:read"}))


def manage(application, client, method, metadata=None):
    path = f"/register/{client['client_id']}"
    return register(application, metadata, method, path, client["registration_access_token"])


def token_status(application, client):
    pair = basic(f"{client['client_id'].replace('=', '%3D')}:{client['client_secret'].replace('=', '%3D')}")
    return application.handle(token_request(GRANT, pair), NOW).status


def test_a_registered_client_gets_a_token(application, client):
    assert token_status(application, client) == 200


def test_the_response_contains_the_registered_metadata(application):
    response = register(application, {"client_name": "Buoy", "x": 1, "access_token_format": "jwt"})
    told = fields(response)
    assert response.status == 201
    assert response.header("cache-control") == "no-store"
    assert told["client_secret_expires_at"] == 0
    assert told["client_id_issued_at"] == NOW
    assert told["registration_client_uri"] == f"{application.issuer}/register/{told['client_id']}"
    assert (told["client_name"], told["scope"]) == ("Buoy", "readings:read readings:write")
    assert "x" not in told
    assert application.clients.find(told["client_id"]).access_token_format == "jwt"


@pytest.mark.parametrize(
    ("metadata", "error"),
    [
        ([], "invalid_client_metadata"),
        (b"{", "invalid_client_metadata"),
        (b"[" * 60_000, "invalid_client_metadata"),
        ({"grant_types": ["authorization_code"]}, "invalid_client_metadata"),
        ({"grant_types": "client_credentials"}, "invalid_client_metadata"),
        ({"response_types": ["code"]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "none"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": ["client_secret_basic"]}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "tls_client_auth"}, "invalid_client_metadata"),
        ({"scope": "admin"}, "invalid_client_metadata"),
        ({"scope": 1}, "invalid_client_metadata"),
        ({"jwks": {"keys": []}}, "invalid_client_metadata"),
        ({"jwks": {"keys": [{"kty": "EC", "d": "secret"}]}}, "invalid_client_metadata"),
        ({"jwks_uri": "https://x/y"}, "invalid_client_metadata"),
        ({"jwks": {"keys": [{"kty": "EC", "x5c": ["not_base64-"]}]}}, "invalid_client_metadata"),
        ({"jwks": {"keys": [{"kty": "EC", "x5c": "MAA="}]}}, "invalid_client_metadata"),
        ({"access_token_format": "paseto"}, "invalid_client_metadata"),
        ({"client_name": "a" * 9000}, "invalid_client_metadata"),
        ({"redirect_uris": ["/relative"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://x/#part"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["http://["]}, "invalid_redirect_uri"),
        ({"redirect_uris": "https://x"}, "invalid_redirect_uri"),
    ],
    ids=lambda value: str(value)[:50],
)
def test_invalid_metadata_is_a_400_with_the_code_of_section_3_2_2(application, metadata, error):
    response = register(application, metadata)
    assert (response.status, fields(response)["error"]) == (400, error)


def test_public_keys_are_kept(application):
    keys = {"keys": [{"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "key_ops": ["verify"]}]}
    told = fields(register(application, {"token_endpoint_auth_method": "private_key_jwt", "jwks": keys}))
    assert application.authorization_server.registrations.find(told["client_id"]).metadata["jwks"] == keys
    assert "client_secret" not in told


def test_nobody_registers_at_a_server_that_others_can_reach():
    application = Application(teaching_clients(), random.Random(1).randbytes, exposed=True)
    response = register(application)
    assert response.status == 403
    assert "loopback" in fields(response)["error_description"]


def test_the_number_of_clients_is_bounded_and_room_is_made_by_deleting(application, client, monkeypatch):
    monkeypatch.setattr(Registrations, "MOST_CLIENTS", 1)
    assert register(application).status == 503
    assert manage(application, client, "DELETE").status == 204
    assert register(application).status == 201


def test_a_client_reads_its_registration(application, client):
    told = fields(manage(application, client, "GET"))
    kept = {name: value for name, value in client.items() if not name.startswith("client_secret")}
    assert told == kept


def test_an_update_takes_the_place_of_the_whole_metadata(application, client):
    response = manage(application, client, "PUT", {"client_id": client["client_id"], "access_token_format": "jwt"})
    told = fields(response)
    assert response.status == 200
    assert "client_name" not in told
    assert told["scope"] == "readings:read readings:write"
    assert application.clients.find(client["client_id"]).access_token_format == "jwt"
    assert token_status(application, client) == 200


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "myapp123"},
        {"client_id": None},
        {"client_secret": "mine"},
        {"client_secret": "\ud800"},
        {"client_secret_expires_at": 0},
        {"registration_access_token": "x"},
    ],
    ids=repr,
)
def test_an_update_leaves_to_the_server_what_is_the_servers(application, client, change):
    response = manage(application, client, "PUT", {"client_id": client["client_id"]} | change)
    assert (response.status, fields(response)["error"]) == (400, "invalid_client_metadata")
    assert fields(manage(application, client, "GET"))["client_name"] == "Buoy"


def test_a_deleted_client_is_gone(application, client):
    assert manage(application, client, "DELETE").status == 204
    assert token_status(application, client) == 401
    assert manage(application, client, "GET").status == 401


@pytest.mark.parametrize("token_format", ["opaque", "jwt"])
def test_the_tokens_of_a_client_have_the_format_that_it_registered_and_end_with_it(application, token_format):
    client = fields(register(application, {"access_token_format": token_format, "token_endpoint_auth_method": "client_secret_post"}))
    body = GRANT + f"&client_id={client['client_id']}&client_secret={client['client_secret']}".encode()
    token = fields(application.handle(token_request(body), NOW))["access_token"]
    assert token.count(".") == {"opaque": 0, "jwt": 2}[token_format]

    def stations():
        return application.handle(api_request("GET", "/api/stations", ("authorization", f"Bearer {token}")), NOW)

    assert stations().status == 200
    assert manage(application, client, "DELETE").status == 204
    assert (stations().status, "no longer registered" in stations().header("www-authenticate")) == (401, True)


def test_a_wrong_token_and_an_unknown_client_get_the_same_401(application, client):
    other = fields(register(application))
    wrong = manage(application, client | {"registration_access_token": other["registration_access_token"]}, "GET")
    unknown = manage(application, other | {"client_id": "nobody"}, "GET")
    lesson = manage(application, other | {"client_id": "myapp123"}, "DELETE")
    assert wrong == unknown == lesson
    assert wrong.status == 401
    assert 'error="invalid_token"' in wrong.header("www-authenticate")
    without = register(application, method="GET", path=f"/register/{client['client_id']}")
    assert (without.status, without.header("www-authenticate")) == (401, 'Bearer realm="client registration"')


def test_a_client_that_the_server_no_longer_has_cannot_be_brought_back_by_its_token(application, client):
    """RFC 7592 §2.1: 401, and the registration access token is void."""
    application.clients.remove(client["client_id"])
    for method in ("GET", "PUT", "DELETE"):
        assert manage(application, client, method, {"client_id": client["client_id"]}).status == 401
    assert application.clients.find(client["client_id"]) is None


@pytest.mark.parametrize("asked", [1, 2])
def test_a_client_that_is_removed_while_it_updates_is_gone_and_no_fault_of_the_server(application, client, monkeypatch, asked):
    find, times = application.clients.find, iter(range(1, 9))

    def found(client_id):
        there = find(client_id)
        if next(times) == asked:
            application.clients.remove(client_id)
        return there

    monkeypatch.setattr(application.clients, "find", found)
    assert manage(application, client, "PUT", {"client_id": client["client_id"]}).status == 401
    assert find(client["client_id"]) is None


def test_an_update_to_signed_assertions_brings_a_secret_to_sign_with(application, client):
    change = {"client_id": client["client_id"], "token_endpoint_auth_method": "client_secret_jwt"}
    secret = fields(manage(application, client, "PUT", change))["client_secret"]
    assert application.clients.find(client["client_id"]).hmac_key == secret.encode("ascii")
    assert "client_secret" not in fields(manage(application, client, "PUT", change))
    assert fields(manage(application, client, "PUT", {"client_id": client["client_id"]})).get("client_secret") is None
    assert application.clients.find(client["client_id"]).hmac_key == b""
    assert token_status(application, client | {"client_secret": secret}) == 200


@pytest.mark.parametrize("member", ["d", "p", "q", "dp", "dq", "qi", "k"])
def test_no_private_part_of_a_key_is_taken(application, member):
    keys = {"keys": [{"kty": "RSA", "n": "x", "e": "AQAB", member: "secret"}]}
    assert "private" in fields(register(application, {"jwks": keys}))["error_description"]


def test_a_member_of_a_key_that_is_no_text_is_called_so(application):
    told = fields(register(application, {"jwks": {"keys": [{"kty": "EC", "x": 1}]}}))
    assert "A key in jwks" in told["error_description"]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
names = st.sampled_from(
    ["grant_types", "scope", "jwks", "redirect_uris", "response_types", "contacts", "client_name", "token_endpoint_auth_method"]
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(names, values, max_size=4) | values)
def test_whatever_is_sent_is_registered_or_refused_with_a_code(metadata):
    application = Application(teaching_clients(), random.Random(1).randbytes)
    response = register(application, metadata)
    assert response.status in (201, 400)
    assert ("client_id" in fields(response)) is (response.status == 201)

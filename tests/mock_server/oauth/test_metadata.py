import pytest
import requests
from authlib.oauth2.rfc8414 import AuthorizationServerMetadata

from mock_server import start
from plain_client import FORM, NOW, api_request, fields, token_request

SERVER = "/.well-known/oauth-authorization-server"
RESOURCE = "/.well-known/oauth-protected-resource"


def document(application, path):
    return fields(application.handle(api_request("GET", path), NOW))


def test_the_metadata_is_what_another_implementation_of_the_specification_takes():
    with start(0, tls=True) as server:
        metadata = requests.get(server.url + SERVER, verify=server.ca_file, timeout=5).json()
    # Authlib knows no server without a response type, although RFC 8414 §2 only asks for the member.
    AuthorizationServerMetadata(metadata | {"response_types_supported": ["code"]}).validate()


def test_every_endpoint_of_the_metadata_is_there(application):
    metadata = document(application, SERVER)
    endpoints = [name for name in metadata if name.endswith(("_endpoint", "_uri"))]
    assert len(endpoints) == 6
    for name in endpoints:
        path = metadata[name].removeprefix(application.issuer)
        assert application.handle(api_request("GET", path), NOW).status != 404, name


def test_a_server_without_tls_offers_no_certificates(application):
    metadata = document(application, SERVER)
    assert "tls_client_auth" not in metadata["token_endpoint_auth_methods_supported"]
    assert metadata["tls_client_certificate_bound_access_tokens"] is False
    with start(0, tls=True) as server:
        metadata = requests.get(server.url + SERVER, verify=server.ca_file, timeout=5).json()
        assert metadata["issuer"] == server.url
        assert "tls_client_auth" in metadata["token_endpoint_auth_methods_supported"]
        assert metadata["tls_client_certificate_bound_access_tokens"] is True


def test_the_value_none_is_not_among_the_signing_algorithms(application):
    metadata = document(application, SERVER)
    for endpoint in ("token", "introspection", "revocation"):
        algorithms = metadata[f"{endpoint}_endpoint_auth_signing_alg_values_supported"]
        assert algorithms and "none" not in algorithms


@pytest.mark.parametrize("path", ["/api", "/mcp"])
def test_the_resource_in_the_metadata_is_the_url_from_which_its_address_was_made(application, path):
    metadata = document(application, RESOURCE + path)
    # RFC 9728 §3.3: identical, or the metadata must not be used.
    assert metadata["resource"] == application.issuer + path
    assert metadata["authorization_servers"] == [application.issuer]


@pytest.mark.parametrize("path", ["/api/stations", "/mcp"])
def test_from_a_401_a_client_finds_its_way_to_a_token(application, path):
    method = "POST" if path == "/mcp" else "GET"
    challenge = application.handle(api_request(method, path), NOW).header("www-authenticate")
    metadata_url = challenge.partition('resource_metadata="')[2].partition('"')[0]
    resource = document(application, metadata_url.removeprefix(application.issuer))
    server = document(application, SERVER)
    assert server["issuer"] in resource["authorization_servers"]
    body = f"grant_type=client_credentials&client_id=myapp123&client_secret=secret456&resource={resource['resource']}"
    token_path = server["token_endpoint"].removeprefix(application.issuer)
    answer = application.handle(api_request("POST", token_path, ("content-type", FORM), body=body.encode()), NOW)
    bearer = ("authorization", f"Bearer {fields(answer)['access_token']}")
    assert application.handle(api_request(method, path, bearer), NOW).status not in (401, 403)


def test_a_documents_head_is_answered_and_a_post_is_not(application):
    for path in (SERVER, f"{RESOURCE}/api", "/jwks"):
        assert application.handle(api_request("HEAD", path), NOW).status == 200
        assert application.handle(api_request("POST", path), NOW).header("allow") == "GET, HEAD"


def test_the_key_set_has_the_media_type_of_rfc_7517(application):
    assert application.handle(api_request("GET", "/jwks"), NOW).header("content-type") == "application/jwk-set+json"


def test_whoever_looks_for_another_flow_is_told_that_there_is_none(application):
    response = application.handle(api_request("GET", "/authorize?response_type=code&redirect_uri=http://127.0.0.1/x"), NOW)
    assert (response.status, response.header("location")) == (400, None)
    assert "client_credentials" in fields(response)["detail"]


# RFC 8707


def granted(application, *resources):
    body = "grant_type=client_credentials&client_id=myapp123&client_secret=secret456" + "".join(f"&resource={each}" for each in resources)
    return application.handle(token_request(body.encode()), NOW)


def opens(application, token):
    bearer = ("authorization", f"Bearer {token}")
    paths = {"/api/stations": "GET", "/mcp": "POST"}
    return [path for path, method in paths.items() if application.handle(api_request(method, path, bearer), NOW).status != 401]


def test_a_token_opens_the_resources_that_it_was_asked_for_and_no_other(application):
    api, tools = f"{application.issuer}/api", f"{application.issuer}/mcp"
    for resources, opened in (
        ((), ["/api/stations"]),
        ((api,), ["/api/stations"]),
        ((tools,), ["/mcp"]),
        ((api, tools), ["/api/stations", "/mcp"]),
        ((tools, tools), ["/mcp"]),
        (("",), ["/api/stations"]),
    ):
        assert opens(application, fields(granted(application, *resources))["access_token"]) == opened, resources


def test_a_token_for_another_resource_is_told_which_one_it_is_for(application):
    token = fields(granted(application, f"{application.issuer}/mcp"))["access_token"]
    refused = application.handle(api_request("GET", "/api/stations", ("authorization", f"Bearer {token}")), NOW)
    challenge = refused.header("www-authenticate")
    assert 'error="invalid_token"' in challenge
    assert f"This access token is for {application.issuer}/mcp; ask for one with resource={application.issuer}/api." in challenge


@pytest.mark.parametrize(
    "resource", ["x", "/api", "{issuer}/api/", "{issuer}/api%23part", "{issuer}", "http://elsewhere/api", "{issuer}/API"]
)
def test_a_resource_that_is_not_known_is_an_invalid_target(application, resource):
    response = granted(application, resource.format(issuer=application.issuer))
    assert (response.status, fields(response)["error"]) == (400, "invalid_target")
    assert f"{application.issuer}/api" in fields(response)["error_description"]


def test_one_resource_too_many_and_none_is_granted(application):
    response = granted(application, f"{application.issuer}/api", "http://elsewhere/api")
    assert fields(response)["error"] == "invalid_target"

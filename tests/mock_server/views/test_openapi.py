"""The description of the server against the server: schemathesis sends what it allows and what it forbids, over a real socket."""

import re

import pytest
import requests
import schemathesis
from hypothesis import given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from mock_server import start
from mock_server.views.openapi import openapi
from plain_client import NOW, api_request, fields


@pytest.fixture(scope="module")
def server():
    with start(0) as server:
        yield server


@pytest.fixture(scope="module")
def description(server):
    return schemathesis.openapi.from_url(f"{server.url}/openapi.json")


PATHS = openapi("")["paths"]
METHODS = {"get", "post", "put", "delete"}
CASES = [
    pytest.param(path, method, mode, id=f"{method} {path} {mode.value}")
    for path, item in PATHS.items()
    for method in item
    for mode in schemathesis.GenerationMode
    # Any text will do in a path, so without a query and a body nothing can be wrong.
    if method in METHODS and (mode.is_positive or item[method]["parameters"] or "requestBody" in item[method])
]


@pytest.fixture(scope="module")
def access_token(server):
    form = {"grant_type": "client_credentials", "resource": [f"{server.url}/api", f"{server.url}/mcp"]}
    return requests.post(f"{server.url}/token", data=form, auth=("myapp123", "secret456"), timeout=5).json()["access_token"]


@pytest.mark.parametrize(("path", "method", "mode"), CASES)
def test_every_operation_behaves_as_it_is_described(description, access_token, path, method, mode):
    operation = description[path][method]
    needs = {name for each in PATHS[path][method].get("security", []) for name in each}
    headers = {"Authorization": f"Bearer {access_token}"} if "access_token" in needs else None

    @settings(max_examples=20, deadline=None, derandomize=True, database=None)
    @given(operation.as_strategy(generation_mode=mode))
    def send(case):
        # Whoever asks /authorize is refused by design.
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance] if path == "/authorize" else [])

    send()


@pytest.mark.parametrize("path", PATHS)
def test_another_method_than_those_described_is_answered_with_those_allowed(application, path):
    described = {method.upper() for method in PATHS[path] if method in METHODS}
    allowed = described | ({"HEAD"} if "GET" in described else set())
    response = application.handle(api_request("PATCH", path.replace("{code}", "invalid_client").replace("{kind}", "not-json")), NOW)
    assert (response.status, set(response.header("allow").split(", "))) == (405, allowed)


def test_every_route_stands_in_the_description_and_nothing_else(application):
    described = set(fields(application.handle(api_request("GET", "/openapi.json"), NOW))["paths"])
    assert described == {*application._routes, "/errors/{code}", "/problems/{kind}"}


def test_every_reference_leads_somewhere_and_every_schema_is_referred_to():
    text = repr(openapi("http://127.0.0.1:9400"))
    known = set(openapi("")["components"]["schemas"])
    assert set(re.findall(r"#/components/schemas/(\w+)", text)) == known

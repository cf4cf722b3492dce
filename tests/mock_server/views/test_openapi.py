"""The description of the server against the server: schemathesis sends what it allows and what it forbids, over a real socket."""

import re
from collections.abc import Callable

import pytest
import requests
import schemathesis
from hypothesis import given, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from mock_server import start
from mock_server.views.openapi import openapi
from plain_client import NOW, api_request, basic, fields


@pytest.fixture(scope="module")
def server():
    with start(0) as server:
        yield server


@pytest.fixture(scope="module")
def description(server):
    return schemathesis.openapi.from_url(f"{server.url}/openapi.json")


PATHS = openapi("")["paths"]
METHODS = {"get", "post", "put", "delete"}
CLIENT = ("myapp123", "secret456")


def _can_be_wrong(path: str, item: dict, method: str) -> bool:
    # Any text will do as the id of a client.
    in_path = path != "/register/{client_id}" and item.get("parameters")
    return bool(in_path or item[method]["parameters"] or "requestBody" in item[method])


CASES = [
    pytest.param(path, method, mode, id=f"{method} {path} {mode.value}")
    for path, item in PATHS.items()
    for method in item
    for mode in schemathesis.GenerationMode
    if method in METHODS and (mode.is_positive or _can_be_wrong(path, item, method))
]
SUCCESSES = [
    pytest.param(path, method, status, id=f"{method} {path} {status}")
    for path, item in PATHS.items()
    for method in item
    if method in METHODS
    for status in item[method]["responses"]
    if status.startswith("2")
]


def needs(path: str, method: str) -> set[str]:
    return {name for each in PATHS[path][method].get("security", []) for name in each}


@pytest.fixture(scope="module")
def new_token(server) -> Callable[[], str]:
    form = {"grant_type": "client_credentials", "resource": [f"{server.url}/api", f"{server.url}/mcp"]}
    return lambda: requests.post(f"{server.url}/token", data=form, auth=CLIENT, timeout=5).json()["access_token"]


@pytest.fixture(scope="module")
def bearer(new_token):
    return {"Authorization": f"Bearer {new_token()}"}


@pytest.mark.parametrize(("path", "method", "mode"), CASES)
def test_every_operation_behaves_as_it_is_described(description, bearer, path, method, mode):
    headers = bearer if "access_token" in needs(path, method) else None

    @settings(max_examples=20, deadline=None, derandomize=True, database=None)
    @given(description[path][method].as_strategy(generation_mode=mode))
    def send(case):
        # Whoever asks /authorize is refused by design.
        case.call_and_validate(headers=headers, excluded_checks=[positive_data_acceptance] if path == "/authorize" else [])

    send()


@pytest.fixture
def made_good(server, bearer, new_token) -> Callable[[schemathesis.Case], dict[str, str]]:
    """Makes a case one about a thing that there is, and returns the headers with which it may be sent."""

    def a_token(case):
        case.body["token"] = new_token()

    def a_reading(case):
        added = requests.post(f"{server.url}/api/readings", json={"station": 1, "temperature_c": 6.5}, headers=bearer, timeout=5)
        case.path_parameters["id"] = added.json()["id"]

    def a_registration(case):
        client = requests.post(f"{server.url}/register", json={}, timeout=5).json()
        case.path_parameters["client_id"] = client["client_id"]
        if case.method == "PUT":
            case.body["client_id"] = client["client_id"]
        return {"Authorization": f"Bearer {client['registration_access_token']}"}

    things = {
        "/introspect": a_token,
        "/revoke": a_token,
        "/api/readings/{id}": a_reading,
        "/register/{client_id}": a_registration,
    }

    def made_good(case):
        path, needed = case.operation.path, needs(case.operation.path, case.method.lower())
        own_headers = things[path](case) if path in things else None
        if "client" in needed:
            # RFC 6749 §2.3: one method a request, and here it is Basic.
            for name in ("client_id", "client_secret"):
                case.body.pop(name, None)
            return dict([basic(":".join(CLIENT))])
        return own_headers or (bearer if "access_token" in needed else {})

    return made_good


@pytest.mark.parametrize(("path", "method", "status"), SUCCESSES)
def test_every_success_that_is_described_is_to_be_had_and_is_as_described(description, made_good, path, method, status):
    seen = set()

    @settings(max_examples=10, deadline=None, derandomize=True, database=None)
    @given(description[path][method].as_strategy(generation_mode=schemathesis.GenerationMode.POSITIVE))
    def send(case):
        seen.add(str(case.call_and_validate(headers=made_good(case)).status_code))

    send()
    assert status in seen


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

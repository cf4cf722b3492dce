import json

import pytest

from mock_server.api.stations import Stations
from plain_client import NOW, api_request, fields, token_request

JSON = ("content-type", "application/json")


@pytest.fixture
def bearer(application):
    return ("authorization", f"Bearer {fields(application.handle(token_request(), NOW))['access_token']}")


def post(application, bearer, body, content_type=JSON):
    return application.handle(api_request("POST", "/api/readings", bearer, content_type, body=body), NOW)


def test_stations_are_listed(application, bearer):
    response = application.handle(api_request("GET", "/api/stations", bearer), NOW)
    assert response.header("content-type") == "application/json"
    assert [station["name"] for station in fields(response)["stations"]] == ["Harbour", "Old mill", "North ridge"]


def test_a_reading_sent_is_a_reading_kept(application, bearer):
    response = post(application, bearer, b'{"station": 2, "temperature_c": 11.5}')
    assert response.status == 201
    assert response.header("location") == "/api/readings/4"
    listed = fields(application.handle(api_request("GET", "/api/readings", bearer), NOW))["readings"]
    assert listed[-1] == fields(response) == {"id": 4, "station": 2, "temperature_c": 11.5}


def test_json_with_a_charset_is_json(application, bearer):
    content_type = ("content-type", "Application/JSON; charset=utf-8")
    assert post(application, bearer, b'{"station": 1, "temperature_c": 0}', content_type).status == 201


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""])
def test_a_reading_that_does_not_say_it_is_json_is_a_415(application, bearer, content_type):
    response = post(application, bearer, b'{"station": 1, "temperature_c": 0}', ("content-type", content_type))
    assert response.status == 415
    assert "application/json" in fields(response)["detail"]


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"\xff\xfe\xfd", b"station=1", b"[" * 60_000, b'{"a":' * 10_000, b"9" * 5000, b"\0\0\0\0", b'{"temperature_c": NaN}', b"[Infinity]"],
    ids=["empty", "cut", "bytes", "form", "deep-list", "deep-object", "long-number", "nul", "not-a-number", "infinity"],
)
def test_a_body_that_cannot_be_read_is_a_400(application, bearer, body):
    response = post(application, bearer, body)
    assert response.status == 400
    assert "not JSON" in fields(response)["detail"]


@pytest.mark.parametrize(
    "reading",
    [
        [],
        None,
        1,
        "x",
        {},
        {"station": 1},
        {"temperature_c": 1},
        {"station": 4, "temperature_c": 1},
        {"station": 0, "temperature_c": 1},
        {"station": True, "temperature_c": 1},
        {"station": "1", "temperature_c": 1},
        {"station": [], "temperature_c": 1},
        {"station": {}, "temperature_c": 1},
        {"station": 1, "temperature_c": None},
        {"station": 1, "temperature_c": "6.5"},
        {"station": 1, "temperature_c": False},
        {"station": 1, "temperature_c": 100.1},
        {"station": 1, "temperature_c": -101},
        {"station": 1, "temperature_c": 10**400},
    ],
    ids=repr,
)
def test_json_that_is_no_reading_is_a_422_with_an_example(application, bearer, reading):
    response = post(application, bearer, json.dumps(reading).encode())
    assert response.status == 422
    assert response.header("content-type") == "application/problem+json"
    assert '{"station": 1, "temperature_c": 6.5}' in fields(response)["detail"]
    assert len(fields(application.handle(api_request("GET", "/api/readings", bearer), NOW))["readings"]) == 3


def test_only_what_a_reading_has_is_kept(application, bearer):
    response = post(application, bearer, b'{"station": 1, "temperature_c": 1, "id": 99, "x": "y"}')
    assert fields(response) == {"id": 4, "station": 1, "temperature_c": 1}


def test_readings_make_room_for_new_ones(application, bearer, monkeypatch):
    monkeypatch.setattr(Stations, "MOST_READINGS", 5)
    application.stations = Stations()
    for _ in range(12):
        post(application, bearer, b'{"station": 1, "temperature_c": 0}')
    listed = fields(application.handle(api_request("GET", "/api/readings", bearer), NOW))["readings"]
    assert [reading["id"] for reading in listed] == [11, 12, 13, 14, 15]


@pytest.mark.parametrize(
    ("path", "method", "allowed"),
    [
        ("/api/stations", "POST", "GET, HEAD"),
        ("/api/stations", "DELETE", "GET, HEAD"),
        ("/api/readings", "PUT", "GET, HEAD, POST"),
        ("/api/readings", "get", "GET, HEAD, POST"),
    ],
)
def test_another_method_is_a_405_with_allow(application, bearer, path, method, allowed):
    response = application.handle(api_request(method, path, bearer), NOW)
    assert response.status == 405
    assert response.header("allow") == allowed


@pytest.mark.parametrize("path", ["/api/stations", "/api/readings"])
def test_nothing_is_told_without_a_token(application, path):
    response = application.handle(api_request("GET", path), NOW)
    assert response.status == 401
    assert "Harbour" not in response.body.decode()
    assert fields(response)["status"] == 401


def test_a_reading_without_a_token_is_not_kept(application, bearer):
    request = api_request("POST", "/api/readings", JSON, body=b'{"station": 1, "temperature_c": 0}')
    assert application.handle(request, NOW).status == 401
    assert len(fields(application.handle(api_request("GET", "/api/readings", bearer), NOW))["readings"]) == 3


def test_the_location_of_a_new_reading_leads_to_it(application, bearer):
    location = post(application, bearer, b'{"station": 1, "temperature_c": 3}').header("location")
    found = application.handle(api_request("GET", location, bearer), NOW)
    assert fields(found) == {"id": 4, "station": 1, "temperature_c": 3}


@pytest.mark.parametrize("number", ["5", "x", "", "1/2"])
def test_a_reading_that_does_not_exist_is_a_404(application, bearer, number):
    assert application.handle(api_request("GET", f"/api/readings/{number}", bearer), NOW).status == 404

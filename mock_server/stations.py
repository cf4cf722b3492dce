"""The protected resource: readings of weather stations, as a small REST API."""

import json
import threading
from collections import deque

from mock_server.access_tokens import AccessTokens
from mock_server.bearer import Refused, authorize
from mock_server.clients import READ, WRITE
from mock_server.messages import Headers, Request, Response
from mock_server.problems import problem

STATIONS = (
    {"id": 1, "name": "Harbour", "elevation_m": 4},
    {"id": 2, "name": "Old mill", "elevation_m": 121},
    {"id": 3, "name": "North ridge", "elevation_m": 1874},
)
FIRST_READINGS = (
    {"id": 1, "station": 1, "temperature_c": 6.5},
    {"id": 2, "station": 2, "temperature_c": 4.0},
    {"id": 3, "station": 3, "temperature_c": -7.5},
)


class Stations:
    """The stations and the latest readings; older ones make room for new ones."""

    MOST_READINGS = 1000

    def __init__(self) -> None:
        self._readings = deque(FIRST_READINGS, maxlen=self.MOST_READINGS)
        self._last_id = len(FIRST_READINGS)
        self._lock = threading.Lock()

    def stations_response(self, request: Request, now: float, tokens: AccessTokens) -> Response:
        return _protected(request, now, tokens, {"GET": (READ, lambda: _json(200, {"stations": STATIONS}))})

    def readings_response(self, request: Request, now: float, tokens: AccessTokens) -> Response:
        methods = {
            "GET": (READ, lambda: _json(200, {"readings": list(self._readings)})),
            "POST": (WRITE, lambda: self._add_reading(request, now)),
        }
        return _protected(request, now, tokens, methods)

    def reading_response(self, request: Request, now: float, tokens: AccessTokens) -> Response:
        """One reading, at the address that `Location` gave when it was added."""
        return _protected(request, now, tokens, {"GET": (READ, lambda: self._find_reading(request.path))})

    def _find_reading(self, path: str) -> Response:
        number = path.removeprefix("/api/readings/")
        for reading in list(self._readings):
            if str(reading["id"]) == number:
                return _json(200, reading)
        return problem(404, f"There is no reading {number[:20]}; GET /api/readings lists those that there are.")

    def _add_reading(self, request: Request, now: float) -> Response:
        if request.media_type != "application/json":
            seen = request.media_type or "absent"
            return problem(415, f"The Content-Type is {seen}; a reading is sent as application/json.")
        try:
            reading = json.loads(request.body)
        except (ValueError, RecursionError) as error:
            return problem(400, f"The body is not JSON: {error}.")
        if fault := _reading_fault(reading):
            return problem(422, f'{fault} A reading looks like this: {{"station": 1, "temperature_c": 6.5}}')
        with self._lock:
            self._last_id += 1
            added = {"id": self._last_id, "station": reading["station"], "temperature_c": reading["temperature_c"]}
            self._readings.append(added)
        # RFC 9110 §15.3.2: a 201 names the new resource in Location.
        return _json(201, added, (("location", f"/api/readings/{added['id']}"),))


def _reading_fault(reading: object) -> str | None:
    if not isinstance(reading, dict):
        return "The body is JSON, but not an object."
    if reading.get("station") not in [station["id"] for station in STATIONS] or isinstance(reading["station"], bool):
        return "station must be the id of a station: 1, 2 or 3."
    temperature = reading.get("temperature_c")
    if not isinstance(temperature, (int, float)) or isinstance(temperature, bool) or not -100 <= temperature <= 100:
        return "temperature_c must be a number from -100 to 100."
    return None


def _protected(request: Request, now: float, tokens: AccessTokens, methods: dict) -> Response:
    if request.method not in methods:
        allowed = ", ".join(methods)
        return problem(405, f"{request.method} is not for {request.path}; use {allowed}.", (("allow", allowed),))
    scope, answer = methods[request.method]
    try:
        authorize(request, scope, now, tokens)
    except Refused as refused:
        return refused.response
    return answer()


def _json(status: int, body: object, headers: Headers = ()) -> Response:
    return Response(status, (("content-type", "application/json"), *headers), json.dumps(body).encode("ascii"))

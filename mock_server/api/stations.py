"""The protected resource: readings of weather stations, as a small REST API."""

from mock_server.api.rate_limit import RateLimit
from mock_server.api.readings import EXAMPLE, STATIONS, Reading, Readings, number_in, reading_fault
from mock_server.api.resource import json_response, protected, read_json
from mock_server.oauth.bearer import ProtectedResource
from mock_server.oauth.clients import READ, WRITE
from mock_server.web.messages import Request, Response
from mock_server.web.paging import BadPage, page
from mock_server.web.problems import problem


class Stations:
    """The stations and the latest readings; older ones make room for new ones. `rate_limit` is None for no limit."""

    MOST_READINGS = 1000

    def __init__(self, rate_limit: RateLimit | None = None) -> None:
        self.readings = Readings(self.MOST_READINGS)
        self.rate_limit = rate_limit

    def stations_response(self, request: Request, now: float, resource: ProtectedResource) -> Response:
        methods = {"GET": (READ, lambda: json_response(200, {"stations": STATIONS}))}
        return protected(request, now, resource, methods, self.rate_limit)

    def readings_response(self, request: Request, now: float, resource: ProtectedResource) -> Response:
        """All readings, or a page of them with `?limit=&after=`; POST adds one."""
        methods = {"GET": (READ, lambda: self._list(request)), "POST": (WRITE, lambda: self._add(request))}
        with self.readings.lock:
            return protected(request, now, resource, methods, self.rate_limit)

    def reading_response(self, request: Request, now: float, resource: ProtectedResource) -> Response:
        """One reading, at the address that `Location` gave when it was added; PUT corrects it, DELETE takes it back."""
        methods = {
            "GET": (READ, lambda: self._show(request)),
            "PUT": (WRITE, lambda: self._correct(request)),
            "DELETE": (WRITE, lambda: self._take_back(request)),
        }
        # From If-Match to the change nobody else may change the reading (RFC 9110 §13.1.1, the lost update).
        with self.readings.lock:
            return protected(request, now, resource, methods, self.rate_limit)

    def _list(self, request: Request) -> Response:
        try:
            shown, link = page(request, self.readings.all())
        except BadPage as bad:
            return bad.response
        return json_response(200, {"readings": shown}, link)

    def _show(self, request: Request) -> Response:
        reading = self.readings.find(number_in(request))
        return _no_such(request) if reading is None else json_response(200, reading)

    def _add(self, request: Request) -> Response:
        reading = self._read(request, None)
        if isinstance(reading, Response):
            return reading
        added = self.readings.add(reading)
        # RFC 9110 §15.3.2: a 201 names the new resource in Location.
        return json_response(201, added, (("location", f"/api/readings/{added['id']}"),))

    def _correct(self, request: Request) -> Response:
        earlier = self.readings.find(number_in(request))
        if earlier is None:
            return _no_such(request)
        reading = self._read(request, earlier)
        return reading if isinstance(reading, Response) else json_response(200, self.readings.replace(earlier["id"], reading))

    def _take_back(self, request: Request) -> Response:
        reading = self.readings.find(number_in(request))
        if reading is None:
            return _no_such(request)
        self.readings.remove(reading["id"])
        return Response(204)

    def _read(self, request: Request, earlier: Reading | None) -> Reading | Response:
        """The reading that was sent, in the place of `earlier`, or the answer that refuses it."""
        reading = read_json(request)
        if isinstance(reading, Response):
            return reading
        if fault := reading_fault(reading):
            return problem(422, f"{fault} A reading looks like this: {EXAMPLE}", kind="not-a-reading")
        same = self.readings.with_reference(reading.get("reference"))
        if same is not None and same is not earlier:
            # RFC 9110 §15.5.10: a 409 tells enough to recognise the source of the conflict.
            detail = f"There is a reading with the reference {same['reference']} already: what you send again is kept once."
            return problem(409, detail, kind="duplicate-reading", existing=f"/api/readings/{same['id']}")
        return reading


def _no_such(request: Request) -> Response:
    detail = f"There is no reading {number_in(request)[:20]}; GET /api/readings lists those that there are."
    return problem(404, detail, kind="no-such-reading")

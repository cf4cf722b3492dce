"""The readings that are kept: by number, the oldest making room for the newest."""

import threading

from mock_server.web.messages import Request

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
EXAMPLE = '{"station": 1, "temperature_c": 6.5}'

Reading = dict[str, object]


class Readings:
    """At most `most` readings. A lock of its own, `lock`, for whoever reads and then writes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._by_id: dict[int, Reading] = {}
        self._id_of_reference: dict[str, int] = {}
        self._last_id = 0
        self.lock = threading.RLock()
        for reading in FIRST_READINGS:
            self.add(reading)

    def all(self) -> list[Reading]:
        """Oldest first, which is in the order of their ids."""
        with self.lock:
            return list(self._by_id.values())

    def find(self, number: str) -> Reading | None:
        """The reading whose id is spelled exactly so."""
        reading = self._by_id.get(int(number)) if number.isdecimal() and number.isascii() and len(number) < 16 else None
        return reading if reading is not None and str(reading["id"]) == number else None

    def latest(self, station: int) -> Reading | None:
        return next((reading for reading in reversed(self.all()) if reading["station"] == station), None)

    def with_reference(self, reference: object) -> Reading | None:
        return self._by_id.get(self._id_of_reference.get(reference, 0))

    def add(self, sent: Reading) -> Reading:
        with self.lock:
            self._last_id += 1
            reading = self._by_id[self._last_id] = _kept(self._last_id, sent)
            if "reference" in reading:
                self._id_of_reference[reading["reference"]] = self._last_id
            if len(self._by_id) > self._most:
                self.remove(next(iter(self._by_id)))
        return reading

    def replace(self, number: int, sent: Reading) -> Reading:
        with self.lock:
            self._id_of_reference.pop(self._by_id[number].get("reference"), None)
            reading = self._by_id[number] = _kept(number, sent)
            if "reference" in reading:
                self._id_of_reference[reading["reference"]] = number
        return reading

    def remove(self, number: int) -> None:
        with self.lock:
            self._id_of_reference.pop(self._by_id.pop(number).get("reference"), None)


def reading_fault(reading: object) -> str | None:
    """What keeps the value from being a reading; None if nothing does."""
    if not isinstance(reading, dict):
        return "The body is JSON, but not an object."
    if reading.get("station") not in [station["id"] for station in STATIONS] or isinstance(reading["station"], bool):
        return "station must be the id of a station: 1, 2 or 3."
    temperature = reading.get("temperature_c")
    if not isinstance(temperature, (int, float)) or isinstance(temperature, bool) or not -100 <= temperature <= 100:
        return "temperature_c must be a number from -100 to 100."
    if "reference" in reading:
        reference = reading["reference"]
        if not isinstance(reference, str) or not 1 <= len(reference) <= 64 or not (reference.isascii() and reference.isprintable()):
            return "reference, your own name for the reading, must be a text of 1 to 64 printable ASCII characters."
    return None


def number_in(request: Request) -> str:
    """What stands behind /api/readings/ in the path."""
    return request.path.removeprefix("/api/readings/")


def _kept(number: int, sent: Reading) -> Reading:
    """Only what a reading has is kept, and the server gives the id."""
    return {"id": number} | {name: sent[name] for name in ("station", "temperature_c", "reference") if name in sent}

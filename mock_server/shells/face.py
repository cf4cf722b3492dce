"""What every server offers to whoever teaches or learns with it, whatever carries its bytes."""

import json
from os import PathLike

from mock_server.application import Application
from mock_server.clock import Clock
from mock_server.faults import Fault
from mock_server.views.finding import find
from mock_server.views.har import to_har
from mock_server.views.record import Exchange
from mock_server.views.recording import to_recording
from mock_server.views.sequence import Diagram, diagram
from mock_server.views.steps import Steps, steps


class Face:
    """`url` has no slash at its end. `exchanges` is what crossed the wire so far, oldest first."""

    def __init__(self, application: Application, clock: Clock) -> None:
        self.url = application.issuer
        self.clock = clock
        self.clients = application.clients
        self._faults = application.faults
        self._keys = application.authorization_server.keys
        self._record = application.record

    @property
    def exchanges(self) -> list[Exchange]:
        return self._record.exchanges()

    def fail_next(self, kind: str | int, **settings: object) -> Fault:
        """Let something go wrong: with the next request, or the next that fits.

        `times=3` for the next three, `times=None` until cleared; `path="/token"` or `"/api/*"`, `client="myapp123"`
        and `probability=0.5` say which. An unknown kind gets a ValueError that lists those that there are.
        """
        return self._faults.add(kind, **settings)

    @property
    def faults(self) -> list[Fault]:
        """The faults that still wait, oldest first."""
        return self._faults.waiting()

    def clear_faults(self) -> None:
        self._faults.clear()

    def rotate_keys(self, *, overlap: float = 3600) -> None:
        """Sign JWT access tokens with new keys from now on. The earlier keys stay in the JWK Set for `overlap` seconds.

        With `overlap=0` every JWT issued so far is refused from now on, as after a leak. To rotate later:
        `server.clock.at(60, server.rotate_keys)`.
        """
        self._keys.rotate(self.clock.now(), overlap)

    def find(
        self,
        *,
        path: str | None = None,
        client: str | None = None,
        status: int | None = None,
        method: str | None = None,
        fault: str | None = None,
    ) -> list[Exchange]:
        """The exchanges that fit all that is given; see `mock_server.views.finding.find`."""
        return find(self.exchanges, path=path, client=client, status=status, method=method, fault=fault)

    def to_har(self, *, mask: bool = False) -> dict[str, object]:
        """All exchanges as an HTTP Archive 1.2; with `mask=True` without secrets."""
        return to_har(self.exchanges, self.url, mask)

    def save_har(self, path: str | PathLike, *, mask: bool = False) -> None:
        with open(path, "w", encoding="utf-8") as file:
            json.dump(self.to_har(mask=mask), file, indent=1, ensure_ascii=False)

    def to_recording(self, *, mask: bool = False) -> str:
        """All answers as YAML that the library `responses` replays; with `mask=True` without secrets."""
        return to_recording(self.exchanges, self.url, mask)

    def save_recording(self, path: str | PathLike, *, mask: bool = False) -> None:
        """A file for `responses.RequestsMock()._add_from_file(path)`."""
        # The library reads the file in the machine's own encoding: the YAML is ASCII, so that all agree.
        with open(path, "w", encoding="ascii") as file:
            file.write(self.to_recording(mask=mask))

    def diagram(self, exchanges: list[Exchange] | None = None) -> Diagram:
        """A sequence diagram of what crossed the wire: of everything, or of the exchanges given."""
        return diagram(self.exchanges if exchanges is None else exchanges)

    def steps(self, exchanges: list[Exchange] | None = None) -> Steps:
        """The same as a table: after each step, what client, authorization server and API know."""
        return steps(self.exchanges if exchanges is None else exchanges)

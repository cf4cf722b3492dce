"""What every server offers to whoever teaches or learns with it, whatever carries its bytes."""

from mock_server.application import Application
from mock_server.clock import Clock
from mock_server.faults import Fault
from mock_server.record import Exchange, Record


class Face:
    """`url` has no slash at its end. `exchanges` is what crossed the wire so far, oldest first."""

    def __init__(self, application: Application, clock: Clock) -> None:
        self.url = application.issuer
        self.clock = clock
        self.clients = application.clients
        self._faults = application.faults
        self._record = Record()

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

"""The clock that the server reads: a learner turns it instead of waiting."""

import time
from collections.abc import Callable
from email.utils import formatdate

#: Where the clock of a seeded server stands: 1 January 2026, 12:00:00 UTC.
LESSON_TIME = 1_767_268_800.0
#: The first second of the year 10000, which no date of HTTP can name (RFC 9110 §5.6.7).
_END_OF_TIME = 253_402_300_800.0

_MOST_SKEW = 365 * 86_400.0


class Clock:
    """Seconds since 1970, moved forward by hand.

    A clock made with `Clock.stopped()` stands still between moves, so that the same run gives the same bytes;
    one made with `Clock.running()` follows the computer's.
    """

    def __init__(self, source: Callable[[], float]) -> None:
        self._source = source
        self._advanced = 0.0
        self._api_skew = 0.0
        self._events: list[tuple[float, int, Callable[[], object]]] = []
        self._scheduled = 0

    @classmethod
    def stopped(cls, at: float = LESSON_TIME) -> "Clock":
        return cls(lambda: at)

    @classmethod
    def running(cls) -> "Clock":
        return cls(time.time)

    def now(self) -> float:
        return self._source() + self._advanced

    def advance(self, seconds: float) -> None:
        """Move the clock forward by `seconds`. ValueError where that leads back, or beyond the year 9999."""
        if not (_is_number(seconds) and seconds >= 0 and seconds < _END_OF_TIME - self.now()):
            raise ValueError(
                f"The clock only moves forward, to the year 9999 at most: saw advance({seconds!r}), expected seconds from 0 on."
            )
        target = self._advanced + seconds
        # Each event finds the clock at its own time, those of the same time in the order in which they were asked for.
        while self._events and min(self._events)[0] <= target:
            due = min(self._events)
            self._events.remove(due)
            self._advanced = max(self._advanced, due[0])
            due[2]()
        self._advanced = max(self._advanced, target)

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        """Call `action()` when the clock is moved to `seconds` from now, or past it.

        It happens within `advance`, in the thread that calls it; time that passes by itself calls nothing.
        ValueError for a time that is not ahead, TypeError for what cannot be called.
        """
        if not (_is_number(seconds) and seconds > 0):
            raise ValueError(f"Saw at({seconds!r}); expected seconds from now, more than 0.")
        if not callable(action):
            raise TypeError(f"Saw {action!r} to call; expected a function without arguments, as in lambda: server.fail_next(503).")
        self._scheduled += 1
        self._events.append((self._advanced + seconds, self._scheduled, action))

    @property
    def api_skew(self) -> float:
        """How many seconds the API's clock is ahead of the authorization server's."""
        return self._api_skew

    def skew_api(self, seconds: float) -> None:
        """Let the API's clock be `seconds` ahead of the authorization server's, or behind it where negative; 0 sets it right."""
        if not (_is_number(seconds) and -_MOST_SKEW <= seconds <= _MOST_SKEW):
            raise ValueError(f"Saw skew_api({seconds!r}); expected seconds, a year ({_MOST_SKEW:.0f}) either way at most.")
        self._api_skew = float(seconds)

    def __repr__(self) -> str:
        return f"<clock at {formatdate(self.now(), usegmt=True)}>"


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)

"""The clock that the server reads: a learner turns it instead of waiting."""

import time
from collections.abc import Callable
from email.utils import formatdate

#: Where the clock of a seeded server stands: 1 January 2026, 12:00:00 UTC.
LESSON_TIME = 1_767_268_800.0
#: The first second of the year 10000, which no date of HTTP can name (RFC 9110 §5.6.7).
_END_OF_TIME = 253_402_300_800.0


class Clock:
    """Seconds since 1970, moved forward by hand.

    A clock made with `Clock.stopped()` stands still between moves, so that the same run gives the same bytes;
    one made with `Clock.running()` follows the computer's.
    """

    def __init__(self, source: Callable[[], float]) -> None:
        self._source = source
        self._advanced = 0.0

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
        if not (seconds >= 0 and self.now() + seconds < _END_OF_TIME):
            raise ValueError(
                f"The clock only moves forward, to the year 9999 at most: saw advance({seconds}), expected seconds from 0 on."
            )
        self._advanced += seconds

    def __repr__(self) -> str:
        return f"<clock at {formatdate(self.now(), usegmt=True)}>"

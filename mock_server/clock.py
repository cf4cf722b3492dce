"""The clock that the server reads: a learner turns it instead of waiting."""

import time
from collections.abc import Callable
from email.utils import formatdate

#: Where the clock of a seeded server stands: 1 January 2026, 12:00:00 UTC.
LESSON_TIME = 1_767_268_800.0


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
        """Move the clock forward by `seconds`, which may not be negative (ValueError)."""
        if seconds < 0:
            raise ValueError(f"The clock only moves forward: saw advance({seconds}), expected 0 seconds or more.")
        self._advanced += seconds

    def __repr__(self) -> str:
        return f"<clock at {formatdate(self.now(), usegmt=True)}>"

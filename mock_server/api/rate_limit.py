"""How many requests a client may send, and how it is told (draft-ietf-httpapi-ratelimit-headers-10; RFC 6585 §4)."""

import math
import threading
from dataclasses import dataclass

from mock_server.web.messages import Headers, Response
from mock_server.web.problems import problem


@dataclass(slots=True)
class _Window:
    began: float
    calls: int = 0


class RateLimit:
    """At most `calls` in each `seconds`, counted from a client's first call; ValueError for a limit that allows none."""

    #: RFC 9651 §3.3.1: an integer of a structured field has 15 digits at most.
    MOST = 10**15 - 1

    def __init__(self, calls: int, seconds: float) -> None:
        if type(calls) is not int or type(seconds) not in (int, float) or not (1 <= calls <= self.MOST and 0 < seconds <= self.MOST):
            raise ValueError(
                f"Saw rate_limit=({calls!r}, {seconds!r}); expected calls and seconds, both above zero and of 15 digits at most, as in (100, 60)."
            )
        self._calls, self._seconds = calls, seconds
        self._windows: dict[str, _Window] = {}
        self._lock = threading.Lock()

    def count(self, client_id: str, now: float) -> tuple[Headers, Response | None]:
        """The headers for the answer to this call, and the refusal where it is one too many."""
        with self._lock:
            self._forget_past(now)
            window = self._windows.get(client_id)
            # A clock that was set back would make the window longer than it is: another one begins.
            if window is None or not window.began <= now < window.began + self._seconds:
                self._windows.pop(client_id, None)
                window = self._windows[client_id] = _Window(now)
            allowed = window.calls < self._calls
            window.calls += allowed
        left, until = self._calls - window.calls, math.ceil(window.began + self._seconds - now)
        # Draft §3, §4: q is the quota, w the window, r what is left of it, t the seconds until it is whole again.
        headers = (
            ("ratelimit-policy", f'"client";q={self._calls};w={math.ceil(self._seconds)}'),
            ("ratelimit", f'"client";r={left};t={until}'),
        )
        if allowed:
            return headers, None
        detail = f"The client {client_id[:60]} may send {self._calls} requests in {self._seconds:g} seconds: wait {until} seconds."
        # RFC 6585 §4: a 429 may say in Retry-After how long to wait.
        return headers, problem(429, detail, (("retry-after", str(until)),), kind="too-many-requests")

    def _forget_past(self, now: float) -> None:
        """All windows are of one length, so the oldest ends first."""
        while self._windows:
            client_id, window = next(iter(self._windows.items()))
            if window.began + self._seconds > now:
                return
            del self._windows[client_id]

"""Faults on demand: what a network, a proxy or a server in trouble does to an answer.

A fault decides from the request alone, or from the answer that it would have got, what goes out instead. What no
answer can say (late, cut short, never) is written on it for the shell that sends it: see `FaultyResponse`.
"""

import heapq
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase

from mock_server.fault_kinds import KINDS, check_options, kind_named
from mock_server.oauth.access_tokens import AccessTokens
from mock_server.views.senders import client_id_in, issued_token_in
from mock_server.web.messages import Request, Response
from mock_server.web.problems import problem

#: The first second that no date of HTTP can name, and the last that none needs to (RFC 9110 §5.6.7).
_FIRST_SECOND, _LAST_SECOND = 0.0, 253_402_300_799.0


@dataclass(frozen=True, slots=True)
class FaultyResponse(Response):
    """An answer that a fault has hit, and how the shell hands it over.

    `delay` is in seconds, turned on the server's clock where `virtual`, waited for where not. `ending` is `whole`,
    `half` (half the body, then the connection ends) or `nothing` (the connection ends without a byte).
    """

    fault: str = ""
    delay: float = 0.0
    virtual: bool = False
    ending: str = "whole"

    @classmethod
    def of(cls, response: Response, fault: "Fault", **delivery: object) -> "FaultyResponse":
        given = {each.name: getattr(response, each.name) for each in fields(Response)}
        return cls(**given, fault=fault.label, **delivery)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that waits for its request; `times` is how often it still strikes, None for until cleared."""

    kind: str
    times: int | None = 1
    path: str | None = None
    client: str | None = None
    probability: float = 1.0
    options: dict[str, object] = field(default_factory=dict)
    id: int = field(default=0, repr=False)

    @property
    def label(self) -> str:
        """The kind with its options, as it stands in the record: `latency (seconds=2)`."""
        options = ", ".join(f"{name}={value}" for name, value in self.options.items())
        return f"{self.kind} ({options})" if options else self.kind

    def __repr__(self) -> str:
        times = "until cleared" if self.times is None else "once" if self.times == 1 else f"{self.times} times"
        where = f" at {self.path}" if self.path else ""
        whom = f" for client {self.client}" if self.client else ""
        chance = f" with a probability of {self.probability:g}" if self.probability < 1 else ""
        return f"<fault {self.label}, {times}{where}{whom}{chance}>"


class Faults:
    """The faults that wait, oldest first; a request is hit by at most one.

    `chance()` gives numbers from 0 up to 1; from the same source come the same strikes.
    """

    MOST_WAITING = 1000

    def __init__(self, chance: Callable[[], float]) -> None:
        self._chance = chance
        self._waiting: dict[int, Fault] = {}
        self._added = 0
        #: When a token is to end, soonest first: a heap.
        self._revocations: list[tuple[float, str]] = []
        self._lock = threading.Lock()

    def add(
        self,
        kind: str | int,
        *,
        times: int | None = 1,
        path: str | None = None,
        client: str | None = None,
        probability: float = 1.0,
        **options: object,
    ) -> Fault:
        """Let a fault wait. ValueError, with what would be right, for a kind or an argument that there is not."""
        name = kind_named(kind)
        if times is not None and (type(times) is not int or times < 1):
            raise ValueError(f"Saw times={times!r}; expected a whole number from 1 on, or None for until cleared.")
        if not (isinstance(probability, (int, float)) and 0 < probability <= 1):
            raise ValueError(f"Saw probability={probability!r}; expected a number above 0, up to 1.")
        if path is not None and not (isinstance(path, str) and path.startswith(("/", "*"))):
            raise ValueError(f"Saw path={path!r}; expected the path of a request, as in '/token' or '/api/*'.")
        if client is not None and not isinstance(client, str):
            raise ValueError(f"Saw client={client!r}; expected the id of a client, as in 'myapp123'.")
        checked = check_options(name, options)
        with self._lock:
            if len(self._waiting) >= self.MOST_WAITING:
                raise ValueError(f"{self.MOST_WAITING} faults are waiting already; clear_faults() removes them.")
            self._added += 1
            fault = self._waiting[self._added] = Fault(name, times, path, client, probability, checked, self._added)
        return fault

    def waiting(self) -> list[Fault]:
        with self._lock:
            return list(self._waiting.values())

    def clear(self) -> None:
        with self._lock:
            self._waiting.clear()

    def answer(
        self, request: Request, now: float, answer: Callable[[Request, float], Response], tokens: AccessTokens
    ) -> Response:
        """What goes out for this request: what `answer` gives, or what the first fault that strikes makes of it."""
        if not self._waiting and not self._revocations:
            return answer(request, now).ready_to_send(now)
        self._revoke_what_is_due(now, tokens)
        known: Response | None = None
        for fault in self._meant_for(request, now, tokens):
            if KINDS[fault.kind].needs_token:
                if not request.path.endswith("/token"):
                    continue
                known = known or answer(request, now)
                if issued_token_in(known) is None:
                    continue
            if self._strikes(fault):
                return self._apply(fault, request, now, known, answer)
        return (known or answer(request, now)).ready_to_send(now)

    def _meant_for(self, request: Request, now: float, tokens: AccessTokens) -> list[Fault]:
        def owner(value: str) -> str | None:
            token = tokens.find(value, now)
            return token.client_id if token else None

        client_id = client_id_in(request, owner)
        return [
            fault
            for fault in self.waiting()
            if (fault.path is None or fnmatchcase(request.path, fault.path)) and fault.client in (None, client_id)
        ]

    def _strikes(self, fault: Fault) -> bool:
        with self._lock:
            waiting = self._waiting.get(fault.id)
            if waiting is None or (waiting.probability < 1 and self._chance() >= waiting.probability):
                return False
            if waiting.times == 1:
                del self._waiting[fault.id]
            elif waiting.times is not None:
                self._waiting[fault.id] = replace(waiting, times=waiting.times - 1)
        return True

    def _apply(
        self,
        fault: Fault,
        request: Request,
        now: float,
        known: Response | None,
        answer: Callable[[Request, float], Response],
    ) -> FaultyResponse:
        options = fault.options
        if instead := _INSTEAD.get(fault.kind):
            return FaultyResponse.of(instead(options).ready_to_send(now), fault)
        if fault.kind == "clock_skew":
            now = within_dates(now + options["seconds"])
        response = known or answer(request, now)
        if change := _CHANGED.get(fault.kind):
            response = change(response)
        elif fault.kind == "early_revocation":
            with self._lock:
                # More than these no server ends before their time.
                if len(self._revocations) < AccessTokens.MOST_REVOKED:
                    heapq.heappush(self._revocations, (now + options["seconds"], issued_token_in(response)["access_token"]))
        delivery = {
            "latency": {"delay": options.get("seconds", 0.0), "virtual": options.get("virtual", False)},
            "silence": {"delay": options.get("seconds", 0.0), "ending": "nothing"},
            "drop": {"ending": "nothing"},
            "truncate": {"ending": "half"},
        }.get(fault.kind, {})
        return FaultyResponse.of(response.ready_to_send(now), fault, **delivery)

    def _revoke_what_is_due(self, now: float, tokens: AccessTokens) -> None:
        with self._lock:
            due = []
            while self._revocations and self._revocations[0][0] <= now:
                due.append(heapq.heappop(self._revocations)[1])
        for value in due:
            tokens.revoke(value, now)


def within_dates(seconds: float) -> float:
    """The same time, or the nearest that a date of HTTP can name."""
    return min(max(seconds, _FIRST_SECOND), _LAST_SECOND)


def _refusal(status: int, detail: str) -> Callable[[dict], Response]:
    def response(options: dict) -> Response:
        seconds = options["retry_after"]
        # RFC 9110 §10.2.3: Retry-After, a number of seconds; RFC 6585 §4 allows it with 429.
        return problem(status, detail, () if seconds is None else (("retry-after", str(seconds)),))

    return response


def _page(options: dict) -> Response:
    body = b"<!doctype html><title>Sign in</title><p>This network asks you to sign in first.</p>"
    return Response(200, (("content-type", "text/html; charset=utf-8"),), body)


_INSTEAD: dict[str, Callable[[dict], Response]] = {
    "429": _refusal(429, "Too many requests in a short time. Nothing was done: wait as long as Retry-After says, then ask again."),
    "503": _refusal(503, "The server is busy or being mended. Nothing was done: wait, longer each time, and ask again."),
    "not_json": _page,
}


def _with_members(response: Response, members: dict[str, object]) -> Response:
    return replace(response, body=json.dumps(members).encode("ascii"))


def _without_expires_in(response: Response) -> Response:
    members = issued_token_in(response)
    return _with_members(response, {name: value for name, value in members.items() if name != "expires_in"})


def _with_expires_in_text(response: Response) -> Response:
    members = issued_token_in(response)
    return _with_members(response, members | {"expires_in": str(members.get("expires_in", 3600))})


_CHANGED: dict[str, Callable[[Response], Response]] = {
    "expires_in_missing": _without_expires_in,
    "expires_in_text": _with_expires_in_text,
}

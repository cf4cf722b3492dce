"""Scenarios: set the stage, call the learner's function, state what the wire must show.

A scenario is a function of a `Stage`. It reads like a test of a specification and ends quietly when all is as it must
be; otherwise it raises `Unmet`, which says what was seen, what was expected, why, and a question that helps.
"""

import linecache
import secrets
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mock_server.clients import Clients
from mock_server.messages import Request
from mock_server.record import Exchange
from mock_server.server import Server, prepare

_KIT = str(Path(__file__).resolve().parent.parent / "exercises")


class Unmet(Exception):
    """An expectation that did not hold. `why` names the rule and its section; `hint` asks before it tells."""

    def __init__(self, *, seen: str, expected: str, why: str, hint: str) -> None:
        super().__init__(seen)
        self.seen, self.expected, self.why, self.hint = seen, expected, why, hint


class NotAttempted(Exception):
    """The learner's function still raises NotImplementedError."""


def expect(condition: bool, *, seen: str, expected: str, why: str, hint: str) -> None:
    """Raise Unmet unless `condition` holds."""
    if not condition:
        raise Unmet(seen=seen, expected=expected, why=why, hint=hint)


@dataclass(frozen=True, slots=True)
class Credentials:
    """A client of this scenario alone: its id and secret are new at every check."""

    id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Call:
    """How a call of the learner's function ended: with `returned`, or with `raised`."""

    returned: object = None
    raised: BaseException | None = None

    @property
    def story(self) -> str:
        """In words for the learner, with their own line where it raised."""
        if self.raised is None:
            return f"your function returned {_short(self.returned)}"
        text = _short_text(f"{type(self.raised).__name__}: {self.raised}")
        return f"your function raised {text}{_where(self.raised)}"


class Stage:
    """What a scenario plays on: a fresh server on a free port, and the learner's function.

    Ids, secrets and tokens are random at every check, so only a function that really asks can know them.
    """

    def __init__(self, function: Callable) -> None:
        self._function = function
        self._clients = Clients()
        self.server: Server = prepare(0, seed=None, clients=self._clients)
        self.server.start()

    def close(self) -> None:
        # The port is this stage's own, so nobody needs to wait until it is free again.
        threading.Thread(target=self.server.stop, daemon=True).start()

    def new_client(self, secret: str | None = None, **settings: object) -> Credentials:
        """Register a client with a random id and, unless given, a random secret; `settings` as in `Client`."""
        credentials = Credentials(f"client-{secrets.token_hex(4)}", secret or f"secret-{secrets.token_hex(8)}")
        self._clients.register(credentials.id, credentials.secret, **settings)
        return credentials

    def call(self, *arguments: object) -> Call:
        """Call the learner's function. NotAttempted where it says itself that it is not written yet."""
        try:
            return Call(returned=self._function(*arguments))
        except NotImplementedError:
            raise NotAttempted from None
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            return Call(raised=error)

    @property
    def exchanges(self) -> list[Exchange]:
        return self.server.exchanges

    def only_request(self, call: Call) -> Request:
        """The one request that the call sent. Unmet where there was none, several, or none that can be read."""
        exchanges = self.exchanges
        expect(
            len(exchanges) > 0 or call.raised is None,
            seen=f"{call.story}, and no request reached the address that was passed in",
            expected="one request to that address",
            why="What your function never sends, the server cannot answer.",
            hint="What does the last part of the error name, and where is that name written in your function?",
        )
        expect(
            len(exchanges) > 0,
            seen=f"no request reached the address that was passed in; {call.story}",
            expected="one request to that address",
            why="The address is an argument, so that the same code works with any authorization server.",
            hint="Does your function send its request to the address that it is given?",
        )
        expect(
            len(exchanges) == 1,
            seen=f"{len(exchanges)} requests reached the server in one call",
            expected="one request",
            why="Each token request costs the authorization server work; one answer holds all that you need (RFC 6749 §5.1).",
            hint="Where does your function send a second request? Can it keep the first answer in a variable?",
        )
        request = exchanges[0].request
        if request is None:
            raise Unmet(
                seen=f"these bytes reached the server: {exchanges[0].raw_request[:60]!r}",
                expected="an HTTP request",
                why="The token endpoint speaks HTTP (RFC 6749 §3.2).",
                hint="What does the first line of a request consist of?",
            )
        return request


@dataclass(frozen=True, slots=True)
class Scenario:
    """`title` says in words what holds when `play` ends without Unmet; it is worth `points`."""

    title: str
    points: int
    play: Callable[[Stage], None]


@dataclass(frozen=True, slots=True)
class Exercise:
    """What is asked (`objective`) and the scenarios that judge it, in the order shown. `hints` go from vague to plain."""

    id: str
    title: str
    objective: str
    hints: tuple[str, ...]
    scenarios: tuple[Scenario, ...]

    @property
    def points(self) -> int:
        return sum(scenario.points for scenario in self.scenarios)


def _short(value: object) -> str:
    try:
        text = repr(value)
    except Exception as error:
        text = f"an object whose repr raises {type(error).__name__}"
    return _short_text(text)


def _short_text(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else f"{line[:157]}..."


def _where(error: BaseException) -> str:
    """The learner's own line: the last frame of the traceback that is neither the kit's nor a library's."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if "site-packages" not in frame.filename and "lib/python" not in frame.filename and not frame.filename.startswith(_KIT):
            source = (linecache.getline(frame.filename, frame.lineno) or frame.line or "").strip()
            return f" (line {frame.lineno} of {frame.name}: {source})" if source else ""
    return ""

"""Scenarios: set the stage, call the learner's function, state what the wire must show.

A scenario is a function of a `Stage`. It reads like a test of a specification and ends quietly when all is as it must
be; otherwise it raises `Unmet`, which says what was seen, what was expected, why, and a question that helps.
"""

import inspect
import linecache
import re
import secrets
import sysconfig
import threading
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mock_server.oauth.clients import Clients
from mock_server.oauth.signing_keys import SigningKey
from mock_server.shells.server import Server, prepare
from mock_server.views.record import Exchange
from mock_server.web.messages import Request, Response
from mock_server.web.wire import is_whole_answer, message_length

ANSWER_SECONDS = 1.0
_NOT_THE_LEARNERS = (str(Path(__file__).resolve().parent), sysconfig.get_path("stdlib"), "<frozen ")


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
    """How a call of the learner's function ended: with `returned`, or with `raised`.

    `story` tells it in words for the learner, with their own line where it raised.
    """

    story: str
    returned: object = None
    raised: BaseException | None = None


class Stage:
    """What a scenario plays on: a fresh server on a free port, and the learner's function.

    Ids, secrets and tokens are random at every check, so only a function that really asks can know them.
    """

    def __init__(self, function: Callable) -> None:
        self._function = function
        self._clients = Clients()
        self._credentials: list[Credentials] = []
        self.server: Server = prepare(0, seed=None, clients=self._clients)
        self.server.start()

    def close(self) -> None:
        # The port is this stage's own, so nobody needs to wait until it is free again.
        threading.Thread(target=self.server.stop, daemon=True).start()

    def new_client(self, secret: str | None = None, **settings: object) -> Credentials:
        """Register a client with a random id and, unless given, a random secret; `settings` as in `Client`."""
        credentials = Credentials(f"client-{secrets.token_hex(4)}", secret or f"secret-{secrets.token_hex(8)}")
        self._clients.register(credentials.id, credentials.secret, **settings)
        self._credentials.append(credentials)
        return credentials

    def signing_key(self, algorithm: str = "ES256") -> SigningKey:
        """The key with which the server signs now, for JWTs that it would never issue itself."""
        return self.server._keys.current(algorithm)

    def call(self, *arguments: object) -> Call:
        """Call the learner's function. NotAttempted where it says itself that it is not written yet."""
        try:
            returned = self._function(*arguments)
        except NotImplementedError:
            raise NotAttempted from None
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            text = f"{type(error).__name__}: {_shown(error, str)}"
            return Call(f"your function raised {_short(self.without_random_values(text))}{_where(error)}", raised=error)
        finally:
            self._wait_for_the_last_answer()
        if inspect.iscoroutine(returned):
            returned.close()
        return Call(f"your function returned {_short(self.without_random_values(_shown(returned, repr)))}", returned)

    def without_random_values(self, text: str) -> str:
        """The text with names for what is new at every check, so that the same mistake gives the same message."""
        answers = b"".join(exchange.raw_response for exchange in self.exchanges).decode("latin-1")
        names = dict.fromkeys(re.findall(r'"access_token": "([^"]+)"', answers), "<access token>")
        for credentials in self._credentials:
            names |= {credentials.secret: "<client secret>", credentials.id: "<client id>"}
        names[self.server.url.removeprefix("http://")] = "<host>"
        for value, name in names.items():
            text = text.replace(value, name)
        return re.sub(r" at 0x[0-9A-Fa-f]+", "", text)

    def _wait_for_the_last_answer(self) -> None:
        """A client may go as soon as it has seen the status; the rest of the answer is in the record a moment later."""
        deadline = time.monotonic() + ANSWER_SECONDS
        while any(map(_is_being_answered, self.exchanges)) and time.monotonic() < deadline:
            time.sleep(0.001)

    @property
    def exchanges(self) -> list[Exchange]:
        return self.server.exchanges

    def only_request(self, call: Call) -> Request:
        """The one request that the call sent. Unmet where there was none, several, or none that can be read."""
        exchanges = self.exchanges
        expect(
            not inspect.iscoroutine(call.returned) and not inspect.isgenerator(call.returned),
            seen=f"your function returned a {type(call.returned).__name__}, and no line of it has run yet",
            expected="a function that does its work when it is called",
            why="With async before def, or a yield inside, a call only prepares the work.",
            hint="Is there an async before your def, or a yield where you mean return?",
        )
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
            first_line = exchanges[0].raw_request.partition(b"\r\n")[0]
            raise Unmet(
                seen=f"these bytes reached the server: {first_line[:60]!r}",
                expected="an HTTP request",
                why="The token endpoint speaks HTTP (RFC 6749 §3.2).",
                hint="What does the first line of a request consist of?",
            )
        return request

    def only_answer(self) -> Response:
        """The answer to `only_request`. Unmet where the server had no whole request to answer."""
        exchange = self.exchanges[0]
        if exchange.response is None or not is_whole_answer(exchange.raw_response, exchange.request.method):
            raise Unmet(
                seen="your function ended before the server had answered",
                expected="a whole request, and an answer that is waited for",
                why="The server answers when it has as many bytes of body as Content-Length says (RFC 9112 §6.2).",
                hint="How many bytes does your body have, and which line of your function reads the answer?",
            )
        return exchange.response


def _is_being_answered(exchange: Exchange) -> bool:
    request = exchange.request
    is_complete = request is not None and message_length(exchange.raw_request) is not None
    will_be_whole = exchange.fault not in ("drop", "silence", "truncate")
    return is_complete and will_be_whole and not is_whole_answer(exchange.raw_response, request.method)


@dataclass(frozen=True, slots=True)
class Scenario:
    """`title` says in words what holds when `play` ends without Unmet; it is worth `points`."""

    title: str
    points: int
    play: Callable[[Stage], None]


@dataclass(frozen=True, slots=True)
class Exercise:
    """What is asked (`objective`) of the learner's `function`, by name, and the scenarios that judge it, in the order shown.

    `hints` go from vague to plain.
    """

    id: str
    title: str
    function: str
    objective: str
    hints: tuple[str, ...]
    scenarios: tuple[Scenario, ...]

    @property
    def points(self) -> int:
        return sum(scenario.points for scenario in self.scenarios)


def _shown(value: object, form: Callable[[object], str]) -> str:
    """`form(value)`, for values that may not bear to be looked at."""
    try:
        return form(value)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"an object whose {form.__name__} raises {type(error).__name__}"


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else f"{line[:157]}..."


def _where(error: BaseException) -> str:
    """The learner's own line: the last frame of the traceback that is neither the kit's nor a library's."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        is_librarys = "site-packages" in frame.filename or "dist-packages" in frame.filename
        if not is_librarys and not frame.filename.startswith(_NOT_THE_LEARNERS):
            source = (linecache.getline(frame.filename, frame.lineno) or frame.line or "").strip()
            return f" (line {frame.lineno} of {frame.name}: {source})" if source else ""
    return ""

"""Scenarios: set the stage, call the learner's function, state what the wire must show.

A scenario is a function of a `Stage`. It reads like a test of a specification and ends quietly when all is as it must
be; otherwise it raises `Unmet`, which says what was seen, what was expected, why, and a question that helps.
"""

import inspect
import re
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from exercises.expectations import DidNotComeBack, NotAttempted, Unmet, expect
from exercises.guarded_call import Ending, guarded_call
from exercises.learners_lines import is_raised_by_the_learner, own_traceback, short, where_raised
from mock_server.oauth.clients import Clients
from mock_server.oauth.signing_keys import SigningKey
from mock_server.shells.server import Server, prepare
from mock_server.views.record import Exchange
from mock_server.views.senders import issued_token_in
from mock_server.web.messages import Request, Response
from mock_server.web.wire import is_whole_answer, message_length

ANSWER_SECONDS = 1.0
TOGETHER_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Credentials:
    """A client of this scenario alone: its id and secret are new at every check."""

    id: str
    secret: str


@dataclass(frozen=True, slots=True)
class Call:
    """How a call of the learner's function ended: with `returned`, or with `raised`.

    `story` tells it in words for the learner, with their own line where it raised. `printed` is what came out on stdout
    and stderr meanwhile, cut where it is long; `traceback` is empty unless it raised.
    """

    story: str
    returned: object = None
    raised: BaseException | None = None
    printed: str = ""
    traceback: str = ""


class Stage:
    """What a scenario plays on: a fresh server on a free port, and the learner's function.

    Ids, secrets and tokens are random at every check, so only a function that really asks can know them. `calls` holds
    how each call ended; a scenario whose calls must wait longer raises `call_seconds`.
    """

    call_seconds = 10.0

    def __init__(self, function: Callable) -> None:
        self._function = function
        self._clients = Clients()
        self._credentials: list[Credentials] = []
        self.calls: list[Call] = []
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
        """Call the learner's function. NotAttempted where it says itself that it is not written yet.

        Unmet where it does not come back in time, or tries to reach another machine.
        """
        return self.call_on(self._function, *arguments)

    def call_on(self, function: Callable, *arguments: object) -> Call:
        """As `call`, for what an earlier call returned: a function, or a method of an object."""
        ending = guarded_call(function, arguments, self.call_seconds)
        self._wait_for_the_last_answer()
        if isinstance(ending.raised, NotImplementedError) and is_raised_by_the_learner(ending.raised):
            raise NotAttempted from None
        if inspect.iscoroutine(ending.returned):
            ending.returned.close()
        call = self._told(ending)
        self.calls.append(call)
        _expect_it_stayed_on_this_machine(ending)
        _expect_it_came_back(ending, self.call_seconds)
        return call

    def _told(self, ending: Ending) -> Call:
        text, printed = short(self.without_random_values(ending.text)), self.without_random_values(ending.printed)
        if ending.stopped_at is not None:
            return Call(f"your function did not come back{ending.stopped_at}", printed=printed)
        if ending.raised is None:
            return Call(f"your function returned {text}", ending.returned, printed=printed)
        trace = self.without_random_values(own_traceback(ending.raised))
        return Call(f"your function raised {text}{where_raised(ending.raised)}", None, ending.raised, printed, trace)

    def expect_that_no_call_ended_the_program(self) -> None:
        """Unmet after a `sys.exit`, which no scenario asks for."""
        for call in self.calls:
            expect(
                not isinstance(call.raised, SystemExit),
                seen=call.story,
                expected="an exception that a caller can handle, that is, a kind of Exception",
                why="SystemExit ends the caller's whole program, and only the caller can know whether this is worth that.",
                hint="Which line ends the program, and what could it raise or return instead?",
            )

    def without_random_values(self, text: str) -> str:
        """The text with names for what is new at every check, so that the same mistake gives the same message."""
        answers = b"".join(exchange.raw_response for exchange in self.exchanges).decode("latin-1")
        names = dict.fromkeys(re.findall(r'"access_token": "([^"]+)"', answers), "<access token>")
        for credentials in self._credentials:
            names |= {credentials.secret: "<client secret>", credentials.id: "<client id>"}
        names[self.server.url.removeprefix("http://")] = "<host>"
        for value, name in names.items():
            text = text.replace(value, name)
        # A library that refuses a header shows it. The backslash is that of a line end in a repr.
        text = re.sub(r"\bBasic [A-Za-z0-9+/=_\\-]{8,}", "Basic <credentials>", text)
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

    @property
    def token_answers(self) -> dict[str, dict[str, object]]:
        """The members of each answer that issued an access token, by that token, in the order of the requests."""
        answers = [issued_token_in(exchange.response) for exchange in self.exchanges]
        return {answer["access_token"]: answer for answer in answers if answer}

    def made_by(self, call: Call) -> Callable:
        """The callable that the learner's function, a factory, returned. Unmet where it raised or returned anything else."""
        expect(
            call.raised is None and callable(call.returned),
            seen=call.story,
            expected="a function, to be called later and as often as needed",
            why="What the inner function must remember between its calls lives in the function around it, or in an object.",
            hint="Does your function return the inner function itself, by its name and without parentheses?",
        )
        return call.returned

    def call_together(self, function: Callable, *arguments: object, times: int = 8) -> list[Call]:
        """As many calls at once, each from a thread of its own. Unmet where one of them does not end."""
        begin = threading.Barrier(times)
        ended: list[Call | NotAttempted | Unmet] = []

        def call_once() -> None:
            begin.wait()
            try:
                ended.append(self.call_on(function, *arguments))
            except (NotAttempted, Unmet) as early_end:
                ended.append(early_end)

        threads = [threading.Thread(target=call_once, daemon=True) for _ in range(times)]
        deadline = time.monotonic() + TOGETHER_SECONDS
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        expect(
            len(ended) == times,
            seen=f"{times} threads called at once, and not all of the calls ended within {TOGETHER_SECONDS:g} seconds",
            expected="every call ends, with a value or with an exception",
            why="A thread that waits for a lock waits for ever, if nobody lets go of it.",
            hint="Which line takes the lock, and is it given back when the request raises? A with statement does that.",
        )
        for each in ended:
            if not isinstance(each, Call):
                raise each
        return ended


def _expect_it_stayed_on_this_machine(ending: Ending) -> None:
    if ending.refused_hosts:
        attempt = ending.refused_hosts[0]
        raise Unmet(
            seen=f"your function wanted to reach {short(attempt.host)}, another machine{attempt.where}; nothing was sent",
            expected="requests to the address that is passed in, and to no other machine",
            why="A check stays on your machine, and a client secret that goes to any other host is given away.",
            hint="Where does the host in that line come from: an argument, or a text in your code?",
        )


def _expect_it_came_back(ending: Ending, seconds: float) -> None:
    if ending.stopped_at is not None:
        raise DidNotComeBack(
            seen=f"your function had not come back after {seconds:g} seconds, and was stopped{ending.stopped_at}",
            expected="a function that returns or raises, whatever the server does",
            why="A caller that waits for ever can neither go on nor report what is wrong.",
            hint="Is there a loop that never ends, or a request without timeout=? What must happen for that line to be left?",
        )


def _is_being_answered(exchange: Exchange) -> bool:
    if exchange.fault == "drop":
        return False
    request = exchange.request
    is_complete = request is not None and message_length(exchange.raw_request) is not None
    return is_complete and not is_whole_answer(exchange.raw_response, request.method)


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

"""A client of the learner's that scenarios play with, and what they all expect of its results."""

from collections.abc import Callable

from exercises.scenario import Call, Stage, expect
from mock_server.views.record import Exchange

READ, WRITE = "readings:read", "readings:write"
TOKEN_PATH = "/oauth2/token"

Result = dict[str, object]


class Client:
    """A new client of the learner's, and what it has sent so far."""

    def __init__(self, stage: Stage, **settings: object) -> None:
        self.stage, self.clock = stage, stage.server.clock
        self.credentials = stage.new_client(**settings)
        self.function: Callable = stage.made_by(stage.call(stage.server.url + TOKEN_PATH, self.credentials.id))

    def call(self, method: str = "GET", path: str = "/api/stations", *, secret: str = "", scope: str = READ) -> Result:
        """Call the API as the time is now, with the client's own secret unless another is given."""
        return self.result(self.stage.call_on(self.function, *self._arguments(method, path, secret, scope)))

    def call_from_eight_threads(self) -> list[Result]:
        calls = self.stage.call_together(self.function, *self._arguments("GET", "/api/stations", "", READ))
        return [self.result(call) for call in calls]

    def _arguments(self, method: str, path: str, secret: str, scope: str) -> tuple[object, ...]:
        return method, self.stage.server.url + path, self.clock.now(), secret or self.credentials.secret, scope

    def result(self, call: Call) -> Result:
        """What the call returned. Unmet where it raised, sent nothing at all, or returned anything else than it should."""
        expect(
            call.raised is None,
            seen=call.story,
            expected="a dict, whatever the servers answer",
            why="The caller decides what to do about a refusal or a wait, so it gets them as values.",
            hint="Which line raised, and which of the three kinds of result belongs there?",
        )
        expect(
            len(self.stage.exchanges) > 0,
            seen=f"no request reached the addresses that were passed in; {call.story}",
            expected="a token request, and a call of the API with the token",
            why="What your function never sends, no server can answer.",
            hint="What does the inner function do first when it has no token?",
        )
        expect(
            isinstance(call.returned, dict) and _is_result(call.returned),
            seen=call.story,
            expected="{'status': int, 'body': str}, {'wait': seconds, more than 0} or {'error': a text}",
            why="These are the three ways in which a call can end: it was answered, it has to wait, or it cannot be made.",
            hint="Which of your return statements gives that?",
        )
        return call.returned

    @property
    def token_requests(self) -> list[Exchange]:
        return self._sent_to(TOKEN_PATH)

    @property
    def api_calls(self) -> list[Exchange]:
        return self._sent_to("/api/")

    def _sent_to(self, path: str) -> list[Exchange]:
        return [each for each in self.stage.exchanges if each.request is not None and each.request.path.startswith(path)]

    def shown(self, result: Result) -> str:
        """The result in words that are the same at each check."""
        if "status" in result:
            return f"status {result['status']}"
        return "a wait" if "wait" in result else f"the error {self.stage.without_random_values(str(result['error']))[:80]}"

    def expect_answer(self, result: Result, when: str, status: int = 200) -> None:
        """The API's answer with that status came out of the call."""
        last = self.stage.exchanges[-1]
        refused = f", and the last answer on the wire was {last.response.status}" if last.response else ""
        expect(
            result.get("status") == status,
            seen=f"{when}, the call returned {self.shown(result)}{refused}",
            expected=f"status {status}, the API's answer",
            why="Client, secret and scope are good, so there is a token (RFC 6749 §5.1), and the API answers who shows it (RFC 6750 §2.1)."
            if status == 200
            else "It is the API that decides, and the caller has to learn what it said (RFC 6750 §3.1).",
            hint="Which exchange on the wire went wrong first? What should have been sent?",
        )
        expect(
            result["body"] in [each.response.body.decode("utf-8") for each in self.api_calls if each.response],
            seen=f"{when}, the body that the call returned is not the API's",
            expected="the text of the API's answer, unchanged",
            why="The answer is what the caller asked for.",
            hint="Of which response do you return the text?",
        )

    def expect_token_requests(self, number: int, when: str) -> None:
        expect(
            len(self.token_requests) <= number,
            seen=f"{when}, your client had sent {len(self.token_requests)} token requests",
            expected=f"no more than {number}",
            why="A token is good for any number of calls until it ends (RFC 6749 §1.4, §5.1); each request for one costs both sides.",
            hint="What does your client look at before it asks for a token?",
        )

    def expect_api_calls(self, number: int, when: str) -> None:
        expect(
            len(self.api_calls) == number,
            seen=f"{when}, {len(self.api_calls)} requests reached the API",
            expected=f"{number}",
            why="A 401 is worth one further attempt with a new token (RFC 6750 §3.1: invalid_token); any other answer stands.",
            hint="After which answers does your client send the same request again, and how often?",
        )

    def expect_silence(self, sent: int, when: str) -> None:
        expect(
            len(self.stage.exchanges) <= sent,
            seen=f"{when}, your client sent another request",
            expected="no request",
            why="Whoever is asked too soon, or in vain, has the work and refuses again (RFC 6585 §4, RFC 9110 §15.6.4).",
            hint="What must a call know of the call before it?",
        )

    def expect_wait(self, result: Result, when: str) -> float:
        expect(
            "wait" in result,
            seen=f"{when}, the call returned {self.shown(result)}",
            expected="{'wait': seconds}",
            why="429 and 503 say that the trouble may pass (RFC 6585 §4, RFC 9110 §15.6.4), and so may a lost connection.",
            hint="Which failures pass by themselves, and who waits: your client or its caller?",
        )
        return result["wait"]


def _is_result(result: Result) -> bool:
    if result.keys() == {"wait"}:
        return type(result["wait"]) in (int, float) and 0 < result["wait"] < float("inf")
    if result.keys() == {"error"}:
        return isinstance(result["error"], str)
    return result.keys() == {"status", "body"} and type(result["status"]) is int and isinstance(result["body"], str)

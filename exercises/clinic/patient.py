"""One patient on stage: what is wrong with it, and the questions that every scenario of the clinic asks of the wire."""

import json
from collections.abc import Callable
from dataclasses import dataclass

from exercises.scenario import Call, Credentials, Stage, expect
from mock_server.views.record import Exchange

# Not /token, so that a path written into the code is noticed.
TOKEN_PATH, API_PATH = "/oauth2/token", "/api/readings"


@dataclass(frozen=True, slots=True)
class Patient:
    """The client `name`; `why` names the rule and the report, `hint` asks a question, whatever is seen."""

    stage: Stage
    name: str
    why: str
    hint: str

    @property
    def token_url(self) -> str:
        return self.stage.server.url + TOKEN_PATH

    @property
    def api_url(self) -> str:
        return self.stage.server.url + API_PATH

    def must(self, condition: bool, *, seen: str, expected: str) -> None:
        # The name sets apart two patients of whom the same is seen, so that each is told its own reason.
        expect(condition, seen=f"{self.name}: {seen}", expected=expected, why=self.why, hint=self.hint)

    def call(self, *arguments: object) -> Call:
        return self.stage.call(self.name, *arguments)

    def made(self, *arguments: object) -> Callable:
        """What the patient, a factory, returns. Unmet where that cannot be called."""
        call = self.call(*arguments)
        self.must(
            call.raised is None and callable(call.returned),
            seen=call.story,
            expected="a function, which the check then calls",
        )
        return call.returned

    def made_for(self, client: Credentials) -> Callable:
        """A patient that asks for tokens alone, on behalf of `client`."""
        return self.made(self.token_url, client.id, client.secret)

    def made_to_read_for(self, client: Credentials) -> Callable:
        """A patient that asks for tokens and reads the API with them."""
        return self.made(self.token_url, self.api_url, client.id, client.secret)

    def token_requests(self) -> list[Exchange]:
        return self._exchanges_of(TOKEN_PATH)

    def newest_token(self) -> str:
        """The token of the last token request, which the server must have granted."""
        return _token_in(self.token_requests()[-1])

    def api_statuses(self) -> list[int]:
        return [_status(exchange) for exchange in self._exchanges_of(API_PATH)]

    def must_get_a_token(self, call: Call, when: str) -> None:
        """The call returned the newest token that the server issued."""
        asked = self.token_requests()
        answered = f"the server answered {_outcome(asked[-1])}" if asked else f"no token request arrived, and {call.story}"
        self.must(bool(asked) and _status(asked[-1]) == 200, seen=f"{when}, {answered}", expected="200 with an access token")
        is_earlier = call.returned in [_token_in(exchange) for exchange in asked[:-1]]
        self.must(
            call.raised is None and call.returned == _token_in(asked[-1]),
            seen=f"{when}, {'your function returned an earlier token' if is_earlier else call.story}",
            expected="the newest token that the server issued, as the return value",
        )

    def must_have_asked(self, times: int, call: Call, when: str) -> None:
        """So many token requests have arrived from the beginning of the scenario to the end of `call`."""
        count = len(self.token_requests())
        arrived = "1 token request has arrived" if count == 1 else f"{count} token requests have arrived"
        self.must(
            count == times,
            seen=f"{when}, {arrived} in all" + (f", and {call.story}" if call.raised else ""),
            expected=f"{times} in all",
        )

    def must_have_read(self, call: Call, when: str) -> None:
        self.must(
            call.raised is None and call.returned == 200,
            seen=f"{when}, {call.story}",
            expected="200, the status of the API's answer",
        )

    def _exchanges_of(self, path: str) -> list[Exchange]:
        return [each for each in self.stage.exchanges if each.request is not None and each.request.path == path]


def _status(exchange: Exchange) -> int:
    return exchange.response.status if exchange.response else 0


def _outcome(exchange: Exchange) -> str:
    if exchange.response is None:
        return "nothing"
    fields = json.loads(exchange.response.body)
    return f"{exchange.response.status} {fields.get('error') or fields.get('title', '')}".strip()


def _token_in(exchange: Exchange) -> str:
    fields = json.loads(exchange.response.body) if exchange.response else {}
    return fields.get("access_token", "")

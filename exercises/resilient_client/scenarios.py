"""Resilient client: `make_token_client(token_url, client_id, client_secret)` returns `step(now)`, which says what to do next."""

import random
import re
from collections.abc import Callable

from exercises.scenario import Exercise, Scenario, Stage, expect

MOST_REQUESTS = 5
#: Seconds that a wait may differ from what it should be, for the sake of rounding.
ROUNDING = 0.01

Step = Callable[[float], dict[str, object]]


def _first_step(stage: Stage, secret: str | None = None) -> tuple[Step, float]:
    """The step of a new client, which shows `secret` if it is given, and the time to begin at."""
    client = stage.new_client()
    call = stage.call(f"{stage.server.url}/oauth2/token", client.id, secret or client.secret)
    return stage.made_by(call), stage.server.clock.now()


def _result(stage: Stage, step: Step, now: float) -> dict[str, object]:
    """What the step returned: one of token, wait and error. Unmet where it did anything else, or sent more than one request."""
    requests_before = len(stage.exchanges)
    call = stage.call_on(step, now)
    expect(
        len(stage.exchanges) <= requests_before + 1,
        seen="one step sent several requests",
        expected="one request at most; whoever calls the step waits, and calls it again",
        why="An error that is answered by asking again at once makes the trouble of a busy server worse (RFC 9110 §15.6.4, RFC 6585 §4).",
        hint="Is there a loop in your function, or a library that asks again by itself?",
    )
    expect(
        call.raised is None,
        seen=call.story,
        expected="a dict, whatever the network and the server do",
        why="A caller that gets {'wait': seconds} can wait and go on; an exception ends its work.",
        hint="Which line raised, and what should the step return in that case?",
    )
    expect(
        len(stage.exchanges) > 0,
        seen=f"no request reached the address that was passed in; {call.story}",
        expected="one request to that address, at the first step",
        why="What your function never sends, the server cannot answer.",
        hint="Does the step send its request to the address that the outer function was given?",
    )
    returned = call.returned
    expect(
        isinstance(returned, dict) and len(returned) == 1 and _is_well_formed(returned),
        seen=_without_seconds(call.story),
        expected="{'token': the access token}, {'wait': seconds, more than 0} or {'error': a text}",
        why="These are the only three things that can follow: go on, wait, or stop.",
        hint="Which of your return statements gives that?",
    )
    return returned


def _is_well_formed(result: dict[object, object]) -> bool:
    [(name, value)] = result.items()
    if name == "wait":
        return type(value) in (int, float) and 0 < value < float("inf")
    return name in ("token", "error") and isinstance(value, str) and value != ""


def _expect_token(stage: Stage, result: dict[str, object], when: str) -> None:
    expect(
        result.get("token") in stage.token_answers,
        seen=f"{when}, the step returned {_shown(stage, result)}",
        expected="{'token': the access token} from the server's answer",
        why="The server is well again, so a request is answered with a token (RFC 6749 §5.1).",
        hint="Does this step send a request? And what does it make of the answer?",
    )


def _expect_wait(stage: Stage, result: dict[str, object], when: str) -> float:
    expect(
        "wait" in result,
        seen=f"{when}, the step returned {_shown(stage, result)}",
        expected="{'wait': seconds}",
        why="The trouble may pass: 429 and 503 say so (RFC 6585 §4, RFC 9110 §15.6.4), and a token request can be repeated without harm.",
        hint="Which failures pass by themselves, and which do not?",
    )
    return result["wait"]


def _expect_silence(stage: Stage, requests_so_far: int, when: str) -> None:
    expect(
        len(stage.exchanges) <= requests_so_far,
        seen=f"{when}, the step sent another request",
        expected="no request",
        why="A server that is asked again too soon, or in vain, has the work and refuses again (RFC 6585 §4); some lock the client out.",
        hint="What must a step know of the step before it?",
    )


def _shown(stage: Stage, result: dict[str, object]) -> str:
    """The result without seconds, which may be random."""
    return _without_seconds(stage.without_random_values(repr(result)))


def _without_seconds(text: str) -> str:
    return re.sub(r"('wait': '?)-?\d+(\.\d+)?(e-?\d+)?", r"\1SECONDS", text)


def a_server_that_is_well_gives_a_token(stage: Stage) -> None:
    step, now = _first_step(stage)
    first = _result(stage, step, now)
    _expect_token(stage, first, "at a server that is well")
    again = _result(stage, step, now + 1)
    _expect_silence(stage, 1, "after the token")
    expect(
        again == first,
        seen=f"one step after the token, the step returned {_shown(stage, again)}",
        expected="the same token: the work is done",
        why="One token request was asked for, and it was answered (RFC 6749 §5.1).",
        hint="What does your function remember when it has the token?",
    )


def retry_after_is_obeyed(stage: Stage) -> None:
    step, now = _first_step(stage)
    asked = {429: random.randint(20, 90), 503: random.randint(20, 90)}
    for status, seconds in asked.items():
        stage.server.fail_next(status, retry_after=seconds)
    for requests_so_far, (status, seconds) in enumerate(asked.items(), 1):
        when = f"after a {status} with Retry-After"
        begin = now
        for passed in (0.0, seconds * 0.75):
            now = begin + passed
            wait = _expect_wait(stage, _result(stage, step, now), when)
            _expect_silence(stage, requests_so_far, f"{when}, before that time was over")
            expect(
                begin + seconds - ROUNDING <= now + wait <= begin + 1.5 * seconds + ROUNDING,
                seen=f"{when}, the wait ends {'before' if now + wait < begin + seconds else 'long after'} the time that the server named",
                expected="a wait that ends when the seconds of Retry-After are over, or up to half of them later",
                why="Retry-After says how long to wait before the next request, in seconds (RFC 9110 §10.2.3).",
                hint="Which header do you read, which type is its value, and when was it received?",
            )
        now += wait + ROUNDING
    _expect_token(stage, _result(stage, step, now), "when the waits were over")


def the_wait_doubles(stage: Stage) -> None:
    step, now = _first_step(stage)
    for status in (503, 503, 429, 503):
        stage.server.fail_next(status, retry_after=None)
    for failures in range(MOST_REQUESTS - 1):
        result = _result(stage, step, now)
        wait = _expect_wait(stage, result, f"after {failures + 1} answers of 503 or 429 without Retry-After")
        planned = 2**failures
        expect(
            planned / 2 - ROUNDING <= wait <= planned * 1.5 + ROUNDING,
            seen=f"after failure {failures + 1} the wait was {'shorter' if wait < planned else 'longer'} than the back-off allows",
            expected=f"{planned} s, and up to half of that less or more at random",
            why="Waits that double give a server in trouble room, and chance keeps many clients from coming back together (RFC 9110 §15.6.4 leaves the time to the client).",
            hint="How many failures were there before, and where is their number kept from one step to the next?",
        )
        now += wait + ROUNDING
    _expect_token(stage, _result(stage, step, now), "when the server was well again")


def a_dropped_connection_is_tried_again(stage: Stage) -> None:
    stage.server.fail_next("drop", times=2)
    step, now = _first_step(stage)
    for _ in range(2):
        wait = _expect_wait(stage, _result(stage, step, now), "after a connection that ended without an answer")
        now += wait + ROUNDING
    _expect_token(stage, _result(stage, step, now), "when the network was well again")


def it_gives_up_in_the_end(stage: Stage) -> None:
    stage.server.fail_next(503, times=None)
    step, now = _first_step(stage)
    result = _result(stage, step, now)
    _expect_wait(stage, result, "after one 503")
    while "wait" in result and len(stage.exchanges) <= MOST_REQUESTS:
        sent = len(stage.exchanges)
        now += result["wait"] + ROUNDING
        result = _result(stage, step, now)
        expect(
            len(stage.exchanges) > sent,
            seen="when the wait was over, the step sent no request",
            expected="a request as soon as the wait is over",
            why="The wait is the time that the step itself named.",
            hint="How does your function find out that the wait is over?",
        )
    expect(
        "error" in result and len(stage.exchanges) <= MOST_REQUESTS,
        seen=f"after {len(stage.exchanges)} answers of 503, the step returned {_shown(stage, result)}",
        expected=f"{{'error': a text}} after {MOST_REQUESTS} requests at most",
        why="503 is for trouble that passes (RFC 9110 §15.6.4); a client that never stops hides that it has not, and nobody mends it.",
        hint="When is it time to tell somebody?",
    )


def a_wrong_secret_is_never_tried_again(stage: Stage) -> None:
    step, now = _first_step(stage, secret="no secret of that client")
    for seconds in (0, 1, 3600):
        result = _result(stage, step, now + seconds)
        _expect_silence(stage, 1, "after 401 invalid_client")
        expect(
            result == {"error": "invalid_client"},
            seen=f"after 401 invalid_client, the step returned {_shown(stage, result)}",
            expected="{'error': 'invalid_client'}, the error of the answer, from then on",
            why="invalid_client says that the client failed to prove who it is (RFC 6749 §5.2); the same secret fails again, and the storm can lock the client out.",
            hint="Which member of the answer says what is wrong, and can time mend it?",
        )


EXERCISE = Exercise(
    id="resilient_client",
    title="Ask again, but wait",
    function="make_token_client",
    objective="Write make_token_client(token_url, client_id, client_secret): it returns step(now), which sends one token request at most "
    "and returns {'token': ...}, {'wait': seconds} or {'error': ...}.",
    hints=(
        "Sort the failures first: which pass by themselves, and which will be the same tomorrow?",
        "Between two steps three things are kept: until when to wait, how many requests failed, and the result, once it is final.",
        "Wait int(Retry-After) where the answer has it, else 2 ** failures * random.uniform(0.5, 1.5). No answer counts like a 503.",
    ),
    scenarios=(
        Scenario("a server that is well gives a token", 1, a_server_that_is_well_gives_a_token),
        Scenario("Retry-After is obeyed", 3, retry_after_is_obeyed),
        Scenario("without Retry-After the wait doubles", 2, the_wait_doubles),
        Scenario("a dropped connection is tried again", 1, a_dropped_connection_is_tried_again),
        Scenario("it gives up in the end", 1, it_gives_up_in_the_end),
        Scenario("a wrong secret is never tried again", 2, a_wrong_secret_is_never_tried_again),
    ),
)

"""Capstone: `make_api_client(token_url, client_id)` returns `call(method, url, now, client_secret, scope)`, which calls the API."""

import logging
import random
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from exercises.capstone.client import READ, TOKEN_PATH, WRITE, Client
from exercises.scenario import Exercise, Scenario, Stage, expect
from mock_server.views.record import Exchange
from mock_server.views.senders import access_token_in

#: Seconds that a wait may differ from what it should be, for the sake of rounding.
ROUNDING = 0.01


def _none_was_refused(exchanges: list[Exchange]) -> bool:
    return all(each.response is not None and each.response.status == 200 for each in exchanges)


def _token_sent(exchange: Exchange) -> str | None:
    return access_token_in(exchange.request)


def one_token_serves_many_calls(stage: Stage) -> None:
    client = Client(stage)
    for seconds in (0, 1, 60, 600, 900):
        client.clock.advance(seconds)
        client.expect_answer(client.call(), "at a plain call")
        client.expect_token_requests(1, "during the first half of a token's life")
    client.expect_api_calls(5, "after five calls")


def eight_threads_send_one_token_request(stage: Stage) -> None:
    client = Client(stage)
    stage.server.fail_next("latency", seconds=0.15, path=TOKEN_PATH)
    for result in client.call_from_eight_threads():
        client.expect_answer(result, "with eight threads at once")
    _expect_one_flight(client, 1, "while your client had no token")


def _expect_one_flight(client: Client, number: int, when: str) -> None:
    expect(
        len(client.token_requests) <= number,
        seen=f"eight threads called at once {when}, and it sent several token requests",
        expected="one token request; the other threads wait for its answer",
        why="All of them miss the token at the same moment. A burst at each renewal is what servers answer with 429 (RFC 6585 §4).",
        hint="What keeps a second thread out, and how does it notice, once it is let in, that there is a new token?",
    )


def an_expired_token_is_not_sent(stage: Stage) -> None:
    client = Client(stage, token_lifetime=600)
    for _ in range(3):
        client.expect_answer(client.call(), "at a plain call")
        client.clock.advance(601)
    expect(
        _none_was_refused(client.api_calls),
        seen="after expires_in had passed, your client still sent the old token",
        expected="a new token before the call",
        why="expires_in says when a token ends (RFC 6749 §5.1): the 401 could have been foreseen; spring-projects/spring-security#6913 used a token for ever.",
        hint="Do you compare with now, the time that is handed in?",
    )


def a_token_is_renewed_early(stage: Stage) -> None:
    client = Client(stage, token_lifetime=60)
    client.expect_answer(client.call(), "at the first call")
    client.clock.advance(25)
    client.expect_answer(client.call(), "25 seconds into a life of 60")
    client.expect_token_requests(1, "25 seconds into a life of 60")
    client.clock.advance(27)
    client.expect_answer(client.call(), "8 seconds before the end of a token")
    expect(
        _token_sent(client.api_calls[-1]) != _token_sent(client.api_calls[0]),
        seen="8 seconds before its end, your client still sent the old token",
        expected="a new token as soon as the old one has 10 seconds left or fewer",
        why="A token that is good when it leaves can be expired when it arrives: wso2/api-manager#773 handed out the same one until its last second.",
        hint="How many seconds before the end does your client renew?",
    )


def a_revoked_token_is_replaced_once(stage: Stage) -> None:
    client = Client(stage)
    stage.server.fail_next("early_revocation", seconds=50)
    client.expect_answer(client.call(), "at the first call")
    client.clock.advance(50)
    when = "after the token was revoked"
    client.expect_answer(client.call(), when)
    client.expect_api_calls(3, f"{when}, in two calls")
    client.expect_answer(client.call(), when)
    client.expect_token_requests(2, when)


def eight_threads_replace_a_revoked_token_once(stage: Stage) -> None:
    client = Client(stage)
    stage.server.fail_next("early_revocation", seconds=50)
    client.expect_answer(client.call(), "at the first call")
    client.clock.advance(50)
    stage.server.fail_next("latency", seconds=0.15, path=TOKEN_PATH)
    for result in client.call_from_eight_threads():
        client.expect_answer(result, "with eight threads and a revoked token")
    _expect_one_flight(client, 2, "while its token was revoked")


def a_second_401_stands(stage: Stage) -> None:
    client = Client(stage)
    # For a clock that is two hours ahead each token of an hour is over.
    client.clock.skew_api(7200)
    when = "at an API whose clock is two hours ahead"
    result = client.call()
    client.expect_api_calls(2, when)
    client.expect_token_requests(2, when)
    client.expect_answer(result, when, status=401)


def a_403_is_not_tried_again(stage: Stage) -> None:
    client = Client(stage)
    when = "after 403 insufficient_scope"
    result = client.call("DELETE", "/api/readings/1")
    client.expect_api_calls(1, when)
    client.expect_token_requests(1, when)
    client.expect_answer(result, when, status=403)


def retry_after_is_obeyed(stage: Stage) -> None:
    client, seconds = Client(stage), random.randint(5, 9)
    client.expect_answer(client.call(), "at the first call")
    stage.server.fail_next(429, retry_after=seconds, path="/api/*")
    when = "after a 429 of the API with Retry-After"
    begin = client.clock.now()
    wait = client.expect_wait(client.call(), when)
    expect(
        seconds - ROUNDING <= wait <= 1.5 * seconds + ROUNDING,
        seen=f"{when}, the wait is {'shorter' if wait < seconds else 'much longer'} than the server asked for",
        expected="as many seconds as Retry-After says, or up to half of them more",
        why="Retry-After says how long to wait before the next request, in seconds (RFC 9110 §10.2.3).",
        hint="Which header do you read, and which type is its value?",
    )
    client.clock.advance(seconds / 2)
    sent = len(stage.exchanges)
    left = client.expect_wait(client.call(), f"{when}, before the time was over")
    client.expect_silence(sent, f"{when}, before the time was over")
    client.clock.advance(max(0.0, begin + wait + ROUNDING - client.clock.now()))
    expect(
        left < wait,
        seen=f"{when}, the wait did not become shorter while time went by",
        expected="the seconds that are left",
        why="The wait began with the answer that asked for it.",
        hint="Until when does your client wait, and where is that kept?",
    )
    client.expect_answer(client.call(), "when the wait was over")


def the_wait_doubles(stage: Stage) -> None:
    for kind in (503, "drop", 503):
        stage.server.fail_next(kind, path=TOKEN_PATH)
    client = Client(stage)
    for failures in range(3):
        planned = 2**failures
        wait = client.expect_wait(client.call(), f"after failure {failures + 1} of the token endpoint")
        expect(
            planned / 2 - ROUNDING <= wait <= 1.5 * planned + ROUNDING,
            seen=f"after failure {failures + 1} the wait was {'shorter' if wait < planned else 'longer'} than the back-off allows",
            expected=f"{planned} s, and up to half of that less or more at random",
            why="Without Retry-After the client chooses (RFC 9110 §15.6.4); waits that double give a server in trouble room.",
            hint="How many failures were there before, and where is their number kept?",
        )
        client.expect_silence(failures + 1, "in one call after a failure of the token endpoint")
        client.clock.advance(wait + ROUNDING)
    client.expect_answer(client.call(), "when the token endpoint was well again")


def a_wrong_secret_makes_no_storm(stage: Stage) -> None:
    client = Client(stage)
    for seconds in (0, 1, 600):
        client.clock.advance(seconds)
        result = client.call(secret="no secret of that client")
        client.expect_silence(1, "after 401 invalid_client")
        expect(
            result == {"error": "invalid_client"},
            seen=f"after 401 invalid_client, the call returned {client.shown(result)}",
            expected="{'error': 'invalid_client'}, as long as the secret is the same",
            why="The client failed to prove who it is (RFC 6749 §5.2): the same secret fails again, and a storm can lock the client out.",
            hint="What does your client remember of a secret that was refused?",
        )
    client.expect_answer(client.call(), "with the right secret after a wrong one")


def a_rotated_secret_is_used(stage: Stage) -> None:
    client = Client(stage)
    stage.server.fail_next("early_revocation", seconds=50)
    client.expect_answer(client.call(), "at the first call")
    client.clock.advance(50)
    new_secret = f"new-{client.credentials.secret}"
    stage.server.clients.rotate_secret(client.credentials.id, new_secret, old_until=client.clock.now())
    result = client.call(secret=new_secret)
    expect(
        _none_was_refused(client.token_requests),
        seen="after the secret was rotated and the token revoked, your client sent the old secret",
        expected="the secret that the call was given",
        why="After a leak the old secret and its tokens are worth nothing (RFC 6749 §10.1); BerriAI/litellm#32259 kept using what it had.",
        hint="Where does the secret of a token request come from: from this call, or from an earlier one?",
    )
    client.expect_answer(result, "after the secret was rotated and the token revoked")


def each_scope_has_a_token_of_its_own(stage: Stage) -> None:
    client = Client(stage)
    for scope, method, path, status in (
        (READ, "GET", "/api/readings", 200),
        (WRITE, "DELETE", "/api/readings/1", 204),
        (READ, "GET", "/api/readings", 200),
    ):
        result = client.call(method, path, scope=scope)
        token = _token_sent(client.api_calls[-1]) if client.api_calls else None
        expect(
            token in stage.token_answers and stage.token_answers[token]["scope"] == scope,
            seen=f"for a call with the scope {scope}, your client used a token with another scope, or none",
            expected=f"a token with the scope {scope} and no more",
            why="A token carries one scope (RFC 6749 §3.3): with too little the API refuses, with too much a stolen token does more harm (RFC 9700 §2.3).",
            hint="Does the token request carry the scope? And by which name is the kept token found again?",
        )
        client.expect_answer(result, f"for a call with the scope {scope}", status=status)
    client.expect_token_requests(2, "for three calls with two scopes")


def an_unusual_expires_in_is_handled(stage: Stage) -> None:
    client = Client(stage)
    stage.server.fail_next("expires_in_text")
    client.expect_answer(client.call(), 'after an answer with "expires_in": "3600", a text')
    client.clock.advance(1000)
    client.expect_answer(client.call(), "1000 seconds later")
    client.expect_token_requests(1, 'after an answer with "expires_in": "3600", a text')
    client.clock.advance(3600)
    stage.server.fail_next("expires_in_missing")
    client.expect_answer(client.call(), "after an answer without expires_in")
    client.clock.advance(86_400)
    client.expect_answer(client.call(), "a day after an answer without expires_in")
    expect(
        _none_was_refused(client.api_calls),
        seen="after an answer with an unusual expires_in, your client sent an expired token",
        expected="a text read as a number, and a short lifetime where there is none",
        why="expires_in is recommended and not required (RFC 6749 §5.1), and some servers send a text: umbraco/Umbraco.AuthorizedServices#42.",
        hint="Which lifetime does your client take when the answer names none, or a str?",
    )


def the_secret_is_in_no_log(stage: Stage) -> None:
    client, secret = Client(stage), f"wrong-{random.getrandbits(64):x}"
    with _log_lines() as lines:
        result = client.call(secret=secret)
        client.expect_answer(client.call(), "at a plain call")
    shown = stage.call_on(repr, client.function)
    places = {
        "a line of the log": "\n".join(lines),
        "what your function printed": "".join(call.printed for call in stage.calls),
        "the repr of the function that you returned": str(shown.returned),
        "the result of a refused call": str(result),
    }
    for place, text in places.items():
        expect(
            not any(value in text for value in (client.credentials.secret, "<client secret>", secret)),
            seen=f"the client secret stands in {place}",
            expected="no secret in anything that people read",
            why="Logs are copied, kept and searched by many; the secret is for the token endpoint alone (RFC 6749 §10.1).",
            hint="Which line of your code puts the secret, or something that holds it, into a text?",
        )


@contextmanager
def _log_lines() -> Iterator[list[str]]:
    """What is logged meanwhile, at any level."""
    lines: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            with suppress(Exception):
                lines.append(self.format(record))

    root, listener = logging.getLogger(), Listener()
    level = root.level
    root.addHandler(listener)
    root.setLevel(logging.DEBUG)
    try:
        yield lines
    finally:
        root.setLevel(level)
        root.removeHandler(listener)


EXERCISE = Exercise(
    id="capstone",
    title="Capstone: a client for production",
    function="make_api_client",
    objective="Write make_api_client(token_url, client_id): it returns call(method, url, now, client_secret, scope), which calls the API "
    "and returns {'status': ..., 'body': ...}, {'wait': seconds} or {'error': ...}.",
    hints=(
        "Begin with a call that asks for a token each time. Then let it remember, one scenario after the other.",
        "What is kept: for each secret and scope a token and its end; the refusals; until when to be quiet; how many failures in a row.",
        "After a 401, ask for a token that differs from the one that was refused: a thread that comes second finds the new one there.",
    ),
    scenarios=(
        Scenario("one token serves many calls", 2, one_token_serves_many_calls),
        Scenario("eight threads send one token request", 2, eight_threads_send_one_token_request),
        Scenario("an expired token is not sent", 1, an_expired_token_is_not_sent),
        Scenario("a token is renewed early", 2, a_token_is_renewed_early),
        Scenario("a revoked token is replaced once", 2, a_revoked_token_is_replaced_once),
        Scenario("eight threads replace a revoked token once", 1, eight_threads_replace_a_revoked_token_once),
        Scenario("a second 401 stands", 2, a_second_401_stands),
        Scenario("a 403 is not tried again", 1, a_403_is_not_tried_again),
        Scenario("Retry-After of the API is obeyed", 2, retry_after_is_obeyed),
        Scenario("the wait for the token endpoint doubles", 2, the_wait_doubles),
        Scenario("a wrong secret makes no storm", 2, a_wrong_secret_makes_no_storm),
        Scenario("a rotated secret is used", 2, a_rotated_secret_is_used),
        Scenario("each scope has a token of its own", 2, each_scope_has_a_token_of_its_own),
        Scenario("expires_in as a text, or missing", 1, an_unusual_expires_in_is_handled),
        Scenario("the secret is in no log and no repr", 1, the_secret_is_in_no_log),
    ),
)

"""Token cache: `make_token_source(token_url, client_id, client_secret)` returns `token(now, scope=None)`, which asks no more than it must."""

from collections.abc import Callable

from exercises.scenario import Call, Exercise, Scenario, Stage, expect

READ, WRITE = "readings:read", "readings:write"
#: A token with this many seconds left, or fewer, may have expired when it arrives.
LAST_SECONDS = 10

TokenSource = Callable[..., str]


def _token_source(stage: Stage, **settings: object) -> TokenSource:
    client = stage.new_client(**settings)
    return stage.made_by(stage.call(f"{stage.server.url}/oauth2/token", client.id, client.secret))


def _token(stage: Stage, token: TokenSource, *scope: str) -> str:
    return _expect_token(stage, stage.call_on(token, stage.server.clock.now(), *scope))


def _expect_token(stage: Stage, call: Call) -> str:
    """The access token that the call returned, which is one that the server issued."""
    last = stage.exchanges[-1].response if stage.exchanges else None
    answered = f"the server answered {last.status}, and " if last else "no request reached the server, and "
    expect(
        call.raised is None,
        seen=f"{answered}{call.story}",
        expected="an access token, for the server is well and the client is known",
        why="A valid token request is answered with 200 and a token (RFC 6749 §5.1).",
        hint="What does the last part of the error name, and what does the server's answer say?",
    )
    expect(
        isinstance(call.returned, str) and call.returned in stage.token_answers,
        seen=f"{answered}{call.story}",
        expected="an access token that the server issued, a str and nothing else",
        why="The access_token member of the answer is the token, to be passed on as it is (RFC 6749 §5.1).",
        hint="What does your inner function return, the first time and the second time?",
    )
    return call.returned


def _expect_reuse(stage: Stage, requests_so_far: int, when: str) -> None:
    expect(
        len(stage.exchanges) == requests_so_far,
        seen=f"{when}, your function sent another token request",
        expected="the token that it has, and no request",
        why="A token is good for any number of calls until it expires (RFC 6749 §1.4, §5.1); each request for one costs both sides.",
        hint="Where does your function look before it asks, and what does it find there?",
    )


def _expect_renewal(old: str, returned: str) -> None:
    expect(
        returned != old,
        seen="after expires_in had passed, your function handed out the expired token",
        expected="a new token, asked for when the old one is over",
        why="expires_in is the lifetime in seconds, from the answer on (RFC 6749 §5.1); spring-projects/spring-security#6913 used a token for ever.",
        hint="Do you compare with now, the time that is handed in? When was the token that you keep asked for?",
    )


def one_request_serves_many_calls(stage: Stage) -> None:
    token = _token_source(stage)
    first = _token(stage, token)
    for seconds in (0, 1, 60, 600, 900):
        stage.server.clock.advance(seconds)
        again = _token(stage, token)
        _expect_reuse(stage, 1, "at a further call in the first half of the token's life")
        expect(
            again == first,
            seen="two calls returned two tokens, and one request was sent",
            expected="the same token",
            why="One answer holds one token (RFC 6749 §5.1).",
            hint="What do you keep, and what do you return?",
        )


def an_expired_token_is_not_handed_out(stage: Stage) -> None:
    token = _token_source(stage, token_lifetime=600)
    for _ in range(3):
        old = _token(stage, token)
        stage.server.clock.advance(601)
        _expect_renewal(old, _token(stage, token))


def the_last_seconds_are_not_used(stage: Stage) -> None:
    token = _token_source(stage, token_lifetime=60)
    old = _token(stage, token)
    stage.server.clock.advance(25)
    _token(stage, token)
    _expect_reuse(stage, 1, "25 seconds into a life of 60")
    stage.server.clock.advance(60 - 25 - LAST_SECONDS + 2)
    expect(
        _token(stage, token) != old,
        seen="8 seconds before its end, your function still handed out the old token",
        expected=f"a new token as soon as the old one has {LAST_SECONDS} seconds left or fewer",
        why="A token that is good when it leaves can be expired when it arrives: wso2/api-manager#773 handed out the same one until its last second.",
        hint="How many seconds before the end does your function ask for a new one?",
    )


def each_scope_has_a_token_of_its_own(stage: Stage) -> None:
    token = _token_source(stage)
    asked = {READ: (READ,), WRITE: (WRITE,), f"{READ} {WRITE}": ()}
    for _ in range(2):
        for granted, scope in asked.items():
            value = _token(stage, token, *scope)
            what = f"asked for the scope {scope[0]}" if scope else "asked without a scope"
            expect(
                stage.token_answers[value]["scope"] == granted,
                seen=f"{what}, your function returned a token with the scope {stage.token_answers[value]['scope']}",
                expected=f"a token with the scope {granted}, which is what the server grants for that",
                why="A token carries one scope (RFC 6749 §3.3): with another one the API refuses, or the caller may do more than it asked for.",
                hint="Does the request carry the scope? And by which name do you find the kept token again?",
            )
    _expect_reuse(stage, len(asked), "when each of three scopes was asked for a second time")


def an_unusual_expires_in_is_handled(stage: Stage) -> None:
    stage.server.fail_next("expires_in_text")
    token = _token_source(stage)
    old = _token(stage, token)
    stage.server.clock.advance(1000)
    _token(stage, token)
    _expect_reuse(stage, 1, 'after an answer with "expires_in": "3600", a text,')
    stage.server.clock.advance(3600)
    stage.server.fail_next("expires_in_missing")
    unlimited = _token(stage, token)
    expect(
        unlimited != old,
        seen='after an answer with "expires_in": "3600", a text, your function used the token for ever',
        expected="the lifetime as a number, and a new token when it is over",
        why="Some servers send expires_in as a text: umbraco/Umbraco.AuthorizedServices#42.",
        hint="What does your function do with a lifetime that is a str?",
    )
    stage.server.clock.advance(86_400)
    expect(
        _token(stage, token) != unlimited,
        seen="after an answer without expires_in, your function handed out the same token a day later",
        expected="a new token: without a lifetime, take a short one, or none",
        why="expires_in is recommended and not required (RFC 6749 §5.1); its absence does not mean for ever.",
        hint="Which lifetime does your function take when the answer names none?",
    )


def eight_threads_send_one_request(stage: Stage) -> None:
    token, old = _token_source(stage, token_lifetime=600), ""
    for requests_so_far, found in enumerate(("no token yet", "an expired token")):
        stage.server.fail_next("latency", seconds=0.15)
        calls = stage.call_together(token, stage.server.clock.now())
        values = {_expect_token(stage, call) for call in calls}
        expect(
            len(stage.exchanges) <= requests_so_far + 1,
            seen=f"eight threads called at once while your function had {found}, and it sent several token requests",
            expected="one token request; the other threads wait for its answer",
            why="All of them find nothing at the same moment. A busy client would send a burst at each expiry, and a server answers bursts with 429 (RFC 6585 §4).",
            hint="Between looking and asking, what keeps a second thread out? And does that thread look again once it is let in?",
        )
        expect(
            len(values) == 1,
            seen="eight threads got an old and a new token",
            expected="the same new token for all of them",
            why="The old token is over for every thread (RFC 6749 §5.1).",
            hint="Which token do the threads that waited return?",
        )
        value = values.pop()
        _expect_renewal(old, value)
        old = value
        stage.server.clock.advance(601)


EXERCISE = Exercise(
    id="token_cache",
    title="Keep a token until it ends",
    function="make_token_source",
    objective="Write make_token_source(token_url, client_id, client_secret): it returns token(now, scope=None), "
    "which returns an access token that is good at the time now, and asks the server only when it must.",
    hints=(
        "What must a call know of the calls before it? A token, and until when it is to be used: for each scope.",
        "The inner function can keep a dict of the outer one: for each scope the token and the time from which it is not used.",
        "That time is now + float(expires_in) - a margin of at most half the lifetime. One `with lock:` around looking and asking.",
    ),
    scenarios=(
        Scenario("one request serves many calls", 2, one_request_serves_many_calls),
        Scenario("an expired token is not handed out", 1, an_expired_token_is_not_handed_out),
        Scenario("the last seconds of a token are not used", 2, the_last_seconds_are_not_used),
        Scenario("each scope has a token of its own", 2, each_scope_has_a_token_of_its_own),
        Scenario("expires_in as a text, or missing", 1, an_unusual_expires_in_is_handled),
        Scenario("eight threads send one request", 2, eight_threads_send_one_request),
    ),
)

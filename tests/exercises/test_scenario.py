import codecs
import json
import socket
import threading
import time
import warnings

import pytest
import requests

from exercises.expectations import DidNotComeBack, NotAttempted, Unmet
from exercises.scenario import ANSWER_SECONDS, Credentials, Stage

GRANT = {"grant_type": "client_credentials"}


def play(function, *arguments):
    """A stage on which `function` was called with its address and a new client, and how the call ended."""
    stage = Stage(function)
    client = stage.new_client()
    return stage, client, stage.call(f"{stage.server.url}/token", client.id, client.secret, *arguments)


@pytest.fixture
def on_stage():
    stages = []

    def start(function):
        stage, client, call = play(function)
        stages.append(stage)
        return stage, client, call

    yield start
    for stage in stages:
        stage.close()


def ask(url, client_id, client_secret):
    return requests.post(url, data=GRANT, auth=(client_id, client_secret), timeout=10)


def test_every_stage_has_a_server_clients_and_tokens_of_its_own(on_stage):
    one, first, call = on_stage(ask)
    two, second, _ = on_stage(ask)
    assert first != second
    assert one.server.port != two.server.port
    tokens = {json.loads(stage.only_answer().body)["access_token"] for stage in (one, two)}
    assert len(tokens) == 2
    assert ask(f"{two.server.url}/token", first.id, first.secret).status_code == 401


def test_the_teaching_clients_are_not_on_stage(on_stage):
    stage, _, _ = on_stage(lambda url, *_: requests.post(url, data=GRANT, auth=("myapp123", "secret456"), timeout=10))
    assert stage.only_answer().status == 401


def test_a_given_secret_is_kept_and_settings_are_registered():
    stage = Stage(print)
    assert stage.new_client(secret="a&b").secret == "a&b"
    public = stage.new_client(grant_types=("authorization_code",))
    answer = ask(f"{stage.server.url}/token", public.id, public.secret)
    assert answer.json()["error"] == "unauthorized_client"
    stage.close()


def test_a_function_that_is_not_written_is_not_attempted(on_stage):
    def stub(*arguments):
        raise NotImplementedError

    with pytest.raises(NotAttempted):
        on_stage(stub)


def test_what_a_call_returned_is_called_on_the_same_stage(on_stage):
    def prepares(*arguments):
        return lambda form: form(ask(*arguments).status_code)

    stage, _, call = on_stage(prepares)
    assert stage.exchanges == []
    assert stage.call_on(call.returned, str).returned == "200"
    assert len(stage.exchanges) == 1
    assert stage.call_on(call.returned, len).story.startswith("your function raised TypeError: object of type 'int'")


def test_a_library_that_implements_something_not_is_no_stub(on_stage):
    def asks_too_much(*arguments):
        return codecs.IncrementalEncoder().encode("a")

    _, _, call = on_stage(asks_too_much)
    assert type(call.raised) is NotImplementedError


def test_what_a_call_returned_may_not_be_written_yet(on_stage):
    def stub():
        raise NotImplementedError

    stage, _, call = on_stage(lambda *_: stub)
    with pytest.raises(NotAttempted):
        stage.call_on(call.returned)


def test_the_learner_can_interrupt(on_stage):
    def hangs(*arguments):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        on_stage(hangs)


def loops(*arguments):
    while True:
        pass


NOT_BACK = r"^your function had not come back after 0.1 seconds, and was stopped \(line "


def test_a_call_in_an_endless_loop_is_stopped_and_named_with_its_line(on_stage, monkeypatch):
    monkeypatch.setattr(Stage, "call_seconds", 0.1)
    with pytest.raises(DidNotComeBack, match=NOT_BACK) as raised:
        on_stage(loops)
    assert "of loops: " in raised.value.seen


def test_a_call_that_waits_for_an_answer_for_ever_is_left_and_named_with_its_line(on_stage, monkeypatch):
    monkeypatch.setattr(Stage, "call_seconds", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}/token"
        with pytest.raises(DidNotComeBack, match=NOT_BACK) as raised:
            on_stage(lambda *_: requests.post(url))
    assert "requests.post(url)" in raised.value.seen
    assert "timeout=" in raised.value.hint


def test_a_scenario_may_grant_more_time():
    stage = Stage(loops)
    stage.call_seconds = 0.05
    with pytest.raises(Unmet, match="after 0.05 seconds"):
        stage.call()
    stage.close()


def swallows_all_errors(url, client_id, client_secret):
    try:
        return requests.post("https://login.auth.example/token", data={"client_secret": client_secret}, timeout=5)
    except Exception:
        return "a token"


def test_a_request_to_another_machine_is_not_sent_and_named_with_its_line(on_stage):
    with pytest.raises(Unmet) as raised:
        on_stage(swallows_all_errors)
    assert raised.value.seen.startswith(
        "your function wanted to reach login.auth.example, another machine (line "
    ) and raised.value.seen.endswith("; nothing was sent")
    assert 'requests.post("https://login.auth.example/token"' in raised.value.seen


def test_an_exit_is_unmet_where_the_scenario_does_not_ask_how_the_call_ended(on_stage):
    def ends(*arguments):
        raise SystemExit("no token")

    stage, _, call = on_stage(ends)
    assert type(call.raised) is SystemExit
    with pytest.raises(Unmet, match="^your function raised SystemExit: no token \\(line") as raised:
        stage.expect_that_no_call_ended_the_program()
    assert "whole program" in raised.value.why


def test_what_a_call_prints_is_kept_cut_and_without_random_values(on_stage, capsys):
    def floods(url, client_id, client_secret):
        print(client_secret)
        print("x" * 100_000)

    _, _, call = on_stage(floods)
    assert call.printed.startswith("<client secret>\nxxx")
    assert call.printed.endswith(" characters more")
    assert len(call.printed) < 3000
    assert capsys.readouterr() == ("", "")


def test_an_exceptions_own_traceback_is_kept_without_random_values(on_stage):
    def raises(url, client_id, client_secret):
        raise ValueError(client_secret)

    _, _, call = on_stage(raises)
    assert call.traceback.startswith("Traceback (most recent call last):\n")
    assert call.traceback.endswith("\nValueError: <client secret>")
    assert "guarded_call" not in call.traceback


def test_the_stage_keeps_every_call_in_order(on_stage):
    stage, _, call = on_stage(lambda *_: 1)
    second = stage.call_on(len, "ab")
    assert stage.calls == [call, second]


@pytest.mark.parametrize("error", [SystemExit(1), GeneratorExit(), RecursionError("deep"), BaseException("base")])
def test_whatever_else_a_function_raises_is_told(on_stage, error):
    def raises(*arguments):
        raise error

    _, _, call = on_stage(raises)
    assert call.raised is error
    assert call.story.startswith(f"your function raised {type(error).__name__}: {error}")


def test_the_story_names_the_learners_own_line_and_not_the_librarys(on_stage):
    def asks_nobody(url, client_id, client_secret):
        return requests.post("nonsense", timeout=10)

    _, _, call = on_stage(asks_nobody)
    assert "of asks_nobody: return requests.post(" in call.story


def test_the_story_names_no_line_of_the_standard_library(on_stage):
    def reads_badly(url, client_id, client_secret):
        return json.loads("{")

    _, _, call = on_stage(reads_badly)
    assert 'of reads_badly: return json.loads("{")' in call.story


def test_the_story_is_one_line_of_bounded_length(on_stage):
    _, _, call = on_stage(lambda *_: "x\n" * 1000)
    assert "\n" not in call.story
    assert len(call.story) < 200


def test_the_story_of_a_refused_connection_is_the_same_each_time(on_stage):
    def hard_coded(url, client_id, client_secret):
        return requests.post("http://127.0.0.1:1/token", data={"client_secret": client_secret}, timeout=10)

    stories = {on_stage(hard_coded)[2].story for _ in range(2)}
    assert len(stories) == 1
    assert " at 0x" not in stories.pop()


def test_the_story_has_names_in_place_of_random_values(on_stage):
    def returns_all(url, client_id, client_secret):
        return [url, client_id, client_secret, ask(url, client_id, client_secret).json()["access_token"], object()]

    _, _, call = on_stage(returns_all)
    assert call.story == (
        "your function returned ['http://<host>/token', '<client id>', '<client secret>', '<access token>', <object object>]"
    )


def test_a_coroutine_is_explained_and_leaves_no_warning_behind(on_stage):
    async def asks(*arguments):
        return None

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stage, _, call = on_stage(asks)
        with pytest.raises(Unmet, match="returned a coroutine") as raised:
            stage.only_request(call)
    assert "async" in raised.value.hint


def test_no_request_at_all_is_unmet(on_stage):
    stage, _, call = on_stage(lambda *_: None)
    with pytest.raises(Unmet, match="^no request reached the address"):
        stage.only_request(call)


def test_an_error_before_any_request_is_told_first(on_stage):
    stage, _, call = on_stage(lambda one: None)
    with pytest.raises(Unmet, match="^your function raised TypeError: .*, and no request reached the address"):
        stage.only_request(call)


def test_several_requests_are_unmet(on_stage):
    stage, _, call = on_stage(lambda *a: [ask(*a), ask(*a), ask(*a)])
    with pytest.raises(Unmet, match="^3 requests reached the server in one call$"):
        stage.only_request(call)


def test_the_one_request_is_given_back(on_stage):
    stage, _, call = on_stage(ask)
    request = stage.only_request(call)
    assert (request.method, request.path) == ("POST", "/token")
    assert stage.only_answer().status == 200


def test_the_whole_answer_is_in_the_record_of_a_function_that_reads_only_the_status(on_stage):
    def leaves_early(url, client_id, client_secret):
        with requests.post(url, data=GRANT, auth=(client_id, client_secret), timeout=10, stream=True) as answer:
            return answer.status_code

    for _ in range(20):
        stage, _, call = on_stage(leaves_early)
        assert "access_token" in json.loads(stage.only_answer().body)


def test_closing_a_stage_keeps_nobody_waiting_and_frees_the_port(on_stage):
    stage = Stage(print)
    stage.close()
    stage.server._thread.join(10)
    with pytest.raises(OSError):
        socket.create_connection(("127.0.0.1", stage.server.port), timeout=5)


def test_credentials_compare_by_value():
    assert Credentials("a", "b") == Credentials("a", "b")


def a_factory(url, client_id, client_secret):
    return lambda: ask(url, client_id, client_secret).json()["access_token"]


def test_what_a_factory_returned_is_called_like_the_function_itself(on_stage):
    stage, _, call = on_stage(a_factory)
    returned = stage.call_on(stage.made_by(call)).returned
    assert list(stage.token_answers) == [returned]
    assert stage.token_answers[returned]["expires_in"] == 3600
    assert stage.call_on(stage.made_by(call), "too much").raised is not None


@pytest.mark.parametrize(("factory", "seen"), [(lambda *_: 7, "returned 7"), (lambda *_: {}[1], "raised KeyError")])
def test_a_factory_that_returns_no_callable_is_unmet(on_stage, factory, seen):
    stage, _, call = on_stage(factory)
    with pytest.raises(Unmet, match=seen):
        stage.made_by(call)


def test_calls_at_once_meet_each_other(on_stage):
    stage, _, call = on_stage(lambda *_: threading.Barrier(8).wait)
    assert sorted(each.returned for each in stage.call_together(call.returned)) == list(range(8))


def test_calls_at_once_of_what_is_not_written_are_not_attempted(on_stage):
    def not_written():
        raise NotImplementedError

    stage, _, call = on_stage(lambda *_: not_written)
    with pytest.raises(NotAttempted):
        stage.call_together(call.returned)


def test_calls_at_once_that_do_not_end_are_unmet(on_stage, monkeypatch):
    monkeypatch.setattr("exercises.scenario.TOGETHER_SECONDS", 0.05)
    release = threading.Event()
    stage, _, call = on_stage(lambda *_: release.wait)
    with pytest.raises(Unmet, match="not all of the calls ended"):
        stage.call_together(call.returned)
    release.set()


def test_nobody_waits_for_the_rest_of_an_answer_that_was_dropped(on_stage):
    stage, _, call = on_stage(a_factory)
    stage.server.fail_next("drop")
    began = time.monotonic()
    assert isinstance(stage.call_on(call.returned).raised, requests.ConnectionError)
    assert time.monotonic() - began < ANSWER_SECONDS

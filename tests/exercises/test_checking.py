import html
import re

import pytest
import requests

from exercises import check
from exercises.checking import find_exercise, play
from exercises.progress import Progress
from exercises.scenario import Exercise, Scenario, Stage, Unmet

ATTACK = '</pre><script>alert("1")</script><b onclick=x>'


def get_token(token_url, client_id, client_secret):
    data = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    answer = requests.post(token_url, data=data, timeout=10)
    answer.raise_for_status()
    return answer.json()["access_token"]


def swallows(*arguments):
    try:
        return get_token(*arguments)
    except requests.HTTPError:
        return None


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)))


def test_an_unknown_exercise_is_refused_with_those_that_there_are():
    with pytest.raises(KeyError, match="There is no exercise 'request_token'; there is: .*request_a_token"):
        check("request_token", get_token)


@pytest.mark.parametrize("exercise_id", ["", "../request_a_token", "request_a_token.scenarios", None, 3, get_token])
def test_nothing_but_the_id_of_an_exercise_names_one(exercise_id):
    with pytest.raises(KeyError, match="There is no exercise"):
        check(exercise_id, get_token)


@pytest.mark.parametrize(("value", "kind"), [(None, "NoneType"), ("eyJ", "str"), ({"access_token": "x"}, "dict")])
def test_what_a_function_returned_in_place_of_the_function_is_refused_with_what_to_do(value, kind, progress):
    with pytest.raises(TypeError, match=f"^Saw {kind} as the second argument, expected your function itself: .*without parentheses"):
        check("request_a_token", value)
    assert progress.exercise("request_a_token") == {}


def test_a_missing_function_is_refused():
    with pytest.raises(TypeError, match="function"):
        check("request_a_token")


def test_the_credentials_are_new_at_every_scenario_and_every_check():
    seen = []

    def notes(token_url, client_id, client_secret):
        seen.append((token_url, client_id, client_secret))
        return get_token(token_url, client_id, client_secret)

    check("request_a_token", notes)
    check("request_a_token", notes)
    assert len(seen) == 8
    assert len({client_id for _, client_id, _ in seen}) == 8
    # One secret is the same each time: the one with & and =.
    assert len({secret for _, _, secret in seen}) == 7


def test_the_points_are_kept_and_the_best_stay(progress):
    def kept():
        entry = progress.exercise("request_a_token")
        return entry["attempts"], entry["best_points"]

    check("request_a_token", swallows)
    assert kept() == (1, 6)
    check("request_a_token", get_token)
    check("request_a_token", lambda *_: None)
    assert kept() == (3, 10)


def test_another_progress_file_can_be_handed_in(tmp_path, progress):
    other = Progress(tmp_path / "other.json")
    check("request_a_token", get_token, other)
    assert other.exercise("request_a_token")["best_points"] == 10
    assert progress.exercise("request_a_token") == {}


def test_progress_that_cannot_be_kept_does_not_cost_the_verdict(tmp_path, capsys):
    (tmp_path / "file").write_text("not a folder")
    assert check("request_a_token", get_token, Progress(tmp_path / "file" / "progress.json")).passed
    assert "could not be" in capsys.readouterr().err


def test_an_interrupt_ends_the_check_and_keeps_nothing(progress):
    def interrupted(*arguments):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        check("request_a_token", interrupted)
    assert progress.exercise("request_a_token") == {}


def test_a_flood_of_prints_changes_nothing_but_is_shown_cut(capsys):
    def floods(*arguments):
        print("x" * 1_000_000)
        return get_token(*arguments)

    result = check("request_a_token", floods)
    assert result.passed
    assert capsys.readouterr() == ("", "")
    for form in (repr(result), text_of(result._repr_html_())):
        assert form.count("printed") == 1
        assert "characters more" in form
        assert len(form) < 4000


def test_after_a_call_that_does_not_come_back_no_other_scenario_is_played(monkeypatch):
    monkeypatch.setattr(Stage, "call_seconds", 0.1)
    calls = []

    def loops(*arguments):
        calls.append(arguments)
        while True:
            pass

    result = check("request_a_token", loops)
    assert len(calls) == 1
    assert (result.points, result.passed, result.attempted) == (0, False, True)
    for form in (repr(result), text_of(result._repr_html_())):
        assert form.count("had not come back after 0.1 seconds") == 1
        assert "of loops: " in form
        assert form.count("not played, since a call did not come back") == 3


def test_a_function_that_ends_the_program_passes_no_scenario_in_which_it_does():
    def ends_on_refusal(*arguments):
        try:
            return get_token(*arguments)
        except requests.HTTPError as error:
            raise SystemExit(1) from error

    def raises(stage):
        call = stage.call(f"{stage.server.url}/token", "nobody", "nothing")
        assert call.raised is not None

    outcome = play(Scenario("a refusal raises", 1, raises), ends_on_refusal)
    assert not outcome.passed
    assert outcome.unmet.seen.startswith("your function raised SystemExit: 1 (line ")
    assert [result.passed for result in check("request_a_token", ends_on_refusal).outcomes] == [True, True, False, False]


def test_a_solved_exercise_says_so_in_words_and_a_symbol_in_both_forms():
    result = check("request_a_token", get_token)
    for form in (repr(result), text_of(result._repr_html_())):
        assert "solved, 10 of 10 points" in form
        assert form.count("✓") == 4
        assert "✗" not in form
        assert "Hint" not in form


def test_a_failed_scenario_says_seen_expected_why_and_hint_in_both_forms():
    result = check("request_a_token", swallows)
    unmet = result.outcomes[2].unmet
    for form in (repr(result), text_of(result._repr_html_())):
        assert "Request a token: 6 of 10 points" in form
        assert "solved" not in form
        assert (form.count("✓"), form.count("✗")) == (2, 2)
        for text in (unmet.seen, unmet.expected, unmet.why, unmet.hint):
            assert text in form


def test_the_same_mistake_is_told_once():
    result = check("request_a_token", lambda *_: None)
    assert repr(result).count("no request reached the address") == 1
    assert repr(result).count("as above") == 3
    assert result._repr_html_().count("What happened") == 1
    assert result._repr_html_().count("as above") == 3


def test_the_first_failure_is_open_and_the_hints_are_closed():
    page = check("request_a_token", swallows)._repr_html_()
    assert page.count("<details open>") == 1
    assert page.index("<details open>") < page.index("What happened") < page.index("<details><summary>Hint 1")


def test_each_failed_check_offers_one_hint_more_and_then_a_solution_after_three_tries_that_differ():
    hints = find_exercise("request_a_token").hints
    pages = [check("request_a_token", swallows) for _ in range(len(hints) + 2)]
    assert [result.help.hints for result in pages] == [hints[: number + 1] for number in range(len(hints))] + [hints, hints]
    assert {result.help.solution for result in pages} == {""}
    assert "raise_for_status" not in check("request_a_token", lambda *_: None).help.solution
    result = check("request_a_token", lambda *_: {})
    assert "answer.raise_for_status()" in result.help.solution
    assert html.escape(result.help.solution) in result._repr_html_()
    assert check("request_a_token", get_token).help.solution == ""


def test_the_evidence_is_what_crossed_the_wire():
    result = check("request_a_token", swallows)
    exchange = result.outcomes[2].evidence[0]
    assert exchange.request.path == "/oauth2/token"
    assert exchange.response.status == 401
    assert "HTTP/1.1 401 Unauthorized" in text_of(result._repr_html_())


def test_nothing_that_the_learner_sends_or_returns_becomes_markup():
    def hostile(token_url, client_id, client_secret):
        requests.post(token_url, data={ATTACK: ATTACK}, headers={"X-Attack": ATTACK}, timeout=10)
        raise ValueError(ATTACK)

    result = check("request_a_token", hostile)
    assert "<script" not in result._repr_html_()
    assert "<b onclick" not in result._repr_html_()
    returned = check("request_a_token", lambda *_: ATTACK)
    assert "<script" not in returned._repr_html_()
    assert html.escape(repr(ATTACK)) in returned._repr_html_()


def test_a_result_is_plain_values():
    result = check("request_a_token", swallows)
    assert (result.passed, result.attempted, result.points) == (False, True, 6)
    assert [outcome.passed for outcome in result.outcomes] == [True, True, False, False]
    assert [outcome.points for outcome in result.outcomes] == [4, 2, 0, 0]
    assert isinstance(result.outcomes[2].unmet, Unmet)


def test_the_exercise_is_whole():
    exercise = find_exercise("request_a_token")
    assert isinstance(exercise, Exercise)
    assert exercise.id == "request_a_token"
    assert exercise.points == sum(scenario.points for scenario in exercise.scenarios) == 10
    assert all(isinstance(scenario, Scenario) and scenario.title and scenario.points > 0 for scenario in exercise.scenarios)
    assert len({scenario.title for scenario in exercise.scenarios}) == len(exercise.scenarios)
    assert len(exercise.hints) >= 2
    assert all(hint.strip() for hint in (exercise.title, exercise.objective, *exercise.hints))

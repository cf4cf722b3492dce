import html
import re

from exercises.help_in_steps import Help
from exercises.result import Outcome, Result
from exercises.scenario import Exercise, Scenario, Unmet

SCENARIOS = tuple(Scenario(f"scenario {letter}", 1, print) for letter in "abcde")
EXERCISE = Exercise("some", "Some exercise", "f", "Write f().", ("Look.", "Think."), SCENARIOS)


def text_of(page: str) -> str:
    return html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)))


def result_of(*seen: str | None, help: Help = Help(), **of_each: object) -> Result:
    outcomes = [
        Outcome(scenario, text and Unmet(seen=text, expected="e", why="w", hint="h"), **of_each)
        for scenario, text in zip(SCENARIOS, seen, strict=False)
    ]
    return Result(EXERCISE, tuple(outcomes), help)


def forms(result: Result) -> tuple[str, str]:
    return repr(result), text_of(result._repr_html_())


def test_the_first_two_failures_are_explained_and_the_others_named():
    for form in forms(result_of("one", "two", "three", "one", "three")):
        assert all(f"scenario {letter}" in form for letter in "abcde")
        assert ("one" in form, "two" in form, "three" in form) == (True, True, False)
        assert form.count("as above") == 1
        assert form.count("the next check tells more about the others") == 1


def test_with_two_failures_nothing_is_left_to_tell():
    for form in forms(result_of("one", None, "two", "one")):
        assert "the next check tells more" not in form


def test_a_traceback_and_what_was_printed_stand_with_the_failures_that_are_explained():
    trace = 'Traceback (most recent call last):\n  File "your code", line 1, in <f>\nKeyError: \'token\''
    result = result_of("one", "two", "three", traceback=trace, printed="<b>status</b> 401\nbody\n")
    for form in forms(result):
        assert form.count('File "your code", line 1, in <f>') == 2
        assert form.count("<b>status</b> 401") == 2
    assert "<b>status" not in result._repr_html_()
    assert "        traceback:\n          Traceback (most recent call last):\n" in repr(result)


def test_a_pass_shows_no_traceback_and_prints_once():
    for form in forms(result_of(None, None, traceback="Traceback: of the refusal that was asked for", printed="hello\n")):
        assert "Traceback" not in form
        assert form.count("hello") == 1


def test_the_text_of_a_mistake_is_the_same_however_often_it_was_made():
    assert repr(result_of("one", help=Help(("Look.",)))) == repr(result_of("one", help=Help(("Look.", "Think."), "return 1")))


def test_the_hints_and_the_solution_are_folded_and_the_text_says_where_they_are():
    result = result_of("one", help=Help(("Look.", "Think."), "return '<token>'\n"))
    page = result._repr_html_()
    assert "<details><summary>Hint 1 of 2</summary>Look.</details>" in page
    assert "<details><summary>Hint 2 of 2</summary>Think.</details>" in page
    assert "<pre>return &#x27;&lt;token&gt;&#x27;\n</pre></details>" in page
    assert "_.help shows a hint" in repr(result)


def test_without_help_nothing_is_offered():
    for form in forms(result_of(None)):
        assert "Hint" not in form and "_.help" not in form and "solution" not in form.replace("solved", "")


def test_a_scenario_that_was_not_played_counts_as_failed_and_says_so():
    outcome = Outcome(SCENARIOS[0], None, played=False)
    assert (outcome.passed, outcome.points) == (False, 0)
    for form in forms(Result(EXERCISE, (outcome,))):
        assert "✗" in form and "not played" in form

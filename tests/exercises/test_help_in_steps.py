import pytest

from exercises.checking import find_exercise
from exercises.help_in_steps import Help, help_after, solution_of, try_id

EXERCISE = find_exercise("request_a_token")
ALL = len(EXERCISE.hints)


@pytest.mark.parametrize(("attempts", "hints"), [(1, 1), (2, 2), (ALL, ALL), (ALL + 1, ALL), (100, ALL)])
def test_there_are_as_many_hints_as_checks(attempts, hints):
    assert help_after(EXERCISE, {"attempts": attempts}).hints == EXERCISE.hints[:hints]


@pytest.mark.parametrize(("attempts", "tries", "earned"), [(ALL, 3, False), (ALL + 1, 2, False), (ALL + 1, 3, True), (99, 0, False)])
def test_the_solution_is_earned_by_a_check_after_the_last_hint_and_three_tries(attempts, tries, earned):
    entry = {"attempts": attempts, "tries": ["a", "b", "c"][:tries]}
    assert (help_after(EXERCISE, entry).solution != "") is earned


def test_where_no_progress_can_be_kept_there_is_the_first_hint():
    assert help_after(EXERCISE, {}) == Help(EXERCISE.hints[:1])


def test_the_solution_is_that_of_the_authors_notebook_without_its_marks():
    solution = solution_of("request_a_token")
    assert solution.startswith("answer = requests.post(\n    token_url,")
    assert solution.endswith('return answer.json()["access_token"]\n')
    assert "###" not in solution


def test_a_copy_of_the_kit_without_solutions_offers_none():
    assert solution_of("no_such_exercise") == ""


def test_help_reads_as_text():
    assert repr(Help(("Look.", "Think."))) == "Hint 1: Look.\nHint 2: Think."
    assert repr(Help(("Look.",), "return 1\n")).splitlines()[-1] == "return 1"


def defined(source: str):
    names = {}
    exec(source, names)
    return names["f"]


ONE = defined("def f(a):\n    return a + 1")
SEEN = ("no request reached the address", "")


@pytest.mark.parametrize("same", ["def f(a):\n    # a comment\n\n    return (a + 1)", "import os\ndef f(a): return a+1"])
def test_comments_and_layout_make_no_other_try(same):
    assert try_id(defined(same), SEEN) == try_id(ONE, SEEN)


@pytest.mark.parametrize(
    "other",
    [
        "def f(a):\n    return a + 2",
        "def f(a):\n    return b + 1",
        "def f(a):\n    return (lambda b: b)(a) + 1",
        "class f:\n    def ask(self): return 1",
        "import functools\nf = functools.partial(print)",
    ],
)
def test_other_code_is_another_try(other):
    assert try_id(defined(other), SEEN) != try_id(ONE, SEEN)


def test_two_versions_of_a_class_are_two_tries():
    first, second = (defined(f"class f:\n    def ask(self): return {number}") for number in (1, 2))
    assert try_id(first, SEEN) != try_id(second, SEEN)


def test_another_outcome_is_another_try_but_another_line_is_not():
    assert try_id(ONE, ("your function returned None", "")) != try_id(ONE, SEEN)
    stopped = "your function had not come back after 10 seconds, and was stopped (line {} of f: ...)"
    assert try_id(ONE, [stopped.format(3)]) == try_id(ONE, [stopped.format(4)])

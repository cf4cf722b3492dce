import pytest

from exercises.expectations import Unmet, expect


def test_an_expectation_that_holds_says_nothing():
    expect(True, seen="a", expected="b", why="c", hint="d")


def test_an_expectation_that_does_not_hold_says_seen_expected_why_and_hint():
    with pytest.raises(Unmet, match="^a$") as raised:
        expect(False, seen="a", expected="b", why="c", hint="d")
    unmet = raised.value
    assert (unmet.seen, unmet.expected, unmet.why, unmet.hint) == ("a", "b", "c", "d")

import math
import time

import pytest

from mock_server.clock import LESSON_TIME, Clock


def test_a_stopped_clock_moves_only_by_hand():
    clock = Clock.stopped()
    assert clock.now() == LESSON_TIME
    clock.advance(3600)
    clock.advance(0.5)
    assert clock.now() == LESSON_TIME + 3600.5


def test_a_running_clock_follows_the_computer():
    before = time.time()
    clock = Clock.running()
    clock.advance(10)
    assert before + 10 <= clock.now() <= time.time() + 10


@pytest.mark.parametrize("seconds", [-1, -0.001, -math.inf, math.inf, math.nan, 1e12, 10**400, "3600", None, True])
def test_a_clock_refuses_to_go_back_or_where_no_date_can_be_written(seconds):
    clock = Clock.stopped()
    with pytest.raises(ValueError, match="advance"):
        clock.advance(seconds)
    assert clock.now() == LESSON_TIME


def test_a_clock_shows_its_time():
    assert repr(Clock.stopped()) == "<clock at Thu, 01 Jan 2026 12:00:00 GMT>"


@pytest.mark.parametrize("seconds", ["60", None, True, -1])
def test_what_is_no_time_ahead_is_refused_in_words(seconds):
    clock = Clock.stopped()
    with pytest.raises(ValueError, match=r"Saw at\(.*expected seconds"):
        clock.at(seconds, lambda: None)


@pytest.mark.parametrize("seconds", ["60", None, True, 1e9])
def test_what_is_no_skew_is_refused_in_words(seconds):
    clock = Clock.stopped()
    with pytest.raises(ValueError, match=r"Saw skew_api\(.*expected seconds"):
        clock.skew_api(seconds)
    assert clock.api_skew == 0

"""A deadline by a clock that the test turns."""

from types import SimpleNamespace

import pytest

from mock_server.shells.deadline import Deadline


class Loop:
    """As much of an event loop as tells the time and calls back."""

    def __init__(self) -> None:
        self.now = 0.0
        self.timers = []

    def time(self) -> float:
        return self.now

    def call_at(self, when, callback) -> SimpleNamespace:
        timer = SimpleNamespace(when=lambda: when, callback=callback, cancel=lambda: self.timers.remove(timer))
        self.timers.append(timer)
        return timer

    def turn_to(self, now: float) -> None:
        self.now = now
        for timer in [each for each in self.timers if each.when() <= now]:
            self.timers.remove(timer)
            timer.callback()


@pytest.fixture
def loop():
    return Loop()


@pytest.fixture
def missed():
    return []


@pytest.fixture
def deadline(loop, missed):
    return Deadline(loop, lambda: missed.append(loop.now))


def test_it_is_missed_once_when_its_time_has_come(loop, deadline, missed):
    deadline.set(5)
    for now in (4.9, 5, 6, 20):
        loop.turn_to(now)
    assert missed == [5]
    assert loop.timers == []


def test_one_that_is_moved_on_is_missed_at_its_last_time(loop, deadline, missed):
    for now in range(4):
        loop.turn_to(now)
        deadline.set(5)
    assert len(loop.timers) == 1
    for now in (5, 7.9, 8):
        loop.turn_to(now)
    assert missed == [8]


def test_one_that_is_moved_forward_is_not_waited_for_any_longer(loop, deadline, missed):
    deadline.set(5)
    deadline.set(1)
    loop.turn_to(1)
    assert missed == [1]


def test_one_that_is_cleared_is_not_missed_and_can_be_set_again(loop, deadline, missed):
    deadline.set(5)
    deadline.clear()
    loop.turn_to(6)
    assert missed == []
    deadline.set(5)
    loop.turn_to(11)
    assert missed == [11]


def test_one_that_has_ended_leaves_no_timer(loop, deadline):
    deadline.set(5)
    deadline.end()
    assert loop.timers == []

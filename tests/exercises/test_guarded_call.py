import contextvars
import socket
import subprocess
import sys
import threading
import time

import pytest
import requests

from exercises.closed_terminal import KEPT_CHARACTERS
from exercises.guarded_call import STOP_SECONDS, guarded_call

SECONDS = 0.1


def spins():
    while True:
        pass


def swallows_whatever_is_raised():
    count = 0
    while True:
        try:
            count += len(str(count))
        except:  # noqa: E722
            print("again")


def swallows_in_two_loops():
    while True:
        try:
            swallows_whatever_is_raised()
        except:  # noqa: E722
            continue


def tries_for_ever():
    while True:
        try:
            return requests.post("http://127.0.0.1:1/token", timeout=10)
        except:  # noqa: E722
            pass


def prints_for_ever():
    while True:
        print("x" * 1000)


def recurses_in_a_loop():
    while True:
        try:
            recurses_in_a_loop()
        except RecursionError:
            pass


def worker_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "a check's call"]


ENDLESS = [spins, swallows_whatever_is_raised, swallows_in_two_loops, tries_for_ever, prints_for_ever, recurses_in_a_loop]


@pytest.mark.parametrize("function", ENDLESS, ids=lambda function: function.__name__)
def test_an_endless_loop_is_stopped_with_its_line_and_leaves_nothing_running(function):
    began = time.monotonic()
    ending = guarded_call(function, (), SECONDS)
    # The outermost loop, whatever ran when the time was over.
    assert ending.stopped_at.endswith(f"of {function.__name__}: while True:)")
    assert ending.returned is ending.raised is None
    assert len(ending.printed) < KEPT_CHARACTERS + 100
    for thread in worker_threads():
        thread.join(10)
    assert worker_threads() == []
    assert time.monotonic() - began < 10


def test_a_call_that_waits_on_a_socket_is_left_and_ends_when_the_socket_does():
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = silent.getsockname()
        began = time.monotonic()
        ending = guarded_call(lambda: requests.get(f"http://127.0.0.1:{address[1]}/"), (), SECONDS)
        assert time.monotonic() - began < SECONDS + STOP_SECONDS + 2
        assert "requests.get(" in ending.stopped_at
        silent.accept()[0].close()
    for thread in worker_threads():
        thread.join(10)
    assert worker_threads() == []


def test_a_value_whose_repr_never_ends_is_stopped_too():
    class Endless:
        def __repr__(self):
            spins()

    assert "of spins: " in guarded_call(Endless, (), SECONDS).stopped_at


def test_a_call_that_ends_is_told_with_its_text():
    assert guarded_call(divmod, (7, 2), SECONDS).returned == (3, 1)
    assert guarded_call(divmod, (7, 2), SECONDS).text == "(3, 1)"
    ending = guarded_call(divmod, (7, 0), SECONDS)
    assert type(ending.raised) is ZeroDivisionError
    assert ending.text.startswith("ZeroDivisionError: ")
    assert ending.stopped_at is None


@pytest.mark.parametrize("exits", [sys.exit, lambda: sys.exit("refused"), exit, quit])
def test_an_exit_ends_the_call_alone(exits, monkeypatch):
    monkeypatch.setattr("sys.stdin", None)
    assert type(guarded_call(exits, (), SECONDS).raised) is SystemExit


def test_the_call_sees_the_context_of_the_caller():
    cell = contextvars.ContextVar("cell")
    cell.set("In [3]")
    assert guarded_call(cell.get, (), SECONDS).returned == "In [3]"


def test_an_interrupt_stops_the_call_and_goes_on_to_the_learner():
    with pytest.raises(KeyboardInterrupt):
        guarded_call(_interrupts_the_main_thread, (), 10)
    for thread in worker_threads():
        thread.join(10)
    assert worker_threads() == []


def _interrupts_the_main_thread():
    import _thread

    _thread.interrupt_main()
    spins()


def test_streams_and_sockets_are_as_before_after_every_kind_of_ending():
    before = (sys.stdout, sys.stderr, socket.getaddrinfo, socket.socket.connect, dict(vars(socket.socket)))
    for function in (print, spins, sys.exit, lambda: socket.create_connection(("example.org", 80))):
        guarded_call(function, (), SECONDS)
    assert before == (sys.stdout, sys.stderr, socket.getaddrinfo, socket.socket.connect, dict(vars(socket.socket)))


def test_calls_of_several_threads_go_side_by_side():
    meeting = threading.Barrier(8, timeout=10)
    endings = []
    threads = [threading.Thread(target=lambda: endings.append(guarded_call(meeting.wait, (), 10))) for _ in range(8)]
    before = (sys.stdout, socket.getaddrinfo)
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ending.returned for ending in endings) == list(range(8))
    assert (sys.stdout, socket.getaddrinfo) == before


def test_a_call_that_is_left_behind_does_not_keep_the_interpreter_alive():
    code = (
        "import time; from exercises.guarded_call import guarded_call;"
        "print(guarded_call(time.sleep, (60,), 0.1).stopped_at is not None)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)
    assert (ran.stdout, ran.stderr) == ("True\n", "")

"""Call a learner's function so that nothing it does stops the check: an endless loop, an exit, a flood, a foreign host."""

import contextvars
import ctypes
import functools
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from exercises.closed_terminal import ClosedTerminal
from exercises.learners_lines import shown, where_stuck
from exercises.loopback_only import Attempt, LoopbackOnly

STOP_SECONDS = 0.2

_raise_in_thread = ctypes.PYFUNCTYPE(None, ctypes.c_ulong, ctypes.py_object)(("PyThreadState_SetAsyncExc", ctypes.pythonapi))


@dataclass(frozen=True, slots=True)
class Ending:
    """How a call ended: it returned, it raised, or it had to be stopped.

    `text` is what it returned or raised as text, made where a `__repr__` that never ends does no harm. `stopped_at` is
    None unless the time was over, and then the learner's line that was running, as `where` gives it.
    """

    returned: object = None
    raised: BaseException | None = None
    text: str = ""
    printed: str = ""
    stopped_at: str | None = None
    refused_hosts: tuple[Attempt, ...] = ()


def guarded_call(function: Callable, arguments: tuple[object, ...], seconds: float) -> Ending:
    """Call `function` for at most `seconds`. KeyboardInterrupt, from the learner or from the function, is passed on."""
    worker = _Worker(function, arguments)
    stopped_at = None
    with LoopbackOnly() as refused, ClosedTerminal() as printed:
        try:
            worker.start()
            if not worker.has_ended(seconds):
                stopped_at = where_stuck(sys._current_frames().get(worker.ident))
        finally:
            worker.stop()
    if stopped_at is not None:
        return Ending(printed=printed.text, stopped_at=stopped_at, refused_hosts=tuple(refused))
    if isinstance(worker.raised, KeyboardInterrupt):
        raise worker.raised
    return Ending(worker.returned, worker.raised, worker.text, printed.text, None, tuple(refused))


class _Worker(threading.Thread):
    """One call. A thread, because that can be left behind on every platform, wherever it hangs."""

    def __init__(self, function: Callable, arguments: tuple[object, ...]) -> None:
        super().__init__(daemon=True, name="a check's call")
        self._function, self._arguments = function, arguments
        # IPython's display goes by the context of the cell.
        self._context = contextvars.copy_context()
        self._stopped = type("Stopped", (SystemExit,), {})
        # Not is_alive(): on Python 3.11 an interrupt during join() makes a running thread look dead.
        self._is_running = threading.Lock()
        self._is_running.acquire()
        self._has_left = False
        self.returned: object = None
        self.raised: BaseException | None = None
        self.text = ""

    def run(self) -> None:
        try:
            try:
                self._context.run(self._call)
            finally:
                self._is_running.release()
        except self._stopped:
            # The last that `stop` had raised came when the function was left already.
            self._stopped.__init__ = SystemExit.__init__

    def _call(self) -> None:
        try:
            self.returned = self._function(*self._arguments)
            self.text = shown(self.returned, repr)
        except self._stopped:
            # At once: the next is raised at the first jump or call.
            self._has_left, self._stopped.__init__ = True, SystemExit.__init__
        except BaseException as error:
            self.raised = error
            self.text = f"{type(error).__name__}: {shown(error, str)}"

    def has_ended(self, seconds: float) -> bool:
        """Whether it ends within `seconds`. Windows lets an interrupt through only between two waits."""
        deadline = time.monotonic() + seconds
        while not self._is_running.acquire(timeout=min(0.1, max(0.0, deadline - time.monotonic()))):
            if time.monotonic() >= deadline:
                return False
        self._is_running.release()
        return True

    def stop(self) -> None:
        """Raise an exception in the thread that comes back until it has left the learner's function.

        An `except:` in their loop would swallow a single one. So to make an instance of it raises the next; by a partial,
        since bytecode in `__init__` would be interrupted itself. A thread that waits for the system ends when the
        wait does.
        """
        deadline = time.monotonic() + STOP_SECONDS
        while not (self._has_left or self.has_ended(0)) and time.monotonic() < deadline:
            if self.ident is not None:  # None where an interrupt came before it ran.
                self._stopped.__init__ = staticmethod(functools.partial(_raise_in_thread, self.ident, self._stopped))
                _raise_in_thread(self.ident, self._stopped)
            self.has_ended(0.02)

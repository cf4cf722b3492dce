"""The terminal of a call: what is printed is kept up to a bound, nobody answers, and an exit does not end the kernel."""

import builtins
import io
import sys
import threading
from types import TracebackType

KEPT_CHARACTERS = 2000


class Printed(io.TextIOBase):
    """A text stream that keeps its first `KEPT_CHARACTERS` and counts the rest."""

    def __init__(self) -> None:
        super().__init__()
        self._kept = ""
        self._count = 0

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._count += len(text)
        self._kept += text[: KEPT_CHARACTERS - len(self._kept)]
        return len(text)

    @property
    def text(self) -> str:
        cut = self._count - len(self._kept)
        return f"{self._kept}... and {cut:,} characters more" if cut > 0 else self._kept


class ClosedTerminal:
    """`with ClosedTerminal() as printed`: what the process prints, on stdout and stderr; `input` raises.

    Where several overlap, each is given what all of them print, since a thread may print for another. The last to end
    gives everything back as it was.
    """

    _lock = threading.Lock()
    _open: list[Printed] = []
    _before: list = []

    def __init__(self) -> None:
        self._printed = Printed()

    def __enter__(self) -> Printed:
        with self._lock:
            if not self._open:
                self._before[:] = [sys.stdout, sys.stderr, builtins.input]
                sys.stdout = sys.stderr = _ToAll(self._open)
                builtins.input = _refuse_to_ask
                if shell := _ipython():
                    # Its exit() raises nothing, and ends the kernel when the cell is done.
                    shell.ask_exit = sys.exit
            self._open.append(self._printed)
        return self._printed

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with self._lock:
            self._open[:] = [each for each in self._open if each is not self._printed]
            if not self._open:
                sys.stdout, sys.stderr, builtins.input = self._before
                if shell := _ipython():
                    del shell.ask_exit


def _ipython() -> object | None:
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


def _refuse_to_ask(prompt: object = "", /) -> str:
    raise EOFError("a check has nobody to ask: input() gets no answer, the values are in the arguments")


class _ToAll(io.TextIOBase):
    """Writes to every stream of a list that changes; to none after the last has gone, as a stopped call may still print."""

    encoding = "utf-8"

    def __init__(self, streams: list[Printed]) -> None:
        super().__init__()
        self._streams = streams

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        for stream in tuple(self._streams):
            stream.write(text)
        return len(text)

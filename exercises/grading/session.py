"""A learner's process seen from outside: start it, call its functions, and end it when it takes too much."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

from exercises.grading import sandbox
from exercises.grading.crossing import MOST_BYTES, CannotCross, described, restored, text, type_name
from exercises.grading.limits import Limits
from exercises.learners_lines import RaisedElsewhere

START_SECONDS = 30
WATCH_SECONDS = 0.1
_PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class SandboxError(Exception):
    """The sandbox itself did not come up: nothing of the learner's has run."""


class Ended(BaseException):
    """The learner's process is no more. Not an Exception: no scenario may take it for one of the learner's."""


class Session:
    """One process of a learner. `ended` says why it is over, empty while it runs; `failures` are of its notebook's cells."""

    def __init__(self, cells: list[str], function: str, stages: int, *, limits: Limits, deadline: float, unsafe: bool) -> None:
        self.ended = ""
        self.failures: list[str] = []
        self._limits, self._deadline, self._is_unsafe = limits, deadline, unsafe
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._ready: Future = Future()
        self._answers: dict[int, Future] = {0: self._ready}
        self._last_id = 0
        self._listeners: list[socket.socket] = []
        self._process = self._start_unsafe() if unsafe else self._start(limits)
        first = {"cells": cells, "function": function, "listeners": stages, "limits": {} if unsafe else limits.of_a_process}
        try:
            self._send(first)
            if not unsafe:
                self._receive_listeners(stages)
        except BaseException:
            self.close()
            raise
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=self._watch, daemon=True).start()

    def run_notebook(self) -> Callable | None:
        """The function that the exercise asks for; None where the notebook defines none. Ended where it did not come that far."""
        try:
            ready = self._ready.result(self._limits.notebook_seconds)
        except TimeoutError:
            self._end(f"its cells were not done after {self._limits.notebook_seconds:g} seconds")
            raise Ended(self.ended) from None
        failures = ready.get("failures")
        self.failures = [text(each) for each in failures[:20]] if isinstance(failures, list) else []
        return self._function(0) if ready.get("ready") is True else None

    def next_listener(self) -> socket.socket | None:
        return self._listeners.pop(0) if self._listeners else None

    def call(self, number: int, arguments: tuple[object, ...]) -> object:
        with self._lock:
            if self.ended:
                raise Ended(self.ended)
            self._last_id += 1
            identity, answer = self._last_id, Future()
            is_busy = bool(self._answers)
            self._answers[identity] = answer
        nodes = [described(each, _refuse) for each in arguments]
        with suppress(OSError, ValueError):
            self._send({"id": identity, "callable": number, "arguments": nodes, "beside": is_busy})
        try:
            message = answer.result(self._limits.call_seconds)
        except TimeoutError:
            self._end(f"a call was not over after {self._limits.call_seconds:g} seconds")
            raise Ended(self.ended) from None
        try:
            if "raised" not in message:
                return restored(message.get("returned"), self._function)
            error = _raised(message["raised"])
        except (CannotCross, TypeError, AttributeError, RecursionError) as problem:
            self._end(f"it answered with {problem}")
            raise Ended(self.ended) from None
        raise error

    def close(self) -> None:
        self._end("closed")
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr, *self._listeners):
            with suppress(OSError):
                stream.close()

    def _function(self, number: int) -> Callable:
        return lambda *arguments: self.call(number, arguments)

    def _start(self, limits: Limits) -> subprocess.Popen:
        self._ours, theirs = socket.socketpair()
        with theirs, sandbox.refused_calls() as refused:
            command = [sys.executable, "-s", "-m", "exercises.grading.inside", str(theirs.fileno())]
            line = sandbox.sandboxed(command, limits, refused.fileno())
            # bubblewrap's own environment can be read inside, so it has none.
            path = {"PATH": os.environ.get("PATH", os.defpath)}
            return self._popen(line, env=path, cwd="/", pass_fds=[theirs.fileno(), refused.fileno()])

    def _start_unsafe(self) -> subprocess.Popen:
        environment = {**os.environ, "PYTHONPATH": str(sandbox.KIT)}
        return self._popen([sys.executable, "-m", "exercises.grading.inside"], env=environment, start_new_session=True)

    @staticmethod
    def _popen(command: list[str], **options: object) -> subprocess.Popen:
        pipe = subprocess.PIPE
        try:
            return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, **options)
        except OSError as error:
            raise SandboxError(f"{command[0]} could not be started: {error}") from None

    def _receive_listeners(self, count: int) -> None:
        """Before a line of the learner's runs, so these are listening sockets of the sandbox's loopback and nothing else."""
        with self._ours:
            self._ours.settimeout(START_SECONDS)
            try:
                _, handles, _, _ = socket.recv_fds(self._ours, 1, count)
            except TimeoutError:
                handles = []
        if len(handles) != count:
            self._process.kill()
            raise SandboxError(f"the sandbox did not come up: {self._process.stderr.read(2000).decode('utf-8', 'replace').strip()}")
        self._listeners = [socket.socket(fileno=handle) for handle in handles]

    def _send(self, message: dict) -> None:
        with suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(message).encode("ascii") + b"\n")
            self._process.stdin.flush()

    def _read(self) -> None:
        reason = "its process ended by itself"
        with suppress(OSError, ValueError):
            while line := self._process.stdout.readline(MOST_BYTES):
                try:
                    self._take(line)
                except (ValueError, TypeError, AttributeError, KeyError, RecursionError):
                    reason = "it sent what is no answer" if len(line) < MOST_BYTES else "it sent an answer of more than a megabyte"
                    break
        self._end(reason)

    def _take(self, line: bytes) -> None:
        message = json.loads(line)
        with self._lock:
            answer = self._answers.pop(message.get("id", 0))
        answer.set_result(message)

    def _watch(self) -> None:
        while not self._over.wait(WATCH_SECONDS):
            if time.monotonic() > self._deadline:
                self._end(f"it was not done after {self._limits.submission_seconds:g} seconds")
            elif _memory_of(self._process.pid) > self._limits.memory:
                self._end(f"it took more than {self._limits.memory // 2**20} megabytes of memory")

    def _end(self, reason: str) -> None:
        with self._lock:
            if self.ended:
                return
            self.ended = reason
            waiting, self._answers = list(self._answers.values()), {}
        self._over.set()
        if self._is_unsafe and hasattr(os, "killpg"):
            with suppress(OSError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.kill()
        for answer in waiting:
            answer.set_exception(Ended(reason))


def _refuse(function: Callable) -> int:
    raise TypeError("A function cannot be handed into the sandbox; expected arguments that JSON can hold.")


def _raised(description: dict) -> BaseException:
    is_unwritten = description.get("is_unwritten") is True
    is_for_callers = description.get("is_for_callers") is True
    kind = NotImplementedError if is_unwritten else Exception if is_for_callers else BaseException
    error = type(type_name(description.get("type")), (RaisedElsewhere, kind), {})(text(description.get("text")))
    error.place, error.by_the_learner = text(description.get("place")), is_unwritten
    return error


def _memory_of(pid: int) -> int:
    """Bytes in memory of a process and all that came from it; what ended meanwhile counts for nothing."""
    total = 0
    with suppress(OSError, ValueError):
        total = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE
        for task in os.listdir(f"/proc/{pid}/task"):
            for child in Path(f"/proc/{pid}/task/{task}/children").read_text().split():
                total += _memory_of(int(child))
    return total

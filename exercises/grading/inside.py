"""What runs inside the sandbox: the learner's cells, and then their functions, one call after the other's message.

    python -m exercises.grading.inside [SOCKET]

Reads one JSON message a line from stdin and writes its answers to stdout, both of which the learner's code finds replaced.
First `{"cells": [...], "function": name, "listeners": 4, "limits": {...}}`, answered by `{"ready": ..., "failures": [...]}`; then
`{"id": 1, "callable": 0, "arguments": ...}`, answered by `{"id": 1, "returned": ...}` or `{"id": 1, "raised": {...}}`.

Whatever is written here the learner's code can forge, since it shares this process. So nothing here judges anything.
"""

import ast
import inspect
import json
import linecache
import os
import queue
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress

import exercises
from exercises.grading import harmless
from exercises.grading.crossing import MOST_BYTES, described, restored, shown
from exercises.learners_lines import is_raised_by_the_learner, where_raised

MOST_FAILURES = 20


class Inside:
    """The learner's functions by number (0 is the one that the exercise asks for), and the way back to the judgement."""

    def __init__(self, answers: object) -> None:
        self._answers = answers
        self._lock = threading.Lock()
        self._functions: list[Callable] = []

    def keep(self, function: Callable) -> int:
        with self._lock:
            self._functions.append(function)
            return len(self._functions) - 1

    def send(self, message: dict) -> None:
        line = json.dumps(message).encode("ascii") + b"\n"
        with self._lock:
            self._answers.write(line)
            self._answers.flush()

    def call(self, message: dict) -> None:
        arguments = [restored(each, lambda number: self._functions[number]) for each in message["arguments"]]
        try:
            returned = self._functions[message["callable"]](*arguments)
        except BaseException as error:
            answer = {"raised": _described_error(error)}
        else:
            answer = {"returned": self._described(returned)}
            if inspect.iscoroutine(returned):
                returned.close()
        self.send({"id": message["id"], **answer})

    def _described(self, returned: object) -> object:
        """A stand-in for what is too large or cannot be told: where a refusal should be raised, an error of ours would pass for it."""
        with suppress(Exception):
            node = described(returned, self.keep)
            if len(json.dumps(node)) <= MOST_BYTES // 2:
                return node
        name = type(returned).__name__
        return {"object": {"type": f"{name} too large to look at", "repr": f"a {name} that is too large to look at"}}


def _described_error(error: BaseException) -> dict:
    return {
        "type": type(error).__name__,
        "text": shown(error, str),
        "place": where_raised(error),
        "is_unwritten": isinstance(error, NotImplementedError) and is_raised_by_the_learner(error),
        "is_for_callers": isinstance(error, Exception),
    }


def run_cells(cells: list[str], names: dict[str, object]) -> list[str]:
    """Run each cell in turn, as Jupyter does; what failed is told and the next cell runs all the same."""
    failures = []
    for number, source in enumerate(cells, 1):
        place = f"<code cell {number}>"
        try:
            try:
                tree = ast.parse(source, place)
            except SyntaxError:
                source = _without_magic(source, names)
                tree = ast.parse(source, place)
            linecache.cache[place] = (len(source), None, source.splitlines(keepends=True), place)
            exec(compile(tree, place, "exec"), names)
        except BaseException as error:
            failures.append(f"code cell {number}: {type(error).__name__}: {shown(error, str)[:200]}{where_raised(error)[:200]}")
    return failures[:MOST_FAILURES]


def _without_magic(source: str, names: dict[str, object]) -> str:
    """`%` and `!` lines as the Python that IPython makes of them. It takes a third of a second to import, so only for these."""
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance(user_ns=names)
    names["get_ipython"] = lambda: shell
    return shell.transform_cell(source)


def _take_over_the_pipes() -> tuple[object, object]:
    """stdin and stdout for the messages alone; the learner's prints go nowhere."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    return requests, answers


def _hand_out_listeners(sock: socket.socket, count: int) -> None:
    """Listen on `count` ports of the sandbox's loopback, and give the listening sockets to the servers outside.

    A socket stays in the network where it was made, so a server outside answers in here and nothing else of its network does.
    """
    listeners = [socket.create_server(("127.0.0.1", 0), backlog=128) for _ in range(count)]
    socket.send_fds(sock, [b"!"], [each.fileno() for each in listeners])
    for each in (*listeners, sock):
        each.close()


def _limit(limits: dict[str, int]) -> None:
    import resource

    for name, most in limits.items():
        resource.setrlimit(getattr(resource, name), (most, most))


def main() -> None:
    requests, answers = _take_over_the_pipes()
    first = json.loads(requests.readline())
    if len(sys.argv) > 1:
        _hand_out_listeners(socket.socket(fileno=int(sys.argv[1])), first["listeners"])
    if first["limits"]:
        _limit(first["limits"])
    # Without a sandbox this is the kit's own package.
    vars(exercises).update({name: getattr(harmless, name) for name in ("check", "question", "playground")})
    inside = Inside(answers)
    names: dict[str, object] = {"__name__": "__main__"}
    failures = run_cells(first["cells"], names)
    function = names.get(first["function"])
    inside.keep(function)
    inside.send({"ready": callable(function), "failures": failures})
    work: queue.SimpleQueue = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests, inside, work), daemon=True).start()
    while (message := work.get()) is not None:
        inside.call(message)
    os._exit(0)


def _read(requests: object, inside: Inside, work: queue.SimpleQueue) -> None:
    """Give the calls to the main thread, where signals work, and those that come meanwhile to threads of their own."""
    for line in requests:
        message = json.loads(line)
        if message.get("beside"):
            threading.Thread(target=inside.call, args=(message,), daemon=True).start()
        else:
            work.put(message)
    work.put(None)


if __name__ == "__main__":
    main()

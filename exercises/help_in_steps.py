"""Help in steps: a hint after each failed check, and the solution after the last hint and some honest tries."""

import hashlib
import inspect
import json
import re
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

from exercises.scenario import Exercise

HONEST_TRIES = 3

_REGION = re.compile(r"^[ \t]*### BEGIN SOLUTION\n(.*?)^[ \t]*### END SOLUTION$", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True, repr=False)
class Help:
    """What is offered now: the first hints, and the solution's source, empty until it is earned."""

    hints: tuple[str, ...] = ()
    solution: str = ""

    def __repr__(self) -> str:
        lines = [f"Hint {number}: {hint}" for number, hint in enumerate(self.hints, 1)]
        if self.solution:
            lines += ["A solution, now that you have tried in earnest:", "", self.solution.rstrip("\n")]
        return "\n".join(lines)


def help_after(exercise: Exercise, entry: dict) -> Help:
    """What a failed check offers; `entry` is that of the exercise in the progress, which counts this check."""
    # Where the progress cannot be kept, the first hint is there all the same.
    attempts = entry.get("attempts", 1)
    earned = attempts > len(exercise.hints) and len(entry.get("tries", [])) >= HONEST_TRIES
    return Help(exercise.hints[:attempts], solution_of(exercise.id) if earned else "")


def try_id(function: Callable, seen: Iterable[str]) -> str:
    """One id for a try: the same for the same code and the same failures, whatever its comments and its layout."""
    # The line says nothing more than the code does, and a loop is not stopped at the same line each time.
    outcome = [text.partition(" (line ")[0] for text in seen]
    return hashlib.sha256(repr((_code_of(function), outcome)).encode()).hexdigest()[:12]


def solution_of(exercise_id: str) -> str:
    """The solution regions of the author's notebook; empty where this copy of the kit comes without it."""
    path = Path(__file__).with_name(exercise_id) / "solution.ipynb"
    try:
        # Without nbformat, whose import takes seconds.
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except FileNotFoundError:
        return ""
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    regions = [region for source in sources for region in _REGION.findall(source)]
    return "\n".join(textwrap.dedent(region) for region in regions)


def _code_of(thing: object) -> object:
    """What distinguishes the code of a function, or of a class's own methods."""
    if inspect.isclass(thing):
        return [(name, _code_of(member)) for name, member in sorted(vars(thing).items())]
    code = getattr(thing, "__code__", None)
    return _distinct(code) if isinstance(code, CodeType) else None


def _distinct(code: CodeType) -> tuple:
    constants = [_distinct(each) if isinstance(each, CodeType) else repr(each) for each in code.co_consts]
    return code.co_code, code.co_names, code.co_varnames, constants

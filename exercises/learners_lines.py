"""The learner's own lines: where their code was, and their traceback without the kit's and the libraries' frames."""

import ast
import linecache
import sysconfig
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FrameType

_KIT = Path(__file__).resolve().parent.parent
_NOT_THE_LEARNERS = (str(_KIT / "exercises"), str(_KIT / "mock_server"), sysconfig.get_path("stdlib"), "<frozen ")
_FRAMES_SHOWN = 10
_CHAIN_SHOWN = 3


def where(stack: Iterable[tuple[FrameType, int]]) -> str:
    """` (line 3 of get_token: ...)` for the innermost of the learner's frames; empty where none is theirs.

    `stack` goes from the outermost frame to the innermost, as `traceback.walk_tb` gives it.
    """
    for frame, number in reversed(_learners(stack)):
        source = _source(frame, number)
        return f" (line {number} of {frame.f_code.co_name}: {source})" if source else ""
    return ""


class RaisedElsewhere(BaseException):
    """What the learner's function raised in another process.

    `place` is what `where_raised` says there, `by_the_learner` what `is_raised_by_the_learner` says.
    """

    place = ""
    by_the_learner = False


def where_raised(error: BaseException) -> str:
    return error.place if isinstance(error, RaisedElsewhere) else where(traceback.walk_tb(error.__traceback__))


def where_now(frame: FrameType | None) -> str:
    """As `where`, for code that is running; empty where it has just ended."""
    return where(reversed(list(traceback.walk_stack(frame)))) if frame else ""


def where_stuck(frame: FrameType | None) -> str:
    """As `where_now`, but names the outermost `while` that goes on: a loop is not stopped at the same line each time."""
    for running, number in _learners(reversed(list(traceback.walk_stack(frame)))) if frame else ():
        if loop := _while_around(running, number):
            return where([(running, loop)])
    return where_now(frame)


def is_raised_by_the_learner(error: BaseException) -> bool:
    """Whether the line that raised is the learner's own, and not one of the kit or of a library."""
    if isinstance(error, RaisedElsewhere):
        return error.by_the_learner
    stack = list(traceback.walk_tb(error.__traceback__))
    return bool(_learners(stack[-1:]))


def own_traceback(error: BaseException) -> str:
    """The traceback as Python prints it, cut to the learner's frames, and to the errors that passed through them."""
    chain, link = [error], error
    while (link := _reason(link)) is not None and len(chain) < _CHAIN_SHOWN and link not in chain:
        if _learners(traceback.walk_tb(link.__traceback__)):
            chain.append(link)
    return "\n\nand, because of that:\n\n".join(_one_traceback(each) for each in reversed(chain))


def shown(value: object, form: Callable[[object], str]) -> str:
    """`form(value)`, for values that may not bear to be looked at."""
    try:
        return form(value)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return f"an object whose {form.__name__} raises {type(error).__name__}"


def short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 160 else f"{line[:157]}..."


def _learners(stack: Iterable[tuple[FrameType, int]]) -> list[tuple[FrameType, int]]:
    return [(frame, number) for frame, number in stack if _is_learners(frame.f_code.co_filename)]


def _is_learners(filename: str) -> bool:
    is_librarys = "site-packages" in filename or "dist-packages" in filename
    return not is_librarys and not filename.startswith(_NOT_THE_LEARNERS)


def _source(frame: FrameType, number: int) -> str:
    return linecache.getline(frame.f_code.co_filename, number, frame.f_globals).strip()


def _while_around(frame: FrameType, number: int) -> int | None:
    """The first line of the outermost `while` of the frame's function around that line, if there is one."""
    lines = linecache.getlines(frame.f_code.co_filename, frame.f_globals)
    try:
        tree = ast.parse("".join(lines))
    except SyntaxError:
        return None
    loops = [node for node in ast.walk(tree) if isinstance(node, ast.While) and node.lineno >= frame.f_code.co_firstlineno]
    return min((loop.lineno for loop in loops if loop.lineno <= number <= loop.end_lineno), default=None)


def _reason(error: BaseException) -> BaseException | None:
    return error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _one_traceback(error: BaseException) -> str:
    frames = _learners(traceback.walk_tb(error.__traceback__))
    lines = ["Traceback (most recent call last):"]
    if len(frames) > _FRAMES_SHOWN:
        lines.append(f"  ... {len(frames) - _FRAMES_SHOWN} more of your frames")
    for frame, number in frames[-_FRAMES_SHOWN:]:
        # A cell has a file name that holds the kernel's process id, and there is no such file.
        file = Path(frame.f_code.co_filename)
        place = file.name if file.is_file() else "your code"
        lines += [f'  File "{place}", line {number}, in {frame.f_code.co_name}', f"    {_source(frame, number)}"]
    text = shown(error, str)
    return "\n".join([*lines, f"{type(error).__name__}: {text[:600]}".removesuffix(": ")])

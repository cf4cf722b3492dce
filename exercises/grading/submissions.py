"""The folder that was handed in: SUBMISSIONS/<learner>/<exercise>.ipynb, each read as what a stranger wrote."""

import hashlib
import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path

MOST_BYTES = 5 * 2**20
NOTEBOOK = ".ipynb"


class Unreadable(Exception):
    """A file that is no notebook to grade; the message says what was seen and what was expected."""


@dataclass(frozen=True, slots=True)
class Submission:
    """What a learner handed in for one exercise: the code cells, or the `problem` that stands in the way.

    `digest` changes whenever the file does.
    """

    learner: str
    exercise_id: str
    cells: tuple[str, ...] = ()
    problem: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Folder:
    """What was handed in: the `learners` by name, and the `exercises` that at least one of them has."""

    path: Path
    learners: tuple[str, ...]
    exercises: tuple[str, ...]

    def handed_in_by(self, learner: str) -> list[Submission]:
        """A submission for each exercise, those that are missing too. Read anew at each call, for together they may be large."""
        path = self.path / learner
        if path.is_symlink() or not path.is_dir():
            expected = f"expected a folder for each learner, with notebooks such as {self.exercises[0]}{NOTEBOOK}"
            return [Submission(learner, each, problem=f"{learner} is no folder; {expected}") for each in self.exercises]
        names = _names(path)
        stray = [name for name in names if name.removesuffix(NOTEBOOK) not in self.exercises]
        others = f"; there is {', '.join(stray[:5])}: rename the one that is meant" if stray else ""
        return [
            _read(learner, each, path / (each + NOTEBOOK))
            if each + NOTEBOOK in names
            else Submission(learner, each, problem=f"no {each}{NOTEBOOK} was handed in{others}")
            for each in self.exercises
        ]


def open_folder(path: Path, known: list[str]) -> Folder:
    """The folder of submissions; `known` are the ids of the exercises. OSError where it cannot be read."""
    learners = _names(path)
    found = {name for learner in learners if not (path / learner).is_symlink() for name in _names(path / learner)}
    exercises = [each for each in known if each + NOTEBOOK in found]
    return Folder(path, tuple(learners), tuple(exercises or known))


def _names(path: Path) -> list[str]:
    return sorted(name for name in os.listdir(path) if not name.startswith(".")) if path.is_dir() else []


def _read(learner: str, exercise_id: str, path: Path) -> Submission:
    try:
        content = _content(path)
        return Submission(learner, exercise_id, code_cells(content), digest=hashlib.sha256(content).hexdigest())
    except (Unreadable, OSError) as problem:
        return Submission(learner, exercise_id, problem=f"{path.name} cannot be graded: {problem}")


def _content(path: Path) -> bytes:
    """Of a file that is a file: a link may point to another learner's notebook, and a pipe never ends."""
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    with os.fdopen(handle, "rb") as file:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise Unreadable("it is no regular file")
        if status.st_size > MOST_BYTES:
            raise Unreadable(f"it has {status.st_size} bytes; expected at most {MOST_BYTES}. Clear the outputs and save it again")
        return file.read(MOST_BYTES)


def code_cells(content: bytes) -> tuple[str, ...]:
    """The sources of the code cells of a notebook. Unreadable for what is none."""
    try:
        notebook = json.loads(content)
        if notebook["nbformat"] != 4:
            raise Unreadable(f"its nbformat is {str(notebook['nbformat'])[:20]}; expected 4")
        sources = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
        return tuple(source if isinstance(source, str) else "".join(source) for source in sources)
    except RecursionError:
        raise Unreadable("it is nested too deeply for a notebook") from None
    except (ValueError, TypeError, KeyError) as error:
        raise Unreadable(f"it is no Jupyter notebook ({type(error).__name__}: {str(error)[:100]})") from None

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


def handed_in(folder: Path, known: list[str]) -> dict[str, list[Submission]]:
    """By learner, in the order of their names: a submission for each exercise that anybody handed in, and for each stray file.

    `known` are the ids of the exercises. NotADirectoryError where `folder` is none.
    """
    entries = sorted((each for each in os.scandir(folder) if not each.name.startswith(".")), key=lambda each: each.name)
    found = {each.name: _notebooks(each) for each in entries}
    exercises = [name for name in known if any(name + NOTEBOOK in names for names in found.values())]
    return {each.name: _of_a_learner(each, found[each.name], exercises or known) for each in entries}


def _notebooks(entry: os.DirEntry) -> list[str]:
    if not entry.is_dir(follow_symlinks=False):
        return []
    return sorted(name for name in os.listdir(entry.path) if not name.startswith("."))


def _of_a_learner(entry: os.DirEntry, names: list[str], exercises: list[str]) -> list[Submission]:
    if not entry.is_dir(follow_symlinks=False):
        problem = f"{entry.name} is no folder; expected a folder for each learner, with notebooks such as {exercises[0]}{NOTEBOOK}"
        return [Submission(entry.name, each, problem=problem) for each in exercises]
    stray = [name for name in names if name.removesuffix(NOTEBOOK) not in exercises]
    submissions = []
    for exercise_id in exercises:
        name = exercise_id + NOTEBOOK
        if name in names:
            submissions.append(_read(entry.name, exercise_id, Path(entry.path, name)))
        else:
            others = f"; there is {', '.join(stray[:5])}: rename the one that is meant" if stray else ""
            submissions.append(Submission(entry.name, exercise_id, problem=f"no {name} was handed in{others}"))
    return submissions


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

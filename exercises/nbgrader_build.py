"""The exercises as nbgrader reads them: a course folder whose assignments it can generate, grade and return.

    python -m exercises nbgrader COURSE

https://nbgrader.readthedocs.io/en/stable/contributor_guide/metadata.html describes the metadata of the cells. Solution
regions are already written in nbgrader's way, and the check gives its points as a number, which nbgrader takes for the score.
"""

import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from exercises.checking import find_exercise
from exercises.notebook_build import KIT, SOLUTION, BuildError, read_notebook, without_solutions
from exercises.scenario import Exercise

CONFIGURATION = "nbgrader_config.py"
#: A solution region; what stands in it is its first group.
_REGION = re.compile(r"^[ \t]*### BEGIN SOLUTION\n(.*?)(?:^[ \t]*### INSTEAD\n.*?)?^[ \t]*### END SOLUTION\n", re.DOTALL | re.MULTILINE)
_CONFIGURED = """c = get_config()
c.CourseDirectory.course_id = "client-credentials"
# A check starts servers and calls the learner's code several times; nbgrader's own 30 seconds are for the whole cell.
c.ExecutePreprocessor.timeout = 120
"""


def nbgrader_course(kit: Path = KIT) -> Iterator[tuple[Path, str]]:
    """The files of a course folder, each with its path below that folder and its text."""
    yield Path(CONFIGURATION), _CONFIGURED
    for source in sorted((kit / "exercises").glob(f"*/{SOLUTION}")):
        name = source.parent.name
        notebook = _assignment(read_notebook(source), without_solutions(read_notebook(source), source), find_exercise(name))
        yield Path("source", name, f"{name}.ipynb"), nbformat.writes(notebook) + "\n"


def _assignment(notebook: NotebookNode, learners: NotebookNode, exercise: Exercise) -> NotebookNode:
    """The author's notebook with nbgrader's metadata; where the learner is handed something broken, it stands there already."""
    graded = 0
    for number, (cell, learners_cell) in enumerate(zip(notebook.cells, learners.cells), 1):
        if cell.cell_type != "code":
            continue
        cell.outputs, cell.execution_count = [], None
        *lines, last = cell.source.split("\n")
        if last.startswith("check("):
            graded += 1
            # A number as the last value is the score of the cell (nbgrader, "Autograder tests": partial credit).
            # nbgrader puts this cell in the place of the learner's, so it holds no task.
            told = "\n".join([*lines, f"result = {last}", "print(result)", "result.points"])
            cell.source = _REGION.sub(lambda region: region[1], told)
            cell.metadata["nbgrader"] = _kind(exercise.id, grade=True, points=exercise.points)
        elif "### INSTEAD" in cell.source:
            # A cell without metadata is left to the learner as it is.
            cell.source = learners_cell.source
        elif "### BEGIN SOLUTION" in cell.source:
            cell.metadata["nbgrader"] = _kind(f"solution-{number:02}", solution=True)
    if graded != 1:
        raise BuildError(f"{exercise.id} has {graded} cells that end with check(...), expected one: it is where the points come from.")
    return notebook


def _kind(grade_id: str, *, solution: bool = False, grade: bool = False, points: int = 0) -> dict[str, object]:
    kind = {"schema_version": 3, "grade_id": grade_id, "solution": solution, "grade": grade, "locked": grade, "task": False}
    return kind | {"points": points} if grade else kind

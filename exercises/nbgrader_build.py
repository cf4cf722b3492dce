"""The exercises as nbgrader reads them: a course folder whose assignments it can generate, grade and return.

    python -m exercises nbgrader COURSE

https://nbgrader.readthedocs.io/en/stable/contributor_guide/metadata.html describes the metadata of the cells. Solution
regions are already written in nbgrader's way, and the check gives its points as a number, which nbgrader takes for the score.
"""

from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from exercises.checking import find_exercise
from exercises.notebook_build import KIT, SOLUTION, BuildError, read_notebook
from exercises.scenario import Exercise

CONFIGURATION = "nbgrader_config.py"
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
        yield Path("source", name, f"{name}.ipynb"), nbformat.writes(_assignment(read_notebook(source), find_exercise(name))) + "\n"


def _assignment(notebook: NotebookNode, exercise: Exercise) -> NotebookNode:
    graded = 0
    for number, cell in enumerate(notebook.cells, 1):
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        if cell.cell_type == "code" and "### BEGIN SOLUTION" in cell.source:
            cell.metadata["nbgrader"] = _kind(f"solution-{number:02}", solution=True)
        elif cell.cell_type == "code" and cell.source.startswith("check("):
            graded += 1
            # A number as the last value is the score of the cell (nbgrader, "Autograder tests": partial credit).
            cell.source = f"result = {cell.source}\nprint(result)\nresult.points"
            cell.metadata["nbgrader"] = _kind(exercise.id, grade=True, points=exercise.points)
    if graded != 1:
        raise BuildError(f"{exercise.id} has {graded} cells that begin with check(, expected one: it is where the points come from.")
    return notebook


def _kind(grade_id: str, *, solution: bool = False, grade: bool = False, points: int = 0) -> dict[str, object]:
    kind = {"schema_version": 3, "grade_id": grade_id, "solution": solution, "grade": grade, "locked": grade, "task": False}
    return kind | {"points": points} if grade else kind

"""The real nbgrader: it generates the assignment, grades what comes back, and writes the feedback."""

import json
import os
import sys
import warnings
from pathlib import Path

import nbformat
import pytest
from nbgrader.apps import NbGraderAPI
from nbgrader.nbgraderformat import MetadataValidator
from traitlets.config import Config

from exercises.checking import find_exercise
from exercises.nbgrader_build import nbgrader_course
from exercises.notebook_build import KIT

EXERCISE = "request_a_token"
FILES = dict(nbgrader_course())
ASSIGNMENTS = [path for path in FILES if path.suffix == ".ipynb"]

# It returns the answer of a refusal as if it were a token: partial credit.
NOT_CAREFUL = '''def get_token(token_url, client_id, client_secret):
    form = {"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}
    return requests.post(token_url, data=form, timeout=10).json().get("access_token", "")
'''


@pytest.fixture
def course(tmp_path, monkeypatch):
    # nbgrader starts a program of its own by its name.
    monkeypatch.setenv("PATH", os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    monkeypatch.chdir(tmp_path)
    for path, text in FILES.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8", newline="\n")
    return tmp_path


def submit(course: Path, learner: str, source: str | None) -> None:
    """The released notebook, its solution cell replaced unless `source` is None."""
    notebook = json.loads((course / "release" / EXERCISE / f"{EXERCISE}.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        if source and cell["metadata"].get("nbgrader", {}).get("solution"):
            cell["source"] = source
    folder = course / "submitted" / learner / EXERCISE
    folder.mkdir(parents=True)
    (folder / f"{EXERCISE}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")


def test_nbgrader_assigns_grades_with_partial_credit_and_returns_feedback(course):
    api = NbGraderAPI(config=Config({"CourseDirectory": {"root": str(course), "course_id": "test"}}))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # nbgrader's own use of its database.
        assert api.generate_assignment(EXERCISE)["success"]
        released = (course / "release" / EXERCISE / f"{EXERCISE}.ipynb").read_text(encoding="utf-8")
        assert "raise NotImplementedError()" in released and "raise_for_status" not in released
        source = nbformat.reads(FILES[Path("source", EXERCISE, f"{EXERCISE}.ipynb")], as_version=4)
        solution = next(cell.source for cell in source.cells if cell.metadata.get("nbgrader", {}).get("solution"))
        for learner, written in (("solved", solution), ("careless", NOT_CAREFUL), ("untouched", None)):
            submit(course, learner, written)
            assert api.autograde(EXERCISE, learner)["success"], learner
        assert api.generate_feedback(EXERCISE)["success"]
        with api.gradebook as gradebook:
            submissions = gradebook.assignment_submissions(EXERCISE)
            scores = {each.student.id: (each.score, each.max_score) for each in submissions}
    assert scores == {"solved": (10, 10), "careless": (6, 10), "untouched": (0, 10)}
    feedback = (course / "feedback" / "careless" / EXERCISE / f"{EXERCISE}.html").read_text(encoding="utf-8")
    assert "with a wrong secret" in feedback


@pytest.mark.parametrize("path", ASSIGNMENTS, ids=lambda path: path.stem)
def test_every_exercise_has_the_metadata_that_nbgrader_asks_for(path):
    notebook = nbformat.reads(FILES[path], as_version=4)
    MetadataValidator().validate_nb(notebook)
    graded = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    (cell,) = graded
    assert cell.metadata["nbgrader"]["points"] == find_exercise(path.stem).points
    # nbgrader clears solutions in solution cells alone.
    for each in notebook.cells:
        assert each.metadata.get("nbgrader", {}).get("solution") or "### BEGIN SOLUTION" not in each.source
    compile(cell.source, path.stem, "exec")


def test_there_is_an_assignment_for_every_exercise():
    assert {path.stem for path in ASSIGNMENTS} == {path.parent.name for path in (KIT / "exercises").glob("*/scenarios.py")}

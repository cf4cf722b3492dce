import csv
import json
import os
import subprocess
import sys

import pytest
from notebooks_of_learners import HONEST

from exercises.grading import sandbox
from exercises.grading.folder import grade_folder

INJECTION = """
def get_token(*a):
    raise type("Error", (Exception,), {})("<script>alert('=1+1')</script> \\ud800")
"""


def notebook(*cells: str) -> str:
    return json.dumps({"nbformat": 4, "nbformat_minor": 5, "cells": [{"cell_type": "code", "source": each} for each in cells]})


@pytest.fixture
def submissions(tmp_path):
    folder = tmp_path / "submissions"
    for learner, content in {
        "solved": notebook(HONEST),
        "untouched": notebook("def get_token(*a):\n    raise NotImplementedError()"),
        "marked <b>": notebook(INJECTION),
        "=cmd()": "{}",
        "leaves": notebook("import os\nos._exit(0)"),
    }.items():
        (folder / learner).mkdir(parents=True)
        (folder / learner / "request_a_token.ipynb").write_text(content)
    (folder / "nothing").mkdir()
    return folder


def grades(out) -> dict[str, list[str]]:
    with (out / "grades.csv").open(encoding="utf-8", newline="") as file:
        return {row["learner"]: [row["points"], row["of"], row["remark"]] for row in csv.DictReader(file)}


def test_a_folder_becomes_a_table_the_evidence_and_a_page_for_each_learner(in_sandbox, submissions, tmp_path):
    out = tmp_path / "out"
    assert list(grade_folder(submissions, out)) == [(done, 6) for done in range(7)]
    table = grades(out)
    assert table["solved"] == ["10", "10", ""]
    assert table["untouched"] == ["0", "10", "not attempted"]
    assert table["marked <b>"][0] == "0"
    assert "no Jupyter notebook" in table["'=cmd()"][2]
    assert "did not run to its end" in table["leaves"][2]
    assert table["nothing"] == ["0", "10", "no request_a_token.ipynb was handed in"]

    [solved] = [each for each in json.loads((out / "grades.json").read_text()) if each["learner"] == "solved"]
    first = solved["grades"][0]["scenarios"][0]
    assert first["exchanges"][0]["request"].startswith("POST /oauth2/token HTTP/1.1\r\n")
    assert (first["points"], first["unmet"]) == (4, None)

    pages = {path.name: path.read_text(encoding="utf-8") for path in (out / "feedback").iterdir()}
    assert len(pages) == 6
    assert "10 of 10 points" in pages["solved.html"]
    assert not [name for name, page in pages.items() if "<script" in page or "<b>:" in page]
    assert "&lt;script&gt;" in "".join(pages.values())


def test_it_goes_on_where_it_stopped_and_grades_again_what_has_changed(in_sandbox, submissions, tmp_path):
    out = tmp_path / "out"
    list(grade_folder(submissions, out))
    before = (out / "evidence" / "solved.json").stat().st_mtime_ns
    (out / "evidence" / "untouched.json").write_text('{"half of a ')
    (submissions / "leaves" / "request_a_token.ipynb").write_text(notebook(HONEST))
    list(grade_folder(submissions, out))
    assert grades(out)["leaves"][0] == "10" and grades(out)["untouched"][2] == "not attempted"
    assert (out / "evidence" / "solved.json").stat().st_mtime_ns == before


def test_the_command_grades_a_folder(in_sandbox, submissions, tmp_path):
    done = grade(submissions, tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "6 of 6 learners" in done.stderr and "grades.csv" in done.stdout


def test_without_a_sandbox_the_command_refuses_and_says_how_to_get_one(tmp_path):
    done = grade(tmp_path, tmp_path / "out", PATH=str(tmp_path))
    assert done.returncode == 1
    assert "bubblewrap" in done.stderr and "--unsafe" in done.stderr
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_not_there_is_named(tmp_path):
    done = grade(tmp_path / "nowhere", tmp_path / "out", "--unsafe")
    assert done.returncode == 1
    assert "nowhere" in done.stderr and "Traceback" not in done.stderr


def grade(submissions, out, *options: str, **environment: str) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "exercises", "grade", str(submissions), "--out", str(out), *options]
    return subprocess.run(command, cwd=sandbox.KIT, capture_output=True, text=True, env={**os.environ, **environment})

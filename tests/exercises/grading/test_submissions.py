import json
import os
import sys

import pytest

from exercises.grading.submissions import MOST_BYTES, open_folder

NOTEBOOK = {"nbformat": 4, "cells": [{"cell_type": "markdown", "source": "# Aim"}, {"cell_type": "code", "source": ["a = 1\n", "b = 2"]}]}


@pytest.fixture
def hand_in(tmp_path):
    """Write the file of a learner's and give what was made of it."""

    def write(content: bytes, name: str = "request_a_token.ipynb"):
        (tmp_path / "solved").mkdir()
        (tmp_path / "solved" / name).write_bytes(content)
        [submission] = open_folder(tmp_path, ["request_a_token"]).handed_in_by("solved")
        return submission

    return write


def test_the_code_cells_of_a_notebook_are_read_in_order(hand_in):
    submission = hand_in(json.dumps(NOTEBOOK).encode())
    assert (submission.cells, submission.problem) == (("a = 1\nb = 2",), "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no Jupyter notebook"),
        (b"print('hello')", "no Jupyter notebook"),
        (b"\xff\xfe\x00", "no Jupyter notebook"),
        (b"[1]", "no Jupyter notebook"),
        (b"{}", "no Jupyter notebook"),
        (json.dumps({"nbformat": 3, "worksheets": []}).encode(), "nbformat is 3; expected 4"),
        (json.dumps({"nbformat": 4, "cells": [7]}).encode(), "no Jupyter notebook"),
        (json.dumps({"nbformat": 4, "cells": [{"cell_type": "code", "source": [7]}]}).encode(), "no Jupyter notebook"),
        (b"[" * 200_000, "nested too deeply"),
        (b" " * (MOST_BYTES + 1), "expected at most"),
    ],
    ids=["empty", "a script", "no text", "a list", "an empty object", "an old format", "no cell", "no source", "deep", "huge"],
)
def test_what_is_no_notebook_says_so(hand_in, content, said):
    submission = hand_in(content)
    assert said in submission.problem
    assert submission.problem.startswith("request_a_token.ipynb cannot be graded: ")


def test_a_renamed_notebook_is_named(hand_in):
    assert "there is request_a_token (1).ipynb: rename" in hand_in(b"{}", "request_a_token (1).ipynb").problem


def test_an_exercise_that_nobody_handed_in_is_missed_of_nobody(tmp_path):
    for learner, names in {"solved": ["one", "two"], "untouched": ["one"]}.items():
        (tmp_path / learner).mkdir()
        for name in names:
            (tmp_path / learner / f"{name}.ipynb").write_text(json.dumps(NOTEBOOK))
    folder = open_folder(tmp_path, ["one", "three", "two"])
    found = [each for learner in folder.learners for each in folder.handed_in_by(learner)]
    assert [(each.learner, each.exercise_id, each.problem) for each in found] == [
        ("solved", "one", ""),
        ("solved", "two", ""),
        ("untouched", "one", ""),
        ("untouched", "two", "no two.ipynb was handed in"),
    ]


def test_a_file_beside_the_folders_is_no_learner(tmp_path):
    (tmp_path / "solved.ipynb").write_text("{}")
    [submission] = open_folder(tmp_path, ["request_a_token"]).handed_in_by("solved.ipynb")
    assert "expected a folder for each learner" in submission.problem


if sys.platform != "win32":  # There a link needs rights, and a pipe has no name in a folder.

    def test_a_link_to_the_work_of_another_is_not_followed(tmp_path):
        for learner in ("solved", "marked"):
            (tmp_path / learner).mkdir()
        (tmp_path / "solved" / "request_a_token.ipynb").write_text(json.dumps(NOTEBOOK))
        (tmp_path / "marked" / "request_a_token.ipynb").symlink_to(tmp_path / "solved" / "request_a_token.ipynb")
        (tmp_path / "leaves").symlink_to(tmp_path / "solved")
        folder = open_folder(tmp_path, ["request_a_token"])
        [of_eve], [of_mallory] = folder.handed_in_by("marked"), folder.handed_in_by("leaves")
        assert (of_eve.cells, of_mallory.cells) == ((), ())
        assert "cannot be graded" in of_eve.problem and "no folder" in of_mallory.problem

    def test_a_pipe_is_not_waited_for(tmp_path):
        (tmp_path / "solved").mkdir()
        os.mkfifo(tmp_path / "solved" / "request_a_token.ipynb")
        [submission] = open_folder(tmp_path, ["request_a_token"]).handed_in_by("solved")
        assert "no regular file" in submission.problem

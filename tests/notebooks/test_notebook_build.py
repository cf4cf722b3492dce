"""Building is repeatable, keeps solutions from learners, and stops where Jupyter would go on."""

import re
from pathlib import Path

import nbformat
import pytest

from exercises.notebook_build import KIT, BuildError, build, execute, read_notebook, without_solutions

SANITISE = re.findall(
    r"^regex: (.*)\nreplace: (.*)$", Path(__file__).with_name("sanitise.cfg").read_text(encoding="ascii"), re.MULTILINE
)


def sanitised(text: str) -> str:
    """As nbval compares: without versions and ports. In the file, JSON has escaped what the patterns look for."""
    for pattern, replacement in SANITISE:
        text = re.sub(pattern.replace(r"\x1b", r"\\u001b").replace(r"\r+\n", r"(?:\\r)+\\n"), replacement.replace(r"\n", r"\\n"), text)
    return text


def notebook(*sources: str, tags: tuple[str, ...] = ()):
    cells = [nbformat.v4.new_code_cell(source, metadata={"tags": list(tags)} if tags else {}) for source in sources]
    return nbformat.v4.new_notebook(cells=cells)


def test_building_again_gives_the_same_bytes():
    built = list(build())
    assert len(built) >= 4
    for path, text in built:
        assert sanitised(text) == sanitised(path.read_bytes().decode("utf-8")), f"{path.name}: run `python -m exercises build`"


def test_a_learner_gets_the_task_without_its_solution():
    path = KIT / "exercises" / "request_a_token" / "solution.ipynb"
    learner = "\n".join(cell.source for cell in without_solutions(read_notebook(path), path).cells)
    assert "raise NotImplementedError()" in learner
    assert "raise_for_status" not in learner
    assert "SOLUTION" not in learner


def test_a_learner_gets_something_broken_where_the_source_says_what_instead(tmp_path):
    region = "    ### BEGIN SOLUTION\n    if x > 0:\n    ### INSTEAD\n    # if x:\n    #     # why?\n    ### END SOLUTION\n"
    source = f"def f(x):\n{region}        return x"
    learner = without_solutions(notebook(source, "### BEGIN SOLUTION\n1\n### END SOLUTION"), tmp_path / "solution.ipynb")
    assert learner.cells[0].source == "def f(x):\n    if x:\n        # why?\n        return x"
    assert learner.cells[1].source == "# your code here\nraise NotImplementedError()"


def test_a_source_without_a_solution_region_is_refused(tmp_path):
    with pytest.raises(BuildError, match="BEGIN SOLUTION"):
        without_solutions(notebook("x = 1"), tmp_path / "solution.ipynb")


@pytest.mark.parametrize(
    ("cell", "tags", "message"),
    [
        ("!exit 3", (), "exit status"),
        ("1 / 1", ("raises-exception",), "raised nothing"),
        ("%%no_such_magic\nx", (), "no_such_magic"),
        ("1 / 0", (), "ZeroDivisionError"),
        ("import sys; print('trouble', file=sys.stderr)", (), "trouble"),
    ],
    ids=["failing command", "expected error that does not come", "unknown magic", "error", "stderr"],
)
def test_a_cell_that_fails_in_silence_stops_the_build(tmp_path, cell, tags, message):
    with pytest.raises(BuildError, match=message):
        execute(notebook(cell, tags=tags), tmp_path / "lesson.ipynb")

"""What nbval lets pass in silence, and what makes a lesson readable, held against every notebook."""

import ast
import os
import re
import tempfile
from pathlib import Path

import pytest

from exercises.notebook_build import KIT, read_notebook
from exercises.question_bank import all_questions

NOTEBOOKS = sorted(path for folder in ("notebooks", "exercises") for path in (KIT / folder).rglob("*.ipynb") if ".ipynb_checkpoints" not in path.parts)
MOST_CELLS, MOST_CODE_LINES = 40, 12
#: What a window of 1280 pixels shows of a code cell; JupyterLab clips the rest.
MOST_COLUMNS = 106

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code_cells(path: Path):
    return [cell for cell in read_notebook(path).cells if cell.cell_type == "code"]


def prose(path: Path) -> str:
    return "\n".join(cell.source for cell in read_notebook(path).cells if cell.cell_type == "markdown")


def as_python(source: str) -> str:
    """The cell without what IPython adds to Python."""
    if source.startswith("%%"):
        return ""
    return "\n".join(line for line in source.splitlines() if not re.match(r"\s*[!%]", line))


def test_there_are_notebooks_to_check():
    assert KIT / "notebooks" / "00_start_here.ipynb" in NOTEBOOKS


@each_notebook
def test_every_code_cell_has_run_in_order(path):
    assert [cell.execution_count for cell in code_cells(path)] == list(range(1, len(code_cells(path)) + 1))


@each_notebook
def test_a_cell_that_must_show_something_has_its_output_stored(path):
    for cell in code_cells(path):
        statements = ast.parse(as_python(cell.source)).body
        last = statements[-1] if statements else None
        shows = cell.source.startswith(("%%", "!")) or isinstance(last, ast.Expr)
        assert not shows or cell.outputs, f"no output is stored, so nbval compares nothing:\n{cell.source}"


@each_notebook
def test_an_error_stands_only_where_it_is_announced(path):
    for cell in code_cells(path):
        raised = any(output.output_type == "error" for output in cell.outputs)
        assert raised == ("raises-exception" in cell.metadata.get("tags", [])), cell.source


@each_notebook
def test_nothing_was_written_to_stderr(path):
    for cell in code_cells(path):
        assert not [output.text for output in cell.outputs if output.get("name") == "stderr"], cell.source


@each_notebook
def test_no_output_names_the_machine_that_made_it(path):
    outputs = "\n".join(str(output) for cell in code_cells(path) for output in cell.outputs)
    assert not re.search(r"/home/|/Users/|[A-Z]:\\\\|site-packages", outputs)
    assert not [folder for folder in (Path.home(), KIT, Path(tempfile.gettempdir())) if f"{folder}{os.sep}" in outputs]
    assert not re.search(r"127\.0\.0\.1:(?!9400\b)\d+", outputs), "built while port 9400 was taken: build again"


@each_notebook
def test_no_line_of_code_is_clipped(path):
    for cell in code_cells(path):
        if "### BEGIN SOLUTION" not in cell.source:
            assert max(map(len, cell.source.splitlines())) <= MOST_COLUMNS, cell.source


@each_notebook
def test_a_lesson_stays_short(path):
    assert len(read_notebook(path).cells) <= MOST_CELLS
    for cell in code_cells(path):
        assert len(cell.source.splitlines()) <= MOST_CODE_LINES, cell.source


@each_notebook
def test_imports_stand_in_one_cell_and_name_what_they_import(path):
    importing = [cell.source for cell in code_cells(path) if re.search(r"^\s*(import|from) ", as_python(cell.source), re.MULTILINE)]
    assert len(importing) == 1
    assert "import *" not in importing[0]


@each_notebook
def test_code_runs_in_any_shell(path):
    for cell in code_cells(path):
        assert not re.match(r"%%(bash|sh|script)\b", cell.source), "a bash cell does not run on Windows"
        for line in re.findall(r"^!(.*)$", cell.source, re.MULTILINE):
            assert not re.search(r"['|;&$<>`\\]", line), f"this means something else in another shell: {line}"


@each_notebook
def test_the_words_are_the_fields_own(path):
    assert not re.findall(r"\b(simply|auth token|API key)\b", prose(path), re.IGNORECASE)


@each_notebook
def test_every_link_inside_the_kit_leads_somewhere(path):
    for target in re.findall(r"\]\((?!https?:)([^)#]*)(?:#[^)]*)?\)", prose(path)):
        assert (path.parent / target).exists(), target


@each_notebook
def test_every_heading_that_is_linked_exists(path):
    for target, anchor in re.findall(r"\]\((?!https?:)([^)#]*)#([^)]*)\)", prose(path)):
        headings = re.findall(r"^#+ (.*)$", prose(path.parent / target), re.MULTILINE)
        assert anchor in [heading.replace(" ", "-") for heading in headings]


@each_notebook
def test_every_question_asked_is_in_the_bank(path):
    asked = re.findall(r'question\("([^"]+)"\)', "\n".join(cell.source for cell in code_cells(path)))
    assert set(asked) <= set(all_questions())


def test_every_question_in_the_bank_is_asked_in_its_lesson():
    for path in (KIT / "exercises" / "questions").glob("*.yaml"):
        lesson = "\n".join(cell.source for cell in code_cells(KIT / "notebooks" / f"{path.stem}.ipynb"))
        for identifier in re.findall(r"^  - id: (\S+)$", path.read_text(encoding="utf-8"), re.MULTILINE):
            assert f'question("{identifier}")' in lesson

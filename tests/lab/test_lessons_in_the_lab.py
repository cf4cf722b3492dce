"""The first lesson as a learner meets it: opened, run, answered by keyboard alone, and solved."""

import json
import os
import re
import shutil

from keyboard_focus import tab_to
from notebook_page import Notebook, open_notebook
from playwright.sync_api import Page, expect

from exercises.notebook_build import KIT, SOLUTION, read_notebook

START = "notebooks/00_start_here.ipynb"
LESSON = "notebooks/01_one_request_three_spellings.ipynb"
EXERCISE = "exercises/request_a_token/request_a_token.ipynb"

WRONG = """\
def get_token(token_url, client_id, client_secret):
    answer = requests.post(token_url, json={"grant_type": "client_credentials", "client_id": client_id, "client_secret": client_secret}, timeout=10)
    return answer.json().get("access_token")
"""


def cell_with(notebook: Notebook, text: str) -> int:
    """The index of the code cell that begins with `text`."""
    (index,) = [index for index, source in enumerate(notebook.cell_sources()) if source.startswith(text)]
    return index


def press(page: Page, notebook: Notebook, index: int, name: str | re.Pattern, key: str) -> None:
    """Reach a button by Tab, from its cell, and press it with a key."""
    notebook.activate_cell(index)
    tab_to(page, notebook.cell(index).get_by_role("button", name=name))
    page.keyboard.press(key)


def test_the_start_page_runs_and_its_question_is_answered_by_keyboard_alone(page, page_record, lab):
    notebook = open_notebook(page, START)
    notebook.run_all()
    assert notebook.errors() == []
    index = cell_with(notebook, 'question("which-part-is-the-proof")')
    feedback = notebook.cell(index).get_by_role("status")

    press(page, notebook, index, re.compile("^A "), "Space")
    expect(feedback).to_contain_text("✗ A is not right.")
    expect(feedback).to_contain_text("Anybody may know it")

    press(page, notebook, index, re.compile("^B "), "Enter")
    expect(feedback).to_contain_text("✓ B is right.")
    assert json.loads(lab.progress.read_text(encoding="utf-8"))["questions"] == {
        "which-part-is-the-proof": {"attempts": 2, "answer": ["b"], "solved": True}
    }

    notebook.run_cell(index)
    expect(feedback).to_contain_text("✓ B is right.")
    assert page_record.console_errors == []


def test_the_lesson_runs_and_the_server_settles_a_question(page, page_record):
    notebook = open_notebook(page, LESSON)
    notebook.run_all()
    assert notebook.errors() == []

    spellings = notebook.cell(cell_with(notebook, "three_spellings("))
    expect(spellings.get_by_text("Host: 127.0.0.1")).to_be_visible()
    notebook.activate_cell(cell_with(notebook, "three_spellings("))
    tab_to(page, spellings.locator("summary", has_text="Python"))
    page.keyboard.press("Enter")
    expect(spellings.get_by_text("import requests")).to_be_visible()
    expect(spellings.get_by_text("Host: 127.0.0.1")).to_be_hidden()

    index = cell_with(notebook, 'question("json-body")')
    press(page, notebook, index, re.compile("^A "), "Enter")
    expect(notebook.cell(index).get_by_role("status")).to_contain_text("✗ A is not right.")
    press(page, notebook, index, re.compile("^B "), "Space")
    expect(notebook.cell(index).get_by_role("status")).to_contain_text("✓ B is right.")
    press(page, notebook, index, "Ask the server", "Enter")
    expect(notebook.cell(index)).to_contain_text("HTTP/1.1 400 Bad Request")
    expect(notebook.cell(index)).to_contain_text("The body is JSON")
    assert page_record.console_errors == []


def test_the_exercise_is_failed_mended_and_solved(page, page_record, lab):
    notebook = open_notebook(page, EXERCISE)
    notebook.run_all()
    function, check = cell_with(notebook, "def get_token"), cell_with(notebook, "check(")
    result = notebook.cell(check)
    expect(result).to_contain_text("not attempted yet")

    notebook.set_cell_source(function, WRONG)
    notebook.run_cell(function)
    notebook.run_cell(check)
    expect(result).to_contain_text("0 of 10 points")
    expect(result).to_contain_text("the body is JSON")
    expect(result).to_contain_text("requests.post takes data= and json=")

    solution = read_notebook(KIT / "exercises" / "request_a_token" / SOLUTION)
    (source,) = [cell.source for cell in solution.cells if cell.source.startswith("def get_token")]
    notebook.set_cell_source(function, source)
    notebook.run_cell(function)
    notebook.run_cell(check)
    expect(result).to_contain_text("solved, 10 of 10 points")
    progress = json.loads(lab.progress.read_text(encoding="utf-8"))["exercises"]
    (kept,) = progress.values()
    assert list(progress) == ["request_a_token"]
    assert (kept["attempts"], kept["best_points"], len(kept["tries"])) == (2, 10, 1)
    assert notebook.errors() == []
    assert page_record.console_errors == []


def test_the_start_page_leads_to_the_lesson_and_it_looks_as_in_the_readme(page, tmp_path):
    start = open_notebook(page, START)
    start.panel.get_by_role("link", name="One request, three spellings").click()
    lesson = Notebook(page, LESSON)
    lesson.run_all()
    index = cell_with(lesson, "%%http {server.url}\nPOST /token HTTP/1.1\nContent-Type: application/x-www")
    lesson.activate_cell(index - 1)
    expect(lesson.cell(index).get_by_text("how many seconds it lives")).to_be_visible()
    picture = tmp_path / "lesson.png"
    page.screenshot(path=picture, animations="disabled")
    assert picture.stat().st_size > 0
    if wanted := os.environ.get("README_PICTURE"):
        shutil.copy(picture, wanted)

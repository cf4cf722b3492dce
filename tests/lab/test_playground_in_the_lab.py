"""The playground as a learner meets it: built, changed and sent with the keyboard alone."""

import os
import shutil

import nbformat
from keyboard_focus import tab_to
from notebook_page import open_notebook
from playwright.sync_api import expect

SCRATCH = "notebooks/scratch.ipynb"
START = "from exercises import playground\nfrom mock_server import start\n\nserver = start(0)"


def test_the_playground_is_used_by_keyboard_alone(page, page_record, lab, tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in (START, "playground(server)")])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    nbformat.write(notebook, lab.root / SCRATCH)
    notebook = open_notebook(page, SCRATCH)
    notebook.run_all()
    assert notebook.errors() == []
    shown = notebook.cell(1)

    notebook.activate_cell(1)
    tab_to(page, shown.get_by_role("button", name="JSON"))
    page.keyboard.press("Space")
    raw, curl, python = (shown.locator("section", has_text=title) for title in ("Raw HTTP", "curl http", "import requests"))
    expect(raw).to_contain_text("Content-Type: application/json")
    expect(curl).to_contain_text('-H "Content-Type: application/json"')
    expect(python).to_contain_text("json={")
    tab_to(page, shown.get_by_role("button", name="Send", exact=True))
    page.keyboard.press("Enter")
    expect(shown.get_by_role("status")).to_contain_text("✗ 400 Bad Request.")
    expect(shown.get_by_role("status")).to_contain_text("The body is JSON")
    page.screenshot(path=tmp_path / "refused.png", animations="disabled")

    notebook.activate_cell(1)
    tab_to(page, shown.get_by_role("button", name="Start again"))
    page.keyboard.press("Space")
    expect(raw).to_contain_text("Content-Type: application/x-www-form-urlencoded")
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Space")
    expect(shown.get_by_role("status")).to_contain_text("✓ 200 OK. The server knows the client")
    page.screenshot(path=tmp_path / "granted.png", animations="disabled")
    if wanted := os.environ.get("PLAYGROUND_PICTURES"):
        shutil.copytree(tmp_path, wanted, dirs_exist_ok=True)
    assert page_record.console_errors == []

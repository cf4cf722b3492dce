"""A check in a real kernel, where functions come from cells, output goes to the notebook and the event loop is running."""

import html
import re

import nbformat
import pytest

from exercises.notebook_build import KIT, execute

PREPARE = """
from exercises import check
from exercises.scenario import Stage

Stage.call_seconds = 0.5
"""
LOOPS = """
def get_token(token_url, client_id, client_secret):
    while True:
        try:
            print("waiting for a token")
        except:
            pass

check("request_a_token", get_token)
"""
RAISES = """
import json

def read(text):
    return json.loads(text)

def get_token(token_url, client_id, client_secret):
    print("status 200")
    return read("{")

check("request_a_token", get_token)
"""
LEAVES = """
import sys, urllib.request

def get_token(token_url, client_id, client_secret):
    try:
        urllib.request.urlopen("http://auth.example/token", timeout=5)
    except OSError:
        sys.exit(1)

check("request_a_token", get_token)
"""
EXITS = """
def get_token(token_url, client_id, client_secret):
    exit()

check("request_a_token", get_token)
"""
GOES_ON = """
import asyncio, threading

print([thread.name for thread in threading.enumerate() if thread.name == "a check's call"], asyncio.get_running_loop().is_running())
"""


@pytest.fixture(scope="module")
def cells():
    sources = (PREPARE, LOOPS, RAISES, LEAVES, EXITS, GOES_ON)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source.strip()) for source in sources])
    return execute(notebook, KIT / "exercises" / "request_a_token" / "a_test.ipynb").cells


def shown(cell) -> tuple[str, str]:
    """The text and the page of a cell's only output."""
    (output,) = cell.outputs
    page = re.sub(r"<[^>]*>", " ", output.data["text/html"])
    return output.data["text/plain"], html.unescape(page)


def test_an_endless_loop_is_named_and_its_prints_do_not_reach_the_notebook(cells):
    for form in shown(cells[1]):
        assert "your function had not come back after 0.5 seconds, and was stopped (line " in form
        assert "(line 2 of get_token: while True:)" in form
        assert "waiting for a token\n" in form
        assert "characters more" in form


def test_a_traceback_names_the_lines_of_the_cell(cells):
    for form in shown(cells[2]):
        assert "(line 4 of read: return json.loads(text))" in form
        assert 'File "your code", line 8, in get_token' in form
        assert 'File "your code", line 4, in read' in form
        assert "json/decoder.py" not in form
        assert "status 200" in form


def test_a_request_to_another_machine_and_an_exit_are_named(cells):
    for form in shown(cells[3]):
        assert "wanted to reach auth.example, another machine (line 5 of get_token: " in form


def test_the_exit_of_ipython_is_named_and_does_not_end_the_kernel(cells):
    for form in shown(cells[4]):
        assert "your function raised SystemExit: (line 2 of get_token: exit())" in form


def test_the_kernel_goes_on_with_nothing_left_behind(cells):
    assert cells[5].outputs[0].text == "[] True\n"

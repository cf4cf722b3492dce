import json
import linecache
import sys

import pytest
import requests

from exercises.learners_lines import own_traceback, short, shown, where_raised, where_stuck

CELL = '''import requests

def send(url):
    return requests.post(url, timeout=1)

def get_token(url):
    return send(url)
'''


def raised_by(function, *arguments) -> BaseException:
    try:
        function(*arguments)
    except BaseException as error:
        return error
    raise AssertionError("it raised nothing")


def reads_badly():
    return json.loads("{")


def recurses():
    recurses()


def turns_one_error_into_another():
    try:
        requests.post("http://127.0.0.1:1/token", timeout=10)
    except requests.ConnectionError as error:
        raise RuntimeError("no token") from error


def hides_the_first_error():
    try:
        {}["access_token"]
    except KeyError:
        raise RuntimeError("no token") from None


def test_the_line_is_the_innermost_that_is_the_learners():
    assert where_raised(raised_by(reads_badly)).endswith(' of reads_badly: return json.loads("{"))')


def test_an_error_without_a_line_of_the_learners_has_no_place():
    assert where_raised(ValueError("never raised")) == ""


def test_the_traceback_of_a_cell_holds_its_lines_and_no_librarys():
    place = "/tmp/ipykernel_4711/1234567.py"
    linecache.cache[place] = (len(CELL), None, CELL.splitlines(keepends=True), place)
    names = {}
    exec(compile(CELL, place, "exec"), names)
    lines = own_traceback(raised_by(names["get_token"], "nonsense")).splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    # The frame of this test's own helper comes first.
    assert lines[3:7] == [
        '  File "your code", line 7, in get_token',
        "    return send(url)",
        '  File "your code", line 4, in send',
        "    return requests.post(url, timeout=1)",
    ]
    assert lines[7].startswith("MissingSchema: Invalid URL 'nonsense'")
    assert len(lines) == 8


def test_a_deep_recursion_is_cut():
    text = own_traceback(raised_by(recurses))
    assert "more of your frames" in text
    assert len(text.splitlines()) < 30
    assert text.splitlines()[-1].startswith("RecursionError: maximum recursion depth exceeded")


def test_an_error_that_the_learner_turned_into_another_is_shown_before_it_and_the_librarys_own_are_not():
    text = own_traceback(raised_by(turns_one_error_into_another))
    assert text.index("ConnectionError: ") < text.index("and, because of that:") < text.index("RuntimeError: no token")
    assert "NewConnectionError: " not in text.replace("Caused by", "")[: text.index("ConnectionError: ")]
    assert text.count("Traceback (most recent call last):") == 2


def test_an_error_that_the_learner_hid_stays_hidden():
    assert "KeyError" not in own_traceback(raised_by(hides_the_first_error))


def test_an_error_that_is_its_own_reason_ends():
    error = raised_by(reads_badly)
    error.__context__ = error
    assert own_traceback(error).count("Traceback") == 1


OUTER = """%s
def asks(frame):
    while frame is None or True:
        for _ in range(3):
            while True:
                return where_stuck(sys._getframe())
"""


@pytest.mark.parametrize(
    ("first", "place"),
    [("", " (line 3 of asks: while frame is None or True:)"), ("%time", " (line 6 of asks: return where_stuck(sys._getframe()))")],
    ids=["a cell", "a cell that is not all Python"],
)
def test_a_loop_is_named_by_its_outermost_while_where_the_source_can_be_read(first, place):
    file = f"/tmp/ipykernel_4711/{first}.py"
    linecache.cache[file] = (0, None, (OUTER % first).splitlines(keepends=True), file)
    names = {"where_stuck": where_stuck, "sys": sys}
    exec(compile(OUTER % "", file, "exec"), names)
    assert names["asks"](None) == place


@pytest.mark.parametrize("form", [repr, str])
def test_a_value_that_cannot_be_shown_is_told(form):
    class Unshowable:
        def __repr__(self):
            raise SystemExit

    assert shown(Unshowable(), form) == f"an object whose {form.__name__} raises SystemExit"


def test_a_long_text_becomes_a_short_line():
    assert short("a\n b\t c") == "a b c"
    assert len(short("x" * 1000)) == 160

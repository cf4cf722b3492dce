import sys

import pytest

from exercises.closed_terminal import KEPT_CHARACTERS, ClosedTerminal


def test_what_is_printed_on_either_stream_is_kept_in_order():
    with ClosedTerminal() as printed:
        print("one")
        print("two", file=sys.stderr)
        print("three", flush=True)
    assert printed.text == "one\ntwo\nthree\n"


def test_a_flood_is_cut_and_says_by_how_much():
    with ClosedTerminal() as printed:
        for _ in range(1000):
            print("x" * 9999)
    assert printed.text == "x" * KEPT_CHARACTERS + "... and 9,998,000 characters more"


def test_a_text_that_just_fits_is_not_cut():
    with ClosedTerminal() as printed:
        sys.stdout.write("x" * KEPT_CHARACTERS)
    assert printed.text == "x" * KEPT_CHARACTERS


def test_the_streams_come_back_when_the_last_has_ended(capsys):
    original = input
    with ClosedTerminal() as first:
        late = sys.stdout
        with ClosedTerminal() as second:
            print("both")
        print("one")
    print("after")
    assert input is original
    print("dropped", file=late)
    assert (first.text, second.text) == ("both\none\n", "both\n")
    assert capsys.readouterr().out == "after\n"


def test_a_stream_of_text_takes_no_bytes():
    with ClosedTerminal(), pytest.raises(TypeError, match="must be str, not bytes"):
        sys.stdout.write(b"bytes")


def test_nobody_answers_a_question():
    with ClosedTerminal(), pytest.raises(EOFError, match="nobody to ask.*arguments"):
        input("client secret? ")

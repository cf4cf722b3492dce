import sys

import pytest

from exercises.captured_output import KEPT_CHARACTERS, CapturedOutput


def test_what_is_printed_on_either_stream_is_kept_in_order():
    with CapturedOutput() as printed:
        print("one")
        print("two", file=sys.stderr)
        print("three", flush=True)
    assert printed.text == "one\ntwo\nthree\n"


def test_a_flood_is_cut_and_says_by_how_much():
    with CapturedOutput() as printed:
        for _ in range(1000):
            print("x" * 9999)
    assert printed.text == "x" * KEPT_CHARACTERS + "... and 9,998,000 characters more"


def test_a_text_that_just_fits_is_not_cut():
    with CapturedOutput() as printed:
        sys.stdout.write("x" * KEPT_CHARACTERS)
    assert printed.text == "x" * KEPT_CHARACTERS


def test_the_streams_come_back_when_the_last_has_ended(capsys):
    with CapturedOutput() as first:
        late = sys.stdout
        with CapturedOutput() as second:
            print("both")
        print("one")
    print("after")
    print("dropped", file=late)
    assert (first.text, second.text) == ("both\none\n", "both\n")
    assert capsys.readouterr().out == "after\n"


def test_a_stream_of_text_takes_no_bytes():
    with CapturedOutput(), pytest.raises(TypeError, match="must be str, not bytes"):
        sys.stdout.write(b"bytes")

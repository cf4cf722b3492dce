"""The corpus of the fuzzer, sent again at every test run."""

from pathlib import Path

import pytest
from fuzz_answers import answer_and_check

CORPUS = sorted((Path(__file__).parent / "corpus").iterdir())


@pytest.mark.parametrize("path", CORPUS, ids=lambda path: path.name)
def test_what_the_fuzzer_starts_from_and_what_it_found_is_answered_well(path):
    answer_and_check(path.read_bytes())


def test_there_is_a_corpus():
    assert len(CORPUS) > 20

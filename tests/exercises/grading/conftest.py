"""Notebooks of strangers for the tests of grading, and the sandbox that they run in.

`judged(code)` grades a notebook of one cell; `probe(code)` runs a cell that defines `probe()` and gives what that returns.
Without bubblewrap the tests that ask for them are left out; with CI set they fail on Linux, the one system that has it.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from exercises.grading import sandbox
from exercises.grading.grade import Grade, grade
from exercises.grading.limits import Limits
from exercises.grading.session import Session
from exercises.grading.submissions import Submission

#: Long enough for an honest run on a busy machine.
LIMITS = Limits(call_seconds=10, notebook_seconds=20, submission_seconds=40, memory=400 * 2**20)
#: For what would never end.
SHORT = replace(LIMITS, call_seconds=1.5, notebook_seconds=4)


@pytest.fixture(scope="session")
def in_sandbox() -> None:
    reason = sandbox.missing()
    if reason and os.environ.get("CI") and sys.platform == "linux":
        pytest.fail(reason, pytrace=False)
    if reason:
        pytest.skip(reason)


@pytest.fixture
def judged(in_sandbox) -> Callable[..., Grade]:
    return lambda *cells, limits=LIMITS: grade(Submission("a learner", "request_a_token", cells), limits=limits)


@pytest.fixture
def judged_soon(judged) -> Callable[..., Grade]:
    return partial(judged, limits=SHORT)


@pytest.fixture
def probe(in_sandbox):
    sessions = []

    def run(code: str, *arguments: object) -> object:
        session = Session([code], "probe", 1, limits=LIMITS, deadline=time.monotonic() + 30, unsafe=False)
        sessions.append(session)
        function = session.run_notebook()
        assert function is not None, session.failures
        return function(*arguments)

    yield run
    for session in sessions:
        session.close()

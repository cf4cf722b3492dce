"""Notebooks of strangers for the tests of grading, and the sandbox that they run in.

`judged(code)` grades a notebook of one cell; `probe(code)` runs a cell that defines `probe()` and gives what that returns.
Without bubblewrap the tests that ask for them are left out, on CI they fail.
"""

import os
import time
from collections.abc import Callable

import pytest

from exercises.grading import sandbox
from exercises.grading.grade import Grade, grade
from exercises.grading.limits import Limits
from exercises.grading.session import Session
from exercises.grading.submissions import Submission

#: Short, so that what never ends is over soon, and long enough for an honest run on a busy machine.
LIMITS = Limits(call_seconds=4, notebook_seconds=8, submission_seconds=30, memory=400 * 2**20)


@pytest.fixture(scope="session")
def in_sandbox() -> None:
    reason = sandbox.missing()
    if reason and os.environ.get("CI"):
        pytest.fail(reason, pytrace=False)
    if reason:
        pytest.skip(reason)


@pytest.fixture
def judged(in_sandbox) -> Callable[..., Grade]:
    return lambda *cells: grade(Submission("a learner", "request_a_token", cells), limits=LIMITS)


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

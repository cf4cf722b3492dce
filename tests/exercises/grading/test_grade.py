from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from notebooks_of_learners import HONEST

from exercises import check
from exercises.grading.grade import grade
from exercises.grading.limits import Limits
from exercises.grading.submissions import Submission

WITHOUT_A_CHECK = HONEST.replace("    answer.raise_for_status()\n", "")


def test_the_solution_has_all_points(judged):
    assert judged(HONEST).points == 10


def test_a_wrong_answer_is_told_the_same_as_in_the_notebook(judged):
    names: dict[str, object] = {}
    exec(compile(WITHOUT_A_CHECK.replace('["access_token"]', ""), "<code cell 1>", "exec"), names)
    in_the_notebook = check("request_a_token", names["get_token"])
    graded = judged(WITHOUT_A_CHECK.replace('["access_token"]', "")).result
    # Hints in steps are for whoever can try again.
    assert repr(graded) == repr(replace(in_the_notebook, help=graded.help))
    assert not in_the_notebook.passed


def test_what_was_raised_is_told_with_the_learners_line(judged):
    outcome = judged(HONEST.replace('["access_token"]', '["token"]')).result.outcomes[0]
    assert "KeyError: 'token' (line 8 of get_token: return answer.json()[\"token\"])" in outcome.unmet.seen


def test_a_stub_is_not_attempted(judged):
    grade = judged("def get_token(*a):\n    raise NotImplementedError()")
    assert (grade.points, grade.remark, grade.result.attempted) == (0, "not attempted", False)


def test_a_notebook_without_the_function_says_so(judged):
    grade = judged("def gettoken(*a): pass")
    assert (grade.points, grade.remark) == (0, "the notebook leaves no function get_token")


def test_a_cell_that_raises_is_told_and_the_next_cell_runs(judged):
    grade = judged("import nothing_of_that_name", "1 / 0", "def broken(:", HONEST)
    assert grade.points == 10
    assert [each.partition(": ")[0] for each in grade.failures] == ["code cell 1", "code cell 2", "code cell 3"]
    assert "ZeroDivisionError" in grade.failures[1]


def test_the_cells_of_the_exercise_itself_run(judged):
    cells = ["from exercises import check\nfrom mock_server import start\nserver = start()", HONEST, 'check("request_a_token", get_token)']
    grade = judged(*cells)
    assert (grade.points, grade.failures) == (10, ())


def test_a_function_that_runs_curl_passes(judged):
    curl = """
import json, subprocess

def get_token(url, client_id, secret):
    fields = [part for pair in (("grant_type", "client_credentials"), ("client_id", client_id), ("client_secret", secret))
              for part in ("--data-urlencode", "=".join(pair))]
    done = subprocess.run(["curl", "-sS", "--fail", *fields, url], capture_output=True, check=True)
    return json.loads(done.stdout)["access_token"]
"""
    assert judged(curl).points == 10


def test_lines_of_magic_and_of_the_shell_run_as_in_jupyter(judged):
    grade = judged("%load_ext exercises.http_cell", "!echo hello", "%%bash\necho hello", "where = !pwd", HONEST + "\nassert where[0] == '/tmp'")
    assert (grade.points, grade.failures) == (10, ())


def test_a_function_that_uses_signals_and_threads_works(judged):
    code = HONEST + (
        "import signal, threading\nplain = get_token\ndef get_token(*a):\n    signal.signal(signal.SIGALRM, lambda *x: None)\n"
        "    signal.alarm(5)\n    found = []\n    worker = threading.Thread(target=lambda: found.append(plain(*a)))\n"
        "    worker.start()\n    worker.join()\n    return found[0]\n"
    )
    assert judged(code).points == 10


def test_what_was_passed_before_the_time_was_over_stays_passed(judged):
    code = HONEST.replace("answer.raise_for_status()", "answer.ok or __import__('time').sleep(1000)")
    found = judged(code, limits=Limits(submission_seconds=5))
    assert [outcome.points for outcome in found.result.outcomes] == [4, 2, 0, 0]
    assert "not done after 5 seconds" in found.result.outcomes[2].unmet.seen


def test_a_returned_function_is_called_from_several_threads_at_once(probe):
    code = """
import threading

def probe(parties):
    barrier = threading.Barrier(parties)
    def meet(name):
        barrier.wait(5)
        return name.upper()
    return meet
"""
    meet = probe(code, 4)
    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(meet, "abcd")) == ["A", "B", "C", "D"]


def test_without_a_sandbox_the_foundis_the_same():
    cells = ("from exercises import check", HONEST, 'assert check("request_a_token", get_token) is None')
    found = grade(Submission("solved", "request_a_token", cells), unsafe=True)
    assert (found.points, found.failures) == (10, ())

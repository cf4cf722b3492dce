"""Notebooks that want points without the work, or the machine: none gains a point, harms it or reads what it should not."""

import os
import secrets
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from notebooks_of_learners import ASKS, HONEST

from exercises.grading import sandbox
from exercises.grading.session import Ended

#: On the command line of all that runs in a sandbox of these tests; other sandboxes may run at the same time.
MARK = f"mark-{secrets.token_hex(8)}"


@pytest.fixture(autouse=True)
def marked(monkeypatch) -> None:
    sandboxed = sandbox.sandboxed
    monkeypatch.setattr(sandbox, "sandboxed", lambda *arguments: [*sandboxed(*arguments), MARK])


ALWAYS_EQUAL = """
class Equal:
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __hash__(self): return 0
    def __contains__(self, other): return True
    def __getattr__(self, name): return self
    def __instancecheck__(self, other): return True
    @property
    def __class__(self): return str
"""

WITHOUT_THE_WORK = {
    "returns an object that equals everything": ASKS
    + ALWAYS_EQUAL
    + "def get_token(*a):\n    asked(*a)\n    return Equal()",
    "returns a str that equals everything": ASKS
    + "class Text(str):\n    def __eq__(self, other): return True\n    __hash__ = str.__hash__\n"
    + "def get_token(*a):\n    asked(*a)\n    return Text('x')",
    "patches the check": "import sys, exercises\nexercises.check = lambda *a: 10\nsys.modules['exercises.checking'] = exercises\n"
    + "def get_token(*a): return 'token'",
    "calls its object a str": ASKS
    + "sys.modules['__main__'].described = lambda *a: {'object': {'type': 'str', 'repr': 'x'}}\n"
    + "def get_token(*a):\n    asked(*a)\n    return 'x'",
    "patches the server": "import mock_server.application as a\na.Application.handle = lambda *x: None\n"
    + "def get_token(*a): return 'x'",
    "asks a server of its own": "import mock_server, requests\nserver = mock_server.start()\ndef get_token(url, *a):\n"
    + "    data = dict(grant_type='client_credentials', client_id='myapp123', client_secret='secret456')\n"
    + "    return requests.post(server.url + '/token', data=data).json()['access_token']",
    "prints a forged grade": "def get_token(*a):\n    print('{\"points\": 10, \"passed\": true}', flush=True)\n    return 'x'",
    "forges answers to calls that are to come": "import os, json\nfor number in range(3, 40):\n  try:\n    for i in range(9):\n"
    + "      os.write(number, json.dumps({'id': i, 'returned': 'x', 'ready': True}).encode() + b'\\n')\n"
    + "  except OSError: pass\ndef get_token(*a): return 'x'",
    "forges a notebook that ran": "import os, json\nfor number in range(3, 40):\n  try: os.write(number, b'{\"ready\": true, \"failures\": 5}\\n')\n"
    + "  except OSError: pass\ndef get_token(*a): return 'x'",
    "forges an exception that is none": "import os\ndef get_token(*a):\n  for number in range(3, 40):\n"
    + "    try: os.write(number, b'{\"id\": 1, \"raised\": 5}\\n')\n    except OSError: pass\n  return 'x'",
    "writes noise into every open file": ASKS
    + "def get_token(*a):\n  for number in range(3, 128):\n    try: os.write(number, b'\\xff\\x00[[[[' * 99 + b'\\n')\n"
    + "    except OSError: pass\n  return 'x'",
    "sends half an answer and closes everything": "import os\ndef get_token(*a):\n  for number in range(3, 128):\n    try: os.write(number, b'{\"id\": 1')\n"
    + "    except OSError: pass\n  os.closerange(3, 128)",
    "answers with an endless line": "import os\ndef get_token(*a):\n  while True:\n    for number in (3, 4, 5, 6):\n"
    + "      try: os.write(number, b'[' * 60000)\n      except OSError: pass",
    "returns a function that is none": ASKS
    + "sys.modules['__main__'].described = lambda *a: {'callable': 10**9}\ndef get_token(*a): return asked(*a)",
    "answers in a form that nobody sends": ASKS
    + "sys.modules['__main__'].described = lambda *a: {'dict': [[{'list': []}, {}]]}\ndef get_token(*a): return asked(*a)",
    "raises for everything": "def get_token(*a): raise ValueError('invalid_client')",
    "asks and raises for everything": ASKS + "def get_token(*a):\n    asked(*a)\n    raise SystemExit(0)",
    "interrupts the judge": "def get_token(*a): raise KeyboardInterrupt",
    "leaves the process": ASKS + "def get_token(*a):\n    asked(*a)\n    os._exit(0)",
    "kills everything that it can": "import os\ndef get_token(*a):\n  for pid in (os.getppid(), 1, -1):\n"
    + "    try: os.kill(pid, 9)\n    except OSError: pass",
    "returns a list without a floor": "def get_token(*a):\n    deep = []\n    for _ in range(100000): deep = [deep]\n    return deep",
    "returns a list that holds itself": "def get_token(*a):\n    ring = []\n    ring.append(ring)\n    return ring",
    "returns what JSON cannot hold": ASKS + "def get_token(*a):\n    asked(*a)\n    return {b'x': {1, 2}, (1,): open, None: float('nan')}",
    "returns a megabyte": ASKS + "def get_token(*a):\n    return asked(*a).text * 20000",
    "returns an integer too long to write": "def get_token(*a): return 10 ** 5000",
    "raises what cannot be looked at": "class E(Exception):\n    def __str__(self): raise SystemExit\n    __repr__ = __str__\n"
    + "E.__name__ = '<b> \\' \"'\ndef get_token(*a): raise E",
    "takes more memory than there is": "def get_token(*a):\n    hoard = []\n    while True: hoard.append(bytearray(50_000_000))",
    "takes memory in many processes": "import os, time\ndef get_token(*a):\n  for _ in range(30):\n    if os.fork() == 0:\n"
    + "      hoard = bytearray(b'x') * 100_000_000\n      time.sleep(60)\n  time.sleep(60)",
    "never returns": "def get_token(*a):\n    while True: pass",
    "sleeps under every signal": "import signal, time\nfor number in range(1, 65):\n  try: signal.signal(number, signal.SIG_IGN)\n"
    + "  except (OSError, ValueError): pass\ndef get_token(*a):\n    time.sleep(1e6)",
    "never lets its notebook end": "while True: pass\ndef get_token(*a): return 'x'",
    "recurses in C": "import sys\nsys.setrecursionlimit(10**9)\ndef f(x): return repr(x)\nclass R:\n    def __repr__(self): return f(self)\n"
    + "def get_token(*a): return R()",
    "holds every connection that it can": "import os, socket, time\nfrom urllib.parse import urlsplit\ndef get_token(url, *a):\n"
    + "  [os.fork() for _ in range(5)]\n  held = []\n  while True:\n"
    + "    try: held.append(socket.create_connection(('127.0.0.1', urlsplit(url).port), 1))\n    except OSError: time.sleep(0.2)",
    "floods the server": "import os, socket\nfrom urllib.parse import urlsplit\ndef get_token(url, *a):\n  while True:\n    try:\n"
    + "      with socket.create_connection(('127.0.0.1', urlsplit(url).port)) as s: s.sendall(b'GET / HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n' * 2000)\n"
    + "    except OSError: pass",
    "forks without end": "import os\ndef get_token(*a):\n  while True:\n    try: os.fork()\n    except OSError: pass",
}


@pytest.mark.parametrize("code", WITHOUT_THE_WORK.values(), ids=WITHOUT_THE_WORK)
def test_it_gains_no_point_and_is_over_in_time(judged_soon, code):
    began = time.monotonic()
    grade = judged_soon(code)
    assert grade.points == 0, grade.result
    assert time.monotonic() - began < 40
    assert _processes_left() == []


def test_an_honest_notebook_has_all_points_in_the_same_sandbox(judged):
    grade = judged(HONEST)
    assert (grade.points, grade.remark, grade.failures) == (10, "", ())


def test_a_flood_of_output_costs_nothing(judged):
    flood = "def flood():\n    for _ in range(500): print('x' * 100_000); print('y' * 1000, file=__import__('sys').stderr)\n"
    assert judged(flood + HONEST.replace("    answer.raise", "    flood()\n    answer.raise")).points == 10


def test_a_token_of_an_earlier_run_is_worth_nothing(judged):
    code = ASKS + "kept = []\ndef get_token(*a):\n    answer = asked(*a)\n    kept.append(answer.json().get('access_token'))\n    return kept[0]"
    grade = judged(code)
    assert [outcome.points for outcome in grade.result.outcomes] == [4, 0, 0, 0]


def test_a_process_that_ends_where_it_should_raise_has_no_point_for_it(judged):
    code = HONEST.replace("answer.raise_for_status()", "answer.ok or __import__('os')._exit(0)")
    grade = judged(code)
    assert [outcome.points for outcome in grade.result.outcomes] == [4, 2, 0, 0]
    assert "its process ended by itself" in grade.result.outcomes[2].unmet.seen


def test_it_reads_no_solution_no_judgement_no_other_file_of_the_machine(probe):
    seen = probe("""
import os

def probe(*pythons):
    skipped = ("/proc", "/usr", "/dev", "/etc/ssl", *pythons)
    found = []
    for folder, folders, files in os.walk("/"):
        folders[:] = [each for each in folders if not os.path.join(folder, each).startswith(skipped)]
        found += [os.path.join(folder, each) for each in files]
    return found
""", sys.base_prefix, f"{sys.prefix}/lib")
    kit = [Path(each).relative_to(sandbox.KIT).as_posix() for each in seen if each.startswith(str(sandbox.KIT))]
    kit = [each for each in kit if each != ".venv/pyvenv.cfg"]
    assert {each for each in kit if not each.startswith(("mock_server/", ".venv/bin/"))} == {
        "exercises/__init__.py",
        "exercises/http_cell.py",
        "exercises/learners_lines.py",
        *(f"exercises/grading/{name}.py" for name in ("__init__", "crossing", "harmless", "inside")),
    }
    assert not [each for each in seen if each.endswith(("solution.ipynb", "scenarios.py", "setup.log", "/passwd", "/shadow"))]


def test_it_reads_no_environment_but_its_own(probe, monkeypatch):
    monkeypatch.setenv("A_SECRET_OF_THE_GRADER", "do-not-read-me")
    code = """
import glob, os

def probe():
    found = [repr(dict(os.environ))]
    for name in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/cmdline"):
        try:
            found.append(open(name, "rb").read().decode("latin-1"))
        except OSError:
            pass
    return "".join(found)[:100_000]
"""
    assert "do-not-read-me" not in probe(code)


def test_it_reads_no_other_submission(probe, tmp_path):
    other = tmp_path / "request_a_token.ipynb"
    other.write_text("the work of another learner")
    code = """
def probe(path):
    try:
        return open(path).read()
    except OSError as error:
        return type(error).__name__
"""
    assert probe(code, str(other)) == "FileNotFoundError"


def test_it_changes_nothing_that_stays(probe):
    code = """
import os

def probe(*paths):
    written = []
    for path in paths:
        try:
            open(os.path.join(path, "planted.py"), "w").close()
            written.append(path)
        except OSError:
            pass
    return written
"""
    paths = ["/", "/usr", "/etc", "/dev", "/proc/sys/kernel", str(sandbox.KIT), str(sandbox.KIT / "mock_server"), str(sandbox.KIT / "exercises")]
    assert probe(code, *paths) == []


def test_it_fills_no_disk_but_a_little_of_its_own(probe):
    code = """
def probe():
    total = 0
    for number in range(100):
        for folder in ("/tmp", "/dev/shm"):
            try:
                with open(f"{folder}/{number}", "wb", 0) as file:
                    for _ in range(10):
                        total += file.write(bytes(1_000_000))
            except OSError:
                pass
    return total
"""
    assert probe(code) < 100_000_000


def test_it_reaches_nobody_outside(probe):
    with socket.create_server(("0.0.0.0", 0)) as outside, socket.create_server(("127.0.0.1", 0)) as loopback:
        code = """
import socket

def probe(*addresses):
    reached = []
    for host, port in addresses:
        try:
            socket.create_connection((host, port), 0.5).close()
            reached.append(host)
        except OSError:
            pass
    return reached
"""
        ports = outside.getsockname()[1], loopback.getsockname()[1]
        hosts = ["127.0.0.1", "0.0.0.0", socket.gethostbyname(socket.gethostname()), "8.8.8.8", "169.254.169.254"]
        assert probe(code, *((host, port) for host in hosts for port in (*ports, 80))) == []
        for each in (outside, loopback):
            each.settimeout(0)
            with pytest.raises(BlockingIOError):
                each.accept()


def test_it_holds_no_listening_socket_of_the_judges_servers(probe):
    code = """
import os, socket

def probe():
    found = []
    for number in range(3, 128):
        try:
            found.append(socket.socket(fileno=os.dup(number)).getsockname())
        except OSError:
            pass
    return [repr(each) for each in found]
"""
    assert probe(code) == []


@pytest.mark.parametrize("call", ["setuid(0)", "setgid(0)", "unshare(0x10000000)", "chroot(b'/tmp')", "shmget(0, 4096, 0o1600)"])
def test_it_gets_no_rights(probe, call):
    code = f"import ctypes\ndef probe(): return ctypes.CDLL(None, use_errno=True).{call}"
    assert probe(code) == -1


def test_it_makes_no_memory_outside_of_its_processes(probe):
    code = "import os\ndef probe():\n    try: os.memfd_create('x')\n    except PermissionError: return 'refused'"
    assert probe(code) == "refused"


def test_what_it_leaves_running_ends_with_it(judged):
    code = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(1000)\n    os._exit(0)\n"
    assert judged(code + HONEST).points == 10
    assert _processes_left() == []


def test_what_runs_in_a_sandbox_is_seen_while_it_runs(probe):
    assert probe("def probe(): return 1") == 1
    assert list(_marked_processes())


def test_a_process_that_is_gone_says_so_to_whoever_calls(probe):
    with pytest.raises(Ended, match="ended by itself"):
        probe("import os\ndef probe(): os._exit(1)")


def _processes_left() -> list[str]:
    """The command lines of what still runs of this test's sandboxes; the kernel takes a moment to end what was killed."""
    deadline = time.monotonic() + 5
    while (found := list(_marked_processes())) and time.monotonic() < deadline:
        os.sched_yield()
    return found


def _marked_processes() -> Iterator[str]:
    for folder in Path("/proc").iterdir():
        with suppress(OSError):
            line = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
            if MARK in line:
                yield line

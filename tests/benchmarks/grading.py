"""What grading costs: the fixed seconds of a run, and the marginal seconds of each further submission.

    python tests/benchmarks/grading.py [SUBMISSIONS]

Grades 1 and then SUBMISSIONS (60) copies of the exercise's own solution with `python -m exercises grade`, on all cores, and prints
the wall clock, the marginal cost and the most memory that the grader took.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

KIT = Path(__file__).resolve().parent.parent.parent
EXERCISE = "request_a_token"


def graded(submissions: int) -> tuple[float, float]:
    """(seconds, megabytes at most) of one run over so many learners."""
    with tempfile.TemporaryDirectory() as folder:
        solution = (KIT / "exercises" / EXERCISE / "solution.ipynb").read_bytes()
        for number in range(submissions):
            learner = Path(folder, "submissions", f"learner_{number:04}")
            learner.mkdir(parents=True)
            (learner / f"{EXERCISE}.ipynb").write_bytes(solution)
        out = Path(folder, "out")
        command = [sys.executable, "-m", "exercises", "grade", str(learner.parent), "--out", str(out)]
        began = time.perf_counter()
        process = subprocess.Popen(command, cwd=KIT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        most = 0.0
        while process.poll() is None:
            most = max(most, _megabytes(process.pid))
            time.sleep(0.05)
        seconds = time.perf_counter() - began
        rows = (out / "grades.csv").read_text(encoding="utf-8").splitlines()[1:]
        assert len(rows) == submissions and all(f",{EXERCISE},10,10," in row for row in rows), rows
        return seconds, most


def _megabytes(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    submissions = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    one, memory_of_one = graded(1)
    all_of_them, memory = graded(submissions)
    marginal = (all_of_them - one) / (submissions - 1)
    print(f"{'submissions':>12}{'seconds':>10}{'MB of the grader':>18}")
    print(f"{1:>12}{one:>10.2f}{memory_of_one:>18.0f}")
    print(f"{submissions:>12}{all_of_them:>10.2f}{memory:>18.0f}")
    print(f"fixed {one - marginal:.2f} s, marginal {marginal:.3f} s a submission on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()

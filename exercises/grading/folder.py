"""A whole folder of submissions: several at once, each learner's result kept as soon as it is there.

    python -m exercises grade SUBMISSIONS --out DIR

DIR/evidence/<learner>.json is written last for a learner; while it stands for the same files, that learner is not graded again.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from urllib.parse import quote

from exercises.checking import exercise_ids
from exercises.grading import report
from exercises.grading.grade import grade
from exercises.grading.limits import Limits
from exercises.grading.submissions import Submission, handed_in

MOST_OPEN_FILES = 65536


def grade_folder(submissions: Path, out: Path, *, unsafe: bool = False, limits: Limits = Limits()) -> Iterator[tuple[int, int]]:
    """Grade everything, and give (learners done, learners in all) at the start and after each learner.

    SandboxError where the sandbox does not come up, NotADirectoryError where `submissions` is no folder.
    """
    _allow_many_open_files()
    learners = handed_in(submissions, exercise_ids())
    for folder in (out / "evidence", out / "feedback"):
        folder.mkdir(parents=True, exist_ok=True)
    waiting = [name for name, handed in learners.items() if not _is_done(out, name, handed)]
    done = len(learners) - len(waiting)
    yield done, len(learners)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = [pool.submit(_grade_learner, out, name, learners[name], limits, unsafe) for name in waiting]
        try:
            for each in as_completed(running):
                each.result()
                done += 1
                yield done, len(learners)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    results = [json.loads(_evidence(out, name).read_text(encoding="ascii")) for name in learners]
    _write(out / "grades.csv", report.as_csv(results))
    _write(out / "grades.json", report.as_text(results))


def _allow_many_open_files() -> None:
    """Every connection that a submission opens is one here too, and must not be the last that another could have had."""
    if sys.platform == "linux":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, MOST_OPEN_FILES)), hard))


def _grade_learner(out: Path, learner: str, handed: list[Submission], limits: Limits, unsafe: bool) -> None:
    grades = [grade(each, limits=limits, unsafe=unsafe) for each in handed]
    _write(out / "feedback" / f"{_file_name(learner)}.html", report.feedback_page(learner, grades))
    _write(_evidence(out, learner), report.as_text(report.as_json(learner, grades)))


def _is_done(out: Path, learner: str, handed: list[Submission]) -> bool:
    try:
        earlier = json.loads(_evidence(out, learner).read_text(encoding="ascii"))
        graded = [(each["exercise"], each["digest"]) for each in earlier["grades"]]
        return all(digest for _, digest in graded) and graded == [(each.exercise_id, each.digest) for each in handed]
    except (OSError, ValueError, TypeError, KeyError):
        return False


def _evidence(out: Path, learner: str) -> Path:
    return out / "evidence" / f"{_file_name(learner)}.json"


def _file_name(learner: str) -> str:
    """Which is the learner's own, but for what some file system does not take."""
    return quote(os.fsencode(learner), safe=" @+,=")[:200]


def _write(path: Path, text: str) -> None:
    """All of it or nothing, so that a crash leaves no half of a result."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.write_text(text, encoding="utf-8", newline="\n")
    os.replace(unfinished, path)


def show_progress(done: int, total: int) -> None:
    """A bar on a terminal, a line at the end elsewhere; on stderr, as progress should be."""
    width = min(40, shutil.get_terminal_size().columns - 30)
    if sys.stderr.isatty() and width > 0:
        filled = width * done // total if total else width
        end = "\n" if done == total else ""
        print(f"\r[{'#' * filled}{' ' * (width - filled)}] {done} of {total} learners", end=end, file=sys.stderr, flush=True)
    elif done == total:
        print(f"{done} of {total} learners", file=sys.stderr)

"""A whole folder of submissions: several at once, each learner's result kept as soon as it is there.

    python -m exercises grade SUBMISSIONS --out DIR

DIR/evidence/<learner>.json is written last for a learner; while it stands for the same files, that learner is not graded again.
"""

import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from urllib.parse import quote

from exercises.checking import exercise_ids
from exercises.grading import report
from exercises.grading.grade import grade
from exercises.grading.submissions import Folder, Submission, open_folder

MOST_OPEN_FILES = 65536


def grade_folder(submissions: Path, out: Path, *, unsafe: bool = False) -> Iterator[tuple[int, int]]:
    """Grade everything, and give (learners done, learners in all) at the start and after each learner.

    SandboxError where the sandbox did not come up, OSError where a folder cannot be read or written: after all others are graded.
    """
    _allow_many_open_files()
    handed_in = open_folder(submissions, exercise_ids())
    for folder in (out / "evidence", out / "feedback"):
        folder.mkdir(parents=True, exist_ok=True)
    total = len(handed_in.learners)
    yield 0, total
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        running = [pool.submit(_grade_learner, out, name, handed_in, unsafe) for name in handed_in.learners]
        try:
            for done, _ in enumerate(as_completed(running), 1):
                yield done, total
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
    for each in running:
        each.result()
    _write(out / "grades.csv", report.csv_lines(_results(out, handed_in.learners)))
    _write(out / "grades.json", report.json_lines(_results(out, handed_in.learners)))


def _results(out: Path, learners: Iterable[str]) -> Iterator[dict]:
    """One learner after the other, since the evidence of a whole course may be large."""
    return (json.loads(_evidence(out, name).read_text(encoding="ascii")) for name in learners)


def _allow_many_open_files() -> None:
    """Every connection that a submission opens is one here too, and must not be the last that another could have had."""
    if sys.platform == "linux":
        import resource

        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, MOST_OPEN_FILES)), hard))


def _grade_learner(out: Path, learner: str, folder: Folder, unsafe: bool) -> None:
    handed = folder.handed_in_by(learner)
    if _is_done(out, learner, handed):
        return
    grades = [grade(each, unsafe=unsafe) for each in handed]
    _write(out / "feedback" / f"{_file_name(learner)}.html", [report.feedback_page(learner, grades)])
    _write(_evidence(out, learner), [json.dumps(report.as_json(learner, grades), indent=1), "\n"])


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


def _write(path: Path, parts: Iterable[str]) -> None:
    """All of it or nothing, so that a crash leaves no half of a result."""
    unfinished = path.with_name(f"{path.name}.unfinished")
    with unfinished.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(parts)
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

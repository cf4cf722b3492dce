"""What a learner has answered and solved, in one JSON file that survives kernels and re-runs."""

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

VERSION = 1
KEPT_TRIES = 10
#: Names another file than `progress.json` at the top of the kit.
PATH_VARIABLE = "CLIENT_CREDENTIALS_KIT_PROGRESS"


class Progress:
    """The progress file at `path`.

    Layout: `{"version": 1, "questions": {id: {...}}, "exercises": {id: {...}}}`. A file that cannot be read is set
    aside and reported; one that cannot be written is reported; the lesson goes on in both cases.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path or default_path()

    def question(self, question_id: str) -> dict:
        """`{"attempts": int, "answer": [letters], "solved": bool}` of that question, empty if never answered."""
        return self._look()["questions"].get(question_id, {})

    def exercise(self, exercise_id: str) -> dict:
        """`{"attempts": int, "best_points": int, "tries": [ids]}` of that exercise, empty if never checked.

        "tries" names the failed tries that differ, the first `KEPT_TRIES` of them; it is absent where there was none.
        """
        return self._look()["exercises"].get(exercise_id, {})

    def answered(self, question_id: str, letters: list[str], correct: bool) -> None:
        def change(content: dict) -> None:
            entry = content["questions"].setdefault(question_id, {"attempts": 0, "solved": False})
            entry["attempts"] += 1
            entry["answer"] = letters
            entry["solved"] = entry["solved"] or correct

        self._update(change)

    def checked(self, exercise_id: str, points: int, failed_try: str | None = None) -> dict:
        """The entry as it is now, empty where it could not be kept. `failed_try` names the try unless it passed."""
        kept: dict = {}

        def change(content: dict) -> None:
            entry = content["exercises"].setdefault(exercise_id, {"attempts": 0, "best_points": 0})
            entry["attempts"] += 1
            entry["best_points"] = max(entry["best_points"], points)
            if failed_try is not None and failed_try not in (tries := entry.setdefault("tries", [])):
                tries[:] = [*tries, failed_try][:KEPT_TRIES]
            kept.update(entry)

        self._update(change)
        return kept

    def _look(self) -> dict:
        try:
            return self._read()
        except OSError as error:
            _report(f"Your progress in {self.path} could not be read ({error.strerror}).")
            return _nothing()

    def _read(self) -> dict:
        """The content of the file. OSError where there is one that cannot be read now."""
        try:
            # utf-8-sig, because Windows' Notepad puts a byte order mark before what it saves.
            content = json.loads(self.path.read_text(encoding="utf-8-sig"))
            _expect_layout(content)
            return content
        except (FileNotFoundError, NotADirectoryError):
            pass
        except (ValueError, RecursionError) as error:
            self._set_aside(error)
        return _nothing()

    def _set_aside(self, error: Exception) -> None:
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.unreadable-{number}")).exists():
            number += 1
        try:
            self.path.replace(aside)
        except FileNotFoundError:
            return  # Another notebook has just set it aside.
        _report(f"Your progress file could not be read ({error}). It is kept as {aside.name}, and a new one is begun.")

    def _update(self, change: Callable[[dict], None]) -> None:
        """Read, change and write under a lock, so that two notebooks lose nothing of each other's."""
        try:
            with FileLock(f"{self.path}.lock").acquire(timeout=5, poll_interval=0.01):
                content = self._read()
                change(content)
                self._write(content)
        except (OSError, Timeout, NotImplementedError) as error:  # The last: a disk that knows no locks.
            _report(f"Your progress could not be saved in {self.path} ({error}). The lesson goes on without it.")

    def _write(self, content: dict) -> None:
        handle, temporary = tempfile.mkstemp(dir=self.path.parent, prefix=f"{self.path.name}.")
        try:
            with open(handle, "w", encoding="utf-8") as file:
                json.dump(content, file, indent=1, sort_keys=True)
            os.replace(temporary, self.path)
        except BaseException:
            os.unlink(temporary)
            raise


def default_path() -> Path:
    """The file named by the environment, else `progress.json` at the top of the kit, else in the working folder."""
    if named := os.environ.get(PATH_VARIABLE):
        return Path(named)
    kit = Path(__file__).resolve().parent.parent
    return (kit if (kit / "notebooks").is_dir() else Path.cwd()) / "progress.json"


def _nothing() -> dict:
    return {"version": VERSION, "questions": {}, "exercises": {}}


def _expect_layout(content: object) -> None:
    """ValueError, with what is wrong, unless every entry is as `Progress` writes it."""
    if not isinstance(content, dict) or not {"version", "questions", "exercises"} <= content.keys():
        raise ValueError("expected an object with version, questions and exercises")
    if not _is_count(content["version"]) or content["version"] > VERSION:
        raise ValueError(f"it has version {content['version']!r}, and this kit writes version {VERSION}")
    for part, is_entry in (("questions", _is_question), ("exercises", _is_exercise)):
        if not isinstance(content[part], dict):
            raise ValueError(f"its {part} are not an object")
        for name, entry in content[part].items():
            if not (isinstance(entry, dict) and _is_count(entry.get("attempts")) and is_entry(entry)):
                raise ValueError(f"the entry {name!r} of its {part} is {str(entry)[:80]}")


def _is_question(entry: dict) -> bool:
    return _are_texts(entry.get("answer")) and isinstance(entry.get("solved"), bool)


def _is_exercise(entry: dict) -> bool:
    return _is_count(entry.get("best_points")) and _are_texts(entry.get("tries", []))


def _are_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(text, str) for text in value)


def _is_count(value: object) -> bool:
    return type(value) is int and value >= 0


def _report(message: str) -> None:
    print(message, file=sys.stderr)

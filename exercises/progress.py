"""What a learner has answered and solved, in one JSON file that survives kernels and re-runs."""

import json
import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from filelock import FileLock, Timeout

VERSION = 1
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
        return self._read()["questions"].get(question_id, {})

    def exercise(self, exercise_id: str) -> dict:
        """`{"attempts": int, "best_points": int}` of that exercise, empty if never checked."""
        return self._read()["exercises"].get(exercise_id, {})

    def answered(self, question_id: str, letters: list[str], correct: bool) -> None:
        def change(content: dict) -> None:
            entry = content["questions"].setdefault(question_id, {"attempts": 0, "solved": False})
            entry["attempts"] += 1
            entry["answer"] = letters
            entry["solved"] = entry["solved"] or correct

        self._update(change)

    def checked(self, exercise_id: str, points: int) -> None:
        def change(content: dict) -> None:
            entry = content["exercises"].setdefault(exercise_id, {"attempts": 0, "best_points": 0})
            entry["attempts"] += 1
            entry["best_points"] = max(entry["best_points"], points)

        self._update(change)

    def _read(self) -> dict:
        try:
            content = json.loads(self.path.read_text(encoding="utf-8"))
            if content["version"] > VERSION:
                raise ValueError(f"it has version {content['version']}, and this kit writes version {VERSION}")
            if not all(isinstance(content[part], dict) for part in ("questions", "exercises")):
                raise ValueError("its questions and exercises are not objects")
            return content
        except FileNotFoundError:
            pass
        except OSError as error:
            _report(f"Your progress in {self.path} could not be read ({error.strerror}).")
        except (ValueError, KeyError, TypeError) as error:
            self._set_aside(error)
        return {"version": VERSION, "questions": {}, "exercises": {}}

    def _set_aside(self, error: Exception) -> None:
        number = 1
        while (aside := self.path.with_name(f"{self.path.name}.unreadable-{number}")).exists():
            number += 1
        try:
            self.path.replace(aside)
        except OSError:
            return
        _report(f"Your progress file could not be read ({error!r}). It is kept as {aside.name}, and a new one is begun.")

    def _update(self, change: Callable[[dict], None]) -> None:
        """Read, change and write under a lock, so that two notebooks lose nothing of each other's."""
        try:
            with FileLock(f"{self.path}.lock", timeout=5):
                content = self._read()
                change(content)
                self._write(content)
        except (OSError, Timeout) as error:
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


def _report(message: str) -> None:
    print(message, file=sys.stderr)

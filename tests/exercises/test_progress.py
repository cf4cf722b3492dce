import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import filelock
import pytest

from exercises.progress import KEPT_TRIES, PATH_VARIABLE, VERSION, Progress, default_path
from exercises.question_bank import all_questions
from exercises.quiz import Question

KIT = Path(__file__).resolve().parents[2]
GOOD = {
    "version": 1,
    "questions": {"q": {"attempts": 2, "answer": ["b"], "solved": False}},
    "exercises": {"e": {"attempts": 1, "best_points": 4}},
}


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def test_nothing_is_known_and_nothing_is_written_before_the_first_answer(progress, capsys):
    assert progress.question("q") == {}
    assert progress.exercise("e") == {}
    assert not progress.path.exists()
    assert capsys.readouterr().err == ""


def test_an_answer_is_read_by_another_reader_of_the_same_file(progress):
    progress.answered("q", ["b"], correct=False)
    assert Progress(progress.path).question("q") == {"attempts": 1, "answer": ["b"], "solved": False}


def test_the_latest_answer_is_kept_and_a_solved_question_stays_solved(progress):
    progress.answered("q", ["b"], correct=False)
    progress.answered("q", ["a"], correct=True)
    progress.answered("q", ["c", "d"], correct=False)
    assert progress.question("q") == {"attempts": 3, "answer": ["c", "d"], "solved": True}


def test_the_best_points_are_kept(progress):
    for points in (4, 10, 6):
        progress.checked("e", points)
    assert progress.exercise("e") == {"attempts": 3, "best_points": 10}


def test_failed_tries_are_kept_once_each_and_not_without_end(progress):
    assert progress.checked("e", 4, "a") == {"attempts": 1, "best_points": 4, "tries": ["a"]}
    assert progress.checked("e", 4, "a")["tries"] == ["a"]
    assert progress.checked("e", 10) == {"attempts": 3, "best_points": 10, "tries": ["a"]}
    for number in range(100):
        entry = progress.checked("e", 0, str(number))
    assert entry["tries"] == ["a", *map(str, range(KEPT_TRIES - 1))]
    assert progress.exercise("e") == entry


def test_the_file_is_json_of_this_version_and_never_a_pickle(progress):
    progress.answered("q", ["b"], correct=True)
    progress.checked("e", 4)
    content = json.loads(progress.path.read_text(encoding="utf-8"))
    assert content["version"] == VERSION
    assert sorted(content) == ["exercises", "questions", "version"]
    for path in (KIT / "exercises").rglob("*.py"):
        assert "pickle" not in path.read_text(encoding="utf-8"), path


def test_what_is_written_is_read_whatever_the_names(progress):
    for name in ("ü", "a\nb", '"', "\ud800", ""):
        progress.answered(name, ["b"], correct=True)
        assert progress.question(name)["attempts"] == 1


@pytest.mark.parametrize("bom", [b"", b"\xef\xbb\xbf"], ids=["plain", "with the mark of Windows' Notepad"])
def test_a_file_that_was_edited_by_hand_is_read(progress, bom, capsys):
    progress.path.write_bytes(bom + json.dumps(GOOD, indent=4).replace("\n", "\r\n").encode("utf-8"))
    assert progress.question("q") == GOOD["questions"]["q"]
    assert progress.exercise("e") == GOOD["exercises"]["e"]
    progress.checked("e", 10)
    assert progress.exercise("e") == {"attempts": 2, "best_points": 10}
    assert progress.question("q") == GOOD["questions"]["q"]
    assert capsys.readouterr().err == ""


def broken(**parts) -> bytes:
    return json.dumps({**GOOD, **parts}).encode("ascii")


def question(**parts) -> bytes:
    return broken(questions={"q": {**GOOD["questions"]["q"], **parts}})


BROKEN = {
    "empty": b"",
    "spaces": b"  \n",
    "half written": broken()[:40],
    "not JSON": b"progress: 3",
    "no UTF-8": b'{"version": 1, "questions": {"\xff": {}}, "exercises": {}}',
    "UTF-16": broken().decode("ascii").encode("utf-16"),
    "a pickle": b"\x80\x04\x95\x05\x00\x00\x00\x00\x00\x00\x00}\x94.",
    "NULs after a crash": b"\x00" * 512,
    "nested too deeply": b"[" * 200_000,
    "null": b"null",
    "a list": b"[]",
    "a text": b'"version"',
    "an empty object": b"{}",
    "no questions": json.dumps({"version": 1, "exercises": {}}).encode("ascii"),
    "a version that is text": broken(version="1"),
    "a version that is true": broken(version=True),
    "no version": broken(version=None),
    "questions are a list": broken(questions=[]),
    "exercises are null": broken(exercises=None),
    "a question is a number": broken(questions={"x": 3}),
    "another question is null": broken(questions={"q": GOOD["questions"]["q"], "x": None}),
    "a question is empty": broken(questions={"x": {}}),
    "attempts are text": question(attempts="2"),
    "attempts are negative": question(attempts=-1),
    "attempts are true": question(attempts=True),
    "solved is text": question(solved="no"),
    "an answer is a text": question(answer="b"),
    "an answer is null": question(answer=None),
    "an answer holds a list": question(answer=[["b"]]),
    "an exercise is a list": broken(exercises={"e": [1]}),
    "points are text": broken(exercises={"e": {"attempts": 1, "best_points": "4"}}),
    "points are missing": broken(exercises={"e": {"attempts": 1}}),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_is_set_aside_and_reported_and_the_lesson_goes_on(progress, content, capsys):
    progress.path.write_bytes(content)
    progress.answered("q", ["b"], correct=True)
    assert progress.question("q") == {"attempts": 1, "answer": ["b"], "solved": True}
    assert progress.path.with_name("progress.json.unreadable-1").read_bytes() == content
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "could not be read" in said
    assert "kept as progress.json.unreadable-1" in said
    assert len(said) < 400


@pytest.mark.parametrize("content", [BROKEN["a question is a number"], BROKEN["half written"]])
def test_a_question_is_shown_and_answered_over_a_broken_file(progress, content, capsys):
    progress.path.write_bytes(content)
    data = next(iter(all_questions().values()))
    shown = Question(data)
    assert "text/plain" in shown._repr_mimebundle_()
    shown.answer("a")
    assert progress.question(data.id)["attempts"] == 1


def test_a_file_of_a_newer_kit_is_kept_and_reported_with_its_version(progress, capsys):
    progress.path.write_bytes(broken(version=2))
    assert progress.question("q") == {}
    assert "it has version 2, and this kit writes version 1" in capsys.readouterr().err
    assert progress.path.with_name("progress.json.unreadable-1").read_bytes() == broken(version=2)


def test_a_second_broken_file_does_not_overwrite_the_first(progress):
    for content in (b"one", b"two"):
        progress.path.write_bytes(content)
        progress.question("q")
    assert names(progress.path.parent) == ["progress.json.unreadable-1", "progress.json.unreadable-2"]
    assert progress.path.with_name("progress.json.unreadable-1").read_bytes() == b"one"


def test_a_broken_file_that_cannot_be_set_aside_is_not_written_over(progress, monkeypatch, capsys):
    progress.path.write_bytes(b"precious")

    def refuses(*arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "replace", refuses)
    assert progress.question("q") == {}
    progress.answered("q", ["b"], correct=True)
    assert progress.path.read_bytes() == b"precious"
    said = capsys.readouterr().err
    assert "could not be read (Permission denied)" in said
    assert "could not be saved" in said


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError(28, "No space left on device")])
def test_a_write_that_ends_half_way_leaves_the_old_file_and_no_litter(progress, monkeypatch, error, capsys):
    progress.answered("q", ["b"], correct=False)
    before = progress.path.read_bytes()

    def fails(*arguments):
        raise error

    monkeypatch.setattr(os, "replace", fails)
    if error is KeyboardInterrupt:
        with pytest.raises(KeyboardInterrupt):
            progress.answered("q", ["a"], correct=True)
    else:
        progress.answered("q", ["a"], correct=True)
        assert "could not be saved" in capsys.readouterr().err
    assert progress.path.read_bytes() == before
    assert names(progress.path.parent) == ["progress.json"]


def test_a_write_goes_to_another_file_first(progress, monkeypatch):
    progress.answered("q", ["b"], correct=False)
    whole = []
    replace = os.replace

    def watches(source, target):
        whole.append(json.loads(Path(source).read_text(encoding="utf-8"))["questions"]["q"]["attempts"])
        assert json.loads(Path(target).read_text(encoding="utf-8"))["questions"]["q"]["attempts"] == whole[-1] - 1
        replace(source, target)

    monkeypatch.setattr(os, "replace", watches)
    progress.answered("q", ["b"], correct=False)
    assert whole == [2]


def test_a_folder_that_cannot_be_written_is_reported_and_the_lesson_goes_on(progress, monkeypatch, capsys):
    def refuses(*arguments, **settings):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("exercises.progress.tempfile.mkstemp", refuses)
    progress.answered("q", ["b"], correct=True)
    said = capsys.readouterr().err
    assert str(progress.path) in said
    assert "could not be saved" in said
    assert "Permission denied" in said
    assert "lesson goes on" in said


@pytest.mark.parametrize("error", [PermissionError(13, "Permission denied"), NotImplementedError("no flock here")])
def test_a_disk_that_gives_no_lock_is_reported_and_the_lesson_goes_on(progress, monkeypatch, error, capsys):
    def refuses(*arguments, **settings):
        raise error

    monkeypatch.setattr(filelock.FileLock, "acquire", refuses)
    progress.answered("q", ["b"], correct=True)
    progress.checked("e", 1)
    assert capsys.readouterr().err.count("could not be saved") == 2


def test_a_file_that_cannot_be_read_is_reported_and_left_alone(progress, monkeypatch, capsys):
    progress.answered("q", ["b"], correct=True)
    before = progress.path.read_bytes()

    def refuses(*arguments, **settings):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refuses)
    assert progress.question("q") == {}
    assert "could not be read (Permission denied)" in capsys.readouterr().err
    progress.answered("q", ["a"], correct=False)
    assert "could not be saved" in capsys.readouterr().err
    assert progress.path.read_bytes() == before
    assert names(progress.path.parent) == ["progress.json"]


def test_a_folder_in_place_of_the_file_is_reported_and_left_alone(progress, capsys):
    progress.path.mkdir()
    assert progress.question("q") == {}
    progress.answered("q", ["b"], correct=True)
    assert progress.path.is_dir()
    assert names(progress.path.parent) == ["progress.json"]
    assert "could not be" in capsys.readouterr().err


def test_a_file_in_place_of_the_folder_is_reported(tmp_path, capsys):
    (tmp_path / "file").write_text("not a folder")
    progress = Progress(tmp_path / "file" / "progress.json")
    assert progress.question("q") == {}
    progress.answered("q", ["b"], correct=True)
    assert "could not be saved" in capsys.readouterr().err


def test_two_threads_lose_none_of_each_others_answers(progress):
    def answers(name: str) -> None:
        for _ in range(100):
            Progress(progress.path).answered(name, ["a"], correct=False)
            Progress(progress.path).checked("shared", 1)

    threads = [threading.Thread(target=answers, args=(name,)) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert progress.question("one")["attempts"] == progress.question("two")["attempts"] == 100
    assert progress.exercise("shared")["attempts"] == 200
    assert names(progress.path.parent) == ["progress.json"]


def test_two_processes_lose_none_of_each_others_answers(progress):
    program = (
        "import sys\n"
        "from exercises.progress import Progress\n"
        "for _ in range(100): Progress().answered(sys.argv[1], ['a'], False); Progress().checked('shared', 1)\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, name], cwd=KIT, stderr=subprocess.PIPE) for name in ("one", "two")
    ]
    for process in running:
        assert process.communicate(timeout=30)[1] == b""
    assert progress.question("one")["attempts"] == progress.question("two")["attempts"] == 100
    assert progress.exercise("shared")["attempts"] == 200


def test_the_environment_names_the_file(monkeypatch, tmp_path):
    monkeypatch.setenv(PATH_VARIABLE, str(tmp_path / "elsewhere.json"))
    assert default_path() == tmp_path / "elsewhere.json"


@pytest.mark.parametrize("value", ["", None])
def test_without_a_named_file_it_is_at_the_top_of_the_kit(monkeypatch, value):
    monkeypatch.delenv(PATH_VARIABLE)
    if value is not None:
        monkeypatch.setenv(PATH_VARIABLE, value)
    assert default_path() == KIT / "progress.json"

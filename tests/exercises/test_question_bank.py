from collections import Counter
from pathlib import Path

import pytest
import yaml

from exercises import question_bank
from exercises.question_bank import FOLDER, QuestionBankError, all_questions, load_questions
from exercises.quiz import ask_the_server

FILES = sorted(FOLDER.glob("*.yaml"))
QUESTIONS = [question for path in FILES for question in load_questions(path)]
LESSONS = Path(__file__).resolve().parents[2] / "notebooks"
by_id = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)


# The real files


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_is_valid_and_belongs_to_a_lesson(path):
    assert load_questions(path)
    assert (LESSONS / f"{path.stem}.ipynb").exists()


def test_nothing_but_question_files_is_in_the_folder():
    assert [path.name for path in FOLDER.iterdir() if path.suffix != ".yaml"] == []


def test_every_question_is_found_by_its_id():
    assert list(all_questions()) == [question.id for question in QUESTIONS]


def test_the_first_lesson_has_two_easy_two_medium_and_one_hard_question_in_this_order():
    difficulties = [question.difficulty for question in load_questions(FOLDER / "01_one_request_three_spellings.yaml")]
    assert difficulties == ["easy", "easy", "medium", "medium", "hard"]


@by_id
def test_a_question_has_four_options_with_feedback_of_their_own(question):
    assert [option.letter for option in question.options] == ["a", "b", "c", "d"]
    assert len({option.text for option in question.options}) == 4
    assert len({option.feedback for option in question.options}) == 4
    assert all(len(option.feedback.split()) >= 8 for option in question.options)


@by_id
def test_the_request_that_settles_a_question_gets_the_answer_that_it_promises(question):
    exchange = ask_the_server(question)
    assert exchange.response.status == question.try_it.status
    assert question.try_it.shows in exchange.raw_response.decode("utf-8")


@by_id
def test_a_question_names_the_section_that_answers_it(question):
    assert "RFC" in question.source
    assert "§" in question.source


@by_id
def test_a_question_keeps_its_answer_out_of_the_prompt_and_the_hints(question):
    right = [option.text.strip("`") for option in question.options if option.correct]
    for text in (question.prompt, question.shown, *question.hints):
        assert not any(answer in text for answer in right)


@by_id
def test_an_option_is_readable_where_markdown_is_not_rendered(question):
    for option in question.options:
        assert "*" not in option.text
        assert "](" not in option.text
        assert "\n" not in option.text


def test_the_right_options_do_not_stand_at_one_letter():
    most = Counter(letter for question in QUESTIONS for letter in question.right_letters).most_common(1)
    assert most[0][1] <= len(QUESTIONS) / 2


# Broken files


def question(**changes: object) -> dict:
    """A question as it stands in a file."""
    content = {
        "id": "a-question",
        "objective": "Tell a from b.",
        "kind": "single",
        "difficulty": "easy",
        "prompt": "Which?",
        "options": [
            {"text": "one", "correct": True, "feedback": "Yes."},
            {"text": "two", "correct": False, "feedback": "No."},
        ],
        "hints": ["Look."],
        "steps": ["So."],
        "mistakes": ["Not so."],
        "source": "RFC 6749 §4.4",
        "try_it": {"request": "GET / HTTP/1.1", "status": 200, "shows": "x"},
    }
    content.update(changes)
    return {name: value for name, value in content.items() if value is not None}


def options(*, correct: tuple[bool, ...] = (True, False), **changes: object) -> list[dict]:
    first, *others = [{"text": f"option {number}", "correct": is_right, "feedback": "F."} for number, is_right in enumerate(correct)]
    first.update(changes)
    return [{name: value for name, value in first.items() if value is not None}, *others]


def write(folder: Path, *questions: dict, name: str = "07_lesson.yaml", **top: object) -> Path:
    content = {"version": 1, "lesson": "07_lesson", "questions": list(questions), **top}
    path = folder / name
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    return path


def test_a_good_file_is_read_whole(tmp_path):
    (loaded,) = load_questions(write(tmp_path, question(shown="GET /")))
    assert (loaded.id, loaded.kind, loaded.difficulty, loaded.shown) == ("a-question", "single", "easy", "GET /")
    assert loaded.right_letters == ["a"]
    assert loaded.options[1].feedback == "No."
    assert (loaded.try_it.status, loaded.try_it.shows) == (200, "x")


def test_what_is_read_cannot_be_changed(tmp_path):
    (loaded,) = load_questions(write(tmp_path, question()))
    for change in ("prompt", "options", "id"):
        with pytest.raises(AttributeError):
            setattr(loaded, change, "")
    assert isinstance(loaded.options, tuple)


FAULTS = {
    "no feedback": (question(options=options(feedback=None)), r"questions\[0\]\.options\[0\] must contain \['feedback'\]"),
    "empty feedback": (question(options=options(feedback="")), r"questions\[0\]\.options\[0\]\.feedback must match"),
    "blank feedback": (question(options=options(feedback=" \n ")), r"questions\[0\]\.options\[0\]\.feedback must match"),
    "an unknown key": (question(expalnation="x"), r"questions\[0\] must not contain \{'expalnation'\}"),
    "an unknown key in an option": (question(options=options(why="x")), r"options\[0\] must not contain \{'why'\}"),
    "an unknown key in the request": (
        question(try_it={"request": "x", "status": 200, "shows": "x", "url": "x"}),
        r"try_it must not contain \{'url'\}",
    ),
    "two right in a single": (question(options=options(correct=(True, True))), r"a-question: 2 options are correct, for the kind single"),
    "none right": (question(options=options(correct=(False, False))), r"a-question: 0 options are correct"),
    "none right in a multiple": (
        question(kind="multiple", options=options(correct=(False, False))),
        r"a-question: 0 options are correct, for the kind multiple",
    ),
    "one option": (question(options=options()[:1]), r"options must contain at least 2 items"),
    "seven options": (question(options=options(correct=(True, *[False] * 6))), r"options must contain less than or equal to 6 items"),
    "correct is text": (question(options=options(correct="yes")), r"options\[0\]\.correct must be boolean"),
    "a text is a number": (question(options=options(text=400)), r"options\[0\]\.text must be string"),
    "no hint": (question(hints=[]), r"hints must contain at least 1 items"),
    "an empty hint": (question(hints=["Look.", ""]), r"hints\[1\] must match"),
    "a hint that is no list": (question(hints="Look."), r"hints must be array"),
    "no steps": (question(steps=None), r"must contain \['steps'\]"),
    "no source": (question(source=None), r"must contain \['source'\]"),
    "no request": (question(try_it=None), r"must contain \['try_it'\]"),
    "a status that is text": (question(try_it={"request": "x", "status": "200", "shows": "x"}), r"try_it\.status must be integer"),
    "an unknown kind": (question(kind="essay"), r"kind must be one of"),
    "an unknown difficulty": (question(difficulty="trivial"), r"difficulty must be one of"),
    "an id with capitals": (question(id="Who Asks"), r"questions\[0\]\.id must match"),
    "a question that is a text": ("why?", r"questions\[0\] must be object"),
}


@pytest.mark.parametrize(("entry", "fault"), FAULTS.values(), ids=FAULTS)
def test_a_faulty_question_is_refused_with_file_place_and_fault(tmp_path, entry, fault):
    with pytest.raises(QuestionBankError, match=rf"^07_lesson\.yaml\b.*{fault}"):
        load_questions(write(tmp_path, entry))


def test_the_place_is_that_of_the_faulty_question(tmp_path):
    path = write(tmp_path, question(), question(id="b"), question(id="c", options=options(feedback=None)))
    with pytest.raises(QuestionBankError, match=r"questions\[2\]\.options\[0\]"):
        load_questions(path)


FILE_FAULTS = {
    "empty": (b"", r"must be object"),
    "a comment alone": (b"# nothing yet\n", r"must be object"),
    "a list": (b"- a\n- b\n", r"must be object"),
    "tabs": (b"version: 1\nquestions:\n\t- id: x\n", r"is not YAML: .*line 3"),
    "not YAML": (b"version: 1\nquestions: [\n", r"is not YAML: .*line"),
    "a colon too many": (b"lesson: who: what\n", r"is not YAML: .*line 1"),
    "two documents": (b"version: 1\n---\nversion: 1\n", r"is not YAML"),
    "control characters": (b"lesson: \x07\n", r"is not YAML"),
    "latin-1": ("lesson: ü\n".encode("latin-1"), r"at byte 8: not UTF-8"),
    "a Python object": (b"!!python/object/apply:os.getcwd []\n", r"is not YAML"),
    "another version": (b"version: 2\nlesson: 07_lesson\nquestions: [x]\n", r"version must be"),
    "no questions": (b"version: 1\nlesson: 07_lesson\nquestions: []\n", r"questions must contain at least 1"),
    "an unknown key": (b"version: 1\nlesson: 07_lesson\nauthor: x\nquestions: [x]\n", r"\{'author'\}|questions\[0\]"),
    "a key that is a number": (b"version: 1\nlesson: 07_lesson\nquestions: [x]\n7: x\n", r"must not contain|questions\[0\]"),
}


@pytest.mark.parametrize(("content", "fault"), FILE_FAULTS.values(), ids=FILE_FAULTS)
def test_a_faulty_file_is_refused_with_its_name_and_fault(tmp_path, content, fault):
    path = tmp_path / "07_lesson.yaml"
    path.write_bytes(content)
    with pytest.raises(QuestionBankError, match=rf"(?s)^07_lesson\.yaml\b.*({fault})"):
        load_questions(path)


def test_a_file_that_names_another_lesson_is_refused(tmp_path):
    with pytest.raises(QuestionBankError, match=r"^07_lesson\.yaml says that it belongs to 08_other"):
        load_questions(write(tmp_path, question(), lesson="08_other"))


@pytest.mark.parametrize("files", [["07_lesson"], ["06_lesson", "07_lesson"]], ids=["in one file", "in two files"])
def test_an_id_that_is_used_twice_is_refused(tmp_path, monkeypatch, files):
    entries = [question(), question(prompt="Another?")]
    for name in files:
        write(tmp_path, *entries[: 2 // len(files)], name=f"{name}.yaml", lesson=name)
    monkeypatch.setattr(question_bank, "FOLDER", tmp_path)
    with pytest.raises(QuestionBankError, match=r"^07_lesson\.yaml uses the id 'a-question' a second time"):
        all_questions.__wrapped__()

import html
import json
import re
from dataclasses import replace

import ipywidgets
import pytest

from exercises import question
from exercises.question_bank import Option, QuestionData, TryIt, all_questions
from exercises.quiz import Question

ATTACK = '<script>alert("1")</script><img src=x onerror=alert(1)>'

SINGLE = QuestionData(
    id="which-part",
    objective="Tell the parts.",
    kind="single",
    difficulty="easy",
    prompt="Which **part** of `a & b`?\n",
    options=(
        Option("a", "`one`", False, "One is *wrong*."),
        Option("b", "two", True, "Two is `right`."),
        Option("c", "three", False, "Three is wrong."),
    ),
    hints=("Look again.", "Closer."),
    steps=("First this.", "Then `that`."),
    mistakes=("Taking one for two.",),
    source="RFC 6749 §4.4",
    try_it=TryIt("GET /token?a=<b> HTTP/1.1\n", 405, "POST"),
)
MULTIPLE = replace(
    SINGLE,
    id="which-parts",
    kind="multiple",
    options=(
        Option("a", "one", True, "One is right."),
        Option("b", "two", False, "Two is wrong."),
        Option("c", "three", True, "Three is right."),
        Option("d", "four", False, "Four is wrong."),
    ),
)


class Page:
    """A question as a front end has it: its widgets, by what they are for."""

    def __init__(self, asked: Question) -> None:
        self.bundle = asked._repr_mimebundle_()
        model = self.bundle["application/vnd.jupyter.widget-view+json"]["model_id"]
        self.box = next(widget for widget in [asked._widgets.box] if widget.model_id == model)
        self.widgets = list(self.box.children)
        self.buttons = [widget for widget in self.widgets if isinstance(widget, ipywidgets.Button)]
        self.options = [widget for widget in self.buttons if "option" in widget._dom_classes]
        self.boxes = [widget for widget in self.widgets if isinstance(widget, ipywidgets.Checkbox)]
        self.texts = [widget for widget in self.widgets if isinstance(widget, ipywidgets.HTML)]

    @property
    def feedback(self) -> str:
        (status,) = [widget.value for widget in self.texts if 'role="status"' in widget.value]
        return status

    @property
    def everything(self) -> str:
        return "\n".join(widget.value for widget in self.texts)

    def button(self, label: str) -> ipywidgets.Button:
        (button,) = [button for button in self.buttons if button.description == label]
        return button

    def is_shown(self, widget: ipywidgets.Widget) -> bool:
        return widget.layout.display != "none"


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", re.sub(r"(?s)<style>.*?</style>", "", page))).split())


# Finding a question


@pytest.mark.parametrize("question_id", all_questions())
def test_every_question_shows_itself_in_both_forms(question_id):
    page = Page(question(question_id))
    assert question_id in page.bundle["text/plain"]
    assert len(page.options) + len(page.boxes) == 4


def test_an_unknown_id_is_refused_with_the_nearest():
    with pytest.raises(KeyError, match="There is no question 'json-bdy'; there is, for example: json-body"):
        question("json-bdy")


def test_an_id_that_resembles_none_is_refused_with_some_that_there_are():
    with pytest.raises(KeyError, match="for example: [a-z-]+, [a-z-]+"):
        question("zzzzzzzzzzzz")


# The text form


def test_a_right_answer_is_told_in_words_and_a_symbol_with_its_feedback_and_the_steps():
    verdict = Question(SINGLE).answer("b")
    assert verdict.correct
    text = repr(verdict)
    assert text.startswith("✓ B is right.")
    assert "Two is" in text
    assert "First this." in text
    assert "RFC 6749 §4.4" in text


def test_a_wrong_answer_is_told_in_words_and_a_symbol_with_its_own_feedback_and_a_hint():
    verdict = Question(SINGLE).answer("a")
    assert not verdict.correct
    text = repr(verdict)
    assert text.startswith("✗ A is not right.")
    assert "One is" in text
    assert "Look again." in text


def test_a_wrong_answer_does_not_give_the_right_one_away():
    verdict = Question(SINGLE).answer("a")
    for form in (repr(verdict), words(verdict._repr_html_())):
        assert "First this" not in form
        assert "Two is" not in form


@pytest.mark.parametrize("letters", ["b", "B", " b ", "b,b", ["b"], ("B",), "\tb\n"])
def test_a_letter_may_be_typed_in_many_ways(letters):
    assert Question(SINGLE).answer(letters).letters == ("b",)


@pytest.mark.parametrize("letters", ["a,c", " c , A ", ["c", "a"], ("a", "c", "a")])
def test_several_letters_may_be_typed_in_any_order(letters):
    verdict = Question(MULTIPLE).answer(letters)
    assert verdict.letters == ("a", "c")
    assert verdict.correct
    assert verdict.feedback == ["One is right.", "Three is right."]
    assert repr(verdict).startswith("✓ A, C is right.")


@pytest.mark.parametrize(
    ("letters", "headline"),
    [
        ("a", "✗ A is not the whole answer."),
        ("b", "✗ B is not right."),
        ("a,b", "✗ A, B is not right."),
        ("a,b,c", "✗ A, B, C is not right."),
        ("a,b,c,d", "✗ A, B, C, D is not right."),
    ],
)
def test_part_of_several_right_options_is_not_the_whole_and_a_wrong_one_among_them_is_not_right(letters, headline):
    verdict = Question(MULTIPLE).answer(letters)
    assert not verdict.correct
    assert verdict.headline == headline


@pytest.mark.parametrize(
    "letters",
    ["", " ", "z", "ab", "a b", "1", "a,", "one", "✓", 3, 0, None, True, 2.5, b"a"]
    + [[], (), [None], [1], [["a"]], {"a"}, {"a": 1}],
)
def test_anything_else_is_refused_with_the_letters_and_is_not_counted(letters, progress):
    with pytest.raises(ValueError, match=rf"^Saw the answer {re.escape(repr(letters))}, expected one of a, b, c, as text"):
        Question(SINGLE).answer(letters)
    assert progress.question("which-part") == {}


def test_several_letters_for_one_right_answer_are_refused(progress):
    with pytest.raises(ValueError, match="Saw 2 letters, expected one"):
        Question(SINGLE).answer("a,b")
    assert progress.question("which-part") == {}


def test_every_answer_is_kept(progress):
    asked = Question(SINGLE)
    asked.answer("a")
    asked.answer("b")
    assert progress.question("which-part") == {"attempts": 2, "answer": ["b"], "solved": True}


def test_the_text_of_a_question_holds_all_that_one_needs_to_answer():
    text = repr(Question(replace(SINGLE, shown="GET / HTTP/1.1\nHost: x\n")))
    assert "Which" in text
    assert "    GET / HTTP/1.1\n    Host: x\n" in text
    assert "a)  `one`\n" in text
    assert 'question("which-part").answer("a")' in text


@pytest.mark.parametrize("data", [SINGLE, MULTIPLE])
def test_the_text_of_a_question_is_the_same_before_and_after_answering(data):
    asked = Question(data)
    before = repr(asked)
    for letter in "abc":
        asked.answer(letter)
        assert repr(asked) == before
        assert asked._repr_mimebundle_()["text/plain"] == before
    assert repr(Question(data)) == before


def test_neither_the_text_nor_the_buttons_tell_which_option_is_right():
    for right in "abc":
        options = tuple(replace(option, correct=option.letter == right) for option in SINGLE.options)
        other = Question(replace(SINGLE, options=options))
        assert repr(other) == repr(Question(SINGLE))
        mine, theirs = Page(other), Page(Question(SINGLE))
        assert mine.everything == theirs.everything
        for one, two in zip(mine.buttons, theirs.buttons, strict=True):
            assert (one.description, one._dom_classes, one.button_style, one.tooltip) == (
                two.description,
                two._dom_classes,
                two.button_style,
                two.tooltip,
            )


def test_the_feedback_is_not_on_the_page_before_an_answer():
    page = Page(Question(SINGLE))
    assert not any(option.feedback[:6] in words(page.everything) for option in SINGLE.options)


# The buttons


def test_the_options_are_buttons_in_their_order_with_letters():
    assert [button.description for button in Page(Question(SINGLE)).options] == ["A   one", "B   two", "C   three"]


def test_a_click_shows_the_verdict_and_the_feedback_in_a_live_region():
    page = Page(Question(SINGLE))
    page.options[0].click()
    assert 'role="status"' in page.feedback
    assert words(page.feedback).startswith("✗ A is not right. One is wrong")
    page.options[1].click()
    assert words(page.feedback).startswith("✓ B is right. Two is right")
    assert "One is" not in page.feedback


def test_the_live_region_is_there_before_the_first_answer():
    assert words(Page(Question(SINGLE)).feedback) == ""


def test_a_click_is_kept_and_marks_the_chosen_option_alone(progress):
    page = Page(Question(SINGLE))
    page.options[0].click()
    page.options[2].click()
    assert ["chosen" in button._dom_classes for button in page.options] == [False, False, True]
    assert progress.question("which-part") == {"attempts": 2, "answer": ["c"], "solved": False}


def test_an_answer_in_text_is_shown_by_the_buttons_too():
    asked = Question(SINGLE)
    page = Page(asked)
    asked.answer("b")
    assert "✓ B is right." in page.feedback


def test_an_earlier_answer_is_there_again_when_the_cell_runs_again(progress):
    Question(SINGLE).answer("c")
    page = Page(Question(SINGLE))
    assert "✗ C is not right." in page.feedback
    assert ["chosen" in button._dom_classes for button in page.options] == [False, False, True]
    assert progress.question("which-part")["attempts"] == 1


@pytest.mark.parametrize("earlier", [[], ["z"], ["a", "z"], [""], ["A"]])
def test_an_earlier_answer_that_no_longer_fits_is_passed_over(progress, earlier):
    progress.answered("which-part", earlier, correct=False)
    page = Page(Question(SINGLE))
    assert words(page.feedback) == ""
    page.options[1].click()
    assert "✓" in page.feedback


def test_showing_a_question_twice_gives_the_same_widgets():
    asked = Question(SINGLE)
    assert Page(asked).box is Page(asked).box


@pytest.mark.parametrize("include", [None, ["text/plain"]])
def test_the_bundle_always_has_a_text_and_a_view(include):
    bundle = Question(SINGLE)._repr_mimebundle_(include=include, exclude=None)
    assert set(bundle) >= {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert bundle["text/plain"].startswith("Question which-part (easy)")
    json.dumps(bundle)


def test_an_option_of_any_length_is_on_its_button_whole():
    long = "word " * 200 + "<b>&amp;"
    data = replace(SINGLE, options=(*SINGLE.options[:2], Option("c", long, False, "No.")))
    page = Page(Question(data))
    assert page.options[2].description == f"C   {long}"
    assert page.options[2].layout.height == "auto"


# Several right options


def test_several_options_are_boxes_to_tick_and_a_button_to_check():
    page = Page(Question(MULTIPLE))
    assert [box.description for box in page.boxes] == ["A   one", "B   two", "C   three", "D   four"]
    assert not any(box.value for box in page.boxes)
    page.boxes[0].value = page.boxes[2].value = True
    assert words(page.feedback) == ""
    page.button("Check").click()
    assert "✓ A, C is right." in page.feedback


def test_a_check_without_a_tick_asks_for_one_and_is_not_counted(progress):
    page = Page(Question(MULTIPLE))
    page.button("Check").click()
    assert "Choose at least one option" in page.feedback
    assert progress.question("which-parts") == {}


def test_earlier_ticks_are_there_again_with_their_verdict():
    Question(MULTIPLE).answer("a,c")
    page = Page(Question(MULTIPLE))
    assert [box.value for box in page.boxes] == [True, False, True, False]
    assert "✓ A, C is right." in page.feedback


def test_an_answer_in_text_ticks_the_boxes():
    asked = Question(MULTIPLE)
    page = Page(asked)
    page.boxes[1].value = True
    asked.answer("a")
    assert [box.value for box in page.boxes] == [True, False, False, False]


# The server decides


def test_the_server_can_be_asked_after_the_first_answer():
    page = Page(Question(SINGLE))
    button = page.button("Ask the server")
    assert not page.is_shown(button)
    page.options[0].click()
    assert page.is_shown(button)
    button.click()
    shown = words(page.everything)
    assert "GET /token?a=<b> HTTP/1.1" in shown
    assert "HTTP/1.1 405 Method Not Allowed" in shown
    assert "allow: POST" in shown


def test_the_server_can_be_asked_again():
    page = Page(Question(SINGLE))
    page.options[0].click()
    for _ in range(2):
        page.button("Ask the server").click()
    assert words(page.everything).count("HTTP/1.1 405 Method Not Allowed") == 1


# What stands in a file is text, not markup


def hostile() -> QuestionData:
    return replace(
        SINGLE,
        prompt=f"{ATTACK} [link](javascript:alert(1))",
        shown=f"</pre>{ATTACK}",
        options=tuple(replace(option, text=ATTACK, feedback=f"{ATTACK} [x](javascript:alert(1))") for option in SINGLE.options),
        hints=(ATTACK,),
        steps=(ATTACK,),
        mistakes=(ATTACK,),
        source=ATTACK,
        try_it=TryIt(f"POST /token HTTP/1.1\nX-A: {ATTACK}\n\n{ATTACK}", 400, "x"),
    )


def test_nothing_in_a_question_becomes_markup():
    page = Page(Question(hostile()))
    page.options[0].click()
    page.button("Ask the server").click()
    for button in page.options:
        button.click()
        assert "<script" not in page.everything
        assert "<img" not in page.everything
        assert "javascript:" not in re.sub(r">[^<]*<", "><", page.everything)
    assert page.options[0].description == f"A   {ATTACK}"
    assert all(not getattr(button, "description_allow_html", False) for button in page.buttons)


def test_a_tick_box_takes_its_label_as_text():
    options = tuple(replace(option, text=ATTACK) for option in MULTIPLE.options)
    page = Page(Question(replace(MULTIPLE, options=options)))
    assert not any(box.description_allow_html for box in page.boxes)


def test_markdown_in_a_question_is_rendered_and_its_special_characters_are_kept():
    page = Page(Question(SINGLE))
    assert "<strong>part</strong>" in page.everything
    assert "<code>a &amp; b</code>" in page.everything
    page.options[0].click()
    assert "<em>wrong</em>" in page.feedback

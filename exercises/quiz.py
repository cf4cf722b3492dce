"""A question as a learner meets it: buttons in a notebook, plain text where there are no widgets.

    from exercises import question

    question("who-is-asking")              # shows it
    question("who-is-asking").answer("b")  # answers it without widgets
"""

import difflib
import html
from dataclasses import dataclass

import ipywidgets
import mistune

from exercises.http_cell import complete, send_raw
from exercises.progress import Progress
from exercises.question_bank import QuestionData, all_questions
from mock_server.shells.server import prepare
from mock_server.views.record import Exchange

_markdown = mistune.create_markdown(escape=True)


def question(question_id: str) -> "Question":
    """The question of that id. KeyError, with the nearest ids, where there is none."""
    questions = all_questions()
    if question_id not in questions:
        near = difflib.get_close_matches(question_id, questions, n=3) or sorted(questions)[:3]
        raise KeyError(f"There is no question {question_id!r}; there is, for example: {', '.join(near)}.")
    return Question(questions[question_id])


@dataclass(frozen=True, slots=True)
class Verdict:
    """What an answer is worth: `correct`, and `feedback` in Markdown for each option that was chosen."""

    question: QuestionData
    letters: tuple[str, ...]

    @property
    def correct(self) -> bool:
        return list(self.letters) == self.question.right_letters

    @property
    def feedback(self) -> list[str]:
        return [option.feedback for option in self.question.options if option.letter in self.letters]

    @property
    def headline(self) -> str:
        chosen = ", ".join(letter.upper() for letter in self.letters)
        if self.correct:
            return f"✓ {chosen} is right."
        partly = set(self.letters) < set(self.question.right_letters)
        return f"✗ {chosen} is not the whole answer." if partly else f"✗ {chosen} is not right."

    def __repr__(self) -> str:
        parts = [self.headline, *self.feedback]
        if self.correct:
            parts += ["Worked steps:", *(f"{n}. {step}" for n, step in enumerate(self.question.steps, 1))]
        else:
            parts.append(f"Hint: {self.question.hints[0]}")
        return "\n".join([*parts, f"Source: {self.question.source}"])

    def _repr_html_(self) -> str:
        side = "right" if self.correct else "wrong"
        feedback = "".join(_markdown(text) for text in self.feedback)
        return (
            f'<div class="verdict {side}" role="status"><b>{self.headline}</b>{feedback}'
            f"{_details('Worked steps', self.question.steps, 'ol') if self.correct else ''}"
            f"{_details('Common mistakes', self.question.mistakes, 'ul')}"
            f"<small>Source: {html.escape(self.question.source)}</small></div>"
        )


class Question:
    """One question. It shows itself in a notebook; `answer("b")` answers it in text."""

    def __init__(self, data: QuestionData, progress: Progress | None = None) -> None:
        self._data = data
        self._progress = progress or Progress()
        self._widgets: _Widgets | None = None

    def answer(self, letters: str | list[str]) -> Verdict:
        """Judge the answer `"b"`, or `"a, c"` where several are right, and keep it in the progress file.

        ValueError for anything that is not among the letters of the question.
        """
        known = [option.letter for option in self._data.options]
        words = letters.split(",") if isinstance(letters, str) else letters if isinstance(letters, list | tuple) else []
        chosen = [word.strip().lower() for word in words if isinstance(word, str)]
        if not chosen or len(chosen) < len(words) or not set(chosen) <= set(known):
            several = ", or several with commas between" if self._data.kind == "multiple" else ""
            raise ValueError(f"Saw the answer {letters!r}, expected one of {', '.join(known)}, as text{several}.")
        if self._data.kind != "multiple" and len(set(chosen)) > 1:
            raise ValueError(f"Saw {len(chosen)} letters, expected one: this question has one right answer.")
        verdict = Verdict(self._data, tuple(sorted(set(chosen))))
        self._progress.answered(self._data.id, list(verdict.letters), verdict.correct)
        if self._widgets is not None:
            self._widgets.show(verdict)
        return verdict

    def __repr__(self) -> str:
        data = self._data
        shown = "".join(f"    {line}\n" for line in data.shown.splitlines())
        options = "".join(f"  {option.letter})  {option.text}\n" for option in data.options)
        return (
            f"Question {data.id} ({data.difficulty})\n{_without_emphasis(data.prompt)}\n{shown}{options}"
            f'Choose with the buttons, or run: question("{data.id}").answer("{data.options[0].letter}")'
        )

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        if self._widgets is None:
            self._widgets = _Widgets(self)
            earlier = self._progress.question(self._data.id).get("answer")
            if earlier and set(earlier) <= {option.letter for option in self._data.options}:
                self._widgets.show(Verdict(self._data, tuple(earlier)))
        view = self._widgets.box._repr_mimebundle_()
        return {**view, "text/plain": repr(self)}


class _Widgets:
    """The buttons and the feedback of one question, made of core ipywidgets.

    Options are buttons and not radio inputs: JupyterLab takes the arrow keys that a radio group needs,
    while buttons work with Tab, Space and Enter alone.
    """

    def __init__(self, asked: Question) -> None:
        data = asked._data
        self._question = asked
        hints = _details("Hint", data.hints, "ul")
        shown = f"<pre>{html.escape(data.shown.rstrip())}</pre>" if data.shown else ""
        title = f'<span class="difficulty">Question · {data.difficulty}</span>'
        prompt = ipywidgets.HTML(f'{_STYLE}<div class="prompt">{title}{_markdown(data.prompt)}{shown}{hints}</div>')
        self._feedback = ipywidgets.HTML('<div role="status"></div>')
        self._settle = ipywidgets.Button(description="Ask the server")
        self._settle.layout.display = "none"
        self._settle.on_click(lambda _: self._ask_the_server())
        self._answer_of_server = ipywidgets.HTML()
        several = data.kind == "multiple"
        self._options = {option.letter: (_checkbox if several else _button)(option) for option in data.options}
        rows = list(self._options.values())
        if several:
            check = ipywidgets.Button(description="Check")
            check.on_click(lambda _: self._check())
            rows.append(check)
        else:
            for letter, button in self._options.items():
                button.on_click(lambda _, letter=letter: asked.answer(letter))
        self.box = ipywidgets.VBox([prompt, *rows, self._feedback, self._settle, self._answer_of_server])
        self.box.add_class("question")

    def show(self, verdict: Verdict) -> None:
        self._feedback.value = verdict._repr_html_()
        self._settle.layout.display = None
        for letter, widget in self._options.items():
            widget.remove_class("chosen")
            if letter in verdict.letters:
                widget.add_class("chosen")
            if isinstance(widget, ipywidgets.Checkbox):
                widget.value = letter in verdict.letters

    def _check(self) -> None:
        chosen = [letter for letter, checkbox in self._options.items() if checkbox.value]
        if chosen:
            self._question.answer(chosen)
        else:
            self._feedback.value = '<div class="verdict" role="status">Choose at least one option first.</div>'

    def _ask_the_server(self) -> None:
        self._answer_of_server.value = ask_the_server(self._question._data)._repr_html_()


def ask_the_server(data: QuestionData) -> Exchange:
    """Send the question's `try_it` request to a fresh seeded server; what crossed the wire."""
    with prepare(0) as server:
        server.start()
        raw, _ = complete(data.try_it.request, server.url.removeprefix("http://"))
        send_raw(server.url, raw)
        return server.exchanges[0]


def _button(option) -> ipywidgets.Button:
    label = f"{option.letter.upper()}   {option.text.replace('`', '')}"
    button = ipywidgets.Button(description=label, layout=ipywidgets.Layout(width="100%", height="auto"))
    button.add_class("option")
    return button


def _checkbox(option) -> ipywidgets.Checkbox:
    label = f"{option.letter.upper()}   {option.text.replace('`', '')}"
    return ipywidgets.Checkbox(description=label, indent=False, layout=ipywidgets.Layout(width="100%", height="auto"))


def _without_emphasis(markdown: str) -> str:
    return markdown.strip().replace("*", "")


def _details(summary: str, items: tuple[str, ...], tag: str) -> str:
    listed = "".join(f"<li>{_markdown(item)}</li>" for item in items)
    return f"<details><summary>{summary}</summary><{tag}>{listed}</{tag}></details>"


_STYLE = """<style>
.question { max-width: 62rem; border: 1px solid var(--jp-border-color2, #bdbdbd); border-radius: 4px; padding: 0.6em 1em 0.8em; }
.question .widget-html-content { line-height: 1.5; font-size: var(--jp-content-font-size1, 14px); }
.question p { margin: 0.3em 0; }
.question pre { padding: 0.6em 0.9em; background: var(--jp-layout-color2, #eee); white-space: pre-wrap; line-height: 1.35; }
.question .difficulty { font-size: 0.85em; letter-spacing: 0.04em; opacity: 0.75; }
.question summary { cursor: pointer; }
.question .option.jupyter-button { white-space: pre-wrap; text-align: left; line-height: 1.45; padding: 0.4em 0.9em; overflow: visible; }
.question .option.chosen { box-shadow: inset 4px 0 #1976d2; }
.question .jupyter-button:focus-visible, .question summary:focus-visible { outline: 2px solid #1976d2; outline-offset: 1px; }
.question .verdict { border-left: 4px solid #8d6e63; padding: 0.1em 0.9em; margin-top: 0.3em; }
.question .verdict.right { border-left-color: #2e7d32; }
.question .verdict.wrong { border-left-color: #c62828; }
</style>"""

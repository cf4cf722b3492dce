"""What grading leaves behind: a line for each grade, the evidence as JSON, and a page of feedback for each learner."""

import csv
import html
import io
import json
from collections.abc import Iterable, Iterator

from exercises.grading.grade import Grade
from mock_server.views.record import Exchange

COLUMNS = ("learner", "exercise", "points", "of", "remark")
_MOST_EXCHANGES = 20
_MOST_BYTES = 4000


def as_json(learner: str, grades: list[Grade]) -> dict:
    """The grades of a learner with their evidence, of plain values."""
    return {"learner": _text(learner), "grades": [_grade(each) for each in grades]}


def _grade(grade: Grade) -> dict:
    return {
        "exercise": grade.exercise.id,
        "points": grade.points,
        "of": grade.exercise.points,
        "remark": _text(grade.remark),
        "digest": grade.submission.digest,
        "failed_cells": list(grade.failures),
        "scenarios": [
            {
                "title": outcome.scenario.title,
                "points": outcome.points,
                "of": outcome.scenario.points,
                "unmet": None if outcome.unmet is None else {name: _text(text) for name, text in vars(outcome.unmet).items()},
                "exchanges": [_exchange(each) for each in outcome.evidence[:_MOST_EXCHANGES]],
            }
            for outcome in (grade.result.outcomes if grade.result else ())
        ],
    }


def _exchange(exchange: Exchange) -> dict:
    """Bytes as ISO 8859-1, in which every byte is a character."""
    raw = {"request": exchange.raw_request, "response": exchange.raw_response}
    return {name: content[:_MOST_BYTES].decode("latin-1") for name, content in raw.items()}


def csv_lines(learners: Iterable[dict]) -> Iterator[str]:
    """The table of all grades, for a spreadsheet; of each learner what `as_json` gave."""
    yield _csv_line(COLUMNS)
    for learner in learners:
        for each in learner["grades"]:
            yield _csv_line((learner["learner"], each["exercise"], each["points"], each["of"], each["remark"]))


def json_lines(learners: Iterable[dict]) -> Iterator[str]:
    """A JSON array with a learner a line."""
    opening = "["
    for learner in learners:
        yield f"{opening}\n{json.dumps(learner)}"
        opening = ","
    yield "[]\n" if opening == "[" else "\n]\n"


def _csv_line(cells: tuple[object, ...]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([_inert(cell) for cell in cells])
    return line.getvalue()


def _inert(cell: object) -> object:
    """Spreadsheets take a text that begins so for a formula, and a learner chose the text."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(("=", "+", "-", "@", "\t", "\r")) else cell


def feedback_page(learner: str, grades: list[Grade]) -> str:
    """One HTML document that loads nothing and runs nothing."""
    parts = [f"<h1>{html.escape(_text(learner))}: {sum(each.points for each in grades)} points</h1>"]
    for grade in grades:
        parts.append(f"<h2>{html.escape(grade.exercise.title)}: {grade.points} of {grade.exercise.points} points</h2>")
        if grade.remark:
            parts.append(f"<p>{html.escape(grade.remark)}</p>")
        if grade.failures:
            cells = "".join(f"<li><code>{html.escape(each)}</code></li>" for each in grade.failures)
            parts.append(f"<details><summary>Cells that raised</summary><ul>{cells}</ul></details>")
        if grade.result:
            parts.append(grade.result._repr_html_())
    return _text(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'">'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f"<title>Feedback for {html.escape(learner)}</title></head>"
        f'<body style="font-family: system-ui, sans-serif; max-width: 64rem; margin: 2rem auto"><main>{"".join(parts)}</main></body></html>\n'
    )


def _text(value: str) -> str:
    """Without halves of characters, which no file can hold."""
    return value.encode("utf-8", "replace").decode("utf-8")

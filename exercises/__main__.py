"""For authors `python -m exercises build`, which runs the notebooks again and writes them with their outputs; for teachers
`grade`, which judges a folder of submissions, and `nbgrader`, which writes the exercises as a course for nbgrader."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from exercises.grading import sandbox
from exercises.grading.folder import grade_folder, show_progress
from exercises.grading.session import SandboxError
from exercises.nbgrader_build import nbgrader_course
from exercises.notebook_build import KIT, BuildError, build


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m exercises")
    commands = parser.add_subparsers(required=True, metavar="command")
    building = commands.add_parser("build", help="run every lesson and solution, and write them and the learners' versions")
    building.set_defaults(run=lambda arguments: _write(build(), KIT))
    course = commands.add_parser("nbgrader", help="write the exercises as a course folder for nbgrader")
    course.add_argument("course", type=Path, help="the folder; what is there already is left, but for files of the same names")
    course.set_defaults(run=_write_course)
    grading = commands.add_parser("grade", help="judge a folder of submissions, SUBMISSIONS/<learner>/<exercise>.ipynb")
    grading.add_argument("submissions", type=Path, metavar="SUBMISSIONS")
    grading.add_argument("--out", type=Path, required=True, metavar="DIR", help="for grades.csv, grades.json and feedback/")
    grading.add_argument("--unsafe", action="store_true", help="run the notebooks as yourself, without a sandbox")
    grading.set_defaults(run=_grade)
    arguments = parser.parse_args()
    return arguments.run(arguments)


def _write_course(arguments: argparse.Namespace) -> int:
    return _write(((arguments.course / path, text) for path, text in nbgrader_course()), arguments.course)


def _write(built: Iterable[tuple[Path, str]], folder: Path) -> int:
    try:
        for path, text in built:
            changed = not path.exists() or path.read_text(encoding="utf-8") != text
            if changed:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8", newline="\n")
            print(f"{'written' if changed else 'same   '}  {path.relative_to(folder).as_posix()}")
    except (BuildError, OSError) as error:
        print(f"Nothing more was built: {error}", file=sys.stderr)
        return 1
    return 0


def _grade(arguments: argparse.Namespace) -> int:
    reason = "" if arguments.unsafe else sandbox.missing()
    if reason:
        print(f"Nothing was graded. {reason}", file=sys.stderr)
        return 1
    if not arguments.submissions.is_dir():
        print(f"Saw no folder {arguments.submissions}; expected one with a folder for each learner.", file=sys.stderr)
        return 1
    try:
        for done, total in grade_folder(arguments.submissions, arguments.out, unsafe=arguments.unsafe):
            show_progress(done, total)
    except (SandboxError, OSError, KeyboardInterrupt) as error:
        print(f"Grading stopped: {str(error) or 'interrupted'}. Run the same command again to go on from here.", file=sys.stderr)
        return 1
    print(f"The grades are in {arguments.out / 'grades.csv'}, the feedback in {arguments.out / 'feedback'}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())

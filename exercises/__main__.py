"""`python -m exercises build`: run the notebooks again and write them with their outputs.

`python -m exercises grade SUBMISSIONS --out DIR`: judge what learners handed in.
"""

import argparse
import sys
from pathlib import Path

from exercises.grading import sandbox
from exercises.grading.folder import grade_folder, show_progress
from exercises.grading.session import SandboxError
from exercises.notebook_build import KIT, BuildError, build


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m exercises")
    commands = parser.add_subparsers(required=True, metavar="command")
    building = commands.add_parser("build", help="run every lesson and solution, and write them and the learners' versions")
    building.set_defaults(run=_build)
    grading = commands.add_parser("grade", help="judge a folder of submissions, SUBMISSIONS/<learner>/<exercise>.ipynb")
    grading.add_argument("submissions", type=Path, metavar="SUBMISSIONS")
    grading.add_argument("--out", type=Path, required=True, metavar="DIR", help="for grades.csv, grades.json and feedback/")
    grading.add_argument("--unsafe", action="store_true", help="run the notebooks as yourself, without a sandbox")
    grading.set_defaults(run=_grade)
    arguments = parser.parse_args()
    return arguments.run(arguments)


def _build(arguments: argparse.Namespace) -> int:
    try:
        for path, text in build():
            changed = not path.exists() or path.read_text(encoding="utf-8") != text
            if changed:
                path.write_text(text, encoding="utf-8", newline="\n")
            print(f"{'written' if changed else 'same   '}  {path.relative_to(KIT).as_posix()}")
    except BuildError as error:
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

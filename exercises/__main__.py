"""`python -m exercises build`: run the notebooks again and write them with their outputs."""

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path

from exercises.notebook_build import KIT, BuildError, build


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m exercises")
    commands = parser.add_subparsers(required=True, metavar="command", dest="command")
    commands.add_parser("build", help="run every lesson and solution, and write them and the learners' versions")
    course = commands.add_parser("nbgrader", help="write the exercises as a course folder for nbgrader")
    course.add_argument("course", type=Path, help="the folder; what is there already is left, but for files of the same names")
    arguments = parser.parse_args()
    try:
        if arguments.command == "build":
            _write(build(), KIT)
        else:
            from exercises.nbgrader_build import nbgrader_course

            _write(((arguments.course / path, text) for path, text in nbgrader_course()), arguments.course)
    except (BuildError, OSError) as error:
        print(f"Nothing more was built: {error}", file=sys.stderr)
        return 1
    return 0


def _write(built: Iterable[tuple[Path, str]], folder: Path) -> None:
    for path, text in built:
        changed = not path.exists() or path.read_text(encoding="utf-8") != text
        if changed:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        print(f"{'written' if changed else 'same   '}  {path.relative_to(folder).as_posix()}")


if __name__ == "__main__":
    sys.exit(main())

"""`python -m exercises build`: run the notebooks again and write them with their outputs."""

import argparse
import sys

from exercises.notebook_build import KIT, BuildError, build


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m exercises")
    commands = parser.add_subparsers(required=True, metavar="command")
    commands.add_parser("build", help="run every lesson and solution, and write them and the learners' versions")
    parser.parse_args()
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


if __name__ == "__main__":
    sys.exit(main())

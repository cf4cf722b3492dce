"""The rooms of the folder: each stands on those before it, so that a reader can begin at the bottom."""

import ast
from pathlib import Path

import mock_server

FOLDER = Path(mock_server.__file__).parent
#: The modules that stand in no room (the application, its clock and its faults) come last but one.
ORDER = ("web", "oauth", "api", "views", "", "shells")


def place(module: str) -> int:
    room = module.split(".")[1] if module.count(".") > 1 else ""
    return ORDER.index(room)


def imported_by(path: Path) -> list[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    return [name for name in names if name.startswith("mock_server.")]


def test_no_room_imports_one_that_comes_after_it():
    for path in FOLDER.rglob("*.py"):
        if path.name not in ("__init__.py", "__main__.py"):
            module = ".".join(("mock_server", *path.relative_to(FOLDER).with_suffix("").parts))
            later = [name for name in imported_by(path) if place(name) > place(module)]
            assert later == [], module


def test_every_room_says_what_it_is():
    rooms = [path for path in FOLDER.iterdir() if path.is_dir() and path.name != "__pycache__"]
    assert {path.name for path in rooms} == {room for room in ORDER if room}
    assert all(ast.get_docstring(ast.parse((path / "__init__.py").read_text(encoding="utf-8"))) for path in rooms)

"""The learner's function of an exercise, taken from the author's own notebook: as it is solved, or as the learner gets it."""

import ast
import linecache
import re
from collections.abc import Callable

from exercises.checking import find_exercise
from exercises.notebook_build import KIT, SOLUTION, read_notebook, without_solutions

_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)


def solved(exercise_id: str) -> Callable:
    return function_in(definitions(exercise_id), exercise_id)


def stub(exercise_id: str) -> Callable:
    return function_in(definitions(exercise_id, without_solutions), exercise_id)


def definitions(exercise_id: str, build: Callable = lambda notebook, path: notebook) -> ast.Module:
    """The imports and definitions of all cells, one behind the other, without anything else that a cell does."""
    path = KIT / "exercises" / exercise_id / SOLUTION
    cells = [cell.source for cell in build(read_notebook(path), path).cells if cell.cell_type == "code"]
    source = "\n\n".join(cell for cell in cells if not cell.lstrip().startswith("%"))
    # So that a traceback shows the line.
    linecache.cache[exercise_id] = (len(source), None, source.splitlines(keepends=True), exercise_id)
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if isinstance(node, _DEFINITIONS)]
    return tree


def function_in(tree: ast.Module, exercise_id: str) -> Callable:
    names: dict[str, object] = {}
    exec(compile(tree, exercise_id, "exec"), names)
    return names[find_exercise(exercise_id).function]


def without_line_number(seen: str) -> str:
    """A message whose line number does not move with every edit of the test."""
    return re.sub(r"\(line \d+ of", "(line N of", seen)

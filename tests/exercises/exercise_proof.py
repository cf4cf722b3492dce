"""The learner's function of an exercise, taken from the author's own notebook: as it is solved, or as the learner gets it."""

import ast
import linecache
from collections.abc import Callable

from exercises.checking import find_exercise
from exercises.notebook_build import KIT, SOLUTION, read_notebook, without_solutions

_DEFINITIONS = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef)


def solved(exercise_id: str) -> Callable:
    return _function(exercise_id, lambda notebook, path: notebook)


def stub(exercise_id: str) -> Callable:
    return _function(exercise_id, without_solutions)


def _function(exercise_id: str, build: Callable) -> Callable:
    """What the imports and definitions of the notebook's cells make, without anything else that a cell does."""
    path = KIT / "exercises" / exercise_id / SOLUTION
    names: dict[str, object] = {}
    for number, cell in enumerate(build(read_notebook(path), path).cells):
        if cell.cell_type == "code" and not cell.source.lstrip().startswith("%"):
            tree = ast.parse(cell.source)
            tree.body = [node for node in tree.body if isinstance(node, _DEFINITIONS)]
            place = f"{exercise_id}, cell {number + 1}"
            linecache.cache[place] = (len(cell.source), None, cell.source.splitlines(keepends=True), place)
            exec(compile(tree, place, "exec"), names)
    return names[find_exercise(exercise_id).function]

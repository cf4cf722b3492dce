"""Change every solution in small ways, and see whether the check notices: a report for authors.

    python tests/exercises/mutate_solutions.py [EXERCISE ...]

A changed copy that still passes is a survivor. Either the change changes nothing that anybody could see, such as a
longer timeout, or the scenarios overlook something: read the list, and add a scenario for each of the second kind.
"""

import argparse
import ast
import copy
import multiprocessing
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parents[1]), str(HERE)]

from exercise_proof import definitions, function_in  # noqa: E402
from test_every_exercise import EXERCISES  # noqa: E402

from exercises.checking import find_exercise, play  # noqa: E402

#: For one changed copy; one that takes longer is caught, as a learner's would be.
SECONDS = 20
_OPPOSITE = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.GtE, ast.GtE: ast.Lt, ast.Gt: ast.LtE, ast.LtE: ast.Gt,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add}


def changes(node: ast.AST) -> Iterator[tuple[str, ast.AST | None]]:
    """What could stand in the place of this node, each with words for it; None to leave the statement out."""
    if isinstance(node, (ast.Expr, ast.Assign, ast.AugAssign, ast.Raise, ast.Return)) and not _is_docstring(node):
        yield "left out", None
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
        yield "other text", ast.Constant(node.value + "x")
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield "one more", ast.Constant(node.value + 1)
    elif isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield "opposite", ast.Constant(not node.value)
    elif isinstance(node, ast.Compare) and type(node.ops[0]) in _OPPOSITE:
        yield "opposite", ast.Compare(node.left, [_OPPOSITE[type(node.ops[0])](), *node.ops[1:]], node.comparators)
    elif isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        yield "and for or", ast.BoolOp(other, node.values)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield "without not", node.operand
    elif isinstance(node, ast.BinOp) and type(node.op) in _ARITHMETIC:
        yield "other arithmetic", ast.BinOp(node.left, _ARITHMETIC[type(node.op)](), node.right)
    elif isinstance(node, ast.Call) and node.keywords:
        for keyword in node.keywords:
            yield f"without {keyword.arg}=", ast.Call(node.func, node.args, [each for each in node.keywords if each is not keyword])


def mutants(tree: ast.Module) -> Iterator[tuple[str, ast.Module]]:
    """Each changed copy of the definitions, with what was changed and where."""
    docstrings = {id(statement.value) for statement in ast.walk(tree) if _is_docstring(statement)}
    for number, node in enumerate(ast.walk(tree)):
        if id(node) not in docstrings:
            for words, other in changes(node):
                changed = copy.deepcopy(tree)
                place = list(ast.walk(changed))[number]
                changed = ast.fix_missing_locations(_Replace(place, other).visit(changed))
                yield f"line {getattr(node, 'lineno', 0)}, {words}: {ast.unparse(node).splitlines()[0][:70]}", changed


class _Replace(ast.NodeTransformer):
    def __init__(self, place: ast.AST, other: ast.AST | None) -> None:
        self._place, self._other = place, other

    def visit(self, node: ast.AST) -> ast.AST:
        if node is self._place:
            return ast.copy_location(ast.Pass() if self._other is None else self._other, node)
        return self.generic_visit(node)


def _is_docstring(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def judge(exercise_id: str, tree: ast.Module, verdict) -> None:
    """Put whether the changed copy passes every scenario."""
    try:
        function = function_in(tree, exercise_id)
        verdict.put(all(play(scenario, function).passed for scenario in find_exercise(exercise_id).scenarios))
    except BaseException:  # Whatever it is, it would not have passed.
        verdict.put(False)


def report(exercise_id: str) -> tuple[int, list[str]]:
    """How many changed copies there are, and those that survive."""
    context, survivors, count = multiprocessing.get_context("spawn"), [], 0
    for words, tree in mutants(definitions(exercise_id)):
        verdict = context.SimpleQueue()
        process = context.Process(target=judge, args=(exercise_id, tree, verdict), daemon=True)
        process.start()
        process.join(SECONDS)
        if process.is_alive():
            process.kill()
        elif not verdict.empty() and verdict.get():
            survivors.append(words)
        count += 1
    return count, survivors


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("exercise", nargs="*", default=EXERCISES)
    total = Counter()
    for exercise_id in parser.parse_args().exercise:
        count, survivors = report(exercise_id)
        total.update(changed=count, survived=len(survivors))
        print(f"{exercise_id}: {count} changed copies, {len(survivors)} survive")
        for words in survivors:
            print(f"    {words}")
    print(f"together: {total['changed']} changed copies, {total['survived']} survive")


if __name__ == "__main__":
    main()

"""What holds for every exercise, proved from its own notebook; its own tests hold the right and the wrong answers."""

import ast

import pytest
from exercise_proof import solved, stub

from exercises import check
from exercises.checking import find_exercise
from exercises.notebook_build import KIT, read_notebook

EXERCISES = sorted(path.parent.name for path in (KIT / "exercises").glob("*/scenarios.py"))


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_the_solution_passes(exercise_id):
    result = check(exercise_id, solved(exercise_id))
    assert result.passed, result


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_the_learners_stub_is_not_attempted_and_leaves_no_trace_in_the_progress(exercise_id, progress):
    result = check(exercise_id, stub(exercise_id))
    assert (result.attempted, result.passed, result.points, result.outcomes) == (False, False, 0, ())
    assert "not attempted" in repr(result) and "not attempted" in result._repr_html_()
    assert progress.exercise(exercise_id) == {}


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_it_says_all_that_a_learner_needs(exercise_id):
    exercise = find_exercise(exercise_id)
    assert exercise.id == exercise_id
    assert exercise.function in exercise.objective
    assert len(exercise.hints) >= 3 and all(exercise.hints)
    assert all(scenario.points > 0 for scenario in exercise.scenarios)
    titles = [scenario.title for scenario in exercise.scenarios]
    assert len(set(titles)) == len(titles)


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_its_folder_holds_what_an_exercise_is_and_nothing_else(exercise_id):
    folder = KIT / "exercises" / exercise_id
    names = {path.name for path in folder.iterdir()} - {"__pycache__", ".ipynb_checkpoints"}
    assert {"__init__.py", "scenarios.py", "solution.ipynb", f"{exercise_id}.ipynb"} <= names


@pytest.mark.parametrize("exercise_id", EXERCISES)
def test_the_learner_gets_no_solution(exercise_id):
    learner = read_notebook(KIT / "exercises" / exercise_id / f"{exercise_id}.ipynb")
    source = "\n".join(cell.source for cell in learner.cells)
    assert "SOLUTION" not in source and "raise NotImplementedError()" in source
    assert any(f'check("{exercise_id}", ' in cell.source for cell in learner.cells)
    assert find_exercise(exercise_id).function in {
        node.name
        for cell in learner.cells
        if cell.cell_type == "code" and not cell.source.lstrip().startswith("%")
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, (ast.FunctionDef, ast.ClassDef))
    }

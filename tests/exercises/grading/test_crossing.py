import inspect
import json

import pytest

from exercises.grading.crossing import CannotCross, described, restored


def crossed(value: object) -> object:
    """There and back through JSON, with functions kept by number."""
    functions: list = []

    def keep(function) -> int:
        functions.append(function)
        return len(functions) - 1

    return restored(json.loads(json.dumps(described(value, keep))), lambda number: functions[number])


@pytest.mark.parametrize(
    "value", [None, True, 3, -0.5, "tëxt", [], [1, [2]], (1, ("a",)), {"a": {"b": (None,)}}, {1: 2, (3, 4): 5}], ids=repr
)
def test_a_plain_value_arrives_as_it_was(value):
    assert crossed(value) == value
    assert type(crossed(value)) is type(value)


def test_an_object_arrives_as_a_stand_in_with_its_name_and_its_looks():
    class Response:
        def __eq__(self, other):
            return True

        def __repr__(self):
            return "<Response [200]>"

    arrived = crossed({"answer": Response()})["answer"]
    assert (type(arrived).__name__, repr(arrived)) == ("Response", "<Response [200]>")
    assert arrived != "token" and arrived != Response


def test_a_subclass_of_str_is_no_str():
    class Text(str):
        pass

    assert not isinstance(crossed(Text("token")), str)


def test_a_function_can_be_called_from_the_other_side():
    assert crossed(lambda text: text.upper())("token") == "TOKEN"


def test_a_coroutine_and_a_generator_arrive_as_such():
    async def later():
        """Never run."""

    coroutine = later()
    arrived = crossed(coroutine)
    assert inspect.iscoroutine(arrived)
    for each in (coroutine, arrived):
        each.close()
    assert inspect.isgenerator(crossed(each for each in ()))


def test_a_value_that_holds_itself_ends_somewhere():
    ring: list = []
    ring.append(ring)
    assert repr(crossed(ring)).startswith("[[[[")


@pytest.mark.parametrize(
    "node",
    [[], {}, {"list": 1}, {"dict": [[1]]}, {"dict": [[{"list": []}, 1]]}, {"callable": "x"}, {"object": "x"}, {"set": []}, {"a": 1, "b": 2}],
    ids=repr,
)
def test_a_form_that_nobody_sends_is_refused(node):
    with pytest.raises(CannotCross):
        restored(node, lambda number: None)

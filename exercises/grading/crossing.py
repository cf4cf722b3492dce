"""How values cross between the sandbox and the judgement: as JSON, never as code.

A scalar stands for itself. All else is an object of one member that names the kind: {"list": [...]}, {"dict": [[key, value],
...]}, {"tuple": [...]}, {"callable": 3}, {"lazy": "coroutine"}, {"object": {"type": "Response", "repr": "<Response [200]>"}}.
Only exact types cross as what they are, so an object with an `__eq__` of its own arrives as a stand-in that equals nothing.
"""

import inspect
import re
from collections.abc import Callable

#: In one message.
MOST_BYTES = 2**20
MOST_LEVELS = 40
MOST_TEXT = 1000


class CannotCross(ValueError):
    """What arrived is nothing that `described` makes."""


class StandIn:
    """Takes the place of an object that stays in the sandbox; its class has the object's type name."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def described(value: object, keep: Callable[[Callable], int], level: int = 0) -> object:
    """`value` as JSON can hold it; `keep` takes a callable and gives the number to call it by."""
    kind = type(value)
    if value is None or kind in (bool, int, float, str):
        return value
    if kind in (list, tuple, dict) and level < MOST_LEVELS:
        if kind is dict:
            return {"dict": [[described(part, keep, level + 1) for part in pair] for pair in value.items()]}
        return {kind.__name__: [described(part, keep, level + 1) for part in value]}
    if inspect.iscoroutine(value) or inspect.isgenerator(value):
        return {"lazy": "coroutine" if inspect.iscoroutine(value) else "generator"}
    if callable(value):
        return {"callable": keep(value)}
    return {"object": {"type": kind.__name__, "repr": shown(value, repr)}}


def restored(node: object, call: Callable[[int], Callable], level: int = 0) -> object:
    """The value that `node` describes; `call` gives a function for the number of a callable. CannotCross for anything else."""
    if node is None or type(node) in (bool, int, float, str):
        return node
    if type(node) is not dict or len(node) != 1 or level > MOST_LEVELS:
        raise CannotCross("a value in a form that nobody sends")
    [(kind, content)] = node.items()
    if kind in ("list", "tuple") and type(content) is list:
        parts = [restored(part, call, level + 1) for part in content]
        return parts if kind == "list" else tuple(parts)
    if kind == "dict" and type(content) is list:
        return dict(_pair(pair, call, level) for pair in content)
    if kind == "callable" and type(content) is int:
        return call(content)
    if kind == "lazy":
        return _unrun() if content == "coroutine" else (each for each in ())
    if kind == "object" and type(content) is dict:
        return type(type_name(content.get("type")), (StandIn,), {})(text(content.get("repr")))
    raise CannotCross(f"a value of the kind {kind[:20]!r}")


def _pair(pair: object, call: Callable[[int], Callable], level: int) -> tuple[object, object]:
    if type(pair) is not list or len(pair) != 2:
        raise CannotCross("a member that is no pair")
    key, value = (restored(part, call, level + 1) for part in pair)
    if type(key) in (list, dict):
        raise CannotCross("a key that cannot be one")
    return key, value


async def _unrun() -> None:
    """A coroutine of ours in place of the learner's, of which no line has run."""


def type_name(name: object) -> str:
    return re.sub(r"\W", "_", name)[:80] if isinstance(name, str) and name else "object"


def text(value: object) -> str:
    """Bounded, and without halves of characters, which no file can hold."""
    return str(value)[:MOST_TEXT].encode("utf-8", "replace").decode("utf-8")


def shown(value: object, form: Callable[[object], str]) -> str:
    """`form(value)`, for values that may not bear to be looked at."""
    try:
        return form(value)[:MOST_TEXT]
    except BaseException as error:
        return f"an object whose {form.__name__} raises {type(error).__name__}"

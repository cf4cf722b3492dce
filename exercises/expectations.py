"""What a scenario expects, and how it says that something is not as it must be."""


class Unmet(Exception):
    """An expectation that did not hold. `why` names the rule and its section; `hint` asks before it tells."""

    def __init__(self, *, seen: str, expected: str, why: str, hint: str) -> None:
        super().__init__(seen)
        self.seen, self.expected, self.why, self.hint = seen, expected, why, hint


class DidNotComeBack(Unmet):
    """A call that had to be stopped."""


class NotAttempted(Exception):
    """The learner's function still raises NotImplementedError."""


def expect(condition: bool, *, seen: str, expected: str, why: str, hint: str) -> None:
    """Raise Unmet unless `condition` holds."""
    if not condition:
        raise Unmet(seen=seen, expected=expected, why=why, hint=hint)

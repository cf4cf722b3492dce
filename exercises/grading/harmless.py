"""What `import exercises` means inside the sandbox: names that a learner's notebook uses, and nothing behind them."""


def check(*arguments: object, **named: object) -> None:
    """The judgement takes place outside."""


def question(*arguments: object, **named: object) -> None:
    """Nobody is there to answer."""


def playground(*arguments: object, **named: object) -> None:
    """Nobody is there to play."""

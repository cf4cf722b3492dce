"""The kinds of fault that there are, and the options of each."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Option:
    """A number from `least` to `most`; `may_be_none` lets it be left out, `whole` asks for no fraction."""

    default: object
    least: float = 0.0
    most: float = 60.0
    whole: bool = False
    may_be_none: bool = False

    @property
    def expected(self) -> str:
        if isinstance(self.default, bool):
            return "True or False"
        number = "a whole number" if self.whole else "a number"
        return f"{number} from {self.least:g} to {self.most:g}" + (", or None" if self.may_be_none else "")

    def accepts(self, value: object) -> bool:
        if isinstance(self.default, bool) or isinstance(value, bool):
            return isinstance(self.default, bool) and isinstance(value, bool)
        if value is None:
            return self.may_be_none
        return isinstance(value, int if self.whole else (int, float)) and self.least <= value <= self.most


@dataclass(frozen=True, slots=True)
class Kind:
    """`needs_token`: it strikes only an answer that issues an access token, and waits for one."""

    meaning: str
    options: dict[str, Option] = field(default_factory=dict)
    needs_token: bool = False


_YEAR = 365 * 86_400.0
_RETRY_AFTER = Option(None, most=86_400, whole=True, may_be_none=True)

KINDS = {
    "latency": Kind("the answer comes late", {"seconds": Option(1.0), "virtual": Option(False)}),
    "silence": Kind("the request is done, no answer comes, and after a while the connection ends", {"seconds": Option(30.0)}),
    "429": Kind("too many requests (RFC 6585 §4)", {"retry_after": Option(2, most=86_400, whole=True, may_be_none=True)}),
    "503": Kind("the service is unavailable (RFC 9110 §15.6.4)", {"retry_after": _RETRY_AFTER}),
    "drop": Kind("the request is done, and the connection ends before the answer"),
    "truncate": Kind("half the body, although Content-Length says more"),
    "not_json": Kind("a page of HTML with status 200, as a captive portal sends"),
    "expires_in_missing": Kind("the token answer does not say how long it lives", needs_token=True),
    "expires_in_text": Kind('expires_in is "3600" and not 3600', needs_token=True),
    "early_revocation": Kind(
        "the token is revoked before its time", {"seconds": Option(0.0, most=_YEAR)}, needs_token=True
    ),
    "clock_skew": Kind("this answer is made by a clock that is off", {"seconds": Option(300.0, least=-_YEAR, most=_YEAR)}),
}


def kind_named(kind: object) -> str:
    """The kind's name; 429 may be written as a number. ValueError that lists the kinds for any other."""
    name = str(kind) if type(kind) is int else kind
    if not isinstance(name, str) or name not in KINDS:
        known = "\n".join(f"  {each!r}: {KINDS[each].meaning}" for each in KINDS)
        raise ValueError(f"There is no fault {kind!r}. There is:\n{known}")
    return name


def check_options(name: str, options: dict[str, object]) -> dict[str, object]:
    """All options of that kind, with their defaults. ValueError for an option or a value that it does not take."""
    known = KINDS[name].options
    for option, value in options.items():
        if option not in known:
            takes = ", ".join(f"{each} ({known[each].expected})" for each in known) or "no options of its own"
            raise ValueError(
                f"The fault {name!r} has no {option}; it takes: {takes}. Every fault takes times, path, client and probability."
            )
        if not known[option].accepts(value):
            raise ValueError(f"Saw {option}={value!r}; the fault {name!r} expects {known[option].expected}.")
    return {option: options.get(option, known[option].default) for option in known}

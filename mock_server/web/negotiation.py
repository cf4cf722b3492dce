"""What a client can read, by its `Accept` (RFC 9110 §12.5.1)."""

import re

from mock_server.web.messages import Request

JSON = "application/json"
_HTML = "text/html"
# §12.4.2: qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )
_WEIGHT = re.compile(r"(?i)\s*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*")
#: The ranges that cover JSON; a later one is more specific and takes precedence.
_RANGES = ("*/*", "application/*", JSON)


def accepts_json(request: Request) -> bool:
    """True without `Accept`: then any media type will do."""
    weights = _weights(request)
    return not weights or _weight_of_json(weights) > 0


def prefers_html(request: Request) -> bool:
    """Whether a page is welcome, and more so than JSON: browsers say it, other programs rarely."""
    weights = _weights(request)
    return weights.get(_HTML, 0.0) > _weight_of_json(weights)


def _weights(request: Request) -> dict[str, float]:
    """The weight of each media range in `Accept`; nothing where it says nothing."""
    weights: dict[str, float] = {}
    field = request.header("accept") or ""
    if not field.strip(" ,\t"):
        return weights
    for element in field.split(","):
        name, *parameters = element.split(";")
        found = (_WEIGHT.fullmatch(parameter) for parameter in parameters)
        weight = next((float(match[1]) for match in found if match), 1.0)
        # A range with parameters of its own, such as a charset, is taken for the range without them.
        name = name.strip().lower()
        weights[name] = max(weight, weights.get(name, 0.0))
    return weights


def _weight_of_json(weights: dict[str, float]) -> float:
    return next((weights[name] for name in reversed(_RANGES) if name in weights), 0.0)

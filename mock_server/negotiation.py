"""Whether a client can read JSON, by its `Accept` (RFC 9110 §12.5.1)."""

import re

from mock_server.messages import Request

JSON = "application/json"
# §12.4.2: qvalue = ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] )
_WEIGHT = re.compile(r"(?i)\s*q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)\s*")
#: The ranges that cover JSON; a later one is more specific and takes precedence.
_RANGES = ("*/*", "application/*", JSON)


def accepts_json(request: Request) -> bool:
    """True without `Accept`: then any media type will do."""
    field = request.header("accept")
    if field is None or not field.strip(" ,\t"):
        return True
    weights: dict[str, float] = {}
    for element in field.split(","):
        name, *parameters = element.split(";")
        found = (_WEIGHT.fullmatch(parameter) for parameter in parameters)
        weight = next((float(match[1]) for match in found if match), 1.0)
        # A range with parameters of its own, such as a charset, is taken for the range without them.
        name = name.strip().lower()
        weights[name] = max(weight, weights.get(name, 0.0))
    named = [weights[name] for name in _RANGES if name in weights]
    return bool(named) and named[-1] > 0

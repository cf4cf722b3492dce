"""The JSON that a request brings (RFC 8259)."""

import json


def parse_json(body: bytes) -> object:
    """The value in the body. ValueError where it is no JSON; the message says what was seen."""
    try:
        # §8.1: in UTF-8; a byte order mark, as some Windows tools put before it, may be ignored.
        return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None


def _refuse_constant(name: str) -> None:
    # §6: "Numeric values that cannot be represented in the grammar ... are not permitted", though Python reads them.
    raise ValueError(f"{name} is not a number in JSON")

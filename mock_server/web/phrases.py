"""The phrase beside a status code, the same whichever Python runs (RFC 9110 §15)."""

import functools
from http import HTTPStatus

#: Python before 3.13 has the words of older RFCs for these.
RENAMED = {
    413: "Content Too Large",  # RFC 9110 §15.5.14
    414: "URI Too Long",  # RFC 9110 §15.5.15
    416: "Range Not Satisfiable",  # RFC 9110 §15.5.17
    422: "Unprocessable Content",  # RFC 9110 §15.5.21
}


@functools.lru_cache(maxsize=100)
def phrase(status: int) -> str:
    """The standard phrase of the status code, such as `Unauthorized`; empty for an unknown code."""
    try:
        return RENAMED.get(status) or HTTPStatus(status).phrase
    except ValueError:
        return ""

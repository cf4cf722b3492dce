"""Requests that hold only while a resource is as the client knows it: entity tags and preconditions (RFC 9110 §8.8.3, §13)."""

import hashlib
import re
from collections.abc import Callable

from mock_server.web.messages import Request, Response
from mock_server.web.problems import problem

# §8.8.3: entity-tag = [ weak ] opaque-tag; etagc = %x21 / %x23-7E / obs-text
_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_LIST = re.compile(rf"[ \t,]*(?:{_TAG.pattern}[ \t]*(?:,[ \t,]*|$))+")


def entity_tag(content: bytes) -> str:
    """A strong tag: the same bytes have the same tag, whoever serves them."""
    return f'"{hashlib.sha256(content).hexdigest()[:16]}"'


def conditional(request: Request, current: Response | None, act: Callable[[], Response]) -> Response:
    """What `act` answers if the preconditions hold. `current` is the answer to a plain GET, None where there is nothing.

    §13.2.2: If-Match first, then If-None-Match. There are no dates here, so the two conditions on dates are ignored (§13.1.4).
    """
    tag = current.header("etag") if current else None
    if (wanted := request.header("if-match")) is not None:
        if not _matches(wanted, tag, weakly=False):
            seen = f"The resource's ETag is now {tag}" if tag else "There is no such resource now"
            return _failed(f"{seen}, and If-Match asked for {wanted[:80]}. Read it again, then repeat the change.")
    if (unwanted := request.header("if-none-match")) is not None and _matches(unwanted, tag, weakly=True):
        # §13.1.2: 304 for GET and HEAD, 412 for every other method.
        if request.method in ("GET", "HEAD"):
            return Response(304, (("etag", tag),))
        return _failed(f"If-None-Match names {unwanted[:80]}, and that is what there is: nothing was changed.")
    return act()


def _matches(field: str, tag: str | None, weakly: bool) -> bool:
    """Whether the field names the tag. What is neither `*` nor a list of tags names nothing."""
    if field.strip() == "*":
        return tag is not None
    if tag is None or not _LIST.fullmatch(field):
        return False
    # §8.8.3.2: the weak comparison overlooks W/; in the strong one a weak tag is equal to nothing.
    return tag in [each.removeprefix("W/") if weakly else each for each in _TAG.findall(field)]


def _failed(detail: str) -> Response:
    return problem(412, detail, kind="precondition-failed")

"""`application/x-www-form-urlencoded`, the one encoding of the token endpoint (RFC 6749 appendix B)."""

import re
from urllib.parse import unquote_to_bytes

FORM = "application/x-www-form-urlencoded"

_LINE_BREAK = re.compile(r"[\r\n]")


class FormError(ValueError):
    """The text is not form-encoded; the message says where."""


def form_decode(text: str) -> str:
    """One name or value: `+` is a space, `%XX` a byte of UTF-8. FormError where that does not hold."""
    if "%" not in text and "+" not in text:
        return text
    if broken := re.search(r"%(?![0-9A-Fa-f]{2}).{0,2}", text, re.DOTALL):
        raise FormError(f"{broken[0]!r} is not a percent-encoded byte; a percent sign itself is sent as %25")
    try:
        return unquote_to_bytes(text.replace("+", " ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormError(f"byte {error.object[error.start]:#04x} is not valid UTF-8") from error


def parse_form(body: bytes) -> list[tuple[str, str]]:
    """The names and values in the order sent, repeated ones included. FormError where it is not a form."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FormError(f"byte {body[error.start]:#04x} at position {error.start} is not valid UTF-8") from error
    if (broken := _LINE_BREAK.search(text)):
        raise FormError(f"there is a line break at position {broken.start()}; a form is one line, with & between its pairs")
    pairs = [pair.partition("=")[::2] for pair in text.split("&") if pair]
    if "%" not in text and "+" not in text:
        return pairs
    return [(form_decode(name), form_decode(value)) for name, value in pairs]

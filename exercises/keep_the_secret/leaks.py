"""Whether a text gives a secret away, in whatever form it stands there."""

import base64
import re

#: So many characters in a row are more than a mark to tell two secrets apart.
MOST_SHOWN = 8
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}")


def how_it_shows(values: list[str], text: str) -> str | None:
    """How the text shows one of the values: in words that follow its name, empty where as it is. None where it does not.

    The values are letters and digits, `-` and `_`, so that they look the same in a form and in a URL.
    """
    for value in filter(None, values):
        if value in text:
            return ""
        if value in _decoded(text):
            return " in base64"
        if any(value[start : start + MOST_SHOWN + 1] in text for start in range(len(value) - MOST_SHOWN)):
            return f", more than {MOST_SHOWN} characters of it"
    return None


def _decoded(text: str) -> str:
    """All that could be base64 in the text, decoded from each of the four places at which it may begin."""
    found = []
    for run in _BASE64.findall(text):
        for start in range(4):
            piece = run[start:].replace("-", "+").replace("_", "/")
            # One character beyond groups of four holds no whole byte.
            piece = piece[:-1] if len(piece) % 4 == 1 else piece
            found.append(base64.b64decode(piece + "=" * (-len(piece) % 4)).decode("latin-1"))
    return "\n".join(found)

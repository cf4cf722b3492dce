"""Messages without their secrets, to be shown or handed on."""

import re

MASK = "***"

_SECRET_NAMES = "access_token|refresh_token|client_secret|client_assertion|assertion|password|token|subject_token|registration_access_token"
_CREDENTIALS = re.compile(rb"(?im)^((?:proxy-)?authorization:[ \t]*[^\s,]+[ \t]+)[^\r\n]*")
_BARE_CREDENTIALS = re.compile(rb"(?im)^((?:proxy-)?authorization:[ \t]*)(?![^\r\n]*\*\*\*)[^\r\n]+")
_PROOF = re.compile(rb"(?im)^((?:dpop|cookie|set-cookie):[ \t]*)[^\r\n]+")
_PARAMETER = re.compile(rb"(?i)((?:^|[?&\s])(?:%s)=)[^&\s]+" % _SECRET_NAMES.encode("ascii"))
# The same within a string of JSON, such as an error's description: there a quotation mark ends it.
_PARAMETER_IN_JSON = re.compile(_PARAMETER.pattern.replace(rb"[^&\s]+", rb'[^&\s"\\]+'))
_MEMBER = re.compile(rb'(?i)("(?:%s)"\s*:\s*")(?:[^"\\]|\\.)*' % _SECRET_NAMES.encode("ascii"))


def masked(raw: bytes) -> bytes:
    """The raw message with `***` for each secret: credentials in headers, forms, URLs and JSON.

    Its `Content-Length` stays what it was on the wire. A chunked body is covered as far as no chunk cuts a secret in two.
    """
    mask = MASK.encode("ascii")
    head, gap, body = raw.partition(b"\r\n\r\n")
    head = _CREDENTIALS.sub(rb"\g<1>" + mask, head)
    head = _BARE_CREDENTIALS.sub(rb"\g<1>" + mask, head)
    head = _PROOF.sub(rb"\g<1>" + mask, head)
    parameter = _PARAMETER_IN_JSON if body.lstrip().startswith((b"{", b"[")) else _PARAMETER
    return _PARAMETER.sub(rb"\g<1>" + mask, head) + gap + _MEMBER.sub(rb"\g<1>" + mask, parameter.sub(rb"\g<1>" + mask, body))

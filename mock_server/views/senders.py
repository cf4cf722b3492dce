"""Who sent a request, as far as the request itself says: for looking things up, never for letting anyone in."""

import base64
import binascii
import json
import re
from collections.abc import Callable
from urllib.parse import parse_qs, unquote_plus

from mock_server.oauth.signed_jwt import UnreadableJWT, read_jwt
from mock_server.web.form import FORM
from mock_server.web.messages import Request, Response


def client_id_in(request: Request, owner_of_token: Callable[[str], str | None] = lambda token: None) -> str | None:
    """The client id that the request names: in Basic, in its form, in its assertion, or through the access token that it carries.

    `owner_of_token(value)` gives the id of the client that a token was issued to, None for an unknown one.
    """
    for line in request.header_lines("authorization"):
        scheme, _, credentials = line.partition(" ")
        if scheme.lower() == "basic":
            return _id_in_basic(credentials.strip())
        if scheme.lower() in ("bearer", "dpop"):
            return owner_of_token(credentials.strip())
    return form_value_in(request, "client_id") or _subject_in(form_value_in(request, "client_assertion") or "")


def form_value_in(request: Request, name: str) -> str | None:
    """The first value of that name in the form; None where there is no form, or no such name in it."""
    if request.media_type != FORM:
        return None
    try:
        return parse_qs(request.body.decode("latin-1"), encoding="utf-8").get(name, [None])[0]
    except ValueError:  # More fields than parse_qs reads.
        return None


def access_token_in(request: Request) -> str | None:
    """The access token in the `Authorization` header (RFC 6750 §2.1, RFC 9449 §7.1)."""
    for line in request.header_lines("authorization"):
        if found := re.match(r"(?i:bearer|dpop) +(\S+)", line):
            return found[1]
    return None


def issued_token_in(response: Response | None) -> dict[str, object] | None:
    """The members of an answer that issues an access token (RFC 6749 §5.1); None for any other answer."""
    if response is None or response.status != 200 or b'"access_token"' not in response.body:
        return None
    members = json_object(response.body)
    return members if members and isinstance(members.get("access_token"), str) else None


def json_object(body: bytes) -> dict[str, object] | None:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _subject_in(assertion: str) -> str | None:
    # RFC 7523 §3 item 2B: the sub of a client's assertion is its client_id.
    try:
        subject = read_jwt(assertion).claims.get("sub")
    except UnreadableJWT:
        return None
    return subject if isinstance(subject, str) else None


def _id_in_basic(credentials: str) -> str | None:
    try:
        pair = base64.b64decode(credentials, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return None
    # RFC 6749 §2.3.1: id and secret are form-encoded before they are joined by a colon.
    return unquote_plus(pair.partition(":")[0])

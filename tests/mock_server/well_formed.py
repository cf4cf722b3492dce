"""What holds for every answer of the server, whatever was asked."""

import json
import re

from mock_server.web.messages import Request, Response

# RFC 6749 §5.2
ERROR_TEXT = re.compile(r"[\x20-\x21\x23-\x5b\x5d-\x7e]+")
# RFC 9110 §5.5, without the obsolete bytes beyond ASCII.
FIELD_VALUE = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
FIELD_NAME = re.compile(r"[a-z0-9!#$%&'*+.^_`|~-]+")


def check_answer(request: Request, response: Response) -> None:
    """AssertionError that says what is not well formed."""
    # RFC 9110 §15.6.2 and §15.6.6 for a method and a version of HTTP that no server has to know; no other 5xx.
    assert 200 <= response.status < 500 or response.status in (501, 505), response.status
    names = [name for name, _ in response.headers]
    for name, value in response.headers:
        assert FIELD_NAME.fullmatch(name), name
        assert FIELD_VALUE.fullmatch(value), (name, value)
    for once in ("content-type", "content-length", "date", "cache-control", "location", "etag", "www-authenticate"):
        assert names.count(once) <= 1, once
    assert names.count("date") == 1
    # RFC 9110 §9.3.2: the shells send the head alone.
    is_head_alone = request.method == "HEAD" and response.body == b""
    # RFC 9110 §8.6, §15.3.5, §15.4.5
    if response.status in (204, 304):
        assert response.body == b"" and "content-length" not in names
    elif not is_head_alone:
        assert response.header("content-length") == str(len(response.body))
    # RFC 9110 §15.5.2, §15.5.6
    if response.status == 401:
        assert "www-authenticate" in names
    if response.status == 405:
        assert "allow" in names and request.method not in response.header("allow").split(", ")
    if response.status == 201:
        assert response.header("location") or b"registration_client_uri" in response.body
    if response.media_type.endswith("json") and not is_head_alone:
        _check_json(response)
    assert not any(name.startswith("access-control-") for name in names)


def _check_json(response: Response) -> None:
    members = json.loads(response.body)
    assert isinstance(members, dict)
    if response.media_type == "application/problem+json":
        assert members["status"] == response.status and members["title"] and members["detail"]
    elif response.status >= 400 and "jsonrpc" not in members:
        # RFC 6749 §5.2, RFC 7591 §3.2.2
        assert ERROR_TEXT.fullmatch(members["error"]) and ERROR_TEXT.fullmatch(members["error_description"])
        assert members["error_uri"].startswith("/errors/")
    if {"access_token", "client_secret", "error", "active"} & members.keys() and "jsonrpc" not in members:
        # RFC 6749 §5.1
        assert response.header("cache-control") == "no-store"

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.web.json_body import parse_json
from plain_client import GOOD_BODY, NOW, api_request, fields, token_request

value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(value, st.booleans())
def test_what_was_written_is_read(value, ascii_only):
    assert parse_json(json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")) == value


@settings(max_examples=500, deadline=None, derandomize=True, database=None)
@given(st.binary(max_size=30) | st.text('[]{}":,0123456789.eE+-ntf \\u', max_size=30).map(str.encode))
def test_any_bytes_are_json_or_a_value_error(body):
    try:
        parse_json(body)
    except ValueError as error:
        assert str(error)


@pytest.mark.parametrize("body", [b"NaN", b'{"a": Infinity}', b"[-Infinity]", b"[" * 60_000, b"1" * 5000, '"é"'.encode("latin-1"), "{}".encode("utf-16"), b""])
def test_what_only_looks_like_json_is_refused(body):
    with pytest.raises(ValueError):
        parse_json(body)


def test_a_byte_order_mark_is_overlooked():
    assert parse_json(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}


@pytest.mark.parametrize("path", ["/api/readings", "/register", "/mcp"])
@pytest.mark.parametrize("body", ['{"station": 1, "temperature_c": 1, "x": NaN}', '{"jsonrpc": "2.0", "id": 1, "method": "ping"}'], ids=["NaN", "UTF-16"])
def test_every_endpoint_that_takes_json_takes_json_alone(application, path, body):
    sent = body.encode("utf-8" if "NaN" in body else "utf-16")
    both = b"&resource=http%3A%2F%2F127.0.0.1%3A9400%2Fapi&resource=http%3A%2F%2F127.0.0.1%3A9400%2Fmcp"
    token = fields(application.handle(token_request(GOOD_BODY + both), NOW))["access_token"]
    headers = (("authorization", f"Bearer {token}"), ("content-type", "application/json"))
    response = application.handle(api_request("POST", path, *headers, body=sent), NOW)
    assert response.status == 400
    assert "not JSON" in response.body.decode()

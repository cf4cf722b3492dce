from urllib.parse import parse_qsl, quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.web.form import FormError, form_decode, parse_form


@pytest.mark.parametrize(
    ("encoded", "decoded"),
    [
        ("p%2Bq+r%26%25%2F%3D", "p+q r&%/="),
        ("station%3A7+north", "station:7 north"),
        ("caf%C3%A9", "café"),
        ("%c3%A9", "é"),
        ("%F0%9F%94%91", "\N{KEY}"),
        ("%00", "\0"),
        ("", ""),
        ("a%20b", "a b"),
    ],
)
def test_plus_is_a_space_and_percent_is_a_byte_of_utf8(encoded, decoded):
    assert form_decode(encoded) == decoded


@pytest.mark.parametrize("text", ["%", "100%", "%4", "%zz", "a%%41", "%\n1", "%+1", "%１１"])
def test_a_percent_sign_without_two_hex_digits_is_refused_and_shown_how_to_send(text):
    with pytest.raises(FormError, match="%25"):
        form_decode(text)


@pytest.mark.parametrize("text", ["%FF", "%C3", "%C3%28", "%ED%A0%80", "%C0%AF"])
def test_bytes_that_are_not_utf8_are_refused(text):
    with pytest.raises(FormError, match="is not valid UTF-8"):
        form_decode(text)


def test_raw_bytes_that_are_not_utf8_are_refused_with_their_position():
    with pytest.raises(FormError, match="byte 0xff at position 2"):
        parse_form(b"a=\xff")


def test_names_and_values_keep_their_order_and_their_repetitions():
    assert parse_form(b"a=1&b=2&a=3") == [("a", "1"), ("b", "2"), ("a", "3")]


@pytest.mark.parametrize(
    ("body", "pairs"),
    [
        (b"", []),
        (b"&&a=1&", [("a", "1")]),
        (b"a", [("a", "")]),
        (b"a=", [("a", "")]),
        (b"=1", [("", "1")]),
        (b"a=b=c", [("a", "b=c")]),
        (b"a%3D=%26", [("a=", "&")]),
        (b"a;b=1", [("a;b", "1")]),
    ],
)
def test_the_edges_of_a_form_are_read_as_browsers_read_them(body, pairs):
    assert parse_form(body) == pairs


def test_an_equals_sign_is_decoded_after_the_split_and_not_before():
    assert parse_form(b"client_secret=a%26client_id%3Devil") == [("client_secret", "a&client_id=evil")]


quick = settings(max_examples=200, deadline=None, derandomize=True, database=None)
text = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@quick
@given(st.lists(st.tuples(text, text)))
def test_what_another_encoder_has_written_is_read(pairs):
    assert parse_form(urlencode(pairs).encode()) == pairs
    assert parse_form(urlencode(pairs, quote_via=quote).encode()) == pairs


@quick
@given(st.binary(max_size=40) | st.text("a=&%+4c1 \u00e9\r\n;", max_size=40).map(str.encode))
def test_any_bytes_are_read_as_another_decoder_reads_them_or_refused(body):
    try:
        pairs = parse_form(body)
    except FormError as error:
        assert str(error)
    else:
        assert pairs == parse_qsl(body.decode(), keep_blank_values=True)

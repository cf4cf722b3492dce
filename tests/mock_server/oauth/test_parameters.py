"""RFC 6749 §3.2 over anything that a form can hold."""

from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server.oauth.oauth_errors import OAuthError
from mock_server.oauth.parameters import read_parameters
from plain_client import token_request

quick = settings(max_examples=200, deadline=None, derandomize=True, database=None)
#: Not a blank to fill in, and no JSON.
text = st.text(st.characters(exclude_characters="_{", exclude_categories=["Cs"]), max_size=10)
name = text.map("n{}".format)


@quick
@given(st.dictionaries(name, text))
def test_what_was_sent_once_is_read_and_what_has_no_value_counts_as_omitted(sent):
    parameters = read_parameters(token_request(urlencode(sent).encode()))
    assert parameters == {name: value for name, value in sent.items() if value}
    assert parameters.resources == ()


@quick
@given(st.dictionaries(name, text, min_size=1), st.data())
def test_whatever_is_sent_twice_is_refused_even_without_a_value(sent, data):
    twice = data.draw(st.permutations([*sent.items(), (data.draw(st.sampled_from(list(sent))), data.draw(text))]))
    with pytest.raises(OAuthError, match="was sent 2 times"):
        read_parameters(token_request(urlencode(twice).encode()))


@quick
@given(st.lists(text, max_size=4))
def test_resource_alone_may_be_repeated(values):
    """RFC 8707 §2"""
    parameters = read_parameters(token_request(urlencode([("resource", value) for value in values]).encode()))
    assert parameters.resources == tuple(value for value in values if value)


@quick
@given(st.binary(max_size=40) | st.text('a=&%+41 \u00e9\n{"_', max_size=40).map(str.encode))
def test_any_body_is_parameters_or_an_invalid_request(body):
    try:
        parameters = read_parameters(token_request(body))
    except OAuthError as error:
        assert error.error == "invalid_request"
    else:
        assert all(isinstance(name, str) and value for name, value in parameters.items())

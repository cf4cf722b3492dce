import random
import re
import secrets

from mock_server.access_tokens import AccessTokens
from mock_server.clients import Client
from plain_client import NOW

CLIENT = Client("a", token_lifetime=60)


def test_a_token_has_at_least_128_bits_and_only_the_characters_of_a_bearer_token():
    tokens = AccessTokens(secrets.token_bytes)
    values = {tokens.issue(CLIENT, (), NOW).value for _ in range(500)}
    assert len(values) == 500
    assert all(re.fullmatch(r"[A-Za-z0-9\-._~+/]+=*", value) for value in values)
    assert AccessTokens.TOKEN_BYTES * 8 >= 128


def test_an_expired_token_is_remembered_for_a_while_and_then_forgotten():
    tokens = AccessTokens(random.Random(1).randbytes)
    old = tokens.issue(CLIENT, (), NOW)
    tokens.issue(CLIENT, (), NOW + 61)
    assert tokens.find(old.value) == old
    tokens.issue(CLIENT, (), NOW + 60 + AccessTokens.REMEMBERED_SECONDS + 1)
    assert tokens.find(old.value) is None


def test_tokens_of_a_long_day_do_not_pile_up():
    tokens = AccessTokens(random.Random(1).randbytes)
    for second in range(20_000):
        tokens.issue(Client("a", token_lifetime=1), (), NOW + second)
    assert len(tokens._tokens) <= AccessTokens.REMEMBERED_SECONDS + 10


def test_what_was_never_issued_is_not_found():
    assert AccessTokens(random.Random(1).randbytes).find("") is None

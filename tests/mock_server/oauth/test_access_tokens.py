import random
import re
import secrets

import pytest

from mock_server.oauth.access_tokens import AccessTokens
from mock_server.oauth.clients import Clients
from mock_server.oauth.signing_keys import SigningKeys, teaching_key
from plain_client import NOW

ISSUER = "http://127.0.0.1:9400"
AUDIENCE = (f"{ISSUER}/api",)


@pytest.fixture
def clients():
    clients = Clients()
    clients.register("opaque", "s", token_lifetime=60)
    clients.register("brief", "s", token_lifetime=1)
    clients.register("jwt", "s", token_lifetime=60, access_token_format="jwt")
    return clients


@pytest.fixture
def tokens(clients):
    return AccessTokens(ISSUER, clients, SigningKeys(teaching_key), random.Random(1).randbytes)


@pytest.fixture
def issue(tokens, clients):
    return lambda client_id, now=NOW: tokens.issue(clients.find(client_id), ("a", "b"), AUDIENCE, now)


def test_a_token_has_at_least_128_bits_and_only_the_characters_of_a_bearer_token(clients):
    tokens = AccessTokens(ISSUER, clients, SigningKeys(teaching_key), secrets.token_bytes)
    values = {tokens.issue(clients.find("opaque"), (), AUDIENCE, NOW).value for _ in range(500)}
    assert len(values) == 500
    assert all(re.fullmatch(r"[A-Za-z0-9\-._~+/]+=*", value) for value in values)
    assert AccessTokens.TOKEN_BYTES * 8 >= 128


@pytest.mark.parametrize("client_id", ["opaque", "jwt"])
def test_a_token_is_known_again_as_it_was_issued(tokens, issue, client_id):
    token = issue(client_id)
    assert tokens.find(token.value, NOW) == token
    assert (token.client_id, token.scope, token.audience) == (client_id, ("a", "b"), AUDIENCE)


def test_an_expired_token_is_remembered_for_a_while_and_then_forgotten(tokens, issue):
    old = issue("opaque")
    issue("opaque", NOW + 61)
    assert tokens.find(old.value, NOW + 61) == old
    issue("opaque", NOW + 60 + AccessTokens.REMEMBERED_SECONDS + 1)
    assert tokens.find(old.value, NOW) is None


def test_tokens_of_a_long_day_do_not_pile_up_behind_one_that_lives_long(tokens, issue, clients):
    clients.register("long", "s", token_lifetime=10**9)
    kept = issue("long")
    for second in range(20_000):
        issue("brief", NOW + second)
    assert len(tokens._tokens) <= AccessTokens.REMEMBERED_SECONDS + 10
    assert tokens.find(kept.value, NOW) == kept


def test_beyond_the_bound_the_token_that_expires_soonest_makes_room(tokens, issue, monkeypatch):
    monkeypatch.setattr(AccessTokens, "MOST_TOKENS", 3)
    kept, brief = issue("opaque"), issue("brief")
    later = [issue("opaque") for _ in range(2)]
    assert tokens.find(brief.value, NOW) is None
    assert all(tokens.find(token.value, NOW) for token in (kept, *later))


@pytest.mark.parametrize("text", ["", "abc", "a.b.c", ".." , "é.é.é", "a.b.c.d"])
def test_what_was_never_issued_is_not_found(tokens, text):
    assert tokens.find(text, NOW) is None


@pytest.mark.parametrize("client_id", ["opaque", "jwt"])
def test_a_token_ends_by_time_by_revocation_and_with_its_client(tokens, issue, clients, client_id):
    expired, revoked, orphaned = issue(client_id, NOW - 60), issue(client_id), issue(client_id)
    assert tokens.why_not_good(orphaned, NOW) is None
    assert tokens.revoke(revoked.value, NOW)
    assert "expired after its 60 seconds" in tokens.why_not_good(expired, NOW)
    assert "revoked" in tokens.why_not_good(tokens.find(revoked.value, NOW), NOW)
    clients.remove(client_id)
    assert "no longer registered" in tokens.why_not_good(orphaned, NOW)


@pytest.mark.parametrize("client_id", ["opaque", "jwt"])
def test_no_revocation_is_forgotten_to_make_room_for_another(tokens, issue, client_id, monkeypatch):
    monkeypatch.setattr(AccessTokens, "MOST_REVOKED", 2)
    first, second, third = issue(client_id), issue(client_id), issue(client_id)
    assert [tokens.revoke(token.value, NOW) for token in (first, second, third)] == [True, True, False]
    assert tokens.why_not_good(first, NOW) and tokens.why_not_good(third, NOW) is None
    # Once the revoked tokens have long expired, there is room again.
    late = NOW + 61 + AccessTokens.REMEMBERED_SECONDS
    assert tokens.revoke(issue(client_id, late).value, late)


def test_a_jwt_costs_no_memory_until_it_is_revoked(tokens, issue):
    for _ in range(10):
        issue("jwt")
    assert not tokens._tokens and not tokens._revoked

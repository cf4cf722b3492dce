import pytest

from mock_server.oauth.signing_keys import ALGORITHMS, SigningKeys, fresh_key, teaching_key
from mock_server.oauth.teaching_keys import SERVER_KEYS
from plain_client import NOW


@pytest.mark.parametrize("new_key", [teaching_key, fresh_key])
def test_the_key_set_holds_one_public_key_for_each_algorithm(new_key):
    published = SigningKeys(new_key).jwks(NOW)["keys"]
    assert [key["alg"] for key in published] == list(ALGORITHMS)
    assert {key["use"] for key in published} == {"sig"}
    # RFC 7518 §6.2.2, §6.3.2: the members of a private key.
    assert not any({"d", "p", "q", "dp", "dq", "qi", "k"} & key.keys() for key in published)


def test_a_server_without_a_seed_has_keys_that_nobody_else_has():
    one, two = (SigningKeys(fresh_key).jwks(NOW)["keys"] for _ in range(2))
    shipped = [key for keys in SERVER_KEYS.values() for key in keys]
    for member in ("x", "n", "kid"):
        seen = [key[member] for key in (*one, *two, *shipped) if member in key]
        assert len(set(seen)) == len(seen)


def test_a_kid_never_comes_back_though_the_teaching_keys_do():
    keys, kids = SigningKeys(teaching_key), []
    for number in range(5):
        kids.append(keys.current("ES256").kid)
        keys.rotate(NOW + number, overlap=0)
    assert kids == [f"es256-{number}" for number in range(1, 6)]
    assert len(keys.jwks(NOW + 5)["keys"]) == len(ALGORITHMS)


def test_an_earlier_rotation_is_not_made_longer_by_a_later_one():
    keys = SigningKeys(teaching_key)
    keys.rotate(NOW, overlap=10)
    keys.rotate(NOW + 5, overlap=100)
    assert keys.find("es256-1", NOW + 9) and not keys.find("es256-1", NOW + 10)
    assert keys.find("es256-2", NOW + 104) and not keys.find("es256-2", NOW + 105)


@pytest.mark.parametrize("overlap", [-1, float("nan"), "60", None, True])
def test_an_overlap_that_cannot_be_is_refused(overlap):
    with pytest.raises(ValueError, match="overlap"):
        SigningKeys(teaching_key).rotate(NOW, overlap)

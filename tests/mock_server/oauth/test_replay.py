from mock_server.oauth.replay import ReplayMemory
from plain_client import NOW


def test_a_name_is_good_once_until_it_is_forgotten():
    memory = ReplayMemory()
    assert memory.use(NOW, NOW + 60, "client", "jti")
    assert not memory.use(NOW + 60, NOW + 120, "client", "jti")
    assert memory.use(NOW + 61, NOW + 120, "client", "jti")


def test_the_parts_of_a_name_do_not_run_together():
    memory = ReplayMemory()
    assert memory.use(NOW, NOW + 60, "a", "bc")
    assert memory.use(NOW, NOW + 60, "ab", "c")
    assert memory.use(NOW, NOW + 60, "other client", "bc")


def test_what_is_over_takes_no_room():
    memory = ReplayMemory()
    for second in range(2000):
        memory.use(NOW + second, NOW + second + 60, "a", str(second))
    assert len(memory) <= 62


def test_a_full_memory_takes_no_new_name_rather_than_forget_one(monkeypatch):
    monkeypatch.setattr(ReplayMemory, "MOST_NAMES", 2)
    memory = ReplayMemory()
    assert [memory.use(NOW, NOW + 60, name) for name in "abca"] == [True, True, False, False]
    assert memory.use(NOW + 61, NOW + 120, "c")

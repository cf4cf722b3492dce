import base64
import random
import sys
import threading
from types import SimpleNamespace

import pytest

from mock_server.application import Application
from mock_server.oauth.clients import READ, WRITE, Clients, teaching_clients
from plain_client import GRANT, NOW, basic, token_request


@pytest.mark.parametrize(
    ("client_id", "secret", "scopes"),
    [
        ("myapp123", "secret456", (READ, WRITE)),
        ("abc123", "secret456", (READ, WRITE)),
        ("dashboard", "dashboard-secret", (READ,)),
        ("station:7 north", "p+q r&%/=", (READ, WRITE)),
    ],
)
def test_each_teaching_client_has_its_published_secret_and_scopes(client_id, secret, scopes):
    client = teaching_clients().with_secret(client_id, secret)
    assert client.scopes == scopes
    assert client.grant_types == ("client_credentials",)
    assert not client.is_public


def test_the_browser_app_is_public_and_no_secret_opens_it():
    clients = teaching_clients()
    assert clients.find("browser-app").is_public
    for guess in ("", "\0" * 32, "browser-app", "None"):
        assert clients.with_secret("browser-app", guess) is None


@pytest.mark.parametrize("secret", ["", "Secret456", "secret456 ", "secret45", "dashboard-secret", "\0" * 32])
def test_any_other_secret_is_wrong(secret):
    assert teaching_clients().with_secret("myapp123", secret) is None


@pytest.mark.parametrize("client_id", ["", "MyApp123", "myapp123 ", "nobody"])
def test_a_client_id_is_compared_exactly(client_id):
    assert teaching_clients().with_secret(client_id, "secret456") is None
    assert teaching_clients().find(client_id) is None


def test_the_secret_itself_is_not_kept():
    clients = teaching_clients()
    assert "secret456" not in repr(clients.find("myapp123"))
    assert not hasattr(clients.find("myapp123"), "secret")


def test_a_client_registered_again_takes_the_place_of_the_first():
    clients = Clients()
    clients.register("a", "old")
    clients.register("a", "new", scopes=(READ,))
    assert clients.with_secret("a", "old") is None
    assert clients.with_secret("a", "new").scopes == (READ,)


def test_two_sets_of_teaching_clients_share_nothing():
    one, two = teaching_clients(), teaching_clients()
    one.register("extra", "s")
    assert two.find("extra") is None


def test_two_secrets_live_while_one_follows_the_other(application):
    def status(secret, now=NOW):
        body = f"grant_type=client_credentials&client_id=myapp123&client_secret={secret}"
        return application.handle(token_request(body.encode("ascii")), now).status

    application.clients.rotate_secret("myapp123", "new-secret", old_until=NOW + 60)
    assert (status("secret456"), status("new-secret")) == (200, 200)
    assert (status("secret456", NOW + 61), status("new-secret", NOW + 61)) == (401, 200)
    application.clients.drop_old_secret("myapp123")
    assert (status("secret456"), status("new-secret")) == (401, 200)


@pytest.mark.parametrize(("basic", "status"), [("strict", 401), ("lenient", 200)])
def test_a_lenient_server_also_takes_basic_that_is_not_form_encoded(basic, status):
    application = Application(teaching_clients(), random.Random(1).randbytes, basic=basic)
    application.clients.register("plus", "a+b%")
    raw = ("Authorization", "Basic " + base64.b64encode(b"plus:a+b%").decode("ascii"))
    encoded = ("Authorization", "Basic " + base64.b64encode(b"plus:a%2Bb%25").decode("ascii"))
    assert application.handle(token_request(GRANT, raw), NOW).status == status
    assert application.handle(token_request(GRANT, encoded), NOW).status == 200


def test_a_reading_of_basic_that_there_is_not_is_refused():
    with pytest.raises(ValueError, match="strict"):
        Application(teaching_clients(), random.Random(1).randbytes, basic="loose")


@pytest.mark.parametrize("form", ["basic", "body"])
def test_an_unknown_client_and_a_wrong_secret_cost_the_same_work_and_get_the_same_answer(application, monkeypatch, form):
    work = []
    monkeypatch.setattr("mock_server.oauth.clients.hmac", SimpleNamespace(compare_digest=lambda a, b: work.append((len(a), len(b))) or a == b))

    def refusal_of(client_id, secret):
        work.clear()
        body = f"grant_type=client_credentials&client_id={client_id}&client_secret={secret}".encode()
        request = token_request(GRANT, basic(f"{client_id}:{secret}")) if form == "basic" else token_request(body)
        answer = application.handle(request, NOW)
        assert answer.status == 401
        return answer, list(work)

    wrong, work_for_wrong = refusal_of("myapp123", "wrong")
    for client_id, secret in (("nobody", "wrong"), ("nobody", "secret456"), ("browser-app", "wrong"), ("myapp123", "x" * 500)):
        assert refusal_of(client_id, secret) == (wrong, work_for_wrong)
    # Digests of a fixed length, so that the comparison says nothing of the length of the secret.
    assert work_for_wrong and set(work_for_wrong) == {(32, 32)}


@pytest.mark.parametrize(
    "setting",
    [
        {"access_token_format": "JWT"},
        {"access_token_format": ["jwt"]},
        {"token_signing_alg": "HS256"},
        {"token_signing_alg": "none"},
        {"auth_methods": ("basic",)},
        {"auth_methods": "client_secret_basic"},
        {"auth_methods": ()},
        {"scopes": "readings:read"},
        {"scopes": ("readings:read readings:write",)},
        {"scopes": ('a"b',)},
        {"scopes": ("é",)},
        {"scopes": ("",)},
        {"scopes": None},
        {"grant_types": "client_credentials"},
        {"token_lifetime": -1},
        {"token_lifetime": 1.5},
        {"token_lifetime": "3600"},
        {"token_lifetime": True},
        {"token_lifetime": float("inf")},
        {"token_lifetime": 10**400},
        {"jwks": {"keys": [{"kty": "EC"}]}},
        {"jwks": ("kty",)},
        {"certificate_subject": ("tls_client_auth_subject_dn",)},
        {"certificate_subject": "CN=x"},
        {"certificate_thumbprints": "abc"},
        {"dpop_bound": "yes"},
        {"certificate_bound": 1},
        {"may_introspect": "no"},
    ],
)
def test_a_setting_that_could_not_work_is_refused_at_registration_with_what_would_be_right(setting):
    clients = Clients()
    (name,) = setting
    with pytest.raises(ValueError, match=f"Saw {name}=.*; expected "):
        clients.register("a", "s", **setting)
    assert clients.find("a") is None
    clients.register("a", "s")
    with pytest.raises(ValueError, match=f"Saw {name}="):
        clients.replace("a", **setting)
    assert clients.with_secret("a", "s") == clients.find("a")


@pytest.mark.parametrize(("client_id", "secret"), [("", "s"), (None, "s"), (7, "s"), (b"a", "s"), ("\ud800", "s"), ("a", 7), ("a", "\ud800")])
def test_an_id_or_secret_that_no_request_could_carry_is_refused(client_id, secret):
    with pytest.raises(ValueError, match="expected a text"):
        Clients().register(client_id, secret)


@pytest.mark.parametrize("arguments", [{"new_secret": None}, {"new_secret": "s", "old_until": "tomorrow"}])
def test_a_rotation_that_could_not_work_is_refused_and_changes_nothing(arguments):
    clients = Clients()
    before = clients.register("a", "s")
    with pytest.raises(ValueError, match="Saw (new_secret|old_until)=.*; expected "):
        clients.rotate_secret("a", **arguments)
    assert clients.find("a") is before


@pytest.mark.parametrize("setting", [{"token_lifetime": 0}, {"token_lifetime": 10**9}, {"scopes": ["a", "b"]}, {"grant_types": ()}, {"auth_methods": ("none",)}])
def test_an_odd_setting_that_works_is_taken(setting):
    assert Clients().register("a", "s", **setting).id == "a"


@pytest.fixture
def threads_take_turns_often():
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def test_a_rotation_is_not_lost_when_another_thread_changes_the_client(threads_take_turns_often):
    clients = Clients()
    clients.register("a", "s")

    def change():
        for seconds in range(2000):
            clients.replace("a", token_lifetime=seconds)

    other = threading.Thread(target=change)
    other.start()
    number = 0
    while other.is_alive():
        number += 1
        clients.rotate_secret("a", f"secret {number}")
        assert clients.with_secret("a", f"secret {number}")
    other.join()
    assert clients.find("a").token_lifetime == 1999

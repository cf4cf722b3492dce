import socket
import ssl
from pathlib import Path

import httpx
import pytest
import requests

from mock_server import start
from mock_server.oauth.client_certificate import authenticated_by_certificate
from mock_server.shells import serving
from mock_server.shells.tls import LocalTLS
from plain_client import PlainClient, curl, raw_request

GRANT = {"grant_type": "client_credentials"}


@pytest.fixture(scope="module")
def server():
    with start(0, tls=True) as running:
        yield running


@pytest.fixture(scope="module")
def certificate(server):
    return server.tls.client_certificate("tls-app")


@pytest.fixture(scope="module")
def pinned(server):
    # Its subject says tls-app: a name that nobody vouches for.
    made = server.tls.client_certificate("tls-app", self_signed=True)
    server.clients.register(
        "pinned-app", None, auth_methods=("self_signed_tls_client_auth",), certificate_thumbprints=(made.thumbprint,)
    )
    return made


def post(server, client_id, cert=None):
    with requests.Session() as session:
        session.trust_env = False
        return session.post(f"{server.url}/token", data=GRANT | {"client_id": client_id}, cert=cert, verify=server.ca_file, timeout=5)


def stations(server, token, cert=None):
    with requests.Session() as session:
        session.trust_env = False
        headers = {"Authorization": f"Bearer {token}"}
        return session.get(f"{server.url}/api/stations", headers=headers, cert=cert, verify=server.ca_file, timeout=5)


def test_curl_requests_and_httpx_trust_the_local_authority(server):
    assert server.url.startswith("https://127.0.0.1:")
    assert requests.get(f"{server.url}/", verify=server.ca_file, timeout=5).status_code == 200
    assert requests.get(f"https://localhost:{server.port}/", verify=server.ca_file, timeout=5).status_code == 200
    context = ssl.create_default_context(cafile=server.ca_file)
    assert httpx.get(f"{server.url}/", verify=context, trust_env=False).status_code == 200
    assert b"teaching server" in curl("--cacert", server.ca_file, f"{server.url}/").stdout


def test_nobody_trusts_it_unasked(server):
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(f"{server.url}/", timeout=5)


def test_the_record_holds_the_bytes_before_encryption(server):
    server._record.clear()
    post(server, "myapp123")
    (exchange,) = server.exchanges
    assert exchange.raw_request.startswith(b"POST /token HTTP/1.1\r\n")
    assert exchange.raw_response.startswith(b"HTTP/1.1 401 ")


@pytest.mark.parametrize(("kind", "said"), [("expired", "expired"), ("self-signed", "self-signed|self signed"), ("wrong-host", "mismatch")])
def test_a_wrong_certificate_on_demand_is_refused_by_clients(kind, said):
    with start(0, tls=kind) as wrong:
        with pytest.raises(requests.exceptions.SSLError, match=f"(?i){said}"):
            requests.get(f"{wrong.url}/", verify=wrong.ca_file, timeout=5)
        assert curl("--cacert", wrong.ca_file, f"{wrong.url}/").returncode == 60
        assert wrong.exchanges == []


def test_the_files_are_gone_when_the_server_stops():
    with start(0, tls=True) as stopped:
        folder = Path(stopped.ca_file).parent
        assert folder.exists()
    assert not folder.exists()


def test_any_other_word_for_tls_is_refused():
    with pytest.raises(ValueError, match="expired"):
        start(0, tls="rotten")


def test_the_subject_that_the_authority_vouches_for_is_the_client(server, certificate):
    response = post(server, "tls-app", certificate.path)
    assert response.status_code == 200
    result = curl("--cacert", server.ca_file, "--cert", certificate.path, "-d", "grant_type=client_credentials&client_id=tls-app", f"{server.url}/token")
    assert b"access_token" in result.stdout


def test_another_certificate_of_the_same_authority_is_not(server):
    other = server.tls.client_certificate("someone-else")
    assert post(server, "tls-app", other.path).json()["error"] == "invalid_client"
    assert post(server, "nobody", other.path).content == post(server, "tls-app", other.path).content


def test_a_certificate_that_nobody_vouches_for_proves_no_name(server, pinned):
    assert post(server, "tls-app", pinned.path).json()["error"] == "invalid_client"


def test_a_pinned_certificate_is_its_client(server, pinned, certificate):
    assert post(server, "pinned-app", pinned.path).status_code == 200
    assert post(server, "pinned-app", certificate.path).status_code == 401
    assert post(server, "pinned-app").status_code == 401


def test_without_a_certificate_a_client_that_needs_one_is_refused(server):
    assert post(server, "tls-app").status_code == 401


def test_a_certificate_beside_a_secret_is_no_second_method(server, certificate):
    response = requests.post(
        f"{server.url}/token", data=GRANT, auth=("myapp123", "secret456"), cert=certificate.path, verify=server.ca_file, timeout=5
    )
    assert response.status_code == 200


def test_a_certificate_bound_token_is_good_on_connections_with_that_certificate_only(server, certificate, pinned):
    token = post(server, "tls-app", certificate.path).json()["access_token"]
    assert stations(server, token, certificate.path).status_code == 200
    for other in (None, pinned.path, server.tls.client_certificate("tls-app").path):
        refused = stations(server, token, other)
        assert refused.status_code == 401
        assert 'error="invalid_token"' in refused.headers["WWW-Authenticate"]


@pytest.mark.parametrize(("metadata", "value", "good"), [
    ("tls_client_auth_san_dns", "app.example", True),
    ("tls_client_auth_san_dns", "APP.example", True),
    ("tls_client_auth_san_dns", "other.example", False),
    ("tls_client_auth_san_ip", "192.0.2.1", False),
    ("tls_client_auth_san_ip", "no address", False),
    ("tls_client_auth_subject_dn", "CN=app.example,OU=Clients,O=Lessons", True),
    ("tls_client_auth_subject_dn", "O=Lessons,OU=Clients,CN=app.example", False),
    ("tls_client_auth_subject_dn", "not a name", False),
    ("tls_client_auth_subject_dn", "", False),
    ("unknown", "app.example", False),
])  # fmt: skip
def test_the_registered_subject_is_compared(server, metadata, value, good):
    made = server.tls.client_certificate("app.example")
    server.clients.register("named-app", None, auth_methods=("tls_client_auth",), certificate_subject=(metadata, value))
    assert (post(server, "named-app", made.path).status_code == 200) is good


def test_bytes_that_are_no_certificate_prove_nothing():
    from mock_server.oauth.clients import teaching_clients
    from mock_server.oauth.oauth_errors import OAuthError

    tls = LocalTLS("127.0.0.1")
    with pytest.raises(OAuthError):
        authenticated_by_certificate(b"x", teaching_clients().find("tls-app"), tls.ca_der)
    tls.remove()


def test_what_is_not_http_is_answered_over_tls_too_and_plain_http_harms_nobody(server):
    context = ssl.create_default_context(cafile=server.ca_file)
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
        with context.wrap_socket(plain, server_hostname="localhost") as client:
            client.sendall(b"nonsense\r\n\r\n")
            assert client.recv(65536).startswith(b"HTTP/1.1 400 ")
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as plain:
        plain.sendall(raw_request())
        plain.recv(100)
    assert requests.get(f"{server.url}/", verify=server.ca_file, timeout=5).status_code == 200


def test_a_client_that_never_shakes_hands_is_hung_up_on(monkeypatch):
    monkeypatch.setattr(serving, "REQUEST_SECONDS", 0.1)
    with start(0, tls=True) as server, PlainClient(server) as client:
        assert client.until_closed() == b""
        assert requests.get(f"{server.url}/", verify=server.ca_file, timeout=5).status_code == 200

"""The clients that people really use, each by its own ordinary way to a token and to the API."""

import json
import shutil
import subprocess
from contextlib import closing

import httpx
import pytest
import requests
from authlib.integrations.httpx_client import OAuth2Client
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import ClientSecretJWT, PrivateKeyJWT
from joserfc.jwk import ECKey
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error
from requests.auth import HTTPBasicAuth
from requests_oauthlib import OAuth2Session as OAuthlibSession

from mock_server import start
from mock_server.oauth.teaching_keys import ASSERTION_APP_PRIVATE_KEY
from plain_client import GRANT

#: Reserved characters, so that the form-encoding inside Basic shows (RFC 6749 §2.3.1).
ODD = ("station:7 north", "p+q r&%/=")


@pytest.fixture(scope="module")
def server():
    # Authlib dates its assertions by the computer's clock.
    with start(0, seed=None) as server:
        server.clients.register("hmac-app", "a secret of thirty-two bytes or more", auth_methods=("client_secret_jwt",))
        yield server


@pytest.fixture(autouse=True)
def without_proxies(monkeypatch):
    # oauthlib takes plain HTTP only where it is told that this is meant; on loopback it is.
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


def stations(answer) -> list[str]:
    assert answer.status_code == 200
    return [station["name"] for station in answer.json()["stations"]]


ALL = ["Harbour", "Old mill", "North ridge"]


@pytest.mark.parametrize("arguments", [("-d", "client_id=myapp123", "-d", "client_secret=secret456"), ("-u", "myapp123:secret456")])
def test_curl(server, arguments):
    curl = [shutil.which("curl"), "-sS", "--noproxy", "*"]
    command = [*curl, f"{server.url}/token", "-d", "grant_type=client_credentials", *arguments]
    token = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=10).stdout)["access_token"]
    command = [*curl, f"{server.url}/api/stations", "-H", f"Authorization: Bearer {token}"]
    answer = json.loads(subprocess.run(command, capture_output=True, check=True, timeout=10).stdout)
    assert [station["name"] for station in answer["stations"]] == ALL


def test_requests(server):
    answer = requests.post(f"{server.url}/token", data={"grant_type": "client_credentials"}, auth=("myapp123", "secret456"), timeout=5)
    bearer = {"Authorization": f"{answer.json()['token_type']} {answer.json()['access_token']}"}
    assert stations(requests.get(f"{server.url}/api/stations", headers=bearer, timeout=5)) == ALL


def test_httpx(server):
    with httpx.Client(base_url=server.url, auth=("myapp123", "secret456")) as client:
        token = client.post("/token", data={"grant_type": "client_credentials"}).json()["access_token"]
        assert stations(client.get("/api/stations", headers={"Authorization": f"Bearer {token}"}, auth=None)) == ALL


@pytest.mark.parametrize("in_body", [True, False])
def test_requests_oauthlib(server, in_body):
    with OAuthlibSession(client=BackendApplicationClient(client_id="myapp123")) as session:
        way = {"include_client_id": True, "client_secret": "secret456"} if in_body else {"auth": HTTPBasicAuth("myapp123", "secret456")}
        token = session.fetch_token(f"{server.url}/token", **way)
        # RFC 6749 §5.1: what oauthlib reads as a list of scopes is what was granted.
        assert token["scope"] == ["readings:read", "readings:write"]
        assert stations(session.get(f"{server.url}/api/stations")) == ALL


@pytest.mark.parametrize("library", [OAuth2Session, OAuth2Client])
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib_with_a_secret(server, library, method):
    with closing(library("myapp123", "secret456", token_endpoint_auth_method=method)) as session:
        session.fetch_token(f"{server.url}/token", grant_type="client_credentials")
        assert stations(session.get(f"{server.url}/api/stations")) == ALL


@pytest.mark.parametrize("library", [OAuth2Session, OAuth2Client])
@pytest.mark.parametrize("method", ["private_key_jwt", "client_secret_jwt"])
def test_authlib_with_an_assertion(server, library, method):
    url = f"{server.url}/token"
    client_id, secret, sign = {
        "private_key_jwt": ("assertion-app", ECKey.import_key(ASSERTION_APP_PRIVATE_KEY), PrivateKeyJWT(url, alg="ES256")),
        "client_secret_jwt": ("hmac-app", "a secret of thirty-two bytes or more", ClientSecretJWT(url)),
    }[method]
    with closing(library(client_id, secret, token_endpoint_auth_method=sign)) as session:
        session.fetch_token(url, grant_type="client_credentials")
        assert stations(session.get(f"{server.url}/api/stations")) == ALL


# Libraries that put id and secret into Basic as they stand, although RFC 6749 §2.3.1 asks for form-encoding.
# requests/requests-oauthlib#568 is one report of what follows; panva/oauth4webapi#199 tells that servers differ too.


def raw_requests(url):
    answer = requests.post(f"{url}/token", data={"grant_type": "client_credentials"}, auth=ODD, timeout=5)
    return answer.json().get("access_token")


def raw_httpx(url):
    return httpx.post(f"{url}/token", data={"grant_type": "client_credentials"}, auth=ODD).json().get("access_token")


def raw_oauthlib(url):
    with OAuthlibSession(client=BackendApplicationClient(client_id=ODD[0])) as session:
        try:
            return session.fetch_token(f"{url}/token", auth=HTTPBasicAuth(*ODD))["access_token"]
        except OAuth2Error as error:
            assert error.error == "invalid_client"
            return None


def raw_authlib(url):
    with closing(OAuth2Session(*ODD)) as session:
        try:
            return session.fetch_token(f"{url}/token", grant_type="client_credentials")["access_token"]
        except Exception as error:
            assert error.error == "invalid_client"
            return None


# No colon in the id: without encoding nobody could tell where it ends (authlib/authlib#595).
@pytest.mark.parametrize("ask", [raw_requests, raw_httpx, raw_oauthlib, raw_authlib])
def test_a_client_that_does_not_encode_is_refused_by_the_strict_server_and_served_by_the_lenient_one(ask, monkeypatch):
    monkeypatch.setattr("test_real_clients.ODD", ("station 7", ODD[1]))
    for basic, served in (("strict", False), ("lenient", True)):
        with start(0, basic=basic) as server:
            server.clients.register(*ODD)
            assert bool(ask(server.url)) is served


# RFC 7617 §2: "a user-id containing a colon character is invalid"; form-encoded it contains none.
@pytest.mark.parametrize("ask", [raw_requests, raw_httpx, raw_oauthlib, raw_authlib])
def test_an_id_with_a_colon_that_is_not_encoded_is_served_by_neither_server(ask):
    for basic in ("strict", "lenient"):
        with start(0, basic=basic) as server:
            assert ask(server.url) is None


def test_curl_takes_the_pair_as_it_stands_so_that_whoever_encodes_it_is_served(server):
    pair = "station%3A7+north:p%2Bq+r%26%25%2F%3D"
    command = [shutil.which("curl"), "-sS", "--noproxy", "*", f"{server.url}/token", "-u", pair, "-d", GRANT.decode()]
    assert "access_token" in json.loads(subprocess.run(command, capture_output=True, check=True, timeout=10).stdout)


@pytest.mark.parametrize("library", [OAuth2Session, OAuth2Client])
def test_in_the_body_every_library_encodes_what_is_reserved(server, library):
    with closing(library(*ODD, token_endpoint_auth_method="client_secret_post")) as session:
        assert session.fetch_token(f"{server.url}/token", grant_type="client_credentials")["access_token"]

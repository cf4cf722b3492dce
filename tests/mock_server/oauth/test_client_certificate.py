"""RFC 8705 in the core: certificates as the TLS handshake would hand them over."""

import base64
import datetime
import ipaddress
import json
import random

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from mock_server.application import Application
from mock_server.oauth.client_certificate import certificate_thumbprint
from mock_server.oauth.clients import teaching_clients
from mock_server.web.messages import Request
from plain_client import FORM, GRANT, NOW, api_request, fields

JSON = ("content-type", "application/json")
TODAY = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)


def make(common_name, *alternatives, issuer=None):
    """A certificate in DER and its key; self-signed without an issuer (a name and a key)."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
    issuer_name, issuer_key = issuer or (subject, key)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(TODAY)
        .not_valid_after(TODAY + datetime.timedelta(days=1))
    )
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    certificate = builder.sign(issuer_key, hashes.SHA256())
    return certificate.public_bytes(serialization.Encoding.DER), (subject, key)


CA, AUTHORITY = make("Local authority")
CLIENT, _ = make(
    "app",
    x509.DNSName("app.example"),
    x509.UniformResourceIdentifier("https://app.example/id"),
    x509.IPAddress(ipaddress.ip_address("2001:db8::1")),
    x509.RFC822Name("app@example.org"),
    issuer=AUTHORITY,
)
OTHER, _ = make("other", issuer=AUTHORITY)
SELF_SIGNED, _ = make("app", x509.DNSName("app.example"))


@pytest.fixture
def application():
    return Application(teaching_clients(), random.Random(1).randbytes, client_ca=CA)


def post(application, path, body, certificate, *headers):
    return application.handle(Request("POST", path, (("host", "x"), *(headers or (("content-type", FORM),))), body, client_certificate=certificate), NOW)


def ask(application, client_id, certificate):
    return post(application, "/token", GRANT + f"&client_id={client_id}".encode(), certificate)


def register(application, metadata):
    return post(application, "/register", json.dumps(metadata).encode(), None, JSON)


NAMES = {
    "tls_client_auth_subject_dn": ("CN=app", "CN=other"),
    "tls_client_auth_san_dns": ("app.example", "example"),
    "tls_client_auth_san_uri": ("https://app.example/id", "https://app.example/ID"),
    "tls_client_auth_san_ip": ("2001:0db8:0:0::1", "2001:db8::2"),
    "tls_client_auth_san_email": ("app@example.org", "app@example.com"),
}


@pytest.mark.parametrize(("metadata", "values"), NAMES.items())
def test_a_client_registers_one_name_and_is_known_by_the_certificate_that_has_it(application, metadata, values):
    for value, status in zip(values, (200, 401)):
        client = fields(register(application, {"token_endpoint_auth_method": "tls_client_auth", metadata: value}))
        assert ask(application, client["client_id"], CLIENT).status == status
        assert ask(application, client["client_id"], SELF_SIGNED).status == 401
        assert ask(application, client["client_id"], None).status == 401


def jwks_of(certificate):
    key = {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "x5c": [base64.b64encode(certificate).decode()]}
    return {"keys": [key]}


def test_a_self_signed_certificate_is_registered_in_x5c(application):
    metadata = {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": jwks_of(SELF_SIGNED)}
    client = fields(register(application, metadata))
    assert ask(application, client["client_id"], SELF_SIGNED).status == 200
    assert ask(application, client["client_id"], make("app")[0]).status == 401
    assert ask(application, client["client_id"], CLIENT).status == 401


@pytest.mark.parametrize(
    "jwks",
    [
        None,
        {"keys": [{"kty": "EC"}]},
        {"keys": [{"kty": "EC", "x5c": "AA=="}]},
        {"keys": [{"kty": "EC", "x5c": ["not_base64-"]}]},
        {"keys": [{"kty": "EC", "x5c": []}]},
    ],
)
def test_without_a_certificate_that_can_be_read_there_is_nobody_to_know(application, jwks):
    response = register(application, {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": jwks})
    assert (response.status, fields(response)["error"]) == (400, "invalid_client_metadata")


def bound_client(application):
    metadata = {
        "token_endpoint_auth_method": "tls_client_auth",
        "tls_client_auth_san_dns": "app.example",
        "tls_client_certificate_bound_access_tokens": True,
        "access_token_format": "jwt",
    }
    return fields(register(application, metadata))["client_id"]


def test_a_token_is_bound_to_the_certificate_where_the_client_registered_so(application):
    token = fields(ask(application, bound_client(application), CLIENT))["access_token"]
    for certificate, status in ((CLIENT, 200), (OTHER, 401), (None, 401)):
        request = Request(
            "GET", "/api/stations", (("host", "x"), ("authorization", f"Bearer {token}")), client_certificate=certificate
        )
        assert application.handle(request, NOW).status == status


def test_the_resource_server_learns_by_introspection_what_the_token_is_bound_to(application):
    token = fields(ask(application, bound_client(application), CLIENT))["access_token"]
    body = f"token={token}&client_id=stations-api&client_secret=stations-secret".encode()
    members = fields(post(application, "/introspect", body, None))
    assert members["cnf"] == {"x5t#S256": certificate_thumbprint(CLIENT)}
    # RFC 8705 §3: it is sent as a bearer token all the same.
    assert members["token_type"] == "Bearer"


@pytest.mark.parametrize("name", ["tls_client_certificate_bound_access_tokens", "dpop_bound_access_tokens"])
@pytest.mark.parametrize("value", ["true", 1, [], {}])
def test_a_switch_is_true_or_false(application, name, value):
    assert fields(register(application, {name: value}))["error"] == "invalid_client_metadata"


def test_a_client_that_registered_for_dpop_gets_no_token_without_a_proof(application):
    metadata = {"dpop_bound_access_tokens": True, "token_endpoint_auth_method": "client_secret_post"}
    client = fields(register(application, metadata))
    body = GRANT + f"&client_id={client['client_id']}&client_secret={client['client_secret']}".encode()
    response = post(application, "/token", body, None)
    assert (response.status, fields(response)["error"]) == (400, "invalid_request")
    assert "DPoP" in fields(response)["error_description"]


def test_the_registration_says_what_it_keeps(application):
    client = fields(register(application, {"dpop_bound_access_tokens": True}))
    manage = ("authorization", f"Bearer {client['registration_access_token']}")
    read = fields(application.handle(api_request("GET", f"/register/{client['client_id']}", manage), NOW))
    assert read["dpop_bound_access_tokens"] is True


def test_a_certificate_without_a_client_id_is_told_to_bring_one(application):
    """RFC 8705 §2: client_id is required, so that the certificate need not say whose it is."""
    response = post(application, "/token", GRANT, CLIENT)
    assert response.status == 401
    assert "send client_id" in fields(response)["error_description"]

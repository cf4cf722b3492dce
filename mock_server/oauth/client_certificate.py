"""Clients that prove themselves in the TLS handshake, and tokens bound to their certificate (RFC 8705)."""

import functools
import hashlib
import ipaddress

from mock_server.oauth.clients import Client
from mock_server.oauth.oauth_errors import OAuthError
from mock_server.oauth.signed_jwt import base64url

CHALLENGE = 'Basic realm="token endpoint"'


def certificate_thumbprint(certificate: bytes) -> str:
    """`x5t#S256` of a certificate in DER (RFC 8705 §3.1)."""
    return base64url(hashlib.sha256(certificate).digest())


def authenticated_by_certificate(
    certificate: bytes, client: Client | None, client_ca: bytes | None
) -> tuple[str, Client] | None:
    """The method that the certificate used and its client. OAuthError `invalid_client` where it belongs to another.

    None for a public client, which needs no certificate. The handshake has proved that the client holds the key.
    """
    if client is not None and client.is_public:
        return None
    # §2.2: the certificate itself is registered, and no CA says anything.
    if client is not None and certificate_thumbprint(certificate) in client.certificate_thumbprints:
        return "self_signed_tls_client_auth", client
    # §2.1: a CA vouches for the subject. A self-signed certificate may carry any name, and whoever registered
    # one could sign others with it: so the CA must have signed this very certificate.
    if client is not None and client_ca and _is_issued_by(certificate, client_ca) and _names(certificate, *client.certificate_subject):
        return "tls_client_auth", client
    raise OAuthError(
        "invalid_client",
        "The client is unknown, or the certificate of this TLS connection is not the one that is registered for it.",
        challenge=CHALLENGE,
    )


@functools.lru_cache(maxsize=1000)
def _is_issued_by(certificate: bytes, authority: bytes) -> bool:
    from cryptography import x509

    try:
        x509.load_der_x509_certificate(certificate).verify_directly_issued_by(x509.load_der_x509_certificate(authority))
    except Exception:  # ValueError, TypeError or InvalidSignature: whatever it is, the CA did not sign this.
        return False
    return True


def _names(certificate: bytes, metadata: str, value: str) -> bool:
    """Whether the certificate has the registered subject (§2.1.2)."""
    from cryptography import x509

    if not value:
        return False
    found = x509.load_der_x509_certificate(certificate)
    try:
        # RFC 4514: compared name by name; letter case counts here, though a directory may ignore it.
        if metadata == "tls_client_auth_subject_dn":
            return found.subject == x509.Name.from_rfc4514_string(value)
        names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        if metadata == "tls_client_auth_san_dns":
            return value.lower() in [name.lower() for name in names.get_values_for_type(x509.DNSName)]
        if metadata == "tls_client_auth_san_uri":
            return value in names.get_values_for_type(x509.UniformResourceIdentifier)
        if metadata == "tls_client_auth_san_ip":
            return ipaddress.ip_address(value) in names.get_values_for_type(x509.IPAddress)
        if metadata == "tls_client_auth_san_email":
            return value in names.get_values_for_type(x509.RFC822Name)
    except (ValueError, x509.ExtensionNotFound):
        return False
    return False

"""TLS for a local server: a certificate authority of its own, right and wrong certificates, and those of clients.

Nothing here outlives the server: the authority is made when it starts, and its files are removed when it stops.
"""

import datetime
import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mock_server.oauth.client_certificate import certificate_thumbprint

#: What `start(tls=...)` takes: a right certificate, or one that a client must refuse.
KINDS = (True, "expired", "self-signed", "wrong-host")
#: The name on a certificate made for somebody else.
WRONG_HOST = "somewhere-else.example"


@dataclass(frozen=True)
class ClientCertificate:
    """A certificate for a client, as files for `requests`' `cert=` or curl's `--cert`, and what a server registers of it."""

    path: str
    thumbprint: str
    subject: str


class LocalTLS:
    """The TLS side of one server. `ca_file` is what its clients trust, `context` what the server speaks with."""

    def __init__(self, host: str, kind: object = True) -> None:
        if not any(kind is known or (isinstance(known, str) and kind == known) for known in KINDS):
            raise ValueError(f"Saw tls={kind!r}; expected one of {', '.join(map(repr, KINDS))}, or False for plain HTTP.")
        # trustme and `cryptography` take a while to import: nobody waits for them without TLS.
        import trustme

        self._folder = tempfile.TemporaryDirectory(prefix="mock-server-tls-")
        self._ca = trustme.CA()
        self.ca_file = self._write("ca.pem", self._ca.cert_pem.bytes())
        self.ca_der = ssl.PEM_cert_to_DER_cert(self._ca.cert_pem.bytes().decode("ascii"))
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        # RFC 9325 §3.1.1: nothing older than TLS 1.2.
        self.context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.context.set_alpn_protocols(["http/1.1"])
        self.context.load_cert_chain(self._server_certificate(host, kind))
        # RFC 8705 §2: the server asks for a certificate, and a client that has none may go on without.
        self.context.verify_mode = ssl.CERT_OPTIONAL
        self.context.load_verify_locations(self.ca_file)

    def client_certificate(self, name: str, *, self_signed: bool = False) -> ClientCertificate:
        """A certificate for a client; its subject is `O=Lessons,OU=Clients,CN=<name>`, and `name` its DNS name where it is one.

        A self-signed one is trusted on connections from now on, as far as the handshake goes.
        """
        if self_signed:
            pem = _self_signed(name)
            path = self._write(f"client-{len(list(Path(self._folder.name).iterdir()))}.pem", pem)
            self.trust(path)
        else:
            leaf = self._ca.issue_cert(
                name, common_name=name, organization_name="Lessons", organization_unit_name="Clients"
            )
            pem = leaf.private_key_and_cert_chain_pem.bytes()
            path = self._write(f"client-{len(list(Path(self._folder.name).iterdir()))}.pem", pem)
        return describe(path)

    def trust(self, certificate_file: str) -> ClientCertificate:
        """Let clients in that bring this certificate (PEM), which no CA vouches for. The registration still decides whose it is."""
        described = describe(certificate_file)
        self.context.load_verify_locations(cadata=_der_of(certificate_file))
        return described

    def remove(self) -> None:
        self._folder.cleanup()

    def _server_certificate(self, host: str, kind: object) -> str:
        names = list(dict.fromkeys([host, "localhost", "127.0.0.1", "::1"]))
        if kind == "self-signed":
            return self._write("server.pem", _self_signed(*names))
        dates = {}
        if kind == "expired":
            now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
            dates = {"not_before": now - datetime.timedelta(days=60), "not_after": now - datetime.timedelta(days=30)}
        leaf = self._ca.issue_cert(*([WRONG_HOST] if kind == "wrong-host" else names), **dates)
        return self._write("server.pem", leaf.private_key_and_cert_chain_pem.bytes())

    def _write(self, name: str, data: bytes) -> str:
        path = Path(self._folder.name, name)
        path.write_bytes(data)
        return str(path)


def describe(certificate_file: str) -> ClientCertificate:
    """What to register of the first certificate in a PEM file."""
    from cryptography import x509

    der = _der_of(certificate_file)
    subject = x509.load_der_x509_certificate(der).subject.rfc4514_string()
    return ClientCertificate(str(certificate_file), certificate_thumbprint(der), subject)


def _der_of(certificate_file: str) -> bytes:
    text = Path(certificate_file).read_text(encoding="ascii")
    begin, end = "-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----"
    if begin not in text or end not in text:
        raise ValueError(f"There is no certificate in {certificate_file}: expected a PEM file with {begin}.")
    return ssl.PEM_cert_to_DER_cert(begin + text.split(begin, 1)[1].split(end, 1)[0] + end)


def _self_signed(*names: str) -> bytes:
    """A key and a certificate signed with it, in PEM, for the names given; the first is also the subject."""
    import ipaddress

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name(
        [
            x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Lessons"),
            x509.NameAttribute(x509.NameOID.ORGANIZATIONAL_UNIT_NAME, "Clients"),
            x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0]),
        ]
    )
    alternatives: list[x509.GeneralName] = []
    for name in names:
        try:
            alternatives.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            alternatives.append(x509.DNSName(name))
    now = datetime.datetime.now(datetime.timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        # RFC 5280 §4.2.1.9: it may sign no other certificate.
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)

"""What a client may say about itself when it registers (RFC 7591 §2)."""

import base64
import json
import re
from urllib.parse import urlsplit

from mock_server.oauth.client_settings import TOKEN_FORMATS
from mock_server.oauth.clients import CLIENT_CREDENTIALS, READ, WRITE
from mock_server.oauth.signed_jwt import PRIVATE_MEMBERS

SCOPES = (READ, WRITE)
WITH_SECRET = ("client_secret_basic", "client_secret_post", "client_secret_jwt")
WITH_KEYS = ("private_key_jwt", "self_signed_tls_client_auth")
WITH_CERTIFICATE = ("tls_client_auth",)
#: RFC 8705 §2.1.2: the names of which a client of tls_client_auth registers exactly one.
CERTIFICATE_NAMES = (
    "tls_client_auth_subject_dn",
    "tls_client_auth_san_dns",
    "tls_client_auth_san_uri",
    "tls_client_auth_san_ip",
    "tls_client_auth_san_email",
)
#: RFC 8705 §3.4, RFC 9449 §5.2: tokens for this client are bound to its certificate, to its DPoP key.
SWITCHES = ("tls_client_certificate_bound_access_tokens", "dpop_bound_access_tokens")
#: Kept and given back as they came: texts for people, and what other rules of this server read.
TEXTS = ("client_name", "client_uri", "logo_uri", "tos_uri", "policy_uri", "software_id", "software_version", *CERTIFICATE_NAMES)
MOST_BYTES = 8 * 1024

Metadata = dict[str, object]


class MetadataError(ValueError):
    """Metadata that cannot be registered; `error` is the code of RFC 7591 §3.2.2."""

    def __init__(self, description: str, error: str = "invalid_client_metadata") -> None:
        super().__init__(description)
        self.error = error


def read_metadata(sent: object) -> Metadata:
    """The metadata to register, defaults filled in. MetadataError says which member is wrong, and how it should be.

    §2: "The authorization server MUST ignore any client metadata sent by the client that it does not understand."
    """
    try:
        return _read(sent)
    except RecursionError:
        raise MetadataError("The metadata is nested too deeply; a registration is flat.") from None


def _read(sent: object) -> Metadata:
    if not isinstance(sent, dict):
        raise MetadataError('The body is not a JSON object; the smallest registration is {"grant_types": ["client_credentials"]}.')
    # A member that is null is one left out (RFC 7592 §2.2 says so for updates).
    sent = {name: value for name, value in sent.items() if value is not None}
    metadata: Metadata = {name: _text(sent, name) for name in TEXTS if name in sent}
    if "contacts" in sent:
        metadata["contacts"] = _texts(sent, "contacts")
    if "redirect_uris" in sent:
        metadata["redirect_uris"] = _redirect_uris(sent)
    metadata["grant_types"] = _grant_types(sent)
    # §2.1: the grant client_credentials goes with no response type.
    if sent.get("response_types", []) != []:
        raise MetadataError("response_types must be [] or left out: the grant client_credentials has none (RFC 7591 section 2.1).")
    metadata["response_types"] = []
    metadata["scope"] = _scope(sent)
    metadata["access_token_format"] = _one_of(sent, "access_token_format", TOKEN_FORMATS)
    metadata["token_endpoint_auth_method"] = _auth_method(sent)
    if "jwks" in sent:
        metadata["jwks"] = _public_keys(sent["jwks"])
    certificates = certificates_in(metadata)
    if metadata["token_endpoint_auth_method"] == "self_signed_tls_client_auth" and not certificates:
        raise MetadataError("A client of self_signed_tls_client_auth is known by its certificate: send it as x5c of a key in jwks.")
    for name in SWITCHES:
        if name in sent:
            metadata[name] = _switch(sent, name)
    if len(json.dumps(metadata)) > MOST_BYTES:
        raise MetadataError(f"The metadata takes more than {MOST_BYTES} bytes; a registration takes a few hundred.")
    return metadata


def _grant_types(sent: Metadata) -> list[str]:
    # §2 makes authorization_code the default, and lets the server choose (§3.2.1): there is one grant here.
    grant_types = _texts(sent, "grant_types") if "grant_types" in sent else [CLIENT_CREDENTIALS]
    if grant_types != [CLIENT_CREDENTIALS]:
        raise MetadataError(f'grant_types is {json.dumps(grant_types)[:80]}; this server has one grant: ["{CLIENT_CREDENTIALS}"].')
    return grant_types


def _auth_method(sent: Metadata) -> str:
    # §2: client_secret_basic where nothing is said.
    method = _one_of(sent, "token_endpoint_auth_method", (*WITH_SECRET, *WITH_KEYS, *WITH_CERTIFICATE))
    if "jwks_uri" in sent:
        raise MetadataError("This server fetches nothing, so it cannot read jwks_uri: send the keys themselves, as jwks.")
    if method in WITH_KEYS and "jwks" not in sent:
        raise MetadataError(f"A client of {method} is known by its public keys: send them as jwks.")
    names = [name for name in CERTIFICATE_NAMES if name in sent]
    if method in WITH_CERTIFICATE and len(names) != 1:
        raise MetadataError(f"tls_client_auth takes exactly one of {', '.join(CERTIFICATE_NAMES)}; saw {len(names)}.")
    return method


def _scope(sent: Metadata) -> str:
    if "scope" not in sent:
        return " ".join(SCOPES)
    names = _text(sent, "scope").split(" ")
    for name in names:
        if name not in SCOPES:
            raise MetadataError(f"scope holds {name[:60]!r}; this server has: {' '.join(SCOPES)}, with one space between.")
    return " ".join(dict.fromkeys(names))


def _redirect_uris(sent: Metadata) -> list[str]:
    for uri in _texts(sent, "redirect_uris", "invalid_redirect_uri"):
        # RFC 6749 §3.1.2: an absolute URI without a fragment.
        try:
            parts = urlsplit(uri)
        except ValueError:
            parts = None
        known = parts and parts.scheme and (parts.netloc or parts.path) and "#" not in uri
        if not known or not re.fullmatch(r"[\x21-\x7e]+", uri):
            raise MetadataError(f"{uri[:80]!r} is not an absolute URI without a fragment.", "invalid_redirect_uri")
    return sent["redirect_uris"]


def _public_keys(jwks: object) -> Metadata:
    # RFC 7517 §5: a JWK Set is an object with the member keys, an array of JWKs.
    keys = jwks.get("keys") if isinstance(jwks, dict) else None
    if not isinstance(keys, list) or not keys or not all(isinstance(key, dict) and isinstance(key.get("kty"), str) for key in keys):
        raise MetadataError('jwks must be a JWK Set, {"keys": [...]}, with at least one key, each with its kty (RFC 7517).')
    for key in keys:
        # RFC 7518 §6.3.2: one prime of an RSA key gives away the other, so not only d is private.
        if PRIVATE_MEMBERS & key.keys():
            raise MetadataError("jwks holds a private or secret key: keep that, send the public part, and use a new key.")
        # RFC 7517 §4: the members of a public key are texts, or lists of texts (key_ops, x5c).
        if not all(isinstance(value, str) or _is_list_of_texts(value) for value in key.values()):
            raise MetadataError("A key in jwks holds a member that is neither a text nor a list of texts (RFC 7517).")
    return {"keys": keys}


def certificates_in(metadata: Metadata) -> list[bytes]:
    """The certificate of each key in jwks, in DER (RFC 7517 §4.7: base64, the key's own first). MetadataError where it is none."""
    certificates = []
    for key in metadata.get("jwks", {}).get("keys", ()):
        chain = key.get("x5c", [])
        if not isinstance(chain, list):
            raise MetadataError("x5c in jwks must be a list of certificates (RFC 7517 section 4.7).")
        try:
            certificates += [base64.b64decode(each, validate=True) for each in chain[:1]]
        except ValueError:
            raise MetadataError("x5c in jwks must hold certificates in DER as base64, not base64url (RFC 7517 section 4.7).") from None
    return certificates


def _switch(sent: Metadata, name: str) -> bool:
    if not isinstance(sent[name], bool):
        raise MetadataError(f"{name} is {json.dumps(sent[name])[:60]}; expected true or false.")
    return sent[name]


def _one_of(sent: Metadata, name: str, allowed: tuple[str, ...]) -> str:
    value = sent.get(name, allowed[0])
    if value not in allowed:
        raise MetadataError(f"{name} is {json.dumps(value)[:60]}; this server knows {', '.join(allowed)}.")
    return value


def _text(sent: Metadata, name: str) -> str:
    if not isinstance(sent[name], str):
        raise MetadataError(f"{name} is {json.dumps(sent[name])[:60]}; expected a text in quotation marks.")
    return sent[name]


def _texts(sent: Metadata, name: str, error: str = "invalid_client_metadata") -> list[str]:
    value = sent[name]
    if not _is_list_of_texts(value):
        raise MetadataError(f"{name} is {json.dumps(value)[:60]}; expected a list of texts.", error)
    return value


def _is_list_of_texts(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)

"""What the settings of a client may be: a wrong one is refused where it is made, and not in an answer much later."""

import re
from collections.abc import Callable

from mock_server.oauth.signing_keys import ALGORITHMS

SECRET_METHODS = ("client_secret_basic", "client_secret_post")
#: Methods by which a client proves itself without sending a secret.
KEY_METHODS = {"client_secret_jwt", "private_key_jwt", "tls_client_auth", "self_signed_tls_client_auth"}
TOKEN_FORMATS = ("opaque", "jwt")
#: In seconds, about 31 years.
MOST_LIFETIME = 10**9

# RFC 7591 §2: "none" is the method of a public client.
_METHODS = (*SECRET_METHODS, *sorted(KEY_METHODS), "none")
# RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")


def _each(value: object, fits: Callable[[object], bool]) -> bool:
    return isinstance(value, (tuple, list)) and all(fits(each) for each in value)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_switch(value: object) -> bool:
    return isinstance(value, bool)


#: For each setting whether a value is one for it, and what to write.
_RULES: dict[str, tuple[Callable[[object], bool], str]] = {
    "scopes": (
        lambda value: _each(value, lambda each: _is_text(each) and _SCOPE.fullmatch(each) is not None),
        'a tuple of names in printable ASCII without spaces, quotes and backslashes (RFC 6749 section 3.3), as in ("readings:read",)',
    ),
    "grant_types": (lambda value: _each(value, _is_text), 'a tuple of names, as in ("client_credentials",)'),
    "token_lifetime": (
        lambda value: type(value) is int and 0 <= value <= MOST_LIFETIME,
        f"a whole number of seconds from 0 to {MOST_LIFETIME}",
    ),
    "auth_methods": (
        lambda value: _each(value, lambda each: each in _METHODS) and len(value) > 0,
        f"a tuple of one or more of {', '.join(_METHODS)}",
    ),
    "jwks": (
        lambda value: _each(value, lambda each: isinstance(each, dict) and _is_text(each.get("kty"))),
        "a tuple of public keys, each a JSON Web Key with its kty (of a JWK Set, what is in its keys)",
    ),
    "certificate_subject": (
        lambda value: _each(value, _is_text) and len(value) == 2,
        'one name of RFC 8705 section 2.1.2 and its value, as in ("tls_client_auth_subject_dn", "CN=x")',
    ),
    "certificate_thumbprints": (lambda value: _each(value, _is_text), "a tuple of x5t#S256 thumbprints"),
    "certificate_bound": (_is_switch, "True or False"),
    "dpop_bound": (_is_switch, "True or False"),
    "access_token_format": (lambda value: value in TOKEN_FORMATS, " or ".join(map(repr, TOKEN_FORMATS))),
    "token_signing_alg": (lambda value: value in ALGORITHMS, " or ".join(map(repr, ALGORITHMS))),
    "may_introspect": (_is_switch, "True or False"),
}


def check_settings(client: object) -> None:
    """ValueError, with what would be right, for the first setting of a `Client` that could not work."""
    for name, (fits, expected) in _RULES.items():
        value = getattr(client, name)
        if not fits(value):
            raise ValueError(f"Saw {name}={value!r}; expected {expected}.")


def check_text(name: str, value: object) -> None:
    """ValueError for what is no text that a request could carry (RFC 6749 appendix B: in UTF-8)."""
    try:
        is_sendable = isinstance(value, str) and value.encode("utf-8") is not None
    except UnicodeEncodeError:
        is_sendable = False
    if not is_sendable:
        raise ValueError(f"Saw {name}={value!r}; expected a text.")

"""Clients that sign a JWT instead of sending a secret: `client_secret_jwt` and `private_key_jwt` (RFC 7521, RFC 7523)."""

from mock_server.oauth.clients import Client, Clients
from mock_server.oauth.oauth_errors import OAuthError
from mock_server.oauth.replay import ReplayMemory
from mock_server.oauth.signed_jwt import (
    HMAC_ALGORITHMS,
    KEY_OF_ALGORITHM,
    SignedJWT,
    UnreadableJWT,
    fits,
    has_hmac,
    is_signed_with,
    read_jwt,
    seen,
)
from mock_server.oauth.teaching_keys import SERVER_KEYS

#: RFC 7523 §2.2, to the letter.
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
#: In seconds. An assertion is made for one request, so a minute is plenty; Authlib makes them for an hour, and works here.
MOST_LIFETIME = 3600
#: RFC 7523 §3: how far the client's clock may be ahead.
CLOCK_SKEW = 10

# A signature is checked for an unknown client too, and for one that has no such key, so that all take as long.
_NOBODY = Client("", auth_methods=("private_key_jwt",), hmac_key=bytes(32))
#: By curve; the one without is of RSA. Nobody can use them: a client without a key of its own is refused whatever they say.
_KEY_OF_NOBODY = {
    "P-256": {
        "kty": "EC",
        "crv": "P-256",
        "x": "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
        "y": "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",
    },
    "P-384": {
        "kty": "EC",
        "crv": "P-384",
        "x": "7s1SxOxfZLZ1APjOrwV-b9T-gQXS6-WblxFjjJKqcLHzr8rrT3iE-SGxu6vFgK_y",
        "y": "T6TJMx4LWXE2U3i8y95yNQusur1R94yaWEK279Ulbt4sfxZb3dMCkAGGKTWnlsn4",
    },
    "P-521": {
        "kty": "EC",
        "crv": "P-521",
        "x": "ALx-tTbjfuH0_qUdMYO7S722TnfRpOSzgqNpZvRGU9fz1UkO5bj_MZx5cLuT8G5p9IhCvaxcUvcLup0tEWu1tnzu",
        "y": "ARC3zIfP516YoENgFNr5G0K5lxwa9QHoxoxP0pGxSfm9InXwVZcc_Emg-r255MtO7k87GTVB-ldnereRYIZScI38",
    },
    "Ed25519": {"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"},
    None: SERVER_KEYS["RS256"][0],
}


def assertion_from(parameters: dict[str, str]) -> str | None:
    """`client_assertion`, or None where the client uses another method. OAuthError where its type is not the one known."""
    assertion, kind = parameters.get("client_assertion"), parameters.get("client_assertion_type")
    if assertion is None and kind is None:
        return None
    # RFC 7521 §4.2: both are required.
    if assertion is None or kind is None:
        seen, missing = ("client_assertion_type", "client_assertion") if assertion is None else ("client_assertion", "client_assertion_type")
        raise OAuthError("invalid_request", f"{seen} was sent without {missing}: an assertion needs both.")
    if kind != ASSERTION_TYPE:
        raise OAuthError("invalid_request", f"The client_assertion_type is {kind[:80]!r}; it must be {ASSERTION_TYPE}")
    return assertion


def authenticated_by_assertion(
    assertion: str,
    parameters: dict[str, str],
    clients: Clients,
    now: float,
    audiences: tuple[str, ...],
    used: ReplayMemory,
) -> tuple[str, Client]:
    """The method that the assertion used and the client that made it. OAuthError `invalid_client` where it proves nothing.

    The claims are judged first, by rules that are the same for every client; only then is the client looked up.
    """
    try:
        jwt = read_jwt(assertion)
        client_id, ends_at = _check_claims(jwt, now, audiences)
    except UnreadableJWT as error:
        raise _refused(f"The client_assertion cannot be used: {error}.") from None
    # RFC 7521 §4.2: client_id is optional, and "MUST identify the same client as is identified by the client assertion".
    if parameters.get("client_id", client_id) != client_id:
        raise OAuthError("invalid_request", "client_id in the body is not the sub of the client_assertion: they name one client.")

    client = clients.find(client_id)
    method = "client_secret_jwt" if jwt.algorithm in HMAC_ALGORITHMS else "private_key_jwt"
    proves = _has_shared_key if method == "client_secret_jwt" else _has_own_key
    if not proves(jwt, client or _NOBODY, now) or client is None:
        raise _refused("The client is unknown, or the client_assertion is not signed with a key that is registered for it.")
    # RFC 7523 §3 item 7: "MAY ensure that JWTs are not replayed by maintaining the set of used jti values". Here it does.
    if not used.use(now, ends_at, client_id, jwt.claims["jti"]):
        raise _refused("This client_assertion was used before (the server has seen its jti): make a new one for each request.")
    return method, client


def _check_claims(jwt: SignedJWT, now: float, audiences: tuple[str, ...]) -> tuple[str, float]:
    """Who the assertion says it is, and when it ends. UnreadableJWT says what is wrong."""
    # RFC 8725 §3.1, §3.2: only algorithms from a list, and "none" is on none.
    if not isinstance(jwt.algorithm, str) or jwt.algorithm not in KEY_OF_ALGORITHM | HMAC_ALGORITHMS:
        known = " ".join([*KEY_OF_ALGORITHM, *HMAC_ALGORITHMS])
        raise UnreadableJWT(f"its alg is {seen(jwt.header, 'alg')}, this server takes one of {known}")
    # RFC 8725 §3.11: a JWT made for another purpose is not taken for this one.
    kind = jwt.header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in ("jwt", "client-authentication+jwt"):
        raise UnreadableJWT(f"its typ is {seen(jwt.header, 'typ')}, expected JWT or none at all")
    # RFC 7523 §3 items 1 and 2B: iss and sub are the client_id.
    client_id = jwt.claims.get("sub")
    if not isinstance(client_id, str) or not client_id or jwt.claims.get("iss") != client_id:
        raise UnreadableJWT(
            f"iss and sub must both be the client_id, saw iss {seen(jwt.claims, 'iss')} and sub {seen(jwt.claims, 'sub')}"
        )
    # §3 item 3: the audience is this server, by its issuer or the URL of its token endpoint.
    audience = jwt.claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if not any(isinstance(name, str) and name in audiences for name in named):
        raise UnreadableJWT(f"aud is {seen(jwt.claims, 'aud')}, expected one of {' '.join(audiences)}")
    ends_at = _check_times(jwt, now)
    # §3 item 7 leaves jti open; without one a replay could not be told from a second request.
    if not isinstance(jwt.claims.get("jti"), str) or not jwt.claims["jti"]:
        raise UnreadableJWT(f"jti is {seen(jwt.claims, 'jti')}, expected a text that is new in each assertion")
    return client_id, ends_at


def _check_times(jwt: SignedJWT, now: float) -> float:
    ends_at, begins_at, made_at = (jwt.seconds(claim) for claim in ("exp", "nbf", "iat"))
    clock = f"the server's clock says {now:.0f}"
    # §3 item 4: "The JWT MUST contain an 'exp' (expiration) claim".
    if ends_at is None:
        raise UnreadableJWT("exp is absent, and without it the assertion would be good for ever")
    if ends_at <= now:
        raise UnreadableJWT(f"exp is {ends_at:.0f}, which is past: {clock}")
    # §3 item 4: a server may refuse an exp that is unreasonably far in the future; item 6: or an iat far in the past.
    lifetime = ends_at - (now if made_at is None else min(made_at, now))
    if lifetime > MOST_LIFETIME + CLOCK_SKEW:
        raise UnreadableJWT(f"it lives {lifetime:.0f} seconds, at most {MOST_LIFETIME} are taken ({clock})")
    # §3 item 5.
    if begins_at is not None and begins_at > now + CLOCK_SKEW:
        raise UnreadableJWT(f"nbf is {begins_at:.0f}, which is still to come: {clock}")
    if made_at is not None and made_at > now + CLOCK_SKEW:
        raise UnreadableJWT(f"iat is {made_at:.0f}, which is still to come: {clock}")
    return ends_at


def _has_shared_key(jwt: SignedJWT, client: Client, now: float) -> bool:
    # An empty key stands for none. Both are tried, so that a rotation cannot be seen from outside.
    return any([has_hmac(jwt, key or bytes(32)) and bool(key) for key in client.hmac_keys(now)])


def _has_own_key(jwt: SignedJWT, client: Client, now: float) -> bool:
    # RFC 7515 §4.1.4: kid is a hint. Without a key of that name the others are tried.
    named = [key for key in client.jwks if "kid" in key and key["kid"] == jwt.header.get("kid")]
    own = [key for key in named or client.jwks if fits(jwt.algorithm, key)]
    _, curve = KEY_OF_ALGORITHM[jwt.algorithm]
    return any([is_signed_with(jwt, key) for key in own or [_KEY_OF_NOBODY[curve]]]) and bool(own)


def _refused(description: str) -> OAuthError:
    # RFC 7521 §4.2.1: invalid_client. RFC 9110 §15.5.2 asks for a challenge with every 401, and Basic is what there is.
    return OAuthError("invalid_client", description, challenge='Basic realm="token endpoint"')

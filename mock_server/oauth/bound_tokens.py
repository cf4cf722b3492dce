"""Tokens that are good only for the client that got them: the `cnf` of RFC 7800, by RFC 8705 §3 and RFC 9449 §6."""

from mock_server.oauth.access_tokens import AccessToken
from mock_server.oauth.client_certificate import certificate_thumbprint
from mock_server.oauth.clients import Client
from mock_server.oauth.dpop import ALGORITHMS, DPoP, ProofRefused
from mock_server.oauth.oauth_errors import OAuthError
from mock_server.web.messages import Request


def confirmation_for(client: Client, request: Request, now: float, dpop: DPoP) -> dict[str, str] | None:
    """What a new token is bound to, as the members of `cnf`; None for a token that anyone may bear."""
    confirmation = {}
    # RFC 9449 §5: a proof in the token request asks for a bound token; `dpop_bound_access_tokens` demands one (§5.2).
    if key := dpop.prove(request, now):
        confirmation["jkt"] = key
    elif client.dpop_bound:
        raise OAuthError("invalid_request", "This client is registered for DPoP-bound tokens: send a DPoP header with a proof.")
    # RFC 8705 §3.4: "tls_client_certificate_bound_access_tokens".
    if client.certificate_bound:
        if request.client_certificate is None:
            raise OAuthError(
                "invalid_request",
                "This client is registered for certificate-bound tokens, and this connection has no client certificate.",
            )
        confirmation["x5t#S256"] = certificate_thumbprint(request.client_certificate)
    return confirmation or None


def token_type(confirmation: dict[str, str] | None) -> str:
    """RFC 9449 §5: a token bound to a DPoP key is of the type DPoP. RFC 8705 §3 leaves a certificate-bound one a Bearer."""
    return "DPoP" if confirmation and "jkt" in confirmation else "Bearer"


REALM = 'Bearer realm="stations"'
# RFC 9449 §7.1: the challenge of this scheme may say which algorithms are taken.
DPOP_REALM = f'DPoP realm="stations", algs="{ALGORITHMS}"'


class NotTheHolder(Exception):
    """The request does not prove to come from the token's holder. `realm` begins the challenge: in the scheme that the token needs."""

    def __init__(self, realm: str, error: str, description: str, headers: tuple = ()) -> None:
        super().__init__(description)
        self.realm, self.error, self.description, self.headers = realm, error, description, headers


def check_holder(token: AccessToken, scheme: str, request: Request, now: float, dpop: DPoP) -> None:
    """Return where the one who sends the token may use it. NotTheHolder where not.

    `scheme` is the word before the token in `Authorization`.
    """
    bound_to = token.confirmation or {}
    is_dpop = scheme.lower() == "dpop"
    # RFC 9449 §7.1, §7.2: a DPoP-bound token travels with the scheme DPoP and a proof, and only such a token does.
    if "jkt" in bound_to and not is_dpop:
        raise NotTheHolder(DPOP_REALM, "invalid_token", "This access token is bound to a DPoP key: send Authorization: DPoP TOKEN and a proof.")
    if is_dpop and "jkt" not in bound_to:
        raise NotTheHolder(REALM, "invalid_token", "This access token is bound to no DPoP key: send Authorization: Bearer TOKEN.")
    if is_dpop:
        try:
            key = dpop.prove(request, now, token.value)
        except ProofRefused as refused:
            raise NotTheHolder(DPOP_REALM, refused.error, refused.description, refused.headers) from None
        if key is None:
            raise NotTheHolder(DPOP_REALM, "invalid_dpop_proof", "There is no DPoP header: send a proof made for this request and token.")
        if key != bound_to["jkt"]:
            raise NotTheHolder(DPOP_REALM, "invalid_token", "The DPoP proof is signed with another key than the access token is bound to.")
    # RFC 8705 §3: "the protected resource MUST ... return HTTP 401 with the "invalid_token" error code".
    if "x5t#S256" in bound_to:
        certificate = request.client_certificate
        if certificate is None or certificate_thumbprint(certificate) != bound_to["x5t#S256"]:
            seen = "has none" if certificate is None else "has another"
            raise NotTheHolder(REALM, "invalid_token", f"This access token is bound to a client certificate, and this connection {seen}.")

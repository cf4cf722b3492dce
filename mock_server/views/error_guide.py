"""Every error code that this server may answer with: what it means, what causes it, what to do, and where that is written."""

from dataclasses import dataclass

from mock_server.oauth.oauth_errors import ERROR_PAGES
from mock_server.web.form import FORM


@dataclass(frozen=True, slots=True)
class ErrorGuide:
    """One error code. `status` is as answered, `example` a request that is right; `section` says where to read on.

    `pages` is the path below which this server explains codes of its kind.
    """

    code: str
    status: str
    section: str
    meaning: str
    causes: tuple[str, ...]
    remedies: tuple[str, ...]
    example: str
    pages: str = ERROR_PAGES

    @property
    def path(self) -> str:
        """Where this server explains the code."""
        return self.pages + self.code


_FIELDS = "grant_type=client_credentials&client_id=myapp123&client_secret=secret456"


def _token_request(body: str = _FIELDS, *fields: str) -> str:
    more = "".join(f"{field}\n" for field in fields)
    return f"POST /token HTTP/1.1\nHost: 127.0.0.1:9400\nContent-Type: {FORM}\nContent-Length: {len(body)}\n{more}\n{body}"


def _api_request(*fields: str) -> str:
    return "GET /api/stations HTTP/1.1\nHost: 127.0.0.1:9400\n" + "".join(f"{field}\n" for field in fields)


_REGISTRATION = (
    "POST /register HTTP/1.1\nHost: 127.0.0.1:9400\nContent-Type: application/json\nContent-Length: 39\n\n"
    '{"grant_types": ["client_credentials"]}'
)

_GUIDES = (
    ErrorGuide(
        "invalid_request",
        "400 Bad Request",
        "RFC 6749 §5.2; at an API RFC 6750 §3.1",
        "The server could not make sense of the request. It did not get as far as asking whether the client is a good one.",
        (
            "The body is JSON. The token endpoint reads forms only; this is the commonest first mistake.",
            "The parameter grant_type is missing, or misspelled.",
            "A parameter was sent twice.",
            "The client authenticated twice: an Authorization header and a client_secret in the body.",
            "The method is GET, or the parameters stand in the URL.",
        ),
        (
            "Send POST, with the parameters in the body as name=value pairs joined by &.",
            "With Python's requests write data=..., not json=... and not params=....",
            "Look at the bytes that arrived before you change the code again.",
        ),
        _token_request(),
    ),
    ErrorGuide(
        "invalid_client",
        "401 Unauthorized",
        "RFC 6749 §5.2",
        "The server does not know who is asking: the client did not prove its identity.",
        (
            "The secret is wrong, or belongs to another client. Spaces and line ends copied along with it count.",
            "There is no client of that id. The answer is the same as for a wrong secret, so that nobody can find out which ids exist.",
            "The secret holds a character such as + or %, and was put into HTTP Basic without form-encoding.",
            "Nothing was sent that identifies the client, or it stands in the URL, where it is not read.",
        ),
        (
            "Send the id and the secret once: in the form body, or as HTTP Basic.",
            "With Basic, form-encode each of the two, join them with a colon, and write that in base64 (RFC 6749 §2.3.1).",
            "Do not retry with the same secret: it will not become right.",
        ),
        _token_request("grant_type=client_credentials", "Authorization: Basic bXlhcHAxMjM6c2VjcmV0NDU2"),
    ),
    ErrorGuide(
        "unauthorized_client",
        "400 Bad Request",
        "RFC 6749 §5.2, §4.4",
        "The server knows the client, and this client may not use this grant.",
        (
            "The client is registered for another grant only, such as authorization_code.",
            "The client is public: an app in a browser or on a phone has no secret, so it cannot use client credentials.",
        ),
        (
            "Register a confidential client for the grant client_credentials, and let a server keep its secret.",
            "If a person is using the app, you need another flow: authorization code with PKCE.",
        ),
        _token_request(),
    ),
    ErrorGuide(
        "unsupported_grant_type",
        "400 Bad Request",
        "RFC 6749 §5.2",
        "The server does not know a grant of that name.",
        (
            "The value is misspelled: client_credential, client-credentials and ClientCredentials are other words.",
            "The grant was meant for another server: password and implicit are gone from current ones.",
        ),
        ("Write grant_type=client_credentials, in lower case, with an underscore and an s at the end.",),
        _token_request(),
    ),
    ErrorGuide(
        "invalid_scope",
        "400 Bad Request",
        "RFC 6749 §5.2, §3.3",
        "The scope asked for is unknown, badly written, or more than this client may have.",
        (
            "The scope is misspelled. Its letters compare exactly, upper and lower case included.",
            "The names are joined by commas; they are joined by one space.",
            "The client was never granted that scope.",
        ),
        (
            "Ask for less: leave scope out, and see in the answer what the client gets.",
            "Ask whoever registered the client to grant the scope, if the program needs it.",
        ),
        _token_request(_FIELDS + "&scope=readings%3Aread"),
    ),
    ErrorGuide(
        "invalid_target",
        "400 Bad Request",
        "RFC 8707 §2",
        "The resource that the token is for is unknown to this server, or is not written as a resource is.",
        (
            "The value of resource is not an absolute URI, or holds a fragment (a part after #).",
            "The URI names an API that this server gives no tokens for. A slash at the end makes another URI.",
        ),
        ("Copy the resource from the API's own documentation or metadata, character by character.",),
        _token_request(_FIELDS + "&resource=http%3A%2F%2F127.0.0.1%3A9400%2Fapi"),
    ),
    ErrorGuide(
        "invalid_token",
        "401 Unauthorized",
        "RFC 6750 §3.1",
        "The API got an access token and does not accept it.",
        (
            "The token has expired.",
            "The token was cut when it was copied, or comes from another server.",
            "The token was revoked, or the server has restarted and forgotten it.",
            "The token is for another resource than this API (RFC 8707).",
            "The token is a JWT whose signature does not fit, or whose key is no longer published.",
        ),
        (
            "Ask the token endpoint for a new token, and send the API request once more with it.",
            "Once more, and not for ever: if a fresh token is refused too, waiting will not help.",
        ),
        _api_request("Authorization: Bearer ACCESS_TOKEN"),
    ),
    ErrorGuide(
        "insufficient_scope",
        "403 Forbidden",
        "RFC 6750 §3.1",
        "The access token is good, but not good for this: the request needs a scope that the token does not have.",
        (
            "The token was asked for with a smaller scope than this request needs.",
            "The client is not allowed that scope at all.",
        ),
        (
            "Read scope in the WWW-Authenticate header of the answer: that is what the request needs.",
            "Ask for a token with that scope. Asking again for the same token changes nothing.",
        ),
        _api_request("Authorization: Bearer ACCESS_TOKEN"),
    ),
    ErrorGuide(
        "invalid_dpop_proof",
        "400 at the token endpoint, 401 at an API",
        "RFC 9449 §5, §7.1",
        "The DPoP proof does not show that the sender holds the key.",
        (
            "The proof is for another method or URL (htm, htu), or was made too long ago (iat).",
            "The proof was sent before: each request needs a fresh one, with its own jti.",
            "At an API, the proof lacks ath, the hash of the access token.",
        ),
        ("Make a new proof for every request, from its method, its URL without the query, and the time.",),
        _token_request(_FIELDS, "DPoP: A_PROOF_MADE_FOR_THIS_REQUEST"),
    ),
    ErrorGuide(
        "use_dpop_nonce",
        "400 at the token endpoint, 401 at an API",
        "RFC 9449 §8, §9",
        "The server wants its own fresh value, a nonce, inside the DPoP proof. This is a step of the protocol and no failure.",
        (
            "The first request of a client cannot know the nonce.",
            "The nonce that the client used is too old.",
        ),
        ("Take the value of the DPoP-Nonce header of this answer, put it into a new proof as nonce, and send the request again.",),
        _token_request(_FIELDS, "DPoP: A_NEW_PROOF_THAT_HOLDS_THE_NONCE"),
    ),
    ErrorGuide(
        "unsupported_token_type",
        "400 Bad Request",
        "RFC 7009 §2.2.1",
        "The server does not revoke tokens of that kind.",
        ("The token_type_hint, or the token itself, is of a kind that this server does not issue.",),
        ("Send an access token of this server in the parameter token, and leave token_type_hint out.",),
        _token_request("token=ACCESS_TOKEN&client_id=myapp123&client_secret=secret456").replace("/token ", "/revoke "),
    ),
    ErrorGuide(
        "temporarily_unavailable",
        "503 Service Unavailable",
        "RFC 7009 §2.2.1 for a revocation",
        "The server cannot do this now, and nothing was done: a token that was to be revoked is still good.",
        ("The server remembers as many revocations as it can, or has as many registered clients as it takes.",),
        ("Wait as long as Retry-After says, then send the same request again.",),
        _token_request("token=ACCESS_TOKEN&client_id=myapp123&client_secret=secret456").replace("/token ", "/revoke "),
    ),
    ErrorGuide(
        "invalid_client_metadata",
        "400 Bad Request",
        "RFC 7591 §3.2.2",
        "The registration of a client holds a value that the server does not accept.",
        (
            "A field has the wrong type: grant_types is a list, scope is one string with spaces.",
            "Two fields contradict each other, or ask for something that this server does not have.",
        ),
        ("Read error_description for the name of the field, and compare with the server's metadata.",),
        _REGISTRATION,
    ),
    ErrorGuide(
        "invalid_redirect_uri",
        "400 Bad Request",
        "RFC 7591 §3.2.2",
        "A redirect URI in the registration of a client is not one that could be used.",
        ("It is relative, holds a fragment (a part after #), or is not a text.",),
        ("Leave redirect_uris out: the client credentials flow redirects nobody.",),
        _REGISTRATION,
    ),
    ErrorGuide(
        "access_denied",
        "403 Forbidden",
        "RFC 6749 §4.1.2.1 has the name, RFC 7591 §3 the rule",
        "The server does not let anyone register a client here.",
        ("The server was started so that other machines can reach it; then registration is closed.",),
        ("Use one of the clients that the server has, or register at a server on your own machine.",),
        _REGISTRATION,
    ),
)

GUIDES: dict[str, ErrorGuide] = {guide.code: guide for guide in _GUIDES}

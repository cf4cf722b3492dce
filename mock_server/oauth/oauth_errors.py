"""The error response of the token endpoint (RFC 6749 §5.2)."""

import json
import re

from mock_server.web.messages import Headers, Response

# RFC 6749 §5.1 asks for both on every answer that may hold a token; §5.2 answers carry them alike.
NO_STORE: Headers = (("cache-control", "no-store"), ("pragma", "no-cache"))
#: Below this path the server explains each code to a person.
ERROR_PAGES = "/errors/"


class OAuthError(Exception):
    """A refusal: `error` is a code of §5.2, `description` says what was seen and what to do.

    `challenge` is the value of `WWW-Authenticate`; an `invalid_client` has one and status 401.
    """

    def __init__(
        self, error: str, description: str, challenge: str | None = None, status: int = 400, headers: Headers = ()
    ) -> None:
        super().__init__(f"{error}: {description}")
        self.error = error
        self.description = description
        # §5.2: 400 unless the client failed to authenticate.
        self.status = 401 if challenge else status
        # RFC 9110 §15.5.2: a 401 must carry a challenge.
        self.headers = (("www-authenticate", challenge), *headers) if challenge else headers

    def response(self) -> Response:
        body = error_body(self.error, self.description)
        return Response(
            self.status,
            (("content-type", "application/json"), *NO_STORE, *self.headers),
            json.dumps(body).encode("ascii"),
        )


def error_body(error: str, description: str) -> dict[str, str]:
    """The members of an error answer.

    §5.2: `error_uri` "MUST conform to the URI-reference syntax", which takes a relative one (RFC 3986 §4.1). It is read
    against the URL of the request (§5.1.3 there), so it is right under every name by which the server is reached.
    """
    return {"error": error, "error_description": printable(description), "error_uri": ERROR_PAGES + error}


def printable(text: str) -> str:
    """`text` in the characters that RFC 6749 §5.2 and RFC 6750 §3 allow: ASCII without `"` and `\\`."""
    return re.sub(r"[^\x20-\x21\x23-\x5b\x5d-\x7e]", "?", text.replace('"', "'").replace("\\", "/"))

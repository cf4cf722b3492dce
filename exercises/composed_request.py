"""A token request put together from choices: what the playground sends."""

import base64
import json
from dataclasses import dataclass
from urllib.parse import quote_plus, urlencode

from mock_server.web.form import FORM
from mock_server.web.messages import Request

METHODS = ("POST", "GET")
ENCODINGS = ("form", "JSON")
PLACES = ("body", "Basic", "URL", "nowhere")


@dataclass(frozen=True, slots=True)
class Choices:
    """What goes into the request. An empty `scope`, `resource` or `grant_type` is left out.

    ValueError for a method, encoding or place of the credentials that there is not.
    """

    method: str = "POST"
    encoding: str = "form"
    credentials: str = "body"
    client_id: str = "myapp123"
    client_secret: str = "secret456"
    grant_type: str = "client_credentials"
    scope: str = ""
    resource: str = ""

    def __post_init__(self) -> None:
        for name, known in (("method", METHODS), ("encoding", ENCODINGS), ("credentials", PLACES)):
            if getattr(self, name) not in known:
                raise ValueError(f"Saw {name}={getattr(self, name)!r}; expected one of {', '.join(known)}.")

    def request(self, host: str) -> Request:
        """The request to the token endpoint at `host`. A GET has no body: all its parameters stand in the URL."""
        credentials = {"client_id": self.client_id, "client_secret": self.client_secret}
        credentials = {name: value for name, value in credentials.items() if value}
        asked = {"grant_type": self.grant_type, "scope": self.scope, "resource": self.resource}
        parameters = {name: value for name, value in asked.items() if value}
        in_url = {}
        if self.credentials == "body":
            parameters |= credentials
        elif self.credentials == "URL":
            in_url = credentials
        if self.method == "GET":
            in_url, parameters = parameters | in_url, {}
        headers = [("Host", host)]
        if self.credentials == "Basic":
            # RFC 6749 §2.3.1: each of the two is form-encoded before they are joined.
            pair = f"{quote_plus(self.client_id)}:{quote_plus(self.client_secret)}"
            headers.append(("Authorization", f"Basic {base64.b64encode(pair.encode('ascii')).decode('ascii')}"))
        body = b""
        if self.method == "POST":
            is_json = self.encoding == "JSON"
            body = (json.dumps(parameters) if is_json else urlencode(parameters)).encode("ascii")
            headers.append(("Content-Type", "application/json" if is_json else FORM))
            headers.append(("Content-Length", str(len(body))))
        target = "/token" + (f"?{urlencode(in_url)}" if in_url else "")
        return Request(self.method, target, tuple(headers), body)

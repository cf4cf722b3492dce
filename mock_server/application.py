"""The whole server as one function from a request and a time to a response: no socket, no clock, no thread."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from mock_server.access_tokens import AccessTokens
from mock_server.client_authentication import AuthenticationRules
from mock_server.clients import Clients
from mock_server.dpop import DPoP
from mock_server.error_pages import error_page, is_error_page
from mock_server.faults import Faults, within_dates
from mock_server.host_header import is_own_host
from mock_server.inspector import Inspector
from mock_server.inspector_page import WARNING
from mock_server.mcp import Mcp
from mock_server.messages import Request, Response
from mock_server.metadata import RESOURCE_PATH, SERVER_PATH, resource_metadata_response, server_metadata_response
from mock_server.problems import problem
from mock_server.rate_limit import RateLimit
from mock_server.record import Record
from mock_server.registration import Registrations
from mock_server.stations import Stations
from mock_server.token_endpoint import token_response


@dataclass
class Application:
    """An authorization server and the API that it protects.

    `random_bytes(n)` returns n bytes; tokens are made of them, so the same source gives the same tokens.
    `issuer` is the URL at which clients reach this server, without a slash at its end (RFC 8414 §2).
    `exposed` says that others than this machine's own can reach it: then nobody may register a client.
    `rate_limit=(calls, seconds)` is how much the API takes from each client; None for no limit.
    `basic` is "strict" or "lenient" (RFC 6749 §2.3.1), `dpop_nonce` asks for a nonce in each DPoP proof (RFC 9449 §8).
    `client_ca` is the certificate, in DER, that vouches for those of clients (RFC 8705 §2.1).
    `own_address`, where given, is the only one beside loopback that a Host header may name.
    """

    clients: Clients
    random_bytes: Callable[[int], bytes]
    issuer: str = "http://127.0.0.1:9400"
    stations: Stations = field(default_factory=Stations)
    rate_limit: tuple[int, float] | None = None
    faults: Faults = field(default_factory=lambda: Faults(random.Random(0).random))
    #: How many seconds the API's clock is ahead of the authorization server's.
    api_skew: Callable[[], float] = lambda: 0.0
    basic: str = "strict"
    dpop_nonce: bool = False
    client_ca: bytes | None = None
    own_address: str | None = None
    exposed: bool = False
    #: What crossed the wire, as the shell writes it down; here it is only shown.
    record: Record = field(default_factory=Record)

    def __post_init__(self) -> None:
        if self.basic not in ("strict", "lenient"):
            raise ValueError(f'Saw basic={self.basic!r}; expected "strict" or "lenient" (RFC 6749 section 2.3.1).')
        if self.rate_limit is not None:
            self.stations.rate_limit = RateLimit(*self.rate_limit)
        self.tokens = AccessTokens(self.random_bytes)
        self.dpop = DPoP(self.issuer, self.random_bytes, self.dpop_nonce)
        self.tokens.dpop = self.dpop
        # RFC 7523 §3 item 3: an assertion may name the authorization server, or the endpoint that it is sent to.
        audiences = (self.issuer, f"{self.issuer}/token", f"{self.issuer}/oauth2/token")
        self.rules = AuthenticationRules(audiences, self.basic == "lenient", self.client_ca)
        self.registrations = Registrations(self.clients, self.random_bytes, self.issuer, self.exposed)
        self.inspector = Inspector(self.clients, self.record, self.issuer, self._owner_of_token, self.exposed)
        self._routes = {
            "/": self._describe,
            "/token": self._token,
            "/oauth2/token": self._token,
            "/api/stations": lambda request, now: self.stations.stations_response(request, now, self.tokens),
            "/api/readings": lambda request, now: self.stations.readings_response(request, now, self.tokens),
            "/api/readings/{id}": lambda request, now: self.stations.reading_response(request, now, self.tokens),
            # Found when asked for, as `stations` may be another by then.
            "/mcp": lambda request, now: Mcp(self.stations, self.tokens, self.issuer).response(request, now),
            SERVER_PATH: lambda request, now: server_metadata_response(request, self.issuer),
            RESOURCE_PATH: lambda request, now: resource_metadata_response(request, self.issuer),
            f"{RESOURCE_PATH}/mcp": lambda request, now: resource_metadata_response(request, self.issuer),
            "/register": self.registrations.registration_response,
            "/register/{client_id}": self.registrations.configuration_response,
        }

    def handle(self, request: Request, now: float) -> Response:
        """The answer at the time `now`, in seconds since 1970, complete with `Date` and `Content-Length`."""
        if self.inspector.is_asked(request):
            return self._answer(request, now).ready_to_send(now)
        if request.path.startswith("/api/") and (skew := self.api_skew()):
            now = within_dates(now + skew)
        return self.faults.answer(request, now, self._answer, self.tokens)

    def _answer(self, request: Request, now: float) -> Response:
        # RFC 9112 §3: request-line = method SP request-target SP HTTP-version; the parser calls a missing version 0.9.
        if request.version not in ("1.0", "1.1"):
            return problem(505, f"Expected a request line that ends with HTTP/1.1, saw version {request.version[:20]}.")
        # RFC 9112 §3.2: a 400 for any request of HTTP/1.1 without Host, and for any request with several.
        hosts = request.header_lines("host")
        if len(hosts) > 1 or (request.version == "1.1" and not hosts):
            return problem(400, f"Expected one Host header, saw {len(hosts)}: HTTP/1.1 requires it (RFC 9112 section 3.2).")
        if hosts and self.own_address and not is_own_host(hosts[0], self.own_address):
            # RFC 9110 §15.5.20: not a server for that name.
            detail = f"The Host header is {quote(hosts[0], safe=':[]')[:100]}, and this server answers for this machine's own address."
            return problem(421, f"{detail} To serve other names, start it with expose.")
        if self.inspector.is_asked(request):
            return self.inspector.response(request)
        if is_error_page(request.path):
            return error_page(request)
        route = self._routes.get(_pattern_of(request.path))
        if route is None:
            return problem(404, f"There is nothing at {quote(request.path, safe='/%')[:200]}. Here is: {', '.join(self._routes)}.")
        return route(request, now)

    def _token(self, request: Request, now: float) -> Response:
        return token_response(request, now, self.clients, self.tokens, self.rules, self.dpop)

    def _describe(self, request: Request, now: float) -> Response:
        if request.method not in ("GET", "HEAD"):
            return problem(405, "This page can only be read, with GET.", (("allow", "GET, HEAD"),))
        body = {"warning": WARNING, "endpoints": [path for path in self._routes if path != "/"]}
        # RFC 9110 §12.5.5: a browser gets a page here.
        headers = (("content-type", "application/json"), ("vary", "Accept"))
        return Response(200, headers, json.dumps(body).encode("ascii"))

    def _owner_of_token(self, value: str) -> str | None:
        token = self.tokens.find(value)
        return token.client_id if token else None


def _pattern_of(path: str) -> str:
    """The path as the routes have it: what names one of many is a variable there."""
    if path.startswith("/api/readings/"):
        return "/api/readings/{id}"
    return "/register/{client_id}" if path.startswith("/register/") else path

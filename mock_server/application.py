"""The whole server as one function from a request and a time to a response: no socket, no clock, no thread."""

import json
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import quote

from mock_server.api.mcp import Mcp
from mock_server.api.rate_limit import RateLimit
from mock_server.api.stations import Stations
from mock_server.faults import Faults, within_dates
from mock_server.oauth.authorization_server import AuthorizationServer
from mock_server.oauth.bearer import ProtectedResource
from mock_server.oauth.clients import READ, WRITE, Clients
from mock_server.oauth.metadata import RESOURCE_PATH, metadata_response, resource_metadata
from mock_server.oauth.signing_keys import NewKey, teaching_key
from mock_server.views.error_pages import error_page, is_error_page
from mock_server.views.inspector import Inspector
from mock_server.views.inspector_page import WARNING
from mock_server.views.openapi import PATH as OPENAPI_PATH
from mock_server.views.openapi import openapi
from mock_server.views.record import Record
from mock_server.web.host_header import is_own_host
from mock_server.web.messages import Request, Response
from mock_server.web.problems import problem


@dataclass
class Application:
    """An authorization server and the API that it protects.

    `random_bytes(n)` returns n bytes; tokens are made of them, so the same source gives the same tokens.
    `new_key` makes the keys that sign JWT access tokens; see `mock_server.oauth.signing_keys.NewKey`.
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
    new_key: NewKey = teaching_key
    #: What crossed the wire, as the shell writes it down; here it is only shown.
    record: Record = field(default_factory=Record)

    def __post_init__(self) -> None:
        if not isinstance(self.clients, Clients):
            raise ValueError(f"Saw clients={self.clients!r}; expected Clients, made with Clients() and its register(id, secret).")
        if not isinstance(self.dpop_nonce, bool):
            raise ValueError(f"Saw dpop_nonce={self.dpop_nonce!r}; expected True or False.")
        if self.rate_limit is not None:
            self.stations.rate_limit = RateLimit(*_pair(self.rate_limit))
        self.authorization_server = AuthorizationServer(
            self.issuer,
            self.clients,
            self.random_bytes,
            self.new_key,
            resources=(f"{self.issuer}/api", f"{self.issuer}/mcp"),
            basic=self.basic,
            dpop_nonce=self.dpop_nonce,
            client_ca=self.client_ca,
            is_registration_open=not self.exposed,
        )
        api, tools = self._resource("Weather stations", "/api", (READ, WRITE)), self._resource("Weather tools", "/mcp", (READ,))
        self.inspector = Inspector(self.clients, self.record, self.authorization_server.tokens, self.issuer, self.exposed)
        self._routes = {
            "/": self._describe,
            **self.authorization_server.routes,
            # `stations` is found when asked for, as it may be another by then.
            "/api/stations": lambda request, now: self.stations.stations_response(request, now, api),
            "/api/readings": lambda request, now: self.stations.readings_response(request, now, api),
            "/api/readings/{id}": lambda request, now: self.stations.reading_response(request, now, api),
            "/mcp": lambda request, now: Mcp(self.stations, tools, self.issuer).response(request, now),
            f"{RESOURCE_PATH}/api": lambda request, now: self._describe_resource(request, api),
            OPENAPI_PATH: lambda request, now: metadata_response(request, openapi(self.issuer)),
            f"{RESOURCE_PATH}/mcp": lambda request, now: self._describe_resource(request, tools),
        }

    def _resource(self, name: str, path: str, scopes: tuple[str, ...]) -> ProtectedResource:
        # RFC 9728 §3.1: the well-known path stands between the host and the path of the resource.
        server = self.authorization_server
        return ProtectedResource(
            name, self.issuer + path, self.issuer + RESOURCE_PATH + path, scopes, server.tokens, server.dpop
        )

    def handle(self, request: Request, now: float) -> Response:
        """The answer at the time `now`, in seconds since 1970, complete with `Date` and `Content-Length`."""
        if refusal := self._not_for_this_server(request):
            return refusal.ready_to_send(now)
        if self.inspector.is_asked(request):
            return self.inspector.response(request, now).ready_to_send(now)
        if request.path.startswith("/api/") and (skew := self.api_skew()):
            now = within_dates(now + skew)
        return self.faults.answer(request, now, self._answer, self.authorization_server.tokens)

    def _not_for_this_server(self, request: Request) -> Response | None:
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
        return None

    def _answer(self, request: Request, now: float) -> Response:
        path = request.path
        if route := self._routes.get(path) or self._routes.get(_pattern_of(path)):
            return route(request, now)
        if is_error_page(path):
            return error_page(request)
        return problem(404, f"There is nothing at {quote(path, safe='/%')[:200]}. Here is: {', '.join(self._routes)}.")

    def _describe_resource(self, request: Request, resource: ProtectedResource) -> Response:
        return metadata_response(request, resource_metadata(resource, self.issuer, with_certificates=self.client_ca is not None))

    def _describe(self, request: Request, now: float) -> Response:
        if request.method not in ("GET", "HEAD"):
            return problem(405, "This page can only be read, with GET.", (("allow", "GET, HEAD"),))
        body = {"warning": WARNING, "endpoints": [path for path in self._routes if path != "/"]}
        # RFC 9110 §12.5.5: a browser gets a page here.
        headers = (("content-type", "application/json"), ("vary", "Accept"))
        return Response(200, headers, json.dumps(body).encode("ascii"))


def _pair(rate_limit: object) -> tuple[object, object]:
    if not isinstance(rate_limit, (tuple, list)) or len(rate_limit) != 2:
        raise ValueError(f"Saw rate_limit={rate_limit!r}; expected calls and seconds, as in (100, 60), or None for no limit.")
    return tuple(rate_limit)


def _pattern_of(path: str) -> str:
    """The path as the routes have it: what names one of many is a variable there."""
    if path.startswith("/api/readings/"):
        return "/api/readings/{id}"
    return "/register/{client_id}" if path.startswith("/register/") else path

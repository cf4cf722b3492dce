"""The readings as a tool for agents: the Model Context Protocol over streamable HTTP, as much as calling one tool takes.

https://modelcontextprotocol.io/specification/2025-11-25/basic/transports and /basic/authorization. There are no sessions
and no streams: each request is answered at once, with JSON.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from mock_server.api.readings import STATIONS
from mock_server.api.resource import protected
from mock_server.api.stations import Stations
from mock_server.oauth.bearer import ProtectedResource
from mock_server.oauth.clients import READ
from mock_server.web.json_body import parse_json
from mock_server.web.messages import Request, Response
from mock_server.web.problems import problem

PATH = "/mcp"
VERSIONS = ("2025-06-18", "2025-11-25")

# JSON-RPC 2.0 §5.1
PARSE_ERROR, INVALID_REQUEST, METHOD_NOT_FOUND, INVALID_PARAMS = -32700, -32600, -32601, -32602
#: Of the Model Context Protocol since 2026-07-28; a client of an earlier day reads the status.
UNSUPPORTED_VERSION = -32022

LATEST_READING = {
    "name": "latest_reading",
    "title": "Latest reading",
    "description": "The newest temperature that a weather station has sent, in degrees Celsius.",
    "inputSchema": {
        "type": "object",
        "properties": {"station": {"type": "integer", "enum": [station["id"] for station in STATIONS]}},
        "required": ["station"],
    },
    "annotations": {"readOnlyHint": True},
}


class RpcError(Exception):
    """An error of JSON-RPC; `code` is one of §5.1."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Mcp:
    """The endpoint. `issuer` is the URL of this server."""

    stations: Stations
    resource: ProtectedResource
    issuer: str

    def response(self, request: Request, now: float) -> Response:
        # Transports: a server must check Origin, so that no page of the web speaks to it through DNS rebinding; 403 if invalid.
        if strangers := [origin for origin in request.header_lines("origin") if origin not in self._own_origins()]:
            detail = f"The Origin is {strangers[0][:80]}, a page from elsewhere; expected {self.issuer}, or none as programs send it."
            return problem(403, detail, kind="foreign-origin")
        # Transports: no GET, as this server opens no stream, and no DELETE, as it keeps no session: 405 for both.
        methods = {"POST": (READ, lambda: self._message(request))}
        return _with_scope(protected(request, now, self.resource, methods, self.stations.rate_limit))

    def _own_origins(self) -> set[str]:
        url = urlsplit(self.issuer)
        return {self.issuer, f"{url.scheme}://localhost:{url.port}"}

    def _message(self, request: Request) -> Response:
        """Transports: a request is answered with JSON; a notification or a response is only accepted, with 202."""
        if request.media_type != "application/json":
            seen = request.media_type or "absent"
            return problem(415, f"The Content-Type is {seen[:60]}; a message is sent as application/json.", kind="not-json")
        try:
            message = parse_json(request.body)
        except ValueError as error:
            return _rpc(None, error=(PARSE_ERROR, f"The body is not JSON: {error}."), status=400)
        if not isinstance(message, dict) or message.get("jsonrpc") != "2.0":
            seen = "A batch" if isinstance(message, list) else "The body"
            return _rpc(None, error=(INVALID_REQUEST, f'{seen} is not one message; expected {{"jsonrpc": "2.0", ...}}.'), status=400)
        number, method = message.get("id"), message.get("method")
        if type(number) not in (int, str, type(None)):
            return _rpc(None, error=(INVALID_REQUEST, "id must be a text or a whole number."), status=400)
        version = request.header("mcp-protocol-version")
        # Transports: 400 for a version that is not supported. Without one it is a version from before this header.
        if version is not None and version not in VERSIONS and method != "initialize":
            error = (UNSUPPORTED_VERSION, f"MCP-Protocol-Version is {version[:20]}; this server speaks {' and '.join(VERSIONS)}.")
            return _rpc(number, error=error, status=400, data={"supported": list(VERSIONS), "requested": version[:20]})
        is_response = method is None and ("result" in message or "error" in message)
        # JSON-RPC 2.0 §4.1: a notification is a request without an id, so it has a method.
        if is_response or ("id" not in message and isinstance(method, str)):
            return Response(202)
        # Basic: the id of a request must not be null.
        if number is None or not isinstance(method, str):
            detail = "A request has an id and a method, a notification only a method; a method is a text."
            return _rpc(number, error=(INVALID_REQUEST, detail), status=400)
        try:
            return _rpc(number, self._call(method, message.get("params", {})))
        except RpcError as error:
            return _rpc(number, error=(error.code, str(error)))

    def _call(self, method: str, params: object) -> dict[str, object]:
        methods: dict[str, Callable[[dict[str, object]], dict[str, object]]] = {
            "initialize": _initialize,
            "ping": lambda params: {},
            "tools/list": lambda params: {"tools": [LATEST_READING]},
            "tools/call": self._call_tool,
        }
        if method not in methods:
            raise RpcError(METHOD_NOT_FOUND, f"There is no method {method[:60]}; this server has {', '.join(methods)}.")
        if not isinstance(params, dict):
            raise RpcError(INVALID_PARAMS, "params must be an object.")
        return methods[method](params)

    def _call_tool(self, params: dict[str, object]) -> dict[str, object]:
        if params.get("name") != LATEST_READING["name"]:
            raise RpcError(INVALID_PARAMS, f"There is no tool of that name; this server has {LATEST_READING['name']}.")
        arguments = params.get("arguments") or {}
        station = arguments.get("station") if isinstance(arguments, dict) else None
        # Tools: a fault in the arguments is a result with isError, so that the model reads it and mends its call.
        if type(station) is not int or station not in [known["id"] for known in STATIONS]:
            return _tool_result("station must be the id of a station: 1, 2 or 3.", is_error=True)
        reading = self.stations.readings.latest(station)
        if reading is None:
            return _tool_result(f"Station {station} has no reading.", is_error=True)
        return {**_tool_result(json.dumps(reading)), "structuredContent": reading}


def _with_scope(response: Response) -> Response:
    """Authorization: scope in the challenge tells the client what to ask for."""
    headers = [
        (name, f'{value}, scope="{READ}"' if name == "www-authenticate" and "scope=" not in value else value)
        for name, value in response.headers
    ]
    return replace(response, headers=tuple(headers))


def _initialize(params: dict[str, object]) -> dict[str, object]:
    # Lifecycle: the client's version where the server speaks it, else the server's newest.
    asked = params.get("protocolVersion")
    return {
        "protocolVersion": asked if asked in VERSIONS else VERSIONS[-1],
        "capabilities": {"tools": {}},
        "serverInfo": {"name": "weather-stations", "title": "Weather stations (a teaching server)", "version": "1"},
    }


def _tool_result(text: str, is_error: bool = False) -> dict[str, object]:
    return {"content": [{"type": "text", "text": text}], "isError": is_error}


def _rpc(
    number: object, result: object = None, error: tuple[int, str] | None = None, status: int = 200, data: object = None
) -> Response:
    """A response of JSON-RPC 2.0 (§5): a result, or an error with its code and message."""
    fault = {"code": error[0], "message": error[1]} | ({"data": data} if data else {}) if error else None
    answer = {"error": fault} if error else {"result": result}
    body = json.dumps({"jsonrpc": "2.0", "id": number, **answer})
    return Response(status, (("content-type", "application/json"),), body.encode("ascii"))

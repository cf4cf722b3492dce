import asyncio
import json

import httpx2
import pytest
from mcp.client.auth.extensions.client_credentials import ClientCredentialsOAuthProvider
from mcp.client.client import Client
from mcp.client.streamable_http import streamable_http_client

from plain_client import GOOD_BODY, NOW, api_request, fields, token_request

JSON = ("content-type", "application/json")
PING = {"jsonrpc": "2.0", "id": 1, "method": "ping"}


class InMemory:
    """What the client has been given."""

    tokens = client = None

    async def get_tokens(self):
        return self.tokens

    async def set_tokens(self, tokens):
        self.tokens = tokens

    async def get_client_info(self):
        return self.client

    async def set_client_info(self, client):
        self.client = client


@pytest.fixture
def ask(application):
    request = token_request(GOOD_BODY + f"&resource={application.issuer}/mcp".encode())
    bearer = ("authorization", f"Bearer {fields(application.handle(request, NOW))['access_token']}")

    def ask(message, *headers, method="POST"):
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        return application.handle(api_request(method, "/mcp", bearer, JSON, *headers, body=body), NOW)

    return ask


def call(arguments, name="latest_reading"):
    return {"jsonrpc": "2.0", "id": "c", "method": "tools/call", "params": {"name": name, "arguments": arguments}}


@pytest.mark.parametrize("mode", ["legacy", "auto"])
def test_the_official_client_gets_its_token_by_the_client_credentials_extension_and_calls_the_tool(server, mode):
    url = f"{server.url}/mcp"
    storage = InMemory()
    auth = ClientCredentialsOAuthProvider(
        url, storage, "dashboard", "dashboard-secret", scope="readings:read", issuer=server.url
    )

    async def use():
        async with httpx2.AsyncClient(auth=auth, trust_env=False) as http:
            async with Client(streamable_http_client(url, http_client=http), mode=mode) as client:
                return await client.list_tools(), await client.call_tool("latest_reading", {"station": 3})

    listed, called = asyncio.run(use())
    assert [tool.name for tool in listed.tools] == ["latest_reading"]
    assert called.structured_content == {"id": 3, "station": 3, "temperature_c": -7.5}
    assert storage.tokens.access_token
    assert [exchange.request.path for exchange in server.exchanges].count("/token") == 1


def test_without_a_token_the_challenge_points_to_the_metadata_of_the_resource(application):
    response = application.handle(api_request("POST", "/mcp", JSON, body=json.dumps(PING).encode()), NOW)
    assert response.status == 401
    pointer = f'resource_metadata="{application.issuer}/.well-known/oauth-protected-resource/mcp"'
    assert pointer in response.header("www-authenticate")
    assert "error" not in response.header("www-authenticate")


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1:9400", "http://127.0.0.1:9401", ""])
def test_servers_must_validate_the_origin_header(ask, origin):
    assert ask(PING, ("origin", origin)).status == 403


@pytest.mark.parametrize("headers", [(), (("origin", "http://127.0.0.1:9400"),), (("origin", "http://localhost:9400"),)])
def test_its_own_pages_and_programs_may_ask(ask, headers):
    assert fields(ask(PING, *headers)) == {"jsonrpc": "2.0", "id": 1, "result": {}}


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_server_without_streams_and_sessions_answers_405(ask, method):
    response = ask(b"", method=method)
    assert (response.status, response.header("allow")) == (405, "POST")


def test_the_version_is_the_clients_where_the_server_speaks_it_and_else_the_servers_newest(ask):
    for asked, answered in (("2025-06-18", "2025-06-18"), ("1999-01-01", "2025-11-25"), (None, "2025-11-25")):
        message = {"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": {"protocolVersion": asked}}
        assert fields(ask(message))["result"]["protocolVersion"] == answered


def test_an_unsupported_protocol_version_header_is_a_400(ask):
    response = ask(PING, ("mcp-protocol-version", "2026-07-28"))
    assert response.status == 400
    assert fields(response)["error"]["data"]["supported"] == ["2025-06-18", "2025-11-25"]


@pytest.mark.parametrize("message", [{}, {"method": 5}, {"method": None}, {"params": {}}])
def test_a_message_without_a_method_is_no_notification(ask, message):
    """JSON-RPC 2.0 §4: method is "a String containing the name of the method to be invoked"."""
    response = ask({"jsonrpc": "2.0"} | message)
    assert (response.status, fields(response)["error"]["code"]) == (400, -32600)


def test_a_notification_is_accepted_with_202_and_no_body(ask):
    response = ask({"jsonrpc": "2.0", "method": "notifications/initialized"})
    assert (response.status, response.body) == (202, b"")


@pytest.mark.parametrize(
    ("message", "status", "code"),
    [
        (b"{", 400, -32700),
        (b"[" * 60_000, 400, -32700),
        ([PING], 400, -32600),
        ({"id": 1, "method": "ping"}, 400, -32600),
        ({**PING, "id": None}, 400, -32600),
        ({**PING, "id": [1]}, 400, -32600),
        ({**PING, "method": 7}, 400, -32600),
        ({**PING, "method": "tools/dance"}, 200, -32601),
        ({**PING, "params": []}, 200, -32602),
        (call({}, name="other"), 200, -32602),
    ],
)
def test_a_message_that_cannot_be_served_gets_the_code_of_json_rpc(ask, message, status, code):
    response = ask(message)
    assert response.status == status
    assert fields(response)["error"]["code"] == code


@pytest.mark.parametrize("arguments", [{}, {"station": 4}, {"station": True}, {"station": "1"}, [], None, {"station": 1.0}])
def test_a_wrong_argument_is_a_result_that_the_model_can_read(ask, arguments):
    assert fields(ask(call(arguments)))["result"]["isError"] is True

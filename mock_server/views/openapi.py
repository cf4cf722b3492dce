"""The whole server described for programs: OpenAPI 3.1 (https://spec.openapis.org/oas/v3.1.1)."""

from collections.abc import Iterable

from mock_server.oauth.clients import CLIENT_CREDENTIALS, READ, WRITE
from mock_server.views.error_guide import GUIDES
from mock_server.views.openapi_schemas import SCHEMAS, ref
from mock_server.views.problem_guide import PROBLEM_GUIDES
from mock_server.web.form import FORM

Part = dict[str, object]

PATH = "/openapi.json"
_JSON, _PROBLEM = "application/json", "application/problem+json"


def openapi(issuer: str) -> Part:
    """The description of the server at `issuer`."""
    resources = [f"{issuer}/api", f"{issuer}/mcp"]
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Mock server for the client credentials flow",
            "version": "1",
            "description": "A teaching server with published secrets: never use it for anything real.",
        },
        "servers": [{"url": issuer}],
        "paths": {
            "/": {"get": _operation("What this server is", {"200": _answer("A warning, and the endpoints", ref("Description"))})},
            "/token": {"post": _token(resources)},
            "/oauth2/token": {"post": _token(resources)},
            "/introspect": {"post": _about_a_token("Ask what a token is good for (RFC 7662 §2)", ref("Introspection"))},
            "/revoke": {"post": _about_a_token("End a token (RFC 7009 §2)", None)},
            "/register": {"post": _registration()},
            "/register/{client_id}": _configuration(),
            "/jwks": {"get": _document("The public keys (RFC 7517 §5)", ref("JWKSet"), "application/jwk-set+json")},
            "/authorize": {"get": _operation("There is no such flow here", {"400": _problem("Ask POST /token instead")})},
            "/.well-known/oauth-authorization-server": {"get": _document("This server's metadata (RFC 8414 §3)", ref("ServerMetadata"))},
            "/.well-known/oauth-protected-resource/api": {"get": _document("The API's metadata (RFC 9728 §3)", ref("ResourceMetadata"))},
            "/.well-known/oauth-protected-resource/mcp": {"get": _document("The tools' metadata (RFC 9728 §3)", ref("ResourceMetadata"))},
            PATH: {"get": _document("This description", {"type": "object"})},
            "/errors/{code}": _page("Explains an error code to a person (RFC 6749 §5.2)", "code", GUIDES),
            "/problems/{kind}": _page("Explains a problem type to a person (RFC 9457 §3.1.1)", "kind", PROBLEM_GUIDES),
            "/api/stations": {"get": _protected(READ, "All stations", ref("Stations"))},
            "/api/readings": _readings(),
            "/api/readings/{id}": _reading(),
            "/mcp": {"post": _tools()},
        },
        "components": {
            "schemas": SCHEMAS,
            "securitySchemes": {
                "client": {"type": "http", "scheme": "basic", "description": "RFC 6749 §2.3.1: id and secret, each form-encoded."},
                "access_token": {
                    "type": "oauth2",
                    "flows": {
                        "clientCredentials": {
                            "tokenUrl": f"{issuer}/token",
                            "scopes": {READ: "Read stations and readings", WRITE: "Add, correct and remove readings"},
                        }
                    },
                },
                "registration_access_token": {"type": "http", "scheme": "bearer", "description": "RFC 7592 §1.3"},
            },
        },
    }


def _token(resources: list[str]) -> Part:
    # RFC 6749 §4.4.2; RFC 8707 §2 for resource; RFC 7521 §4.2 for the assertion.
    form = {
        "type": "object",
        "required": ["grant_type"],
        "properties": {
            "grant_type": {"const": CLIENT_CREDENTIALS},
            "scope": {"enum": [READ, WRITE, f"{READ} {WRITE}"]},
            "resource": {"type": "array", "items": {"enum": resources}, "maxItems": 2},
            "client_id": {"type": "string"},
            "client_secret": {"type": "string"},
        },
        "additionalProperties": _IGNORED,
    }
    responses = {"200": _answer("A token (RFC 6749 §5.1)", ref("Token"), headers=_NOT_STORED), **_CLIENT_REFUSALS}
    return _operation("Ask for an access token (RFC 6749 §4.4.2)", responses, security=_BY_CLIENT, body={FORM: form})


def _about_a_token(summary: str, schema: Part | None) -> Part:
    properties = {name: {"type": "string"} for name in ("token_type_hint", "client_id", "client_secret")}
    form = {
        "type": "object",
        "required": ["token"],
        "properties": {"token": {"type": "string", "minLength": 1}, **properties},
        "additionalProperties": _IGNORED,
    }
    success = _answer("What is known of it", schema, headers=_NOT_STORED) if schema else {"description": "It is no longer good"}
    responses = {"200": success, **_CLIENT_REFUSALS}
    if schema is None:
        responses["503"] = _answer("It is still good: no more revocations fit (RFC 7009 §2.2.1)", ref("OAuthError"))
    return _operation(summary, responses, security=_BY_CLIENT, body={FORM: form})


def _registration() -> Part:
    responses = {
        "201": _answer("The client, with its secret if it has one (RFC 7591 §3.2.1)", ref("ClientInformation"), headers=_NOT_STORED),
        "400": _answer("What is wrong with the metadata (RFC 7591 §3.2.2)", ref("OAuthError")),
        "403": _answer("Others can reach this server, so registration is closed", ref("OAuthError")),
        "503": _answer("No more clients fit", ref("OAuthError")),
    }
    return _operation("Register a client (RFC 7591 §3.1)", responses, body={_JSON: ref("ClientMetadata")})


def _configuration() -> Part:
    client = _answer("The client (RFC 7592 §3)", ref("ClientInformation"), headers=_NOT_STORED)
    refusal = _answer("The token is not this client's (RFC 7592 §2.1)", ref("OAuthError"), headers=_CHALLENGE)
    security = [{"registration_access_token": []}]
    update = {"400": _answer("What is wrong with the metadata", ref("OAuthError")), "200": client, "401": refusal}
    return {
        "parameters": [_in_path("client_id", {"type": "string", "minLength": 1})],
        "get": _operation("Read a registration (RFC 7592 §2.1)", {"200": client, "401": refusal}, security=security),
        "put": _operation("Change it as a whole (RFC 7592 §2.2)", update, security=security, body={_JSON: ref("ClientUpdate")}),
        "delete": _operation("End it (RFC 7592 §2.3)", {"204": {"description": "Ended"}, "401": refusal}, security=security),
    }


def _readings() -> Part:
    number = {"type": "integer", "minimum": 1, "maximum": 100}
    paging = [
        {"name": "limit", "in": "query", "schema": number},
        {"name": "after", "in": "query", "schema": {"type": "integer", "minimum": 0, "maximum": 10**9}},
    ]
    link = {"Link": {"schema": {"type": "string"}, "description": "The pages around (RFC 8288)"}}
    listing = _protected(READ, "All readings, or a page of them", ref("Readings"), headers=link)
    listing["parameters"] += paging
    place = {"Location": {"schema": {"type": "string"}, "required": True}}
    return {
        "get": listing,
        "post": _protected(WRITE, "Add a reading", ref("Reading"), "201", headers=place, body=True),
    }


def _reading() -> Part:
    nothing = {"404": _problem("There is no such reading")}
    return {
        "parameters": [_in_path("id", {"type": "integer", "minimum": 1})],
        "get": _protected(READ, "One reading", ref("Reading"), more=nothing),
        "put": _protected(WRITE, "Correct it", ref("Reading"), more=nothing, body=True),
        "delete": _protected(WRITE, "Take it back", None, "204", more=nothing),
    }


def _tools() -> Part:
    responses = {
        "200": _answer("The answer (JSON-RPC 2.0)", ref("RpcAnswer")),
        "202": {"description": "Accepted: a notification has no answer"},
        "400": {
            "description": "No message of JSON-RPC, or no well-formed Authorization header",
            "content": {_JSON: {"schema": ref("RpcAnswer")}, _PROBLEM: {"schema": ref("Problem")}},
        },
        "401": _problem("The token is missing or not good (RFC 6750 §3)", _CHALLENGE),
        "403": _problem("The token is not for this, or the request comes from a foreign page"),
        "406": _problem("The client takes no JSON"),
        "415": _problem("The message is not JSON"),
        "429": _problem("Too many requests"),
    }
    summary = "Tools for agents: the Model Context Protocol over streamable HTTP"
    return _operation(summary, responses, security=[{"access_token": [READ]}], body={_JSON: ref("RpcRequest")})


# Parts of which the operations are made


def _operation(summary: str, responses: Part, *, security: list[Part] | None = None, body: Part | None = None) -> Part:
    operation: Part = {"summary": summary, "parameters": [], "responses": responses}
    if security is not None:
        operation["security"] = security
    if body is not None:
        content = {media_type: {"schema": schema} for media_type, schema in body.items()}
        operation["requestBody"] = {"required": True, "content": content}
    return operation


def _protected(
    scope: str,
    summary: str,
    schema: Part | None,
    status: str = "200",
    *,
    headers: Part | None = None,
    more: Part | None = None,
    body: bool = False,
) -> Part:
    """An operation of the API: what every one of them may answer (RFC 6750 §3.1, RFC 9110 §15.5), and its own."""
    tag = {"ETag": {"schema": {"type": "string"}}} if status == "200" else {}
    success = _answer(summary, schema, headers=tag | (headers or {})) if schema else {"description": summary}
    responses = {
        status: success,
        "400": _problem("The request is malformed"),
        "401": _problem("The token is missing or not good", _CHALLENGE),
        "403": _problem("The token has not the scope", _CHALLENGE),
        "406": _problem("The client takes no JSON"),
        "412": _problem("If-Match or If-None-Match does not hold (RFC 9110 §13)"),
        "429": _problem("Too many requests (RFC 6585 §4)"),
        **(more or {}),
    }
    if scope == READ:
        responses["304"] = {"description": "It is what the client has (RFC 9110 §15.4.5)"}
        del responses["412"]
    if body:
        responses["409"] = _problem("There is a reading of that reference already")
        responses["415"] = _problem("The body is not JSON")
        responses["422"] = _problem("The body is JSON, and no reading")
    sent = {_JSON: ref("NewReading")} if body else None
    return _operation(summary, responses, security=[{"access_token": [scope]}], body=sent)


def _document(summary: str, schema: Part, media_type: str = _JSON) -> Part:
    return _operation(summary, {"200": _answer(summary, schema, media_type)})


def _page(summary: str, parameter: str, known: Iterable[str]) -> Part:
    responses = {
        "200": {"description": summary, "content": {"text/html; charset=utf-8": {"schema": {"type": "string"}}}},
        "404": _problem("There is no such page"),
    }
    return {"parameters": [_in_path(parameter, {"enum": list(known)})], "get": _operation(summary, responses)}


def _answer(description: str, schema: Part, media_type: str = _JSON, headers: Part | None = None) -> Part:
    answer: Part = {"description": description, "content": {media_type: {"schema": schema}}}
    return answer | {"headers": headers} if headers else answer


def _problem(description: str, headers: Part | None = None) -> Part:
    return _answer(description, ref("Problem"), _PROBLEM, headers)


def _in_path(name: str, schema: Part) -> Part:
    return {"name": name, "in": "path", "required": True, "schema": schema}


_NOT_STORED: Part = {"Cache-Control": {"schema": {"const": "no-store"}, "required": True, "description": "RFC 6749 §5.1"}}
_CHALLENGE: Part = {"WWW-Authenticate": {"schema": {"type": "string"}, "required": True, "description": "RFC 9110 §11.6.1"}}
#: RFC 6749 §3.2: unknown parameters are ignored, and none may be repeated.
_IGNORED: Part = {"type": "string"}
#: With HTTP Basic, or with parameters in the body or a client certificate, which OpenAPI has no word for.
_BY_CLIENT: list[Part] = [{"client": []}, {}]
_CLIENT_REFUSALS: Part = {
    "400": _answer("What is wrong with the request (RFC 6749 §5.2)", ref("OAuthError"), headers=_NOT_STORED),
    "401": _answer("The client did not prove who it is (RFC 6749 §5.2)", ref("OAuthError"), headers=_NOT_STORED | _CHALLENGE),
}

"""The shapes of what the server takes and gives, as JSON Schema (2020-12)."""

from mock_server.api.readings import STATIONS
from mock_server.oauth.client_metadata import SCOPES, TOKEN_FORMATS, WITH_CERTIFICATE, WITH_KEYS, WITH_SECRET
from mock_server.oauth.clients import CLIENT_CREDENTIALS

Schema = dict[str, object]


def ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: str, **properties: Schema) -> Schema:
    return {"type": "object", "required": required.split(), "properties": properties}


def _list(items: Schema) -> Schema:
    return {"type": "array", "items": items}


_TEXT: Schema = {"type": "string"}
_WHOLE: Schema = {"type": "integer"}
_URL: Schema = {"type": "string", "format": "uri"}
# RFC 6749 §5.2: %x20-21 / %x23-5B / %x5D-7E
_ERROR_TEXT: Schema = {"type": "string", "pattern": r"^[\x20-\x21\x23-\x5b\x5d-\x7e]+$"}
_STATION_ID: Schema = {"type": "integer", "enum": [station["id"] for station in STATIONS]}
_TEMPERATURE: Schema = {"type": "number", "minimum": -100, "maximum": 100}
_REFERENCE: Schema = {"type": "string", "pattern": r"^[\x20-\x7e]{1,64}$"}
_CLIENT_METADATA: Schema = {
    "type": "object",
    "properties": {
        "client_name": {"type": ["string", "null"]},
        "grant_types": {"enum": [[CLIENT_CREDENTIALS], None]},
        "scope": {"enum": [*SCOPES, " ".join(SCOPES), None]},
        "token_endpoint_auth_method": {"enum": [*WITH_SECRET, None]},
        "access_token_format": {"enum": [*TOKEN_FORMATS, None]},
    },
    "description": f"The methods {', '.join([*WITH_KEYS, *WITH_CERTIFICATE])} take more members.",
}

SCHEMAS: dict[str, Schema] = {
    # RFC 6749 §5.1
    "Token": _object(
        "access_token token_type expires_in scope",
        access_token={"type": "string", "pattern": r"^[A-Za-z0-9\-._~+/]+=*$"},
        token_type={"enum": ["Bearer", "DPoP"]},
        expires_in={"type": "integer", "minimum": 1},
        scope=_TEXT,
    ),
    # RFC 6749 §5.2
    "OAuthError": _object("error error_description error_uri", error=_ERROR_TEXT, error_description=_ERROR_TEXT, error_uri=_TEXT),
    # RFC 7662 §2.2
    "Introspection": {
        "oneOf": [
            _object("active", active={"const": False}) | {"additionalProperties": False},
            _object(
                "active scope client_id token_type exp iat sub aud iss",
                active={"const": True},
                scope=_TEXT,
                client_id=_TEXT,
                token_type=_TEXT,
                exp=_WHOLE,
                iat=_WHOLE,
                sub=_TEXT,
                aud={"type": ["string", "array"]},
                iss=_URL,
                jti=_TEXT,
                cnf={"type": "object"},
            ),
        ]
    },
    # RFC 7591 §2. A member that is null is one left out.
    "ClientMetadata": _CLIENT_METADATA,
    # RFC 7592 §2.2: an update names its client.
    "ClientUpdate": {**_CLIENT_METADATA, "required": ["client_id"], "properties": {"client_id": _TEXT, **_CLIENT_METADATA["properties"]}},
    # RFC 7591 §3.2.1, RFC 7592 §3
    "ClientInformation": _object(
        "client_id client_id_issued_at registration_access_token registration_client_uri grant_types scope",
        client_id=_TEXT,
        client_secret=_TEXT,
        client_secret_expires_at=_WHOLE,
        client_id_issued_at=_WHOLE,
        registration_access_token=_TEXT,
        registration_client_uri=_URL,
        grant_types=_list(_TEXT),
        scope=_TEXT,
    ),
    # RFC 7517 §4, §5
    "JWKSet": _object("keys", keys=_list(_object("kty use alg kid", kty=_TEXT, use={"const": "sig"}, alg=_TEXT, kid=_TEXT))),
    # RFC 8414 §2
    "ServerMetadata": _object(
        "issuer token_endpoint jwks_uri introspection_endpoint revocation_endpoint response_types_supported",
        issuer=_URL,
        token_endpoint=_URL,
        jwks_uri=_URL,
        introspection_endpoint=_URL,
        revocation_endpoint=_URL,
        response_types_supported=_list(_TEXT),
    ),
    # RFC 9728 §2
    "ResourceMetadata": _object("resource authorization_servers", resource=_URL, authorization_servers=_list(_URL)),
    # RFC 9457 §3.1
    "Problem": _object("title status detail", type=_TEXT, title=_TEXT, status=_WHOLE, detail=_TEXT),
    "Description": _object("warning endpoints", warning=_TEXT, endpoints=_list(_TEXT)),
    "Stations": _object("stations", stations=_list(_object("id name elevation_m", id=_WHOLE, name=_TEXT, elevation_m=_WHOLE))),
    "NewReading": _object("station temperature_c", station=_STATION_ID, temperature_c=_TEMPERATURE, reference=_REFERENCE),
    "Reading": _object("id station temperature_c", id=_WHOLE, station=_STATION_ID, temperature_c=_TEMPERATURE, reference=_REFERENCE),
    "Readings": _object("readings", readings=_list(ref("Reading"))),
    # JSON-RPC 2.0 §4, §5; without an id it is a notification (§4.1).
    "RpcRequest": _object("jsonrpc method", jsonrpc={"const": "2.0"}, id=_WHOLE, method=_TEXT, params={"type": "object"}),
    "RpcAnswer": _object("jsonrpc id", jsonrpc={"const": "2.0"}, result={"type": "object"}, error={"type": "object"}),
}

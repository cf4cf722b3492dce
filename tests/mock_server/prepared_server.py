"""A server at which somebody has been: it has issued a token and registered a client, the same ones each time.

Without these, all that chance would ever see of what is protected is a refusal.
"""

import json
import random
from typing import NamedTuple

from mock_server.application import Application
from mock_server.oauth.clients import teaching_clients
from plain_client import GOOD_BODY, NOW, api_request, token_request

_RESOURCES = b"&resource=http%3A%2F%2F127.0.0.1%3A9400%2Fapi&resource=http%3A%2F%2F127.0.0.1%3A9400%2Fmcp"


class Prepared(NamedTuple):
    """`access_token` is for the API and for the tools, `registration` is what the client was told."""

    application: Application
    access_token: str
    registration: dict[str, str]


def prepared_server() -> Prepared:
    application = Application(teaching_clients(), random.Random(1).randbytes)
    token = application.handle(token_request(GOOD_BODY + _RESOURCES), NOW)
    registration = application.handle(api_request("POST", "/register", ("content-type", "application/json"), body=b"{}"), NOW)
    return Prepared(application, json.loads(token.body)["access_token"], json.loads(registration.body))

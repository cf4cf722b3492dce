"""The inspector: a page for a browser that shows the clients, and every exchange as it happens, explained.

What a person looks at in a browser is no exchange between a client and this server. So all that is answered here is off
the record, and no fault on demand strikes it.
"""

import json
import re
from dataclasses import replace

from mock_server.oauth.access_tokens import AccessTokens
from mock_server.oauth.clients import Client, Clients
from mock_server.views.error_pages import error_page, is_error_page
from mock_server.views.exchange_view import bare_exchange_html
from mock_server.views.explanation import explain
from mock_server.views.inspector_page import inspector_page
from mock_server.views.masking import masked
from mock_server.views.record import INSPECTION_PATH, Exchange, Record
from mock_server.views.senders import client_id_in
from mock_server.web.conditional import conditional, entity_tag
from mock_server.web.html_page import GUARDS
from mock_server.web.messages import Request, Response
from mock_server.web.negotiation import JSON, prefers_html
from mock_server.web.problems import problem

MOST_ROWS = 200
MOST_CLIENTS = 50


class Inspector:
    """Looks at `clients`, `record` and `tokens`, and changes nothing.

    `exposed` says that others than this machine's own can reach the server. Exchanges hold secrets, and client ids are not
    for everybody either, so the page then shows neither, to anybody: behind a proxy all who ask look like this machine.
    """

    def __init__(self, clients: Clients, record: Record, tokens: AccessTokens, issuer: str, exposed: bool) -> None:
        self._clients = clients
        self._record = record
        self._issuer = issuer
        self._tokens = tokens
        self._exposed = exposed

    @staticmethod
    def is_asked(request: Request) -> bool:
        """Whether a person looks on: at the page, at what it asks for by itself, or at a page that explains an error."""
        is_page = request.method in ("GET", "HEAD") and (request.path == "/" or is_error_page(request.path))
        return request.path.startswith(INSPECTION_PATH) or (is_page and prefers_html(request))

    def response(self, request: Request, now: float) -> Response:
        """The answer where `is_asked`."""
        if request.path == "/":
            # RFC 9110 §12.5.5: at this address the answer depends on Accept.
            response, more = inspector_page(self._issuer, self._exposed), (("vary", "Accept"),)
        elif is_error_page(request.path):
            response, more = error_page(request), ()
        else:
            response, more = self._data_response(request, now), GUARDS
        return replace(response, headers=(*response.headers, *more), off_the_record=True)

    def _data_response(self, request: Request, now: float) -> Response:
        """What the page asks for while it is open: `state`, and `exchanges/NUMBER` for each that is opened."""
        if request.method not in ("GET", "HEAD"):
            return problem(405, "The inspector only looks on: use GET.", (("allow", "GET, HEAD"),))
        if self._exposed:
            return problem(403, "Others can reach this server, so its exchanges are not shown. See server.exchanges where it was started.")
        wanted = request.path.removeprefix(INSPECTION_PATH)
        if wanted == "state":
            return self._state_response(request, now)
        if found := re.fullmatch(r"exchanges/([0-9]{1,15})", wanted):
            return self._exchange_response(int(found[1]), request.query == "secrets=shown")
        return problem(404, f"The inspector has {INSPECTION_PATH}state and {INSPECTION_PATH}exchanges/NUMBER.")

    def _state_response(self, request: Request, now: float) -> Response:
        exchanges = self._record.exchanges(MOST_ROWS)
        clients = self._clients.all()
        shown = [_client_row(client) for client in clients[:MOST_CLIENTS]]
        # Most times nothing has happened: that is seen from the bytes, without reading a single message.
        parts = [b"%d\n%b\n%b\n%b" % (each.number, each.raw_request, each.raw_response, each.fault.encode()) for each in exchanges]
        tag = ("etag", entity_tag(b"\n".join([json.dumps(shown).encode("ascii"), b"%d" % len(clients), *parts])))

        def everything() -> Response:
            state = {
                "clients": shown,
                "more_clients": len(clients) - len(shown),
                "exchanges": [self._exchange_row(each, now) for each in reversed(exchanges)],
                "older_exchanges": exchanges[0].number - 1 if exchanges else 0,
            }
            return _json(state, tag)

        return conditional(request, Response(200, (tag,)), everything)

    def _exchange_row(self, exchange: Exchange, now: float) -> dict[str, object]:
        request, response = exchange.request, exchange.response

        def owner_of(value: str) -> str | None:
            token = self._tokens.find(value, now)
            return token.client_id if token else None

        return {
            "number": exchange.number,
            "method": request.method[:20] if request else "",
            "path": request.path[:200] if request else "(no readable request)",
            "client": (client_id_in(request, owner_of) or "")[:60] if request else "",
            "status": response.status if response else None,
            "reason": response.reason if response else "no answer",
            # The kind alone: its options stand with the details.
            "fault": exchange.fault.partition(" ")[0],
        }

    def _exchange_response(self, number: int, shows_secrets: bool) -> Response:
        exchange = next((each for each in self._record.exchanges() if each.number == number), None)
        if exchange is None:
            return problem(404, f"The record has no exchange {number} any more.")
        raw_request, raw_response = exchange.raw_request, exchange.raw_response
        if not shows_secrets:
            raw_request, raw_response = masked(raw_request), masked(raw_response)
        explanation = explain(raw_request, raw_response)
        guide = explanation.guide
        details = {
            "text": explanation.text,
            "advice": explanation.advice,
            # Relative to the page, which a proxy may serve under a prefix.
            "guide": {"code": guide.code, "path": guide.path.removeprefix("/")} if guide else None,
            "fault": exchange.fault,
            "html": bare_exchange_html(raw_request, raw_response),
        }
        return _json(details)


def _client_row(client: Client) -> dict[str, object]:
    return {
        "id": client.id,
        "proves itself by": ", ".join(client.auth_methods) if not client.is_public else "nothing: it is public",
        "scopes": " ".join(client.scopes),
        "grants": ", ".join(client.grant_types),
        "tokens": f"{client.access_token_format}, {client.token_lifetime} s",
    }


def _json(body: object, *headers: tuple[str, str]) -> Response:
    return Response(200, (("content-type", JSON), *headers), json.dumps(body).encode("ascii"))

"""What exchanges say, as messages between three parties; secrets are told by name: token 1, token 2."""

from dataclasses import dataclass, field

from mock_server.views.finding import owners
from mock_server.views.record import Exchange
from mock_server.views.senders import access_token_in, client_id_in, form_value_in, issued_token_in, json_object
from mock_server.web.messages import Request, Response

CLIENT, AUTHORIZATION_SERVER, API = "Client", "Authorization server", "API"
PARTIES = (CLIENT, AUTHORIZATION_SERVER, API)


@dataclass(frozen=True, slots=True)
class Message:
    """One arrow. `outcome` is `asked`, `granted`, `refused` or `lost`; `learned` says what whom it taught: by party, by subject."""

    exchange: int
    sender: str
    receiver: str
    text: str
    detail: str
    outcome: str
    learned: dict[str, dict[str, str]] = field(default_factory=dict)


def tell(exchanges: list[Exchange]) -> list[Message]:
    """Two messages for each exchange whose request can be read: what was asked, and what came of it."""
    narrator = _Narrator(owners(exchanges))
    return [message for exchange in exchanges for message in narrator.tell(exchange)]


class _Narrator:
    def __init__(self, owner_of_token: dict[str, str]) -> None:
        self._owners = owner_of_token
        self._names: dict[str, str] = {}

    def tell(self, exchange: Exchange) -> list[Message]:
        request, response = exchange.request, exchange.response
        if request is None:
            return []
        server = API if request.path.startswith("/api/") or request.path == "/mcp" else AUTHORIZATION_SERVER
        asks = self._api_request(request) if server == API else self._token_request(request)
        answers = self._answer(request, response, server)
        text, detail, outcome, learned = answers
        if exchange.fault:
            kind = exchange.fault.partition(" ")[0]
            detail = "; ".join(part for part in (detail, f"fault: {kind}") if part)
        there = Message(exchange.number, CLIENT, server, f"{request.method} {_short(request.path)}", asks[0], "asked", asks[1])
        return [there, Message(exchange.number, server, CLIENT, text, detail, outcome, learned)]

    def _name(self, token: str) -> str:
        return self._names.setdefault(token, f"token {len(self._names) + 1}")

    def _token_request(self, request: Request) -> tuple[str, dict]:
        client_id = client_id_in(request)
        if request.path in ("/introspect", "/revoke") and (token := form_value_in(request, "token")):
            wish = f"{'asks about' if request.path == '/introspect' else 'ends'} {self._name(token)}"
            who = _short(client_id or "somebody")
            return f"{who} {wish}", {AUTHORIZATION_SERVER: {"asking": f"{who} {wish}"}}
        if not request.path.endswith("/token"):
            return "", {}
        if client_id is None:
            return "does not say who asks", {AUTHORIZATION_SERVER: {"asking": "somebody asks for a token"}}
        assertion = "assertion" if form_value_in(request, "client_assertion") else "form"
        where = "Basic header" if request.header("authorization") else assertion
        return f"{_short(client_id)}, in the {where}", {
            AUTHORIZATION_SERVER: {"asking": f"{_short(client_id)} asks for a token, and has to prove itself"}
        }

    def _api_request(self, request: Request) -> tuple[str, dict]:
        token = access_token_in(request)
        if token is None:
            return "no access token", {API: {"asking": "somebody asks, without a token"}}
        name = self._name(token)
        return f"Bearer {name}", {API: {"asking": f"whoever holds {name} asks for {_short(request.path)}"}}

    def _answer(self, request: Request, response: Response | None, server: str) -> tuple[str, str, str, dict]:
        if response is None:
            return "no answer", "", "lost", {CLIENT: {"latest": "nothing: it cannot tell whether the request was done"}}
        text = f"{response.status} {response.reason}".strip()
        members = json_object(response.body) or {}
        if issued := issued_token_in(response):
            return text, *self._issued(request, issued)
        if response.status >= 400:
            why = _short(str(members.get("error") or _challenge_error(response) or ""))
            latest = f"refused with {response.status}" + (f": {why}" if why else "")
            outcome = {server: {"asking": "the request was refused"}, CLIENT: {"latest": latest}}
            wait = response.header("retry-after")
            detail = ", ".join(part for part in (why, f"retry after {wait} s" if wait else "") if part)
            return text, detail, "refused", outcome
        what = ", ".join(f"{len(value)} {name}" if isinstance(value, list) else name for name, value in members.items())
        what = _short(what or response.media_type, 48)
        learned = {CLIENT: {"latest": f"the answer: {what}" if what else "the answer"}}
        if server == API and (token := access_token_in(request)):
            owner = self._owners.get(token)
            learned[API] = {"asking": f"{self._name(token)} is good for this" + (f" and belongs to {_short(owner)}" if owner else "")}
        return text, what, "granted", learned

    def _issued(self, request: Request, issued: dict[str, object]) -> tuple[str, str, dict]:
        name, scope = self._name(str(issued["access_token"])), _short(str(issued.get("scope", "")), 48)
        lives = f"{issued['expires_in']} s" if "expires_in" in issued else "lifetime not said"
        for_scope = f" for {scope}" if scope else ""
        owner = _short(client_id_in(request) or "the client")
        return f"{name}, {lives}", "granted", {
            CLIENT: {"token": f"{name} ({lives}){for_scope}", "latest": "it has a token"},
            AUTHORIZATION_SERVER: {"asking": f"{owner} has proved itself", name: f"{name} is {owner}'s{for_scope}"},
        }


def _challenge_error(response: Response) -> str:
    _, found, rest = (response.header("www-authenticate") or "").partition('error="')
    return rest.partition('"')[0] if found else ""


def _short(text: str, most: int = 32) -> str:
    shown = "".join(each if each.isprintable() else "?" for each in text)
    return shown if len(shown) <= most else shown[: most - 1] + "…"

"""Choosing among recorded exchanges, and telling whose they are."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from mock_server.views.record import Exchange
from mock_server.views.senders import client_id_in, issued_token_in


def owners(exchanges: Iterable[Exchange]) -> dict[str, str]:
    """The client id of each access token that these exchanges issued."""
    found = {}
    for exchange in exchanges:
        issued = issued_token_in(exchange.response)
        if issued and exchange.request and (client_id := client_id_in(exchange.request)):
            found[issued["access_token"]] = client_id
    return found


def find(
    exchanges: list[Exchange],
    *,
    path: str | None = None,
    client: str | None = None,
    status: int | None = None,
    method: str | None = None,
    fault: str | None = None,
) -> list[Exchange]:
    """Those that fit all that is given, in their order.

    `path` may hold `*`, as in `/api/*`; `client` is the client id that the request names, or whose access token it
    carries; `status` is that of the answer, with 0 for none; `fault` is the kind of a fault, or `*` for any.
    """
    tokens = owners(exchanges) if client is not None else {}

    def fits(exchange: Exchange) -> bool:
        request, response = exchange.request, exchange.response
        return (
            (path is None or (request is not None and fnmatchcase(request.path, path)))
            and (method is None or (request is not None and request.method == method.upper()))
            and (client is None or (request is not None and client_id_in(request, tokens.get) == client))
            and (status is None or (response.status if response else 0) == int(status))
            and (fault is None or (bool(exchange.fault) and fnmatchcase(exchange.fault.partition(" ")[0], str(fault))))
        )

    return [exchange for exchange in exchanges if fits(exchange)]

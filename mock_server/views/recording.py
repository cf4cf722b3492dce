"""Exchanges as a recording that the library `responses` replays: a test without a server, made from real answers."""

from mock_server.views.masking import masked
from mock_server.views.record import Exchange
from mock_server.web.wire import parse_request, parse_response

#: The library makes these itself: the first from `content_type`, the others from the body that it sends.
_MADE_ANEW = ("content-type", "content-length", "transfer-encoding", "connection")


def to_recording(exchanges: list[Exchange], url: str, mask: bool = False) -> str:
    """YAML for `responses.RequestsMock()._add_from_file(path)`; `url` is the server's.

    Exchanges without a readable request and a whole answer are left out, for there is nothing to replay. The library
    tells requests apart by method and URL, and plays several answers to the same ones in their order.
    """
    import yaml

    recorded = []
    for exchange in exchanges:
        raw_request, raw_response = exchange.raw_request, exchange.raw_response
        if mask:
            raw_request, raw_response = masked(raw_request), masked(raw_response)
        request, response = parse_request(raw_request), parse_response(raw_response)
        if request is None or response is None or not request.target.startswith("/"):
            continue
        # One value a name is all that a recording holds: RFC 9110 §5.3 joins several by a comma.
        names = {name.lower(): name for name, _ in response.headers if name.lower() not in _MADE_ANEW}
        replay = {
            "method": request.method,
            "url": url + request.target,
            "body": _text(response.body),
            "status": response.status,
            "headers": {name: response.header(name) for name in names.values()},
            "content_type": response.header("content-type") or "text/plain",
            "auto_calculate_content_length": True,
        }
        recorded.append({"response": replay})
    return yaml.safe_dump({"responses": recorded}, sort_keys=False)


def _text(body: bytes) -> str | bytes:
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body

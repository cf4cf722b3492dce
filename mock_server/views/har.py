"""Exchanges as an HTTP Archive, version 1.2, which browsers and many tools can open."""

import base64
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import parse_qsl

from mock_server.views.masking import masked
from mock_server.views.record import Exchange
from mock_server.web.form import FORM
from mock_server.web.messages import Headers, Request, Response
from mock_server.web.wire import parse_request, parse_response, split_head


def to_har(exchanges: list[Exchange], url: str, mask: bool = False) -> dict[str, object]:
    """The archive as a dict for `json.dump`; `url` is the server's, for requests that name no host.

    Times are those of the answers' `Date`, so the same run gives the same archive. With `mask` no secret is in it.
    """
    entries, started = [], datetime(1970, 1, 1, tzinfo=UTC)
    for exchange in exchanges:
        raw_request, raw_response = exchange.raw_request, exchange.raw_response
        if mask:
            raw_request, raw_response = masked(raw_request), masked(raw_response)
        request, response = parse_request(raw_request), parse_response(raw_response)
        started = _date(response) or started
        entry = {
            "startedDateTime": started.isoformat(timespec="milliseconds"),
            "time": 0,
            "request": _request(request or Request("", "/"), raw_request, url),
            "response": _response(response or Response(0), raw_response),
            "cache": {},
            "timings": {"send": 0, "wait": 0, "receive": 0},
        }
        notes = [f"fault on demand: {exchange.fault}"] if exchange.fault else []
        notes += [] if request else ["the request could not be read"]
        entries.append(entry | ({"comment": "; ".join(notes)} if notes else {}))
    creator = {"name": "mock_server", "version": "0.1.0", "comment": "a teaching server: its secrets are published"}
    return {"log": {"version": "1.2", "creator": creator, "entries": entries}}


def _date(response: Response | None) -> datetime | None:
    try:
        return parsedate_to_datetime(response.header("date")) if response else None
    except (TypeError, ValueError):
        return None


def _request(request: Request, raw: bytes, url: str) -> dict[str, object]:
    host = request.header("host")
    origin = f"http://{host}" if host else url
    target = request.target if request.target.startswith("/") else "/"
    described = {
        "method": request.method,
        "url": origin + target,
        "httpVersion": f"HTTP/{request.version}",
        "cookies": [],
        "headers": _pairs(request.headers),
        "queryString": _pairs(_form(request.query)),
        "headersSize": len(raw) - len(split_head(raw)[1]),
        "bodySize": len(request.body),
    }
    if request.body:
        text = request.body.decode("utf-8", errors="backslashreplace")
        params = _pairs(_form(text)) if request.media_type == FORM else []
        described["postData"] = {"mimeType": request.header("content-type") or "", "params": params, "text": text}
    return described


def _response(response: Response, raw: bytes) -> dict[str, object]:
    content: dict[str, object] = {"size": len(response.body), "mimeType": response.header("content-type") or "x-unknown"}
    try:
        content["text"] = response.body.decode("utf-8")
    except UnicodeDecodeError:
        content |= {"text": base64.b64encode(response.body).decode("ascii"), "encoding": "base64"}
    return {
        "status": response.status,
        "statusText": response.reason,
        "httpVersion": f"HTTP/{response.version}",
        "cookies": [],
        "headers": _pairs(response.headers),
        "content": content,
        "redirectURL": response.header("location") or "",
        "headersSize": len(raw) - len(split_head(raw)[1]),
        "bodySize": len(response.body),
    }


def _form(text: str) -> Headers:
    try:
        return tuple(parse_qsl(text, keep_blank_values=True, errors="replace"))
    except ValueError:
        return ()


def _pairs(pairs: Headers) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in pairs]

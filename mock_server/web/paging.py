"""A long list in pages: `?limit=&after=`, and `Link` to the pages around (RFC 8288)."""

import re
from collections.abc import Sequence
from urllib.parse import parse_qsl

from mock_server.web.messages import Headers, Request, Response
from mock_server.web.problems import problem

MOST_ON_A_PAGE = 100
Item = dict[str, object]


class BadPage(Exception):
    """The query asks for no page that there could be; `response` says what was seen."""

    def __init__(self, detail: str) -> None:
        super().__init__(detail)
        self.response: Response = problem(400, detail, kind="bad-page")


def page(request: Request, items: Sequence[Item]) -> tuple[list[Item], Headers]:
    """The items asked for, in the order of their `id`, and the `Link` header.

    `limit` is how many at most, `after` the id that the page follows; without both it is the whole list and there is no `Link`.
    A page is named by an id and not by a number, so that it stays the same page while new items come. BadPage for a bad query.
    """
    query = parse_qsl(request.query, keep_blank_values=True)
    limit = _number(query, "limit", 1, MOST_ON_A_PAGE)
    after = _number(query, "after", 0, 10**9)
    if limit is None and after is None:
        return list(items), ()
    limit = MOST_ON_A_PAGE if limit is None else limit
    start = next((at for at, item in enumerate(items) if item["id"] > (after or 0)), len(items))
    shown = list(items[start : start + limit])
    links = [(f"?limit={limit}", "first")]
    if start > limit:
        links.append((f"?limit={limit}&after={items[start - limit - 1]['id']}", "prev"))
    elif start > 0:
        links.append((f"?limit={limit}", "prev"))
    if start + limit < len(items):
        links.append((f"?limit={limit}&after={shown[-1]['id']}", "next"))
    # RFC 8288 §3: Link: <target>; rel="relation", the target relative to the URL of the request.
    value = ", ".join(f'<{request.path}{query}>; rel="{relation}"' for query, relation in links)
    return shown, (("link", value),)


def _number(query: list[tuple[str, str]], name: str, least: int, most: int) -> int | None:
    values = [value for key, value in query if key == name]
    if not values:
        return None
    expected = f"expected a whole number from {least} to {most}, as in ?limit=2&after=3"
    if len(values) > 1:
        raise BadPage(f"{name} was sent {len(values)} times; {expected}.")
    if not re.fullmatch("[0-9]{1,10}", values[0]) or not least <= int(values[0]) <= most:
        raise BadPage(f"{name} is {values[0][:20]!r}; {expected}.")
    return int(values[0])

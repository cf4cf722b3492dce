"""The pages that `error_uri` (RFC 6749 §5.2) and `type` (RFC 9457 §3.1.1) lead to: one for each error, for a person to read."""

import html

from mock_server.oauth.oauth_errors import ERROR_PAGES
from mock_server.views.error_guide import GUIDES, ErrorGuide
from mock_server.views.problem_guide import PROBLEM_GUIDES
from mock_server.web.html_page import bullets, html_page
from mock_server.web.messages import Request, Response
from mock_server.web.problems import PROBLEM_PAGES, problem

_GUIDES = {ERROR_PAGES: GUIDES, PROBLEM_PAGES: PROBLEM_GUIDES}


def is_error_page(path: str) -> bool:
    return path.startswith(tuple(_GUIDES))


def error_page(request: Request) -> Response:
    """The page of the code that ends the path, as HTML; 404 where there is no such code, 405 where it is not read."""
    # RFC 9110 §9.1: GET and HEAD are for everything.
    if request.method not in ("GET", "HEAD"):
        return problem(405, "This page can only be read, with GET.", (("allow", "GET, HEAD"),))
    pages = next(pages for pages in _GUIDES if request.path.startswith(pages))
    guides = _GUIDES[pages]
    guide = guides.get(request.path.removeprefix(pages))
    if guide is None:
        return problem(404, f"There is no error of that name. There are: {', '.join(guides)}.")
    return html_page(f"{guide.code}: what it means", _body(guide, [code for code in guides if code != guide.code]))


def _body(guide: ErrorGuide, other_codes: list[str]) -> str:
    others = ", ".join(f'<a href="{code}"><code>{code}</code></a>' for code in other_codes)
    return (
        f'<h1><code>{guide.code}</code></h1><p class="lead">{html.escape(guide.meaning)}</p>'
        f'<p class="quiet">Status {html.escape(guide.status)} · see {html.escape(guide.section)}</p>'
        f"<h2>What usually causes it</h2>{bullets(guide.causes)}"
        f"<h2>What to do</h2>{bullets(guide.remedies)}"
        f'<h2>A request that is right</h2><pre class="example">{html.escape(guide.example)}</pre>'
        f'<h2>The other codes</h2><p class="quiet">{others}</p>'
    )

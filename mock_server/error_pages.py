"""The pages that `error_uri` leads to (RFC 6749 §5.2): one for each error code, for a person to read."""

import html

from mock_server.error_guide import GUIDES, ErrorGuide
from mock_server.html_page import bullets, html_page
from mock_server.messages import Request, Response
from mock_server.oauth_errors import ERROR_PAGES
from mock_server.problems import problem


def error_page(request: Request) -> Response:
    """The page of the code that ends the path, as HTML; 404 where there is no such code, 405 for other methods than GET."""
    if request.method not in ("GET", "HEAD"):
        return problem(405, "This page can only be read, with GET.", (("allow", "GET, HEAD"),))
    guide = GUIDES.get(request.path.removeprefix(ERROR_PAGES))
    if guide is None:
        return problem(404, f"There is no error code of that name. There are: {', '.join(GUIDES)}.")
    return html_page(f"{guide.code}: what it means", _body(guide))


def _body(guide: ErrorGuide) -> str:
    others = ", ".join(f'<a href="{code}"><code>{code}</code></a>' for code in GUIDES if code != guide.code)
    return (
        f'<h1><code>{guide.code}</code></h1><p class="lead">{html.escape(guide.meaning)}</p>'
        f'<p class="quiet">Status {html.escape(guide.status)} · defined in {html.escape(guide.section)}</p>'
        f"<h2>What usually causes it</h2>{bullets(guide.causes)}"
        f"<h2>What to do</h2>{bullets(guide.remedies)}"
        f'<h2>A request that is right</h2><pre class="example">{html.escape(guide.example)}</pre>'
        f'<h2>The other codes</h2><p class="quiet">{others}</p>'
    )

"""The document of the inspector: what stands on the page before its script fills in what happens."""

import html

from mock_server.views.exchange_view import STYLE as EXCHANGE_STYLE
from mock_server.views.inspector_script import SCRIPT
from mock_server.views.inspector_style import STYLE
from mock_server.web.html_page import html_page
from mock_server.web.messages import Response

WARNING = "A teaching server with published secrets: never use it for anything real."

_EXPOSED = """
<section class="note"><h2>Exchanges are not shown</h2><p>This server was started so that other computers can reach it. What
its clients send holds secrets, so it is shown to nobody here. In the program that started the server, <code>server.exchanges</code> has them; a server for your
own computer alone shows them on this page.</p></section>"""


def inspector_page(issuer: str, exposed: bool) -> Response:
    """The page of the server at `issuer`, a URL; without clients and exchanges where it is `exposed`."""
    live = _EXPOSED if exposed else _CLIENTS + _exchanges(issuer)
    script = "" if exposed else SCRIPT
    return html_page("Mock server: inspector", _header(issuer) + live, styles=(EXCHANGE_STYLE, STYLE), script=script)


def _header(issuer: str) -> str:
    base = html.escape(issuer)
    return f"""
<header><h1>Mock server</h1><p class="lead">A small OAuth 2.0 authorization server, and the weather API that it protects.</p>
<p class="quiet">{WARNING}</p>
<dl><div><dt>Token endpoint</dt><dd><code>POST {base}/token</code></dd></div>
<div><dt>API</dt><dd><code>GET {base}/api/stations</code></dd><dd><code>GET {base}/api/readings</code></dd></div></dl></header>"""


_CLIENTS = """
<details class="clients"><summary><h2>Clients <span id="client-count" class="count"></span></h2></summary>
<div class="scroll" role="region" aria-label="Clients" tabindex="0"><table><thead><tr><th scope="col">Client id</th>
<th scope="col">Proves itself by</th><th scope="col">Scopes</th><th scope="col">Grants</th><th scope="col">Access tokens</th></tr></thead>
<tbody id="clients"></tbody></table></div><p id="more-clients" class="quiet"></p>
<p class="quiet">The server keeps no secret, only a digest of each. Those of the lessons' clients are published:
see “Without the notebooks” in the README of the kit.</p></details>"""


def _exchanges(issuer: str) -> str:
    # With TLS the authority that vouches for the server is its own, and curl has to be told.
    authority = "--cacert CA_FILE " if issuer.startswith("https:") else ""
    fields = ("-d grant_type=client_credentials", "-d client_id=myapp123", "-d client_secret=secret456")
    words = (f"curl {authority}{issuer}/token", *fields)
    command = " ".join(f"<span>{html.escape(word)}</span>" for word in words)
    trusted = "<p>CA_FILE is the path that <code>server.ca_file</code> gives.</p>" if authority else ""
    return f"""
<section aria-labelledby="exchanges-title"><div class="bar"><h2 id="exchanges-title">Exchanges</h2>
<p id="live" class="quiet" role="status">Connecting</p>
<label class="filter">Filter <input id="filter" type="search" placeholder="path, status, client" autocomplete="off"></label>
<label class="switch"><input id="secrets" type="checkbox"> Show secrets</label></div>
<noscript><p class="note">This page needs JavaScript to show what happens.</p></noscript>
<div id="empty" class="note" hidden><h3>Nothing has been sent yet</h3>
<p>Ask for an access token in a terminal, or run a cell of a lesson. It appears here at once.</p>
<div class="command"><pre class="example" id="command">{command}</pre><button id="copy" type="button">Copy</button></div>{trusted}</div>
<div id="columns" class="columns" aria-hidden="true" hidden><span>No.</span><span>Request</span><span>Client</span><span>Answer</span></div>
<ol id="exchanges" reversed></ol><p id="older" class="quiet"></p></section>"""

"""The card in JupyterLab's launcher that opens the inspector, by jupyter-server-proxy.

The card starts nothing. A server of its own would hold the port, and move the one of the learner's notebook to another
port, where neither the card nor the outputs in the lessons expect it.
"""

import os
import socket
from pathlib import Path

from mock_server.shells.listening import PREFERRED_PORT

#: Names another port for the card, on a machine where 9400 belongs to somebody else.
PORT_VARIABLE = "CLIENT_CREDENTIALS_KIT_PORT"
_ICON = Path(__file__).with_name("launcher.svg")


def server_process() -> dict[str, object]:
    """What the entry point `jupyter_serverproxy_servers` gives; the names are those of jupyter-server-proxy."""
    return {
        "command": [],
        "port": int(os.environ.get(PORT_VARIABLE, PREFERRED_PORT)),
        # In a tab of JupyterLab, so that a notebook and its exchanges can stand side by side.
        "new_browser_tab": False,
        "request_headers_override": _headers,
        # Whether somebody is at work here is for the kernels to say, not for a page that asks every second.
        "update_last_activity": False,
        "launcher_entry": {"title": "Mock server", "category": "Notebook", "icon_path": str(_ICON)},
    }


def _headers(port: int) -> dict[str, str]:
    """The headers that the proxy puts in place of the browser's, asked for at each request.

    The browser's Host names the lab, wherever that is; the mock server answers for its own address alone. The lab has let
    the browser in by then. Its cookie opens the lab, and is none of the mock server's business.
    HTTPError 503, which the lab shows as a page, where no server listens on `port`.
    """
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.5).close()
    except OSError:
        from tornado.web import HTTPError

        reason = "No mock server is running"
        advice = f"{reason} on port {port}. Run a cell of a notebook that calls start(), close this tab, and open it again."
        raise HTTPError(503, advice, reason=reason) from None
    return {"Host": f"127.0.0.1:{port}", "Cookie": ""}

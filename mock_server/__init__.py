"""An authorization server and a protected API on your own machine, for lessons about OAuth 2.0 client credentials."""

from mock_server.shells.server import Server, start
from mock_server.views.record import Exchange

__all__ = ["Exchange", "Server", "start"]

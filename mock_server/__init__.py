"""An authorization server and a protected API on your own machine, for lessons about OAuth 2.0 client credentials."""

from mock_server.record import Exchange
from mock_server.server import Server, start

__all__ = ["Exchange", "Server", "start"]

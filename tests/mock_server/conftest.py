"""An application for the tests of the core, a server on a free port for the tests of the socket."""

import logging
import random

import pytest

from mock_server import start
from mock_server.application import Application
from mock_server.oauth.clients import teaching_clients


@pytest.fixture
def application():
    return Application(teaching_clients(), random.Random(1).randbytes)


@pytest.fixture(scope="session")
def running_server():
    with start(0) as server:
        yield server


@pytest.fixture
def server(running_server, caplog):
    """A server with an empty record, which must not have complained of anything by the end of the test."""
    running_server._record.clear()
    yield running_server
    complaints = [record for record in caplog.get_records("call") if record.levelno >= logging.WARNING]
    assert complaints == []

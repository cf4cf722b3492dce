import socket
from importlib.metadata import entry_points
from xml.etree import ElementTree

import pytest
from jupyter_server_proxy.config import ServerProcess
from tornado.web import HTTPError

from mock_server.shells.launcher import PORT_VARIABLE, server_process


def test_the_installed_kit_offers_the_card():
    (entry_point,) = entry_points(group="jupyter_serverproxy_servers", name="mock-server")
    process = ServerProcess(name=entry_point.name, **entry_point.load()())
    assert process.launcher_entry.title == "Mock server"
    assert ElementTree.parse(process.launcher_entry.icon_path).getroot().tag.endswith("svg")


def test_the_card_leads_to_the_port_of_the_lessons_or_to_the_one_that_is_named(monkeypatch):
    monkeypatch.delenv(PORT_VARIABLE, raising=False)
    assert server_process()["port"] == 9400
    monkeypatch.setenv(PORT_VARIABLE, "9455")
    assert server_process()["port"] == 9455


def test_the_proxy_names_the_server_and_keeps_the_lab_s_cookie(server):
    headers = server_process()["request_headers_override"](server.port)
    assert headers == {"Host": f"127.0.0.1:{server.port}", "Cookie": ""}


def test_without_a_server_the_learner_reads_what_to_do():
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(HTTPError) as refused:
            server_process()["request_headers_override"](nobody.getsockname()[1])
    assert refused.value.status_code == 503
    assert "calls start()" in refused.value.log_message


def test_looking_at_the_card_s_page_leaves_the_record_empty(server):
    server_process()["request_headers_override"](server.port)
    assert server.exchanges == []

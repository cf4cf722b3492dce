import http.client

import pytest

from mock_server import start
from mock_server.web.host_header import is_own_host


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:9400", "localhost:1", "LOCALHOST", "[::1]:80", "127.8.8.8"])
def test_the_names_of_this_machine_are_its_own(host):
    assert is_own_host(host, "127.0.0.1")


@pytest.mark.parametrize("host", ["", "evil.example", "evil.example:9400", "127.0.0.1.evil.example", "10.0.0.1", "[::2]", "localhost.", "a b"])
def test_any_other_name_is_not(host):
    assert not is_own_host(host, "127.0.0.1")


def test_a_page_that_points_its_own_name_at_this_machine_gets_nothing(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    connection.request("GET", "/", headers={"Host": "evil.example"})
    response = connection.getresponse()
    assert response.status == 421
    assert b"evil.example" in response.read()
    connection.close()


def test_an_exposed_server_answers_to_any_name():
    with start(0, expose=True) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        connection.request("GET", "/", headers={"Host": "class.example"})
        assert connection.getresponse().status == 200
        connection.close()

import json

import pytest

from exercises import playground
from exercises.composed_request import Choices
from exercises.playground import TEACHING_CLIENTS
from mock_server import start
from mock_server.oauth.clients import teaching_clients
from mock_server.views.explanation import explain


@pytest.fixture(scope="module")
def server():
    with start(0) as running:
        yield running


class Page:
    """A playground as a front end has it: its widgets by label, in the whole tree."""

    def __init__(self, shown):
        self.bundle = shown._repr_mimebundle_()
        self.widgets = list(self._tree(shown._widgets.box))
        self.labelled = {getattr(each, "description", ""): each for each in self.widgets}

    def _tree(self, widget):
        yield widget
        for child in getattr(widget, "children", ()):
            yield from self._tree(child)

    @property
    def text(self):
        return "\n".join(each.value for each in self.widgets if type(each).__name__ == "HTML")


@pytest.fixture
def page(server):
    return Page(playground(server))


def test_the_first_press_of_send_gets_a_token(page, server):
    before = len(server.exchanges)
    page.labelled["Send"].click()
    assert "✓ 200 OK." in page.text and 'role="status"' in page.text
    assert len(server.exchanges) == before + 1


def test_the_three_spellings_change_together(page):
    page.labelled["scope"].value = "readings:read"
    assert "scope=readings%3Aread" in page.text
    assert "-d scope=readings%3Aread" in page.text
    assert "&quot;scope&quot;: &quot;readings:read&quot;" in page.text


def test_an_answer_goes_away_when_another_request_is_built(page):
    page.labelled["Send"].click()
    page.labelled["Method"].value = "GET"
    assert "200 OK" not in page.text
    assert page.labelled["Body is"].disabled


def test_a_client_brings_its_secret_and_another_client_is_typed(page):
    page.labelled["Client"].value = "dashboard"
    assert page.labelled["client_secret"].value == "dashboard-secret"
    page.labelled["client_id"].value = "me"
    assert page.labelled["Client"].value == ""


def test_start_again_leads_back_to_a_request_that_is_right(page):
    page.labelled["Credentials"].value = "nowhere"
    page.labelled["Start again"].click()
    assert page.labelled["Credentials"].value == "body"


def test_what_is_typed_is_shown_as_text(page):
    page.labelled["Credentials"].value = "URL"
    page.labelled["grant_type"].value = "<script>alert(1)</script>"
    page.labelled["Send"].click()
    assert "<script" not in page.text


def test_a_server_that_is_gone_is_said_and_no_traceback():
    with start(0) as gone:
        page = Page(playground(gone))
    page.labelled["Send"].click()
    assert "Nobody answers." in page.text


@pytest.mark.parametrize(
    ("choices", "status", "words"),
    [
        ({}, 200, "lives 3600 seconds"),
        ({"credentials": "Basic", "client_id": "station:7 north", "client_secret": "p+q r&%/="}, 200, "Authorization: Bearer"),
        ({"encoding": "JSON"}, 400, "The body is JSON"),
        ({"credentials": "URL"}, 401, "logs keep it"),
        ({"credentials": "nowhere"}, 401, "did not prove its identity"),
        ({"method": "GET"}, 405, "sent with POST"),
        ({"client_id": "browser-app", "client_secret": ""}, 400, "may not use this grant"),
        ({"grant_type": "password"}, 400, "does not know a grant of that name"),
        ({"grant_type": ""}, 400, "grant_type is missing"),
        ({"scope": "all"}, 400, "may not have the scope"),
    ],
)
def test_every_choice_is_sent_for_real_and_explained(server, choices, status, words):
    sent = playground(server).send(**choices)
    assert sent.status == status
    assert sent.raw_request == server.exchanges[-1].raw_request
    assert words in " ".join(repr(sent).split())
    assert words in sent._repr_html_()


def test_the_plain_text_is_the_same_on_every_port(server):
    shown = playground(server)
    assert Page(shown).bundle["text/plain"] == repr(playground("http://127.0.0.1:1"))
    assert str(server.port) not in repr(shown)


@pytest.mark.parametrize("wrong", [{"method": "PUT"}, {"encoding": "XML"}, {"credentials": "cookie"}])
def test_a_choice_that_there_is_not_is_refused_with_those_that_there_are(wrong):
    with pytest.raises(ValueError, match="expected one of"):
        Choices(**wrong)


@pytest.mark.parametrize("url", ["", "127.0.0.1:9400", "https://127.0.0.1:9400"])
def test_what_is_no_server_is_refused(url):
    with pytest.raises(ValueError, match="expected what start"):
        playground(url)


def test_the_clients_offered_are_those_of_the_lessons():
    for client_id, secret in TEACHING_CLIENTS.items():
        client = teaching_clients().find(client_id)
        assert client.is_public if not secret else client.has_secret(secret)


def test_the_body_of_a_get_is_in_its_url():
    request = Choices(method="GET").request("x")
    assert request.body == b"" and "client_secret=secret456" in request.query
    assert json.loads(Choices(encoding="JSON").request("x").body)["client_id"] == "myapp123"


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (b"", "No answer came"),
        (b"HTTP/1.1 401 X\r\nWWW-Authenticate: Bearer error=\"invalid_token\"\r\n\r\n", "does not accept it"),
        (b"HTTP/1.1 429 X\r\n\r\n", "Retry-After"),
        (b"HTTP/1.1 500 X\r\n\r\n[", "The server failed"),
        (b"HTTP/1.1 400 X\r\n\r\n{\"error\": [1]}", "could not read"),
    ],
)
def test_other_answers_are_explained_too(answer, words):
    assert words in str(explain(b"GET / HTTP/1.1\r\n\r\n", answer))

import http.client
import json
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_server import start
from mock_server.application import Application
from mock_server.oauth.clients import teaching_clients
from mock_server.web.messages import Response
from mock_server.web.paging import BadPage, page
from mock_server.web.problems import problem
from plain_client import NOW, PlainClient, api_request, fields, token_request

JSON = ("content-type", "application/json")
READING = b'{"station": 2, "temperature_c": 1}'


def user_of(application):
    bearer = ("authorization", f"Bearer {fields(application.handle(token_request(), NOW))['access_token']}")

    def send(method, target, *headers, body=b"", now=NOW):
        return application.handle(api_request(method, target, bearer, *headers, body=body), now)

    return send


@pytest.fixture
def send(application):
    return user_of(application)


# Entity tags and preconditions (RFC 9110 §13)


def test_if_none_match_with_the_current_tag_is_a_304_without_length_and_body(send):
    tag = send("GET", "/api/readings/1").header("etag")
    for method in ("GET", "HEAD"):
        for field in (tag, f"W/{tag}", f'"x", {tag}', "*"):
            response = send(method, "/api/readings/1", ("if-none-match", field))
            assert (response.status, response.body, response.header("content-length")) == (304, b"", None)
            assert response.header("etag") == tag
    assert send("GET", "/api/readings/1", ("if-none-match", '"other"')).status == 200
    assert send("GET", "/api/readings/1", ("if-none-match", tag.strip('"'))).status == 200


def test_a_plain_get_has_no_more_headers_than_before_but_the_tag(send):
    names = [name for name, _ in send("GET", "/api/readings").headers]
    assert names == ["content-type", "etag", "content-length", "date"]


def test_a_lost_update_is_prevented_by_if_match(send):
    tag = send("GET", "/api/readings/1").header("etag")
    assert send("PUT", "/api/readings/1", JSON, ("if-match", tag), body=READING).status == 200
    late = send("PUT", "/api/readings/1", JSON, ("if-match", tag), body=b'{"station": 1, "temperature_c": 9}')
    assert (late.status, fields(late)["type"]) == (412, "/problems/precondition-failed")
    assert fields(send("GET", "/api/readings/1"))["temperature_c"] == 1
    new_tag = send("GET", "/api/readings/1").header("etag")
    assert send("DELETE", "/api/readings/1", ("if-match", f"W/{new_tag}")).status == 412
    deleted = send("DELETE", "/api/readings/1", ("if-match", new_tag))
    assert (deleted.status, deleted.header("content-length")) == (204, None)
    # RFC 9110 §13.2.1: a server must ignore preconditions where the answer would be no success without them.
    assert send("PUT", "/api/readings/1", JSON, ("if-match", "*"), body=READING).status == 404
    assert send("GET", "/api/readings/1", ("if-match", "*")).status == 404


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(max_codepoint=255), max_size=40), st.text(st.characters(max_codepoint=255), max_size=40))
def test_any_precondition_and_any_accept_gets_a_well_formed_answer(tags, accept):
    send = user_of(Application(teaching_clients(), random.Random(1).randbytes))
    response = send("GET", "/api/readings", ("if-none-match", tags), ("if-match", tags), ("accept", accept))
    assert response.status in (200, 304, 406, 412)


# HEAD and Accept


def test_head_is_answered_like_get_and_over_the_wire_without_a_body(server):
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=5)
    connection.request("POST", "/token", token_request().body, {"Content-Type": "application/x-www-form-urlencoded"})
    bearer = {"Authorization": f"Bearer {json.loads(connection.getresponse().read())['access_token']}"}
    for target in ("/api/stations", "/api/readings", "/api/readings/1", "/"):
        answers = []
        for method in ("GET", "HEAD"):
            connection.request(method, target, headers=bearer)
            response = connection.getresponse()
            answers.append((response.status, response.getheaders(), response.read()))
        assert answers[0][:2] == answers[1][:2]
        assert answers[1][2] == b""
    connection.close()


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("application/json", 200),
        ("*/*", 200),
        ("APPLICATION/*;q=0.1, text/html", 200),
        ("", 200),
        ("text/html, */*;q=0.8", 200),
        ("application/json;charset=utf-8", 200),
        ("text/html", 406),
        ("application/json;q=0", 406),
        ("*/*, application/json; q=0.000", 406),
        ("application/*;q=0, */*", 406),
    ],
)
def test_a_client_that_cannot_read_json_gets_a_406(send, accept, status):
    assert send("GET", "/api/readings", ("accept", accept)).status == status


# Pages (RFC 8288)


def links(response):
    return {relation: target for target, relation in re.findall(r'<([^>]*)>; rel="(\w+)"', response.header("link"))}


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "limit=x", "limit=", "limit=-1", "limit=1&limit=1", "after=x", "limit=%D9%A1"])
def test_a_page_that_cannot_be_is_a_400_that_says_what_could(send, query):
    response = send("GET", f"/api/readings?{query}")
    assert (response.status, fields(response)["type"]) == (400, "/problems/bad-page")
    assert "?limit=2&after=3" in fields(response)["detail"]


@settings(max_examples=100, deadline=None)
@given(st.sets(st.integers(1, 60), max_size=30), st.integers(1, 12))
def test_the_links_lead_through_every_item_once_and_back(ids, limit):
    items = [{"id": number} for number in sorted(ids)]
    target, seen, pages = f"/api/readings?limit={limit}", [], 0
    while target:
        shown, headers = page(api_request("GET", target), items)
        seen, pages = seen + shown, pages + 1
        here = links(Response(200, headers))
        assert here["first"] == f"/api/readings?limit={limit}"
        if pages > 1:
            before, _ = page(api_request("GET", here["prev"]), items)
            assert before == seen[-len(shown) - limit : -len(shown)]
        target = here.get("next")
    assert seen == items


@given(st.text(max_size=40))
def test_any_query_is_a_page_or_a_400(query):
    try:
        page(api_request("GET", f"/api/readings?{query}&limit={query}"), [{"id": 1}])
    except BadPage as bad:
        assert bad.response.status == 400


# Duplicates


def test_a_reading_with_the_same_reference_is_a_409_that_says_where_the_first_is(send):
    body = b'{"station": 2, "temperature_c": 1, "reference": "buoy-7/12:00"}'
    assert fields(send("POST", "/api/readings", JSON, body=body))["reference"] == "buoy-7/12:00"
    again = send("POST", "/api/readings", JSON, body=body)
    assert (again.status, fields(again)["existing"]) == (409, "/api/readings/4")
    assert send("PUT", "/api/readings/4", JSON, body=body).status == 200
    assert send("PUT", "/api/readings/1", JSON, body=body).status == 409
    assert send("DELETE", "/api/readings/4").status == 204
    assert send("POST", "/api/readings", JSON, body=body).status == 201


@pytest.mark.parametrize("reference", ["", "a" * 65, "ü", "a\n", 7, [], None])
def test_a_reference_is_a_short_text(send, reference):
    body = json.dumps({"station": 1, "temperature_c": 1, "reference": reference}).encode()
    assert send("POST", "/api/readings", JSON, body=body).status == 422


# Rate limit


def test_one_call_too_many_is_a_429_until_the_window_is_over():
    send = user_of(Application(teaching_clients(), random.Random(1).randbytes, rate_limit=(2, 60)))
    assert send("GET", "/api/stations").header("ratelimit") == '"client";r=1;t=60'
    assert send("HEAD", "/api/stations", now=NOW + 15.5).header("ratelimit") == '"client";r=0;t=45'
    refused = send("GET", "/api/stations", now=NOW + 30)
    assert (refused.status, refused.header("retry-after")) == (429, "30")
    assert refused.header("ratelimit-policy") == '"client";q=2;w=60'
    assert send("GET", "/api/stations", now=NOW + 60).status == 200


@pytest.mark.parametrize("limit", [(0, 60), (1, 0), (True, 1), (1.5, 1), (1, float("nan")), (1, "60")])
def test_a_limit_that_allows_nothing_is_refused(limit):
    with pytest.raises(ValueError, match="rate_limit"):
        start(0, rate_limit=limit)


# Phrases


@pytest.mark.parametrize(("status", "words"), [(413, "Content Too Large"), (414, "URI Too Long"), (422, "Unprocessable Content")])
def test_the_phrase_of_rfc_9110_is_in_the_body_and_in_the_status(status, words):
    response = problem(status, "x")
    assert fields(response)["title"] == response.reason == words


def test_the_status_line_has_the_same_phrase(server):
    with PlainClient(server) as client:
        head = b"POST /token HTTP/1.1\r\nHost: x\r\nContent-Length: 999999\r\nExpect: 100-continue\r\n\r\n"
        (answer,) = client.send(head).answers()
    assert answer.startswith(b"HTTP/1.1 413 Content Too Large\r\n")


def test_no_client_waits_longer_than_a_window_when_the_clock_was_set_back():
    send = user_of(Application(teaching_clients(), random.Random(1).randbytes, rate_limit=(1, 60)))
    assert send("GET", "/api/stations", now=NOW + 600).status == 200
    assert send("GET", "/api/stations").status == 200
    refused = send("GET", "/api/stations")
    assert (refused.status, refused.header("retry-after")) == (429, "60")

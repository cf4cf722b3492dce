"""The inspector: what its page shows, to whom, and that looking on leaves no trace."""

import html
import re
import threading

import pytest
import requests

from mock_server import start
from mock_server.application import Application
from mock_server.oauth.clients import Clients
from mock_server.shells.in_process import in_process
from mock_server.views.inspector import MOST_CLIENTS, MOST_ROWS
from mock_server.views.record import Record
from plain_client import GOOD_BODY, NOW, PlainClient, api_request, curl, fields, raw_request

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"
JSON_MISTAKE = b'{"grant_type": "client_credentials", "client_secret": "secret456"}'


def get(application, path, *headers):
    return application.handle(api_request("GET", path, *headers), NOW)


def page(application):
    return get(application, "/", ("accept", BROWSER))


def state(application):
    return fields(get(application, "/inspector/state"))


def recorded(application, raw_request, raw_response=b"", fault=""):
    """As a shell records an exchange."""
    exchange = application.record.open()
    application.record.add(exchange.request, raw_request)
    application.record.add(exchange.response, raw_response)
    exchange.fault = fault
    return exchange


def visible(response):
    """What a reader of an exchange's HTML has before them."""
    return html.unescape(re.sub(r"<[^>]*>", "", fields(response)["html"]))


@pytest.fixture
def server():
    """One of its own for each test: its exchanges are numbered from 1."""
    with start(0) as server:
        yield server


@pytest.fixture
def look(server):
    """GET from the server as the page does; None for a 304."""

    def look(path, **headers):
        answer = requests.get(f"{server.url}/{path}", headers=headers, timeout=5)
        return answer if answer.status_code != 304 else None

    return look


# Who gets the page


@pytest.mark.parametrize("accept", [BROWSER, "text/html", "text/html;q=0.9, application/json;q=0.8", "TEXT/HTML, */*;q=0.1"])
def test_a_browser_gets_a_page(application, accept):
    response = get(application, "/", ("accept", accept))
    assert response.header("content-type") == "text/html; charset=utf-8"
    assert response.header("vary") == "Accept"
    assert b"never use it for anything real" in response.body


@pytest.mark.parametrize(
    "accept", [None, "*/*", "application/json", "application/json, text/html", "text/html;q=0, */*", "text/plain", "", "text/html;q=0.5, */*"]
)
def test_a_program_gets_json_as_ever(application, accept):
    response = get(application, "/", *((("accept", accept),) if accept is not None else ()))
    assert response.header("content-type") == "application/json"
    assert response.header("vary") == "Accept"
    assert "/token" in fields(response)["endpoints"]


def test_the_page_names_the_server_s_own_addresses():
    application = Application(Clients(), bytes, issuer="http://127.0.0.1:9417")
    text = page(application).body.decode()
    assert "POST http://127.0.0.1:9417/token" in text
    assert "GET http://127.0.0.1:9417/api/stations" in text


def test_the_page_loads_nothing_and_runs_nothing_but_its_own_script(application):
    response = page(application)
    policy = response.header("content-security-policy")
    assert "default-src 'none'" in policy and "unsafe" not in policy and "frame-ancestors 'self'" in policy
    assert re.search(r"script-src 'sha256-[^' ]+';", policy)
    text = response.body.decode()
    assert not re.findall(r'(?:src|href|action)="(?!data:,")', text)
    assert not re.findall(r"<[^>]* (?:on\w+|style)=", text)


def test_no_answer_of_the_inspector_may_be_read_by_another_site(application):
    tag = get(application, "/inspector/state").header("etag")
    unchanged = get(application, "/inspector/state", ("if-none-match", tag))
    for response in (page(application), get(application, "/inspector/state"), unchanged, get(application, "/inspector/x")):
        assert response.header("access-control-allow-origin") is None
        assert response.header("cross-origin-resource-policy") == "same-origin"
        assert response.header("cache-control") == "no-store"


@pytest.mark.parametrize("path", ["/", "/inspector/state", "/inspector/exchanges/1"])
def test_a_foreign_name_for_this_machine_gets_nothing_from_the_inspector(server, path):
    answer = requests.get(server.url + path, headers={"Host": "evil.example", "Accept": BROWSER}, timeout=5)
    assert answer.status_code == 421
    assert [exchange.request.path for exchange in server.exchanges] == [path]


# What it shows


def test_the_line_for_a_newcomer_gets_a_token(server, look):
    (line,) = re.findall(r'<pre class="example" id="command">(.*?)</pre>', look("", Accept=BROWSER).text)
    program, *arguments = html.unescape(re.sub(r"<[^>]*>", "", line)).split()
    assert program == "curl"
    curl(*arguments)
    assert [exchange.response.status for exchange in server.exchanges] == [200]


def test_with_tls_the_line_says_how_to_trust_the_server():
    text = page(Application(Clients(), bytes, issuer="https://127.0.0.1:9400")).body.decode()
    assert "curl --cacert CA_FILE https://127.0.0.1:9400/token" in text and "server.ca_file" in text


def test_a_row_says_who_asked_for_what_and_what_came_of_it(server, look):
    token = requests.post(f"{server.url}/token", data=GOOD_BODY, headers={"Content-Type": "application/x-www-form-urlencoded"}, timeout=5)
    server.fail_next(503)
    bearer = {"Authorization": f"Bearer {token.json()['access_token']}"}
    requests.get(f"{server.url}/api/stations?x=1", headers=bearer, timeout=5)
    assert look("inspector/state").json()["exchanges"] == [
        {
            "number": 2,
            "method": "GET",
            "path": "/api/stations",
            "client": "myapp123",
            "status": 503,
            "reason": "Service Unavailable",
            "fault": "503",
        },
        {"number": 1, "method": "POST", "path": "/token", "client": "myapp123", "status": 200, "reason": "OK", "fault": ""},
    ]


@pytest.mark.parametrize("raw", [b"G", b"GARBAGE\r\n\r\n", b"\0\xff"])
def test_what_is_no_request_and_has_no_answer_is_shown_too(application, raw):
    recorded(application, raw)
    (row,) = state(application)["exchanges"]
    assert (row["path"], row["status"], row["reason"]) == ("(no readable request)", None, "no answer")
    assert "No answer came" in fields(get(application, "/inspector/exchanges/1"))["text"]


def test_the_newest_come_first_and_what_is_left_out_is_counted(application):
    for _ in range(MOST_ROWS + 3):
        recorded(application, raw_request())
    seen = state(application)
    assert [row["number"] for row in seen["exchanges"]] == list(range(MOST_ROWS + 3, 3, -1))
    assert seen["older_exchanges"] == 3


def test_the_clients_are_listed_without_anything_secret(application):
    clients = {client["id"]: client for client in state(application)["clients"]}
    assert clients["dashboard"]["scopes"] == "readings:read"
    assert clients["assertion-app"]["proves itself by"] == "private_key_jwt"
    assert clients["browser-app"]["proves itself by"] == "nothing: it is public"
    shown = get(application, "/inspector/state").body + page(application).body
    assert application.clients.find("dashboard").secret_digest.hex().encode() not in shown
    assert b"dashboard-secret" not in shown


def test_of_very_many_clients_the_first_are_listed_and_the_others_counted():
    clients = Clients()
    for number in range(MOST_CLIENTS + 7):
        clients.register(f"client-{number}", "s")
    seen = state(Application(clients, bytes))
    assert (len(seen["clients"]), seen["more_clients"]) == (MOST_CLIENTS, 7)


def test_an_exchange_is_explained_and_leads_to_the_page_of_its_error(server, look):
    PlainClient(server).send(raw_request(JSON_MISTAKE).replace(b"application/x-www-form-urlencoded", b"application/json")).answers()
    seen = look("inspector/exchanges/1").json()
    assert "could not make sense of the request" in seen["text"]
    assert seen["advice"].startswith("The body is JSON, and the token endpoint reads only forms.")
    assert seen["guide"] == {"code": "invalid_request", "path": "errors/invalid_request"}
    assert look(seen["guide"]["path"]).status_code == 200


def test_a_problem_of_the_api_leads_to_its_page_too(server, look):
    token = requests.post(f"{server.url}/token", data={"grant_type": "client_credentials"}, auth=("myapp123", "secret456"), timeout=5).json()
    headers = {"Authorization": f"Bearer {token['access_token']}", "Accept": "text/csv"}
    requests.get(f"{server.url}/api/stations", headers=headers, timeout=5)
    assert look("inspector/exchanges/2").json()["guide"] == {"code": "not-acceptable", "path": "problems/not-acceptable"}


def test_secrets_are_masked_until_they_are_asked_for(server, look):
    token = PlainClient(server).send(raw_request()).answers()[0]
    secret = re.search(rb'"access_token": "([^"]+)"', token)[1].decode()
    masked, shown = (look(f"inspector/exchanges/1{query}").text for query in ("", "?secrets=shown"))
    assert "secret456" not in masked and secret not in masked
    assert "secret456" in shown and secret in shown


def test_what_crossed_the_wire_stays_text(application):
    hostile = HOSTILE.encode()
    raw = b"POST /%b HTTP/1.1\r\nHost: x\r\nX-%b: %b\r\nContent-Length: %d\r\n\r\n%b" % (hostile, hostile, hostile, len(hostile), hostile)
    recorded(application, raw, b"HTTP/1.1 400 Bad Request\r\ncontent-type: text/html\r\n\r\n" + hostile, HOSTILE)
    response = get(application, "/inspector/exchanges/1")
    assert visible(response).count(HOSTILE) == 5
    assert not re.findall(r"<(?:script|img)", fields(response)["html"])


@pytest.mark.parametrize("path", ["/inspector/", "/inspector/x", "/inspector/exchanges/", "/inspector/exchanges/1", "/inspector/exchanges/-1"])
def test_what_the_inspector_does_not_have_is_a_404(application, path):
    assert get(application, path).status == 404


@pytest.mark.parametrize("path", ["/inspector/state", "/inspector/exchanges/1"])
def test_the_inspector_only_looks_on(application, path):
    response = application.handle(api_request("POST", path), NOW)
    assert (response.status, response.header("allow")) == (405, "GET, HEAD")


# How it stays up to date


def test_nothing_new_is_a_304_and_anything_new_is_not(server, look):
    tag = look("inspector/state").headers["ETag"]
    assert look("inspector/state", **{"If-None-Match": tag}) is None
    PlainClient(server).send(raw_request()).answers()
    newer = look("inspector/state", **{"If-None-Match": tag})
    assert [row["number"] for row in newer.json()["exchanges"]] == [1]
    server.clients.register("newcomer", "s")
    newest = look("inspector/state", **{"If-None-Match": newer.headers["ETag"]})
    assert newest.json()["clients"][-1]["id"] == "newcomer"


def test_an_answer_that_comes_later_is_news(application):
    exchange = recorded(application, raw_request())
    tag = get(application, "/inspector/state").header("etag")
    application.record.add(exchange.response, b"HTTP/1.1 200 OK\r\n\r\n")
    later = get(application, "/inspector/state", ("if-none-match", tag))
    assert fields(later)["exchanges"][0]["status"] == 200


def test_head_has_the_headers_of_get(application):
    for path in ("/", "/inspector/state"):
        head = application.handle(api_request("HEAD", path, ("accept", BROWSER)), NOW)
        assert head.headers == get(application, path, ("accept", BROWSER)).headers


# Looking on leaves no trace


def look_on(url):
    for path, accept in [("", BROWSER), ("inspector/state", "*/*"), ("inspector/exchanges/1", "*/*"), ("errors/invalid_client", BROWSER)]:
        assert requests.get(f"{url}/{path}", headers={"Accept": accept}, timeout=5).status_code == 200
    assert requests.get(f"{url}/inspector/exchanges/77", timeout=5).status_code == 404
    assert requests.head(f"{url}/", headers={"Accept": BROWSER}, timeout=5).status_code == 200


@pytest.mark.parametrize("serve", [lambda: start(0), in_process], ids=["socket", "in process"])
def test_the_record_is_the_same_whether_somebody_looks_on_or_not(serve):
    records = []
    for is_watched in (False, True):
        with serve() as server:
            for number in range(3):
                requests.post(f"{server.url}/token", data={"grant_type": "client_credentials"}, auth=("myapp123", "secret456"), timeout=5)
                if is_watched:
                    look_on(server.url)
            port = str(server.port).encode()
            records.append([(each.number, each.raw_request.replace(port, b"PORT"), each.raw_response) for each in server.exchanges])
    assert records[0] == records[1]
    assert [number for number, *_ in records[0]] == [1, 2, 3]


def test_a_program_that_reads_the_root_or_an_error_page_is_on_the_record(server):
    for path in ("/", "/errors/invalid_client", "/problems/not-json"):
        requests.get(server.url + path, timeout=5)
    assert [exchange.request.path for exchange in server.exchanges] == ["/", "/errors/invalid_client", "/problems/not-json"]


def test_requests_on_one_connection_are_told_apart(server):
    looks = b"GET /inspector/state HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    client = PlainClient(server)
    client.send(looks + raw_request() + looks + raw_request(b"x=1") + looks)
    assert len(client.answers(5)) == 5
    assert [(each.number, each.raw_request, each.response.status) for each in server.exchanges] == [
        (1, raw_request(), 200),
        (2, raw_request(b"x=1"), 401),
    ]


def test_no_fault_strikes_the_inspector(server):
    fault = server.fail_next(503)
    PlainClient(server).send(b"GET /inspector/state HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").answers()
    assert server.faults == [fault]


def test_a_thousand_looks_take_no_room_in_the_record(application):
    for _ in range(Record.MOST_EXCHANGES):
        recorded(application, raw_request())
    for _ in range(1000):
        application.record.drop(recorded(application, b"GET /inspector/state HTTP/1.1\r\n\r\n"))
    numbers = [exchange.number for exchange in application.record.exchanges()]
    assert numbers == list(range(1, Record.MOST_EXCHANGES + 1))


def test_whoever_reads_the_record_while_the_page_asks_never_sees_it_ask(server):
    PlainClient(server).send(raw_request()).answers()
    is_over = threading.Event()

    def ask():
        session = requests.Session()
        for _ in range(200):
            session.get(f"{server.url}/inspector/state", timeout=5)
        is_over.set()

    thread = threading.Thread(target=ask)
    thread.start()
    seen = set()
    while not is_over.is_set():
        seen |= {(each.number, each.request.path) for each in server.exchanges}
    thread.join()
    assert seen == {(1, "/token")}


def test_half_a_question_of_the_page_is_not_seen_either(server):
    client = PlainClient(server).send(b"GET /inspector/state HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    PlainClient(server).send(raw_request()).answers()
    before = [(each.number, each.request.path) for each in server.exchanges]
    client.send(b"\r\n").answers()
    after = [(each.number, each.request.path) for each in server.exchanges]
    assert before == after == [(1, "/token")]


# A server that others can reach


def test_a_server_that_others_can_reach_shows_neither_exchanges_nor_clients():
    with start(0, expose=True) as server:
        PlainClient(server).send(raw_request()).answers()
        text = requests.get(server.url, headers={"Accept": BROWSER}, timeout=5).text
        assert "Exchanges are not shown" in text and "<script" not in text
        for path in ("state", "exchanges/1", "exchanges/1?secrets=shown"):
            answer = requests.get(f"{server.url}/inspector/{path}", timeout=5)
            assert answer.status_code == 403
            assert "secret456" not in answer.text and "myapp123" not in answer.text

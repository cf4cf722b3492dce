"""The inspector as a learner meets it: from JupyterLab's launcher, live, by keyboard, and whatever crosses the wire."""

import os
import shutil
import socket

import nbformat
import pytest
import requests
from jupyter_lab import NAME
from keyboard_focus import tab_to
from notebook_page import OPEN_SECONDS, open_notebook
from playwright.sync_api import expect

from mock_server import start

NOTEBOOK = "notebooks/scratch.ipynb"
START = "import requests\nfrom mock_server import start\n\nserver = start({port})"
ASK = 'requests.post(f"{server.url}/token", data={"grant_type": "client_credentials"}, auth=("myapp123", "secret456")).status_code'
LAUNCHER = '() => { window.jupyterapp.commands.execute("launcher:create", { cwd: "" }) }'
HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def write_notebook(lab):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in (START.format(port=lab.mock_server_port), ASK)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for number, cell in enumerate(notebook.cells):
        cell.id = f"cell-{number}"
    nbformat.write(notebook, lab.root / NOTEBOOK)


def open_card(page):
    card = page.locator(".jp-LauncherCard", has_text="Mock server")
    card.click(timeout=OPEN_SECONDS * 1000)
    return page.frame_locator(".jp-ServerProxy iframe")


def test_the_launcher_leads_to_the_exchanges_of_the_notebook_at_work(page, page_record, lab, tmp_path):
    write_notebook(lab)
    notebook = open_notebook(page, NOTEBOOK)
    notebook.run_cell(0)
    assert notebook.errors() == []
    page.evaluate(LAUNCHER)
    inspector = open_card(page)
    expect(inspector.get_by_text("Nothing has been sent yet")).to_be_visible()
    expect(inspector.get_by_role("status")).to_have_text("Live · 0 exchanges")

    notebook.run_cell(1)
    assert notebook.outputs(1)[0]["data"]["text/plain"] == "200"
    page.locator(".lm-TabBar-tab", has_text="Mock server").click()
    row = inspector.locator("summary", has_text="/token")
    expect(row).to_contain_text("POST /token")
    expect(row).to_contain_text("myapp123")
    expect(row).to_contain_text("✓ 200 OK")
    expect(inspector.get_by_role("status")).to_have_text("Live · 1 exchange")
    row.click()
    expect(inspector.get_by_text("The server knows the client and gave it an access token.")).to_be_visible()
    expect(inspector.get_by_text("which flow (RFC 6749 §4.4.2)")).to_be_visible()
    page.screenshot(path=tmp_path / "lab.png", animations="disabled")
    if wanted := os.environ.get("INSPECTOR_PICTURES"):
        shutil.copytree(tmp_path, wanted, dirs_exist_ok=True)
    assert page_record.console_errors == []


def test_without_a_server_the_card_says_what_to_do(page):
    page.goto("lab")
    expect(open_card(page).get_by_text("Run a cell of a notebook that calls start()")).to_be_visible()


@pytest.mark.parametrize("path", ["mock-server/", "mock-server", "proxy/{port}/", "proxy/{port}"])
def test_the_page_works_under_a_prefix(page, page_record, lab, path):
    with start(lab.mock_server_port) as server:
        page.goto(path.format(port=server.port))
        requests.post(f"{server.url}/token", json={}, timeout=5)
        page.locator("summary", has_text="400 Bad Request").click()
        with page.context.expect_page() as opened:
            page.get_by_role("link", name="What invalid_request means").click()
        expect(opened.value.get_by_role("heading", name="invalid_request", exact=True)).to_be_visible()
        assert [exchange.request.path for exchange in server.exchanges] == ["/token"]
    assert page_record.console_errors == []


def test_the_card_works_where_the_lab_has_another_name(lab):
    """As on Binder: the browser's Host names the lab's address in the world, and the mock server refuses strange names."""
    headers = {"Host": NAME, "Accept": "text/html"}
    with start(lab.mock_server_port) as server:
        assert requests.get(server.url, headers=headers, timeout=5).status_code == 421
        answer = requests.get(f"{lab.url}mock-server/", params={"token": lab.token}, headers=headers, timeout=5)
        assert answer.status_code == 200
        assert "Mock server: inspector" in answer.text


def test_the_page_is_used_by_keyboard_alone(page, page_record):
    with start(0) as server:
        page.goto(server.url)
        expect(page.get_by_text("Nothing has been sent yet")).to_be_visible()
        requests.post(f"{server.url}/token", data={"grant_type": "x"}, auth=("myapp123", "wrong"), timeout=5)
        requests.post(f"{server.url}/token", data={"grant_type": "client_credentials"}, auth=("myapp123", "secret456"), timeout=5)
        expect(page.get_by_role("status")).to_have_text("Live · 2 exchanges")
        newest = page.locator("#exchanges summary").first
        tab_to(page, page.locator(".clients summary"))
        page.keyboard.press("Enter")
        expect(page.get_by_role("rowheader", name="dashboard")).to_be_visible()
        tab_to(page, page.get_by_label("Filter"))
        page.keyboard.type("200 myapp")
        expect(page.get_by_role("status")).to_have_text("Live · 1 shown of 2 exchanges")
        tab_to(page, newest)
        page.keyboard.press("Enter")
        secret = page.locator("#exchanges mark").first
        expect(secret).to_have_text("***")
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Space")
        expect(page.get_by_label("Show secrets")).to_be_checked()
        expect(secret).not_to_have_text("***")
        requests.get(f"{server.url}/api/stations", timeout=5)
        expect(page.get_by_role("status")).to_have_text("Live · 1 shown of 3 exchanges")
        expect(page.get_by_label("Show secrets")).to_be_focused()
    assert page_record.console_errors == []


def test_what_crosses_the_wire_does_nothing_in_the_page(page, page_record):
    with start(0) as server:
        page.goto(server.url)
        hostile = HOSTILE.encode()
        with socket.create_connection(("127.0.0.1", server.port)) as connection:
            connection.sendall(
                b"POST /%b HTTP/1.1\r\nHost: 127.0.0.1\r\nX-A: %b\r\nContent-Type: application/x-www-form-urlencoded\r\n"
                b"Content-Length: %d\r\n\r\nclient_id=%b" % (hostile.replace(b" ", b"%20"), hostile, len(hostile) + 10, hostile)
            )
            connection.recv(65536)
        row = page.locator("#exchanges summary")
        expect(row).to_contain_text(HOSTILE.replace(" ", "%20"))
        expect(row.locator(".client")).to_have_text(HOSTILE)
        row.click()
        expect(page.get_by_text(f"X-A: {HOSTILE}")).to_be_visible()
        assert page.locator("#exchanges").locator("script, img").count() == 0
    assert page_record.console_errors == []


def test_a_server_that_starts_again_is_shown_as_it_is_now(page):
    with start(0) as server:
        page.goto(server.url)
        for _ in range(3):
            requests.get(f"{server.url}/api/stations", timeout=5)
        expect(page.get_by_role("status")).to_have_text("Live · 3 exchanges")
    expect(page.get_by_role("status")).to_contain_text("The server does not answer")
    with start(server.port) as anew:
        requests.post(f"{anew.url}/token", timeout=5)
        expect(page.get_by_role("status")).to_have_text("Live · 1 exchange")
        expect(page.locator("#exchanges li")).to_have_count(1)
        expect(page.locator("#exchanges summary")).to_contain_text("POST /token")


@pytest.mark.parametrize("width", [1280, 400])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_page(page, width, scheme):
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme)
    with start(0) as server:
        page.goto(server.url)
        expect(page.get_by_text("Nothing has been sent yet")).to_be_visible()
        requests.post(f"{server.url}/token", json={"client_secret": "s" * 300}, timeout=5)
        requests.get(f"{server.url}/{'a' * 500}", timeout=5)
        page.locator(".clients summary").click()
        expect(page.get_by_role("rowheader", name="dashboard")).to_be_visible()
        expect(page.locator("#exchanges summary")).to_have_count(2)
        for row in page.locator("#exchanges summary").all():
            row.click()
        expect(page.locator(".meaning")).to_have_count(2)
        page.get_by_label("Show secrets").check()
        expect(page.get_by_text("s" * 300)).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width

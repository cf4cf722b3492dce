"""Browser tests: the course as a learner has it, in a real JupyterLab and a real Chromium.

A test asks for `page` (and `lab`, for the progress file or the copied course):

    from keyboard_focus import tab_to
    from notebook_page import open_notebook
    from playwright.sync_api import expect

    def test_a_quiz_can_be_answered_by_keyboard(page, page_record):
        notebook = open_notebook(page, "notebooks/00_start_here.ipynb")
        notebook.run_all()
        assert notebook.errors() == []
        notebook.activate_cell(4)
        tab_to(page, notebook.cell(4).get_by_role("button", name="Check"))
        page.keyboard.press("Space")
        expect(notebook.cell(4)).to_contain_text("Right")
        assert page_record.console_errors == []

One server serves the session and one browser a module; each test has a page, cookies,
kernels and a copy of the course to itself. Every test ends with the check that its page
asked nothing but loopback. Without Chromium the tests are skipped, on CI they fail.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from jupyter_lab import JupyterLab
from notebook_page import OPEN_SECONDS, WINDOW
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from start import find_chromium

NO_CHROMIUM = (
    "no Chromium found for the browser tests. Install one (`apt-get install chromium` on Debian"
    " and Ubuntu; Chromium, Google Chrome or Microsoft Edge elsewhere), or name it in the"
    " environment variable CHROMIUM_PATH"
)
NETWORK_SCHEMES = {"http", "https", "ws", "wss", "ftp"}
LOOPBACK = {"127.0.0.1", "localhost", "::1"}

# A widget answers by way of the kernel; Playwright's 5 s are for pages alone.
expect.set_options(timeout=15_000)

CHROMIUM_ARGUMENTS = [
    # Any other host fails to resolve. This also holds for WebSockets and prefetches, and
    # unlike `page.route` it leaves the HTTP cache on.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    "--no-proxy-server",  # a proxy would resolve hosts for Chromium
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class PageRecord:
    """What a page did behind the scenes.

    requests: every address it asked, WebSockets included; console_errors: what it wrote to
    the console as an error, and exceptions that nothing caught.
    """

    requests: list[str] = field(default_factory=list)
    console_errors: list[str] = field(default_factory=list)

    def attach(self, page: Page) -> None:
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("pageerror", lambda error: self.console_errors.append(str(error)))
        page.on("console", self._note_console)

    def _note_console(self, message) -> None:
        if message.type == "error":
            self.console_errors.append(message.text)

    def requests_off_loopback(self) -> list[str]:
        return [
            url
            for url in self.requests
            if urlsplit(url).scheme in NETWORK_SCHEMES
            and urlsplit(url).hostname not in LOOPBACK
        ]


@pytest.fixture(scope="session")
def chromium() -> Path:
    found = find_chromium()
    if found:
        return Path(found)
    if os.environ.get("CI"):
        pytest.fail(NO_CHROMIUM, pytrace=False)
    pytest.skip(NO_CHROMIUM)


@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    """Chromium, for one module of tests.

    Not for the session: Playwright's sync API keeps an asyncio loop running in this thread,
    and `asyncio.run` in any later test, of another folder for example, would refuse to start.
    """
    with sync_playwright() as playwright:
        # Playwright switches Chromium's sandbox off by itself, which root needs.
        browser = playwright.chromium.launch(
            executable_path=chromium, args=CHROMIUM_ARGUMENTS
        )
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def lab(chromium: Path, tmp_path_factory) -> Iterator[JupyterLab]:
    """The server; `chromium` is asked first, so that no server starts for skipped tests."""
    lab = JupyterLab(tmp_path_factory.mktemp("lab"))
    try:
        lab.start()
        yield lab
    finally:
        lab.stop()


@pytest.fixture
def context(browser: Browser, lab: JupyterLab) -> Iterator[BrowserContext]:
    """A window with empty storage, let in by the server's token."""
    context = browser.new_context(base_url=lab.url, viewport=WINDOW)
    context.set_default_navigation_timeout(OPEN_SECONDS * 1000)
    context.request.get(f"lab?token={lab.token}")  # sets the server's cookie
    yield context
    context.close()
    lab.restore()


@pytest.fixture
def page_record() -> PageRecord:
    return PageRecord()


@pytest.fixture
def page(
    context: BrowserContext, page_record: PageRecord, tmp_path: Path
) -> Iterator[Page]:
    """A page of 1280 × 800 px; tmp_path is where a failing test leaves its screenshot."""
    context.on("page", page_record.attach)  # pages that a link opens included
    page = context.new_page()
    yield page
    strangers = page_record.requests_off_loopback()
    assert not strangers, f"the page asked other hosts than loopback: {strangers}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if not report.failed:
        return report
    fixtures = getattr(item, "funcargs", {})
    if call.when == "call" and "page" in fixtures:
        picture = fixtures["tmp_path"] / "failure.png"
        try:
            fixtures["page"].screenshot(path=picture)
            report.sections.append(("Screenshot", str(picture)))
        except Exception as error:  # a crashed page must not hide the test's own failure
            report.sections.append(("Screenshot", f"could not be taken: {error}"))
        errors = fixtures["page_record"].console_errors
        report.sections.append(("Browser console", "\n".join(errors) or "no errors"))
    if "lab" in fixtures:
        report.sections.append(("JupyterLab's log", fixtures["lab"].log()))
    return report

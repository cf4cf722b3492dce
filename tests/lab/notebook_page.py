"""A notebook opened in JupyterLab, as a learner has it in the browser.

State is read from JupyterLab's models (`window.jupyterapp`): they are complete whatever the
page shows, while the toolbar's idle mark and the promises of commands come too early.
What a learner sees is asserted on locators, which Playwright's `expect` waits for.
"""

from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote
from uuid import uuid4

from playwright.sync_api import Locator, Page, TimeoutError

OPEN_SECONDS = 60
RUN_SECONDS = 120
WINDOW = {"width": 1280, "height": 800}
TALLEST_WINDOW = 30_000  # pixels: beyond this nobody has looked whether Chromium paints

# Not async: wait_for_function takes a promise for true.
READY_PANEL = """path => {
  const app = window.jupyterapp;
  if (!app) return null;
  const panel = [...app.shell.widgets("main")].find(widget => widget.context?.path === path);
  const ready = panel?.context.isReady && panel.sessionContext.isReady;
  return ready && panel.sessionContext.session?.kernel ? panel : null;
}"""

# An object whose `done` turns true, because `evaluate` would wait for a promise for ever.
KERNEL_ANSWER = """panel => {
  const answer = { done: false };
  Promise.all([panel.revealed, panel.sessionContext.session.kernel.info])
    .then(() => { answer.done = true; });
  return answer;
}"""

# Commands act on the notebook that has the focus, and activation only asks for it.
ACTIVATE = "panel => window.jupyterapp.shell.activateById(panel.id)"
IS_ACTIVE = "panel => window.jupyterapp.shell.currentWidget === panel"

EXECUTE = """(panel, command) => {
  const run = { settled: false };
  const settle = () => { run.settled = true; };
  window.jupyterapp.commands.execute(command).then(settle, settle);
  return run;
}"""

# Each code cell that should have run: its number, and whether it has an execution count.
# After an error that is not announced by the tag `raises-exception` the kernel drops the
# cells below it, so they are not waited for.
PROGRESS = """(panel, only) => {
  const cells = [];
  for (const [index, { model }] of panel.content.widgets.entries()) {
    if (model.type !== "code" || !model.sharedModel.source.trim()) continue;
    if (only !== null && index !== only) continue;
    cells.push({ index, done: model.executionCount !== null
                              && model.executionState !== "running" });
    const failed = model.outputs.toJSON().some(output => output.output_type === "error");
    if (failed && !(model.getMetadata("tags") ?? []).includes("raises-exception")) break;
  }
  return cells;
}"""

FINISHED = f"""([panel, run, only]) =>
  run.settled && panel.sessionContext.session.kernel.status === "idle"
  && ({PROGRESS})(panel, only).every(cell => cell.done)
"""

ERRORS = """panel => panel.content.widgets.flatMap(({ model }, index) =>
  model.type !== "code" ? [] : model.outputs.toJSON()
    .filter(output => output.output_type === "error")
    .map(({ ename, evalue }) => [
      index, ename, evalue, (model.getMetadata("tags") ?? []).includes("raises-exception"),
    ]))
"""

# Window height that shows the first to the last cell: all that is not notebook, plus the
# cells. JupyterLab leaves room to scroll past the last cell, so scrollHeight is no measure.
NEEDED_HEIGHT = """panel => {
  const outer = panel.content.outerNode;
  outer.scrollTop = 0;
  const last = panel.content.widgets.at(-1).node.getBoundingClientRect();
  const cells = last.bottom - outer.getBoundingClientRect().top;
  return Math.ceil(window.innerHeight - outer.clientHeight + cells) + 48;
}"""

# True when the last cell was in view; otherwise scroll by a windowful less a strip of context.
SCROLL_DOWN = """panel => {
  const outer = panel.content.outerNode;
  const last = panel.content.widgets.at(-1).node.getBoundingClientRect();
  if (last.bottom <= outer.getBoundingClientRect().bottom) return true;
  const before = outer.scrollTop;
  outer.scrollTop += outer.clientHeight - 80;
  return outer.scrollTop === before;
}"""


class CellError(NamedTuple):
    """An exception among a cell's outputs; announced: the cell is tagged `raises-exception`."""

    cell: int
    ename: str
    evalue: str
    announced: bool


def open_notebook(page: Page, path: str) -> "Notebook":
    """Open `path`, relative to the server's root ("notebooks/a.ipynb"), in a fresh workspace."""
    page.goto(f"/lab/workspaces/{uuid4().hex}/tree/{quote(path)}")
    return Notebook(page, path)


class Notebook:
    """A notebook that `page` shows or is about to show, its kernel ready.

    Cells are numbered from 0 over all cells, as in the file. `Notebook(page, path)` also
    takes over a notebook that a test opened by other means, by following a link for example.
    """

    def __init__(self, page: Page, path: str):
        self.page = page
        self.path = path
        try:
            self._panel = page.wait_for_function(
                READY_PANEL, arg=path, timeout=OPEN_SECONDS * 1000
            )
            answer = self._panel.evaluate_handle(KERNEL_ANSWER)
            page.wait_for_function(
                "answer => answer.done", arg=answer, timeout=OPEN_SECONDS * 1000
            )
        except TimeoutError:
            raise AssertionError(
                f"{path} had no ready kernel after {OPEN_SECONDS} s: look at the screenshot for"
                " a dialog, and at the server's log for the kernel"
            ) from None
        self.panel = page.locator(f'[id="{self._panel.evaluate("panel => panel.id")}"]')

    def run_all(self, seconds: float = RUN_SECONDS) -> None:
        """Run every cell as the menu does, and wait until all have run and the kernel idles.

        An error that is not announced ends the run early: see `errors()`.
        """
        self._execute("notebook:run-all-cells", None, seconds)

    def run_cell(self, index: int, seconds: float = RUN_SECONDS) -> None:
        """Run one cell and wait until it has run and the kernel idles."""
        self.activate_cell(index)
        self._execute("notebook:run-cell", index, seconds)

    def activate_cell(self, index: int) -> None:
        """Make a cell the active one, in command mode, as a click on its left margin does."""
        self._activate()
        self._panel.evaluate(
            """(panel, index) => {
              panel.content.deselectAll();
              panel.content.mode = "command";
              panel.content.activeCellIndex = index;
              // Notebook.activate() leaves the focus where it is within the notebook.
              panel.content.widgets[index].node.focus();
              return panel.content.scrollToItem(index);
            }""",
            index,
        )

    def set_cell_source(self, index: int, text: str) -> None:
        """Replace the text of a cell."""
        self._panel.evaluate(
            "(panel, [index, text]) => panel.content.widgets[index].model.sharedModel"
            ".setSource(text)",
            [index, text],
        )

    def cell_sources(self) -> list[str]:
        """The text of every cell, in order."""
        return self._panel.evaluate(
            "panel => panel.content.widgets.map(cell => cell.model.sharedModel.source)"
        )

    def outputs(self, index: int) -> list[dict]:
        """A code cell's outputs, as nbformat spells them."""
        return self._panel.evaluate(
            "(panel, index) => panel.content.widgets[index].model.outputs.toJSON()", index
        )

    def errors(self) -> list[CellError]:
        """Every exception among the outputs, announced ones included."""
        return [CellError(*error) for error in self._panel.evaluate(ERRORS)]

    def cell(self, index: int) -> Locator:
        """The output area of a code cell, which holds nothing of its source.

        Its text includes the prompt of a value ("[3]:"): prefer `to_contain_text`.
        """
        return self.whole_cell(index).locator(".jp-Cell-outputArea")

    def whole_cell(self, index: int) -> Locator:
        """A cell with its source, or the rendered text of a Markdown cell."""
        return self.panel.locator(f'.jp-Cell[data-windowed-list-index="{index}"]')

    def screenshot(self, path: Path) -> Path:
        """One picture of the notebook from its first cell to its last, 1280 px wide window.

        ValueError: it is too tall for one picture; use `screenshot_pages`.
        """
        window = self.page.viewport_size
        try:
            # Cells that were never in view have a guessed height until they are, so the
            # window may have to grow more than once.
            for _ in range(5):
                height = self._panel.evaluate(NEEDED_HEIGHT)
                if height > TALLEST_WINDOW:
                    raise ValueError(
                        f"{self.path} needs a window {height} px high, more than"
                        f" {TALLEST_WINDOW}: use screenshot_pages()"
                    )
                if height == self.page.viewport_size["height"]:
                    break
                self.page.set_viewport_size({"width": WINDOW["width"], "height": height})
                self._wait_for_layout()
            self.panel.screenshot(path=path, animations="disabled")
        finally:
            self.page.set_viewport_size(window)
            self._wait_for_layout()
        return Path(path)

    def screenshot_pages(self, folder: Path) -> list[Path]:
        """Pictures of the whole window while scrolling down, one windowful each."""
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        pictures = []
        self._panel.evaluate("panel => { panel.content.outerNode.scrollTop = 0; }")
        while True:
            self._wait_for_layout()
            picture = folder / f"page-{len(pictures) + 1:02}.png"
            self.page.screenshot(path=picture, animations="disabled")
            pictures.append(picture)
            if self._panel.evaluate(SCROLL_DOWN):
                return pictures

    def _execute(self, command: str, only: int | None, seconds: float) -> None:
        self._activate()
        run = self._panel.evaluate_handle(EXECUTE, command)
        try:
            self.page.wait_for_function(
                FINISHED, arg=[self._panel, run, only], timeout=seconds * 1000
            )
        except TimeoutError:
            unfinished = [
                cell["index"]
                for cell in self._panel.evaluate(PROGRESS, only)
                if not cell["done"]
            ]
            status = self._panel.evaluate("panel => panel.sessionContext.session.kernel.status")
            raise AssertionError(
                f"{self.path}: {command} was not over after {seconds} s; the kernel is"
                f" {status}, cells that have not run: {unfinished}"
            ) from None

    def _activate(self) -> None:
        self._panel.evaluate(ACTIVATE)
        self.page.wait_for_function(IS_ACTIVE, arg=self._panel)

    def _wait_for_layout(self) -> None:
        # Lumino lays out on the next message loop, Chromium paints on the frame after it.
        self.page.evaluate(
            "() => new Promise(done => requestAnimationFrame(() =>"
            " requestAnimationFrame(() => setTimeout(done))))"
        )

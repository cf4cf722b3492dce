"""The way of a learner without a mouse, in presses of the Tab key."""

from playwright.sync_api import Locator, Page

HOLDS_FOCUS = "element => element.contains(document.activeElement)"

FOCUSED = """() => {
  const { tagName, className, textContent } = document.activeElement;
  return `<${tagName.toLowerCase()} class="${className}"> ${textContent.trim().slice(0, 40)}`;
}"""


def tab_to(page: Page, locator: Locator, limit: int = 60) -> int:
    """Press Tab until the focus is on `locator` or within it; return how often.

    After `notebook.activate_cell(i)` the first stops are the cell's own toolbar and then its
    outputs; from anywhere else the way leads through JupyterLab's menus and side bars.
    AssertionError: `limit` presses did not get there; the stops on the way are listed.
    """
    visited = []
    for presses in range(1, limit + 1):
        page.keyboard.press("Tab")
        if locator.evaluate(HOLDS_FOCUS):
            return presses
        visited.append(page.evaluate(FOCUSED))
    raise AssertionError(
        f"{limit} presses of Tab did not reach {locator}; the focus went to:\n"
        + "\n".join(visited)
    )

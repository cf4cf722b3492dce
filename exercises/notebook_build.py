"""Build the notebooks: run each lesson and solution, keep its real outputs, and cut the learner's version.

    python -m exercises build

The same notebooks give the same bytes: ids and counts are numbered, and what differs between runs (widget models,
timings, tracebacks) is left out. A cell that fails silently in Jupyter fails the build.
"""

import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbclient.util import run_sync
from nbformat import NotebookNode

from exercises.progress import PATH_VARIABLE

KIT = Path(__file__).resolve().parent.parent
SOLUTION = "solution.ipynb"
CELL_SECONDS = 60

_SOLUTION_REGION = re.compile(
    r"^([ \t]*)### BEGIN SOLUTION\n.*?(?:^[ \t]*### INSTEAD\n(.*?))?^[ \t]*### END SOLUTION$", re.DOTALL | re.MULTILINE
)
_COMMENT_SIGN = re.compile(r"^([ \t]*)# ", re.MULTILINE)
# A server that finds 9400 taken moves to a neighbour, which has as many digits, so every length still holds.
_MOVED_PORT = re.compile(r"127\.0\.0\.1:94\d\d( \(port 9400 is taken\))?")
_METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}


class BuildError(Exception):
    """A notebook that cannot be built as it is; the message names the cell and what to do."""


def build(kit: Path = KIT) -> Iterator[tuple[Path, str]]:
    """Each built notebook's path and text, one at a time. BuildError where one does not run as it should."""
    for lesson in sorted((kit / "notebooks").glob("*.ipynb")):
        yield lesson, _built(read_notebook(lesson), lesson)
    for source in sorted((kit / "exercises").glob(f"*/{SOLUTION}")):
        solution = read_notebook(source)
        learner = source.with_name(f"{source.parent.name}.ipynb")
        yield source, _built(solution, source)
        yield learner, _built(without_solutions(solution, source), learner)


def read_notebook(path: Path) -> NotebookNode:
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)


def without_solutions(solution: NotebookNode, path: Path) -> NotebookNode:
    """The learner's version: each region between BEGIN and END SOLUTION becomes `raise NotImplementedError()`.

    Where the region has lines of comment after `### INSTEAD`, it becomes these, as code: something broken, to be mended.
    """
    learner = nbformat.from_dict(solution)
    replaced = 0
    for cell in learner.cells:
        if cell.cell_type == "code":
            cell.source, count = _SOLUTION_REGION.subn(_learners_lines, cell.source)
            replaced += count
    if not replaced:
        raise BuildError(f"{path.name} has no region ### BEGIN SOLUTION ... ### END SOLUTION, so there is nothing to solve.")
    return learner


def _learners_lines(region: re.Match[str]) -> str:
    indent, instead = region.groups()
    if instead is None:
        return f"{indent}# your code here\n{indent}raise NotImplementedError()"
    return _COMMENT_SIGN.sub(r"\1", instead).removesuffix("\n")


def _built(notebook: NotebookNode, path: Path) -> str:
    executed = execute(nbformat.from_dict(notebook), path)
    return _MOVED_PORT.sub("127.0.0.1:9400", nbformat.writes(normalised(executed)) + "\n")


def execute(notebook: NotebookNode, path: Path) -> NotebookNode:
    """Run every cell in a fresh kernel, in the notebook's own folder and with a progress file of its own."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    with tempfile.TemporaryDirectory() as folder:
        client = NotebookClient(
            notebook,
            timeout=CELL_SECONDS,
            kernel_name="python3",
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": str(path.parent)}},
            store_widget_state=False,
            record_timing=False,
        )
        environment = {**os.environ, PATH_VARIABLE: str(Path(folder, "progress.json"))}
        with client.setup_kernel(env=environment):
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type == "code":
                    _execute_cell(client, cell, index, path)
    return notebook


def _execute_cell(client: NotebookClient, cell: NotebookNode, index: int, path: Path) -> None:
    place = f"{path.name}, cell {index + 1}"
    try:
        client.execute_cell(cell, index)
    except CellExecutionError as error:
        raise BuildError(f"{place} raised {error.ename}: {error.evalue}") from None
    raised = any(output.output_type == "error" for output in cell.outputs)
    if "raises-exception" in cell.metadata.get("tags", []) and not raised:
        raise BuildError(f"{place} is tagged raises-exception and raised nothing: take the tag away or mend the cell.")
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stderr":
            raise BuildError(f"{place} wrote to stderr: {output.text.strip()[:300]}")
    if re.search(r"^\s*!", cell.source, re.MULTILINE):
        status = _shell_status(client)
        if status != "0":
            raise BuildError(f"{place}: its command ended with exit status {status}, which Jupyter does not show.")


def _shell_status(client: NotebookClient) -> str:
    """IPython keeps the exit status of the last `!` command in `_exit_code`."""
    reply = run_sync(client.kc.execute_interactive)(
        "", silent=True, store_history=False, user_expressions={"status": "_exit_code"}, output_hook=lambda _: None
    )
    return reply["content"]["user_expressions"]["status"]["data"]["text/plain"]


def normalised(notebook: NotebookNode) -> NotebookNode:
    """The notebook without what differs between two runs of the same cells."""
    notebook.metadata = nbformat.from_dict(_METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    count = 0
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number:02}"
        tags = cell.metadata.get("tags")
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
        if cell.cell_type == "code":
            count += 1
            cell.execution_count = count
            cell.outputs = [_normalised_output(output, count) for output in _merged(cell.outputs)]
    return notebook


def _merged(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Streams arrive in pieces whose borders differ from run to run."""
    merged: list[NotebookNode] = []
    for output in outputs:
        if merged and output.output_type == "stream" and merged[-1].get("name") == output.name:
            merged[-1].text += output.text
        else:
            merged.append(output)
    return merged


def _normalised_output(output: NotebookNode, count: int) -> NotebookNode:
    if output.output_type == "execute_result":
        output.execution_count = count
    if output.output_type == "error":
        output.traceback = [f"{output.ename}: {output.evalue}"]
    if "data" in output:
        output.data.pop("application/vnd.jupyter.widget-view+json", None)
        output.metadata = nbformat.from_dict({})
    return output

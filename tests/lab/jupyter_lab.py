"""A real JupyterLab server for browser tests.

Nothing here knows a browser: `notebook_page` drives the page, `conftest` ties the two
together. The server reads a copy of the course, keeps settings, workspaces, data and kernel
history in folders of its own, and can be put back to its first state between two tests.
"""

import http.client
import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
COURSE_FOLDERS = ("notebooks", "exercises", "mock_server")

#: A name by which the lab answers too, as one on Binder does: `Host: hub.example.org`.
NAME = "hub.example.org"

START_SECONDS = 60
STOP_SECONDS = 15

# The answer "never": JupyterLab's question whether to fetch news covers a corner of the page,
# and it asks even with `--LabApp.news_url=None`.
NOTIFICATIONS = {"fetchNews": "false"}


class JupyterLab:
    """A running `jupyter lab`, from `start()` to `stop()`.

    url: "http://127.0.0.1:<port>/", token: what the server demands, root: the copied
    course, progress: the file in which kernels keep the learner's progress, log_file: what
    the server and its kernels wrote, mock_server_port: where the launcher's card leads.
    """

    def __init__(self, folder: Path, course: Path = REPOSITORY):
        self._folder = folder
        self._course = course
        self._process: subprocess.Popen | None = None
        self._log_start = 0
        self.root = folder / "course"
        self.progress = folder / "progress" / "progress.json"
        self.log_file = folder / "jupyter-lab.log"
        self.token = secrets.token_hex(16)
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}/"
        self.mock_server_port = _free_port()

    def start(self) -> None:
        """Start the server and return once it answers.

        RuntimeError: it ended, or did not answer within START_SECONDS; the log is quoted.
        """
        self._copy_course()
        settings = self._folder / "settings" / "@jupyterlab" / "apputils-extension"
        settings.mkdir(parents=True)
        (settings / "notification.jupyterlab-settings").write_text(json.dumps(NOTIFICATIONS))
        command = [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root",
            "--ServerApp.ip=127.0.0.1",
            f"--ServerApp.port={self.port}",
            "--ServerApp.port_retries=0",  # a taken port is an error, not another port
            f"--ServerApp.root_dir={self.root}",
            "--LabApp.expose_app_in_browser=True",  # window.jupyterapp
            f"--ServerApp.local_hostnames={NAME}",
            # No look-up beyond this machine.
            "--LabApp.news_url=None",
            "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
            "--LabApp.extension_manager=readonly",
        ]  # fmt: skip
        with self.log_file.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                cwd=self._folder,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C is for pytest alone, which then stops the server in good order.
                start_new_session=True,
            )
        self._wait_until_it_answers()

    def restore(self) -> None:
        """End every kernel, copy the course anew and forget the progress."""
        for session in self._request("GET", "api/sessions"):
            self._request("DELETE", f"api/sessions/{session['id']}")
        for kernel in self._request("GET", "api/kernels"):
            self._request("DELETE", f"api/kernels/{kernel['id']}")
        self._copy_course()
        self._log_start = self.log_file.stat().st_size

    def stop(self) -> None:
        """End the server and its kernels.

        The server is asked first: Windows has no signal that would let it end its kernels.
        """
        if self._process is None or self._process.poll() is not None:
            return
        try:
            self._request("POST", "api/shutdown")
            self._process.wait(STOP_SECONDS)
        except (OSError, http.client.HTTPException, RuntimeError, subprocess.TimeoutExpired):
            self._process.terminate()
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()

    def log(self, lines: int = 60) -> str:
        """The last lines that the server and its kernels wrote since `start` or `restore`."""
        written = self.log_file.read_bytes()[self._log_start :]
        return "\n".join(written.decode(errors="replace").splitlines()[-lines:])

    def _copy_course(self) -> None:
        # The two folders themselves stay: the server holds on to its root.
        _empty(self.progress.parent)
        _empty(self.root)
        unwanted = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
        for name in COURSE_FOLDERS:
            shutil.copytree(self._course / name, self.root / name, ignore=unwanted)

    def _environment(self) -> dict[str, str]:
        # Kernels and extensions are still found: sys.prefix is always searched, and only
        # the learner's own folders are replaced.
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")
        }
        return inherited | {
            "JUPYTER_TOKEN": self.token,
            "JUPYTER_CONFIG_DIR": str(self._folder / "config"),
            "JUPYTER_DATA_DIR": str(self._folder / "data"),
            "JUPYTER_RUNTIME_DIR": str(self._folder / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(self._folder / "settings"),
            "JUPYTERLAB_WORKSPACES_DIR": str(self._folder / "workspaces"),
            "IPYTHONDIR": str(self._folder / "ipython"),
            "CLIENT_CREDENTIALS_KIT_PROGRESS": str(self.progress),
            "CLIENT_CREDENTIALS_KIT_PORT": str(self.mock_server_port),
        }

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise RuntimeError(
                    f"jupyter lab ended with status {self._process.returncode} before it"
                    f" answered. It wrote:\n{self.log()}"
                )
            try:
                self._request("GET", "api/status")
                return
            except (OSError, http.client.HTTPException):
                time.sleep(0.05)  # between two polls; the deadline is above
        self.stop()
        raise RuntimeError(
            f"jupyter lab did not answer at {self.url} within {START_SECONDS} s."
            f" It wrote:\n{self.log()}"
        )

    def _request(self, method: str, path: str):
        # http.client asks no proxy, whatever the environment says.
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=STOP_SECONDS)
        try:
            headers = {"Authorization": f"token {self.token}"}
            connection.request(method, f"/{path}", headers=headers)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        if response.status >= 400:
            raise RuntimeError(f"{method} /{path} was answered with {response.status}: {body!r}")
        return json.loads(body) if body else None


def _empty(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for entry in folder.iterdir():
        if entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        else:
            entry.unlink()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]

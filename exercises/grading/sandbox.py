"""The sandbox: a bubblewrap command line. No network but its own loopback, no rights, nothing to read but Python and the kit."""

import os
import platform
import secrets
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import BinaryIO

from exercises.grading.limits import Limits
from exercises.grading.system_calls import filter_program

KIT = Path(__file__).resolve().parent.parent.parent
#: Of the folder `exercises`, what the process inside needs: not the solutions, and not what judges.
_VISIBLE = (
    *("grading/__init__.py", "grading/crossing.py", "grading/harmless.py", "grading/inside.py"),
    *("learners_lines.py", "http_cell.py"),
)
_HOME = "/tmp"
_HOW_TO_GET_IT = (
    "Submissions are programs of strangers, and grading runs them only in a sandbox. "
    "On Linux install bubblewrap (Debian, Ubuntu: apt-get install bubblewrap; Fedora: dnf install bubblewrap); on macOS and "
    "Windows grade in a Linux container or virtual machine. If you trust every submission with your files and your network, "
    "add --unsafe."
)


def missing() -> str:
    """Why there is no sandbox on this machine and what to do; empty where there is one."""
    if sys.platform != "linux":
        return f"Saw {sys.platform}; the sandbox needs Linux. {_HOW_TO_GET_IT}"
    for command in ("bwrap", *(("setpriv",) if os.geteuid() == 0 else ())):
        if shutil.which(command) is None:
            return f"Saw no command {command}, which the sandbox is made with. {_HOW_TO_GET_IT}"
    if not filter_program():
        return f"Saw a processor {platform.machine()}; the sandbox knows x86_64 and aarch64. {_HOW_TO_GET_IT}"
    with refused_calls() as refused:
        line = sandboxed(["true"], Limits(), refused.fileno())
        tried = subprocess.run(line, pass_fds=[refused.fileno()], cwd="/", capture_output=True, text=True)
    if tried.returncode:
        return f"bubblewrap is there and makes no sandbox: {tried.stderr.strip()[:300]}. {_HOW_TO_GET_IT}"
    return ""


def refused_calls() -> BinaryIO:
    """An open file that holds the filter of system calls."""
    file = tempfile.TemporaryFile()
    file.write(filter_program())
    file.seek(0)
    return file


def sandboxed(command: list[str], limits: Limits, refused_calls: int) -> list[str]:
    """The command line that runs `command` in a sandbox of its own; `refused_calls` is the number of that open file."""
    is_root = os.geteuid() == 0
    line = ["bwrap", "--new-session", "--die-with-parent", "--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts"]
    line += ["--unshare-cgroup-try", "--hostname", "sandbox", "--clearenv", "--seccomp", str(refused_calls)]
    for name, value in _environment().items():
        line += ["--setenv", name, value]
    line += ["--proc", "/proc", "--dev", "/dev", *_room(_HOME, limits.disk), *_room("/dev/shm", limits.disk), "--remount-ro", "/dev"]
    line += [*_readable(), "--chdir", _HOME, "--remount-ro", "/"]
    if not is_root:
        return [*line, "--unshare-user", "--disable-userns", *command]
    # root is exempt from the limit on processes, so it gives its place to a number that nobody else has.
    number = str(2**30 + secrets.randbelow(2**30))
    drop = ["setpriv", f"--reuid={number}", f"--regid={number}", "--clear-groups", "--no-new-privs"]
    capabilities = [word for name in ("SETUID", "SETGID", "SETPCAP") for word in ("--cap-add", f"CAP_{name}")]
    return [*line, "--cap-drop", "ALL", *capabilities, *drop, "--bounding-set=-all", "--inh-caps=-all", *command]


def _environment() -> dict[str, str]:
    folder = str(Path(sys.executable).parent)
    return {
        "PATH": f"{folder}:/usr/local/bin:/usr/bin:/bin",
        "HOME": _HOME,
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(KIT),
        "PYTHONDONTWRITEBYTECODE": "1",
        # Each further arena reserves 64 MB of the address space.
        "MALLOC_ARENA_MAX": "2",
    }


def _room(folder: str, size: int) -> list[str]:
    return ["--perms", "1777", "--size", str(size), "--tmpfs", folder]


def _readable() -> list[str]:
    """Python, the system's programs and libraries, and the parts of the kit that a notebook imports."""
    paths = [Path(path) for path in ("/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc/ssl/certs", "/etc/ld.so.cache")]
    for prefix in dict.fromkeys((Path(sys.base_prefix).resolve(), Path(sys.prefix).absolute())):
        if not prefix.is_relative_to("/usr"):
            paths += [prefix / name for name in ("bin", "lib", "lib64", "pyvenv.cfg")]
    paths += [KIT / "mock_server"]
    line: list[str] = []
    made: set[Path] = set()
    for path in filter(Path.exists, paths):
        line += [*_parents(path, made)]
        line += ["--symlink", os.readlink(path), str(path)] if path.is_symlink() else ["--ro-bind", str(path), str(path)]
    exercises = KIT / "exercises"
    if any(exercises.is_relative_to(path) for path in paths):
        line += ["--tmpfs", str(exercises)]
    visible = {"__init__.py": "grading/harmless.py"} | dict.fromkeys(_VISIBLE)
    for name, source in visible.items():
        line += [*_parents(exercises / name, made), "--ro-bind", str(exercises / (source or name)), str(exercises / name)]
    return line


def _parents(path: Path, made: set[Path]) -> list[str]:
    """Folders that bubblewrap makes by itself can be entered by nobody but root."""
    new = [each for each in reversed(path.parents) if each not in made and each not in (Path("/"), Path(_HOME))]
    made.update(new)
    return [word for each in new if not each.is_relative_to("/usr") for word in ("--dir", str(each))]

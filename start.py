#!/usr/bin/env python3
"""Open the lab, run the tests, or look at this machine.

    python3 start.py [JupyterLab options]     open the lab (for example --no-browser --port 8899)
    python3 start.py test [pytest options]    run the tests
    python3 start.py doctor                   say what works here, and how to mend what does not

The first run makes the folder .venv beside this file and installs the tested versions of
requirements.txt into it. Later runs start at once. On Windows type "python" or "py" for "python3".
"""
# Standard library only, and readable for Python 3.6: an old Python is to get our message, not a SyntaxError.

import contextlib
import hashlib
import importlib.util
import json
import os
import pathlib
import platform
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request

OLDEST, NEWEST = (3, 11), (3, 14)  # the oldest Python that will do, the newest that the kit is tested with
WINDOWS = os.name == "nt"
COMMAND = "python start.py" if WINDOWS else "python3 start.py"
ROOT = pathlib.Path(__file__).resolve().parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if WINDOWS else "bin")
PYTHON = BIN / ("python.exe" if WINDOWS else "python")
STAMP, LOG, LOCK = VENV / "setup.stamp", VENV / "setup.log", VENV / "setup.lock"
NBGRADER = "nbgrader.server_extensions."
# What the lab is told, by file below .venv. nbgrader, which only the tests need, brings menus and buttons of its own along.
SETTINGS = {
    # --LabApp.news_url alone leaves JupyterLab asking whether it may fetch news.
    "share/jupyter/lab/settings/overrides.json": {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false"}},
    "etc/jupyter/labconfig/page_config.json": {
        "disabledExtensions": {"@jupyter/nbgrader": True, "@jupyter-notebook/lab-extension": True}},
    "etc/jupyter/jupyter_server_config.json": {"ServerApp": {"jpserver_extensions": {
        NBGRADER + "formgrader": False, NBGRADER + "validate_assignment": False, NBGRADER + "assignment_list": False,
        NBGRADER + "course_list": False, "notebook": False}}},
}
MADE_FROM = ("requirements.txt", "pyproject.toml")
FIRST_LESSON = "notebooks/00_start_here.ipynb"
MOCK_SERVER_PORT = 9400
GET_CHROMIUM = "install Chromium, Chrome or Edge{}, or name one in the environment variable CHROMIUM_PATH".format(
    " (Debian, Ubuntu: sudo apt install chromium)" if sys.platform == "linux" else "")


def main(arguments):
    word = arguments[0] if arguments else ""
    if word in ("-h", "--help"):
        print(__doc__.strip())
        return 0
    if word not in ("", "test", "doctor") and not word.startswith("-"):
        forms = [line for line in __doc__.splitlines() if line.startswith("    ")]
        stop("start.py does not know the word {!r}".format(word), "one of these forms\n" + "\n".join(forms),
             "type one of them; nothing was installed")
    require_python()
    for stream in sys.stdout, sys.stderr:
        stream.reconfigure(errors="replace")  # a terminal that cannot show a character is no reason to fail
    if word == "doctor":
        return doctor()
    try:
        set_up()
    except OSError as error:
        stop(f"{error.filename or VENV}: {error.strerror}",
             f"a folder {VENV} that this account can write, on a disk with 1 GB free",
             f"mend that, or move the kit to a folder of your own; then run {COMMAND} again")
    if word == "test":
        if not find_chromium():
            print(f"No Chromium here: the browser tests in tests/lab are left out. To run them, {GET_CHROMIUM}.")
        return hand_over(["pytest", *arguments[1:]])
    print("Starting JupyterLab. Ctrl-C in this window stops it.")
    return hand_over(["jupyterlab", *lab_options(arguments)])


def stop(seen, needed, next_step):
    raise SystemExit("\nCannot go on: {}\nNeeded: {}\nNext: {}".format(seen, needed, next_step))


def require_python():
    if sys.version_info[:2] >= OLDEST:
        return
    next_step = "install Python {}.{} or newer, then run start.py with it".format(*OLDEST)
    names = [["python3.%d" % minor] for minor in range(NEWEST[1], OLDEST[1] - 1, -1)]
    for name in names + [["python3"], ["python"], ["py", "-3"]]:
        # A name on PATH may be a shim with nothing behind it, so ask it.
        if shutil.which(name[0]) and answers(name + ["-c", "import sys; assert sys.version_info >= %r" % (OLDEST,)]):
            next_step = "this computer has a newer one; type: {} start.py".format(" ".join(name))
            break
    stop("this is Python " + platform.python_version(), "Python {}.{} or newer".format(*OLDEST), next_step)


def answers(command):
    return subprocess.call(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0


# ---- Set-up: the stamp goes first and comes back last, so a .venv with the right stamp is whole.

def set_up():
    for name in MADE_FROM:
        if not (ROOT / name).is_file():
            stop(f"{name} is missing in {ROOT}", "the whole kit in one folder", "fetch or unpack the kit again")
    if is_ready():
        return
    if VENV.exists() and not VENV.is_dir():
        stop(f"{VENV} is a file", "a folder, or nothing, under that name", f"move it away; then run {COMMAND} again")
    if not all(importlib.util.find_spec(name) for name in ("venv", "ensurepip")):
        package = "python{}.{}-venv".format(*sys.version_info)
        stop(f"{sys.executable} has no venv or ensurepip module", "both; Debian and Ubuntu pack them apart",
             f"sudo apt install {package} (or python3-venv); then run {COMMAND} again")
    VENV.mkdir(exist_ok=True)
    with only_one_set_up() as lock:
        if is_ready():  # done by the run that we waited for
            return
        began = time.monotonic()
        # What an interrupted run leaves can look whole, so only a finished .venv is mended in place.
        reusable = stamp()[:2] == wanted()[:2] and PYTHON.exists() and answers([str(PYTHON), "-I", "-c", "import pip"])
        for leftover in STAMP, LOG:
            with contextlib.suppress(FileNotFoundError):
                leftover.unlink()
        if reusable:
            print("Bringing .venv up to date with requirements.txt and pyproject.toml.")
        else:
            print("Setting up the kit in .venv, once. This takes 20 seconds to 2 minutes.", flush=True)
            for entry in VENV.iterdir():
                if entry != LOCK:
                    shutil.rmtree(str(entry)) if entry.is_dir() and not entry.is_symlink() else entry.unlink()
        install(lock, from_nothing=not reusable)
        for name, settings in SETTINGS.items():
            (VENV / name).parent.mkdir(parents=True, exist_ok=True)
            (VENV / name).write_text(json.dumps(settings, indent=1) + "\n", encoding="utf-8")
        STAMP.write_text("\n".join(wanted()), encoding="utf-8")
        print(f"Ready in {time.monotonic() - began:.0f} s.")


def wanted():
    """What a finished .venv was made from: folder, Python's feature release and exact one, digest of lock and project."""
    digest = hashlib.sha256(b"".join((ROOT / name).read_bytes() for name in MADE_FROM))
    return [str(ROOT), "{}.{}".format(*sys.version_info), platform.python_version(), digest.hexdigest()]


def stamp():
    try:
        return STAMP.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError):
        return []


def is_ready():
    return stamp() == wanted() and PYTHON.exists()


@contextlib.contextmanager
def only_one_set_up():
    """Hold a lock of the operating system, which ends with the process and so cannot go stale."""
    with LOCK.open("ab") as lock:
        waiting = False
        while True:
            try:
                if WINDOWS:
                    import msvcrt
                    lock.seek(0)
                    msvcrt.locking(lock.fileno(), msvcrt.LK_NBLCK, 1)
                else:
                    import fcntl
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except (BlockingIOError, PermissionError):
                if not waiting:
                    print("Another set-up is at work in .venv; waiting for it to end.", flush=True)
                waiting = True
                time.sleep(0.2)
            except OSError:  # a file system without locks
                break
        yield lock


def install(lock, from_nothing):
    # Started from .venv itself? Then the Python behind it is the one to make it again.
    base = getattr(sys, "_base_executable", None) or sys.executable
    if from_nothing and not step("making .venv", [base, "-m", "venv", str(VENV)], lock):
        stop_with_log("the folder .venv could not be made")
    pip = [str(PYTHON), "-m", "pip", "install", "--no-input", "--disable-pip-version-check"]
    uv = [str(PYTHON), "-m", "uv", "pip"]
    kit = ["--no-deps", "--no-build-isolation", "-e", "."]
    uv_pin = VENV / "uv.txt"  # uv's own lines of the lock, hashes included
    requirements = (ROOT / "requirements.txt").read_text(encoding="utf-8")
    uv_pin.write_text(re.search(r"^uv==(?:.*\\\n)*.*", requirements, re.M).group(), encoding="utf-8")
    if (step("fetching the installer", [*pip, "--require-hashes", "-r", str(uv_pin)], lock)
            and step("installing the packages",
                     [*uv, "sync", "--compile-bytecode", "--require-hashes", "requirements.txt"], lock)
            and step("installing the kit", [*uv, "install", *kit], lock)):
        return
    print("  the fast way failed; trying plain pip, which takes a minute or two")
    if not (step("installing the packages", [*pip, "--require-hashes", "-r", "requirements.txt"], lock)
            and step("installing the kit", [*pip, *kit], lock)):
        stop_with_log("the packages could not be installed")


def step(title, command, lock):
    """Run one command with its output in the log alone; True when it succeeded."""
    print(f"  {title} ...", end="", flush=True)
    began = time.monotonic()
    with LOG.open("ab") as log:
        log.write("\n$ {}\n".format(" ".join(command)).encode("utf-8"))
        log.flush()
        # The child holds the lock too: should this process be killed, the next one waits for the orphan.
        inherit = {} if WINDOWS else {"pass_fds": [lock.fileno()]}
        code = subprocess.call(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                               cwd=str(ROOT), env=environment(), **inherit)
    print(f" {time.monotonic() - began:.1f} s" if code == 0 else " failed")
    return code == 0


def stop_with_log(seen):
    text = LOG.read_text(encoding="utf-8", errors="replace")
    text = re.sub(r"://[^/@\s]+@", "://***@", text)  # an index address may hold a password
    telling = [line for line in text.splitlines()
               if line.strip() and not line.startswith(("WARNING: Retrying", "Ignoring "))]
    print("\n".join(["", "The last lines of the log:", *telling[-8:]]), file=sys.stderr)
    next_step = "read the log from its end"
    if "No space left" in text:
        next_step = "make room on the disk (1 GB)"
    elif re.search(r"connect|resol(ve|ution)|timed out|proxy|certificate|No matching distribution", text, re.I):
        next_step = ("check the network, and behind a proxy or with a package mirror"
                     " the variables HTTPS_PROXY, PIP_INDEX_URL and UV_INDEX_URL")
    if sys.version_info[:2] > NEWEST:
        next_step = "use Python {}.{}, the newest that the kit is tested with; or ".format(*NEWEST) + next_step
    stop(f"{seen} (the whole log: {LOG})", "packages from an index that this computer can reach, and room for them",
         f"{next_step}; then run {COMMAND} again, which keeps what was downloaded")


# ---- Running in .venv

def environment():
    """This process's variables, .venv first, less those that lead Python, pip or uv elsewhere."""
    elsewhere = ("PYTHONPATH", "PYTHONHOME", "__PYVENV_LAUNCHER__", "CONDA_PREFIX",
                 "PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "UV_SYSTEM_PYTHON")
    result = {name: value for name, value in os.environ.items() if name not in elsewhere}
    result.update(VIRTUAL_ENV=str(VENV), PATH=os.pathsep.join([str(BIN), os.environ.get("PATH", os.defpath)]),
                  PIP_USER="0", UV_PYTHON=str(PYTHON), UV_PYTHON_DOWNLOADS="never")
    if proxied_loopback():  # the lessons talk to this machine alone
        bypass = ",".join(filter(None, [urllib.request.getproxies().get("no"), "127.0.0.1", "localhost"]))
        result.update(NO_PROXY=bypass, no_proxy=bypass)
    return result


def lab_options(arguments):
    """Our options for JupyterLab, less those that the caller sets (it refuses an option given twice), then the caller's."""
    given = {argument.split("=")[0] for argument in arguments}
    ours = [
        (f"--ServerApp.root_dir={ROOT}", {"--ServerApp.root_dir", "--notebook-dir"}),
        (f"--LabApp.default_url=/lab/tree/{FIRST_LESSON}", {"--LabApp.default_url"}),
        # No look-ups of news, updates or extensions: nothing leaves this machine.
        ("--LabApp.news_url=None", {"--LabApp.news_url"}),
        ("--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", {"--LabApp.check_for_updates_class"}),
        ("--LabApp.extension_manager=readonly", {"--LabApp.extension_manager"}),
        ("--log-level=WARN", {"--log-level", "--debug"}),  # quiet, yet the address shows
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # as in a container; the lab is on loopback all the same
        ours.append(("--allow-root", {"--allow-root"}))
    return [option for option, names in ours if not names & given] + arguments


def hand_over(module):
    """Become `python -m module` in .venv; on Windows, which cannot do that, wait for it and return its code."""
    command = [str(PYTHON), "-m", *module]
    os.chdir(str(ROOT))
    sys.stdout.flush()
    if not WINDOWS:
        os.execve(command[0], command, environment())
    process = subprocess.Popen(command, env=environment())
    while True:
        with contextlib.suppress(KeyboardInterrupt):  # the child got it too, and decides
            return process.wait()


def find_chromium():
    """The path of a Chromium, Chrome or Edge, or None. Where CHROMIUM_PATH is set, nothing else is considered."""
    if os.environ.get("CHROMIUM_PATH"):
        return shutil.which(os.environ["CHROMIUM_PATH"])
    places = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge"]
    for folder in "/Applications", os.path.expanduser("~/Applications"):
        for name in "Chromium", "Google Chrome", "Microsoft Edge":
            places.append(f"{folder}/{name}.app/Contents/MacOS/{name}")
    for folder in filter(None, map(os.environ.get, ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData"))):
        for name in "Chromium/Application/chrome", "Google/Chrome/Application/chrome", "Microsoft/Edge/Application/msedge":
            places.append(f"{folder}/{name}.exe")
    return next(filter(None, map(shutil.which, places)), None)


# ---- Doctor: each check yields (True, False, or None for a note; subject; what was seen; how to mend it).

def doctor():
    marks = {True: "✓", False: "✗", None: "–"}
    try:
        "".join(marks.values()).encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        marks = {True: "ok", False: "NO", None: "--"}
    healthy = True
    for check in check_python, check_venv, check_loopback, check_port, check_proxy, check_curl, check_chromium:
        for good, subject, seen, fix in check():
            print(f"{marks[good]} {subject:<9} {seen}", flush=True)
            if not good and fix:
                print(" " * 12 + f"Fix: {fix}")
            healthy = healthy and good is not False
    print("All that the lessons need is here." if healthy else "Mend what is marked, then run doctor again.")
    return 0 if healthy else 1


def check_python():
    newer = sys.version_info[:2] > NEWEST
    note = ", newer than the kit is tested with" if newer else ""
    yield None if newer else True, "Python", f"{platform.python_version()} ({sys.executable}){note}", ""


def check_venv():
    if not is_ready():
        yield False, "packages", ".venv is missing, unfinished, or not for this Python, folder and lock", f"run {COMMAND}"
        return
    anew = f"delete the folder .venv, then run {COMMAND}"
    done = subprocess.run([str(PYTHON), "-I", "-c", INSPECTION], cwd=str(ROOT), env=environment(),
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for line in done.stdout.splitlines():
        if line.startswith(b"["):
            good, subject, seen = json.loads(line)
            yield good, subject, seen, anew
    if done.returncode:
        last = (done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no message"])[-1]
        yield False, "packages", f".venv could not be examined: {last}", anew


INSPECTION = r'''
import json, pathlib, sys
from importlib import metadata
from packaging.requirements import Requirement

def tell(good, subject, seen):
    print("\n" + json.dumps([good, subject, seen]), flush=True)

wrong, count = [], 0
for line in pathlib.Path("requirements.txt").read_text(encoding="utf-8").splitlines():
    if line[:1].isalnum():
        wanted = Requirement(line.rstrip("\\ "))
        if wanted.marker is None or wanted.marker.evaluate():
            count += 1
            found = next((d.version for d in metadata.distributions(name=wanted.name)), "missing")
            if found == "missing" or not wanted.specifier.contains(found, prereleases=True):
                wrong.append(f"{wanted.name} {found} (wanted {wanted.specifier})")
tell(not wrong, "packages", ", ".join(wrong) or f"{count}, all as requirements.txt says")

try:
    from jupyter_client.manager import start_new_kernel
    manager, client = start_new_kernel(kernel_name="python3", startup_timeout=60)
    try:
        asked = {"sum": "1 + 1", "home": "__import__('sys').prefix"}
        reply = client.execute_interactive("", silent=False, store_history=False, user_expressions=asked, timeout=60)
        told = {name: value["data"]["text/plain"] for name, value in reply["content"]["user_expressions"].items()}
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    at_home = told["home"] == repr(sys.prefix)
    tell(told["sum"] == "2" and at_home, "kernel",
         f"python3 starts, 1 + 1 = {told['sum']}" + ("" if at_home else f", but it runs in {told['home']}"))
except Exception as error:
    tell(False, "kernel", f"python3 does not answer: {type(error).__name__}: {error}")

front_end = pathlib.Path(sys.prefix, "share/jupyter/labextensions/@jupyter-widgets/jupyterlab-manager/package.json")
found = "front end " + json.loads(front_end.read_bytes())["version"] if front_end.exists() else "no front end for JupyterLab"
tell(front_end.exists(), "widgets", found)
'''


def check_loopback():
    try:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            listener.listen(1)
            socket.create_connection(listener.getsockname(), timeout=5).close()
        yield True, "loopback", "127.0.0.1 answers", ""
    except OSError as error:
        yield False, "loopback", f"127.0.0.1 does not answer: {error}", "let the firewall or sandbox allow 127.0.0.1"


def check_port():
    with socket.socket() as probe:
        if not WINDOWS:  # as servers do: a port that has just been closed counts as free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", MOCK_SERVER_PORT))
            yield True, "port", f"{MOCK_SERVER_PORT} is free", ""
        except OSError:
            yield None, "port", f"{MOCK_SERVER_PORT} is taken; the mock server will move to another", ""


def proxied_loopback():
    """What sends requests for this machine to a proxy: names of variables, never values, which may hold a password."""
    proxies = urllib.request.getproxies()
    if not (proxies.get("http") or proxies.get("all")):
        return []
    if all(urllib.request.proxy_bypass(host) for host in ("127.0.0.1", "localhost")):
        return []
    return [name for name in os.environ if name.lower() in ("http_proxy", "all_proxy")] or ["the system's settings"]


def check_proxy():
    names = " and ".join(proxied_loopback())
    if not names:
        yield True, "proxy", "none between this machine and itself", ""
        return
    yield (False, "proxy", f"{names} would send your terminal's requests for 127.0.0.1 to a proxy",
           "export NO_PROXY=127.0.0.1,localhost no_proxy=127.0.0.1,localhost"
           " (Windows: set NO_PROXY=127.0.0.1,localhost); a lab that start.py opens does so itself")


def check_curl():
    path = shutil.which("curl")
    if not path:
        yield False, "curl", "not found", "install it (Debian, Ubuntu: sudo apt install curl; Windows 10 and macOS bring it)"
        return
    version = subprocess.run([path, "--version"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout.split()[1:2]
    yield bool(version), "curl", b"".join(version).decode() + f" ({path})", "install curl again: it does not tell its version"


def check_chromium():
    path = find_chromium()
    yield True if path else None, "Chromium", path or "not found; only the browser tests in tests/lab need it", GET_CHROMIUM


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("\nInterrupted; run it again to go on.")

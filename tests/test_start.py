"""start.py as a learner runs it: with packages made here, so that no test needs a network.

The slow parts of a set-up (a venv, three small packages) run once a module; what decides
whether and how to set up is tested on a copy of start.py whose `install` is replaced.
"""

import ast
import hashlib
import importlib.util
import inspect
import json
import os
import shutil
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path

import pytest
import start

START = Path(start.__file__)
OUTSIDE = ("pip_", "uv_", "http_proxy", "https_proxy", "all_proxy", "no_proxy", "ci", "chromium_path")


def clean_environment(**more):
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().startswith(OUTSIDE)
    }
    return kept | {"PYTHONIOENCODING": "utf-8", "PIP_CONFIG_FILE": os.devnull} | more


def run(folder, *arguments, **variables):
    """start.py of that folder, run as a learner runs it, from another folder."""
    return subprocess.run(
        [sys.executable, str(folder / "start.py"), *arguments],
        cwd=folder.parent,
        env=clean_environment(**variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=240,
    )


# ---- words and messages


def test_help_names_the_three_forms(tmp_path):
    shutil.copy(START, tmp_path)
    done = run(tmp_path, "--help")
    assert done.returncode == 0
    for form in "start.py [JupyterLab", "start.py test", "start.py doctor":
        assert form in done.stdout


def test_an_unknown_word_is_refused_and_nothing_is_installed(tmp_path):
    shutil.copy(START, tmp_path)
    done = run(tmp_path, "tets")
    assert done.returncode == 1
    assert "'tets'" in done.stderr and "start.py test [pytest options]" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_the_file_parses_on_python_3_6():
    ast.parse(START.read_text(encoding="utf-8"), feature_version=(3, 6))


@pytest.fixture
def old_python(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 8, 18, "final", 0))
    monkeypatch.setattr(start.platform, "python_version", lambda: "3.8.18")


def test_an_old_python_is_told_which_newer_one_is_there(old_python, monkeypatch):
    monkeypatch.setattr(start.shutil, "which", lambda name: f"/bin/{name}")
    # python3.14 and python3.13 are shims with nothing behind them.
    monkeypatch.setattr(start, "answers", lambda command: command[0] == "python3.12")
    with pytest.raises(SystemExit) as stopped:
        start.main(["test"])
    assert "this is Python 3.8.18" in stopped.value.code
    assert "Needed: Python 3.11 or newer" in stopped.value.code
    assert "type: python3.12 start.py" in stopped.value.code
    assert stopped.value.code.isascii()


def test_an_old_python_alone_is_told_what_to_install(old_python, monkeypatch):
    monkeypatch.setattr(start.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit, match=r"install Python 3\.11 or newer"):
        start.main([])


# ---- whether and how to set up


@pytest.fixture
def kit(tmp_path, monkeypatch):
    """start.py in a folder of its own; `kit.installed` says how each set-up began."""
    folder = tmp_path / "the kit"
    folder.mkdir()
    shutil.copy(START, folder)
    (folder / "requirements.txt").write_text("uv==1.0 \\\n    --hash=sha256:00\n")
    (folder / "pyproject.toml").write_text("[project]\n")
    specification = importlib.util.spec_from_file_location("copied", folder / "start.py")
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    module.installed = []

    def install(lock, from_nothing):
        assert not module.STAMP.exists(), "the stamp must come last"
        module.installed.append("from nothing" if from_nothing else "in place")
        module.BIN.mkdir(exist_ok=True)
        module.PYTHON.touch()

    module.real_install = module.install
    monkeypatch.setattr(module, "install", install)
    monkeypatch.setattr(module, "answers", lambda command: True)
    return module


def test_a_second_run_installs_nothing(kit):
    kit.set_up()
    kit.set_up()
    assert kit.installed == ["from nothing"]


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml"])
def test_a_changed_lock_or_project_is_brought_up_to_date_in_place(kit, name):
    kit.set_up()
    with (kit.ROOT / name).open("a") as file:
        file.write("# changed\n")
    kit.set_up()
    assert kit.installed == ["from nothing", "in place"]
    assert kit.is_ready()


def test_a_half_made_venv_is_made_anew(kit):
    leftovers = kit.VENV / "lib" / "half.txt", kit.VENV / "pyvenv.cfg"
    leftovers[0].parent.mkdir(parents=True)
    for leftover in leftovers:
        leftover.write_text("half")
    kit.set_up()
    assert kit.installed == ["from nothing"]
    assert not any(leftover.exists() for leftover in leftovers)


@pytest.mark.parametrize("interruption", [KeyboardInterrupt, SystemExit, OSError])
def test_an_interrupted_set_up_is_made_anew(kit, monkeypatch, interruption):
    def interrupted(lock, from_nothing):
        raise interruption

    with monkeypatch.context() as patch:
        patch.setattr(kit, "install", interrupted)
        with pytest.raises(interruption):
            kit.set_up()
    assert not kit.is_ready()
    kit.set_up()
    assert kit.installed == ["from nothing"]


def test_an_interrupted_update_is_made_anew(kit, monkeypatch):
    kit.set_up()
    (kit.ROOT / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    with monkeypatch.context() as patch:
        patch.setattr(kit, "install", lambda lock, from_nothing: sys.exit(1))
        with pytest.raises(SystemExit):
            kit.set_up()
    kit.set_up()
    assert kit.installed == ["from nothing", "from nothing"]


def test_a_venv_whose_python_is_gone_is_made_anew(kit):
    kit.set_up()
    kit.PYTHON.unlink()
    assert not kit.is_ready()
    kit.set_up()
    assert kit.installed == ["from nothing", "from nothing"]


def test_a_venv_whose_python_does_not_start_is_made_anew_when_the_lock_changes(kit, monkeypatch):
    kit.set_up()
    (kit.ROOT / "requirements.txt").write_text("uv==2.0\n")
    monkeypatch.setattr(kit, "answers", lambda command: False)
    kit.set_up()
    assert kit.installed == ["from nothing", "from nothing"]


def test_a_moved_folder_is_set_up_anew(kit):
    kit.set_up()
    lines = kit.STAMP.read_text(encoding="utf-8").split("\n")
    kit.STAMP.write_text("\n".join(["/where/it/was", *lines[1:]]), encoding="utf-8")
    kit.set_up()
    assert kit.installed == ["from nothing", "from nothing"]


def test_another_feature_release_of_python_is_set_up_anew(kit, monkeypatch):
    kit.set_up()
    monkeypatch.setattr(sys, "version_info", (3, 99, 0, "final", 0))
    kit.set_up()
    assert kit.installed == ["from nothing", "from nothing"]


def test_a_damaged_stamp_is_no_stamp(kit):
    kit.set_up()
    kit.STAMP.write_bytes(b"\xff\xfe")
    kit.set_up()
    assert kit.installed == ["from nothing", "from nothing"]


def test_a_second_set_up_at_the_same_time_waits_and_uses_the_first(kit, monkeypatch, capsys):
    kit.VENV.mkdir()
    first = kit.only_one_set_up()
    first.__enter__()

    def first_ends(seconds):
        kit.BIN.mkdir()
        kit.PYTHON.touch()
        kit.STAMP.write_text("\n".join(kit.wanted()), encoding="utf-8")
        first.__exit__(None, None, None)

    monkeypatch.setattr(kit.time, "sleep", first_ends)
    kit.set_up()
    assert kit.installed == []
    assert "Another set-up is at work" in capsys.readouterr().out


def test_a_file_named_venv_is_reported_and_kept(kit):
    kit.VENV.write_text("mine")
    with pytest.raises(SystemExit, match="is a file"):
        kit.main(["test"])
    assert kit.VENV.read_text() == "mine"


def test_a_folder_that_cannot_be_written_is_reported(kit, monkeypatch):
    def refuse(path, *arguments, **options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(kit.pathlib.Path, "mkdir", refuse)
    with pytest.raises(SystemExit, match="Permission denied(.|\n)*Next: "):
        kit.main(["test"])


def test_start_py_alone_asks_for_the_whole_kit(tmp_path):
    shutil.copy(START, tmp_path)
    done = run(tmp_path, "test")
    assert done.returncode == 1
    assert "requirements.txt is missing" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_a_python_without_ensurepip_is_told_the_package_to_install(kit, monkeypatch):
    monkeypatch.setattr(
        kit.importlib.util, "find_spec", lambda name: name != "ensurepip" or None
    )
    release = "{}.{}".format(*sys.version_info)
    with pytest.raises(SystemExit, match=f"sudo apt install python{release}-venv"):
        kit.main(["test"])
    assert not kit.VENV.exists()


# ---- packages that cannot be fetched


@pytest.fixture
def failing_kit(kit, monkeypatch):
    """Every step after the venv fails, and `kit.says` is in the log."""
    kit.says = "pip says so"

    def step(title, command, lock):
        with kit.LOG.open("a", encoding="utf-8") as log:
            log.write(kit.says + "\n")
        return title == "making .venv"

    monkeypatch.setattr(kit, "install", kit.real_install)
    monkeypatch.setattr(kit, "step", step)
    return kit


@pytest.mark.parametrize(
    "log, advice",
    [
        ("Failed to establish a new connection: [Errno 111]", "check the network"),
        ("Temporary failure in name resolution", "check the network"),
        ("OSError: [Errno 28] No space left on device", "make room on the disk"),
        ("error: subprocess-exited-with-error", "read the log"),
    ],
)
def test_packages_that_cannot_be_installed_are_reported_with_advice(failing_kit, log, advice, capsys):
    failing_kit.says = log
    with pytest.raises(SystemExit) as stopped:
        failing_kit.main(["test"])
    assert advice in stopped.value.code
    assert "then run python" in stopped.value.code
    assert str(failing_kit.LOG) in stopped.value.code
    assert log in capsys.readouterr().err
    assert not failing_kit.is_ready()


def test_the_shown_log_holds_no_password(failing_kit, capsys):
    failing_kit.says = "Looking in indexes: http://me:hunter2@mirror.example/simple"
    with pytest.raises(SystemExit):
        failing_kit.main(["test"])
    shown = capsys.readouterr().err
    assert "mirror.example" in shown and "hunter2" not in shown


def test_a_python_newer_than_the_tested_ones_is_suspected_first(failing_kit, monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 99, 0, "final", 0))
    with pytest.raises(SystemExit, match=r"Next: use Python 3\.14"):
        failing_kit.main(["test"])


# ---- the real thing, offline


ECHO = """
    import json, os, sys
    print(json.dumps({"arguments": sys.argv[1:], "folder": os.getcwd(), "python": sys.executable,
                      "variables": dict(os.environ)}))
"""
UV = """
    import subprocess, sys
    from importlib.util import find_spec
    words = sys.argv[2:]
    if find_spec("no_uv_here"):
        sys.exit("no uv for this platform")
    command = ["-r", words[-1]] if words[0] == "sync" else words[1:]
    sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *command]))
"""
BACKEND = """
    import zipfile

    def get_requires_for_build_editable(config_settings=None):
        return []

    def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
        write_wheel(wheel_directory, "the_kit", "1.0", {"the_kit.py": ""})
        return "the_kit-1.0-py3-none-any.whl"
"""


def write_wheel(folder, name, version, files):
    metadata = f"{name}-{version}.dist-info"
    files = files | {
        f"{metadata}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{metadata}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{path},,\n" for path in [*files, f"{metadata}/RECORD"])
    path = f"{folder}/{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for file, text in (files | {f"{metadata}/RECORD": record}).items():
            wheel.writestr(file, text)
    return path


def pin(folder, name, main):
    """A package made on the spot, and its entry in a lock."""
    program = {f"{name}/__init__.py": "", f"{name}/__main__.py": textwrap.dedent(main)}
    wheel = Path(write_wheel(folder, name, "1.0", program)).read_bytes()
    return f"{name}==1.0 \\\n    --hash=sha256:{hashlib.sha256(wheel).hexdigest()}\n"


@pytest.fixture(scope="module")
def ready_kit(tmp_path_factory):
    """A kit of its own, set up for real by opening the (echoing) lab: (folder, first run)."""
    folder = tmp_path_factory.mktemp("a folder with spaces and ü") / "kit"
    wheels = folder / "wheels"
    wheels.mkdir(parents=True)
    shutil.copy(START, folder)
    lock = pin(wheels, "jupyterlab", ECHO) + pin(wheels, "pytest", ECHO) + pin(wheels, "uv", UV)
    (folder / "requirements.txt").write_text(lock, encoding="utf-8", newline="\n")
    backend = textwrap.dedent(BACKEND) + "\n\n" + inspect.getsource(write_wheel)
    (folder / "backend.py").write_text(backend, encoding="utf-8")
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "the-kit"\nversion = "1.0"\n'
    )
    astray = {"PYTHONPATH": "/elsewhere", "VIRTUAL_ENV": "/elsewhere", "PIP_USER": "1"}
    first = run(folder, "--no-browser", "--port", "8899", **offline(folder), **astray)
    assert first.returncode == 0, first.stdout + first.stderr
    return folder, first


def offline(folder):
    return {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": (folder / "wheels").as_uri()}


def echoed(done):
    """What the echoing package was given, from the last line."""
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_the_first_run_sets_up_and_opens_the_lab_with_the_callers_options(ready_kit):
    folder, first = ready_kit
    assert "Ready in" in first.stdout and first.stderr == ""
    assert len(first.stdout.splitlines()) <= 8, "a calm terminal"
    seen = echoed(first)
    assert seen["arguments"][-3:] == ["--no-browser", "--port", "8899"]
    assert "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb" in seen["arguments"]
    assert f"--ServerApp.root_dir={folder.resolve()}" in seen["arguments"]
    assert Path(seen["folder"]).resolve() == folder.resolve()
    assert Path(seen["python"]).is_relative_to(folder.resolve() / ".venv")


def test_what_runs_in_venv_finds_venv_first_and_nothing_from_elsewhere(ready_kit):
    variables = echoed(ready_kit[1])["variables"]
    assert "PYTHONPATH" not in variables
    assert variables["VIRTUAL_ENV"] == str(ready_kit[0].resolve() / ".venv")
    assert variables["PATH"].startswith(variables["VIRTUAL_ENV"])


def test_a_later_run_needs_no_packages_and_runs_the_tests_with_the_callers_options(ready_kit):
    done = run(ready_kit[0], "test", "-k", "some thing", PIP_NO_INDEX="1", CHROMIUM_PATH=sys.executable)
    assert echoed(done)["arguments"] == ["-k", "some thing"]
    assert len(done.stdout.splitlines()) == 1


def test_without_chromium_the_tests_that_are_left_out_are_named(ready_kit):
    done = run(ready_kit[0], "test", CHROMIUM_PATH="/no/such/browser")
    assert echoed(done)
    assert "tests/lab" in done.stdout and "CHROMIUM_PATH" in done.stdout


def test_where_uv_cannot_run_pip_installs_the_packages(ready_kit):
    folder, _ = ready_kit
    wheels = folder / "wheels"
    with (folder / "requirements.txt").open("a", encoding="utf-8", newline="\n") as lock:
        lock.write(pin(wheels, "extra", "print('extra')"))
    (folder / "no_uv_here.py").touch()
    done = run(folder, "test", **offline(folder))
    assert "trying plain pip" in done.stdout and echoed(done)
    metadata = folder.glob(".venv/[Ll]ib/**/extra-1.0.dist-info")
    assert len(list(metadata)) == 1


def test_doctor_reports_a_venv_that_it_cannot_examine(ready_kit):
    done = run(ready_kit[0], "doctor")
    assert done.returncode == 1
    assert "packages" in done.stdout and "delete the folder .venv" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


# ---- JupyterLab's options


def test_the_lab_looks_nothing_up_outside():
    options = start.lab_options([])
    assert "--LabApp.news_url=None" in options
    assert "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate" in options
    assert "--LabApp.extension_manager=readonly" in options


@pytest.mark.parametrize(
    "given, ours",
    [
        (["--LabApp.default_url=/lab"], "--LabApp.default_url"),
        (["--notebook-dir", "elsewhere"], "--ServerApp.root_dir"),
        (["--debug"], "--log-level"),
        (["--log-level=INFO"], "--log-level"),
    ],
)
def test_an_option_of_the_caller_takes_the_place_of_ours(given, ours):
    options = start.lab_options(given)
    assert options[-len(given) :] == given
    assert not any(option.startswith(ours) for option in options[: -len(given)])


# ---- Chromium


def test_chromium_path_is_preferred(monkeypatch):
    monkeypatch.setenv("CHROMIUM_PATH", sys.executable)
    assert start.find_chromium() == sys.executable


def test_a_wrong_chromium_path_is_not_passed_over_in_silence(monkeypatch):
    monkeypatch.setenv("CHROMIUM_PATH", "/no/such/browser")
    assert start.find_chromium() is None


@pytest.mark.parametrize(
    "browser",
    [
        "chromium",
        "google-chrome",
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "C:\\Program Files/Google/Chrome/Application/chrome.exe",
    ],
)
def test_a_browser_is_found_in_its_usual_place(browser, monkeypatch):
    monkeypatch.delenv("CHROMIUM_PATH", raising=False)
    monkeypatch.setenv("ProgramFiles", "C:\\Program Files")
    monkeypatch.setattr(start.shutil, "which", lambda name: name if name == browser else None)
    assert start.find_chromium() == browser


# ---- doctor


def findings(check):
    return [(good, subject) for good, subject, seen, fix in check()]


def test_doctor_without_a_venv_says_what_to_run(tmp_path):
    for name in START.name, "requirements.txt", "pyproject.toml":
        shutil.copy(START.parent / name, tmp_path)
    done = run(tmp_path, "doctor")
    assert done.returncode == 1
    assert "✗ packages" in done.stdout and f"Fix: run {start.COMMAND}" in done.stdout
    assert "✓ loopback" in done.stdout
    assert not (tmp_path / ".venv").exists()


def test_doctor_speaks_ascii_to_a_terminal_that_knows_no_more(tmp_path):
    for name in START.name, "requirements.txt", "pyproject.toml":
        shutil.copy(START.parent / name, tmp_path)
    done = run(tmp_path, "doctor", PYTHONIOENCODING="ascii")
    assert done.stdout.isascii() and "NO packages" in done.stdout
    assert "Traceback" not in done.stderr


def inspect_environment(folder, lock):
    (folder / "requirements.txt").write_text(lock, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "-c", start.INSPECTION],
        cwd=folder, env=clean_environment(), check=True, capture_output=True, encoding="utf-8",
    )  # fmt: skip
    lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    return {subject: (good, seen) for good, subject, seen in lines}


def test_doctor_runs_a_kernel_and_compares_the_packages_with_the_lock(tmp_path):
    lock = (
        "packaging==0.1 \\\n    --hash=sha256:00\n"
        "no-such-package==1.0\n"
        "not-for-this-machine==1.0 ; sys_platform == 'amiga'\n"
    )
    found = inspect_environment(tmp_path, lock)
    good, seen = found["packages"]
    assert not good
    assert "(wanted ==0.1)" in seen and "no-such-package missing" in seen
    assert "not-for-this-machine" not in seen
    assert found["kernel"] == (True, "python3 starts, 1 + 1 = 2")
    assert found["widgets"][0] is True


@pytest.fixture
def no_proxies(monkeypatch):
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    return monkeypatch


@pytest.mark.parametrize("name", ["http_proxy", "all_proxy"])
def test_doctor_finds_a_proxy_that_swallows_loopback_and_hides_its_password(no_proxies, name):
    no_proxies.setenv(name, "http://me:hunter2@proxy.example:3128")
    ((good, _, seen, fix),) = start.check_proxy()
    assert good is False
    assert name in seen.lower() and "hunter2" not in seen + fix
    assert "export NO_PROXY=127.0.0.1,localhost" in fix
    assert "set NO_PROXY=127.0.0.1,localhost" in fix


@pytest.mark.parametrize("bypass", ["127.0.0.1,localhost", "*", "localhost, 127.0.0.1, .example"])
def test_a_proxy_that_leaves_loopback_alone_is_fine(no_proxies, bypass):
    no_proxies.setenv("http_proxy", "http://proxy.example:3128")
    no_proxies.setenv("no_proxy", bypass)
    assert findings(start.check_proxy) == [(True, "proxy")]


def test_bypassing_half_of_loopback_is_not_enough(no_proxies):
    no_proxies.setenv("http_proxy", "http://proxy.example:3128")
    no_proxies.setenv("no_proxy", "localhost")
    assert findings(start.check_proxy) == [(False, "proxy")]


def test_the_lab_bypasses_a_proxy_for_loopback_and_for_what_was_bypassed(no_proxies):
    no_proxies.setenv("http_proxy", "http://proxy.example:3128")
    no_proxies.setenv("no_proxy", ".example")
    assert start.environment()["NO_PROXY"] == ".example,127.0.0.1,localhost"
    assert start.environment()["no_proxy"] == ".example,127.0.0.1,localhost"


def test_a_taken_port_is_a_note_not_a_failure(monkeypatch):
    with start.socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen(1)
        monkeypatch.setattr(start, "MOCK_SERVER_PORT", other.getsockname()[1])
        assert findings(start.check_port) == [(None, "port")]


def test_a_missing_curl_is_a_failure_and_a_missing_chromium_a_note(monkeypatch):
    monkeypatch.setenv("CHROMIUM_PATH", "/no/such/browser")
    monkeypatch.setattr(start.shutil, "which", lambda name: None)
    assert findings(start.check_curl) == [(False, "curl")]
    assert findings(start.check_chromium) == [(None, "Chromium")]


def test_loopback_answers_here():
    assert findings(start.check_loopback) == [(True, "loopback")]

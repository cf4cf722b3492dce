"""The lock, environment.yml and the top level agree with pyproject.toml."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import start
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parent.parent
LOCK = (ROOT / "requirements.txt").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

TESTED_PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
PLATFORMS = {
    "linux": {"sys_platform": "linux", "os_name": "posix", "platform_system": "Linux"},
    "macos": {"sys_platform": "darwin", "os_name": "posix", "platform_system": "Darwin"},
    "windows": {"sys_platform": "win32", "os_name": "nt", "platform_system": "Windows"},
}
TOP_LEVEL = {
    *("README.md", "CONTRIBUTING.md", "LICENSE", "start.py"),
    *("pyproject.toml", "requirements.txt", "environment.yml"),
    *("notebooks", "mock_server", "exercises", "tests"),
    *(".github", ".ci", ".gitignore", ".gitattributes"),
}


def locked_entries():
    """Each entry of the lock as (requirement, its hashes)."""
    for entry in re.sub(r"\\\n", " ", LOCK).splitlines():
        requirement, *hashes = re.split(r"\s+--hash=", entry.strip())
        yield Requirement(requirement), hashes


def pins(environment):
    """What the lock installs there: {name: [versions]}."""
    found = {}
    for requirement, _ in locked_entries():
        if requirement.marker is None or requirement.marker.evaluate(environment):
            (specifier,) = requirement.specifier
            found.setdefault(canonicalize_name(requirement.name), []).append(
                specifier.version
            )
    return found


def test_the_lock_names_no_address():
    assert "://" not in LOCK
    assert not re.search(r"^\s*(-i|-f|--index-url|--extra-index-url|--find-links)\b", LOCK, re.M)


def test_every_entry_of_the_lock_is_pinned_and_hashed():
    for requirement, hashes in locked_entries():
        assert [specifier.operator for specifier in requirement.specifier] == ["=="]
        assert hashes, f"{requirement.name} has no hash"
        assert all(re.fullmatch(r"sha256:[0-9a-f]{64}", value) for value in hashes)


@pytest.mark.parametrize("python", TESTED_PYTHONS)
@pytest.mark.parametrize("platform", PLATFORMS)
def test_the_lock_satisfies_the_project_everywhere(platform, python):
    environment = PLATFORMS[platform] | {
        "python_version": python,
        "python_full_version": f"{python}.9",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "extra": "",
    }
    pinned = pins(environment)
    groups = PROJECT["dependency-groups"]
    for text in PROJECT["project"]["dependencies"] + groups["setup"] + groups["test"]:
        wanted = Requirement(text)
        if wanted.marker is None or wanted.marker.evaluate(environment):
            versions = pinned.get(canonicalize_name(wanted.name), [])
            assert len(versions) == 1, f"{wanted.name} is locked {len(versions)} times"
            assert wanted.specifier.contains(versions[0]), f"{wanted} is locked at {versions}"


def test_the_lock_installs_its_own_installer_and_build_backend():
    names = {requirement.name for requirement, _ in locked_entries()}
    assert {"uv", "hatchling"} <= names


def test_the_tested_pythons_are_named_alike_everywhere():
    requires = SpecifierSet(PROJECT["project"]["requires-python"])
    workflow = yaml.safe_load(
        (ROOT / ".github/workflows/ci.yml").read_text(encoding="utf-8")
    )
    matrix = workflow["jobs"]["start"]["strategy"]["matrix"]
    assert matrix["python"] == TESTED_PYTHONS
    assert start.OLDEST == Version(TESTED_PYTHONS[0]).release
    assert start.NEWEST == Version(TESTED_PYTHONS[-1]).release
    assert requires == SpecifierSet(f">={TESTED_PYTHONS[0]}")


def conda_environment():
    """environment.yml's packages as {name: bounds}, and its pip lines."""
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    environment = yaml.safe_load(text)
    assert environment["name"] == PROJECT["project"]["name"]
    assert environment["channels"] == ["conda-forge"]
    *conda, pip = environment["dependencies"]
    packages = dict((line.split(" ") + [""])[:2] for line in conda)
    return packages, pip["pip"]


def test_the_conda_environment_has_the_names_and_bounds_of_the_project():
    packages, pip_lines = conda_environment()
    assert packages.pop("python") == PROJECT["project"]["requires-python"]
    for tool in "curl", "pip":  # no Python packages of the project
        packages.pop(tool)
    packages["fastjsonschema"] = packages.pop("python-fastjsonschema")  # as conda-forge calls it
    assert packages == {
        requirement.name: str(requirement.specifier)
        for requirement in map(Requirement, PROJECT["project"]["dependencies"])
    }
    assert pip_lines == ["-e ."]


def test_the_top_level_holds_the_expected_names_alone():
    git = shutil.which("git")
    if git and (ROOT / ".git").exists():
        # Git refuses a folder of another account, a container's mount for example, unless told.
        listing = subprocess.run(
            [git, "-c", "safe.directory=*", "ls-files", "-z"],
            cwd=ROOT, check=True, capture_output=True, encoding="utf-8",
        )  # fmt: skip
        names = {path.split("/")[0] for path in listing.stdout.split("\0") if path}
    else:
        made = (".venv", ".pytest_cache", ".ipynb_checkpoints", "__pycache__", "progress.json")
        names = {path.name for path in ROOT.iterdir() if not path.name.startswith(made)}
    assert names <= TOP_LEVEL

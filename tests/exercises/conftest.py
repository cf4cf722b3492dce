"""A progress file of its own for every test, and no proxy between the tests and their own machine."""

import pytest

from exercises.progress import PATH_VARIABLE, Progress


@pytest.fixture(autouse=True)
def progress(tmp_path, monkeypatch) -> Progress:
    monkeypatch.setenv(PATH_VARIABLE, str(tmp_path / "progress.json"))
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    return Progress()

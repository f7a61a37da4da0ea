"""One JupyterLab for all tests of this folder, and where screenshots go."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.lab import Lab, jupyter_lab


@pytest.fixture(scope="session")
def screenshots() -> Path:
    """build/screenshots: kept to be looked at."""
    folder = Path(__file__).parents[2] / "build" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def lab(browser, tmp_path_factory) -> Iterator[Lab]:
    with jupyter_lab(tmp_path_factory.mktemp("course")) as started:
        yield started

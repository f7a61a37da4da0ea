"""What all tests share: one thread, the sandbox, the browser; which tests are fast; and the order they run in."""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # two that wait for each other on a busy machine cost far more

from collections.abc import Iterator
from contextlib import ExitStack

import matplotlib
import pytest
import torch

from autograder.sandbox.inside import landlock
from bench.browser import chromium
from tests.fast import is_fast, uses_the_browser
from tests.grader_pool import WHY
from tests.needs import need, need_module, need_program

matplotlib.use("Agg")
torch.set_num_threads(1)


@pytest.fixture(scope="session")
def sandbox() -> None:
    """The best sandbox can be had here."""
    need(not WHY, WHY)


@pytest.fixture(scope="session")
def landlock_6() -> None:
    """The sandbox without namespaces can be had here."""
    need(landlock.abi() >= 6, "landlock ABI 6 is missing here")


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """One Chromium (playwright's `Browser`) for all tests."""
    need_program("chromium", "chromium")
    need_module("playwright.sync_api")
    with ExitStack() as stack:
        yield stack.enter_context(chromium())


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what is fast, and puts the tools' tests first and the browser's last.

    The tools' take minutes each: at the end one worker would wait for them. Playwright keeps an event loop open in the
    thread, which notebooks' kernels cannot share. Files stay whole.
    """
    for item in items:
        if is_fast(item):
            item.add_marker("fast")
    last = {item.path for item in items if uses_the_browser(item)}
    items.sort(key=lambda item: (item.path in last, item.path.parent.name != "tools"))

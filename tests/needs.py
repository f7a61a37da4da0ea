"""What tests need of a machine, decided here alone: where it is missing, a test is skipped and says what to install.

With CI=true everything has to be there: what is missing fails the test, so that nothing drops out of CI silently. No
other file skips a test (tests/test_needs.py holds that).
"""

from __future__ import annotations

import importlib
import os
import shutil
from types import ModuleType
from typing import NoReturn

import pytest


def missing(reason: str) -> NoReturn:
    """Skip the running test with this reason; in CI, fail it."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"missing in CI: {reason}", pytrace=False)
    pytest.skip(reason)


def need(here: object, reason: str) -> None:
    """Go on where `here` is true."""
    if not here:
        missing(reason)


def need_program(name: str, package: str) -> str:
    """The path of a program that this Debian package installs."""
    path = shutil.which(name)
    return path or missing(f"{name} is not on the PATH: apt-get install {package}")


def need_module(name: str) -> ModuleType:
    """A module of requirements-dev.lock."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        missing(f"{name} cannot be imported ({error}): uv pip install -r requirements-dev.lock")

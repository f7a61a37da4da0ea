"""A small course of its own for each test that names one."""

from pathlib import Path

import pytest

from autograder.course.places import Places
from tests.small_course import make_course


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return make_course(tmp_path / "course")

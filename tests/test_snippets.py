"""What docs/snippets.md names is there: every exercise, and every name of the library."""

import re

import pytest

import detrlab
from autograder.course.registry import SOLUTIONS
from autograder.course.source import read_source
from tests.imports import ROOT

ROWS = [line for line in (ROOT / "docs" / "snippets.md").read_text(encoding="utf-8").splitlines() if line[:1] == "|"][
    2:
]


@pytest.mark.parametrize("row", ROWS)
def test_a_snippet_has_an_exercise_and_a_name_of_the_library(row):
    _, _, exercises, library = [cell.strip() for cell in row.strip("|").split(" | ")]
    for name in re.findall(r"`(\w+/\w+)/(\w+)`", exercises):
        folder, exercise = name
        assert exercise in read_source(SOLUTIONS / folder).named("exercise")
    names = re.findall(r"`detrlab\.(\w+)`", library)
    assert names and re.search(r"`\w+/\w+/\w+`", exercises)
    assert all(callable(getattr(detrlab, name)) for name in names)

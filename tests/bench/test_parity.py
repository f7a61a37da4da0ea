"""Stock against ours on the homework: a student's notebook shows the same in a Jupyter kernel and in the sandbox."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cache
from pathlib import Path

import nbformat
import pytest

from autograder.course.registry import SOLUTIONS, read_entry, read_registry
from autograder.course.source import read_source
from autograder.samples.fill_in import fill_in, makes_known_mistakes
from autograder.sandbox.pool import Pool
from bench.parity import as_job, different, in_a_kernel
from tests.grader_pool import LEVEL, SEEDS, needs_sandbox

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [folder for entry in read_registry(SOLUTIONS) for folder in entry.notebooks]


@pytest.fixture(scope="module")
def pool_of():
    """The pool of an assignment's folder, with what it needs of packages and data, and no more."""
    with ExitStack() as pools:
        yield cache(lambda folder: pools.enter_context(Pool(1, LEVEL, read_entry(folder).needs)))


@needs_sandbox
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_a_students_notebook_shows_what_stock_nbgrader_shows(path: Path, pool_of, monkeypatch):
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # ipykernel would not listen to descriptors
    release = ROOT / "notebooks" / path.parent.name
    notebook = fill_in(
        nbformat.read(release / f"{path.name}.ipynb", as_version=4), *makes_known_mistakes(read_source(path))
    )
    files = {file.name: file.read_bytes() for file in release.iterdir() if file.suffix != ".ipynb"}
    job = as_job(notebook, files, SEEDS)
    ((_, result),) = pool_of(path.parent).run([job])
    assert result.finished
    assert different(result, in_a_kernel(notebook, files), job) == []
    assert sum("image/png" in output.get("data", {}) for cell in result.cells for output in cell.outputs) > 0

"""Stock against ours on the homework: a student's notebook shows the same in a Jupyter kernel and in the sandbox.

nbgrader runs a notebook with nbclient and a fresh kernel, and goes on after errors; so does this test. Cells with
checks are left out: their outputs are replaced by verdicts.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import nbformat
import pytest

from autograder.job import Job, JobCell
from autograder.samples import fill_in, makes_known_mistakes
from autograder.source import read_source
from tests.grader_pool import SEEDS, needs_sandbox, shared_pool
from tests.test_pool import normal

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted((ROOT / "solutions").glob("*/*.py"))


@needs_sandbox
@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_a_students_notebook_shows_what_stock_nbgrader_shows(path: Path, tmp_path: Path, monkeypatch):
    from nbclient import NotebookClient

    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # ipykernel would not listen to descriptors
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    release = ROOT / "notebooks" / path.parent.name
    notebook = fill_in(
        nbformat.read(release / f"{path.stem}.ipynb", as_version=4), *makes_known_mistakes(read_source(path))
    )
    files = {file.name: file.read_bytes() for file in release.glob(f"{path.stem}.*") if file.suffix != ".ipynb"}
    cells = []
    for index, cell in enumerate(notebook.cells):
        if cell.cell_type == "code":
            tags = cell.metadata.get("nbgrader", {})
            cells.append(JobCell(index, cell.source, tags["grade_id"] if tags.get("grade") else ""))
    job = Job("student", path.parent.name, path.stem, tuple(cells), SEEDS, files)
    ((_, result),) = shared_pool().run([job])
    for name in files:
        shutil.copy(release / name, tmp_path)
    client = NotebookClient(notebook, kernel_name="python3", allow_errors=True, timeout=300, iopub_timeout=60)
    client.execute(cwd=str(tmp_path))

    assert result.ended == "finished"
    different = [
        cell.index
        for cell, job_cell in zip(result.cells, cells, strict=True)
        if not job_cell.check and shown(cell.outputs) != shown(notebook.cells[cell.index].outputs)
    ]
    assert different == []
    pictures = sum("image/png" in output.get("data", {}) for cell in result.cells for output in cell.outputs)
    assert pictures > 0


def shown(outputs: list[dict]) -> str:
    """Outputs but for addresses, process ids, widgets' random names, and where our packages are installed."""
    return re.sub(r'"model_id": "\w+"', "", normal(outputs)).replace("/grader/detrlab", f"{ROOT}/detrlab")

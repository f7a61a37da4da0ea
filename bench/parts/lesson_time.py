"""How long the lesson on training takes as a whole: every cell of the solved notebook, its training included."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import nbformat

from autograder.build.in_process import runner
from autograder.course.source import read_source
from autograder.samples.fill_in import fill_in, model_answers
from bench.figure import ROOT, Figure
from bench.parts.lesson import FOLDER

KEPT = "my_detr.safetensors"


def measure() -> dict[str, Figure]:
    """`train.notebook_minutes`: the solved q2_train from top to bottom in a folder of its own, where nothing is kept
    yet, so that it trains. Its code computes on one thread, so on two cores of its own a clock shows no more."""
    source = read_source(FOLDER)
    release = ROOT / "notebooks" / source.assignment
    solved = fill_in(nbformat.read(release / f"{source.name}.ipynb", as_version=4), model_answers(source)[0], {})
    cells: list[float] = []
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        for path in release.glob(f"{source.name}.*"):
            shutil.copy(path, folder)
        with runner(Path(folder)) as kernel:
            for cell in solved.cells:
                if cell.cell_type == "code":
                    run = kernel.run(cell.source)
                    assert run.error is None, run.error
                    cells.append(run.cpu_seconds)
        assert (Path(folder) / KEPT).exists(), "nothing was trained"
    clock, longest = time.monotonic() - started, max(cells)
    how = (
        f"solved {source.name}, {len(cells)} cells, the training one took {longest / 60:.1f}; "
        f"{clock / 60:.1f} min on the clock, beside whatever else ran"
    )
    return {"train.notebook_minutes": Figure(sum(cells) / 60, "CPU min", "<= 8", how)}

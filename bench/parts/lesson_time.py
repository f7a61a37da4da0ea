"""How long lessons with a training take as a whole: every cell of each solved notebook, its training included."""

from __future__ import annotations

import shutil
import tempfile
import time
from pathlib import Path

import nbformat

from autograder.build.in_process import runner
from autograder.course.registry import SOLUTIONS, read_entry
from autograder.course.source import read_source
from autograder.samples.fill_in import fill_in, model_answers
from bench.figure import ROOT, Figure

MOST = {  # CPU minutes
    "03_set_prediction/q2_train": 8,
    "04_panoptic/q1_masks": 10,
    "04_panoptic/q2_panoptic": 10,
    "05_clip/q1_clip": 10,
    "05_clip/q2_understand": 10,
    "06_dino/q1_dino": 10,
    "06_dino/q2_collapse": 10,
}
TRAIN = ("q2_train", "q1_masks", "q1_clip", "q1_dino")  # and keep what they trained


def measure() -> dict[str, Figure]:
    """`lesson.minutes.NOTEBOOK`: the solved notebook from top to bottom in a folder of its own, where nothing is kept
    yet, so that it trains. Its code computes on one thread, so on two cores of its own a clock shows no more."""
    return {f"lesson.minutes.{Path(lesson).name}": _time(SOLUTIONS / lesson, most) for lesson, most in MOST.items()}


def _time(lesson: Path, most: int) -> Figure:
    source = read_source(lesson)
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
        kept = [path for pattern in read_entry(lesson.parent).kept for path in Path(folder).glob(pattern)]
        assert bool(kept) == (lesson.name in TRAIN), f"kept: {kept}"
    clock, longest = time.monotonic() - started, max(cells)
    how = (
        f"solved {source.name}, {len(cells)} cells, the longest one took {longest / 60:.1f}; "
        f"{clock / 60:.1f} min on the clock, beside whatever else ran"
    )
    return Figure(sum(cells) / 60, "CPU min", f"<= {most}", how)

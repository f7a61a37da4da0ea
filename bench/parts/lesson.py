"""What a student waits four minutes for: the lesson's own training, as its cell has it, and what it comes to."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from autograder.build.in_process import runner
from autograder.course.registry import SOLUTIONS
from autograder.course.source import read_source
from bench.figure import Figure
from detrlab.evaluation.evaluate import average_precision
from detrlab.training.tiny import seen, tiny_scenes

FOLDER = SOLUTIONS / "03_set_prediction" / "q2_train"
ITS_BUDGET, MINUTES = "minutes=2,", 4
SCENES, FIRST = 300, 10**9  # of the stream that grades; the cell looks at another one while it trains


def measure() -> dict[str, Figure]:
    """`train.in_notebook_ap50`: the opening and the training cell run in a folder of their own, for 4 CPU minutes."""
    cells = read_source(FOLDER).code()
    (setup,) = (cell.source for cell in cells if cell.kind == "setup")
    (training,) = (cell.source for cell in cells if "def train():" in cell.source)
    before, budget, after = training.partition(ITS_BUDGET)
    assert budget, f"the training cell does not say {ITS_BUDGET}"
    with tempfile.TemporaryDirectory() as folder, runner(Path(folder)) as kernel:
        for source in (setup, f"{before}minutes={MINUTES},{after}"):
            run = kernel.run(source)
            assert run.error is None, run.error
        detr = kernel.namespace["detr"]
    measured = average_precision(detr, seen(tiny_scenes(SCENES, "fresh", first=FIRST)))["AP50"]
    steps = re.findall(r"100 %  step (\d+)", "\n".join(data["text/plain"] for data in run.outputs))
    how = f"the training cell of q2_train with {MINUTES} minutes, {steps[-1]} steps; {SCENES} fresh scenes"
    return {"train.in_notebook_ap50": Figure(measured, "AP50", ">= 0.8", how)}

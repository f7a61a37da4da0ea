"""The proof of a check of trained work: it measures, in seconds, a model that nobody has trained.

It is run as where work is graded: after the opening and the solutions that its chain names, and with no other cell. No
trained file ships, and a build trains nothing. So what is proven is that a fresh model can be kept, read back and
measured, always with the same number, and that this number earns nothing.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from autograder.course.seeds import VISIBLE_SEEDS
from autograder.course.source import SourceCell, SourceNotebook
from autograder.errors import SourceError
from coursework.checks.notebook import recording
from coursework.checks.trained import UNTRAINED, KeptError, encoded, read_into
from coursework.marking.measured import Measured, Steps, finite, judge_measured
from coursework.marking.outcome import Outcome

from .in_process import Runner, runner


@contextmanager
def untrained() -> Iterator[None]:
    """While open, cells that would train go on with a fresh model (`coursework.kept`)."""
    before = os.environ.get(UNTRAINED)
    os.environ[UNTRAINED] = "yes"
    try:
        yield
    finally:
        if before is None:
            del os.environ[UNTRAINED]
        else:
            os.environ[UNTRAINED] = before


def prove_measured(notebook: SourceNotebook, cell: SourceCell, exercises: Iterable[str]) -> Measured:
    """What the check in `cell` measures; raises SourceError where a proof fails. `exercises`: those of its chain."""
    here = f"{notebook.name}/{cell.step}: {cell.name}"
    with tempfile.TemporaryDirectory() as folder, runner(Path(folder)) as kernel, untrained():
        for each in notebook.measuring(cell.name, exercises)[:-1]:
            _run(kernel, each.source, f"{here}: {each.kind} {each.name}")
        runs = _measured(kernel, cell, here)
        check = kernel.namespace[cell.name]
        _prove_steps(here, check.steps, cell.points)
        measured = Measured(cell.trained, check.steps, _prove_kept(here, check.model(), Path(folder) / cell.trained))
        # The file is there now: a fresh model may be another one each time.
        again = _measured(kernel, cell, here), _measured(kernel, cell, here)
    for run in runs:
        if run.error:
            raise SourceError(
                f"{here}: with a fresh model it raises {run.error}: {run.message}"
                + (" (what it uses stands in the opening, or in [chains])" if run.error == "NameError" else "")
            )
        if finite(run.value) is None:
            raise SourceError(f"{here}: with a fresh model it returns no finite number: return one, such as an AP")
    if not all(one.equals(other) for one, other in zip(*again, strict=True)):
        raise SourceError(f"{here}: two runs with the same weights differ: something is drawn outside `draw`")
    if points := judge_measured(runs, measured).points:
        raise SourceError(f"{here}: a model that nobody trained earns {points:g} points: begin the steps higher")
    return measured


def _run(kernel: Runner, source: str, where: str) -> None:
    if (run := kernel.run(source)).error:
        raise SourceError(f"{where} stops with {run.error}\n{run.stdout[-2000:]}")


def _measured(kernel: Runner, cell: SourceCell, here: str) -> list[Outcome]:
    with recording(VISIBLE_SEEDS) as record:
        _run(kernel, cell.source, here)
    return record[cell.name]


def _prove_steps(here: str, steps: Steps, points: float) -> None:
    rising = all(low[0] < high[0] and low[1] < high[1] for low, high in zip(((-1e9, 0.0), *steps), steps, strict=False))
    if not steps or not rising or steps[-1][1] != points:
        example = f"steps=[(0.3, {points / 2:g}), (0.6, {points:g})]"
        problem = "its steps are thresholds and points, both rising, and the last one earns the check's points"
        raise SourceError(f"{here}: {problem}: {example}")


def _prove_kept(here: str, model: object, path: Path) -> str:
    """A fresh model's weights can be written and read; returns what stands for their names and shapes."""
    if not hasattr(model, "state_dict"):
        raise SourceError(
            f"{here}: model=... gives a {type(model).__name__}: give a function that makes a fresh module"
        )
    path.write_bytes(encoded(model))
    try:
        read_into(path, model)
    except KeptError as error:
        raise SourceError(f"{here}: a fresh model cannot be kept: {error}") from None
    shapes = {name: list(weight.shape) for name, weight in model.state_dict().items()}
    return hashlib.sha256(json.dumps(shapes, sort_keys=True).encode()).hexdigest()[:12]

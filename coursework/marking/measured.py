"""Trained work is measured: from the numbers that its check returned to points, in steps, and to what is said."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from .messages import say
from .outcome import Outcome
from .values import NOT_ATTEMPTED, Array
from .verdict import Verdict

KEPT, NOTHING = "KeptError", "NothingKept"  # what `coursework.checks.trained` raises, by name
Steps = tuple[tuple[float, float], ...]  # (threshold, points), both rising


@dataclass(frozen=True)
class Measured:
    """What a check measures: the file that is handed in, and what earns how much.

    `model` stands for the names and shapes of the weights that the file must have.
    """

    file: str
    steps: Steps
    model: str


def judge_measured(runs: list[Outcome], measured: Measured) -> Verdict:
    """Points for the mean of what the runs measured; a threshold counts as reached where it is met exactly."""
    maximum = measured.steps[-1][1]
    failed = next((run for run in runs if run.error), None)
    if failed is not None:
        if failed.error == NOT_ATTEMPTED:
            return Verdict(0.0, maximum, "open", say("not_attempted"))
        if failed.error in (KEPT, NOTHING):
            return Verdict(0.0, maximum, "open" if failed.error == NOTHING else "wrong", failed.message)
        error = f"{failed.error}: {failed.message}"
        return Verdict(0.0, maximum, "wrong", say("not_measured", file=measured.file, error=error))
    numbers = [number for run in runs if (number := finite(run.value)) is not None]
    if not runs or len(numbers) < len(runs):
        return Verdict(0.0, maximum, "wrong", say("measured_no_number", file=measured.file))
    mean = math.fsum(numbers) / len(numbers)
    points = max((worth for threshold, worth in measured.steps if mean >= threshold), default=0.0)
    state = "right" if points == maximum else "partly" if points else "wrong"
    shown = f"{math.floor(mean * 1000 + 1e-3) / 1000:.3f}"  # not rounded up to a threshold that was missed
    steps = ", ".join(say("measured_step", threshold=f"{at:g}", points=f"{worth:g}") for at, worth in measured.steps)
    title = say("measured", file=measured.file, number=shown, count=len(runs))
    return Verdict(points, maximum, state, title, (say("measured_steps", steps=steps),))


def finite(value: Any) -> float | None:
    """A finite real number as Python's, also where it stands in a tensor or array by itself; None for all else."""
    if isinstance(value, Array) and value.data.size == 1 and value.data.dtype.kind in "fiu":
        value = np.asarray(value.data, dtype=float).item()
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return None
    return float(value)

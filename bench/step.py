"""What learning takes of a training step, batches and optimiser included."""

from __future__ import annotations

from statistics import median

from bench.figure import cpu_seconds
from detrlab.training.loop import Trainer


def learning_share(trainer: Trainer) -> tuple[float, float]:
    """Runs a trainer. Returns the share of a step that forward, losses and backward take, and a step's CPU seconds:
    medians."""
    learning, steps = [], []
    learn, step = trainer._learn, trainer._step
    trainer._learn = lambda *batch: learning.append(cpu_seconds(lambda: learn(*batch)))  # type: ignore[method-assign]
    trainer._step = lambda batches: steps.append(cpu_seconds(lambda: step(batches)))  # type: ignore[method-assign]
    trainer.run(report=lambda report: None)
    shares = [part / whole for part, whole in zip(learning[1:], steps[1:], strict=True)]  # the first one warms up
    return median(shares), median(steps[1:])

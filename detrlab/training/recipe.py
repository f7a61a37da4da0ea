"""How a model is trained, as numbers: budget, learning rates, schedule. The loop that follows it is `loop.py`."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from detrlab.detr.criterion import WEIGHTS


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What training is to do; the defaults are DETR's (appendix A.4, `main.py`), with a cosine in place of its step.

    The budget is a number of steps, or of minutes of computing. In steps, all of the schedule hangs on the step alone:
    the same on every machine, and a run that was killed ends with the very weights of one that was not. In minutes, a
    run takes as long as one can wait for: CPU time of the training thread (wall time on a GPU, where the processor only
    waits), without looks and saving. Wall time is no budget for a processor: beside other work a run got 300
    steps before its cosine had come to an end. How many steps fit depends on the machine, so a run in minutes that is
    resumed learns on exactly from where it was, but not in the very steps that it would have made.

    Raises:
        ValueError: not exactly one of steps and minutes, or a number that cannot be meant.
    """

    name: str  # of the checkpoint and the weights
    steps: int | None = None
    minutes: float | None = None
    learning_rate: float = 1e-4
    backbone_rate: float | None = None  # of parameters below a module called "backbone"; None: the same rate
    weight_decay: float = 1e-4
    betas: tuple[float, float] = (0.9, 0.999)
    warm_up: int = 0  # steps in which the rates rise from nothing
    clip_norm: float = 0.1  # of all gradients together
    averaging: float = 0.998  # decay of the running average of the weights; 0: the average is the model
    # The weight of no-object at the start and at the end: first find objects, then learn not to find them twice.
    no_object: tuple[float, float] = (0.1, 0.1)
    loss_weights: Mapping[str, float] = field(default_factory=lambda: dict(WEIGHTS))
    seed: int = 0

    def __post_init__(self) -> None:
        if (self.steps is None) == (self.minutes is None):
            raise ValueError("a recipe has one budget: give steps=..., or minutes=...")
        positive = {"steps": self.steps, "minutes": self.minutes, "learning_rate": self.learning_rate}
        positive |= {"clip_norm": self.clip_norm}
        if wrong := [f"{name}={value}" for name, value in positive.items() if value is not None and not value > 0]:
            raise ValueError(f"a recipe cannot have {wrong[0]}: give a number above 0")
        if not 0 <= self.averaging < 1:
            raise ValueError(f"averaging={self.averaging} is no decay: it is 0 or more and less than 1, such as 0.998")

    def progress(self, step: int, seconds: float) -> float:
        """The share of the budget, 0..1, that these steps and seconds of computing are."""
        if self.steps is not None:
            return min(step / self.steps, 1.0)
        assert self.minutes is not None
        return min(seconds / (60 * self.minutes), 1.0)

    def rate(self, step: int, progress: float) -> float:
        """By what the learning rates are multiplied: they rise over the warm-up and fall along a cosine to 0."""
        return min(1.0, (step + 1) / max(self.warm_up, 1)) * (0.5 + 0.5 * math.cos(math.pi * progress))

    def no_object_weight(self, progress: float) -> float:
        low, high = self.no_object
        return low + (high - low) * progress

    def keep(self, averaged: int) -> float:
        """How much of the average stays when weights join it after `averaged` others: early ones are soon forgotten."""
        return min(self.averaging, (averaged + 1) / (averaged + 11))

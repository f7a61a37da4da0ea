"""DINO that collapses on purpose (section 5.3 and figure 7 of arXiv:2104.14294): faults in seconds, told by curves.

A collapse is an output that is the same for all pictures. The loss does not show it: it is lowest where student and
teacher agree, and they agree best where both say the same of everything. So what is watched is the entropy of the
teacher's outputs, the entropy of their mean over the batch, and the KL divergence from student to teacher
(`DINO.losses`).

Measured with seeds 0, 1 and 2 and 600 scenes, after 80 steps (7 to 9 CPU seconds), of ln K = 4.16: the entropy of the
mean is 2.8 to 3.7 where nothing is wrong and 0.0 to 0.7 without centring; the entropy of an output is 1.5 to 3.0 where
nothing is wrong and 4.1 without sharpening, and KL there 0.01. Neither is what an aliased teacher does: it swings
between one prototype for all and nearly even outputs, with KL now near 0 and now above 3.

Crops are half as large as in `dino_trainer`, so that a step takes less than a tenth of a second.

Trainings with other things wrong (PLANTED) were run before, with three seeds each: their curves ship (`dino_curves`),
to be told apart by these alone.
"""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from detrlab.dino.loss import STUDENT_TEMPERATURE, TEACHER_TEMPERATURE, DINOLoss
from detrlab.dino.multi_crop import View
from detrlab.dino.scenes import OneShapeScenes
from detrlab.dino.teacher import DINO
from detrlab.dino.training import crop_batches, dino_learner, dino_recipe
from detrlab.training.loop import Report, Trainer
from detrlab.weights import data_path

SCENES = 600
STEPS = 80
MOMENTUM = 0.9  # of the teacher: with 0.99 a missing centre shows only later
# Colours are changed, so that views of one picture differ: else pictures are so easily told apart that without a centre
# some prototypes survive for hundreds of steps.
JITTER = 0.6
VIEWS = (
    *[View(size=32, area=(0.6, 1.0), jitter=JITTER)] * 2,
    *[View(size=16, area=(0.25, 0.6), jitter=JITTER)] * 2,
)
CURVES = ("entropy", "entropy of the mean", "kl")  # of a report's losses
SEEDS = (0, 1, 2)  # of the trainings whose curves ship


def without_centring(dino: DINO) -> None:
    """The centre stays 0."""
    dino.loss.center_momentum = 1.0


def without_sharpening(dino: DINO) -> None:
    """The teacher is as unsure as the student."""
    dino.loss.teacher_temp = STUDENT_TEMPERATURE


def with_aliased_teacher(dino: DINO) -> None:
    """`teacher = student` in place of a copy: one network under two names."""
    dino.teacher = dino.student


COLLAPSES: dict[str, Callable[[DINO], None]] = {  # by what is wrong
    "nothing": lambda dino: None,
    "no centring": without_centring,
    "no sharpening": without_sharpening,
    "aliased teacher": with_aliased_teacher,
}


def with_the_centre_added(dino: DINO) -> None:
    """What all pictures have in common is added once more, in place of being taken off."""
    dino.loss.__class__ = _CentreAdded


def with_temperatures_exchanged(dino: DINO) -> None:
    """The student has the teacher's temperature, and the teacher the student's."""
    dino.loss.student_temp, dino.loss.teacher_temp = dino.loss.teacher_temp, dino.loss.student_temp


def with_a_hasty_teacher(dino: DINO) -> None:
    """After each step the teacher is the student of this step."""
    dino.momentum = 0.0


def with_a_sharper_teacher(dino: DINO) -> None:
    """No fault, though it may look like one: the teacher is surer of what it says."""
    dino.loss.teacher_temp = TEACHER_TEMPERATURE / 4


class _CentreAdded(DINOLoss):
    @torch.no_grad()
    def goals(self, teacher_logits: Tensor) -> Tensor:
        return torch.softmax((teacher_logits + self.center) / self.teacher_temp, dim=-1)


PLANTED: dict[str, Callable[[DINO], None]] = {  # what `dino_curves` has, and no notebook trains
    "nothing": COLLAPSES["nothing"],
    "centre added": with_the_centre_added,
    "temperatures exchanged": with_temperatures_exchanged,
    "hasty teacher": with_a_hasty_teacher,
    "sharper teacher": with_a_sharper_teacher,
}


def collapse_trainer(wrong: str, scenes: OneShapeScenes, seed: int = 0, steps: int = STEPS, **more: Any) -> Trainer:
    """A training with something wrong, a key of COLLAPSES or PLANTED; `more` goes to `Trainer`. It reports every step.

    Raises:
        ValueError: another key.
    """
    known = COLLAPSES | PLANTED
    if wrong not in known:
        raise ValueError(f"nothing is known of {wrong!r}; choose one of {', '.join(known)}")
    torch.manual_seed(seed)
    learner = dino_learner()
    learner.momentum = MOMENTUM
    known[wrong](learner)
    recipe = replace(dino_recipe(steps, seed), name=wrong, warm_up=0)
    batches = crop_batches(scenes, VIEWS, seed=seed)
    backbone = learner.teacher.backbone
    return Trainer(backbone, learner.losses, batches, recipe, learner=learner, device="cpu", report_every=0.0, **more)


def collapse_curves(wrong: str, scenes: OneShapeScenes, seed: int = 0, steps: int = STEPS) -> list[Report]:
    """What each step of such a training said: `report.losses` has the loss and CURVES."""
    trainer = collapse_trainer(wrong, scenes, seed, steps)
    trainer.run(report=lambda report: None)
    return trainer.history


def dino_curves() -> dict[str, list[dict[str, list[float]]]]:
    """By what was wrong, a key of PLANTED, a dict for each of SEEDS: of CURVES the number of each step, in nats; from
    data/dino_curves.json (`python -m tools.dino_runs`)."""
    return json.loads(data_path("dino_curves.json").read_text())["runs"]

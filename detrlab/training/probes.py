"""Five probes of a training: scenes so few that it has to succeed in seconds, and whose failure names a suspect.

The order is that of what they need. One scene needs a loss and steps that fit; two scenes an output that depends on the
image; two objects distinct queries; an empty scene the no-object class; only then come data.
"""

import itertools
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from detrlab.boxes import box_iou
from detrlab.detr.criterion import set_losses
from detrlab.detr.detr import DETR
from detrlab.evaluation.evaluate import predict
from detrlab.training.data import Batch, RenderedScenes
from detrlab.training.loop import Trainer
from detrlab.training.recipe import Recipe
from detrlab.training.tiny import SIDE, drawn_scenes, seen, tiny_detr

PROBES = ("one scene", "two scenes", "two objects", "an empty scene", "data")
STEPS = {"one scene": 50, "two scenes": 100, "two objects": 100, "an empty scene": 80, "data": 150}
REPORTS = 20  # points of a curve
SURE, HIT = 0.5, 0.7  # an object is found by a detection of its class with at least this score and IoU


@dataclass(frozen=True)
class Training:
    """What a probe trains, in the parts that can be broken."""

    model: Callable[[], DETR] = tiny_detr
    criterion: Callable[[dict, list, float], dict[str, Tensor]] = set_losses
    learning_rate: float = 1e-3
    vary: Callable[[Batch, np.random.Generator], Batch] = lambda batch, rng: _mirror(batch, rng)


@dataclass(frozen=True, eq=False)
class Probed:
    """What came of a probe. steps and losses: the curve. found: objects found of `objects`; false: other detections.

    outputs: what the trained model says of the probe's scenes, in eval mode.
    """

    probe: str
    steps: list[int]
    losses: list[float]
    found: int
    objects: int
    false: int
    seconds: float  # of computing
    outputs: dict[str, Tensor]

    @property
    def passed(self) -> bool:
        """All objects are found; and on the probe with an empty scene, nothing else."""
        return self.found == self.objects and (self.false == 0 or self.probe != "an empty scene")


def probe(training: Training, which: str, seed: int = 0) -> Probed:
    """Trains on the scenes of a probe (one of PROBES) and measures on the same scenes; those of "data" are varied while
    it learns, and measured as they are and mirrored.

    Raises:
        ValueError: an unknown probe.
    """
    if which not in PROBES:
        raise ValueError(f"there is no probe {which!r}; choose one of {', '.join(PROBES)}")
    scenes = _scenes(which)
    learnt, held = seen(scenes), seen(_with_mirrored(scenes) if which == "data" else scenes)
    targets = [
        {"labels": labels, "boxes": boxes[: len(labels)]}
        for labels, boxes in zip(learnt.labels, scenes.boxes_cxcywh, strict=True)
    ]

    def batches(start: int) -> Iterator[Batch]:
        for step in itertools.count(start):
            batch = (learnt.inputs, targets)
            yield training.vary(batch, np.random.default_rng((seed, step))) if which == "data" else batch

    torch.manual_seed(seed)
    recipe = Recipe(name=which, steps=STEPS[which], learning_rate=training.learning_rate, averaging=0.9, seed=seed)
    trainer = Trainer(training.model(), training.criterion, batches, recipe, device="cpu", report_every=math.inf)
    for part in range(1, REPORTS + 1):
        trainer.run(part / REPORTS, report=lambda report: None)
    predicted = predict(trainer.average, held)
    found, false = _found(predicted, held.boxes_xyxy, held.labels)
    with torch.no_grad():
        outputs = {name: trainer.average(held.inputs)[name] for name in ("pred_logits", "pred_boxes")}
    history = trainer.history
    return Probed(
        which,
        [report.step for report in history],
        [report.losses["loss"] for report in history],
        found,
        sum(len(labels) for labels in held.labels),
        false,
        trainer.seconds,
        outputs,
    )


def faulty(fault: str) -> Training:
    """A training with one planted fault: a key of FAULTS.

    Raises:
        ValueError: an unknown fault.
    """
    if fault not in FAULTS:
        raise ValueError(f"there is no fault {fault!r}; choose one of {', '.join(FAULTS)}")
    return FAULTS[fault]


def _scenes(which: str) -> RenderedScenes:
    left, right = (0.27 * SIDE, 0.35 * SIDE), (0.7 * SIDE, 0.6 * SIDE)
    described = {
        "one scene": [_plan([left])],
        "two scenes": [_plan([left]), _plan([right])],
        "two objects": [_plan([left, right])],
        "an empty scene": [_plan([left]), _plan([])],
        "data": [_plan([left]), _plan([right], label=1)],
    }
    return drawn_scenes(described[which])


def _with_mirrored(scenes: RenderedScenes) -> RenderedScenes:
    """The scenes, and behind them the same mirrored left-right."""
    boxes_cxcywh, labels = scenes.boxes_cxcywh.numpy(), scenes.labels.numpy()
    mirrored = np.where(labels[..., None] >= 0, boxes_cxcywh * [-1, 1, 1, 1] + [1, 0, 0, 0], 0).astype(np.float32)
    return RenderedScenes(
        np.concatenate([scenes.pictures, scenes.pictures[:, :, ::-1]]),
        np.concatenate([boxes_cxcywh, mirrored]),
        np.concatenate([labels, labels]),
    )


def _plan(places: Sequence[tuple[float, float]], label: int = 0) -> dict[str, np.ndarray]:
    """Red objects of one class and size on grey."""
    T = len(places)
    return {
        "background": np.full(3, 0.75),
        "colours": np.tile([0.8, 0.2, 0.2], (T, 1)),
        "labels": np.full(T, label),
        "centres": np.array(places).reshape(T, 2),
        "radii": np.full(T, SIDE / 6),
        "angles": np.zeros(T),
    }


def _found(predicted: dict[str, Tensor], boxes_xyxy: list[Tensor], labels: list[Tensor]) -> tuple[int, int]:
    """How many objects some sure detection of their class covers, and how many sure detections cover none or repeat."""
    found = detections = 0
    for i, (goal_xyxy, goal_labels) in enumerate(zip(boxes_xyxy, labels, strict=True)):
        sure = predicted["scores"][i] >= SURE
        overlap = box_iou(predicted["boxes_xyxy"][i][sure], goal_xyxy)  # (sure queries, T)
        hits = (overlap >= HIT) & (predicted["labels"][i][sure][:, None] == goal_labels)
        found += int(hits.any(0).sum())
        detections += int(sure.sum())
    return found, detections - found


def _mirror(batch: Batch, rng: np.random.Generator, boxes_too: bool = True) -> Batch:
    """Half of the images mirrored left-right, and their boxes with them."""
    pictures, targets = batch
    mirrored = rng.uniform(size=len(targets)) < 0.5
    pictures = torch.stack([p.flip(-1) if m else p for p, m in zip(pictures, mirrored, strict=True)])
    moved = [
        target | {"boxes": target["boxes"] * torch.tensor([-1, 1, 1, 1]) + torch.tensor([1, 0, 0, 0])}
        if m and boxes_too
        else target
        for target, m in zip(targets, mirrored, strict=True)
    ]
    return pictures, moved


class _OneQuery(nn.Module):
    """One learned query, repeated Q times."""

    def __init__(self, Q: int, D: int) -> None:
        super().__init__()
        self.Q, self.row = Q, nn.Parameter(torch.randn(1, D))

    @property
    def weight(self) -> Tensor:
        return self.row.expand(self.Q, -1)


def _repeated_query() -> DETR:
    model = tiny_detr()
    model.query_embed = _OneQuery(*model.query_embed.weight.shape)
    return model


def _no_image() -> DETR:
    """The transformer gets the positions of the cells, and zeros for what is in them."""
    model = tiny_detr()
    model.input_proj.register_forward_hook(lambda module, inputs, output: 0 * output)
    return model


FAULTS = {
    "learning rate": Training(learning_rate=0.3),
    "image": Training(model=_no_image),
    "queries": Training(model=_repeated_query),
    "no-object": Training(criterion=lambda outputs, targets, no_object: set_losses(outputs, targets, 0.0)),
    "mirror": Training(vary=lambda batch, rng: _mirror(batch, rng, boxes_too=False)),
}

"""How DINO is trained here: the network, the views, the recipe; `detrlab train dino` calls it.

One CPU process is enough. The state goes to checkpoints/dino.pt; the same command then continues from there. At the end
the teacher's backbone is written to data/ as float16.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from detrlab.detr.matcher import Targets
from detrlab.dino.head import DINOHead
from detrlab.dino.loss import DINOLoss
from detrlab.dino.multi_crop import View, multi_crop
from detrlab.dino.scenes import SIDE, OneShapeScenes, one_shape_scenes, to_unit
from detrlab.dino.teacher import DINO, LOSS_WEIGHTS
from detrlab.dino.vision_transformer import VisionTransformer, dino_vit, untrained_dino
from detrlab.training.data import Batch
from detrlab.training.loop import Trainer
from detrlab.training.recipe import Recipe
from detrlab.training.shipped import Shipped

SCENES = 8000
BATCH = 32  # pictures
STEPS = 450
K = 64  # prototypes
MOMENTUM = 0.99  # of the teacher at the start: the paper's 0.996 is for runs of many more steps
FROZEN = 0.05  # the share of the steps in which the prototypes stay as they are
# No colour is changed: what is the same in all views is learned, and colours are all that there is to learn here.
VIEWS = (
    View(size=SIDE, area=(0.6, 1.0), blur=1.0),
    View(size=SIDE, area=(0.6, 1.0), blur=0.1),
    *[View(size=SIDE // 2, area=(0.1, 0.4), blur=0.5)] * 4,
)


def dino_learner(vit: VisionTransformer | None = None) -> DINO:
    """Student and teacher that begin with a network; None: one with random weights."""
    vit = dino_vit() if vit is None else vit
    return DINO(vit, DINOHead(vit.norm.weight.numel(), K), DINOLoss(K), MOMENTUM, FROZEN)


def dino_recipe(steps: int, seed: int = 0, learning_rate: float = 1e-3) -> Recipe:
    """What all trainings have in common. The teacher is an average already: it is not averaged once more."""
    return Recipe(
        name="dino",
        steps=steps,
        learning_rate=learning_rate,
        warm_up=20,
        clip_norm=3.0,
        averaging=0.0,
        loss_weights=LOSS_WEIGHTS,
        seed=seed,
    )


def crop_batches(
    scenes: OneShapeScenes, views: tuple[View, ...] = VIEWS, batch: int = BATCH, seed: int = 0
) -> Callable[[int], Iterator[Batch]]:
    """What `Trainer` asks for: endless batches, for each view crops (B, 3, size, size); batch n is always the same.

    Targets say which scenes they are, and nothing of what is in them.
    """
    pictures = to_unit(scenes.pictures)

    def from_number(start: int) -> Iterator[Batch]:
        for number in itertools.count(start):
            rng = np.random.default_rng((seed, number))
            chosen = torch.from_numpy(rng.choice(len(pictures), batch, replace=False))
            yield multi_crop(pictures[chosen], views, rng), [{"image_id": i} for i in chosen]

    return from_number


def dino_trainer(scenes: OneShapeScenes, recipe: Recipe, learner: DINO | None = None, **more: Any) -> Trainer:
    """The training of a learner (None: `dino_learner()`); its model is the teacher's backbone. `more` goes to
    `Trainer`, such as checkpoint or report_every."""
    if learner is None:
        torch.manual_seed(recipe.seed)
        learner = dino_learner()
    batches = crop_batches(scenes, seed=recipe.seed)
    backbone = learner.teacher.backbone
    return Trainer(backbone, learner.losses, batches, recipe, learner=learner, device="cpu", **more)


def supervised_trainer(scenes: OneShapeScenes, labels: Tensor, recipe: Recipe, **more: Any) -> Trainer:
    """The control with labels (N,): the same network, fed with the larger views, learns to name them with a linear
    layer on its class token."""
    torch.manual_seed(recipe.seed)
    vit = dino_vit()
    learner = _Classifier(vit, nn.Linear(vit.norm.weight.numel(), int(labels.max()) + 1))
    batches = crop_batches(scenes, VIEWS[:1], seed=recipe.seed)

    def losses(outputs: dict[str, Tensor], targets: Targets, no_object: float) -> dict[str, Tensor]:
        wanted = labels[torch.stack([target["image_id"] for target in targets])]
        return {"loss_labels": F.cross_entropy(outputs["logits"], wanted)}

    recipe = replace(recipe, name="supervised", loss_weights={"loss_labels": 1.0})
    return Trainer(vit, losses, batches, recipe, learner=learner, device="cpu", **more)


class _Classifier(nn.Module):
    def __init__(self, backbone: VisionTransformer, layer: nn.Linear) -> None:
        super().__init__()
        self.backbone, self.layer = backbone, layer

    def forward(self, crops: list[Tensor]) -> dict[str, Tensor]:
        return {"logits": self.layer(self.backbone(crops[0]))}


@dataclass(frozen=True)
class ShippedDINO(Shipped):
    """The ViT of data/: the teacher's backbone."""

    def trainer(self, checkpoint: Path) -> Trainer:
        torch.manual_seed(self.recipe.seed)
        learner = dino_learner(untrained_dino())
        return dino_trainer(one_shape_scenes(SCENES), self.recipe, learner, checkpoint=checkpoint)

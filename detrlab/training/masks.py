"""Training the mask head of "shapes_panoptic" on the frozen "shapes"; `detrlab train shapes_panoptic` calls it.

DETR, section 4.4: the detector stays as it is, and only matched queries have a mask to learn from. Every scene is
drawn anew and seen once. The state goes to checkpoints/NAME.pt; at the end the averaged weights of the head alone are
written to data/ as float16. How they were trained is in data/README.md.
"""

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor, nn

from detrlab.detr.matcher import Targets, match
from detrlab.detr.models import head_weights, shapes_panoptic_model
from detrlab.evaluation.evaluate_panoptic import evaluate_panoptic, panoptic_scenes
from detrlab.panoptic.losses import mask_losses
from detrlab.panoptic.segmentation import Seen
from detrlab.panoptic.stuff import StuffSegm
from detrlab.scenes.compose import draw_scene
from detrlab.scenes.parts import CLASSES, GROUNDS, Scene
from detrlab.training.data import DRAWN_SHORTER, SHORTER, Batch, relative_cxcywh, stream, vary_light
from detrlab.training.loop import Trainer
from detrlab.training.shipped import Shipped

BATCH = 4  # pictures of a step, with five masks each on average
SMALL_SIDE, SMALL_UNTIL = 96, 0.4  # pixels of the first pictures, and up to which share of the steps
WITHOUT_HORIZON = 0.2  # share of the scenes: they have no stuff to learn
LOOKED_AT = 60  # scenes, now and then; of the training stream, far behind all that are learnt from
PER_SEED = 10_000_000  # training scenes that a seed may draw
MASK_LOSSES = {"loss_mask": 1.0, "loss_dice": 1.0}
WHOLE_CXCYWH = (0.5, 0.5, 1.0, 1.0)  # the box of stuff


class MaskLearner(nn.Module):
    """A model with a frozen detector, whose mask head runs for the matched queries alone: its GroupNorms look at one
    query at a time, so the others have no say in their masks."""

    def __init__(self, model: StuffSegm) -> None:
        super().__init__()
        self.model = model

    def forward(self, pictures: Tensor) -> dict:
        """What decides the matching, and under "seen" what the masks are drawn from."""
        seen = self.model.see(pictures)
        return self.model.predictions(seen.hs) | {"seen": seen}

    def losses(self, outputs: dict, targets: Targets, no_object: float) -> dict[str, Tensor]:
        """`mask_losses` of the matched queries. Stuff is a target as any other: with the whole picture as its box it
        goes to its own query. The masks are drawn in float32, whatever the detector computed in. no_object: not used,
        no class is learnt."""
        seen: Seen = outputs["seen"].float()
        matches = match(outputs, targets)
        masks = []
        for i, (queries, _) in enumerate(matches):
            one = seen.picture(i)
            masks.append(self.model.masks(one, one.hs[-1][:, queries])[0])  # (T, h, w)
        return mask_losses(masks, targets, [(torch.arange(len(t)), t) for _, t in matches])


def panoptic_target(scene: Scene, size_wh: tuple[int, int]) -> dict[str, Tensor]:
    """What is to be learnt of a scene: "labels" (T,), "boxes" (T, 4) cxcywh in 0..1 and "masks" (T, height, width) bool
    of its shapes from the back to the front, then of its grounds."""
    grounds = [len(CLASSES) + GROUNDS.index(name) for name in scene.ground_names]
    boxes_cxcywh = [*relative_cxcywh(scene.boxes_xyxy, scene.picture.size), *[WHOLE_CXCYWH] * len(grounds)]
    masks = [
        np.asarray(Image.fromarray(mask.astype(np.uint8) * 255).resize(size_wh, Image.Resampling.BILINEAR)) > 127
        for mask in (*scene.masks, *scene.ground_masks)
    ]
    return {
        "labels": torch.tensor([*scene.labels.tolist(), *grounds]),
        "boxes": torch.tensor(np.array(boxes_cxcywh), dtype=torch.float32),
        "masks": torch.from_numpy(np.stack(masks)),
    }


def panoptic_batches(count: int, seed: int = 0, small: int = 0) -> Callable[[int], Iterator[Batch]]:
    """What `Trainer` asks for: endless batches of `count` new scenes in changing light; batch number n is always the
    same. The first `small` batches are smaller, which takes half the time. Nothing is mirrored: sky would lie below.
    """

    def from_number(start: int) -> Iterator[Batch]:
        for number in itertools.count(start):
            rng = np.random.default_rng((seed, number, 20))
            side = SMALL_SIDE if number < small else SHORTER
            pictures, targets = [], []
            for i in range(PER_SEED * seed + count * number, PER_SEED * seed + count * (number + 1)):
                horizon = bool(rng.uniform() >= WITHOUT_HORIZON)
                scene = draw_scene(stream("training", i), (DRAWN_SHORTER, DRAWN_SHORTER), horizon=horizon)
                pictures.append(np.asarray(scene.picture.resize((side, side), Image.Resampling.BILINEAR)))
                targets.append(panoptic_target(scene, (side, side)) | {"image_id": torch.tensor(i)})
            pixels = torch.from_numpy(np.stack(pictures)).permute(0, 3, 1, 2).float()  # (B, 3, side, side)
            yield vary_light(pixels, rng), targets

    return from_number


@dataclass(frozen=True)
class ShippedHead(Shipped):
    """A mask head of data/, without its detector."""

    batch: int = BATCH

    def trainer(self, checkpoint: Path) -> Trainer:
        assert self.recipe.steps is not None
        torch.manual_seed(self.recipe.seed)
        learner = MaskLearner(shapes_panoptic_model()).to(memory_format=torch.channels_last)
        looked_at = list(panoptic_scenes(LOOKED_AT, "training", 100 * PER_SEED, (SHORTER, SHORTER)))
        return Trainer(
            learner.model,
            learner.losses,
            panoptic_batches(self.batch, self.recipe.seed, small=round(SMALL_UNTIL * self.recipe.steps)),
            self.recipe,
            learner=learner,
            checkpoint=checkpoint,
            look=lambda model: evaluate_panoptic(model, looked_at),
            device="cpu",
        )

    def exported(self, average: nn.Module) -> dict[str, Tensor]:
        assert isinstance(average, StuffSegm)
        return head_weights(average)

"""Training the small CLIP that ships; `detrlab train clip` calls it.

Its frozen stages see every scene once, their maps are kept, and only what comes after them learns. Plain training comes
first; in the later part of the steps captions made false by a swap join the texts that a picture chooses among (hard
negatives).
"""

import itertools
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from detrlab.clip.data import CaptionedScenes, captioned_scenes, measured_scenes
from detrlab.clip.loss import clip_loss, hard_negative_loss
from detrlab.clip.measures import measure_clip
from detrlab.clip.model import CLIP, clamp_logit_scale, clip_logits, clip_model
from detrlab.detr.models import load_model
from detrlab.scenes.captions import swapped
from detrlab.training.data import Batch
from detrlab.training.loop import Trainer
from detrlab.training.recipe import Recipe
from detrlab.training.shipped import Shipped

TRAINED_SWAPS = ("colours", "places")  # the others are there to be tested on
SCENES = 24_000  # drawn once, and their maps kept: 1.1 GB
BATCH = 128
LOOKED_AT = 200  # scenes of each kind that are measured now and then


def untrained_clip() -> CLIP:
    """The small CLIP before its training: random weights, but for the frozen stages, which are those of "shapes"."""
    model = clip_model()
    shapes, stages = load_model("shapes").backbone[0].state_dict(), model.visual.stages.backbone
    stages.load_state_dict({name: shapes[name] for name in stages.state_dict()})
    return model


class CLIPLearner(nn.Module):
    """A CLIP that learns from kept maps of its frozen stages."""

    def __init__(self, model: CLIP) -> None:
        super().__init__()
        self.model = model

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        """From "maps", "pictures", "tokens" (B, T) and, where there are any, "negatives" (K, T): logits per picture."""
        model, tokens = self.model, batch["tokens"]
        B = len(tokens)
        features = model.visual.pooled(batch["maps"].float(), batch["pictures"])
        texts = model.encode_text(torch.cat([tokens, batch["negatives"]]) if "negatives" in batch else tokens)
        logits, _ = clip_logits(F.normalize(features, dim=-1), texts, model.logit_scale)
        return {"logits": logits[:, :B], "negative_logits": logits[:, B:]}

    def before_update(self, progress: float) -> None:
        pass

    def after_update(self, progress: float) -> None:
        """Clamps the scale, here in the loop, where it stops no gradient."""
        clamp_logit_scale(self.model)


def contrastive_losses(outputs: dict[str, Tensor], targets: object, no_object: float) -> dict[str, Tensor]:
    """The loss of a batch as the training loop asks for it; no target says more than the batch itself."""
    logits, negatives = outputs["logits"].float(), outputs["negative_logits"].float()
    return {"loss_clip": hard_negative_loss(logits, negatives) if negatives.shape[1] else clip_loss(logits)}


@dataclass(frozen=True)
class ShippedCLIP(Shipped):
    """The CLIP of data/."""

    plain: float  # share of the steps without hard negatives
    scenes: int = SCENES
    batch: int = BATCH

    def trainer(self, checkpoint: Path) -> Trainer:
        started = time.process_time()
        scenes = captioned_scenes(self.scenes)
        torch.manual_seed(self.recipe.seed)
        model = untrained_clip()
        maps = kept_maps(model, scenes)
        print(f"{len(scenes)} scenes and their maps in {time.process_time() - started:.0f} CPU s", flush=True)
        looked_at = measured_scenes(LOOKED_AT, "looked_at")
        return Trainer(
            model,
            contrastive_losses,
            clip_batches(model, scenes, maps, self.batch, self.recipe, self.plain),
            self.recipe,
            learner=CLIPLearner(model),
            checkpoint=checkpoint,
            look=lambda model: measure_clip(model, *looked_at),
            device="cpu",
        )


@torch.no_grad()
def kept_maps(model: CLIP, scenes: CaptionedScenes) -> Tensor:
    """The maps of the frozen stages of all scenes, (N, C, 8, 8) float16."""
    parts = [model.visual.stages(scenes.normalised(slice(i, i + 100))).half() for i in range(0, len(scenes), 100)]
    return torch.cat(parts)


def clip_batches(
    model: CLIP, scenes: CaptionedScenes, maps: Tensor, count: int, recipe: Recipe, plain: float
) -> Callable[[int], Iterator[Batch]]:
    """Endless batches of `count` scenes of which no two have equal captions; with hard negatives from the share `plain`
    of the steps on."""

    def from_number(start: int) -> Iterator[Batch]:
        for step in itertools.count(start):
            rng = np.random.default_rng((recipe.seed, step, 307))
            chosen, captions = [], {}
            for i in rng.permutation(len(scenes)).tolist():
                caption = scenes.caption(i, step + 1)
                if str(caption) not in captions:
                    captions[str(caption)] = caption
                    chosen.append(i)
                if len(chosen) == count:
                    break
            batch = {
                "pictures": scenes.normalised(chosen),
                "maps": maps[chosen],
                "tokens": model.tokenizer(list(captions)),
            }
            if recipe.progress(step, 0.0) >= plain:
                wrong = [swapped(each, kind, rng) for each in captions.values() for kind in TRAINED_SWAPS]
                batch["negatives"] = model.tokenizer([str(each) for each in wrong if each is not None])
            yield batch, [{"image_id": torch.tensor(scenes.first + i)} for i in chosen]

    return from_number

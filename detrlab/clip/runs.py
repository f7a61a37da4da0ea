"""Small CLIPs trained alike but for one thing: hard negatives, the temperature, the batch, what the towers can learn.

Each is trained with three seeds (`SEEDS`): they show by how much runs differ that differ in nothing else. What they
came to ships (`clip_runs`). The model is `clip_model` at half its width.

Steps are such that a run takes about as long as "plain" where that is the question (batches, from scratch); else there
are as many steps, of which one may take longer.
"""

import json
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from detrlab.clip.data import CaptionedScenes, captioned_scenes, measured_scenes
from detrlab.clip.image import GRID, FrozenStages, ImageTower
from detrlab.clip.loss import clip_loss
from detrlab.clip.measures import binding, encode_pictures, encode_texts, measure_clip
from detrlab.clip.model import CLIP, HEADS, Projection, clip_logits
from detrlab.clip.text import BagOfWords, TextTransformer
from detrlab.clip.tokenizer import Tokenizer
from detrlab.clip.training import CLIPLearner, clip_batches, contrastive_losses, untrained_clip
from detrlab.detr.backbone import small_backbone
from detrlab.scenes.captions import SWAPS
from detrlab.training.loop import Trainer
from detrlab.training.recipe import Recipe
from detrlab.weights import data_path

SCENES, STEPS, BATCH = 6000, 400, 128
SEEDS = (0, 1, 2)
WIDTH = 64  # D and E
HELD_OUT, BINDING = 500, 1000  # scenes that runs are measured on: retrieval and classes, swaps


@dataclass(frozen=True)
class Variant:
    """What is done otherwise than in "plain"."""

    steps: int = STEPS
    batch: int = BATCH
    plain: float = 1.0  # the share of the steps without hard negatives
    scale: float | None = None  # one over the temperature, where it is fixed
    bag_of_words: bool = False  # in place of the text transformer
    from_scratch: bool = False  # the stages start from random weights and learn


CLIP_VARIANTS = {
    "plain": Variant(),
    "hard negatives": Variant(plain=0.4),
    "temperature 1": Variant(scale=1.0),
    "batch 32": Variant(batch=32, steps=1450),
    "batch 512": Variant(batch=512, steps=95),
    "from scratch": Variant(from_scratch=True, steps=110),
    "bag of words": Variant(bag_of_words=True),
}


class LearnedStages(FrozenStages):
    """The same stages with random weights, which learn; their batch norm takes a batch's own statistics."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = small_backbone()

    def forward(self, pictures: Tensor) -> Tensor:
        return self.maps(pictures)


class RunLearner(CLIPLearner):
    """A CLIP that learns in float32, whether or not the processor knows bfloat16; learned stages see the pictures."""

    def forward(self, batch: dict[str, Tensor]) -> dict[str, Tensor]:
        with torch.autocast(batch["pictures"].device.type, enabled=False):
            if isinstance(self.model.visual.stages, LearnedStages):
                batch = batch | {"maps": self.model.visual.stages(batch["pictures"])}
            return super().forward(batch)


def clip_variant(name: str) -> CLIP:
    """The model of a key of CLIP_VARIANTS before its training.

    Raises:
        ValueError: another key.
    """
    if name not in CLIP_VARIANTS:
        raise ValueError(f"nothing is known of {name!r}; choose one of {', '.join(CLIP_VARIANTS)}")
    variant, tokenizer, D = CLIP_VARIANTS[name], Tokenizer(), WIDTH
    visual = ImageTower(D, HEADS, Projection(GRID**2 * D, D))
    text = (
        BagOfWords(tokenizer.vocab_size, D, Projection(D, D))
        if variant.bag_of_words
        else TextTransformer(tokenizer.vocab_size, tokenizer.context_length, D, HEADS, 2, Projection(D, D))
    )
    visual.stages = LearnedStages() if variant.from_scratch else untrained_clip().visual.stages
    model = CLIP(visual, text)
    model.tokenizer = tokenizer
    if variant.scale is not None:
        model.logit_scale.data.fill_(variant.scale).log_()
        model.logit_scale.requires_grad_(False)
    return model


def clip_run_recipe(name: str, seed: int) -> Recipe:
    """How a variant is trained, in steps, so that a run can be repeated."""
    return Recipe(
        name=f"clip {name}",
        steps=CLIP_VARIANTS[name].steps,
        learning_rate=2e-3,
        weight_decay=1e-2,
        betas=(0.9, 0.98),
        warm_up=30,
        clip_norm=1.0,
        averaging=0.98,
        loss_weights={"loss_clip": 1.0},
        seed=seed,
    )


def clip_run_trainer(name: str, seed: int, scenes: CaptionedScenes, maps: Tensor, **more: Any) -> Trainer:
    """The training of one run on scenes and their kept maps; `more` goes to `Trainer`, such as checkpoint."""
    torch.manual_seed(seed)
    model, variant, recipe = clip_variant(name), CLIP_VARIANTS[name], clip_run_recipe(name, seed)
    batches = clip_batches(model, scenes, maps, variant.batch, recipe, variant.plain)
    return Trainer(model, contrastive_losses, batches, recipe, learner=RunLearner(model), device="cpu", **more)


@torch.no_grad()
def measure_clip_run(model: CLIP, held_out: int = HELD_OUT, swaps: int = BINDING) -> dict[str, float]:
    """The figures of `measure_clip` on `held_out` scenes of each kind; swaps on the first `swaps` held-out scenes; and
    "loss_128", the loss of 128 held-out scenes of which no two have equal captions."""
    several, single = measured_scenes(held_out)
    figures = measure_clip(model, several, single)
    more = captioned_scenes(swaps, "held_out")
    figures |= {f"binding_{kind}": binding(model, more, kind).share for kind in SWAPS}
    captions: dict[str, int] = {}
    for i, caption in enumerate(more.captions()):
        captions.setdefault(str(caption), i)
    chosen = list(captions.values())[:BATCH]
    features = encode_pictures(model, more.normalised(chosen)), encode_texts(model, list(captions)[:BATCH])
    figures["loss_128"] = clip_loss(clip_logits(*features, model.logit_scale)[0]).item()
    return figures


def clip_runs() -> dict[str, list[dict[str, float]]]:
    """By what was done (`CLIP_VARIANTS`) the figures of `measure_clip_run`, one dict for each of SEEDS, from
    data/clip_runs.json (`python -m tools.clip_runs`)."""
    return json.loads(data_path("clip_runs.json").read_text())["runs"]

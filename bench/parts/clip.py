"""How good the shipped CLIP is on held-out scenes, and what learning takes of its training steps."""

from __future__ import annotations

from dataclasses import replace

from bench.figure import Figure
from bench.step import learning_share
from detrlab.clip.data import captioned_scenes, measured_scenes
from detrlab.clip.measures import measure_clip
from detrlab.clip.model import load_clip
from detrlab.clip.training import CLIPLearner, ShippedCLIP, clip_batches, contrastive_losses, kept_maps, untrained_clip
from detrlab.training.loop import Trainer
from detrlab.training.recipes import RECIPES

SCENES = 500
TRAINED_ON, STEPS = 400, 8


def measure() -> dict[str, Figure]:
    """`clip.recall1`, `clip.zero_shot_72`, `clip.binding_colour`, `clip.binding_place` and `clip.step_share`."""
    found = measure_clip(load_clip(), *measured_scenes(SCENES))
    recalls = found["image_to_text_1"], found["text_to_image_1"]
    how = f"{SCENES} held-out scenes"
    both = f"{how}, equal captions right; picture to text {recalls[0]:.3f}, text to picture {recalls[1]:.3f}"
    pairs = f"{how}; true caption against the same with a swap, chance .5"
    return {
        "clip.recall1": Figure(min(recalls), "of pictures", ">= 0.85", both),
        "clip.zero_shot_72": Figure(found["zero_shot_72"], "of pictures", ">= 0.90", f"{how} of one shape each"),
        "clip.binding_colour": Figure(found["binding_colours"], "of pairs", ">= 0.85", f"{pairs}: colours"),
        "clip.binding_place": Figure(found["binding_places"], "of pairs", ">= 0.75", f"{pairs}: places"),
        "clip.step_share": _step(),
    }


def _step() -> Figure:
    """Of the shipped recipe, half of the steps with hard negatives."""
    shipped = RECIPES["clip"]
    assert isinstance(shipped, ShippedCLIP)
    recipe = replace(shipped.recipe, steps=STEPS)
    scenes, model = captioned_scenes(TRAINED_ON), untrained_clip()
    trainer = Trainer(
        model,
        contrastive_losses,
        clip_batches(model, scenes, kept_maps(model, scenes), shipped.batch, recipe, plain=0.5),
        recipe,
        learner=CLIPLearner(model),
        device="cpu",
    )
    share, seconds = learning_share(trainer)
    how = f"forward, loss and backward of {shipped.batch} pictures with captions; a step took {seconds:.2f} CPU s"
    return Figure(share, "of a step", ">= 0.80", how)

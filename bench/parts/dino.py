"""What the shipped ViT learned without labels, beside its controls, and the share of a step that is learning."""

from __future__ import annotations

from statistics import median

import torch

from bench.figure import Figure, cpu_seconds
from detrlab.dino.evaluate import HELD_OUT, REFERENCE, measure_dino, measure_pixels
from detrlab.dino.scenes import one_shape_scenes
from detrlab.dino.training import BATCH, VIEWS, dino_recipe, dino_trainer
from detrlab.dino.vision_transformer import dino_vit, load_dino

SCENES, STEPS = 200, 8


def measure() -> dict[str, Figure]:
    """`dino.knn_*`, `dino.jaccard*` and `dino.step_share`."""
    return _quality() | _step()


def _quality() -> dict[str, Figure]:
    found, pixels = measure_dino(load_dino()), measure_pixels()
    torch.manual_seed(0)
    random = measure_dino(dino_vit().eval())
    how = f"{HELD_OUT} held-out scenes, 20 neighbours among {REFERENCE}"
    mass = f"of {HELD_OUT} held-out scenes' masks with 60 % of the mass of the head that fits best on others"
    return {
        "dino.knn_colour": Figure(found["knn_colour"], "of scenes", ">= 0.75", how),
        "dino.knn_colour_random": Figure(random["knn_colour"], "of scenes", "", "the same with random weights"),
        "dino.knn_colour_pixels": Figure(pixels["knn_colour"], "of scenes", "", "the same of pictures of 16 x 16"),
        "dino.knn_shape": Figure(found["knn_shape"], "of scenes", "", how),
        "dino.knn_shape_random": Figure(random["knn_shape"], "of scenes", "", "the same with random weights"),
        "dino.jaccard": Figure(found["jaccard"], "IoU", ">= 0.35", mass),
        "dino.jaccard_random": Figure(random["jaccard"], "IoU", "", "the same with random weights"),
        "dino.jaccard_other": Figure(found["jaccard_other_picture"], "IoU", "", "the same with another picture's map"),
        "dino.jaccard_best_head": Figure(
            found["jaccard_best_head"], "IoU", "", "each object's best head, by the truth"
        ),
    }


def _step() -> dict[str, Figure]:
    """What forward, loss and backward take of a training step, crops, optimiser and teacher included."""
    trainer = dino_trainer(one_shape_scenes(SCENES), dino_recipe(STEPS))
    learning, steps = [], []
    learn, step = trainer._learn, trainer._step
    trainer._learn = lambda *batch: learning.append(cpu_seconds(lambda: learn(*batch)))  # type: ignore[method-assign]
    trainer._step = lambda batches: steps.append(cpu_seconds(lambda: step(batches)))  # type: ignore[method-assign]
    trainer.run(report=lambda report: None)
    shares = [part / whole for part, whole in zip(learning[1:], steps[1:], strict=True)]
    how = f"forward, loss and backward of {len(VIEWS)} views of {BATCH} pictures; a step took {median(steps):.2f} CPU s"
    return {"dino.step_share": Figure(median(shares), "of a step", ">= 0.80", how)}

"""The tiny DETR with one part left out, trained alike each time: what is the part worth?

An ablation says it by a difference: the same seed, scenes and number of steps, with and without. One seed is no answer:
`SEEDS` runs of each show by how much runs differ that left the same out. Their results ship (`ablation_runs`).
"""

import copy
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from detrlab.detr.criterion import WEIGHTS, set_losses
from detrlab.detr.detr import DETR
from detrlab.evaluation.evaluate import average_precision, hits, predict
from detrlab.training.loop import Trainer
from detrlab.training.recipe import Recipe
from detrlab.training.tiny import seen, tiny_detr, tiny_scenes
from detrlab.weights import data_path

STEPS, BATCH, SCENES = 500, 16, 1000
SEEDS = (0, 1, 2)
HELD_OUT = 200  # scenes that runs are measured on
SCORE = 0.5  # of a detection that counts


class NoAttention(nn.Module):
    """In place of nn.MultiheadAttention: what is added to each query is 0, and no weights come out."""

    def forward(self, query: Tensor, key: Tensor, value: Tensor, **masks: Tensor | None) -> tuple[Tensor, None]:
        return torch.zeros_like(query), None


class NoPositions(nn.Module):
    """In place of a position embedding: from a mask (B, h, w) to zeros (B, D, h, w)."""

    def __init__(self, d_model: int) -> None:
        super().__init__()
        self.d_model = d_model

    def forward(self, mask: Tensor) -> Tensor:
        B, h, w = mask.shape
        return torch.zeros(B, self.d_model, h, w, device=mask.device)


def without_self_attention(model: DETR) -> DETR:
    """A copy whose object queries do not see each other: no self-attention in any decoder layer."""
    changed = copy.deepcopy(model)
    for layer in changed.transformer.decoder.layers:
        layer.self_attn = NoAttention()
    return changed


def without_positions(model: DETR) -> DETR:
    """A copy that gets no spatial positions, neither in the encoder nor in the decoder; its object queries stay."""
    changed = copy.deepcopy(model)
    changed.backbone[1] = NoPositions(changed.transformer.d_model)
    return changed


def without_encoder(model: DETR) -> DETR:
    """A copy without encoder layers: the decoder looks at the backbone's map."""
    changed = copy.deepcopy(model)
    changed.transformer.encoder.layers = changed.transformer.encoder.layers[:0]
    return changed


def without_auxiliary_losses(model: DETR) -> DETR:
    """A copy that gives out its last decoder layer's predictions only, so the earlier ones have no loss."""
    changed = copy.deepcopy(model)
    changed.aux_loss = False
    return changed


@dataclass(frozen=True)
class Ablation:
    """What is left out of the model, or of the loss; the matching's costs stay.

    `function` names one of this module, and is looked up when it is called: a notebook that has students write one
    themselves replaces it.
    """

    function: str = ""
    loss_weights: Mapping[str, float] = field(default_factory=lambda: dict(WEIGHTS))

    def change(self, model: DETR) -> DETR:
        """A copy of the model without its part."""
        changed: DETR = globals()[self.function](model) if self.function else copy.deepcopy(model)
        return changed


ABLATIONS = {  # by what is left out
    "nothing": Ablation(),
    "encoder": Ablation("without_encoder"),
    "positions": Ablation("without_positions"),
    "self-attention": Ablation("without_self_attention"),
    "auxiliary losses": Ablation("without_auxiliary_losses"),
    "L1 loss": Ablation(loss_weights=WEIGHTS | {"loss_bbox": 0.0}),
    "GIoU loss": Ablation(loss_weights=WEIGHTS | {"loss_giou": 0.0}),
}


def ablated_detr(left_out: str) -> DETR:
    """`tiny_detr()` without a part, a key of ABLATIONS. After the same `torch.manual_seed` all have the same weights in
    what they share.

    Raises:
        ValueError: another key.
    """
    if left_out not in ABLATIONS:
        raise ValueError(f"nothing is known of leaving out {left_out!r}; choose one of {', '.join(ABLATIONS)}")
    return ABLATIONS[left_out].change(tiny_detr())


def ablation_recipe(left_out: str, seed: int, steps: int = STEPS) -> Recipe:
    """How all of them are trained: equal steps, not equal time, so that a run can be repeated."""
    weights = ABLATIONS[left_out].loss_weights
    return Recipe(
        name=f"without {left_out}",
        steps=steps,
        learning_rate=1e-3,
        warm_up=50,
        averaging=0.99,
        loss_weights=weights,
        seed=seed,
    )


def ablation_trainer(left_out: str, seed: int, steps: int = STEPS, **more: Any) -> Trainer:
    """The training of one run; `more` goes to `Trainer`, such as checkpoint or report_every."""
    torch.manual_seed(seed)
    model = ablated_detr(left_out)
    batches = tiny_scenes(SCENES).batches(BATCH, seed)
    return Trainer(model, set_losses, batches, ablation_recipe(left_out, seed, steps), device="cpu", **more)


def measure_ablation(model: DETR, scenes: int = HELD_OUT) -> dict[str, float]:
    """Figures of a model in eval mode on the first held-out scenes: "AP", "AP50", "AP75" and "AP_layer_1", that of the
    first decoder layer; and of detections above SCORE "detections", how many for each object, and "duplicates", the
    share of them that find an object once more."""
    held = seen(tiny_scenes(scenes, "held_out"))
    figures = average_precision(model, held)
    figures["AP_layer_1"] = average_precision(_FirstLayer(model), held)["AP"]
    _, duplicates, detections = hits(predict(model, held), held, SCORE)
    figures["detections"] = detections / sum(map(len, held.labels))
    figures["duplicates"] = duplicates / max(detections, 1)
    return figures


def ablation_runs() -> dict[str, list[dict[str, float]]]:
    """By what was left out (`ABLATIONS`) the figures of `measure_ablation`, one dict for each of SEEDS, from
    data/ablations.json (`python -m tools.ablations`)."""
    return json.loads(data_path("ablations.json").read_text())["runs"]


class _FirstLayer(nn.Module):
    """The predictions of the first decoder layer in place of the last's."""

    def __init__(self, model: DETR) -> None:
        super().__init__()
        self.model = copy.deepcopy(model)
        self.model.aux_loss = True

    def forward(self, pictures: Tensor) -> dict:
        return self.model(pictures)["aux_outputs"][0]

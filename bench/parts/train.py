"""Training: the set prediction loss against HuggingFace's, how fast scenes come, and the rest of a step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from statistics import median

import numpy as np
import torch
from torch import Tensor

from bench.figure import Figure, cpu_seconds
from bench.step import learning_share
from detrlab.detr.criterion import WEIGHTS, set_losses, total_loss
from detrlab.scenes.compose import draw_scene
from detrlab.training.data import SHORTER, RenderedScenes
from detrlab.training.learners import ShapesLearner, learning_losses
from detrlab.training.loop import Trainer
from detrlab.training.recipes import RECIPES
from detrlab.training.shipped import BATCH

B, Q, K, LAYERS = 8, 100, 91, 6  # the official model's, at a batch that fits one GPU
SIZES = (7, 3, 1, 13, 5, 2, 17, 8)  # targets of each picture: 7 on average, as in COCO
ROUNDS = 15
SCENES, STEPS = 200, 8


def measure() -> dict[str, Figure]:
    """`loss.cpu_ratio_huggingface`, `train.scenes_per_s` and `train.step_share`."""
    scenes = RenderedScenes.of([draw_scene(seed, (192, 192)) for seed in range(SCENES)], (SHORTER, SHORTER))
    return _loss() | _scenes(scenes) | _step(scenes)


def _scenes(scenes: RenderedScenes) -> dict[str, Figure]:
    rng = np.random.default_rng(0)

    def draw() -> None:
        for _ in range(50):
            scenes.batch(BATCH, SHORTER, rng)

    seconds = median([cpu_seconds(draw) for _ in range(6)][1:])  # the first one warms up
    how = f"rendered scenes of {SHORTER} px varied and normalised, batches of {BATCH}; median of 5 times 50 batches"
    return {"train.scenes_per_s": Figure(50 * BATCH / seconds, "per CPU s", ">= 2000", how)}


def _step(scenes: RenderedScenes) -> dict[str, Figure]:
    """What the "shapes" model's forward, losses and backward take of its steps, batches and optimiser included."""
    learner = ShapesLearner().to(memory_format=torch.channels_last)
    recipe = replace(RECIPES["shapes"].recipe, steps=STEPS)
    trainer = Trainer(learner.model, learning_losses, scenes.batches(BATCH), recipe, learner=learner, device="cpu")
    share, seconds = learning_share(trainer)
    how = f"forward, losses and backward of {BATCH} pictures of {SHORTER} px; a step took {seconds:.2f} CPU s"
    return {"train.step_share": Figure(share, "of a step", ">= 0.85", how)}


def _loss() -> dict[str, Figure]:
    """Matcher, losses of all layers and their gradients, ours and HuggingFace's on the same predictions."""
    torch.manual_seed(0)
    layers = [(torch.randn(B, Q, K + 1), 0.2 + 0.3 * torch.rand(B, Q, 4)) for _ in range(LAYERS)]
    targets = [{"labels": torch.randint(K, (T,)), "boxes": 0.2 + 0.3 * torch.rand(T, 4)} for T in SIZES]
    forms = {"ours": _ours, "peer": _huggingface()}
    times: dict[str, list[float]] = {name: [] for name in forms}
    totals = {}
    for _ in range(ROUNDS + 1):  # the first round warms up
        for name, form in forms.items():
            leaves = [(logits.clone().requires_grad_(), boxes.clone().requires_grad_()) for logits, boxes in layers]
            loss: list[Tensor] = []
            times[name].append(cpu_seconds(lambda: loss.append(_with_gradient(form, leaves, targets))))  # noqa: B023
            totals[name] = loss[0].item()
    assert abs(totals["ours"] - totals["peer"]) < 1e-3 * totals["peer"], totals
    medians = {name: median(found[1:]) for name, found in times.items()}
    how = (
        f"matching, losses and gradients of {LAYERS} layers, B {B}, Q {Q}, K {K}; "
        f"{1000 * medians['ours']:.1f} against {1000 * medians['peer']:.1f} CPU ms, medians of {ROUNDS} runs"
    )
    return {"loss.cpu_ratio_huggingface": Figure(medians["ours"] / medians["peer"], "of theirs", "<= 0.5", how)}


def _with_gradient(form: Callable, leaves: list, targets: list) -> Tensor:
    loss = form(leaves, targets)
    loss.backward()
    return loss.detach()


def _ours(leaves: list, targets: list) -> Tensor:
    *aux, final = [{"pred_logits": logits, "pred_boxes": boxes} for logits, boxes in leaves]
    return total_loss(set_losses(final | {"aux_outputs": aux}, targets))


def _huggingface() -> Callable:
    """transformers' criterion with DETR's weights and its matcher."""
    from transformers.loss.loss_for_object_detection import HungarianMatcher, ImageLoss

    criterion = ImageLoss(HungarianMatcher(1, 5, 2), K, eos_coef=0.1, losses=["labels", "boxes"])

    def form(leaves: list, targets: list) -> Tensor:
        *aux, final = [{"logits": logits, "pred_boxes": boxes} for logits, boxes in leaves]
        theirs = [{"class_labels": target["labels"], "boxes": target["boxes"]} for target in targets]
        losses = criterion(final | {"auxiliary_outputs": aux}, theirs)
        return total_loss({name: losses[name] for name in losses if name.startswith(tuple(WEIGHTS))})

    return form

"""A DETR that learns on one processor in two minutes, and the scenes it learns from.

The model is the paper's in miniature: a small ResNet of stride 8, 2 + 2 layers of width 64, 9 queries, 1.06 million
parameters, of which 0.19 million are trained. Scenes have 64 x 64 pixels and one to three circles, squares and
triangles. They share no random stream with each other's uses (`STREAMS`), nor with the scenes of `training.data`.
"""

import json
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from detrlab.detr.backbone import Backbone, freeze_batch_norm
from detrlab.detr.detr import DETR
from detrlab.detr.models import load_model
from detrlab.detr.position import PositionEmbeddingSine
from detrlab.detr.transformer import Transformer
from detrlab.evaluation.evaluate import HeldOut
from detrlab.training.data import MEAN, STD, RenderedScenes
from detrlab.training.loop import Report
from detrlab.weights import data_path

CLASSES = ("circle", "square", "triangle")
SIDE = 64  # pixels
WATCHED = 5  # the held-out scene that `tiny_curves` follows
MOST = 3  # objects of a scene
STREAMS = {"training": 101, "held_out": 102, "probes": 103, "fresh": 104}
GRID = 3  # queries along each side: 9 in all
CONTRAST = 0.4  # distance between two RGB colours in 0..1, at least
OVERLAP = 0.25  # of the smaller box, at most
FINER = 2  # a pixel's colour is the mean of so many points along each side
CHUNK = 500  # scenes that are drawn together


def tiny_detr() -> DETR:
    """The model with random weights; `aux_loss` is set, so all its decoder layers come out."""
    model = DETR(
        _trained_backbone(),
        PositionEmbeddingSine(32, temperature=30.0, scale=6 * math.pi),
        Transformer(d_model=64, nhead=4, num_encoder_layers=2, num_decoder_layers=2, dim_feedforward=128, dropout=0.0),
        num_classes=len(CLASSES),
        num_queries=GRID**2,
        aux_loss=True,
    )
    _start_from_places(model)
    model.classes = CLASSES
    model.input_size = (SIDE, SIDE)
    return model


def tiny_scenes(count: int, use: str = "training", first: int = 0) -> RenderedScenes:
    """`count` scenes of a use (a key of STREAMS), from number `first` on.

    Raises:
        ValueError: an unknown use, or no scene.
    """
    if use not in STREAMS:
        raise ValueError(f"unknown use {use!r}; choose one of {', '.join(STREAMS)}")
    plans = [_plan(np.random.default_rng((i, STREAMS[use]))) for i in range(first, first + count)]
    return drawn_scenes(plans)


def drawn_scenes(plans: Sequence[dict[str, np.ndarray]]) -> RenderedScenes:
    """Scenes that are described: "background" (3,) and, for T <= 3 objects from back to front, "colours" (T, 3), both
    RGB in 0..1, "labels" (T,), "centres" (T, 2), x and y in pixels, "radii" (T,) in pixels, "angles" (T,) in radians.
    """
    N = len(plans)
    pictures = np.zeros((N, SIDE, SIDE, 3), dtype=np.uint8)
    boxes_cxcywh, labels = np.zeros((N, MOST, 4), dtype=np.float32), np.full((N, MOST), -1, dtype=np.int64)
    for first in range(0, N, CHUNK):
        part = slice(first, min(first + CHUNK, N))
        _draw(plans[part], pictures[part])
    for i, plan in enumerate(plans):
        T = len(plan["labels"])
        labels[i, :T] = plan["labels"]
        for t in range(T):
            boxes_cxcywh[i, t] = _box_cxcywh(plan, t) / SIDE
    return RenderedScenes(pictures, boxes_cxcywh, labels, num_classes=len(CLASSES))


def _trained_backbone() -> Backbone:
    """The backbone of "shapes" with its weights, all of it frozen, as DETR freezes batch norm (appendix A.4)."""
    body = load_model("shapes").backbone[0].body
    freeze_batch_norm(body)
    return Backbone(body.requires_grad_(False), body.out_channels)


@torch.no_grad()
def _start_from_places(model: DETR) -> None:
    """Starts the queries as the codes of a grid of places, and keys' weights equal to queries': every query then looks
    near its own place from the first step on. The paper's start is random, and takes longer."""
    position: PositionEmbeddingSine = model.backbone[1]
    places = (2 * torch.arange(GRID) + 1) * 8 // 2
    code = position(torch.zeros(1, GRID * 8, GRID * 8, dtype=torch.bool))[0]  # (D, 8 GRID, 8 GRID)
    model.query_embed.weight.copy_(code[:, places][:, :, places].flatten(1).T)  # (Q, D)
    D = model.transformer.d_model
    for module in model.modules():
        if isinstance(module, nn.MultiheadAttention):
            module.in_proj_weight[D : 2 * D] = module.in_proj_weight[:D]


def seen(scenes: RenderedScenes) -> HeldOut:
    """Scenes as a model sees them, without anything varied, and their truth in pixels: for `average_precision`."""
    pixels = torch.from_numpy(scenes.pictures).permute(0, 3, 1, 2).float() / 255
    counts = (scenes.labels >= 0).sum(1).tolist()
    centre, size = (SIDE * scenes.boxes_cxcywh).split(2, dim=-1)
    boxes_xyxy = torch.cat([centre - size / 2, centre + size / 2], dim=-1)
    return HeldOut(
        (pixels - MEAN) / STD,
        [boxes[:T] for boxes, T in zip(boxes_xyxy, counts, strict=True)],
        [labels[:T] for labels, T in zip(scenes.labels, counts, strict=True)],
        (SIDE, SIDE),
    )


def tiny_curves() -> dict[str, Any]:
    """What trainings of this model came to, from data/tiny_curves.json (`python -m tools.tiny_curves`).

    "runs": by "plain" and "auxiliary", runs (seeds 0, 1, 2) of 110 CPU seconds, each with "history", a list of
    `Report`, and "moments": at the same times "pred_logits" (1, Q, K + 1) and "pred_boxes" (1, Q, 4) of one held-out
    scene, number WATCHED. "probes": by fault, or "sound", and by probe up to the first that fails, what a `Probed`
    holds. "of": what was trained, as plain data.
    """
    curves = json.loads(data_path("tiny_curves.json").read_text())
    for runs in curves["runs"].values():
        for run in runs:
            run["history"] = [Report(**each) for each in run["history"]]
            run["moments"] = [{name: torch.tensor(each[name]) for name in each} for each in run["moments"]]
    return curves


def _plan(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """One to three objects inside the picture that hardly overlap and stand out from the background."""
    background = np.full(3, rng.uniform(0.8, 1.0))
    T, boxes = int(rng.integers(1, MOST + 1)), np.zeros((0, 4))
    found: list[dict[str, Any]] = []
    for _ in range(60):
        if len(found) == T:
            break
        one = {
            "colours": rng.uniform(0, 0.8, 3),
            "labels": int(rng.integers(len(CLASSES))),
            "centres": rng.uniform(0, SIDE, 2),
            "radii": rng.uniform(8, 16),
            "angles": rng.uniform(0, 2 * math.pi),
        }
        cx, cy, w, h = _box_cxcywh({name: [value] for name, value in one.items()}, 0)
        box = np.array([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2])
        others = np.array([other["colours"] for other in found] + [background])
        inside = box.min() >= 0 and box.max() <= SIDE
        shared = np.clip(np.minimum(box[2:], boxes[:, 2:]) - np.maximum(box[:2], boxes[:, :2]), 0, None).prod(1)
        areas = np.minimum(w * h, (boxes[:, 2:] - boxes[:, :2]).prod(1))
        apart = (np.linalg.norm(others - one["colours"], axis=1) >= CONTRAST).all()
        if inside and apart and (shared <= OVERLAP * areas).all():
            found.append(one)
            boxes = np.concatenate([boxes, box[None]])
    names = ("colours", "labels", "centres", "radii", "angles")
    objects = {name: np.array([one[name] for one in found]) for name in names}
    return {"background": background} | objects


def _corners(plan: dict, t: int) -> np.ndarray:
    """The corners (n, 2), x and y in pixels, of a square or triangle."""
    n = {"square": 4, "triangle": 3}[CLASSES[plan["labels"][t]]]
    turns = plan["angles"][t] + 2 * math.pi * np.arange(n) / n
    return plan["centres"][t] + plan["radii"][t] * np.stack([np.cos(turns), np.sin(turns)], 1)


def _box_cxcywh(plan: dict, t: int) -> np.ndarray:
    """The exact extent (4,) of object t in pixels."""
    if CLASSES[plan["labels"][t]] == "circle":
        return np.array([*plan["centres"][t], 2 * plan["radii"][t], 2 * plan["radii"][t]])
    corners = _corners(plan, t)
    low, high = corners.min(0), corners.max(0)
    return np.concatenate([(low + high) / 2, high - low])


def _draw(plans: Sequence[dict[str, np.ndarray]], pictures: np.ndarray) -> None:
    """Draws the scenes into pictures (N, H, W, 3)."""
    places = (np.arange(SIDE * FINER) + 0.5) / FINER
    for plan, picture in zip(plans, pictures, strict=True):
        fine = np.broadcast_to(plan["background"], (SIDE * FINER, SIDE * FINER, 3)).copy()
        for t, label in enumerate(plan["labels"]):
            (cx, cy), r = plan["centres"][t], plan["radii"][t]
            x0, y0 = (max(0, int((c - r) * FINER)) for c in (cx, cy))
            columns, rows = slice(x0, int((cx + r) * FINER) + 2), slice(y0, int((cy + r) * FINER) + 2)
            x, y = places[columns] - cx, places[rows, None] - cy
            if CLASSES[label] == "circle":
                inside = x**2 + y**2 <= r**2
            else:
                n = {"square": 4, "triangle": 3}[CLASSES[label]]
                inside = np.ones((y.size, x.size), dtype=bool)
                for side in range(n):  # a regular polygon is what lies below all of its sides
                    normal = plan["angles"][t] + 2 * math.pi * (side + 0.5) / n
                    inside &= x * math.cos(normal) + y * math.sin(normal) <= r * math.cos(math.pi / n)
            fine[rows, columns][inside] = plan["colours"][t]
        coarse = fine.reshape(SIDE, FINER, SIDE, FINER, 3).mean((1, 3))
        picture[:] = (255 * coarse + 0.5).astype(np.uint8)

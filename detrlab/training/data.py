"""Scenes to learn from, drawn once and kept as arrays, and what is varied each time they are seen.

Training, held-out and other scenes never share a random stream: a stream is (seed, number), and each use has
its own number (`STREAMS`). Scenes that people draw with `draw_scene(seed)` use the plain seed, which is none
of these streams.
"""

from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from detrlab.scenes import compose as scenes

STREAMS = {"training": 1, "held_out": 2, "hand_drawn": 3}
SHORTER = 128  # pixels the model sees of the shorter side
DRAWN_SHORTER = 192  # pixels drawn, so that the model sees a resize as it does in use
SIZES_WH = {(128, 128): 0.70, (170, 128): 0.18, (213, 128): 0.12}  # share of the training scenes
MOST_TARGETS = 6
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)  # ImageNet's, as everywhere in the library
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def stream(use: str, number: int) -> np.random.Generator:
    """The random stream of one scene of one use (a key of STREAMS)."""
    return np.random.default_rng((number, STREAMS[use]))


def draw_part(folder: Path, size_wh: tuple[int, int], first: int, count: int, part: int) -> None:
    """Draws training scenes `first` .. `first + count` at one size into three arrays in `folder`, unless
    they are there."""
    W, H = size_wh
    stem = f"{W}x{H}_{part}"
    done = folder / f"{stem}_labels.npy"
    if done.exists() and len(np.load(done, mmap_mode="r")) == count:
        return
    pictures = np.lib.format.open_memmap(folder / f"{stem}_pictures.npy", "w+", np.uint8, (count, H, W, 3))
    boxes_cxcywh = np.zeros((count, MOST_TARGETS, 4), dtype=np.float32)
    labels = np.full((count, MOST_TARGETS), -1, dtype=np.int64)
    drawn_wh = round(W * DRAWN_SHORTER / H), DRAWN_SHORTER
    for i in range(count):
        scene = scenes.draw_scene(stream("training", first + i), drawn_wh)
        pictures[i] = np.asarray(scene.picture.resize(size_wh, Image.Resampling.BILINEAR))
        T = len(scene.labels)
        boxes_cxcywh[i, :T] = relative_cxcywh(scene.boxes_xyxy, drawn_wh)
        labels[i, :T] = scene.labels
    np.save(folder / f"{stem}_boxes.npy", boxes_cxcywh)
    np.save(done, labels)  # last: its presence says that the part is complete


def relative_cxcywh(boxes_xyxy: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    """Boxes (N, 4) xyxy in pixels -> cxcywh in 0..1 of a picture of this size."""
    corners = boxes_xyxy / np.array([*size_wh, *size_wh])
    return np.concatenate([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]], axis=1)


class TrainingScenes:
    """Random batches from the arrays that `draw_part` wrote for one process."""

    def __init__(self, folder: Path, part: int) -> None:
        self.parts = {}
        for W, H in SIZES_WH:
            stem = folder / f"{W}x{H}_{part}"
            self.parts[W, H] = tuple(
                np.load(f"{stem}_{name}.npy", mmap_mode="r" if name == "pictures" else None)
                for name in ("pictures", "boxes", "labels")
            )

    def batch(
        self, count: int, size_wh: tuple[int, int], shorter: int, rng: np.random.Generator
    ) -> tuple[Tensor, list[dict[str, Tensor]]]:
        """`count` varied scenes of one size, resized to this shorter side: normalised (B, 3, H, W), and
        their targets."""
        pictures, boxes_cxcywh, labels = self.parts[size_wh]
        chosen = np.sort(rng.choice(len(pictures), count, replace=False))
        x = torch.from_numpy(pictures[chosen]).permute(0, 3, 1, 2).float().div_(255)  # (B, 3, H, W)
        boxes, labels = torch.from_numpy(boxes_cxcywh[chosen]), torch.from_numpy(labels[chosen])
        if shorter != SHORTER:
            W, H = size_wh
            smaller_hw = shorter, round(W * shorter / H)
            x = torch.nn.functional.interpolate(x, smaller_hw, mode="bilinear", antialias=True)
        x, boxes = _vary_geometry(x, boxes, rng)
        x = _vary_light(x, rng)
        targets = [{"labels": own[own >= 0], "boxes": box[own >= 0]} for own, box in zip(labels, boxes, strict=True)]
        return ((x - MEAN) / STD).contiguous(), targets


def _vary_geometry(x: Tensor, boxes_cxcywh: Tensor, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Mirrors and transposes: every class stays what it is. x (B, 3, H, W), boxes (B, T, 4) in 0..1."""
    boxes_cxcywh = boxes_cxcywh.clone()
    for axis, coordinate in ((3, 0), (2, 1)):
        some = torch.from_numpy(rng.uniform(size=len(x)) < 0.5)
        x[some] = x[some].flip(axis)
        boxes_cxcywh[some, :, coordinate] = 1 - boxes_cxcywh[some, :, coordinate]
    if rng.uniform() < 0.5:
        x, boxes_cxcywh = x.transpose(2, 3), boxes_cxcywh[..., [1, 0, 3, 2]]
    return x, boxes_cxcywh


def _vary_light(x: Tensor, rng: np.random.Generator) -> Tensor:
    """Swapped colour channels, contrast, brightness, noise and a little blur. x (B, 3, H, W) in 0..1."""
    B = len(x)
    channels = torch.from_numpy(np.stack([rng.permutation(3) for _ in range(B)]))
    x = x[torch.arange(B)[:, None], channels]
    contrast = torch.from_numpy(rng.uniform(0.75, 1.2, (B, 1, 1, 1))).float()
    brightness = torch.from_numpy(rng.uniform(-0.12, 0.12, (B, 1, 1, 1))).float()
    x = (x - 0.5) * contrast + 0.5 + brightness
    if rng.uniform() < 0.3:
        x = x + torch.randn_like(x) * torch.from_numpy(rng.uniform(0, 0.05, (B, 1, 1, 1))).float()
    if rng.uniform() < 0.2:
        x = torch.nn.functional.avg_pool2d(x, 3, stride=1, padding=1, count_include_pad=False)
    return x.clamp_(0, 1)

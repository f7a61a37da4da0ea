"""Scenes to learn from, drawn once and kept as arrays, and what is varied each time they are seen.

Training, held-out and other scenes never share a random stream: a stream is (seed, number), and each use has
its own number (`STREAMS`). Scenes that people draw with `draw_scene(seed)` use the plain seed, which is none
of these streams.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TypeAlias

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from detrlab.scenes import compose as scenes
from detrlab.training.faults import check_targets

STREAMS = {"training": 1, "held_out": 2, "hand_drawn": 3}
SHORTER = 128  # pixels the model sees of the shorter side
DRAWN_SHORTER = 192  # pixels drawn, so that the model sees a resize as it does in use
SIZES_WH = {(128, 128): 0.70, (170, 128): 0.18, (213, 128): 0.12}  # share of the training scenes
MOST_TARGETS = 6
ARRAYS = ("pictures", "boxes", "labels")  # the files of a part
# Normalised pictures, (B, 3, H, W) or B of (3, H_i, W_i); or several things by name, of which "pictures" is one.
Pictures: TypeAlias = Tensor | Sequence[Tensor] | Mapping[str, Tensor]
Batch: TypeAlias = tuple[Pictures, list[dict[str, Tensor]]]  # and a target for each picture
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
        _fill(scene, pictures[i], boxes_cxcywh[i], labels[i])
    np.save(folder / f"{stem}_boxes.npy", boxes_cxcywh)
    np.save(done, labels)  # last: its presence says that the part is complete


def relative_cxcywh(boxes_xyxy: np.ndarray, size_wh: tuple[int, int]) -> np.ndarray:
    """Boxes (N, 4) xyxy in pixels -> cxcywh in 0..1 of a picture of this size."""
    corners = boxes_xyxy / np.array([*size_wh, *size_wh])
    return np.concatenate([(corners[:, :2] + corners[:, 2:]) / 2, corners[:, 2:] - corners[:, :2]], axis=1)


class RenderedScenes:
    """Scenes of one size to draw random, varied batches from. Arrays may be files that are mapped into memory.

    pictures: (N, H, W, 3) uint8. boxes_cxcywh: (N, T, 4) float32 in 0..1 of the picture; labels: (N, T) int64, -1
    behind the last object of a picture that has fewer than T. first: the number of the first scene; errors name scenes
    by their numbers.

    Raises:
        ValueError: no scene, a box outside its picture or without area, or a label out of range.
    """

    def __init__(
        self,
        pictures: np.ndarray,
        boxes_cxcywh: np.ndarray,
        labels: np.ndarray,
        first: int = 0,
        num_classes: int = len(scenes.CLASSES),
    ) -> None:
        self.pictures, self.first = pictures, first
        self.boxes_cxcywh, self.labels = torch.from_numpy(boxes_cxcywh), torch.from_numpy(labels)
        check_targets(self._targets(np.arange(len(pictures)), self.boxes_cxcywh), num_classes)

    @classmethod
    def of(cls, drawn: Sequence[scenes.Scene], size_wh: tuple[int, int], first: int = 0) -> "RenderedScenes":
        """Scenes as `draw_scene` and `compose` give them, their pictures resized to (width, height) pixels."""
        W, H = size_wh
        most = max((len(scene.labels) for scene in drawn), default=0)
        pictures = np.zeros((len(drawn), H, W, 3), dtype=np.uint8)
        boxes_cxcywh = np.zeros((len(drawn), most, 4), dtype=np.float32)
        labels = np.full((len(drawn), most), -1, dtype=np.int64)
        for i, scene in enumerate(drawn):
            _fill(scene, pictures[i], boxes_cxcywh[i], labels[i])
        return cls(pictures, boxes_cxcywh, labels, first)

    @classmethod
    def load(cls, folder: Path, size_wh: tuple[int, int], first: int, part: int) -> "RenderedScenes":
        """What `draw_part` wrote."""
        W, H = size_wh
        pictures, boxes_cxcywh, labels = (folder / f"{W}x{H}_{part}_{name}.npy" for name in ARRAYS)
        return cls(np.load(pictures, mmap_mode="r"), np.load(boxes_cxcywh), np.load(labels), first)

    def batches(self, count: int, seed: int = 0) -> Callable[[int], Iterator[Batch]]:
        """What `Trainer` asks for: endless batches of `count` pictures; batch number n is always the same."""
        H = self.pictures.shape[1]

        def from_number(start: int) -> Iterator[Batch]:
            for number in itertools.count(start):
                yield self.batch(count, H, np.random.default_rng((seed, number)))

        return from_number

    def batch(self, count: int, height: int, rng: np.random.Generator) -> Batch:
        """`count` varied scenes, resized to this height: normalised (B, 3, H, W), and their targets.

        Mirrors and transposes (every class stays what it is), swapped colour channels, contrast, brightness, noise and
        a little blur. A target has "labels" (T,), "boxes" (T, 4) cxcywh in 0..1 and "image_id", the scene's number.
        """
        chosen = np.sort(rng.choice(len(self.pictures), count, replace=False))
        mirrored = rng.uniform(size=(count, 2)) < 0.5  # left-right, top-bottom
        transposed = bool(rng.uniform() < 0.5)
        x = _vary_geometry(self.pictures[chosen], mirrored, transposed, rng)  # (B, 3, H, W)
        boxes_cxcywh = _moved(self.boxes_cxcywh[chosen], torch.from_numpy(mirrored), transposed)
        targets = self._targets(chosen, boxes_cxcywh)
        H, W = self.pictures.shape[1:3]
        pixels = torch.from_numpy(x).float()
        if height != H:
            smaller_hw = (height, round(W * height / H))
            smaller_hw = smaller_hw[::-1] if transposed else smaller_hw
            pixels = F.interpolate(pixels, smaller_hw, mode="bilinear", antialias=True)
        return vary_light(pixels, rng), targets

    def _targets(self, chosen: np.ndarray, boxes_cxcywh: Tensor) -> list[dict[str, Tensor]]:
        """The targets of the chosen scenes (B,), with these boxes (B, T, 4)."""
        labels, numbers = self.labels[chosen], torch.from_numpy(self.first + chosen)
        counts = (labels >= 0).sum(1).tolist()
        return [
            {"labels": own[:T], "boxes": boxes[:T], "image_id": number}
            for own, boxes, number, T in zip(labels, boxes_cxcywh, numbers, counts, strict=True)
        ]


def _fill(scene: scenes.Scene, picture: np.ndarray, boxes_cxcywh: np.ndarray, labels: np.ndarray) -> None:
    """Writes a scene into its rows: picture (H, W, 3), boxes (T, 4), labels (T,)."""
    H, W = picture.shape[:2]
    picture[:] = np.asarray(scene.picture.resize((W, H), Image.Resampling.BILINEAR))
    T = len(scene.labels)
    boxes_cxcywh[:T] = relative_cxcywh(scene.boxes_xyxy, scene.picture.size)
    labels[:T] = scene.labels


def _vary_geometry(
    pictures: np.ndarray, mirrored: np.ndarray, transposed: bool, rng: np.random.Generator
) -> np.ndarray:
    """Pictures (B, H, W, 3) mirrored, transposed, with swapped colour channels: (B, 3, H, W), each byte moved once."""
    B, H, W, _ = pictures.shape
    moved = np.empty((B, 3, *((W, H) if transposed else (H, W))), dtype=np.uint8)
    for picture, (left_right, top_bottom), to in zip(pictures, mirrored, moved, strict=True):
        turned = picture[:: -1 if top_bottom else 1, :: -1 if left_right else 1]
        turned = turned.swapaxes(0, 1) if transposed else turned
        for channel, plane in zip(rng.permutation(3), to, strict=True):
            plane[:] = turned[..., channel]
    return moved


def _moved(boxes_cxcywh: Tensor, mirrored: Tensor, transposed: bool) -> Tensor:
    """Boxes (B, T, 4) in 0..1 after pictures were mirrored, (B, 2) left-right and top-bottom, and then transposed."""
    centre, size = boxes_cxcywh.split(2, dim=-1)  # (B, T, 2) each
    centre = torch.where(mirrored[:, None], 1 - centre, centre)
    return torch.cat([centre.flip(-1), size.flip(-1)] if transposed else [centre, size], dim=-1)


def vary_light(x: Tensor, rng: np.random.Generator) -> Tensor:
    """Contrast, brightness, noise and a little blur of pictures (B, 3, H, W) in 0..255, normalised, in place.

    All but the last step is linear, so it is done on normalised colours, where 0..1 lies between `low` and `high`.
    """
    B = len(x)
    contrast = torch.from_numpy(rng.uniform(0.75, 1.2, (B, 1, 1, 1))).float()
    brightness = torch.from_numpy(rng.uniform(-0.12, 0.12, (B, 1, 1, 1))).float()
    x.mul_(contrast / (255 * STD)).add_((0.5 - 0.5 * contrast + brightness - MEAN) / STD)
    if rng.uniform() < 0.3:
        noise, share = _noise(), torch.from_numpy(rng.uniform(0, 0.05, (B, 1, 1, 1))).float() / STD  # (B, 3, 1, 1)
        for picture, amount, start in zip(x, share, rng.integers(len(noise) // 2, size=B).tolist(), strict=True):
            picture.addcmul_(noise[start : start + picture.numel()].view_as(picture), amount)
    if rng.uniform() < 0.2:
        x = _blur(x)
    low, high = -MEAN / STD, (1 - MEAN) / STD
    for channel in range(3):
        x[:, channel].clamp_(low[0, channel].item(), high[0, channel].item())
    return x


def _blur(x: Tensor) -> Tensor:
    """Means of 3 x 3 pixels (at the border, of those that are there), as `F.avg_pool2d` in a third of the time."""
    for axis in (2, 3):
        n = x.shape[axis]
        summed = x.clone()
        summed.narrow(axis, 1, n - 1).add_(x.narrow(axis, 0, n - 1))
        summed.narrow(axis, 0, n - 1).add_(x.narrow(axis, 1, n - 1))
        share = torch.full((n, 1) if axis == 2 else (n,), 1 / 3)
        share[0] = share[-1] = 1 / 2
        x = summed.mul_(share)
    return x


@lru_cache(maxsize=1)
def _noise() -> Tensor:
    """Normal numbers to cut noise from, anywhere: drawing new ones takes longer than all else that is varied."""
    return torch.randn(2**21, generator=torch.Generator().manual_seed(0))

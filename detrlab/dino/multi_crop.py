"""Multi-crop: several random parts of each picture, large and small, varied in colour and sharpness.

Section 3.1 and appendix C of arXiv:2104.14294; `DataAugmentationDINO` of `main_dino.py`. There pictures go through one
by one; here whole batches do, since cutting, resizing and blurring are matrix products along rows and columns.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from detrlab.training.data import MEAN, STD

ASPECT = (3 / 4, 4 / 3)  # width over height of a crop
LUMA = torch.tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)  # what grey is made of (ITU-R BT.601)


@dataclass(frozen=True, kw_only=True)
class View:
    """How one crop of a picture is made. Probabilities are of a picture."""

    size: int  # pixels of its side
    area: tuple[float, float]  # share of the picture that it shows, at least and at most
    jitter: float = 0.0  # how far brightness, contrast and saturation are changed, as a share; 0: colours stay
    grey: float = 0.0  # probability that it loses its colours
    blur: float = 0.0  # probability ...
    sigma: tuple[float, float] = (0.1, 0.6)  # ... and width of a Gaussian in pixels: the paper's, per side
    solarise: float = 0.0  # probability that what is brighter than a half is inverted


def multi_crop(pictures: Tensor, views: Sequence[View], rng: np.random.Generator) -> list[Tensor]:
    """One crop of each picture (B, 3, H, W) in 0..1 for each view: (B, 3, size, size), normalised.

    The order of the views is kept: the teacher sees the first two.
    """
    return [(crop(pictures, view, rng) - MEAN) / STD for view in views]


def crop(pictures: Tensor, view: View, rng: np.random.Generator) -> Tensor:
    """A random part of each picture, mirrored every other time, varied as the view says: (B, 3, size, size) in 0..1."""
    x = resized_crop(pictures, random_boxes(len(pictures), pictures.shape[-2:], view.area, rng), view.size)
    if view.jitter:
        x = jitter(x, view.jitter, rng)
    for probability, vary in (
        (view.grey, lambda x: (x * LUMA).sum(1, keepdim=True).expand_as(x)),
        (view.blur, lambda x: blur(x, _uniform(len(x), view.sigma, rng))),
        (view.solarise, solarise),
    ):
        chosen = torch.from_numpy(rng.uniform(size=len(x)) < probability)
        if chosen.any():
            x[chosen] = vary(x[chosen])
    return x


def random_boxes(count: int, size_hw: tuple[int, int], area: tuple[float, float], rng: np.random.Generator) -> Tensor:
    """Boxes (count, 4) xyxy in pixels inside a picture: the share of the picture uniform between two numbers, the
    aspect from 3/4 to 4/3. Half of the boxes have x0 > x1: what they show is mirrored."""
    H, W = size_hw
    low, high = np.log(ASPECT)
    share, aspect = rng.uniform(*area, count), np.exp(rng.uniform(low, high, count))
    w, h = np.minimum(np.sqrt(share * H * W * aspect), W), np.minimum(np.sqrt(share * H * W / aspect), H)
    x0, y0 = rng.uniform(size=count) * (W - w), rng.uniform(size=count) * (H - h)
    mirrored = rng.uniform(size=count) < 0.5
    left, right = np.where(mirrored, x0 + w, x0), np.where(mirrored, x0, x0 + w)
    return torch.from_numpy(np.stack([left, y0, right, y0 + h], axis=1)).float()


def resized_crop(pictures: Tensor, boxes_xyxy: Tensor, size: int) -> Tensor:
    """The part of each picture (B, 3, H, W) in its box (B, 4), xyxy in pixels, as (B, 3, size, size).

    Bilinear, and smoothed where it shrinks, as PIL resizes. A box with x0 > x1 mirrors.
    """
    H, W = pictures.shape[-2:]
    x0, y0, x1, y1 = boxes_xyxy.unbind(-1)
    rows, columns = _resizing(y0, y1, H, size), _resizing(x0, x1, W, size)  # (B, size, H), (B, size, W)
    return rows[:, None] @ pictures @ columns[:, None].transpose(-1, -2)


def _resizing(start: Tensor, end: Tensor, length: int, size: int) -> Tensor:
    """Matrices (B, size, length) that resize rows of pixels from `start` to `end` (B,) to `size` pixels."""
    step = (end - start) / size  # (B,) pixels, negative where it mirrors
    centre = start[:, None] + (torch.arange(size) + 0.5) * step[:, None]  # (B, size)
    reach = step.abs().clamp(min=1)[:, None, None]
    weights = (1 - (torch.arange(length) + 0.5 - centre[..., None]).abs() / reach).clamp(min=0)  # a triangle
    return weights / weights.sum(-1, keepdim=True)


def jitter(x: Tensor, strength: float, rng: np.random.Generator) -> Tensor:
    """Brightness, contrast and saturation of pictures (B, 3, H, W) in 0..1, each times 1 - strength .. 1 + strength."""
    brightness, contrast, saturation = (_uniform(len(x), (1 - strength, 1 + strength), rng) for _ in range(3))
    x = (x * brightness).clamp(0, 1)
    mean = (x * LUMA).sum(1, keepdim=True).mean((2, 3), keepdim=True)  # (B, 1, 1, 1)
    x = (mean + (x - mean) * contrast).clamp(0, 1)
    grey = (x * LUMA).sum(1, keepdim=True)  # (B, 1, H, W)
    return (grey + (x - grey) * saturation).clamp(0, 1)


def blur(x: Tensor, sigma: Tensor) -> Tensor:
    """Pictures (B, 3, H, W) blurred by Gaussians of these widths (B, 1, 1, 1) in pixels."""
    rows, columns = (_blurring(sigma, side) for side in x.shape[-2:])  # (B, 1, H, H), (B, 1, W, W)
    return rows @ x @ columns.transpose(-1, -2)


def _blurring(sigma: Tensor, length: int) -> Tensor:
    """Matrices (B, 1, length, length) that blur a row of pixels; at the border over the pixels that are there."""
    apart = torch.arange(length)[:, None] - torch.arange(length)
    weights = torch.exp(-(apart**2) / (2 * sigma**2))
    return weights / weights.sum(-1, keepdim=True)


def solarise(x: Tensor, threshold: float = 0.5) -> Tensor:
    """What is brighter than the threshold (0..1) is inverted."""
    return torch.where(x >= threshold, 1 - x, x)


def _uniform(count: int, low_high: tuple[float, float], rng: np.random.Generator) -> Tensor:
    return torch.from_numpy(rng.uniform(*low_high, (count, 1, 1, 1))).float()

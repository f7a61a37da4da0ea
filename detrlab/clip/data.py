"""Scenes with captions, drawn once, of which every look gives another true caption.

Training, held-out and other scenes share no random stream (`STREAMS`), nor one with other scenes of the library.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from detrlab.clip.model import SIDE
from detrlab.scenes.captions import Caption, draw_caption, draw_captioned_scene
from detrlab.scenes.parts import Shape
from detrlab.training.data import MEAN, STD

STREAMS = {"training": 301, "held_out": 302, "looked_at": 303, "fresh": 304}
SINGLE = 100_000  # number of the first scene of a use with one shape, for zero-shot classification


@dataclass(frozen=True, eq=False)
class SceneTruth:
    """What captions are about, without the picture: N shapes, their boxes (N, 4) xyxy in pixels."""

    shapes: tuple[Shape, ...]
    boxes_xyxy: np.ndarray


class CaptionedScenes:
    """Pictures and what is true of them.

    pictures: (N, 64, 64, 3) uint8. truths: N, of which captions are drawn. first: the number of the first scene.
    """

    def __init__(self, pictures: np.ndarray, truths: Sequence[SceneTruth], first: int = 0) -> None:
        self.pictures, self.truths, self.first = pictures, tuple(truths), first

    def __len__(self) -> int:
        return len(self.truths)

    def captions(self, seed: int = 0) -> list[Caption]:
        """A caption for each scene; another seed gives others, as true."""
        return [self.caption(i, seed) for i in range(len(self))]

    def caption(self, i: int, seed: int = 0) -> Caption:
        return draw_caption(self.truths[i], np.random.default_rng((self.first + i, seed, 305)))

    def normalised(self, chosen: Sequence[int] | np.ndarray | slice = slice(None)) -> Tensor:
        """Pictures as a model's input, (B, 3, 64, 64)."""
        pixels = torch.from_numpy(self.pictures[chosen]).permute(0, 3, 1, 2).float() / 255
        return (pixels - MEAN) / STD


def captioned_scenes(count: int, use: str = "training", first: int = 0, shapes: int | None = None) -> CaptionedScenes:
    """`count` scenes of a use (a key of STREAMS), from number `first` on. shapes: of each; None: one to three.

    Raises:
        ValueError: an unknown use, or no scene.
    """
    if use not in STREAMS:
        raise ValueError(f"unknown use {use!r}; choose one of {', '.join(STREAMS)}")
    if count < 1:
        raise ValueError(f"{count} scenes are too few: ask for one at least")
    pictures, truths = np.zeros((count, SIDE, SIDE, 3), dtype=np.uint8), []
    for i in range(count):
        rng = np.random.default_rng((first + i, STREAMS[use]))
        scene = draw_captioned_scene(rng, (SIDE, SIDE), shapes)
        pictures[i] = np.asarray(scene.picture)
        truths.append(SceneTruth(scene.shapes, scene.boxes_xyxy))
    return CaptionedScenes(pictures, truths, first)


def measured_scenes(count: int, use: str = "held_out") -> tuple[CaptionedScenes, CaptionedScenes]:
    """Scenes to measure a model on: `count` of one to three shapes, and as many of one shape."""
    return captioned_scenes(count, use), captioned_scenes(count, use, first=SINGLE, shapes=1)

"""The pictures that DINO learns from: scenes of one flat shape on plain ground, and the truth about them.

Training never sees the truth. Scenes of different uses share no random stream (`STREAMS`), nor with other scenes of the
library.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from detrlab.scenes.compose import compose
from detrlab.scenes.crisp import FARTHEST
from detrlab.scenes.parts import CLASSES, COLOURS, Background, Shape, background_rgb, tinted
from detrlab.training.data import MEAN, STD

SIDE = 64  # pixels
STREAMS = {"training": 201, "reference": 202, "held_out": 203, "choosing": 204}
RADIUS = (0.2, 0.36)  # of the picture's side
TINT = (-0.4, 0.6)  # of the ground's colour, towards black or white
CONTRAST = 0.35  # distance between the shape's and the ground's RGB colours in 0..1, at least


@dataclass(frozen=True, eq=False)
class OneShapeScenes:
    """N pictures with one shape each.

    pictures: (N, H, W, 3) uint8. masks: (N, H, W) bool, the shape's pixels. shapes: (N,) int64, index into CLASSES.
    colours, grounds: (N,) int64, index into COLOURS, the shape's and the ground's.
    """

    pictures: np.ndarray
    masks: np.ndarray
    shapes: np.ndarray
    colours: np.ndarray
    grounds: np.ndarray

    def __len__(self) -> int:
        return len(self.pictures)

    def inputs(self) -> Tensor:
        """All pictures as a model's input: (N, 3, H, W), normalised."""
        return (to_unit(self.pictures) - MEAN) / STD


def one_shape_scenes(count: int, use: str = "training", first: int = 0) -> OneShapeScenes:
    """`count` scenes of a use (a key of STREAMS), from number `first` on; 64 x 64 pixels, a flat shape on plain ground.

    Raises:
        ValueError: an unknown use.
    """
    if use not in STREAMS:
        raise ValueError(f"unknown use {use!r}; choose one of {', '.join(STREAMS)}")
    pictures = np.zeros((count, SIDE, SIDE, 3), dtype=np.uint8)
    masks = np.zeros((count, SIDE, SIDE), dtype=bool)
    truth = np.zeros((3, count), dtype=np.int64)
    names = list(COLOURS)
    for i in range(count):
        shape, background = _layout(np.random.default_rng((first + i, STREAMS[use])))
        scene = compose([shape], background, (SIDE, SIDE))
        pictures[i], masks[i] = np.asarray(scene.picture), scene.masks[0]
        truth[:, i] = CLASSES.index(shape.name), names.index(shape.colour), names.index(background.colour)
    return OneShapeScenes(pictures, masks, *truth)


def to_unit(pictures: np.ndarray) -> Tensor:
    """Pictures (N, H, W, 3) uint8 -> (N, 3, H, W) float32 in 0..1."""
    return torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255


def _layout(rng: np.random.Generator) -> tuple[Shape, Background]:
    """A shape, all of it inside the picture, that stands out from its ground."""
    background = Background(colour=str(rng.choice(list(COLOURS))), tint=rng.uniform(*TINT))
    ground = background_rgb(background)
    seen = [name for name in COLOURS if np.linalg.norm(tinted(name, 0.0) - ground) > CONTRAST]
    radius = rng.uniform(*RADIUS)
    reach = FARTHEST * radius
    shape = Shape(
        name=str(rng.choice(CLASSES)),
        centre_xy=(rng.uniform(reach, 1 - reach), rng.uniform(reach, 1 - reach)),
        radius=radius,
        angle=rng.uniform(0, 360),
        colour=str(rng.choice(seen)),
        proportion=rng.uniform(),
        seed=int(rng.integers(1, 2**31)),
    )
    return shape, background

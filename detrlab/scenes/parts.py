"""What a synthetic scene is made of: shapes, a background, the palette, and the scene itself.

Plain descriptions without any drawing, so that the two renderers (`scene_shapes`, `scene_hand_drawn`) share
the words but no drawing code. Positions and lengths are fractions of the picture, so one description can be
drawn at any size.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

CLASSES = ("circle", "square", "triangle", "star", "ring", "cross")

# Red, green, blue in 0..255. Names are what captions say.
COLOURS: dict[str, tuple[int, int, int]] = {
    "red": (212, 46, 48),
    "orange": (241, 138, 38),
    "yellow": (247, 208, 62),
    "green": (56, 158, 82),
    "turquoise": (52, 184, 184),
    "blue": (48, 98, 202),
    "purple": (126, 68, 172),
    "pink": (241, 132, 182),
    "brown": (128, 84, 52),
    "black": (34, 34, 40),
    "grey": (132, 132, 138),
    "white": (243, 242, 238),
}

# What a shape is filled with; "none" leaves the colour of the paper (still opaque: it hides what is behind
# it).
FILLS = ("flat", "shaded", "striped", "dotted", "hatched", "none")

BACKGROUNDS = ("plain", "striped", "checked", "dotted", "gradient", "grainy", "paper", "ruled", "squared")
PAPERS = ("paper", "ruled", "squared")

GROUNDS = ("sky", "land")  # what lies above a horizon, and what below it


@dataclass(frozen=True)
class Shape:
    """One shape of a scene.

    name: one of CLASSES. centre_xy: fractions (0..1) of the picture's width and height, x to the right, y
    down. radius: of a circle around the shape, as a fraction of the picture's shorter side. angle: degrees,
    clockwise as seen. colour, outline_colour: names in COLOURS; outline_width: fraction of the radius, 0 for
    no outline. stretch: height over width before rotation. proportion: 0 (thin) .. 1 (thick) arms, spikes or
    band of a star, cross, ring. wobble: how unsteady the contour is, as a fraction of the radius. seed:
    fixes tints, textures and wobbles.
    """

    name: str
    centre_xy: tuple[float, float]
    radius: float
    angle: float = 0.0
    colour: str = "red"
    fill: str = "flat"
    outline_colour: str = "black"
    outline_width: float = 0.0
    stretch: float = 1.0
    proportion: float = 0.5
    wobble: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        for value, allowed, what in (
            (self.name, CLASSES, "shape"),
            (self.colour, COLOURS, "colour"),
            (self.outline_colour, COLOURS, "outline colour"),
            (self.fill, FILLS, "fill"),
        ):
            if value not in allowed:
                raise ValueError(f"Unknown {what} {value!r}; choose one of {', '.join(allowed)}.")
        if not 0 < self.radius <= 1:
            raise ValueError(f"Radius {self.radius} is not in (0, 1]: it is a fraction of the picture's shorter side.")


@dataclass(frozen=True)
class Background:
    """What the shapes lie on. kind: one of BACKGROUNDS; colour: a name in COLOURS (papers are always
    whitish).

    tint: -1 (towards black) .. 1 (towards white). seed: fixes texture, angle and lighting.
    """

    kind: str = "plain"
    colour: str = "white"
    tint: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in BACKGROUNDS:
            raise ValueError(f"Unknown background {self.kind!r}; choose one of {', '.join(BACKGROUNDS)}.")
        if self.colour not in COLOURS:
            raise ValueError(f"Unknown colour {self.colour!r}; choose one of {', '.join(COLOURS)}.")


@dataclass(frozen=True)
class Horizon:
    """A line that splits what the shapes lie on: above it the scene's background, the sky; below it the land.

    land: what it looks like. height: where the line crosses the middle of the picture, 0 (top) .. 1 (bottom). slope:
    how far it falls from the left edge to the right one, as a fraction of the picture's height; negative if it rises.
    """

    land: Background
    height: float = 0.5
    slope: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.height < 1:
            raise ValueError(f"A horizon at height {self.height} is outside of the picture: it lies between 0 and 1.")


@dataclass(frozen=True, eq=False)
class Scene:
    """A drawn scene and the truth about it. N visible shapes, from the back to the front; H, W of the
    picture; G visible grounds: none without a horizon, else sky and land.

    picture: RGB. boxes_xyxy: (N, 4) float64, pixels, (x0, y0, x1, y1), the extents of the visible pixels (x1
    and y1 lie one past the last pixel). labels: (N,) int64, index into CLASSES. names: the N class names.
    masks: (N, H, W) bool, the visible pixels. shapes, background, horizon: the description
    it was drawn from. ground_names: the G names, from GROUNDS. ground_masks: (G, H, W) bool, the pixels of each that no
    shape hides.
    """

    picture: Image.Image
    boxes_xyxy: np.ndarray
    labels: np.ndarray
    names: tuple[str, ...]
    masks: np.ndarray
    shapes: tuple[Shape, ...]
    background: Background
    horizon: Horizon | None
    ground_names: tuple[str, ...]
    ground_masks: np.ndarray


def tinted(colour: str, tint: float) -> np.ndarray:
    """RGB (3,) in 0..1 of a palette colour, mixed towards black (tint -1) or white (tint 1)."""
    rgb = np.array(COLOURS[colour]) / 255
    return rgb * (1 - abs(tint)) + (1.0 if tint > 0 else 0.0) * abs(tint)


def shape_rgb(shape: Shape) -> np.ndarray:
    """RGB (3,) in 0..1 of a shape's fill: its palette colour with a small shift that its seed fixes."""
    shift = np.random.default_rng(shape.seed).uniform(-0.05, 0.05, 3) if shape.seed else 0.0
    return np.clip(tinted(shape.colour, 0.0) + shift, 0, 1)


def background_rgb(background: Background) -> np.ndarray:
    """RGB (3,) in 0..1 of a background's main colour; papers are white to cream."""
    if background.kind in PAPERS:
        rng = np.random.default_rng(background.seed)
        white = rng.uniform(0.86, 1.0)
        return white * np.array([1.0, rng.uniform(0.96, 1.0), rng.uniform(0.86, 1.0)])
    return tinted(background.colour, background.tint)

"""Seeded synthetic scenes of shapes with exact boxes, labels and masks.

`draw_scene(seed)` draws a random scene, `compose(shapes)` one that you describe; both can split what the shapes lie
on by a horizon, into two grounds with names and masks. A scene is described in
fractions of the picture and then drawn, so the same seed gives the same scene at every size of one aspect
ratio. Two renderers, "shapes" (crisp, what the shipped model was trained on) and "hand_drawn" (pen on paper,
held out), share no drawing code.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from detrlab.scenes import crisp as scene_shapes
from detrlab.scenes import hand_drawn as scene_hand_drawn
from detrlab.scenes.parts import (
    BACKGROUNDS,
    CLASSES,
    COLOURS,
    GROUNDS,
    PAPERS,
    Background,
    Horizon,
    Scene,
    Shape,
    background_rgb,
    tinted,
)

__all__ = ["CLASSES", "COLOURS", "Background", "Horizon", "Scene", "Shape", "compose", "draw_scene"]

RENDERERS = {"shapes": scene_shapes, "hand_drawn": scene_hand_drawn}

MAX_SHAPES = 6
PLAIN = Background()  # white
LAYOUT_SIDE = 72  # pixels of the shorter side at which a random layout is tried out
MIN_INSIDE = 0.6  # of a shape's area inside the picture ...
MIN_VISIBLE = 0.6  # ... and of that, not hidden by shapes in front
MIN_CONTRAST = 0.35  # distance between RGB colours in 0..1
PAPER_SHARE = 0.25  # of random "shapes" scenes look like a drawing on paper


def draw_scene(
    seed: int | np.random.Generator,
    size: tuple[int, int] = (512, 512),
    style: str = "shapes",
    horizon: bool = False,
) -> Scene:
    """Draws a random scene of one to six shapes.

    seed: a whole number, or a numpy Generator to draw from. size: (width, height) in pixels, at least 32
    each. style: "shapes" or "hand_drawn". Every shape has at least 60 % of its area inside the picture and
    60 % of that visible. horizon: whether the shapes lie before a sky and a land of unlike colours, of which the scene
    says the masks; a seed gives other shapes then. Raises ValueError for an unknown style or a size that is too small.
    """
    W, H = _checked_size(size)
    renderer = _renderer(style)
    rng = np.random.default_rng(seed)
    background, line, shapes = _random_layout(rng, (W, H), renderer, style == "hand_drawn", horizon)
    return compose(shapes, background, (W, H), style, line)


def compose(
    shapes: Sequence[Shape],
    background: Background = PLAIN,
    size: tuple[int, int] = (512, 512),
    style: str = "shapes",
    horizon: Horizon | None = None,
) -> Scene:
    """Draws the shapes you describe, the first at the back, each later one over those before it.

    size: (width, height) in pixels, at least 32 each. horizon: below it lies its land, above it the background. A
    shape or ground of which no pixel is visible (outside the picture, or wholly hidden) is drawn but is not part of the
    scene's truth. Raises ValueError for an unknown style or a size that is too small.
    """
    W, H = _checked_size(size)
    canvas, silhouettes = _renderer(style).paint(tuple(shapes), background, (W, H), horizon)  # (H, W, 3), (N, H, W)
    masks = silhouettes.copy()
    hidden = np.zeros((H, W), dtype=bool)
    for i in reversed(range(len(shapes))):
        masks[i] &= ~hidden
        hidden |= silhouettes[i]
    ground_names: tuple[str, ...] = ()
    grounds = np.zeros((0, H, W), dtype=bool)
    if horizon is not None:
        land = _renderer(style).below(horizon, (W, H))  # (H, W)
        grounds = np.stack([~land, land]) & ~hidden  # in the order of GROUNDS
        ground_names = tuple(name for name, mask in zip(GROUNDS, grounds, strict=True) if mask.any())
        grounds = grounds[grounds.any((1, 2))]
    kept = [i for i in range(len(shapes)) if masks[i].any()]
    masks, silhouettes, shapes = masks[kept], silhouettes[kept], tuple(shapes[i] for i in kept)
    return Scene(
        picture=Image.fromarray((canvas * 255 + 0.5).astype(np.uint8)),
        boxes_xyxy=_extents_xyxy(masks),
        labels=np.array([CLASSES.index(shape.name) for shape in shapes], dtype=np.int64),
        names=tuple(shape.name for shape in shapes),
        masks=masks,
        shapes=shapes,
        background=background,
        horizon=horizon,
        ground_names=ground_names,
        ground_masks=grounds,
    )


def _checked_size(size: tuple[int, int]) -> tuple[int, int]:
    W, H = (int(side) for side in size)
    if min(W, H) < 32:
        raise ValueError(f"A scene of {W} x {H} pixels is too small to show shapes; ask for at least 32 x 32.")
    return W, H


def _renderer(style: str):
    if style not in RENDERERS:
        raise ValueError(f"Unknown style {style!r}; choose one of {', '.join(RENDERERS)}.")
    return RENDERERS[style]


def _extents_xyxy(masks: np.ndarray) -> np.ndarray:
    """Boxes (N, 4), pixels, x0 y0 x1 y1, around the True pixels of masks (N, H, W), none of them empty."""
    boxes = np.zeros((len(masks), 4))
    for i, mask in enumerate(masks):
        columns, rows = np.flatnonzero(mask.any(0)), np.flatnonzero(mask.any(1))
        boxes[i] = columns[0], rows[0], columns[-1] + 1, rows[-1] + 1
    return boxes


# ---- random layouts ----


def _random_layout(
    rng: np.random.Generator, size_wh: tuple[int, int], renderer, on_paper: bool, with_horizon: bool
) -> tuple[Background, Horizon | None, list[Shape]]:
    """A random background, a horizon if wanted, and random shapes that keep the promises about visibility."""
    W, H = size_wh
    scale = LAYOUT_SIDE / min(W, H)
    trial_wh = round(W * scale), round(H * scale)
    on_paper = on_paper or rng.uniform() < PAPER_SHARE
    background = _random_background(rng, on_paper)
    horizon = _random_horizon(rng, background, on_paper) if with_horizon else None
    names = contrasting_colours(rng, [background] if horizon is None else [background, horizon.land])
    placed: list[Shape] = []
    whole: list[np.ndarray] = []  # silhouettes (h, w) of the shapes placed so far
    for i in range(rng.integers(1, MAX_SHAPES + 1)):
        colour = names[i % len(names)]
        looks = _paper_looks(rng, colour) if on_paper else _random_looks(rng, colour, names)
        for _ in range(12):  # a crowded picture may have no room left: then it gets fewer shapes
            shape = _random_shape(rng, looks)
            mask, inside = _inside(renderer.silhouette(shape, trial_wh), trial_wh)
            if inside >= MIN_INSIDE and _all_visible([*whole, mask]):
                placed.append(shape)
                whole.append(mask)
                break
    return background, horizon, placed


def _random_background(rng: np.random.Generator, on_paper: bool) -> Background:
    kinds = PAPERS if on_paper else [kind for kind in BACKGROUNDS if kind not in PAPERS]
    return Background(
        kind=str(rng.choice(kinds)),
        colour="white" if on_paper else str(rng.choice(list(COLOURS))),
        tint=0.0 if on_paper else rng.uniform(-0.4, 0.6),
        seed=int(rng.integers(1, 2**31)),
    )


def _random_horizon(rng: np.random.Generator, background: Background, on_paper: bool) -> Horizon:
    """A horizon whose land stands out from the background above it."""
    kinds = [kind for kind in BACKGROUNDS if kind not in PAPERS]
    while True:
        land = Background(
            kind=str(rng.choice(kinds)),
            colour=str(rng.choice(list(COLOURS))),
            tint=rng.uniform(0.3, 0.6) if on_paper else rng.uniform(-0.4, 0.6),  # pale enough for every pen
            seed=int(rng.integers(1, 2**31)),
        )
        if np.linalg.norm(background_rgb(land) - background_rgb(background)) > MIN_CONTRAST:
            return Horizon(land, height=rng.uniform(0.3, 0.7), slope=rng.uniform(-0.2, 0.2))


def contrasting_colours(rng: np.random.Generator, backgrounds: Sequence[Background]) -> list[str]:
    """Names of palette colours in random order that stand out from the backgrounds."""
    behind = [background_rgb(background) for background in backgrounds]
    names = [name for name in COLOURS if min(np.linalg.norm(tinted(name, 0.0) - rgb) for rgb in behind) > MIN_CONTRAST]
    return [str(name) for name in rng.permutation(names)]


def _random_looks(rng: np.random.Generator, colour: str, names: list[str]) -> dict:
    """Fill, outline and unsteadiness of a shape in a painted scene."""
    looks: dict[str, object] = {
        "colour": colour,
        "fill": str(rng.choice(["flat", "flat", "flat", "shaded", "striped", "dotted"])),
    }
    if rng.uniform() < 0.45:
        looks |= {"outline_colour": str(rng.choice(names)), "outline_width": rng.uniform(0.05, 0.16)}
    if rng.uniform() < 0.5:
        looks |= {"stretch": np.exp(rng.uniform(-0.2, 0.2)), "wobble": rng.uniform(0, 0.05)}
    return looks


def _paper_looks(rng: np.random.Generator, colour: str) -> dict:
    """Fill, outline and unsteadiness of a shape drawn with a pen; an unfilled one has the pen's colour."""
    pen = colour if rng.uniform() < 0.35 else str(rng.choice(["black", "black", "blue", "red", "green", "brown"]))
    fill = str(rng.choice(["none", "flat", "hatched"], p=[0.45, 0.3, 0.25]))
    return {
        "colour": pen if fill == "none" else colour,
        "fill": fill,
        "outline_colour": pen,
        "outline_width": rng.uniform(0.06, 0.19),
        "stretch": np.exp(rng.uniform(-0.25, 0.25)),
        "wobble": rng.uniform(0, 0.1),
    }


def _random_shape(rng: np.random.Generator, looks: dict) -> Shape:
    low, high = (0.09, 0.25) if rng.uniform() < 0.85 else (0.25, 0.4)
    return Shape(
        name=str(rng.choice(CLASSES)),
        centre_xy=(rng.uniform(), rng.uniform()),
        radius=np.exp(rng.uniform(np.log(low), np.log(high))),
        angle=rng.uniform(0, 360),
        proportion=rng.uniform(),
        seed=int(rng.integers(1, 2**31)),
        **looks,
    )


def _inside(window: tuple[int, int, np.ndarray], size_wh: tuple[int, int]) -> tuple[np.ndarray, float]:
    """A window's mask put into a picture (H, W), and the share of its area that lies inside."""
    W, H = size_wh
    x0, y0, mask = window
    rows, columns = np.nonzero(mask)
    rows, columns = rows + y0, columns + x0
    keep = (rows >= 0) & (rows < H) & (columns >= 0) & (columns < W)
    picture = np.zeros((H, W), dtype=bool)
    picture[rows[keep], columns[keep]] = True
    return picture, float(keep.mean()) if len(keep) else 0.0


def _all_visible(whole: list[np.ndarray]) -> bool:
    """Whether each silhouette, the last in front, keeps enough of its area visible."""
    hidden = np.zeros_like(whole[0])
    for mask in reversed(whole):
        if (mask & ~hidden).sum() < MIN_VISIBLE * mask.sum():
            return False
        hidden |= mask
    return True

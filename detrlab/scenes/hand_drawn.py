"""Draws scenes as if by hand: pen strokes on paper, made with PIL's `ImageDraw`.

Sides are pulled stroke by stroke, bend, overshoot their corners and do not quite close; fills are crayon or
a scribble. It is the style of the held-out set that tells whether a detector learnt shapes or only our way
of drawing them, so it shares no drawing code with `scene_shapes`: other contours, other wobble, other paper.
"""

import numpy as np
from PIL import Image, ImageChops, ImageDraw, ImageFilter

from detrlab.scenes.parts import Background, Horizon, Shape, background_rgb, shape_rgb, tinted

FINER = 2  # strokes are drawn this many times larger and then reduced, for smooth edges
GRAIN_SIDE = 256  # cells of the paper's grain along the shorter side

Polyline = np.ndarray  # (P, 2) points x, y


def paint(
    shapes: tuple[Shape, ...], background: Background, size_wh: tuple[int, int], horizon: Horizon | None
) -> tuple[np.ndarray, np.ndarray]:
    """Draws the shapes in order, the first one at the back.

    Returns the picture (H, W, 3) in 0..1 and the shapes' whole silhouettes (N, H, W) bool, as if nothing hid
    them.
    """
    W, H = size_wh
    paper = _paper(background, size_wh)
    picture = paper.copy()
    if horizon is not None:
        land, line = _land_and_line(horizon, size_wh)
        picture.paste(_paper(horizon.land, size_wh), mask=land)
        pen = ImageChops.multiply(line, _grain(horizon.land.seed, size_wh, 0.25))
        picture.paste(_rgb(tinted("black", 0.2)), mask=pen)
    silhouettes = np.zeros((len(shapes), H, W), dtype=bool)
    for i, shape in enumerate(shapes):
        area, ink = _area_and_ink(shape, size_wh, (0, 0), size_wh)
        picture.paste(paper, mask=area)  # opaque: what is behind does not shine through
        if shape.fill != "none":
            picture.paste(_rgb(shape_rgb(shape)), mask=ImageChops.multiply(area, _fill(shape, size_wh)))
        picture.paste(
            _rgb(tinted(shape.outline_colour, 0.0)),
            mask=ImageChops.multiply(ink, _grain(shape.seed, size_wh, 0.25)),
        )
        silhouettes[i] = np.asarray(ImageChops.lighter(area, ink)) > 127
    soft = picture.filter(ImageFilter.GaussianBlur(min(W, H) / 900))  # a photograph of paper is never razor-sharp
    return np.asarray(soft) / 255, silhouettes


def below(horizon: Horizon, size_wh: tuple[int, int]) -> np.ndarray:
    """Which pixels (H, W) lie below the horizon."""
    return np.asarray(_land_and_line(horizon, size_wh)[0]) > 127


def _land_and_line(horizon: Horizon, size_wh: tuple[int, int]) -> tuple[Image.Image, Image.Image]:
    """Two grey masks of the picture's size: what lies below the horizon, and the pen's stroke along it."""
    W, H = size_wh
    side = min(W, H)
    rng = np.random.default_rng((horizon.land.seed, 11))
    middle, fall = horizon.height * H, 1.1 * horizon.slope * H / 2  # it is drawn a little over both edges
    left, right = np.array([-0.05 * W, middle - fall]), np.array([1.05 * W, middle + fall])
    stroke = _straight_stroke(rng, left / side, right / side, 0.02) * side * FINER  # (9, 2)
    large = W * FINER, H * FINER
    land, line = Image.new("L", large), Image.new("L", large)
    corners = [(float(stroke[-1, 0]), 2.0 * large[1]), (float(stroke[0, 0]), 2.0 * large[1])]
    ImageDraw.Draw(land).polygon([*(tuple(p) for p in stroke), *corners], fill=255)
    width = max(round(side * FINER / 120), 1)
    ImageDraw.Draw(line).line([tuple(p) for p in stroke], fill=255, width=width, joint="curve")
    return land.resize(size_wh, Image.Resampling.BOX), line.resize(size_wh, Image.Resampling.BOX)


def silhouette(shape: Shape, size_wh: tuple[int, int]) -> tuple[int, int, np.ndarray]:
    """The whole shape as a bool mask (h, w) and the pixel (x0, y0) of its corner, which may lie outside the
    picture."""
    side = min(size_wh)
    reach = int(np.ceil(shape.radius * side * 1.7)) + 2
    x0, y0 = int(shape.centre_xy[0] * size_wh[0]) - reach, int(shape.centre_xy[1] * size_wh[1]) - reach
    area, ink = _area_and_ink(shape, size_wh, (x0, y0), (2 * reach, 2 * reach))
    return x0, y0, np.asarray(ImageChops.lighter(area, ink)) > 127


def _area_and_ink(
    shape: Shape, size_wh: tuple[int, int], corner_xy: tuple[int, int], window_wh: tuple[int, int]
) -> tuple[Image.Image, Image.Image]:
    """Two grey masks over a window of the picture: what the contour encloses, and the pen's strokes along
    it."""
    strokes, outlines = _strokes(shape, size_wh)
    large = window_wh[0] * FINER, window_wh[1] * FINER
    area, ink = Image.new("L", large), Image.new("L", large)
    pen = max(shape.outline_width, 0.05) * shape.radius * min(size_wh) * FINER
    enclose, draw = ImageDraw.Draw(area), ImageDraw.Draw(ink)
    for outline, level in zip(outlines, (255, 0), strict=False):  # a second outline is a hole
        enclose.polygon([tuple(p) for p in (outline - corner_xy) * FINER], fill=level)
    for stroke in strokes:
        points = [tuple(p) for p in (stroke - corner_xy) * FINER]
        draw.line(points, fill=255, width=max(round(pen), 1), joint="curve")
        for x, y in (points[0], points[-1]):  # a pen's ends are round
            draw.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), fill=255)
    return area.resize(window_wh, Image.Resampling.BOX), ink.resize(window_wh, Image.Resampling.BOX)


def _strokes(shape: Shape, size_wh: tuple[int, int]) -> tuple[list[Polyline], list[Polyline]]:
    """Pen strokes, and the closed outlines they make, in pixels of the picture."""
    rng = np.random.default_rng((shape.seed, 7))
    unsteady = 0.02 + 0.6 * shape.wobble
    strokes: list[Polyline] = []
    outlines: list[Polyline] = []
    for corners in _corners(shape):
        if corners is None:  # a round outline: one stroke that drifts and overruns its start
            sides = [_round_stroke(rng, unsteady)]
        else:
            corners = corners + rng.normal(0, unsteady / 1.5, corners.shape)
            sides = [
                _straight_stroke(rng, a, b, unsteady) for a, b in zip(corners, np.roll(corners, -1, 0), strict=True)
            ]
        scale = 1.0 if not outlines else _hole(shape)
        sides = [_placed(side * scale, shape, size_wh) for side in sides]
        strokes += sides
        outlines.append(np.concatenate(sides))
    return strokes, outlines


def _corners(shape: Shape) -> list[np.ndarray | None]:
    """The outlines in the shape's own frame (radius 1, y down): corner points (P, 2), or None for a round
    outline."""
    if shape.name == "circle":
        return [None]
    if shape.name == "ring":
        return [None, None]
    if shape.name == "cross":
        a, b = 1.0, 0.24 + 0.13 * shape.proportion
        quarter = [(b, -a), (b, -b), (a, -b)]
        return [
            np.array(
                [(x * c - y * s, x * s + y * c) for c, s in ((1, 0), (0, 1), (-1, 0), (0, -1)) for x, y in quarter]
            )
        ]
    sides = {"triangle": 3, "square": 4, "star": 10}[shape.name]
    turns = np.arange(sides) * 2 * np.pi / sides - (np.pi / 4 if shape.name == "square" else np.pi / 2)
    lengths = np.full(sides, 1.08)
    if shape.name == "star":
        lengths[1::2] = 0.43 + 0.13 * shape.proportion
    return [np.stack([np.cos(turns), np.sin(turns)], axis=1) * lengths[:, None]]


def _hole(shape: Shape) -> float:
    """Radius of a ring's hole, in radii."""
    return 0.7 - 0.2 * shape.proportion


def _straight_stroke(rng: np.random.Generator, start: np.ndarray, end: np.ndarray, unsteady: float) -> Polyline:
    """A line (9, 2) that bows to one side, trembles, and may run past its end."""
    along = np.linspace(0, 1 + max(rng.normal(0, 0.02), 0), 9)[:, None]
    across = np.array([start[1] - end[1], end[0] - start[0]])
    bow = rng.normal(0, 0.6 * unsteady) * 4 * along * (1 - along)
    return start + along * (end - start) + bow * across + rng.normal(0, unsteady / 6, (9, 2))


def _round_stroke(rng: np.random.Generator, unsteady: float) -> Polyline:
    """A round (41, 2) of radius about 1 whose ends nearly meet."""
    start = rng.uniform(0, 2 * np.pi)
    turn = np.linspace(0, 2 * np.pi + rng.normal(0.05, 0.05), 41)
    drift = rng.normal(0, unsteady / 1.5) * (turn / np.pi - 1)
    dents = sum(rng.normal(0, unsteady / 2) * np.cos(k * turn + rng.uniform(0, 6)) for k in (2, 3, 5))
    radius = 1 + drift + dents
    return np.stack([radius * np.cos(turn + start), radius * np.sin(turn + start)], axis=1)


def _placed(points: Polyline, shape: Shape, size_wh: tuple[int, int]) -> Polyline:
    """Points of the shape's own frame in pixels of the picture: stretched, turned, scaled, moved."""
    turn = np.deg2rad(shape.angle)
    stretched = points * np.array([shape.stretch**-0.5, shape.stretch**0.5])
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    return stretched @ rotation * shape.radius * min(size_wh) + np.array(shape.centre_xy) * np.array(size_wh)


def _fill(shape: Shape, size_wh: tuple[int, int]) -> Image.Image:
    """How much of the fill's colour lies where (grey, the whole picture): a scribble for patterned fills,
    else crayon."""
    if shape.fill in ("flat", "shaded"):
        return _grain(shape.seed + 1, size_wh, 0.35)
    rng = np.random.default_rng((shape.seed, 8))
    side = min(size_wh) * FINER
    radius, pitch = shape.radius * side, rng.uniform(0.13, 0.24)
    rows = np.arange(-1.3, 1.3, pitch)
    ends = np.where(np.arange(len(rows)) % 2, 1.3, -1.3) + rng.normal(0, 0.06, len(rows))
    zigzag = np.stack([ends, rows + rng.normal(0, pitch / 6, len(rows))], axis=1)
    turn = rng.uniform(0, 2 * np.pi)
    rotation = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    centre = np.array(shape.centre_xy) * np.array(size_wh) * FINER
    scribble = Image.new("L", (size_wh[0] * FINER, size_wh[1] * FINER))
    points = [tuple(p) for p in zigzag @ rotation * radius + centre]
    ImageDraw.Draw(scribble).line(points, fill=235, width=max(round(0.4 * pitch * radius), 1), joint="curve")
    return scribble.resize(size_wh, Image.Resampling.BOX)


def _paper(background: Background, size_wh: tuple[int, int]) -> Image.Image:
    """A sheet of paper (RGB) with fibres, a shadow to one side, and printed lines if it is ruled or
    squared."""
    W, H = size_wh
    rng = np.random.default_rng((background.seed, 9))
    sheet = Image.new("RGB", size_wh, _rgb(background_rgb(background)))
    draw = ImageDraw.Draw(sheet)
    side = min(W, H)
    pitch, slope, first = rng.uniform(0.07, 0.12) * side, rng.normal(0, 0.015), rng.uniform()
    ink = _rgb(background_rgb(background) * rng.uniform(0.65, 0.85) + np.array([0.0, 0.02, 0.09]))
    width = max(round(side / 300), 1)
    if background.kind in ("ruled", "squared"):
        for y in np.arange(first * pitch - pitch, H + pitch, pitch):
            draw.line((0, y, W, y + slope * W), fill=ink, width=width)
    if background.kind == "squared":
        for x in np.arange(first * pitch - pitch, W + pitch, pitch):
            draw.line((x, 0, x - slope * H, H), fill=ink, width=width)
    shadow = Image.linear_gradient("L").rotate(90 * int(rng.integers(4))).resize(size_wh)
    depth = rng.uniform(0, 0.25)
    shadow = shadow.point([round(255 - depth * (255 - level)) for level in range(256)])
    shade = ImageChops.multiply(shadow, _grain(background.seed, size_wh, 0.05))
    return ImageChops.multiply(sheet, Image.merge("RGB", [shade] * 3))


def _grain(seed: int, size_wh: tuple[int, int], depth: float) -> Image.Image:
    """A grey sheet, white but for specks up to `depth` darker; the same specks at every size."""
    W, H = size_wh
    rng = np.random.default_rng((seed, 10))
    rows, columns = (round(GRAIN_SIDE * length / min(W, H)) for length in (H, W))
    specks = 255 * (1 - depth * rng.uniform(0, 1, (rows, columns)))
    return Image.fromarray(specks.astype(np.uint8)).resize(size_wh, Image.Resampling.BILINEAR)


def _rgb(colour: np.ndarray) -> tuple[int, int, int]:
    """Channels in 0..1 -> a PIL colour."""
    red, green, blue = (round(float(channel) * 255) for channel in np.clip(colour, 0, 1))
    return red, green, blue

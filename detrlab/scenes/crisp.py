"""Draws scenes in the crisp "shapes" style: every contour is a signed distance, every edge is anti-aliased
from it.

A shape's distance field is negative inside, positive outside, in pixels. Coverage of a pixel is the distance
clipped to one pixel around the contour, so a scene looks the same at every size. Shares no drawing code with
`scene_hand_drawn`.
"""

import numpy as np
from PIL import Image

from detrlab.scenes.parts import PAPERS, Background, Horizon, Shape, background_rgb, shape_rgb, tinted

FARTHEST = 1.14  # radii from a shape's centre to its farthest point, a square's corner, before stretch and wobble


def paint(
    shapes: tuple[Shape, ...], background: Background, size_wh: tuple[int, int], horizon: Horizon | None
) -> tuple[np.ndarray, np.ndarray]:
    """Paints the shapes in order, the first one at the back.

    Returns the picture (H, W, 3) in 0..1 and the shapes' whole silhouettes (N, H, W) bool, as if nothing hid
    them.
    """
    W, H = size_wh
    canvas = paint_background(background, size_wh)  # (H, W, 3)
    if horizon is not None:
        cover = np.clip(0.5 - _distance_to_land(horizon, size_wh), 0, 1)[..., None]
        canvas = canvas * (1 - cover) + paint_background(horizon.land, size_wh) * cover
    paper = background_rgb(background)
    silhouettes = np.zeros((len(shapes), H, W), dtype=bool)
    for i, shape in enumerate(shapes):
        x0, y0, field, across = distance(shape, size_wh)
        h, w = field.shape
        left, top, right, bottom = max(x0, 0), max(y0, 0), min(x0 + w, W), min(y0 + h, H)
        if left >= right or top >= bottom:
            continue
        crop = np.s_[top - y0 : bottom - y0, left - x0 : right - x0]
        field, across = field[crop], (across[0][crop], across[1][crop])
        canvas[top:bottom, left:right] = _shaded(canvas[top:bottom, left:right], shape, field, across, paper, size_wh)
        silhouettes[i, top:bottom, left:right] = field <= 0
    return np.clip(canvas, 0, 1), silhouettes


def below(horizon: Horizon, size_wh: tuple[int, int]) -> np.ndarray:
    """Which pixels (H, W) lie below the horizon."""
    return _distance_to_land(horizon, size_wh) <= 0


def _distance_to_land(horizon: Horizon, size_wh: tuple[int, int]) -> np.ndarray:
    """Signed distance (H, W) in pixels to the horizon, negative below it."""
    W, H = size_wh
    x = (np.arange(W, dtype=np.float32) + 0.5)[None, :]
    y = (np.arange(H, dtype=np.float32) + 0.5)[:, None]
    line = (horizon.height + horizon.slope * (x / W - 0.5)) * H
    return (line - y) / np.float32(np.hypot(1, horizon.slope * H / W))


def silhouette(shape: Shape, size_wh: tuple[int, int]) -> tuple[int, int, np.ndarray]:
    """The whole shape as a bool mask (h, w) and the pixel (x0, y0) of its corner, which may lie outside the
    picture."""
    x0, y0, field, _ = distance(shape, size_wh)
    return x0, y0, field <= 0


def distance(shape: Shape, size_wh: tuple[int, int]) -> tuple[int, int, np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Signed distance in pixels on a window around the shape.

    Returns the window's corner (x0, y0), the field (h, w), and the window's pixels in the shape's own frame
    (two (h, w) arrays, in radii, rotated and stretched with the shape).
    """
    W, H = size_wh
    radius = shape.radius * min(W, H)
    cx, cy = shape.centre_xy[0] * W, shape.centre_xy[1] * H
    cos, sin = np.cos(np.deg2rad(shape.angle)), np.sin(np.deg2rad(shape.angle))
    root = np.sqrt(shape.stretch)
    longest = max(root, 1 / root)
    reach = (radius * (FARTHEST + 1.5 * shape.wobble) + 2) * longest
    x0, y0 = int(np.floor(cx - reach)), int(np.floor(cy - reach))
    x1, y1 = int(np.ceil(cx + reach)), int(np.ceil(cy + reach))
    x = ((np.arange(x0, x1, dtype=np.float32) + 0.5 - cx) / radius)[None, :]
    y = ((np.arange(y0, y1, dtype=np.float32) + 0.5 - cy) / radius)[:, None]
    u = (cos * x + sin * y) * root  # stretch keeps the area: wider by 1/root, higher by root
    v = (cos * y - sin * x) / root
    u, v = u.astype(np.float32), v.astype(np.float32)
    if shape.wobble:
        phase = np.random.default_rng(shape.seed).uniform(0, 2 * np.pi, 4)
        u, v = (
            u + 0.5 * shape.wobble * (np.sin(3.1 * v + phase[0]) + np.sin(7.3 * v + phase[1])),
            v + 0.5 * shape.wobble * (np.sin(3.7 * u + phase[2]) + np.sin(6.7 * u + phase[3])),
        )
    return x0, y0, _FIELDS[shape.name](u, v, shape.proportion) * radius, (u, v)


def _circle(u: np.ndarray, v: np.ndarray, proportion: float) -> np.ndarray:
    return np.hypot(u, v) - 1


def _ring(u: np.ndarray, v: np.ndarray, proportion: float) -> np.ndarray:
    half_band = 0.15 + 0.1 * proportion
    return np.abs(np.hypot(u, v) - (1 - half_band)) - half_band


def _square(u: np.ndarray, v: np.ndarray, proportion: float) -> np.ndarray:
    return np.maximum(np.abs(u), np.abs(v)) - 0.8


def _triangle(u: np.ndarray, v: np.ndarray, proportion: float) -> np.ndarray:
    side = np.abs(u) * np.float32(np.sqrt(0.75)) - 0.5 * v  # the two upper edges are mirror images
    return np.maximum(side, v) - 0.55


def _cross(u: np.ndarray, v: np.ndarray, proportion: float) -> np.ndarray:
    u, v = np.abs(u), np.abs(v)
    half_arm = 0.22 + 0.14 * proportion
    return np.minimum(np.maximum(u - 0.98, v - half_arm), np.maximum(v - 0.98, u - half_arm))


def _star(u: np.ndarray, v: np.ndarray, proportion: float) -> np.ndarray:
    # Five-fold symmetry: fold the plane into the 36 degrees between a tip and the notch beside it; there one
    # edge is left.
    wedge = 2 * np.pi / 5
    angle = np.abs((np.arctan2(u, -v) + wedge / 2) % wedge - wedge / 2)
    length = np.hypot(u, v)
    a, b = length * np.cos(angle), length * np.sin(angle)
    tip, notch = 1.1, 0.44 + 0.16 * proportion
    edge = np.array([notch * np.cos(wedge / 2) - tip, notch * np.sin(wedge / 2)])
    normal = np.array([edge[1], -edge[0]]) / np.hypot(*edge)
    return ((a - tip) * normal[0] + b * normal[1]).astype(np.float32)


_FIELDS = {
    "circle": _circle,
    "square": _square,
    "triangle": _triangle,
    "star": _star,
    "ring": _ring,
    "cross": _cross,
}


def _shaded(
    under: np.ndarray,
    shape: Shape,
    field: np.ndarray,
    across: tuple[np.ndarray, np.ndarray],
    paper: np.ndarray,
    size_wh: tuple[int, int],
) -> np.ndarray:
    """The window's pixels (h, w, 3) after the shape with this distance field (h, w) has been laid over
    `under`."""
    rgb = paper if shape.fill == "none" else shape_rgb(shape)
    fill = np.broadcast_to(rgb, (*field.shape, 3))
    u, v = across
    softness = 2 / (shape.radius * min(size_wh))  # about one pixel, in radii
    rng = np.random.default_rng(shape.seed + 1)
    if shape.fill == "shaded":
        fill = fill * (1 + 0.22 * (u * np.cos(t := rng.uniform(0, 2 * np.pi)) + v * np.sin(t)))[..., None]
    elif shape.fill in ("striped", "hatched"):
        pitch = rng.uniform(0.22, 0.5)
        wave = np.abs((u / pitch + rng.uniform()) % 1 - 0.5) - rng.uniform(0.2, 0.3)
        on = np.clip(0.5 - wave * pitch / softness, 0, 1)[..., None]
        other = paper if shape.fill == "hatched" else rgb * 0.62 if rgb.mean() > 0.45 else 0.6 * rgb + 0.4
        fill = fill * (1 - on) + other * on
    elif shape.fill == "dotted":
        pitch = rng.uniform(0.3, 0.5)
        dots = np.hypot((u / pitch) % 1 - 0.5, (v / pitch) % 1 - 0.5) - 0.27
        on = np.clip(0.5 - dots * pitch / softness, 0, 1)[..., None]
        fill = fill * (1 - on) + (rgb * 0.6 if rgb.mean() > 0.45 else 0.6 * rgb + 0.4) * on
    if shape.outline_width:
        line = np.clip(0.5 + field + shape.outline_width * shape.radius * min(size_wh), 0, 1)[..., None]
        fill = fill * (1 - line) + tinted(shape.outline_colour, 0.0) * line
    cover = np.clip(0.5 - field, 0, 1)[..., None]
    return under * (1 - cover) + fill * cover


def paint_background(background: Background, size_wh: tuple[int, int]) -> np.ndarray:
    """The empty background (H, W, 3), about 0..1."""
    W, H = size_wh
    rng = np.random.default_rng(background.seed + 2)
    side = min(W, H)
    x = ((np.arange(W, dtype=np.float32) + 0.5) / side)[None, :]
    y = ((np.arange(H, dtype=np.float32) + 0.5) / side)[:, None]
    rgb = background_rgb(background).astype(np.float32)
    angle, pitch, phase = rng.uniform(0, np.pi), np.exp(rng.uniform(np.log(0.05), np.log(0.2))), rng.uniform()
    along = x * np.cos(angle) + y * np.sin(angle)
    athwart = y * np.cos(angle) - x * np.sin(angle)
    light = np.zeros((H, W), dtype=np.float32)  # added to all three channels
    contrast = rng.uniform(0.04, 0.13) * (1 if rgb.mean() < 0.5 else -1)
    kind = background.kind
    if kind == "striped":
        light += contrast * _ramp(np.abs((along / pitch + phase) % 1 - 0.5) - 0.25, pitch * side)
    elif kind == "checked":
        a = _ramp(np.abs((along / pitch + phase) % 1 - 0.5) - 0.25, pitch * side)
        b = _ramp(np.abs((athwart / pitch + phase) % 1 - 0.5) - 0.25, pitch * side)
        light += contrast * (a + b - 2 * a * b)
    elif kind == "dotted":
        light += contrast * _ramp(np.hypot((along / pitch) % 1 - 0.5, (athwart / pitch) % 1 - 0.5) - 0.25, pitch * side)
    elif kind == "gradient":
        light += 2 * contrast * (along - along.mean())
    elif kind == "grainy":
        light += _noise(rng, size_wh, 12) * 0.06 + _noise(rng, size_wh, 48) * 0.05
    canvas = rgb + light[..., None]
    if kind in PAPERS:
        canvas *= 1 + 0.12 * rng.uniform() * _noise(rng, size_wh, 2)[..., None]  # uneven daylight
        canvas = _rule(canvas, kind, rng, x, y, side)
    return canvas + 0.012 * _noise(rng, size_wh, 96)[..., None]


def _rule(
    canvas: np.ndarray, kind: str, rng: np.random.Generator, x: np.ndarray, y: np.ndarray, side: int
) -> np.ndarray:
    """Adds the printed lines of ruled or squared paper to the canvas (H, W, 3)."""
    pitch, width = rng.uniform(0.06, 0.13), rng.uniform(0.002, 0.006)
    ink, strength = np.array([0.45, 0.55, 0.8]), rng.uniform(0.25, 0.7)
    tilt, phase = rng.uniform(-0.06, 0.06), rng.uniform()
    directions = {"ruled": [y + tilt * x], "squared": [y + tilt * x, x - tilt * y], "paper": []}[kind]
    for along in directions:
        line = _ramp(np.abs((along / pitch + phase) % 1 - 0.5) - width / pitch, pitch * side)[..., None] * strength
        canvas = canvas * (1 - line) + ink * line
    return canvas


def _ramp(level: np.ndarray, pixels_per_unit: float) -> np.ndarray:
    """1 where level < 0, 0 where level > 0, with a ramp one pixel wide between."""
    return np.clip(0.5 - level * pixels_per_unit, 0, 1)


def _noise(rng: np.random.Generator, size_wh: tuple[int, int], cells: int) -> np.ndarray:
    """Smooth noise (H, W), mostly in -1..1: random values on a grid of `cells` per shorter side,
    interpolated."""
    W, H = size_wh
    columns, rows = max(2, round(cells * W / min(W, H))), max(2, round(cells * H / min(W, H)))
    grid = Image.fromarray(rng.uniform(-1, 1, (rows, columns)).astype(np.float32))
    return np.asarray(grid.resize(size_wh, Image.Resampling.BICUBIC))

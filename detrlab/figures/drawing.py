"""Drawing on Axes in pixels of the picture: pictures, maps, boxes, markers, and labels readable on anything.

All places are continuous pixels (x, y): the picture spans 0..width and 0..height, so a box of the whole
picture is its border. (imshow's own frame is half a pixel off: it puts the centre of the first pixel at 0.)
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from detrlab.attention.grid import FeatureGrid, picture_size_hw

# Light colours, told apart by lightness and hue, each drawn on a dark casing: visible on any background.
COLOURS = ("#ffb000", "#59c8ff", "#ff7ab6", "#3fe0a1", "#fff06a", "#bda0ff", "#ff8a5c", "#c9d6df")
DARK = "#14161a"
MAP_COLOURS = "cividis"  # evenly rising lightness, the same for colour-blind eyes
NARROWEST, NARROWEST_PANEL = 5.4, 1.5  # inches that the titles of a figure and of a panel need
LARGEST_SIDE = 1000  # pixels of a picture as drawn; a photograph of 12 megapixels in ten panels takes seconds


def colour_of(number: int) -> str:
    """The colour of the number-th thing (from 0); they repeat, so things are numbered as well."""
    return COLOURS[number % len(COLOURS)]


def make_axes(rows: int, columns: int, panel_size: tuple[float, float], header: float = 0.6) -> list[Axes]:
    """rows x columns Axes in a new Figure, each about panel_size = (width, height) inches with room for a
    title.

    header: inches above them for the title of the whole figure; with one, the figure is wide enough for it.
    """
    width, height = panel_size
    wide = columns * (width + 0.08)
    figure = new_figure((max(wide, NARROWEST) if header else wide, rows * (height + 0.36) + header))
    return list(figure.subplots(rows, columns, squeeze=False).flat)


def new_figure(size: tuple[float, float]) -> Figure:
    """An empty Figure of size (width, height) in inches.

    It is closed for pyplot at once: a notebook then shows the Figure that a function returns once, not
    twice, and none pile up in memory.
    """
    figure = plt.figure(figsize=size, layout="constrained")
    plt.close(figure)
    return figure


def given_axes(axes: Axes | Sequence[Axes] | np.ndarray, count: int) -> list[Axes]:
    """The caller's Axes as a flat list; ValueError unless there are `count`."""
    flat = [axes] if isinstance(axes, Axes) else list(np.asarray(axes, dtype=object).flat)
    if len(flat) != count:
        raise ValueError(f"Got {len(flat)} Axes; this figure has {count} panels. Make them with plt.subplots.")
    return flat


def panel_size(picture: object, side: float) -> tuple[float, float]:
    """(width, height) in inches of a panel in the picture's shape, as large as a square of that side."""
    height, width = picture_size_hw(picture)
    root = min(max((width / height) ** 0.5, 0.6), 1.7)
    return max(side * root, NARROWEST_PANEL), side / root


def show_picture(ax: Axes, picture: object) -> None:
    """The picture in its own pixels, without ticks."""
    height, width = picture_size_hw(picture)
    step = max(1, -(-max(height, width) // LARGEST_SIDE))
    if step > 1 and hasattr(picture, "reduce"):
        picture = picture.reduce(step)
    ax.imshow(np.asarray(picture), extent=(0, width, height, 0), cmap="gray")
    _frame(ax, height, width)


def show_map(ax: Axes, map_hw: object, grid: FeatureGrid) -> None:
    """An attention map over the picture's frame, every cell at its true place, from 0 to the map's own
    maximum."""
    map_hw = np.asarray(map_hw)
    if map_hw.shape != grid.cells_hw:
        raise ValueError(f"The map is {map_hw.shape}; expected (H, W) = {grid.cells_hw}, the cells of the grid.")
    peak, mean = float(map_hw.max()), float(map_hw.mean())
    ax.imshow(map_hw, extent=grid.extent, cmap=MAP_COLOURS, vmin=0.0, vmax=peak, interpolation="nearest")
    _frame(ax, *grid.picture_hw)
    factor = f"{peak / mean:.{0 if peak > 10 * mean else 1}f}"
    ax.set_xlabel(f"max {peak:.2g} = {factor} x mean", fontsize=7, color="0.35", labelpad=2)


def draw_box(ax: Axes, box_xyxy: Sequence[float], colour: str, linewidth: float = 2.2) -> None:
    """A box (x0, y0, x1, y1) in pixels, cut at the picture's edge, light line on a dark casing."""
    left, right = sorted(ax.get_xlim())
    top, bottom = sorted(ax.get_ylim())
    x0, x1 = np.clip([box_xyxy[0], box_xyxy[2]], left, right)
    y0, y1 = np.clip([box_xyxy[1], box_xyxy[3]], top, bottom)
    ax.add_patch(
        Rectangle(
            (x0, y0),
            x1 - x0,
            y1 - y0,
            fill=False,
            edgecolor=colour,
            linewidth=linewidth,
            joinstyle="round",
            clip_on=False,  # along the picture's edge half the line would be missing
            path_effects=[withStroke(linewidth=linewidth + 2, foreground=DARK)],
        )
    )


def draw_cell(ax: Axes, grid: FeatureGrid, point_xy: tuple[float, float], colour: str) -> None:
    """The cell that holds a point (x, y) in pixels, and the point."""
    draw_box(ax, grid.cell_box_xyxy(*grid.cell_at(point_xy)), colour, 1.2)
    ax.plot(*point_xy, "o", markersize=3, color=colour, markeredgecolor=DARK, markeredgewidth=0.6, clip_on=False)


def draw_number(ax: Axes, grid: FeatureGrid, point_xy: tuple[float, float], number: int, colour: str) -> None:
    """A numbered badge beside the cell that holds a point: above it, or below where the picture ends."""
    x0, y0, x1, y1 = grid.cell_box_xyxy(*grid.cell_at(point_xy))
    above = y0 > 0.08 * grid.picture_hw[0]
    ax.annotate(
        str(number),
        ((x0 + x1) / 2, y0 if above else y1),
        xytext=(0, 11 if above else -11),
        textcoords="offset points",
        ha="center",
        va="center",
        fontsize=8.5,
        fontweight="bold",
        color=DARK,
        bbox={"boxstyle": "circle,pad=0.25", "facecolor": colour, "edgecolor": DARK, "linewidth": 1.4},
        annotation_clip=False,
    )


def draw_labels(ax: Axes, boxes_xyxy: Sequence[Sequence[float]], texts: Sequence[str], fontsize: float) -> None:
    """A text for each box, white with a dark stroke, beside its box and, where there is room, clear of the
    others."""
    # Text is measured in screen pixels, which are settled only once the figure is laid out.
    ax.figure.draw_without_rendering()
    picture = ax.get_window_extent()
    taken: list[Bbox] = []
    for box_xyxy, content in zip(boxes_xyxy, texts, strict=True):
        text = ax.text(
            0,
            0,
            content,
            fontsize=fontsize,
            fontweight="bold",
            color="white",
            path_effects=[withStroke(linewidth=2.6, foreground=DARK)],
            va="bottom",
            ha="left",
        )
        taken.append(_place(ax, text, box_xyxy, picture, taken))


def _place(ax: Axes, text: Text, box_xyxy: Sequence[float], picture: Bbox, taken: list[Bbox]) -> Bbox:
    """Moves a text to the corner of its box with the least overlap; returns where it lies, in screen
    pixels."""
    size = text.get_window_extent()
    (left, top), (right, bottom) = ax.transData.transform([box_xyxy[:2], box_xyxy[2:]])
    gap = 3.0
    ys = (top + gap, top - size.height - gap, bottom + gap, bottom - size.height - gap)  # screen y points up
    candidates: list[tuple[float, int, Bbox]] = []
    for y in ys:
        for x in (left + gap, right - size.width - gap):
            x = np.clip(x, picture.x0 + gap, max(picture.x0 + gap, picture.x1 - size.width - gap))
            spot = Bbox.from_bounds(x, y, size.width, size.height)
            outside = y < picture.y0 or y + size.height > picture.y1
            overlap = sum(_overlap(spot, other) for other in taken) / (size.width * size.height)
            candidates.append((overlap + 10 * outside, len(candidates), spot))
    spot = min(candidates)[2]
    text.set_position(ax.transData.inverted().transform((spot.x0, spot.y0)))
    return spot


def _overlap(a: Bbox, b: Bbox) -> float:
    both = Bbox.intersection(a, b)
    return 0.0 if both is None else both.width * both.height


def _frame(ax: Axes, height: int, width: int) -> None:
    """The picture's frame as the limits of the Axes, y downwards."""
    ax.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[], aspect="equal")
    for spine in ax.spines.values():
        spine.set_visible(False)

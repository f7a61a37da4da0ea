"""Drawing on Axes in pixels of the picture: pictures, maps over them, boxes, markers, and labels.

Our figures have no background of their own: what stands beside a picture is of a grey that can be read on a light
page and on a dark one.

All places are continuous pixels (x, y): the picture spans 0..width and 0..height, so a box of the whole
picture is its border. (imshow's own frame is half a pixel off: it puts the centre of the first pixel at 0.)
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import cycle

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize, PowerNorm
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.text import Text
from matplotlib.transforms import Bbox

from detrlab.attention.grid import FeatureGrid, picture_size_hw

# Light colours, told apart by lightness and hue, each drawn on a dark casing: visible on any background.
COLOURS = ("#ffb000", "#59c8ff", "#ff7ab6", "#3fe0a1", "#fff06a", "#bda0ff", "#ff8a5c", "#c9d6df")
DARK = "#14161a"
INK = "#7a7f87"  # of words beside pictures: contrast 4 with white, 4.7 with #111
MAP_COLOURS = "inferno"  # evenly rising lightness, the same for colour-blind eyes
NARROWEST, NARROWEST_PANEL = 6.4, 1.9  # inches that the titles of a figure and of a panel need
WIDEST = 8.8  # inches: notebooks shrink what is wider, and the words with it
WORDS, TITLE = 9.5, 11.5  # points
NARROW, SMALL_WORDS = 3.2, 7.5  # inches of a panel below which its labels are of so many points
PILL = 0.22  # margin of a pill around its text, of the text's size
DIMMEST, BRIGHTEST = 0.10, 0.62  # of the picture under a map, 0..1: dark enough for weights to shine on it
LARGEST_SIDE = 1000  # pixels of a picture as drawn; a photograph of 12 megapixels in ten panels takes seconds


def colour_of(number: int) -> str:
    """The colour of the number-th thing (from 0); they repeat, so things are numbered as well."""
    return COLOURS[number % len(COLOURS)]


def make_axes(rows: int, columns: int, panel_size: tuple[float, float], header: float = 0.6) -> list[Axes]:
    """rows x columns Axes in a new Figure without background, each about panel_size = (width, height) inches with room
    for a title.

    header: inches above them for the title of the whole figure; with one, the figure is wide enough for it.
    """
    width, height = panel_size
    wide = columns * (width + 0.08)
    figure = clear_figure((max(wide, NARROWEST) if header else wide, rows * (height + 0.5) + header))
    return list(figure.subplots(rows, columns, squeeze=False).flat)


def columns_for(count: int, width: float) -> int:
    """How many of `count` panels of that width (inches) stand side by side: rows are equally full where they can be."""
    most = max(1, min(count, int((WIDEST + 0.01) / (width + 0.08))))
    rows = -(-count // most)
    return -(-count // rows)


def clear_figure(size: tuple[float, float]) -> Figure:
    """As new_figure, without a background: words on it want INK."""
    figure = new_figure(size)
    figure.set_facecolor("none")
    figure.get_layout_engine().set(h_pad=0.08)  # inches between a caption and the title below it
    return figure


def new_figure(size: tuple[float, float]) -> Figure:
    """An empty Figure of size (width, height) in inches.

    It is closed for pyplot at once: a notebook then shows the Figure that a function returns once, not
    twice, and none pile up in memory.
    """
    figure = plt.figure(figsize=size, layout="constrained")
    plt.close(figure)
    return figure


def clear_subplots(rows: int, columns: int, size: tuple[float, float], title: str = "") -> tuple[Figure, np.ndarray]:
    """A new Figure of size (width, height) in inches without background, and its Axes [row, column].

    Titles, labels and ticks are of a grey that can be read on light pages and dark ones. A notebook shows it by
    `display(figure)`.
    """
    figure = clear_figure(size)
    axes = figure.subplots(rows, columns, squeeze=False)
    for ax in axes.flat:
        ax.set_facecolor("none")
        ax.tick_params(colors=INK)
        ax.spines[:].set_color(INK)
        for words in (ax.title, ax.xaxis.label, ax.yaxis.label):
            words.set_color(INK)
    if title:
        figure.suptitle(title, fontsize=TITLE, color=INK)
    return figure, axes


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
    ax.imshow(_reduced(picture), extent=(0, width, height, 0), cmap="gray")
    _frame(ax, height, width)


def show_map(ax: Axes, picture: object, map_hw: object, grid: FeatureGrid, scale: Normalize) -> None:
    """An attention map (H, W) over the dimmed picture, every cell at its true place; below it its maximum."""
    map_hw = np.asarray(map_hw)
    if map_hw.shape != grid.cells_hw:
        raise ValueError(f"The map is {map_hw.shape}; expected (H, W) = {grid.cells_hw}, the cells of the grid.")
    pixels = _reduced(picture)
    grey = pixels if pixels.ndim == 2 else pixels[..., :3] @ np.array([0.299, 0.587, 0.114])
    lowest, highest = -DIMMEST / (BRIGHTEST - DIMMEST), (1 - DIMMEST) / (BRIGHTEST - DIMMEST)
    height, width = grid.picture_hw
    white = 255.0 if grey.max() > 1 else 1.0
    ax.imshow(grey, extent=(0, width, height, 0), cmap="gray", vmin=lowest * white, vmax=highest * white)
    ax.imshow(map_hw, extent=grid.extent, cmap=_GLOWING, norm=scale, interpolation="nearest")
    _frame(ax, height, width)
    peak, mean = float(map_hw.max()), float(map_hw.mean())
    factor = f"{peak / mean:.{0 if peak > 10 * mean else 1}f}"
    ax.set_xlabel(f"max {peak:.2g} = {factor} x mean", fontsize=WORDS, color=INK, labelpad=3)


def one_scale(maps: Iterable[object]) -> Normalize:
    """From 0 to the largest weight of all maps, by the square root: then weights of a tenth of it are still seen."""
    return PowerNorm(0.5, 0.0, max(float(np.max(np.asarray(each))) for each in maps))


def draw_scale(axes: Sequence[Axes], scale: Normalize) -> None:
    """The colours of a scale as a bar below the Axes, with the weights they stand for."""
    figure = axes[0].figure
    shown = ScalarMappable(scale, _ON_GREY)
    looks = {"location": "bottom", "aspect": 45, "shrink": 0.5, "pad": 0.02, "ticks": [], "panchor": False}
    bar = figure.colorbar(shown, ax=list(axes), **looks)
    bar.outline.set_visible(False)
    bar.ax.set_facecolor("none")
    # No ticks: by their colour Jupyter would choose a white background for the whole figure.
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        weight = f"{scale.vmax * share**2:.2g}"
        bar.ax.text(share, -0.35, weight, transform=bar.ax.transAxes, ha="center", va="top", fontsize=9, color=INK)
    bar.ax.text(1.06, 0.5, "weight", transform=bar.ax.transAxes, ha="left", va="center", fontsize=9, color=INK)


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
        fontsize=9,
        fontweight="bold",
        color=DARK,
        bbox={"boxstyle": "circle,pad=0.25", "facecolor": colour, "edgecolor": DARK, "linewidth": 1.4},
        annotation_clip=False,
    )


def draw_labels(
    ax: Axes,
    boxes_xyxy: Sequence[Sequence[float]],
    texts: Sequence[str],
    fontsize: float,
    colours: Sequence[str] = COLOURS,
) -> None:
    """A pill with a text for each box, in its colour, beside it and, where there is room, clear of the others.

    colours: of the boxes; they repeat.
    """
    taken: list[Bbox] = []
    for number, (box_xyxy, text, colour) in enumerate(zip(boxes_xyxy, texts, cycle(colours), strict=False)):
        ax.add_artist(_Label(text, fontsize, colour, box_xyxy, number, taken))


class _Label(Text):
    """A pill that goes, whenever it is drawn, to that corner of its box where it hides least.

    Text is measured in screen pixels, and these are settled only when the figure is laid out: as it is drawn.
    """

    def __init__(
        self, text: str, fontsize: float, colour: str, box_xyxy: Sequence[float], number: int, taken: list[Bbox]
    ):
        """taken: where the pills of one Axes lie, in screen pixels; this one is the number-th of them."""
        pill = {"boxstyle": f"round,pad={PILL},rounding_size=0.35", "facecolor": colour, "edgecolor": DARK}
        super().__init__(
            *box_xyxy[:2], text, fontsize=fontsize, fontweight="bold", color=DARK, va="bottom", ha="left",
            bbox=pill | {"linewidth": 1}, clip_on=False,
        )  # fmt: skip
        self.set_in_layout(False)
        self._box_xyxy, self._number, self._taken = box_xyxy, number, taken

    def draw(self, renderer: RendererBase) -> None:
        """Draw it where it hides least now."""
        spot = self._spot(renderer)
        self._taken[self._number :] = [spot]
        self.set_position(self.axes.transData.inverted().transform((spot.x0 + self._margin, spot.y0 + self._margin)))
        super().draw(renderer)

    @property
    def _margin(self) -> float:
        return PILL * self.get_size() * self.figure.dpi / 72

    def _spot(self, renderer: RendererBase) -> Bbox:
        """Where its pill hides least, in screen pixels."""
        picture, taken = self.axes.get_window_extent(), self._taken[: self._number]
        pill = self.get_window_extent(renderer).padded(self._margin)
        (left, top), (right, bottom) = self.axes.transData.transform([self._box_xyxy[:2], self._box_xyxy[2:]])
        box = Bbox([(left, bottom), (right, top)])
        gap = 3.0
        ys = (top + gap, top - pill.height - gap, bottom + gap, bottom - pill.height - gap)  # screen y points up
        candidates: list[tuple[float, int, Bbox]] = []
        for y in ys:
            for x in (left, right - pill.width):
                x = np.clip(x, picture.x0, max(picture.x0, picture.x1 - pill.width))
                spot = Bbox.from_bounds(x, y, pill.width, pill.height)
                outside = y < picture.y0 or y + pill.height > picture.y1
                overlap = sum(_overlap(spot, other) for other in taken) / (pill.width * pill.height)
                hidden = _overlap(spot, box) / (box.width * box.height) if box.width * box.height else 0.0
                candidates.append((overlap + hidden + 10 * outside, len(candidates), spot))
        return min(candidates)[2]


def _overlap(a: Bbox, b: Bbox) -> float:
    both = Bbox.intersection(a, b)
    return 0.0 if both is None else both.width * both.height


def _reduced(picture: object) -> np.ndarray:
    """The picture's pixels, fewer where it is large."""
    step = max(1, -(-max(picture_size_hw(picture)) // LARGEST_SIDE))
    if step > 1 and hasattr(picture, "reduce"):
        picture = picture.reduce(step)
    return np.asarray(picture)


def _glowing() -> tuple[ListedColormap, ListedColormap]:
    """Colours that fade in from nothing, to lie over a picture; and how they look over its grey."""
    value = np.linspace(0, 1, 256)[:, None]
    colours = matplotlib.colormaps[MAP_COLOURS](0.25 + 0.75 * value[:, 0])[:, :3]
    opacity = np.clip(1.6 * value, 0, 0.92)
    grey = (DIMMEST + BRIGHTEST) / 2
    return (
        ListedColormap(np.hstack([colours, opacity])),
        ListedColormap(colours * opacity + grey * (1 - opacity)),
    )


_GLOWING, _ON_GREY = _glowing()


def _frame(ax: Axes, height: int, width: int) -> None:
    """The picture's frame as the limits of the Axes, y downwards."""
    ax.set(xlim=(0, width), ylim=(height, 0), xticks=[], yticks=[], aspect="equal")
    ax.set_facecolor("none")
    for spine in ax.spines.values():
        spine.set_visible(False)

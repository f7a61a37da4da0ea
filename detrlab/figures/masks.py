"""Figures of panoptic pictures: every segment in a colour of its own over the picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from detrlab.figures.drawing import (
    INK,
    TITLE,
    WORDS,
    colour_of,
    draw_labels,
    given_axes,
    make_axes,
    panel_size,
    show_picture,
)
from detrlab.panoptic.segments import PanopticMap

STRENGTH = 0.55  # of the colours over the picture


def plot_masks(picture: object, found: PanopticMap, classes: Sequence[str], ax: Axes | None = None) -> Figure:
    """The picture with its segments, each with its number (its id) and class; what is void stays as it is.

    picture: the one that was given to `segment`, opened (PIL) or as an array (height, width, 3). classes: names by
    label, `model.classes`.
    """
    ax = make_axes(1, 1, panel_size(picture, 6.0), header=0)[0] if ax is None else given_axes(ax, 1)[0]
    show_picture(ax, picture)
    height, width = found.ids.shape
    colours = [colour_of(number) for number in range(len(found.segments))]
    layer = np.zeros((height, width, 4))
    for segment, colour in zip(found.segments, colours, strict=True):
        layer[found.mask(segment)] = (*to_rgb(colour), STRENGTH)
    ax.imshow(layer, extent=(0, width, height, 0), interpolation="nearest")
    places = [_middle(found.mask(segment)) for segment in found.segments]
    draw_labels(ax, places, [f"{each.id} {classes[each.label]}" for each in found.segments], WORDS, colours or ["w"])
    count = len(found.segments)
    title = {0: "No segment above the threshold", 1: "1 segment"}.get(count, f"{count} segments")
    ax.set_title(title, fontsize=TITLE, fontweight="bold", color=INK)
    return ax.figure


def _middle(mask: np.ndarray) -> tuple[float, float, float, float]:
    """A small box (x0, y0, x1, y1) at the mask's upper edge, to put a label beside."""
    rows, columns = np.nonzero(mask)
    top = rows.min()
    x = float(np.median(columns[rows == top]))
    return x, float(top), x + 1, float(top) + 1

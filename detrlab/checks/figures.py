"""What a matplotlib figure shows, as numbers: boxes, circles, images and texts in data coordinates.

Figures are checked by what they draw, not by pixels, and however it was drawn: a box may be a Rectangle, a Polygon
or a closed line; a circle may be a Circle, a scatter point or a plotted marker. Boxes and circles come sorted, since
the order of drawing does not matter. Each function takes a Figure or one Axes.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse, FancyBboxPatch, Polygon, Rectangle


def _axes(drawing: Figure | Axes | object) -> list[Axes]:
    if isinstance(drawing, Axes):
        return [drawing]
    if isinstance(drawing, Figure):
        return list(drawing.axes)
    raise TypeError(f"a matplotlib Figure or Axes was expected, {type(drawing).__name__} came")


def _corners(artist: object) -> np.ndarray | None:
    """(x0, y0, x1, y1) of an artist that is an upright box, else None."""
    if isinstance(artist, FancyBboxPatch):  # the frame behind a label, not a detection
        return None
    if isinstance(artist, Rectangle):
        if artist.get_angle():
            return None
        x, y = artist.get_xy()
        points = np.array([[x, y], [x + artist.get_width(), y + artist.get_height()]])
    elif isinstance(artist, Polygon):
        points = artist.get_xy()
    elif isinstance(artist, Line2D):
        points = np.column_stack(artist.get_data())
        if len(points) < 4 or artist.get_linestyle() == "None":
            return None
    else:
        return None
    points = np.asarray(points, dtype=np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    on_corner = (
        (np.isclose(points, low) | np.isclose(points, high)).all() if not isinstance(artist, Rectangle) else True
    )
    return np.concatenate([low, high]) if on_corner else None


def _sorted_rows(rows: Iterable[np.ndarray], width: int) -> torch.Tensor:
    ordered = sorted((np.asarray(row, dtype=np.float64) for row in rows), key=lambda row: tuple(np.round(row, 3)))
    return torch.from_numpy(np.array(ordered, dtype=np.float32).reshape(-1, width))


def drawn_boxes(drawing: Figure | Axes) -> torch.Tensor:
    """(N, 4) float32 boxes xyxy in data coordinates, sorted by row."""
    found = (_corners(artist) for axes in _axes(drawing) for artist in [*axes.patches, *axes.lines])
    return _sorted_rows((box for box in found if box is not None), 4)


def drawn_circles(drawing: Figure | Axes) -> torch.Tensor:
    """(N, 2) float32 centres (x, y) of circles, scatter points and single markers, sorted by row."""
    centres: list[np.ndarray] = []
    for axes in _axes(drawing):
        centres += [np.asarray(patch.center) for patch in axes.patches if isinstance(patch, Ellipse)]
        for collection in axes.collections:
            centres += list(np.asarray(collection.get_offsets()))
        for line in axes.lines:
            if line.get_marker() not in (None, "None", "", " ") and (
                line.get_linestyle() == "None" or len(line.get_xdata()) == 1
            ):
                centres += list(np.column_stack(line.get_data()))
    return _sorted_rows(centres, 2)


def drawn_images(drawing: Figure | Axes) -> list[dict]:
    """For each image, as drawn: `data` (H, W[, channels]) float32 and `extent` (left, right, bottom, top)."""
    images = [image for axes in _axes(drawing) for image in axes.images]
    return [
        {
            "data": torch.from_numpy(np.array(image.get_array(), dtype=np.float32)),
            "extent": torch.tensor([float(side) for side in image.get_extent()]),
        }
        for image in images
    ]


def drawn_texts(drawing: Figure | Axes) -> list[str]:
    """All texts that are not empty, sorted: labels, titles and the figure's own title."""
    texts = [text.get_text() for axes in _axes(drawing) for text in [*axes.texts, axes.title]]
    if isinstance(drawing, Figure) and drawing.get_suptitle():
        texts.append(drawing.get_suptitle())
    return sorted(text for text in texts if text.strip())

"""What a matplotlib figure shows, as numbers: boxes, circles, images and texts in data coordinates.

Figures are checked by what they draw, not by pixels, and however it was drawn: a box is any closed outline with four
upright sides (a Rectangle, a Polygon, a path, a closed line, alone or in a collection); a circle may be a patch, a
round outline, a scatter point or a plotted marker. Boxes and circles come sorted, since the order of drawing does not
matter. Each function takes a Figure, with all axes and subfigures in it, or one Axes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.collections import Collection, QuadMesh
from matplotlib.figure import Figure, FigureBase
from matplotlib.lines import Line2D
from matplotlib.patches import Annulus, Ellipse, FancyArrowPatch, FancyBboxPatch, RegularPolygon, Wedge
from matplotlib.path import Path
from matplotlib.transforms import IdentityTransform

if TYPE_CHECKING:
    import torch

# The frame behind a label and the arrow to a point are no detections; a mesh is a map, not a crowd of boxes.
_NEITHER = (FancyBboxPatch, FancyArrowPatch, QuadMesh)
_CURVES = (Path.CURVE3, Path.CURVE4)
ROUND = 0.05  # how far, in radii, the points of a round outline may lie from the circle: a 20-sided one is round


def drawn_axes(drawing: Figure | Axes) -> list[Axes]:
    """All axes of a figure, also those inset into others and those of subfigures; one Axes stands for itself."""
    if isinstance(drawing, Axes):
        return [drawing]
    if isinstance(drawing, FigureBase):
        return [each for axes in drawing.axes for each in _with_insets(axes)]
    raise TypeError(f"a matplotlib Figure or Axes was expected, {type(drawing).__name__} came")


def _with_insets(axes: Axes) -> list[Axes]:
    return [axes, *(each for inset in axes.child_axes if isinstance(inset, Axes) for each in _with_insets(inset))]


def _has_places(collection: Collection) -> bool:
    """Does it draw its shapes at places, as a scatter does, rather than where their own points say?"""
    return not isinstance(collection.get_offset_transform(), IdentityTransform)


def _paths(artist: Artist, axes: Axes) -> Iterator[Path]:
    """The outlines of a patch, line or collection in data coordinates."""
    if isinstance(artist, _NEITHER) or (isinstance(artist, Line2D) and artist.get_linestyle() == "None"):
        return
    to_data = artist.get_transform() - axes.transData
    if isinstance(artist, Collection):
        found = () if _has_places(artist) else artist.get_paths()
    else:
        found = (artist.get_path(),)
    for path in found:
        if len(path.vertices):
            yield to_data.transform_path(path)


def _outlines(artist: Artist, axes: Axes) -> Iterator[np.ndarray]:
    """(n, 2) points of each closed outline without curves, the first point not repeated at its end."""
    for path in _paths(artist, axes):
        if path.codes is not None and np.isin(path.codes, _CURVES).any():
            continue
        for points in path.to_polygons(closed_only=False):
            points = np.asarray(points, dtype=np.float64)
            if len(points) > 3 and np.allclose(points[0], points[-1]):
                yield points[:-1]


def _box(points: np.ndarray) -> np.ndarray | None:
    """(x0, y0, x1, y1) of an outline along four upright sides, else None."""
    low, high = points.min(axis=0), points.max(axis=0)
    at_low, at_high = np.isclose(points, low), np.isclose(points, high)
    upright = np.isclose(points, np.roll(points, 1, axis=0)).any(axis=1).all()
    corners = {(bool(x), bool(y)) for x, y in at_high}
    return np.concatenate([low, high]) if (at_low | at_high).all() and upright and len(corners) == 4 else None


def _centre(points: np.ndarray) -> np.ndarray | None:
    """(x, y) of the middle of a round outline of eight points or more, else None."""
    centre, half = points.mean(axis=0), np.ptp(points, axis=0) / 2
    if len(points) < 8 or not half.all():
        return None
    return centre if np.abs(np.hypot(*((points - centre) / half).T) - 1).max() < ROUND else None


def _round_curves(artist: Artist, axes: Axes) -> Iterator[np.ndarray]:
    """Centres of the closed curves among an artist's outlines: a circle as a path of Bezier curves."""
    for path in _paths(artist, axes):
        if path.codes is not None and np.isin(path.codes, _CURVES).any():
            box = path.get_extents()
            yield np.array([(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2])


def _sorted_rows(rows: Iterable[np.ndarray], width: int) -> torch.Tensor:
    import torch

    ordered = sorted((np.asarray(row, dtype=np.float64) for row in rows), key=lambda row: np.round(row, 3).tolist())
    return torch.from_numpy(np.array(ordered, dtype=np.float32).reshape(-1, width))


def drawn_boxes(drawing: Figure | Axes) -> torch.Tensor:
    """(N, 4) float32 boxes xyxy in data coordinates, sorted by row; what is drawn twice comes twice."""
    found = (
        _box(points)
        for axes in drawn_axes(drawing)
        for artist in [*axes.patches, *axes.lines, *axes.collections]
        for points in _outlines(artist, axes)
    )
    return _sorted_rows((box for box in found if box is not None), 4)


def drawn_circles(drawing: Figure | Axes) -> torch.Tensor:
    """(N, 2) float32 centres (x, y) of circles, scatter points and markers, sorted by row."""
    return _sorted_rows((centre for axes in drawn_axes(drawing) for centre in _centres(axes)), 2)


def _centres(axes: Axes) -> Iterator[np.ndarray]:
    for artist in [*axes.patches, *axes.lines, *axes.collections]:
        if isinstance(artist, Ellipse | Annulus | Wedge):
            yield np.asarray(artist.center)
        elif isinstance(artist, RegularPolygon):  # a CirclePolygon is one
            yield np.asarray(artist.xy)
        elif isinstance(artist, Line2D) and _is_markers(artist):
            yield from artist.get_xydata()
        elif isinstance(artist, Collection) and _has_places(artist):
            yield from (artist.get_offset_transform() - axes.transData).transform(np.asarray(artist.get_offsets()))
        else:
            yield from _round_curves(artist, axes)
            yield from (c for points in _outlines(artist, axes) if (c := _centre(points)) is not None)


def _is_markers(line: Line2D) -> bool:
    marked = line.get_marker() not in (None, "None", "", " ")
    return marked and (line.get_linestyle() == "None" or len(line.get_xdata()) == 1)


def drawn_images(drawing: Figure | Axes) -> list[dict]:
    """For each image, as drawn: `data` (H, W[, channels]) float32 and `extent` (left, right, bottom, top)."""
    import torch

    images = [image for axes in drawn_axes(drawing) for image in axes.images]
    return [
        {
            "data": torch.from_numpy(np.array(image.get_array(), dtype=np.float32)),
            "extent": torch.tensor([float(side) for side in image.get_extent()]),
        }
        for image in images
    ]


def drawn_texts(drawing: Figure | Axes) -> list[str]:
    """All texts that are not empty, sorted: labels, titles (left, middle, right) and a figure's own texts."""
    texts = [text.get_text() for axes in drawn_axes(drawing) for text in axes.texts]
    texts += [axes.get_title(where) for axes in drawn_axes(drawing) for where in ("left", "center", "right")]
    if isinstance(drawing, FigureBase):
        texts += [text.get_text() for text in _figure_texts(drawing)]
    return sorted(text for text in texts if text.strip())


def _figure_texts(figure: FigureBase) -> list:
    """Texts of a figure and of its subfigures; the title over all panels is one of them."""
    return [*figure.texts, *(text for inner in figure.subfigs for text in _figure_texts(inner))]

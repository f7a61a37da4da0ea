"""What a matplotlib figure shows, as numbers: boxes, circles, images and texts in data coordinates.

Figures are checked by what a person sees in them, however it was drawn: a box is any closed outline with four upright
sides that shows what is inside (a Rectangle, a Polygon, a path, a closed line, alone or in a collection); a circle may
be a patch, a round outline, a scatter point or a plotted marker, neither a speck nor as large as its axes; a picture is
the colours at places in data coordinates, whatever its array's size, channels and origin. Boxes and circles come
sorted, since the order of drawing does not matter. Each function takes a Figure, with all axes and subfigures in it, or
one Axes.
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

# The arrow to a point is no detection; a mesh is a map, not a crowd of boxes.
_NEITHER = (FancyArrowPatch, QuadMesh)
_CURVES = (Path.CURVE3, Path.CURVE4)
OPAQUE = 0.5  # a filling of more than this hides what is inside
SPECK, HUGE = 1 / 300, 1 / 3  # of the longer side of the axes: the width of a circle lies between
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


def _paths(artist: Artist, axes: Axes) -> Iterator[tuple[Path, bool]]:
    """The outlines of a patch, line or collection in data coordinates, and whether each hides what is inside.

    What is not seen at all is left out: neither a line nor a filling, or invisible.
    """
    if isinstance(artist, _NEITHER) or (isinstance(artist, Line2D) and artist.get_linestyle() == "None"):
        return
    if not artist.get_visible():
        return
    to_data = artist.get_transform() - axes.transData
    if isinstance(artist, Collection):
        found = () if _has_places(artist) else artist.get_paths()
    else:
        found = (artist.get_path(),)
    for i, path in enumerate(found):
        line, filling = _look(artist, i)
        if len(path.vertices) and (line or filling > OPAQUE):
            yield to_data.transform_path(path), filling > OPAQUE


def _look(artist: Artist, i: int) -> tuple[bool, float]:
    """Is there a line around the i-th shape, and how opaque is its filling, 0..1?"""
    if isinstance(artist, Line2D):
        return artist.get_linewidth() > 0, 0.0
    if isinstance(artist, Collection):
        lines, fillings, widths = artist.get_edgecolor(), artist.get_facecolor(), artist.get_linewidth()
    else:
        lines, fillings, widths = [artist.get_edgecolor()], [artist.get_facecolor()], [artist.get_linewidth()]
    line = len(lines) > 0 and len(widths) > 0 and lines[i % len(lines)][3] > 0 and widths[i % len(widths)] > 0
    return bool(line), float(fillings[i % len(fillings)][3]) if len(fillings) else 0.0


def _outlines(artist: Artist, axes: Axes) -> Iterator[tuple[np.ndarray, bool]]:
    """(n, 2) points of each closed outline without curves, the first not repeated at its end; and whether it hides."""
    for path, hides in _paths(artist, axes):
        if path.codes is not None and np.isin(path.codes, _CURVES).any():
            continue
        for points in path.to_polygons(closed_only=False):
            points = np.asarray(points, dtype=np.float64)
            if len(points) > 3 and np.allclose(points[0], points[-1]):
                yield points[:-1], hides


def _box(points: np.ndarray) -> np.ndarray | None:
    """(x0, y0, x1, y1) of an outline along four upright sides, else None."""
    low, high = points.min(axis=0), points.max(axis=0)
    at_low, at_high = np.isclose(points, low), np.isclose(points, high)
    upright = np.isclose(points, np.roll(points, 1, axis=0)).any(axis=1).all()
    corners = {(bool(x), bool(y)) for x, y in at_high}
    return np.concatenate([low, high]) if (at_low | at_high).all() and upright and len(corners) == 4 else None


def _is_seen(size: np.ndarray, axes: Axes) -> bool:
    """Is a circle of this width and height, in data coordinates, neither a speck nor as large as its axes?"""
    view = max(abs(axes.viewLim.width), abs(axes.viewLim.height))
    return SPECK * view < np.abs(size).max() < HUGE * view


def _centre(points: np.ndarray, axes: Axes) -> np.ndarray | None:
    """(x, y) of the middle of a round outline of eight points or more, else None."""
    centre, half = points.mean(axis=0), np.ptp(points, axis=0) / 2
    if len(points) < 8 or not half.all() or not _is_seen(2 * half, axes):
        return None
    return centre if np.abs(np.hypot(*((points - centre) / half).T) - 1).max() < ROUND else None


def _round_curves(artist: Artist, axes: Axes) -> Iterator[np.ndarray]:
    """Centres of the closed curves among an artist's outlines: a circle as a path of Bezier curves."""
    for path, _ in _paths(artist, axes):
        if path.codes is not None and np.isin(path.codes, _CURVES).any():
            box = path.get_extents()
            if _is_seen(np.array([box.width, box.height]), axes):
                yield np.array([(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2])


def _sorted_rows(rows: Iterable[np.ndarray], width: int) -> torch.Tensor:
    import torch

    ordered = sorted((np.asarray(row, dtype=np.float64) for row in rows), key=lambda row: np.round(row, 3).tolist())
    return torch.from_numpy(np.array(ordered, dtype=np.float32).reshape(-1, width))


def drawn_boxes(drawing: Figure | Axes, filled: bool = False) -> torch.Tensor:
    """(N, 4) float32 boxes xyxy in data coordinates, sorted by row; what is drawn twice comes twice.

    A box shows what is inside; with `filled` those are given that hide it, such as a patch of colour under a label.
    """
    found = (
        _box(points)
        for axes in drawn_axes(drawing)
        for artist in [*axes.patches, *axes.lines, *axes.collections]
        for points, hides in _outlines(artist, axes)
        if hides == filled
    )
    return _sorted_rows((box for box in found if box is not None), 4)


def drawn_circles(drawing: Figure | Axes) -> torch.Tensor:
    """(N, 2) float32 centres (x, y) of circles, scatter points and markers that are seen as such, sorted by row."""
    return _sorted_rows((centre for axes in drawn_axes(drawing) for centre in _centres(axes)), 2)


def _centres(axes: Axes) -> Iterator[np.ndarray]:
    for artist in [*axes.patches, *axes.lines, *axes.collections]:
        if isinstance(artist, FancyBboxPatch):  # rounded corners make no circle
            continue
        if isinstance(artist, Ellipse | Annulus | Wedge | RegularPolygon):  # a CirclePolygon is a RegularPolygon
            box = artist.get_patch_transform().transform_path(artist.get_path()).get_extents()
            if _is_seen(np.array([box.width, box.height]), axes):
                yield np.asarray(artist.xy if isinstance(artist, RegularPolygon) else artist.center)
        elif isinstance(artist, Line2D) and _is_markers(artist):
            yield from artist.get_xydata()
        elif isinstance(artist, Collection) and _has_places(artist):
            if _marks_are_seen(artist):
                yield from (artist.get_offset_transform() - axes.transData).transform(np.asarray(artist.get_offsets()))
        else:
            yield from _round_curves(artist, axes)
            yield from (c for points, _ in _outlines(artist, axes) if (c := _centre(points, axes)) is not None)


def _marks_are_seen(collection: Collection) -> bool:
    """Have the points of a scatter a size?"""
    return not hasattr(collection, "get_sizes") or len(collection.get_sizes()) == 0 or collection.get_sizes().max() > 0


def _is_markers(line: Line2D) -> bool:
    marked = line.get_marker() not in (None, "None", "", " ") and line.get_markersize() > 0
    return marked and (line.get_linestyle() == "None" or len(line.get_xdata()) == 1)


def drawn_images(drawing: Figure | Axes) -> list[dict]:
    """For each image `data` (H, W[, channels]) float32 and `extent` (left, right, bottom, top).

    The first row of `data` is the one that is seen at the top, the first column is seen on the left, whatever the
    origin and the direction of the axes.
    """
    import torch

    found = []
    for axes in drawn_axes(drawing):
        for image in axes.images:
            data, (left, right, bottom, top) = np.array(image.get_array(), dtype=np.float32), image.get_extent()
            first_y, last_y = (bottom, top) if image.origin == "lower" else (top, bottom)
            (first_x, first_y), (last_x, last_y) = axes.transData.transform([(left, first_y), (right, last_y)])
            data = data[:: 1 if first_y >= last_y else -1, :: 1 if first_x <= last_x else -1]
            extent = torch.tensor([float(side) for side in (left, right, bottom, top)])
            found.append({"data": torch.from_numpy(data.copy()), "extent": extent})
    return found


def drawn_colours(axes: Axes, points_xy: Iterable[Iterable[float]]) -> torch.Tensor:
    """(N, 3) float32 colours red, green, blue in 0..1 of the uppermost picture at N points in data coordinates.

    A picture is an image, or a mesh of colours, with three channels or four. Where there is none, it is all nan.
    """
    import torch

    pictures = sorted([*axes.images, *_meshes(axes)], key=lambda picture: picture.get_zorder())
    colours = np.full((len(points := [tuple(point) for point in points_xy]), 3), np.nan, dtype=np.float32)
    for picture in pictures:
        values = np.asarray(picture.get_array())
        if values.ndim != 3 or not picture.get_visible():
            continue
        scale = 255 if values.dtype == np.uint8 else 1
        for i, (x, y) in enumerate(points):
            row, column = _cell(picture, values.shape[:2], x, y)
            if 0 <= row < values.shape[0] and 0 <= column < values.shape[1]:
                colours[i] = values[row, column, :3] / scale
    return torch.from_numpy(colours)


def _meshes(axes: Axes) -> list[QuadMesh]:
    return [collection for collection in axes.collections if isinstance(collection, QuadMesh)]


def _cell(picture: Artist, shape: tuple[int, int], x: float, y: float) -> tuple[int, int]:
    """Row and column of a picture's array at a point in data coordinates; outside of the array where there is none."""
    if isinstance(picture, QuadMesh):  # its corners, (H + 1, W + 1, 2)
        corners = picture.get_coordinates()
        return int(_place(corners[:, 0, 1], y)), int(_place(corners[0, :, 0], x))
    left, right, bottom, top = picture.get_extent()
    first, last = (bottom, top) if picture.origin == "lower" else (top, bottom)
    return int(np.floor((y - first) / (last - first) * shape[0])), int(np.floor((x - left) / (right - left) * shape[1]))


def _place(borders: np.ndarray, value: float) -> int:
    """Between which of the borders a value lies, counted from 0; they rise or fall."""
    rising = borders[-1] >= borders[0]
    count = np.searchsorted(borders if rising else -borders, value if rising else -value)
    return int(count) - 1


def drawn_labels(axes: Axes) -> list[tuple[str, list[float]]]:
    """Each text inside the axes that is not empty, with the box (x0, y0, x1, y1) it covers in data coordinates."""
    axes.apply_aspect()  # where a text lies hangs on the picture's aspect
    found = []
    for text in axes.texts:
        if text.get_text().strip() and text.get_visible():
            corners = axes.transData.inverted().transform(text.get_window_extent().get_points())
            found.append((text.get_text(), [float(each) for each in (*corners.min(axis=0), *corners.max(axis=0))]))
    return found


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

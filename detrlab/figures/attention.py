"""Figures of attention: per query, for points of the picture and the class token, over heads and over layers.

After figures 3 and 6 of the DETR paper. Maps lie over the picture, in grey, with every cell of the feature map at its
true place. All maps of a figure share one scale of colours, from 0 to the largest weight of all; below each stands its
own maximum, and each title says who looks at what.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from detrlab.attention.capture import CapturedAttention
from detrlab.attention.encoder import Head
from detrlab.attention.grid import FeatureGrid
from detrlab.attention.record import Kind
from detrlab.detr.detect import Detection, Detections
from detrlab.figures.drawing import (
    INK,
    NARROWEST,
    TITLE,
    WIDEST,
    WORDS,
    clear_figure,
    colour_of,
    columns_for,
    draw_box,
    draw_cell,
    draw_labels,
    draw_number,
    draw_scale,
    given_axes,
    make_axes,
    one_scale,
    panel_size,
    show_map,
    show_picture,
)

Direction = Literal["looks at", "is looked at from"]
Point = tuple[float, float]
Looker = Detection | Point | Literal["class token"]
MEANING = {
    "looks at": "where each marked point looks (its row)",
    "is looked at from": "who looks at each marked point (its column)",
}
SIDE = 2.1  # inches of a panel


def plot_decoder_attention(
    picture: object,
    detections: Detections,
    attention: CapturedAttention,
    *,
    layer: int = -1,
    head: Head = "mean",
    sample: int = 0,
    axes: Sequence[Axes] | None = None,
) -> Figure:
    """The picture with its detections, then for each of them where its object query looks (cross-attention).

    axes: the picture's, then one per detection.
    """
    N = len(detections)
    grid = attention.grid(sample, picture)
    maps = attention.decoder_cross(layer, _one_map(head), sample=sample)  # (Q, H, W)
    made = axes is None
    first, *others = axes = _axes_in_rows(picture, 1 + N) if made else given_axes(axes, 1 + N)
    show_picture(first, picture)
    _title(first, {0: "no query above the threshold", 1: "1 detection"}.get(N, f"{N} detections"))
    for number, detection in reversed(list(enumerate(detections))):
        draw_box(first, detection.box_xyxy, colour_of(number), 1.6)
    scale = one_scale(maps[each.query] for each in detections) if N else None
    for number, (detection, ax) in enumerate(zip(detections, others, strict=True)):
        show_map(ax, picture, maps[detection.query], grid, scale)
        draw_box(ax, detection.box_xyxy, colour_of(number), 1.2)
        _title(ax, f"query {detection.query} looks at")
    if made:
        if N:
            draw_scale(axes, scale)
        _describe(first.figure, attention, "cross", layer, head, "where the query of each detection looks")
    draw_labels(first, detections.boxes_xyxy.tolist(), [str(number) for number in range(1, N + 1)], WORDS)
    for number, (detection, ax) in enumerate(zip(detections, others, strict=True)):
        label = f"{number + 1} {detection.name} {detection.score:.2f}"
        draw_labels(ax, [detection.box_xyxy], [label], WORDS, [colour_of(number)])
    return first.figure


def plot_encoder_attention(
    picture: object,
    attention: CapturedAttention,
    points: Sequence[Point] | None = None,
    direction: Direction = "looks at",
    *,
    layer: int = -1,
    head: Head = "mean",
    sample: int = 0,
    axes: Sequence[Axes] | None = None,
) -> Figure:
    """The encoder's self-attention for points of the picture, drawn around it.

    points: (x, y) in pixels of the picture; by default four, in the middle of its quarters.
    direction: "looks at" draws where each point looks, "is looked at from" who looks at the point; the
    official notebook's figure of this kind shows the second. axes: the picture's, then one per point.
    """
    encoder = attention.encoder(layer, _one_map(head), sample=sample, picture=picture)
    points = _middles_of_quarters(encoder.grid) if points is None else points
    look = _looking(direction)
    made = axes is None
    centre, *around = axes = _axes_around(picture, len(points)) if made else given_axes(axes, 1 + len(points))
    show_picture(centre, picture)
    maps = [getattr(encoder, look)(point_xy) for point_xy in points]
    scale = one_scale(maps)
    for number, (point_xy, map_hw, ax) in enumerate(zip(points, maps, around, strict=True), start=1):
        colour = colour_of(number - 1)
        show_map(ax, picture, map_hw, encoder.grid, scale)
        _title(ax, f"point {number} {direction}")
        for each in (centre, ax):
            draw_cell(each, encoder.grid, point_xy, colour)
        draw_number(centre, encoder.grid, point_xy, number, colour)
    if made:
        _title(centre, "the points and their cells")
        draw_scale(axes, scale)
        _describe(centre.figure, attention, "encoder", layer, head, MEANING[direction])
    return centre.figure


def plot_attention_heads(
    picture: object,
    attention: CapturedAttention,
    of: Looker,
    direction: Direction = "looks at",
    *,
    layer: int = -1,
    sample: int = 0,
    axes: Sequence[Axes] | None = None,
) -> Figure:
    """All heads of one layer, and their mean.

    of: one of the detections (its query's cross-attention), or a point (x, y) in pixels (the encoder's
    self-attention), or "class token" (of a vision transformer). direction counts for points only; the others
    always look at cells. axes: picture, mean, then one per head.
    """
    kind = _kind(of)
    maps = _maps(picture, attention, of, direction, layer, "all", sample)  # (M, H, W)
    panels = [("mean of heads", maps.mean(0))] + [(f"head {m}", each) for m, each in enumerate(maps)]
    return _gallery(picture, attention, of, direction, sample, axes, panels, (kind, layer, "all"))


def plot_attention_layers(
    picture: object,
    attention: CapturedAttention,
    of: Looker,
    direction: Direction = "looks at",
    *,
    head: Head = "mean",
    sample: int = 0,
    axes: Sequence[Axes] | None = None,
) -> Figure:
    """One head, or the mean of heads, in all layers; the rest as in plot_attention_heads. axes: picture,
    then one per layer."""
    kind = _kind(of)
    layers = range(attention.layers(kind))
    panels = [
        (
            f"layer {layer}" + " (last)" * (layer == layers[-1]),
            _maps(picture, attention, of, direction, layer, _one_map(head), sample),
        )
        for layer in layers
    ]
    return _gallery(picture, attention, of, direction, sample, axes, panels, (kind, None, head))


def _gallery(
    picture: object,
    attention: CapturedAttention,
    of: Looker,
    direction: Direction,
    sample: int,
    axes: Sequence[Axes] | None,
    panels: list[tuple[str, Tensor]],
    what: tuple[Kind, int | None, Head],
) -> Figure:
    """The picture with the box or point, then the maps (H, W) with their titles."""
    grid = attention.grid(sample, picture)
    made = axes is None
    count = 1 + len(panels)
    axes = _axes_in_rows(picture, count) if made else given_axes(axes, count)
    show_picture(axes[0], picture)
    if isinstance(of, Detection):
        _title(axes[0], f"{of.name} {of.score:.2f}")
        who = f"where query {of.query} looks"
    elif isinstance(of, str):
        _title(axes[0], "the picture")
        who = f"where the {of} looks"
    else:
        _title(axes[0], f"the point ({of[0]:.0f}, {of[1]:.0f})")
        who = MEANING[direction].replace("each", "the")
    scale = one_scale(map_hw for _, map_hw in panels)
    for ax, (title, map_hw) in zip(axes[1:], panels, strict=True):
        show_map(ax, picture, map_hw, grid, scale)
        _title(ax, title)
    for ax in axes:
        if isinstance(of, Detection):
            draw_box(ax, of.box_xyxy, colour_of(0), 1.2)
        elif not isinstance(of, str):
            draw_cell(ax, grid, of, colour_of(0))
    if made:
        draw_scale(axes, scale)
        _describe(axes[0].figure, attention, *what, who)
    return axes[0].figure


def _maps(
    picture: object,
    attention: CapturedAttention,
    of: Looker,
    direction: Direction,
    layer: int,
    head: Head,
    sample: int,
) -> Tensor:
    """([M,] H, W): the row of a detection's query or of the class token, or the row or column of a point's cell."""
    look = _looking(direction)
    if isinstance(of, Detection):
        return attention.decoder_cross(layer, head, sample=sample, query=of.query)
    if isinstance(of, str):
        return attention.cls_looks_at(layer, head, sample=sample)
    return getattr(attention.encoder(layer, head, sample=sample, picture=picture), look)(of)


def _kind(of: Looker) -> Literal["cross", "encoder"]:
    if isinstance(of, Detection):
        return "cross"
    if of != "class token" and (isinstance(of, str) or len(of) != 2):
        raise ValueError(
            f"Got {of!r}; expected one of the detections, a point (x, y) in pixels of the picture, or 'class token'."
        )
    return "encoder"


def _middles_of_quarters(grid: FeatureGrid) -> list[Point]:
    """Centres (x, y) of the cells in the middle of the picture's quarters: on the left from the top, then
    on the right."""
    height, width = grid.picture_hw
    points = []
    for x in (width / 4, width * 3 / 4):
        for y in (height / 4, height * 3 / 4):
            x0, y0, x1, y1 = grid.cell_box_xyxy(*grid.cell_at((x, y)))
            points.append(((x0 + x1) / 2, (y0 + y1) / 2))
    return points


def _one_map(head: Head) -> Head:
    if head == "all":
        raise ValueError('head="all" has no single map; give a number or "mean", or use plot_attention_heads.')
    return head


def _looking(direction: str) -> Literal["looks_at", "is_looked_at_from"]:
    if direction not in MEANING:
        raise ValueError(f"direction={direction!r}; expected " + " or ".join(repr(each) for each in MEANING) + ".")
    return "looks_at" if direction == "looks at" else "is_looked_at_from"


def _axes_in_rows(picture: object, count: int) -> list[Axes]:
    """`count` Axes in rows that fit into a notebook."""
    size = panel_size(picture, SIDE)
    columns = columns_for(count, size[0])
    axes = make_axes(-(-count // columns), columns, size, header=1.1)
    for ax in axes[count:]:
        ax.remove()
    return axes[:count]


def _axes_around(picture: object, points: int) -> list[Axes]:
    """The picture's Axes in the middle, then the points' Axes: half of them to its left, the rest to its right."""
    rows = max(1, -(-points // 2))
    columns = 2 if points < 2 else 3
    width, height = panel_size(picture, SIDE)
    wide = min(max((columns + 0.7) * width, NARROWEST), WIDEST)
    figure = clear_figure((wide, max(rows, 1.7) * (height * min(1, wide / ((columns + 0.7) * width)) + 0.55) + 1.1))
    spec = figure.add_gridspec(rows, columns, width_ratios=[1, 1.7, 1][-columns:])
    places = [(row, column) for column in (0, 2) for row in range(rows)] if columns == 3 else [(0, 1)]
    return [
        figure.add_subplot(spec[:, 1 if columns == 3 else 0]),
        *(figure.add_subplot(spec[row, column]) for row, column in places[:points]),
    ]


def _title(ax: Axes, text: str) -> None:
    ax.set_title(text, fontsize=WORDS, fontweight="bold", color=INK, pad=4)


def _which(what: str, number: int, count: int) -> str:
    """("layer", 1, 3) -> "layer 1 (2nd of 3)": Python counts from 0, readers from 1."""
    place = {1: "1st", 2: "2nd", 3: "3rd", count: "last"}.get(number + 1, f"{number + 1}th")
    return f"{what} {number} ({place} of {count})"


def _describe(
    figure: Figure, attention: CapturedAttention, kind: Kind, layer: int | None, head: Head, who: str
) -> None:
    """Title of a whole figure: which attention, which layer and head, who looks."""
    L, M = attention.layers(kind), attention.heads(kind)
    name = {"cross": "Decoder cross-attention", "encoder": "Encoder self-attention"}[kind]
    where = f"all {L} layers" if layer is None else _which("layer", layer % L, L)
    heads = (
        _which("head", head, M) if isinstance(head, int) else f"mean of {M} heads" if head == "mean" else f"{M} heads"
    )
    figure.suptitle(f"{name}, {where}, {heads}\n{who}", fontsize=TITLE, fontweight="bold", color=INK)

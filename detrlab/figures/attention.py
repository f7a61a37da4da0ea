"""Figures of attention: per query, for points of the picture, over heads and over layers.

After figures 3 and 6 of the DETR paper. Each map is drawn from 0 to its own maximum (written below
it), with every cell of the feature map at its true place over the picture, and each title says who
looks at what.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from torch import Tensor

from detrlab.attention.capture import CapturedAttention, Head, Kind
from detrlab.attention.grid import FeatureGrid
from detrlab.detr.detect import Detection, Detections
from detrlab.figures.drawing import (
    NARROWEST,
    colour_of,
    draw_box,
    draw_cell,
    draw_number,
    given_axes,
    make_axes,
    new_figure,
    panel_size,
    show_map,
    show_picture,
)

Direction = Literal["looks at", "is looked at from"]
Point = tuple[float, float]
MEANING = {
    "looks at": "where each marked point looks (its row)",
    "is looked at from": "who looks at each marked point (its column)",
}
COLUMNS = 6  # panels side by side; more go to further rows


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
    """For each detection, where its object query looks (cross-attention), above the picture with its box.

    axes: 2 N of them for N detections, the maps' row first; one for N = 0, which only shows the picture.
    """
    N = len(detections)
    if N == 0:
        ax = make_axes(1, 1, panel_size(picture, 4.0), header=0.25)[0] if axes is None else given_axes(axes, 1)[0]
        show_picture(ax, picture)
        ax.set_title("No query above the threshold:\nno decoder attention to show", fontsize=11)
        return ax.figure

    grid = attention.grid(sample, picture)
    maps = attention.decoder_cross(layer, _one_map(head), sample=sample)  # (Q, H, W)
    made = axes is None
    if made:
        bands = -(-N // COLUMNS)
        columns = -(-N // bands)
        table = make_axes(2 * bands, columns, panel_size(picture, 2.0 if N > 2 else 2.6))
        starts = [2 * (i // columns) * columns + i % columns for i in range(N)]
        pairs = [(table[start], table[start + columns]) for start in starts]
        for ax in set(table) - {ax for pair in pairs for ax in pair}:
            ax.set_axis_off()
    else:
        flat = given_axes(axes, 2 * N)
        pairs = list(zip(flat[:N], flat[N:], strict=True))
    for number, (detection, (above, below)) in enumerate(zip(detections, pairs, strict=True)):
        colour = colour_of(number)
        show_map(above, maps[detection.query], grid)
        draw_box(above, detection.box_xyxy, colour, 1.2)
        above.set_title(f"query {detection.query} looks at", fontsize=9)
        show_picture(below, picture)
        draw_box(below, detection.box_xyxy, colour, 2.2)
        below.set_title(f"{number + 1} {detection.name} {detection.score:.2f}", fontsize=9, fontweight="bold")
    if made:
        _describe(pairs[0][0].figure, attention, "cross", layer, head, "where each kept query looks")
    return pairs[0][0].figure


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
    centre, *around = _axes_around(picture, len(points)) if made else given_axes(axes, 1 + len(points))
    show_picture(centre, picture)
    for number, (point_xy, ax) in enumerate(zip(points, around, strict=True), start=1):
        colour = colour_of(number - 1)
        show_map(ax, getattr(encoder, look)(point_xy), encoder.grid)
        ax.set_title(f"point {number} {direction}", fontsize=9)
        for each in (centre, ax):
            draw_cell(each, encoder.grid, point_xy, colour)
        draw_number(centre, encoder.grid, point_xy, number, colour)
    if made:
        centre.set_title("the points and their cells", fontsize=9)
        _describe(centre.figure, attention, "encoder", layer, head, MEANING[direction])
    return centre.figure


def plot_attention_heads(
    picture: object,
    attention: CapturedAttention,
    of: Detection | Point,
    direction: Direction = "looks at",
    *,
    layer: int = -1,
    sample: int = 0,
    axes: Sequence[Axes] | None = None,
) -> Figure:
    """All heads of one layer, and their mean.

    of: one of the detections (its query's cross-attention), or a point (x, y) in pixels (the encoder's
    self-attention). direction counts for points only; queries always look at cells. axes: picture, mean,
    then one per head.
    """
    kind = _kind(of)
    maps = _maps(picture, attention, of, direction, layer, "all", sample)  # (M, H, W)
    panels = [("mean of heads", maps.mean(0))] + [(f"head {m}", each) for m, each in enumerate(maps)]
    return _gallery(picture, attention, of, direction, sample, axes, panels, (kind, layer, "all"))


def plot_attention_layers(
    picture: object,
    attention: CapturedAttention,
    of: Detection | Point,
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
        (f"layer {layer}", _maps(picture, attention, of, direction, layer, _one_map(head), sample)) for layer in layers
    ]
    return _gallery(picture, attention, of, direction, sample, axes, panels, (kind, None, head))


def _gallery(
    picture: object,
    attention: CapturedAttention,
    of: Detection | Point,
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
    columns = count if count < 5 else next((c for c in (5, 4, 3) if count % c == 0), 4)
    axes = make_axes(-(-count // columns), columns, panel_size(picture, 2.0)) if made else given_axes(axes, count)
    for ax in axes[count:]:
        ax.set_axis_off()
    show_picture(axes[0], picture)
    if isinstance(of, Detection):
        axes[0].set_title(f"{of.name} {of.score:.2f}", fontsize=9, fontweight="bold")
        who = f"where query {of.query} looks"
    else:
        axes[0].set_title(f"the point ({of[0]:g}, {of[1]:g})", fontsize=9)
        who = MEANING[direction].replace("each", "the")
    for ax, (title, map_hw) in zip(axes[1:], panels, strict=False):
        show_map(ax, map_hw, grid)
        ax.set_title(title, fontsize=9)
    for ax in axes[:count]:
        if isinstance(of, Detection):
            draw_box(ax, of.box_xyxy, colour_of(0), 1.2)
        else:
            draw_cell(ax, grid, of, colour_of(0))
    if made:
        _describe(axes[0].figure, attention, *what, who)
    return axes[0].figure


def _maps(
    picture: object,
    attention: CapturedAttention,
    of: Detection | Point,
    direction: Direction,
    layer: int,
    head: Head,
    sample: int,
) -> Tensor:
    """([M,] H, W): the row of a detection's query, or the row or column of a point's cell."""
    look = _looking(direction)
    if isinstance(of, Detection):
        return attention.decoder_cross(layer, head, sample=sample, query=of.query)
    return getattr(attention.encoder(layer, head, sample=sample, picture=picture), look)(of)


def _kind(of: Detection | Point) -> Literal["cross", "encoder"]:
    if isinstance(of, Detection):
        return "cross"
    if len(of) != 2:
        raise ValueError(f"Got {of!r}; expected one of the detections, or a point (x, y) in pixels of the picture.")
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


def _axes_around(picture: object, points: int) -> list[Axes]:
    """The picture's Axes in the middle, then the points' Axes: half of them to its left, the rest to its
    right."""
    rows = max(1, -(-points // 2))
    columns = 4 if points > 1 else 3
    width, height = panel_size(picture, 2.4)
    figure = new_figure((max(columns * width, NARROWEST), max(rows, 2) * (height + 0.4) + 0.6))
    spec = figure.add_gridspec(rows, columns)
    places = [(row, column) for column in (0, 3) for row in range(rows)][:points]
    return [
        figure.add_subplot(spec[:, 1:3]),
        *(figure.add_subplot(spec[row, column]) for row, column in places),
    ]


def _describe(
    figure: Figure, attention: CapturedAttention, kind: Kind, layer: int | None, head: Head, who: str
) -> None:
    """Title of a whole figure: which attention, which layer and head, who looks."""
    L, M = attention.layers(kind), attention.heads(kind)
    name = {"cross": "Decoder cross-attention", "encoder": "Encoder self-attention"}[kind]
    where = f"all {L} layers" if layer is None else f"layer {layer % L} of 0..{L - 1}"
    heads = {"mean": f"mean of {M} heads", "all": f"{M} heads"}.get(str(head), f"head {head} of 0..{M - 1}")
    figure.suptitle(f"{name}, {where}, {heads}\n{who}", fontsize=11)

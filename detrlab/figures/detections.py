"""Figures of a DETR: detections and query slots. Each function draws on new or given Axes and
returns the Figure.

A notebook shows the Figure that a cell ends with; in the middle of a cell use `display(figure)`, and keep
one with `figure.savefig("name.png")`. Those of attention are in `detrlab.figures.attention`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from torch import Tensor

from detrlab.detr.detect import Detections
from detrlab.figures.drawing import (
    INK,
    NARROW,
    SMALL_WORDS,
    TITLE,
    WORDS,
    colour_of,
    columns_for,
    draw_box,
    draw_labels,
    given_axes,
    make_axes,
    panel_size,
    show_picture,
)

SMALL_SIDE = 1 / 3  # of the picture; a box of figure 7 is small if both sides are shorter
SLOTS_SHOWN = 20  # as in the paper's figure 7
# (name, colour, marker): the paper's green, red and blue, in shades that colour-blind eyes tell apart
SLOT_KINDS = (
    ("small", "#009e73", "o"),
    ("large, wider than high", "#d55e00", "s"),
    ("large, higher than wide", "#3d8fd1", "^"),
)


def plot_detections(picture: object, detections: Detections, ax: Axes | None = None) -> Figure:
    """The picture with its detections: numbered by score, best first, with class and score.

    picture: the one that was given to `detect`, opened (PIL) or as an array (height, width, 3).
    """
    N = len(detections)
    ax = make_axes(1, 1, panel_size(picture, 6.0), header=0)[0] if ax is None else given_axes(ax, 1)[0]
    show_picture(ax, picture)
    title = {0: "Nothing detected above the threshold", 1: "1 detection"}.get(N, f"{N} detections")
    ax.set_title(title, fontsize=TITLE, fontweight="bold", color=INK)
    linewidth, fontsize = (2.4, 10.0) if N <= 12 else (1.6, 8.0) if N <= 30 else (1.1, 6.5)
    if ax.get_window_extent().width < NARROW * ax.figure.dpi:  # a small panel: labels must leave something to see
        fontsize = min(fontsize, SMALL_WORDS)
    # The best last, so that its frame lies on top.
    for number, detection in reversed(list(enumerate(detections))):
        draw_box(ax, detection.box_xyxy, colour_of(number), linewidth)
    texts = [f"{number} {d.name} {d.score:.2f}" for number, d in enumerate(detections, start=1)]
    draw_labels(ax, [d.box_xyxy for d in detections], texts, fontsize)
    return ax.figure


def plot_query_slots(
    boxes_cxcywh: Tensor, queries: Sequence[int] | None = None, axes: Sequence[Axes] | None = None
) -> Figure:
    """What each object query is in charge of, as in the paper's figure 7: the centres of its boxes over
    many pictures.

    boxes_cxcywh: (P, Q, 4), the model's pred_boxes for P pictures, (cx, cy, w, h) in 0..1 of the picture;
    all of them, whatever their score. queries: which of the Q to show, by default the first 20. The paper
    gives no limit between small and large; here a box is small if both sides are under a third of the
    picture.
    """
    boxes_cxcywh = torch.as_tensor(boxes_cxcywh).detach()
    if boxes_cxcywh.ndim != 3 or boxes_cxcywh.shape[-1] != 4:
        raise ValueError(
            f"Got shape {tuple(boxes_cxcywh.shape)}; expected (P, Q, 4): pred_boxes of P pictures, "
            "for example torch.cat([model(x)['pred_boxes'] for x in inputs])."
        )
    P, Q, _ = boxes_cxcywh.shape
    queries = range(min(Q, SLOTS_SHOWN)) if queries is None else queries
    columns = columns_for(len(queries), 1.25)
    rows = -(-len(queries) // columns)
    made = axes is None
    axes = make_axes(rows, columns, (1.25, 1.25), header=0.75) if made else given_axes(axes, len(queries))
    for ax, query in zip(axes, queries, strict=False):
        cx, cy, w, h = boxes_cxcywh[:, query].unbind(-1)
        small = (w < SMALL_SIDE) & (h < SMALL_SIDE)
        for kind, (name, colour, marker) in zip((small, ~small & (w >= h), ~small & (w < h)), SLOT_KINDS, strict=True):
            ax.scatter(cx[kind], cy[kind], s=13, color=colour, marker=marker, alpha=0.6, linewidths=0, label=name)
        ax.set(xlim=(0, 1), ylim=(1, 0), xticks=[], yticks=[], aspect="equal")
        ax.set_title(f"query {query}", fontsize=WORDS, color=INK)
        ax.set_facecolor("none")
        for spine in ax.spines.values():
            spine.set_color(INK)
    figure = axes[0].figure
    if made:
        for ax in axes[len(queries) :]:
            ax.remove()
        figure.suptitle(f"Object queries: centres of each query's boxes in {P} pictures", fontsize=TITLE, color=INK)
        handles = [
            Line2D([], [], marker=marker, color=colour, linestyle="", markersize=6, label=name)
            for name, colour, marker in SLOT_KINDS
        ]
        figure.legend(
            handles=handles, loc="outside lower center", ncols=3, frameon=False, fontsize=WORDS, labelcolor=INK
        )
    return figure

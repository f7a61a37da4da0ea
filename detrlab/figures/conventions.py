"""Two conventions as figures: the frames that a box is given in, and what rows and columns of attention are.

As the diagrams beside them they have no background, and show on a white page and on a dark one.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import torch
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from torch import Tensor

from detrlab.boxes import cxcywh_to_xyxy, scale_to_pixels
from detrlab.figures.diagrams import LINE, MARGIN, PLAIN, TENSOR, TEXT, WIDE, blank_page, draw_block
from detrlab.figures.drawing import DARK, MAP_COLOURS
from detrlab.images import resized_size

FRAME = "#f4f4f1"
ROW, COLUMN = "#e69f00", "#56b4e9"  # orange and sky blue of Okabe and Ito
BOX = "#0072b2"


def plot_box_frames(
    box_cxcywh: Sequence[float] = (0.35, 0.6, 0.4, 0.5),
    size_wh: tuple[int, int] = (640, 480),
    shorter: int = 800,
    longest: int = 1333,
) -> Figure:
    """One box in the four frames that it goes through: cxcywh and xyxy in 0..1, pixels of the input, pixels of the
    picture.

    box_cxcywh: (cx, cy, w, h) in 0..1 of the picture. size_wh: its width and height in pixels; the model's input is
    this picture resized as `resized_size` says.
    """
    cxcywh = torch.tensor(box_cxcywh, dtype=torch.float64)
    xyxy = cxcywh_to_xyxy(cxcywh)
    input_wh = resized_size(size_wh, shorter, longest)
    corners = "x0, y0, x1, y1"
    panels = [
        ("1 · cxcywh, 0..1", (1, 1), "cx, cy, w, h", cxcywh, "what the model gives"),
        ("2 · xyxy, 0..1", (1, 1), corners, xyxy, "x0 = cx - w/2, x1 = cx + w/2"),
        ("3 · xyxy, input pixels", input_wh, corners, scale_to_pixels(xyxy, input_wh), "frame 2, times {} and {}"),
        ("4 · xyxy, picture pixels", size_wh, corners, scale_to_pixels(xyxy, size_wh), "frame 2, times {} and {}"),
    ]
    gap = 0.14
    width = (WIDE - 2 * MARGIN - 3 * gap) / 4
    height = width * size_wh[1] / size_wh[0]
    figure, ax = blank_page(WIDE, height + 1.72)
    for number, (title, frame_wh, letters, numbers, how) in enumerate(panels):
        left, top = MARGIN + number * (width + gap), 0.5
        draw_block(ax, (left, 0.1, left + width, 0.4), [title], PLAIN)
        _draw_frame(ax, (left, top, width, height), xyxy.tolist(), frame_wh, centre=number == 0)
        digits = 3 if frame_wh == (1, 1) else 1
        shown = ", ".join(f"{value:.{digits}f}" for value in numbers.tolist())
        lines = [f"({letters})", f"({shown})", how.format(*frame_wh)]
        draw_block(ax, (left, top + height + 0.1, left + width, top + height + 1.0), lines, TENSOR)
    return figure


def _draw_frame(
    ax: Axes, place: tuple[float, float, float, float], xyxy: Sequence[float], frame_wh: tuple[int, int], centre: bool
) -> None:
    """A picture's frame at place = (left, top, width, height) in inches, its corners in its unit, and the box in it."""
    left, top, width, height = place
    x0, y0, x1, y1 = (
        start + side * value for start, side, value in zip((left, top) * 2, (width, height) * 2, xyxy, strict=True)
    )
    ax.add_patch(Rectangle((left, top), width, height, facecolor=FRAME, edgecolor=LINE, linewidth=1))
    ax.add_patch(Rectangle((x0, y0), x1 - x0, y1 - y0, facecolor="#c5e0f4", edgecolor=BOX, linewidth=2))
    end = f"({frame_wh[0]}, {frame_wh[1]})"
    ax.text(left + 0.05, top + 0.05, "(0, 0)", fontsize=TEXT, color=DARK, ha="left", va="top")
    ax.text(left + width - 0.05, top + height - 0.05, end, fontsize=TEXT, color=DARK, ha="right", va="bottom")
    cx, cy = (x0 + x1) / 2, (y0 + y1) / 2
    points = [(cx, cy)] if centre else [(x0, y0), (x1, y1)]
    for ends in ([(x0, cy), (x1, cy)], [(cx, y0), (cx, y1)]) if centre else ():
        ax.plot(*zip(*ends, strict=True), color=BOX, linewidth=1, linestyle="--")
    ax.plot(*zip(*points, strict=True), "o", color=BOX, markersize=6)


def plot_row_and_column(
    attention: Tensor | None = None, cells_hw: tuple[int, int] = (2, 3), query: int = 1, key: int = 5
) -> Figure:
    """A whole attention matrix; beside it one of its rows and one of its columns, as maps of the cells.

    attention: (S, S), [query, key], S = H * W cells; without it an example is made up, in which tokens look at what is
    near and, wherever they are, at the last cell. query: the token whose row is shown. key: the one whose column is.
    ValueError where they do not fit.
    """
    H, W = cells_hw
    S = H * W
    attention = _example(H, W) if attention is None else attention.detach()
    if attention.shape != (S, S):
        raise ValueError(f"The attention is {tuple(attention.shape)}; {H} x {W} cells have ({S}, {S}).")
    if not (0 <= query < S and 0 <= key < S):
        raise ValueError(f"query={query} and key={key}; the tokens are numbered 0..{S - 1}.")
    side, line, head = 0.46, 0.3, 0.42  # inches of a cell, of a text's block, and of what stands above and beside it
    matrix_x, matrix_y = MARGIN + 1.5 + head, 0.1 + line + 0.08 + head
    maps_x = matrix_x + max(S * side, 2.1) + 0.9
    width = max(maps_x + max(W * side, 3.6) + MARGIN, WIDE)
    down = max(matrix_y + S * side, 0.1 + 2 * (line + 0.12 + H * side) + 0.5)
    figure, ax = blank_page(width, down + 0.15)

    top = float(attention.max())
    _draw_cells(ax, matrix_x, matrix_y, side, attention, top)
    over = (matrix_x, 0.1, matrix_x + max(S * side, 2.1), 0.1 + line)
    draw_block(ax, over, ["column = key, is looked at"], PLAIN, bold=False)
    middle = matrix_y + S * side / 2
    draw_block(
        ax, (MARGIN, middle - 0.26, MARGIN + 1.4, middle + 0.26), ["row = query,", "it looks"], PLAIN, bold=False
    )
    for token in range(S):
        _draw_number(ax, matrix_x + (token + 0.5) * side, matrix_y - 0.22, token, COLUMN if token == key else PLAIN)
        _draw_number(ax, matrix_x - 0.22, matrix_y + (token + 0.5) * side, token, ROW if token == query else PLAIN)
    _outline(ax, matrix_x, matrix_y + query * side, S * side, side, ROW)
    _outline(ax, matrix_x + key * side, matrix_y, side, S * side, COLUMN)

    y = 0.1
    for title, values, colour, token in (
        (f"row {query}: what token {query} looks at", attention[query], ROW, query),
        (f"column {key}: who looks at token {key}", attention[:, key], COLUMN, key),
    ):
        draw_block(ax, (maps_x, y, maps_x + 3.6, y + line), [title], colour, bold=False)
        y += line + 0.12
        _draw_cells(ax, maps_x, y, side, values.reshape(H, W), top)
        _outline(ax, maps_x + token % W * side, y + token // W * side, side, side, colour)
        total = [f"sum {float(values.sum()):.2f}"]
        x = maps_x + W * side + 0.2
        draw_block(ax, (x, y + H * side / 2 - 0.15, x + 0.95, y + H * side / 2 + 0.15), total, PLAIN, bold=False)
        y += H * side + 0.4
    return figure


def _example(H: int, W: int) -> Tensor:
    """(S, S) weights, [query, key], far from symmetric: near cells, and the last one for all.

    They are whole hundredths, so that what is shown adds up; those that were rounded off most are rounded up.
    """
    cells = torch.cartesian_prod(torch.arange(H), torch.arange(W)).double()  # (S, 2)
    hundredths = 100 * (2.0 * (torch.arange(H * W) == H * W - 1) - torch.cdist(cells, cells)).softmax(dim=-1)
    whole = hundredths.floor()
    rank = (hundredths - whole).argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    return (whole + (rank < 100 - whole.sum(dim=-1, keepdim=True))) / 100


def _draw_cells(ax: Axes, left: float, top: float, side: float, values: Tensor, largest: float) -> None:
    """A square for each of the values (rows, columns), coloured from 0 to the largest, with its number in it."""
    for row, column in torch.cartesian_prod(*(torch.arange(n) for n in values.shape)).tolist():
        x, y, share = left + column * side, top + row * side, float(values[row, column]) / largest
        red, green, blue, _ = colour = mpl.colormaps[MAP_COLOURS](share)
        lightness = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
        ax.add_patch(Rectangle((x, y), side, side, facecolor=colour, edgecolor=LINE, linewidth=0.6))
        number = f"{float(values[row, column]):.2f}"
        ink = "white" if lightness < 0.18 else "black"  # where both are equally far away
        ax.text(x + side / 2, y + side / 2, number, fontsize=TEXT, color=ink, ha="center", va="center")


def _draw_number(ax: Axes, x: float, y: float, token: int, colour: str) -> None:
    draw_block(ax, (x - 0.15, y - 0.13, x + 0.15, y + 0.13), [str(token)], colour, bold=False)


def _outline(ax: Axes, x: float, y: float, width: float, height: float, colour: str) -> None:
    ax.add_patch(Rectangle((x, y), width, height, fill=False, edgecolor=colour, linewidth=3, zorder=3))

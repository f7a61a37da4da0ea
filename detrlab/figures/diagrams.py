"""Diagrams of the architecture: the way through DETR, and one layer of encoder and decoder.

They stand on the page without a background of their own: text lies on light shapes, lines are of a middle grey, so both
show on a white page and on a dark one. Orange: tensors; blue: modules; green: what tells places and queries apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate, pairwise

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon
from matplotlib.path import Path

from detrlab.figures.drawing import DARK, new_figure

# Tints of colours that colour-blind eyes tell apart (Okabe and Ito), light enough for dark text.
TENSOR, MODULE, TABLE, PLAIN = "#fbe3b5", "#c5e0f4", "#c6ead9", "#ececec"
LINE = "#7d858f"  # on white and on #111 alike at a contrast of 3.7 or more
TEXT = 9.5  # points, at the width of a notebook
WIDE, MARGIN = 9.4, 0.1  # inches: what fits beside JupyterLab's open side bar


def blank_page(width: float, height: float) -> tuple[Figure, Axes]:
    """A transparent figure of that size, and one Axes over all of it in inches, (0, 0) at the upper left."""
    figure = new_figure((width, height))
    figure.set_layout_engine("none")
    figure.patch.set_alpha(0)
    ax = figure.add_axes((0, 0, 1, 1))
    ax.set(xlim=(0, width), ylim=(height, 0))
    ax.set_axis_off()
    return figure, ax


def draw_block(ax: Axes, box_xyxy: Sequence[float], lines: Sequence[str], colour: str, bold: bool = True) -> None:
    """A filled block with lines of text, the first of them bold. Modules have sharp corners, all else round ones."""
    x0, y0, x1, y1 = box_xyxy
    radius = 0.02 if colour == MODULE else 0.1
    style = f"round,pad=0,rounding_size={radius}"
    ax.add_patch(FancyBboxPatch((x0, y0), x1 - x0, y1 - y0, style, facecolor=colour, edgecolor=LINE, linewidth=1))
    for number, line in enumerate(lines):
        y = y0 + (y1 - y0) * (number + 0.5) / len(lines)
        weight = "bold" if bold and number == 0 else "normal"
        ax.text((x0 + x1) / 2, y, line, fontsize=TEXT, color=DARK, ha="center", va="center", fontweight=weight)


def draw_arrow(ax: Axes, *points_xy: tuple[float, float]) -> None:
    """A line through the points, with a head at the last."""
    (x, y), (x1, y1) = points_xy[-2:]
    length = ((x1 - x) ** 2 + (y1 - y) ** 2) ** 0.5
    along = (x1 - x) / length, (y1 - y) / length
    back, half = 0.11, 0.055  # inches: the head's length, and half of its width
    foot = x1 - back * along[0], y1 - back * along[1]
    ax.add_patch(PathPatch(Path([*points_xy[:-1], foot]), facecolor="none", edgecolor=LINE, linewidth=1.6))
    side = -half * along[1], half * along[0]
    corners = [(x1, y1), (foot[0] + side[0], foot[1] + side[1]), (foot[0] - side[0], foot[1] - side[1])]
    ax.add_patch(Polygon(corners, facecolor=LINE, edgecolor="none"))


def plot_detr(
    picture_hw: tuple[int, int] = (800, 1066),
    B: int = 1,
    stride: int = 32,
    channels: int = 2048,
    D: int = 256,
    Q: int = 100,
    K: int = 91,
    notes: Mapping[str, str] | None = None,
) -> Figure:
    """The way of a picture through DETR, each tensor with its shape in letters and in numbers.

    picture_hw: height and width in pixels. stride, channels: of the backbone's last map. notes: one more line for some
    blocks, for example {"backbone": "step 2"}; the blocks are picture, backbone, features, conv, map, tokens,
    positions, encoder, memory, decoder, queries, objects, classes and boxes. ValueError for another.
    """
    H0, W0 = picture_hw
    H, W = -(-H0 // stride), -(-W0 // stride)
    S = H * W
    tall, top, middle = 0.86, 0.1, 1.85  # inches
    low, centre = middle + tall + 0.3, middle + tall / 2
    a, b, c, d, e = _side_by_side([1.42, 1.05, 1.42, 1.05, 1.42], gap=0.35)
    t, u, v, w, x, y = _side_by_side([1.36, 0.96, 1.36, 0.96, 1.36, 1.7], gap=0.29)
    blocks = {
        "picture": (a, top, TENSOR, ["picture", "(B, 3, H₀, W₀)", f"({B}, 3, {H0}, {W0})"]),
        "backbone": (b, top, MODULE, ["backbone", f"stride {stride}"]),
        "features": (c, top, TENSOR, ["feature map", "(B, C, H, W)", f"({B}, {channels}, {H}, {W})"]),
        "conv": (d, top, MODULE, ["convolution", "1 × 1"]),
        "map": (e, top, TENSOR, ["projected map", "(B, D, H, W)", f"({B}, {D}, {H}, {W})"]),
        "tokens": (t, middle, TENSOR, ["tokens", "(S, B, D)", f"({S}, {B}, {D})"]),
        "positions": (t, low, TABLE, ["+ positions", "(S, 1, D)", f"({S}, 1, {D})"]),
        "encoder": (u, middle, MODULE, ["encoder"]),
        "memory": (v, middle, TENSOR, ["memory", "(S, B, D)", f"({S}, {B}, {D})"]),
        "decoder": (w, middle, MODULE, ["decoder"]),
        "queries": ((w[0] - 0.2, w[1] + 0.2), low, TABLE, ["object queries", "(Q, B, D)", f"({Q}, {B}, {D})"]),
        "objects": (x, middle, TENSOR, ["objects", "(B, Q, D)", f"({B}, {Q}, {D})"]),
        "classes": (y, centre - 0.06 - tall, TENSOR, ["class logits", "(B, Q, K + 1)", f"({B}, {Q}, {K + 1})"]),
        "boxes": (y, centre + 0.06, TENSOR, ["boxes cxcywh", "(B, Q, 4)", f"({B}, {Q}, 4)"]),
    }
    notes = notes or {}
    if wrong := sorted(set(notes) - set(blocks)):
        raise ValueError(f"There is no block {wrong[0]!r} to note something at; the blocks are {', '.join(blocks)}.")

    figure, ax = blank_page(WIDE, low + tall + 0.1)
    for name, ((x0, x1), y0, colour, lines) in blocks.items():
        draw_block(ax, (x0, y0, x1, y0 + tall), lines + ([notes[name]] if name in notes else []), colour)
    for row, y0 in (([a, b, c, d, e], top), ([t, u, v, w, x], middle)):
        for one, other in pairwise(row):
            draw_arrow(ax, (one[1], y0 + tall / 2), (other[0], y0 + tall / 2))
    for end in (centre - 0.06 - tall / 2, centre + 0.06 + tall / 2):
        draw_arrow(ax, (x[1], centre), ((x[1] + y[0]) / 2, centre), ((x[1] + y[0]) / 2, end), (y[0], end))
    for place in (t, w):
        draw_arrow(ax, (sum(place) / 2, low), (sum(place) / 2, middle + tall))
    between = (top + tall + middle) / 2 - 0.05
    draw_arrow(ax, (sum(e) / 2, top + tall), (sum(e) / 2, between), (sum(t) / 2, between), (sum(t) / 2, middle))
    flat = f"flatten: one token per cell, S = H · W = {H} · {W} = {S}"
    draw_block(ax, (b[0], between - 0.14, b[0] + 4.3, between + 0.14), [flat], PLAIN, bold=False)
    return figure


def _side_by_side(widths: Sequence[float], gap: float) -> list[tuple[float, float]]:
    """(left, right) of blocks in a row, in inches, from the left margin on."""
    lefts = accumulate(widths[:-1], lambda x, width: x + width + gap, initial=MARGIN)
    return [(x, x + width) for x, width in zip(lefts, widths, strict=True)]


def plot_transformer_layers(S: int = 850, Q: int = 100, D: int = 256, M: int = 8, F: int = 2048) -> Figure:
    """One encoder layer and one decoder layer of DETR (figure 10 of the paper), and where q, k and v come from.

    M: attention heads. F: width between the two linear layers of the feed-forward network. The batch is left out.
    """
    figure, ax = blank_page(WIDE, 5.34)
    heads = f"{M} heads of {D // M}"
    encoder = _Column(ax, MARGIN, "Encoder layer")
    encoder.tensor("tokens x", f"(S, D) = ({S}, {D})")
    encoder.attention(f"self-attention, {heads}", {"q": "x + positions", "k": "x + positions", "v": "x"})
    encoder.feed_forward(D, F)
    encoder.tensor("x, after the last layer: the memory", f"(S, D) = ({S}, {D})")
    memory_y = encoder.y - TALL / 2

    decoder = _Column(ax, WIDE - MARGIN - COLUMN - ASIDE, "Decoder layer")
    decoder.tensor("objects o, at first all zero", f"(Q, D) = ({Q}, {D})")
    decoder.attention(f"self-attention, {heads}", {"q": "o + queries", "k": "o + queries", "v": "o"})
    y = decoder.y + 0.1
    decoder.attention(f"cross-attention, {heads}", {"k": "memory + positions", "v": "memory", "q": "o + queries"})
    decoder.feed_forward(D, F)
    decoder.tensor("o, after the last layer: for the two heads", f"(Q, D) = ({Q}, {D})")

    turn = decoder.left - 0.25
    for x in decoder.middles("kv"):
        draw_arrow(ax, (MARGIN + COLUMN, memory_y), (turn, memory_y), (turn, y), (x, y), (x, y + 0.14))
    return figure


# Inches: how wide a column of blocks is and how far the line beside it; how high blocks of two lines, of one line, and
# the arrows between them are.
COLUMN, ASIDE = 3.9, 0.22
TALL, FLAT, STEP = 0.44, 0.3, 0.24


class _Column:
    """Blocks from top to bottom, joined by arrows; a line beside them carries what is added. `y`: where it ends."""

    def __init__(self, ax: Axes, left: float, title: str) -> None:
        self.ax, self.left, self.y = ax, left, MARGIN
        self._inputs: dict[str, float] = {}
        self._block(PLAIN, FLAT, title)

    def _block(self, colour: str, height: float, *lines: str, bold: bool = True) -> None:
        draw_block(self.ax, (self.left, self.y, self.left + COLUMN, self.y + height), lines, colour, bold)
        self.y += height

    def _arrow_to(self, x: float) -> None:
        draw_arrow(self.ax, (x, self.y), (x, self.y + STEP))

    def middles(self, letters: str) -> list[float]:
        """x of the middles of the last attention's inputs."""
        return [self._inputs[letter] for letter in letters]

    def tensor(self, *lines: str) -> None:
        if self._inputs:
            self._arrow_to(self.left + COLUMN / 2)
            self.y += STEP
        else:
            self.y += 0.08
        self._block(TENSOR, TALL, *lines)

    def attention(self, name: str, sources: dict[str, str]) -> None:
        """The three inputs, each with what it is made of, the attention, and the sum. What is the memory's comes from
        the side."""
        began, x = self.y, self.left
        share = COLUMN / sum(len(source) + 8 for source in sources.values())
        for letter, source in sources.items():
            width = share * (len(source) + 8)
            self._inputs[letter] = x + width / 2
            if "memory" not in source:
                self._arrow_to(x + width / 2)
            colour = TABLE if "+" in source else TENSOR
            box = (x + 0.03, self.y + STEP, x + width - 0.03, self.y + STEP + TALL)
            draw_block(self.ax, box, [letter, source], colour)
            x += width
        self.y += STEP + TALL + 0.04
        self._block(MODULE, FLAT, name)
        self._add_and_norm(began, self._inputs[list(sources)[-1]])

    def feed_forward(self, D: int, F: int) -> None:
        """Two linear layers, and the sum."""
        began, x = self.y, self.left + COLUMN / 2
        self._arrow_to(x)
        self.y += STEP
        self._block(MODULE, FLAT, f"feed-forward, {D} → {F} → {D}")
        self._add_and_norm(began, x)

    def _add_and_norm(self, began: float, x: float) -> None:
        """What came in at height `began`, seen at x, goes round and is added."""
        self.y += 0.05
        self._block(MODULE, FLAT, "add what came in, normalise", bold=False)
        side, end = self.left + COLUMN + ASIDE, self.y - FLAT / 2
        draw_arrow(self.ax, (x, began + 0.07), (side, began + 0.07), (side, end), (self.left + COLUMN, end))

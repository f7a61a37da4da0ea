"""Figures of words: which words of a text its end token looks at."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from torch import Tensor

from detrlab.figures.drawing import INK, MAP_COLOURS, TITLE, WIDEST, WORDS, clear_figure, one_scale

ROW, COLUMN = 0.3, 0.52  # inches of a cell
MARGIN = 1.25  # inches to the left of the rows, for their names
DARK_WORDS_FROM = 0.62  # of the largest weight, on the scale of the colours: numbers on brighter cells are dark


def plot_word_attention(words: Sequence[str], weights: Tensor) -> Figure:
    """How much the end token looks at each word of a text: a panel for each layer, a row for each head and their mean.

    Args:
        words: the n - 1 words of the text, as `tokenizer.decode` gives them; the end token comes last by itself.
        weights: (L, M, n), from `word_attention`; each row sums to 1.

    Raises:
        ValueError: another number of words.
    """
    L, M, n = weights.shape
    if len(words) != n - 1:
        raise ValueError(f"{len(words)} words came with weights for {n - 1} and the end token: give the text's words")
    rows = np.concatenate([weights.numpy(), weights.mean(1, keepdim=True).numpy()], axis=1)  # (L, M + 1, n)
    wide, high = min(max(MARGIN + n * COLUMN, 5.6), WIDEST), L * ((M + 1) * ROW + 0.75) + 0.7
    figure = clear_figure((wide, high))
    axes = list(figure.subplots(L, 1, squeeze=False)[:, 0])
    scale = one_scale(rows)
    for layer, (ax, values) in enumerate(zip(axes, rows, strict=True)):
        ax.imshow(values, norm=scale, cmap=MAP_COLOURS, aspect="auto", interpolation="nearest")
        ax.set_xticks(range(n), [*words, "end"], rotation=35, ha="right", rotation_mode="anchor")
        ax.set_yticks(range(M + 1), [*(f"head {head}" for head in range(M)), "mean"])
        ax.tick_params(length=0, colors=INK, labelsize=WORDS)
        ax.spines[:].set_visible(False)
        ax.axhline(M - 0.5, color="white", linewidth=2)  # the mean is no head
        last = " (last)" if layer == L - 1 else ""
        ax.set_title(f"layer {layer}{last}", fontsize=WORDS, fontweight="bold", color=INK, pad=4)
        _write_percents(ax, values, scale)
    figure.suptitle("Where the end token looks among the words, in %", fontsize=TITLE, fontweight="bold", color=INK)
    return figure


def _write_percents(ax: Axes, values: np.ndarray, scale: Normalize) -> None:
    """The weight of each cell in percent, in a colour that can be read on it."""
    for (row, column), value in np.ndenumerate(values):
        colour = "black" if scale(value) > DARK_WORDS_FROM else "white"
        ax.text(column, row, f"{100 * value:.0f}", ha="center", va="center", fontsize=8, color=colour)

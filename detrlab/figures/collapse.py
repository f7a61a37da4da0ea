"""Does DINO collapse? The three curves that tell, of one training or several, after figure 7 of arXiv:2104.14294."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from detrlab.figures.drawing import INK, SMALL_WORDS, TITLE, WORDS, clear_subplots
from detrlab.figures.training import RUN_COLOURS

if TYPE_CHECKING:
    from detrlab.training.loop import Report

TITLES = {
    "entropy": "entropy of the teacher's outputs",
    "entropy of the mean": "entropy of their mean",
    "kl": "KL divergence, student to teacher",
}


def plot_collapse(runs: Mapping[str, Sequence[Report]], K: int) -> Figure:
    """Curves of runs by name, in nats over steps, from reports of `collapse_curves` or of a `Trainer.history`; ln K,
    which is what K even prototypes have, is a dashed line.

    Raises:
        ValueError: no run.
    """
    if not runs:
        raise ValueError("there is no run to draw: give at least one, {name: collapse_curves(name, scenes)}")
    figure, (axes,) = clear_subplots(1, len(TITLES), (8.8, 2.8))
    for ax, (name, title) in zip(axes, TITLES.items(), strict=True):
        for i, (run, reports) in enumerate(runs.items()):
            values = [report.losses[name] for report in reports]
            ax.plot([report.step for report in reports], values, color=RUN_COLOURS[i % len(RUN_COLOURS)], label=run)
        if name != "kl":
            ax.axhline(math.log(K), color=INK, linestyle="--", linewidth=0.8)
            ax.set_ylim(0, 1.05 * math.log(K))
        else:
            ax.set_ylim(bottom=0)
        ax.set_title(title, fontsize=TITLE)
        ax.set_xlabel("steps", fontsize=WORDS)
        ax.grid(color=INK, alpha=0.25, linewidth=0.6)
    axes[0].set_ylabel(f"nats; dashed: ln {K} = {math.log(K):.2f}", fontsize=WORDS)
    axes[-1].legend(frameon=False, labelcolor=INK, fontsize=SMALL_WORDS + 1)
    return figure

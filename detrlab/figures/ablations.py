"""Ablations as a figure: what each run came to, so that a difference is seen beside the spread of equal runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from detrlab.figures.drawing import INK, TITLE, WORDS, clear_subplots
from detrlab.figures.training import RUN_COLOURS

BASE = "nothing"  # left out: the runs that the others are compared with
TITLES = {
    "AP": "average precision",
    "AP50": "average precision at IoU .5",
    "AP75": "average precision at IoU .75",
    "AP_layer_1": "average precision of the first decoder layer",
    "detections": "detections for each object",
    "duplicates": "share of duplicates",
}
MARKERS = ("D", "s", "^")


def plot_ablations(
    runs: Mapping[str, Sequence[Mapping[str, float]]],
    measures: Sequence[str] = ("AP", "duplicates"),
    marks: Mapping[str, Mapping[str, float]] | None = None,
) -> Figure:
    """A row for each thing left out, a panel for each measure; a dot is one run, a bar their mean, a band from the
    smallest to the largest run without anything left out.

    runs: as `ablation_runs` gives them; "nothing" is among them. measures: keys of their figures. marks: more points of
    the first measure, by what they are and by what was left out: {"predicted": {"encoder": 0.4}}.

    Raises:
        ValueError: no run with nothing left out, or a mark of something that no run left out.
    """
    marks = marks or {}
    if not runs.get(BASE):
        raise ValueError(f"there is no run with {BASE!r} left out, and without it nothing to compare with")
    if strange := [name for points in marks.values() for name in points if name not in runs]:
        raise ValueError(f"no run left out {strange[0]!r}; marks can be of {', '.join(runs)}")
    figure, (axes,) = clear_subplots(1, len(measures), (8.4, 0.8 + 0.36 * len(runs)))
    draw_runs(list(axes), runs, {measure: TITLES[measure] for measure in measures}, BASE)
    rows = {left_out: -row for row, left_out in enumerate(runs)}
    first = axes[0]
    first.set_ylabel("left out", fontsize=WORDS)
    for (name, points), marker, colour in zip(marks.items(), MARKERS, RUN_COLOURS[2:] + RUN_COLOURS[:1], strict=False):
        places = [rows[left_out] for left_out in points]
        first.plot(list(points.values()), places, marker, color=colour, fillstyle="none", markersize=7, label=name)
    if marks:
        figure.legend(loc="outside lower left", ncols=len(marks), frameon=False, labelcolor=INK, fontsize=WORDS)
    return figure


def draw_runs(
    axes: Sequence[Axes],
    runs: Mapping[str, Sequence[Mapping[str, float]]],
    titles: Mapping[str, str],
    base: str,
) -> None:
    """A row for each recipe, the first on top, in axes for each measure of `titles`: dots are runs, a bar their mean,
    and a band reaches from the smallest to the largest run of the recipe `base`."""
    for ax, (measure, title) in zip(axes, titles.items(), strict=True):
        among = [run[measure] for run in runs[base]]
        ax.axvspan(min(among), max(among), color=INK, alpha=0.25, linewidth=0)
        for row, recipe in enumerate(runs):
            values = [run[measure] for run in runs[recipe]]
            mean = sum(values) / len(values)
            ax.plot([mean, mean], [-row - 0.32, -row + 0.32], color=RUN_COLOURS[0], linewidth=2)
            ax.plot(values, [-row] * len(values), "o", color=RUN_COLOURS[1], markersize=5)
        ax.set_title(title, fontsize=TITLE)
        ax.set_yticks(
            [-row for row in range(len(runs))], list(runs) if ax is axes[0] else [""] * len(runs), fontsize=WORDS
        )
        ax.tick_params(axis="y", length=0)
        ax.set_xlim(left=0)
        ax.grid(axis="x", color=INK, alpha=0.25, linewidth=0.6)

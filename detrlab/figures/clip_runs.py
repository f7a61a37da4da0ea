"""Trainings of small CLIPs as a figure: what each run came to, beside the spread of equal runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from detrlab.figures.ablations import draw_runs
from detrlab.figures.drawing import INK, clear_subplots

BASE = "plain"  # the runs that the others are compared with
TITLES = {
    "image_to_text_1": "R@1, image to text",
    "text_to_image_1": "R@1, text to image",
    "image_to_text_5": "R@5, image to text",
    "text_to_image_5": "R@5, text to image",
    "zero_shot_72": "72 coloured shapes",
    "zero_shot_shape": "6 shapes",
    "zero_shot_colour": "12 colours",
    "binding_colours": "colours swapped",
    "binding_places": "places swapped",
    "binding_order": "order swapped",
    "binding_counts": "counts swapped",
    "modality_gap": "distance of the means",
    "loss_128": "loss of a batch of 128",
}


def plot_clip_runs(
    runs: Mapping[str, Sequence[Mapping[str, float]]], recipes: Sequence[str], measures: Sequence[str]
) -> Figure:
    """A row for each recipe, "plain" on top, a panel for each measure; a dot is one run, a bar their mean, a band from
    the smallest to the largest run of "plain". In panels of swaps chance, .5, is a dashed line.

    runs: as `clip_runs` gives them. recipes: of its keys. measures: keys of their figures.

    Raises:
        ValueError: a recipe of which there is no run.
    """
    if strange := [recipe for recipe in (BASE, *recipes) if not runs.get(recipe)]:
        raise ValueError(f"there is no run of {strange[0]!r}; choose of {', '.join(runs)}")
    chosen = {recipe: runs[recipe] for recipe in dict.fromkeys((BASE, *recipes))}
    figure, (axes,) = clear_subplots(1, len(measures), (8.6, 0.8 + 0.36 * len(chosen)))
    draw_runs(list(axes), chosen, {measure: TITLES[measure] for measure in measures}, BASE)
    for ax, measure in zip(axes, measures, strict=True):
        if measure.startswith("binding_"):
            ax.axvline(0.5, color=INK, linestyle="--", linewidth=0.8)
            ax.set_xlim(0, 1.03)
            ax.set_xticks((0, 0.5, 1), ("0", ".5", "1"))
    return figure

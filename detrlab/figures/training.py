"""A training as figures: losses and average precision over steps or seconds, and one scene at several times.

`plot_training` draws what reports say; `LiveTraining` draws it anew at each report, while a `Trainer` runs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image
from torch import Tensor, nn

from detrlab.boxes import cxcywh_to_xyxy, scale_to_pixels
from detrlab.figures.drawing import (
    INK,
    SMALL_WORDS,
    TITLE,
    WORDS,
    clear_subplots,
    colour_of,
    draw_box,
    draw_labels,
    make_axes,
    show_picture,
)
from detrlab.images import IMAGENET_MEAN, IMAGENET_STD

if TYPE_CHECKING:
    from detrlab.training.loop import Report, Trainer

# Lines that are read on white and on black, and told apart by colour-blind eyes; runs differ by colour.
RUN_COLOURS = ("#d95f02", "#1f9e89", "#8f83e0", "#c2559d")
MEASURES = ("AP", "AP50")
STYLES = ("-", "--", ":")
AXES = {"step": "steps", "seconds": "seconds of computing"}
SURE = 0.7  # a detection's score, as in `detect`
PANEL = 1.9  # inches of a small image


def plot_training(runs: Mapping[str, Sequence[Report]], over: str = "step") -> Figure:
    """Losses (left) and average precision (right) of runs by name, from the reports of `Trainer.history`.

    over: "step", or "seconds" of computing. Losses are those of the last decoder layer, without weights: so runs with
    and without auxiliary losses can be compared. AP is drawn where a report has measured it.

    Raises:
        ValueError: no run, or another `over`.
    """
    if over not in AXES:
        raise ValueError(f"over={over!r}; curves run over {' or '.join(map(repr, AXES))}")
    if not runs:
        raise ValueError("there is no run to draw: give at least one, {name: trainer.history}")
    figure, ((left, right),) = clear_subplots(1, 2, (8.4, 3.1))
    names = list(dict.fromkeys(name for reports in runs.values() for each in reports for name in each.losses))
    names = [name for name in names if name != "loss"]
    for (run, reports), colour in zip(runs.items(), _colours(runs), strict=True):
        for name, style in zip(names, STYLES * len(names), strict=False):
            points = [(getattr(each, over), each.losses[name]) for each in reports if name in each.losses]
            label = _label(run if len(runs) > 1 else "", name.removeprefix("loss_"))
            left.plot(*_columns(points), style, color=colour, label=label)
        for name, style in zip(MEASURES, STYLES, strict=False):
            points = [(getattr(each, over), each.measured[name]) for each in reports if name in each.measured]
            label = _label(run if len(runs) > 1 else "", name)
            right.plot(*_columns(points), style, color=colour, marker="o", markersize=3, label=label)
    left.set_title("losses of the last layer", fontsize=TITLE)
    right.set_title("average precision, held-out scenes", fontsize=TITLE)
    right.set_ylim(0, 1)
    left.set_ylim(bottom=0)
    # Both axes as far as the reports go, also while nothing has been measured yet.
    end = max((getattr(each, over) for reports in runs.values() for each in reports), default=1)
    for ax in (left, right):
        ax.set_xlabel(AXES[over], fontsize=WORDS)
        ax.set_xlim(0, 1.02 * max(end, 1))
        ax.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        ax.grid(color=INK, alpha=0.25, linewidth=0.6)
        ax.legend(frameon=False, labelcolor=INK, fontsize=SMALL_WORDS + 1)
    return figure


def plot_moments(x: Tensor, moments: Mapping[str, Mapping[str, Tensor]], classes: Sequence[str]) -> Figure:
    """One scene with what a model said of it at several times, side by side.

    x: (3, H, W), normalised. moments: by title, outputs with "pred_logits" (1, Q, K + 1) and "pred_boxes" (1, Q, 4);
    detections with a score of at least 0.7 are drawn, each query in its own colour. ValueError without a moment.
    """
    if not moments:
        raise ValueError("there is no moment to draw")
    H, W = x.shape[-2:]
    colours = x.permute(1, 2, 0).numpy() * np.array(IMAGENET_STD) + np.array(IMAGENET_MEAN)
    picture = Image.fromarray((255 * colours.clip(0, 1) + 0.5).astype(np.uint8))
    axes = make_axes(1, len(moments), (PANEL, PANEL), header=0)
    for ax, (title, outputs) in zip(axes, moments.items(), strict=True):
        scores, labels = outputs["pred_logits"][0].softmax(-1)[:, :-1].max(-1)
        boxes_xyxy = scale_to_pixels(cxcywh_to_xyxy(outputs["pred_boxes"][0]), (W, H))
        show_picture(ax, picture)
        ax.set_title(title, fontsize=WORDS, color=INK)
        sure = (scores >= SURE).nonzero().flatten().tolist()
        for query in sure:
            draw_box(ax, boxes_xyxy[query].tolist(), colour_of(query), 1.6)
        texts = [classes[int(labels[query])] for query in sure]
        colours_of = [colour_of(query) for query in sure]
        if sure:
            draw_labels(ax, [boxes_xyxy[query].tolist() for query in sure], texts, SMALL_WORDS - 1, colours_of)
        ax.set_xlabel(f"{len(sure)} above {SURE}", fontsize=WORDS, color=INK)
    return axes[0].figure


class LiveTraining:
    """Shows a training while it runs: `trainer.run(report=LiveTraining(trainer, x))`.

    One line says how far it is, and how long it still takes; below it the curves, and the scene `x` (3, H, W) as the
    averaged model sees it: the first and the last report, and some between. Each report replaces what stands there. The
    model has `classes`, their names by label.
    """

    SHOWN = 4  # moments of the scene

    def __init__(self, trainer: Trainer, x: Tensor) -> None:
        self.trainer, self.x = trainer, x
        self.moments: dict[str, Mapping[str, Tensor]] = {}
        self._places: list = []

    def __call__(self, report: Report) -> None:
        """Draw anew."""
        self.moments[f"{report.seconds:.0f} s"] = _outputs_of(self.trainer.average, self.x)
        self._show(str(report), *self.figures())

    def figures(self) -> tuple[Figure, Figure]:
        """The curves so far, and the scene at up to `SHOWN` of the moments."""
        titles = list(self.moments)
        chosen = sorted({round(place) for place in np.linspace(0, len(titles) - 1, self.SHOWN)})
        shown = {titles[i]: self.moments[titles[i]] for i in chosen}
        history = {self.trainer.recipe.name: self.trainer.history}
        return plot_training(history), plot_moments(self.x, shown, self.trainer.model.classes)

    def _show(self, line: str, *figures: Figure) -> None:
        from IPython.display import Pretty, display  # only a notebook has it

        objects = [Pretty(line), *figures]
        if self._places:
            for place, each in zip(self._places, objects, strict=True):
                place.update(each)
        else:
            self._places = [display(each, display_id=True) for each in objects]


def _outputs_of(model: nn.Module, x: Tensor) -> dict[str, Tensor]:
    """Logits (1, Q, K + 1) and boxes (1, Q, 4) of one image (3, H, W), without gradients."""
    with torch.no_grad():
        outputs = model(x[None])
    return {name: outputs[name] for name in ("pred_logits", "pred_boxes")}


def _colours(runs: Mapping) -> list[str]:
    return [RUN_COLOURS[i % len(RUN_COLOURS)] for i in range(len(runs))]


def _columns(points: Sequence[tuple[float, float]]) -> tuple[list[float], list[float]]:
    return [x for x, _ in points], [y for _, y in points]


def _label(run: str, what: str) -> str:
    return f"{run}: {what}" if run else what

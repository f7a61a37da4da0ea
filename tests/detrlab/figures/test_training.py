"""Curves and moments of a training by what they draw; and that a live one replaces what it showed."""

import matplotlib

matplotlib.use("Agg")

from dataclasses import replace
from types import SimpleNamespace

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.colors import to_rgb

from coursework.checks.figures import drawn_boxes, drawn_texts
from detrlab.figures.drawing import INK
from detrlab.figures.training import RUN_COLOURS, LiveTraining, plot_moments, plot_training
from detrlab.training.loop import Report

FIRST = Report(10, 0.25, 3.0, 5.0, 9.0, {"loss": 9.0, "loss_ce": 2.0, "loss_giou": 1.0}, {})
LAST = Report(40, 1.0, 12.0, 5.0, 0.0, {"loss": 4.0, "loss_ce": 0.5, "loss_giou": 0.25}, {"AP": 0.3, "AP50": 0.6})


def outputs(score: float) -> dict[str, torch.Tensor]:
    """Two queries: the first is a square in the middle with this score, the second sees nothing."""
    logits = torch.tensor([[[-30.0, score, 1 - score], [-30.0, 0.01, 0.99]]]).clamp(min=1e-12).log()
    logits[..., 0] = -30
    return {"pred_logits": logits, "pred_boxes": torch.tensor([[[0.5, 0.5, 0.25, 0.5], [0.2, 0.2, 0.1, 0.1]]])}


def lines(ax) -> dict[str, tuple[list[float], list[float]]]:
    return {line.get_label(): (list(line.get_xdata()), list(line.get_ydata())) for line in ax.lines}


def contrast(colour: str, page: str) -> float:
    """WCAG's contrast of two colours, 1 to 21."""
    linear = [
        np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
        for c in map(np.array, map(to_rgb, (colour, page)))
    ]
    low, high = sorted(float(rgb @ [0.2126, 0.7152, 0.0722]) for rgb in linear)
    return (high + 0.05) / (low + 0.05)


def test_one_run_over_steps():
    figure = plot_training({"mine": [FIRST, LAST]})
    left, right = figure.axes
    assert lines(left) == {"ce": ([10, 40], [2.0, 0.5]), "giou": ([10, 40], [1.0, 0.25])}  # never the sum
    assert lines(right) == {"AP": ([40], [0.3]), "AP50": ([40], [0.6])}
    assert left.get_xlabel() == "steps" and figure.get_facecolor()[3] == 0
    assert left.get_xlim() == right.get_xlim() == pytest.approx((0, 40.8))
    assert plt.get_fignums() == []


def test_a_run_that_was_not_measured_yet_has_both_axes_as_long():
    left, right = plot_training({"mine": [FIRST]}).axes
    assert left.get_xlim() == right.get_xlim() == pytest.approx((0, 10.2))


def test_two_runs_over_seconds_are_told_apart():
    figure = plot_training({"plain": [FIRST, LAST], "auxiliary": [replace(LAST, seconds=13.0)]}, over="seconds")
    left, right = figure.axes
    assert lines(left)["plain: ce"] == ([3.0, 12.0], [2.0, 0.5])
    assert lines(left)["auxiliary: ce"] == ([13.0], [0.5])
    assert {line.get_color() for line in right.lines} == set(RUN_COLOURS[:2])
    assert left.get_xlabel() == "seconds of computing"


@pytest.mark.parametrize("page", ["#ffffff", "#111111"])
def test_lines_are_seen_on_a_light_page_and_on_a_dark_one(page):
    assert all(contrast(colour, page) >= 3 for colour in (*RUN_COLOURS, INK))


def test_what_cannot_be_drawn():
    with pytest.raises(ValueError, match="no run"):
        plot_training({})
    with pytest.raises(ValueError, match="over='epochs'"):
        plot_training({"mine": [FIRST]}, over="epochs")
    with pytest.raises(ValueError, match="no moment"):
        plot_moments(torch.zeros(3, 8, 8), {}, ("circle", "square"))


def test_moments_show_what_the_model_is_sure_of():
    figure = plot_moments(torch.zeros(3, 40, 60), {"3 s": outputs(0.1), "9 s": outputs(0.9)}, ("circle", "square"))
    early, late = figure.axes
    assert (early.get_title(), late.get_title()) == ("3 s", "9 s")
    assert (early.get_xlabel(), late.get_xlabel()) == ("0 above 0.7", "1 above 0.7")
    assert len(drawn_boxes(early)) == 0
    np.testing.assert_allclose(drawn_boxes(late), [[22.5, 10, 37.5, 30]])  # the middle, a quarter and a half of 60 x 40
    assert "square" in drawn_texts(late) and "square" not in drawn_texts(early)


def test_a_live_training_replaces_what_it_showed(monkeypatch):
    shown: list[tuple[str, object]] = []

    class Place:
        def update(self, new: object) -> None:
            shown.append(("update", new))

    def display(new: object, display_id: bool) -> Place:
        shown.append(("new", new))
        return Place()

    monkeypatch.setattr("IPython.display.display", display)
    trainer = SimpleNamespace(
        model=SimpleNamespace(classes=("circle", "square")),
        average=lambda x: outputs(0.9),
        history=[],
        recipe=SimpleNamespace(name="mine"),
    )
    live = LiveTraining(trainer, torch.zeros(3, 8, 8))
    for number in range(6):
        trainer.history.append(replace(FIRST, step=number, seconds=10.0 * number))
        live(trainer.history[-1])
    assert [how for how, _ in shown] == ["new"] * 3 + ["update"] * 15
    line, curves, scene = (each for _, each in shown[-3:])
    assert "9 s left" in line.data
    assert lines(curves.axes[0])["ce"][0] == [0, 1, 2, 3, 4, 5]
    assert [ax.get_title() for ax in scene.axes] == ["0 s", "20 s", "30 s", "50 s"]  # the first, the last, two between

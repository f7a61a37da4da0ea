"""The curves of collapses: what is drawn where."""

import math

import pytest

from detrlab.figures.collapse import plot_collapse
from detrlab.training.loop import Report


def report(step: int, entropy: float, of_mean: float, kl: float) -> Report:
    return Report(step, step / 2, 0.0, 1.0, 0.0, {"entropy": entropy, "entropy of the mean": of_mean, "kl": kl}, {})


def test_a_line_for_each_run_in_each_panel():
    runs = {"nothing": [report(1, 1.0, 2.0, 0.5), report(2, 0.5, 2.5, 0.4)], "no centring": [report(1, 0.1, 0.2, 0.0)]}
    axes = plot_collapse(runs, K=64).axes
    lines = [{line.get_label(): line.get_xydata().tolist() for line in ax.lines} for ax in axes]
    assert [found["nothing"] for found in lines] == [[[1, 1], [2, 0.5]], [[1, 2], [2, 2.5]], [[1, 0.5], [2, 0.4]]]
    assert [found["no centring"] for found in lines] == [[[1, 0.1]], [[1, 0.2]], [[1, 0.0]]]
    most = [line.get_ydata()[0] for ax in axes for line in ax.lines if line.get_linestyle() == "--"]
    assert most == [math.log(64)] * 2
    assert "ln 64 = 4.16" in axes[0].get_ylabel()


def test_no_run():
    with pytest.raises(ValueError, match="there is no run to draw"):
        plot_collapse({}, K=64)

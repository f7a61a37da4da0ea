"""The figure of trainings of small CLIPs by what it draws."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
import pytest

from detrlab.figures.clip_runs import plot_clip_runs

RUNS = {
    "batch 32": [{"zero_shot_72": 0.25, "binding_places": 0.5}, {"zero_shot_72": 0.5, "binding_places": 0.75}],
    "plain": [{"zero_shot_72": 0.5, "binding_places": 0.25}, {"zero_shot_72": 0.75, "binding_places": 0.5}],
}


def test_plain_stands_on_top_and_swaps_have_chance():
    figure = plot_clip_runs(RUNS, ("batch 32",), ("zero_shot_72", "binding_places"))
    left, right = figure.axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["plain", "batch 32"]
    dots = [line for line in left.lines if line.get_marker() == "o"]
    assert [line.get_xdata().tolist() for line in dots] == [[0.5, 0.75], [0.25, 0.5]]
    band = left.patches[0].get_extents().transformed(left.transData.inverted())
    np.testing.assert_allclose(band.intervalx, [0.5, 0.75])
    dashed = [[line.get_xdata()[0] for line in ax.lines if line.get_linestyle() == "--"] for ax in (left, right)]
    assert dashed == [[], [0.5]]


def test_a_recipe_without_runs():
    with pytest.raises(ValueError, match="no run of 'scratch'; choose of batch 32, plain"):
        plot_clip_runs(RUNS, ("scratch",), ("zero_shot_72",))

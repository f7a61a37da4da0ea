"""The figure of ablations by what it draws."""

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from detrlab.figures.ablations import plot_ablations

RUNS = {
    "nothing": [{"AP": 0.5, "duplicates": 0.1}, {"AP": 0.75, "duplicates": 0.0}],
    "encoder": [{"AP": 0.25, "duplicates": 0.25}, {"AP": 0.5, "duplicates": 0.75}],
}


def points(ax, marker: str = "o") -> list[tuple[float, float]]:
    """What is drawn as points, from the top."""
    lines = [line for line in ax.lines if line.get_marker() == marker]
    return [(float(x), -float(y)) for line in lines for x, y in line.get_xydata()]


def test_dots_are_runs_bars_are_means_and_the_band_spans_the_base():
    figure = plot_ablations(RUNS)
    left, right = figure.axes
    assert points(left) == [(0.5, 0), (0.75, 0), (0.25, 1), (0.5, 1)]
    assert points(right) == [(0.1, 0), (0.0, 0), (0.25, 1), (0.75, 1)]
    means = [line.get_xdata()[0] for line in left.lines if line.get_marker() == "None"]
    assert means == [0.625, 0.375]
    band = left.patches[0].get_extents().transformed(left.transData.inverted())
    np.testing.assert_allclose(band.intervalx, [0.5, 0.75])
    assert [label.get_text() for label in left.get_yticklabels()] == ["nothing", "encoder"]
    assert figure.get_facecolor()[3] == 0 and plt.get_fignums() == []


def test_marks_stand_in_the_first_panel_in_the_row_of_what_was_left_out():
    marks = {"predicted": {"encoder": 0.4}, "your run": {"encoder": 0.3, "nothing": 0.6}}
    figure = plot_ablations(RUNS, ("AP",), marks)
    (ax,) = figure.axes
    assert points(ax, "D") == [(0.4, 1)]
    assert points(ax, "s") == [(0.3, 1), (0.6, 0)]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["predicted", "your run"]


def test_what_cannot_be_drawn():
    with pytest.raises(ValueError, match="nothing to compare with"):
        plot_ablations({"encoder": RUNS["encoder"]})
    with pytest.raises(ValueError, match="no run left out 'GIoU'"):
        plot_ablations(RUNS, marks={"predicted": {"GIoU": 0.5}})

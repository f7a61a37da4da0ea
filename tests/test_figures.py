"""Reading back what a figure draws, however it was drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.patches import Circle, Polygon, Rectangle

from detrlab.checks import drawn_boxes, drawn_circles, drawn_images, drawn_texts


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


def test_a_box_drawn_in_three_ways_is_the_same_box(axes):
    axes.add_patch(Rectangle((2, 3), 5, 7))
    axes.add_patch(Polygon([[2, 3], [7, 3], [7, 10], [2, 10]]))
    axes.plot([2, 7, 7, 2, 2], [3, 3, 10, 10, 3])
    assert drawn_boxes(axes).tolist() == [[2, 3, 7, 10]] * 3


def test_label_frames_and_curves_are_no_boxes(axes):
    axes.text(0.5, 0.5, "cat", bbox={"facecolor": "white"})
    axes.plot([0, 1, 2, 3], [0, 1, 4, 9])
    assert drawn_boxes(axes).shape == (0, 4)


def test_boxes_come_sorted_so_the_order_of_drawing_does_not_matter(axes):
    axes.add_patch(Rectangle((9, 1), 2, 2))
    axes.add_patch(Rectangle((1, 9), 2, 2))
    assert drawn_boxes(axes.figure)[:, 0].tolist() == [1, 9]


def test_circles_points_and_markers(axes):
    axes.add_patch(Circle((5, 6), 2))
    axes.scatter([1, 3], [2, 4])
    axes.plot(7, 8, "o")
    assert drawn_circles(axes).tolist() == [[1, 2], [3, 4], [5, 6], [7, 8]]


def test_many_markers_of_one_plot_are_circles_and_no_box(axes):
    axes.plot([1, 3, 3, 1], [2, 2, 6, 6], "o")
    assert drawn_circles(axes).tolist() == [[1, 2], [1, 6], [3, 2], [3, 6]]
    assert drawn_boxes(axes).shape == (0, 4)


def test_images_with_extent_and_texts(axes):
    axes.imshow(np.arange(6).reshape(2, 3), extent=(0, 30, 20, 0))
    axes.set_title("map")
    axes.text(1, 1, "cat 0.9")
    (image,) = drawn_images(axes)
    assert torch.equal(image["data"], torch.arange(6.0).reshape(2, 3))
    assert image["extent"].tolist() == [0, 30, 20, 0]
    assert drawn_texts(axes) == ["cat 0.9", "map"]


def test_something_else_is_refused():
    with pytest.raises(TypeError, match="Figure or Axes"):
        drawn_boxes("a figure")

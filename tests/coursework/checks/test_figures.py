"""Reading back what a figure draws, however it was drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.collections import EllipseCollection, LineCollection, PatchCollection
from matplotlib.patches import Annulus, Circle, CirclePolygon, PathPatch, Polygon, Rectangle
from matplotlib.path import Path

from coursework.checks.figures import drawn_axes, drawn_boxes, drawn_circles, drawn_images, drawn_texts

CORNERS = [(2, 3), (7, 3), (7, 10), (2, 10), (2, 3)]


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    yield axes
    plt.close(figure)


@pytest.mark.parametrize(
    "draw",
    [
        lambda axes: axes.add_patch(Rectangle((2, 3), 5, 7)),
        lambda axes: axes.add_patch(Rectangle((7, 10), -5, -7)),  # from the opposite corner
        lambda axes: axes.add_patch(Rectangle((2, 3), 7, -5, angle=90)),
        lambda axes: axes.add_patch(Polygon(CORNERS[:4])),
        lambda axes: axes.add_patch(PathPatch(Path(CORNERS, closed=True))),
        lambda axes: axes.add_collection(PatchCollection([Rectangle((2, 3), 5, 7)])),
        lambda axes: axes.add_collection(LineCollection([CORNERS])),
        lambda axes: axes.plot(*zip(*CORNERS, strict=True)),
        lambda axes: axes.bar(2, 7, width=5, bottom=3, align="edge"),
        lambda axes: axes.fill([2, 7, 7, 2], [3, 3, 10, 10], fill=False),
        lambda axes: axes.fill_between([2, 7], 3, 10),
    ],
)
def test_a_box_is_a_box_however_it_was_drawn(axes, draw):
    draw(axes)
    assert drawn_boxes(axes).tolist() == [[2, 3, 7, 10]]
    assert drawn_circles(axes).shape == (0, 2)


def test_what_is_drawn_twice_comes_twice(axes):
    axes.add_patch(Rectangle((2, 3), 5, 7))
    axes.add_patch(Polygon(CORNERS))
    assert drawn_boxes(axes).tolist() == [[2, 3, 7, 10]] * 2


def test_several_boxes_of_one_collection(axes):
    axes.add_collection(PatchCollection([Rectangle((2, 3), 5, 7), Rectangle((1, 1), 1, 1), Circle((4, 4), 1)]))
    assert drawn_boxes(axes).tolist() == [[1, 1, 2, 2], [2, 3, 7, 10]]
    assert drawn_circles(axes).tolist() == [[4, 4]]


def test_label_frames_curves_maps_and_open_lines_are_no_boxes(axes):
    axes.text(0.5, 0.5, "cat", bbox={"facecolor": "white"})
    axes.plot([0, 1, 2, 3], [0, 1, 4, 9])
    axes.plot([2, 2, 7, 7], [3, 10, 10, 3])  # one side is missing
    axes.plot([2, 7, 2, 7, 2], [3, 10, 10, 3, 3])  # a bow tie
    axes.add_patch(Polygon([(2, 3), (7, 3), (7, 10)]))
    axes.add_patch(Rectangle((2, 3), 5, 7, angle=30))
    axes.pcolormesh(np.arange(6).reshape(2, 3))
    axes.scatter([1, 2], [3, 4], marker="s")
    axes.annotate("here", (1, 1), (4, 4), arrowprops={"arrowstyle": "->"})
    assert drawn_boxes(axes).shape == (0, 4)


def test_boxes_come_sorted_so_the_order_of_drawing_does_not_matter(axes):
    axes.add_patch(Rectangle((9, 1), 2, 2))
    axes.add_patch(Rectangle((1, 9), 2, 2))
    assert drawn_boxes(axes.figure)[:, 0].tolist() == [1, 9]


def ring(axes, points=49):
    turn = np.linspace(0, 2 * np.pi, points)
    return axes.plot(5 + 2 * np.cos(turn), 6 + 2 * np.sin(turn))


@pytest.mark.parametrize(
    "draw",
    [
        lambda axes: axes.add_patch(Circle((5, 6), 2)),
        lambda axes: axes.add_patch(CirclePolygon((5, 6), 2)),
        lambda axes: axes.add_patch(Annulus((5, 6), 2, 1)),
        lambda axes: axes.add_patch(PathPatch(Path.circle((5, 6), 2))),
        lambda axes: axes.add_collection(PatchCollection([Circle((5, 6), 2)])),
        lambda axes: axes.add_collection(PatchCollection([CirclePolygon((5, 6), 2)])),
        lambda axes: axes.add_collection(
            EllipseCollection([4], [4], [0], units="xy", offsets=[(5, 6)], offset_transform=axes.transData)
        ),
        lambda axes: axes.scatter([5], [6]),
        lambda axes: axes.plot(5, 6, "o"),
        lambda axes: axes.plot([5], [6], marker="s"),
        ring,
        lambda axes: ring(axes, points=50),
    ],
)
def test_a_circle_is_a_circle_however_it_was_drawn(axes, draw):
    draw(axes)
    assert drawn_circles(axes).tolist() == [[pytest.approx(5, abs=1e-4), pytest.approx(6, abs=1e-4)]]
    assert drawn_boxes(axes).shape == (0, 4)


def test_circles_points_and_markers_come_sorted(axes):
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


def test_titles_on_every_side_and_of_every_figure_are_texts():
    figure = plt.figure()
    left, right = figure.subfigures(1, 2)
    axes = left.subplots()
    for where in ("left", "center", "right"):
        axes.set_title(where, loc=where)
    right.suptitle("a subfigure")
    figure.suptitle("all")
    figure.text(0.5, 0.1, "below")
    assert drawn_texts(figure) == ["a subfigure", "all", "below", "center", "left", "right"]
    plt.close(figure)


def test_axes_of_subfigures_and_insets_are_axes_too():
    figure = plt.figure()
    outer = figure.subfigures(1, 2)[0].subplots()
    inset = outer.inset_axes([0.5, 0.5, 0.4, 0.4])
    inset.imshow(np.zeros((2, 3)))
    inset.plot(1, 1, "o")
    assert drawn_axes(figure) == [outer, inset]
    assert [image["data"].shape for image in drawn_images(figure)] == [(2, 3)]
    assert drawn_images(outer) == [] and drawn_circles(outer).shape == (0, 2)  # what is asked of one axes is its own
    plt.close(figure)


def test_something_else_is_refused():
    with pytest.raises(TypeError, match="Figure or Axes"):
        drawn_boxes("a figure")

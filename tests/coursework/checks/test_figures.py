"""Reading back what a figure draws, however it was drawn."""

import matplotlib.pyplot as plt
import numpy as np
import pytest
import torch
from matplotlib.collections import EllipseCollection, LineCollection, PatchCollection
from matplotlib.patches import Annulus, Circle, CirclePolygon, FancyBboxPatch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path

from coursework.checks.figures import (
    drawn_axes,
    drawn_boxes,
    drawn_circles,
    drawn_colours,
    drawn_images,
    drawn_labels,
    drawn_texts,
)

CORNERS = [(2, 3), (7, 3), (7, 10), (2, 10), (2, 3)]


@pytest.fixture
def axes():
    figure, axes = plt.subplots()
    axes.set(xlim=(0, 20), ylim=(0, 20))
    yield axes
    plt.close(figure)


@pytest.mark.parametrize(
    "draw",
    [
        lambda axes: axes.add_patch(Rectangle((2, 3), 5, 7, fill=False)),
        lambda axes: axes.add_patch(Rectangle((7, 10), -5, -7, fill=False)),  # from the opposite corner
        lambda axes: axes.add_patch(Rectangle((2, 3), 7, -5, angle=90, fill=False)),
        lambda axes: axes.add_patch(Rectangle((2, 3), 5, 7, facecolor=(1, 0, 0, 0.3), edgecolor="red")),
        lambda axes: axes.add_patch(Polygon(CORNERS[:4], fill=False)),
        lambda axes: axes.add_patch(PathPatch(Path(CORNERS, closed=True), fill=False)),
        lambda axes: axes.add_patch(FancyBboxPatch((2, 3), 5, 7, boxstyle="square,pad=0", fill=False)),
        lambda axes: axes.add_collection(PatchCollection([Rectangle((2, 3), 5, 7)], fc="none", ec="red")),
        lambda axes: axes.add_collection(LineCollection([CORNERS])),
        lambda axes: axes.plot(*zip(*CORNERS, strict=True)),
        lambda axes: axes.bar(2, 7, width=5, bottom=3, align="edge", fill=False),
        lambda axes: axes.fill([2, 7, 7, 2], [3, 3, 10, 10], fill=False),
        lambda axes: axes.fill_between([2, 7], 3, 10, facecolor="none", edgecolor="red"),
    ],
)
def test_a_box_is_a_box_however_it_was_drawn(axes, draw):
    draw(axes)
    assert drawn_boxes(axes).tolist() == [[2, 3, 7, 10]]
    assert drawn_circles(axes).shape == (0, 2)


@pytest.mark.parametrize(
    "draw",
    [
        lambda axes: axes.add_patch(Rectangle((2, 3), 5, 7)),
        lambda axes: axes.add_patch(Rectangle((2, 3), 5, 7, edgecolor="red")),
        lambda axes: axes.fill([2, 7, 7, 2], [3, 3, 10, 10]),
        lambda axes: axes.add_collection(PatchCollection([Rectangle((2, 3), 5, 7)])),
    ],
)
def test_a_filled_box_hides_what_is_inside(axes, draw):
    draw(axes)
    assert drawn_boxes(axes).shape == (0, 4)
    assert drawn_boxes(axes, filled=True).tolist() == [[2, 3, 7, 10]]


@pytest.mark.parametrize(
    "look", [{"fc": "none", "ec": "none"}, {"fill": False, "lw": 0}, {"fill": False, "visible": False}]
)
def test_what_nobody_sees_is_no_box(axes, look):
    axes.add_patch(Rectangle((2, 3), 5, 7, **look))
    assert drawn_boxes(axes).shape == (0, 4) and drawn_boxes(axes, filled=True).shape == (0, 4)


def test_what_is_drawn_twice_comes_twice(axes):
    axes.add_patch(Rectangle((2, 3), 5, 7, fill=False))
    axes.add_patch(Polygon(CORNERS, fill=False))
    assert drawn_boxes(axes).tolist() == [[2, 3, 7, 10]] * 2


def test_several_boxes_of_one_collection(axes):
    shapes = [Rectangle((2, 3), 5, 7), Rectangle((1, 1), 1, 1), Circle((4, 4), 1)]
    axes.add_collection(PatchCollection(shapes, facecolor="none", edgecolor="red"))
    assert drawn_boxes(axes).tolist() == [[1, 1, 2, 2], [2, 3, 7, 10]]
    assert drawn_circles(axes).tolist() == [[4, 4]]


def test_label_frames_curves_maps_and_open_lines_are_no_boxes(axes):
    axes.text(0.5, 0.5, "cat", bbox={"facecolor": "white"})
    axes.plot([0, 1, 2, 3], [0, 1, 4, 9])
    axes.plot([2, 2, 7, 7], [3, 10, 10, 3])  # one side is missing
    axes.plot([2, 7, 2, 7, 2], [3, 10, 10, 3, 3])  # a bow tie
    axes.add_patch(Polygon([(2, 3), (7, 3), (7, 10)]))
    axes.add_patch(Rectangle((2, 3), 5, 7, angle=30, fill=False))
    axes.add_patch(FancyBboxPatch((2, 3), 5, 7, boxstyle="round", fill=False))
    axes.pcolormesh(np.arange(6).reshape(2, 3))
    axes.scatter([1, 2], [3, 4], marker="s")
    axes.annotate("here", (1, 1), (4, 4), arrowprops={"arrowstyle": "->"})
    assert drawn_boxes(axes).shape == (0, 4)


def test_boxes_come_sorted_so_the_order_of_drawing_does_not_matter(axes):
    axes.add_patch(Rectangle((9, 1), 2, 2, fill=False))
    axes.add_patch(Rectangle((1, 9), 2, 2, fill=False))
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


@pytest.mark.parametrize(
    "draw",
    [
        lambda axes: axes.add_patch(Circle((5, 6), 0)),
        lambda axes: axes.add_patch(Circle((5, 6), 1000)),
        lambda axes: axes.add_patch(Circle((5, 6), -9)),
        lambda axes: axes.add_patch(PathPatch(Path.circle((5, 6), 9))),
        lambda axes: axes.scatter([5], [6], s=0),
        lambda axes: axes.plot(5, 6, "o", markersize=0),
        lambda axes: axes.add_patch(FancyBboxPatch((5, 6), 1, 1, boxstyle="round")),
    ],
)
def test_a_speck_and_what_covers_everything_are_no_circles(axes, draw):
    draw(axes)
    assert drawn_circles(axes).shape == (0, 2)


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
    axes.invert_yaxis()
    axes.imshow(np.arange(6).reshape(2, 3), extent=(0, 30, 20, 0))
    axes.set_title("map")
    axes.text(1, 1, "cat 0.9")
    (image,) = drawn_images(axes)
    assert torch.equal(image["data"], torch.arange(6.0).reshape(2, 3))
    assert image["extent"].tolist() == [0, 30, 20, 0]
    assert drawn_texts(axes) == ["cat 0.9", "map"]


QUARTERS = np.array([[[255, 0, 0], [0, 255, 0]], [[0, 0, 255], [255, 255, 0]]], dtype=np.uint8)
SEEN = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 0]]  # upper left, upper right, lower left, lower right
PLACES = [(1, 1), (3, 1), (1, 3), (3, 3)]  # their middles in a picture of 4 x 4, y downwards
LARGE = QUARTERS.repeat(2, axis=0).repeat(2, axis=1)


@pytest.mark.parametrize(
    "draw",
    [
        lambda axes: axes.imshow(LARGE, extent=(0, 4, 4, 0)),
        lambda axes: axes.imshow(QUARTERS, extent=(0, 4, 4, 0)),
        lambda axes: axes.imshow(LARGE[::-1], origin="lower", extent=(0, 4, 4, 0)),
        lambda axes: axes.imshow(LARGE[::-1], extent=(0, 4, 0, 4)),
        lambda axes: axes.imshow(np.dstack([LARGE / 255, np.ones((4, 4))]), extent=(0, 4, 4, 0)),
        lambda axes: axes.pcolormesh(np.arange(5), np.arange(5), LARGE),
        lambda axes: axes.pcolormesh(np.arange(5), np.arange(5)[::-1], LARGE[::-1]),
        lambda axes: (axes.imshow(LARGE[:, ::-1], extent=(0, 4, 4, 0)), axes.imshow(LARGE, extent=(0, 4, 4, 0))),
        lambda axes: (axes.imshow(LARGE, extent=(0, 4, 4, 0)), axes.imshow(np.ones((4, 4)), alpha=0.5)),
    ],
)
def test_a_picture_is_the_colours_at_places_however_it_was_drawn(axes, draw):
    draw(axes)
    assert drawn_colours(axes, PLACES).tolist() == SEEN


def test_where_no_picture_lies_there_is_no_colour(axes):
    axes.imshow(LARGE, extent=(0, 1, 1, 0))
    assert drawn_colours(axes, [(0.2, 0.2), (3, 3)]).isnan().tolist() == [[False] * 3, [True] * 3]


def test_a_map_is_given_as_it_is_seen():
    figure, panels = plt.subplots(1, 4)
    rising = np.arange(6).reshape(2, 3)
    panels[0].imshow(rising)
    panels[1].imshow(rising, origin="lower")
    panels[2].imshow(rising[::-1], origin="lower")
    panels[3].imshow(rising)
    panels[3].invert_xaxis()
    seen = [image["data"].tolist() for image in drawn_images(figure)]
    assert seen == [rising.tolist(), rising[::-1].tolist(), rising.tolist(), rising[:, ::-1].tolist()]
    plt.close(figure)


def test_a_label_covers_the_box_that_it_is_seen_in(axes):
    axes.text(4, 10, "star 0.9")
    axes.annotate("cross", (10, 5), xytext=(0, -30), textcoords="offset points", ha="center", va="top")
    axes.text(1, 1, " ")
    (star, (x0, y0, x1, y1)), (cross, (left, bottom, right, top)) = drawn_labels(axes)
    assert (star, cross) == ("star 0.9", "cross")
    assert 3.9 < x0 < 4.2 < x1 < 9 and 9.5 < y0 < 10.5 < y1 < 12
    assert left < 10 < right and bottom < top < 5


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

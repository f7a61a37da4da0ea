"""The figure of a panoptic picture: colours where segments are, labels beside them, void left as it is."""

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib.colors import to_rgb

from detrlab.figures.drawing import colour_of
from detrlab.figures.masks import plot_masks
from detrlab.panoptic.segments import PanopticMap, Segment

HEIGHT, WIDTH = 13, 19


def test_segments_have_their_colours_and_names():
    ids = np.zeros((HEIGHT, WIDTH), dtype=np.int64)
    ids[2:5, 3:11] = 1
    ids[7:, :] = 5
    found = PanopticMap(ids, (Segment(1, 1), Segment(5, 0)))
    figure = plot_masks(np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8), found, ("land", "ring"))
    (ax,) = figure.axes
    picture, layer = ax.images
    assert tuple(layer.get_extent()) == tuple(picture.get_extent()) == (0, WIDTH, HEIGHT, 0)
    drawn = np.asarray(layer.get_array())
    assert not drawn[ids == 0].any()
    for number, id in enumerate((1, 5)):
        np.testing.assert_allclose(drawn[ids == id][:, :3], np.tile(to_rgb(colour_of(number)), ((ids == id).sum(), 1)))
    assert {text.get_text() for text in ax.texts} == {"1 ring", "5 land"}
    assert ax.get_title() == "2 segments"


def test_nothing_found():
    found = PanopticMap(np.zeros((HEIGHT, WIDTH), dtype=np.int64), ())
    figure = plot_masks(np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8), found, ("land",))
    assert figure.axes[0].get_title() == "No segment above the threshold"

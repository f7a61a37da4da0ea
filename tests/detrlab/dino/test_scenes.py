"""Scenes of one shape: what they promise, and that uses share none."""

import numpy as np
import pytest

from detrlab.dino.scenes import CONTRAST, STREAMS, one_shape_scenes
from detrlab.scenes.parts import COLOURS


def test_a_shape_stands_out_and_lies_inside():
    scenes = one_shape_scenes(60, "held_out")
    assert len(scenes) == 60 and scenes.pictures.shape == (60, 64, 64, 3) and scenes.pictures.dtype == np.uint8
    assert scenes.masks.any((1, 2)).all()
    assert not scenes.masks[:, [0, -1]].any() and not scenes.masks[:, :, [0, -1]].any()
    palette = np.array(list(COLOURS.values())) / 255
    for picture, mask, colour in zip(scenes.pictures / 255, scenes.masks, scenes.colours, strict=True):
        inside, outside = np.median(picture[mask], 0), np.median(picture[~mask], 0)
        assert np.abs(inside - palette[colour]).max() < 0.06
        assert np.linalg.norm(inside - outside) > CONTRAST - 0.1
        assert picture[~mask].std(0).max() < 0.1  # plain, but for the shape's smoothed edge


def test_truth_has_all_kinds():
    scenes = one_shape_scenes(300)
    assert [len(set(each)) for each in (scenes.shapes, scenes.colours, scenes.grounds)] == [6, 12, 12]


def test_scenes_are_numbered_and_uses_differ():
    many, two = one_shape_scenes(5, "reference", first=3), one_shape_scenes(2, "reference", first=5)
    assert np.array_equal(many.pictures[2:4], two.pictures)
    pictures = [one_shape_scenes(3, use).pictures for use in STREAMS]
    assert len({each.tobytes() for each in pictures}) == len(STREAMS)
    with pytest.raises(ValueError, match="unknown use 'test'"):
        one_shape_scenes(1, "test")


def test_inputs_are_normalised():
    scenes = one_shape_scenes(50)
    x = scenes.inputs()
    assert x.shape == (50, 3, 64, 64) and -2.2 < x.min() < -1 and 1 < x.max() < 2.7

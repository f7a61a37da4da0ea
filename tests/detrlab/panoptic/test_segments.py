"""Panoptic maps: what fits together, and the truth of a scene."""

import numpy as np
import pytest

from detrlab.detr.classes import SHAPES_CLASSES
from detrlab.panoptic.segments import (
    SHAPES_PANOPTIC_CLASSES,
    SHAPES_THINGS,
    PanopticMap,
    Segment,
    scene_segments,
)
from detrlab.scenes.compose import draw_scene

IDS = np.array([[0, 5, 5], [2, 2, 2]])


def test_areas_and_masks():
    found = PanopticMap(IDS, (Segment(2, 0), Segment(5, 1)))
    assert found.areas == {0: 1, 2: 3, 5: 2}
    assert found.mask(found.segments[1]).tolist() == [[False, True, True], [False, False, False]]


@pytest.mark.parametrize(
    ("ids", "segments", "message"),
    [
        (IDS * 1.0, [2, 5], r"whole numbers \(H, W\), these are float64 \(2, 3\)"),
        (IDS[None], [2, 5], r"these are int64 \(1, 2, 3\)"),
        (IDS, [2, 5, 2], "two segments have the id 2"),
        (IDS, [0, 2, 5], "the id 0, which means void"),
        (IDS, [2], "the id 5 in the map is no segment's"),
        (IDS, [2, 5, 7], "the id 7 of a segment is not in the map"),
    ],
)
def test_what_does_not_fit_is_said(ids, segments, message):
    with pytest.raises(ValueError, match=message):
        PanopticMap(ids, tuple(Segment(id, 0) for id in segments))


def test_the_truth_of_a_scene_with_a_horizon():
    assert [*SHAPES_PANOPTIC_CLASSES] == [*SHAPES_CLASSES, "sky", "land"]
    for seed in range(4):
        scene = draw_scene(seed, (83, 97), horizon=True)
        truth = scene_segments(scene)
        N = len(scene.shapes)
        assert [segment.id for segment in truth.segments] == list(range(1, N + 3))
        assert [segment.label for segment in truth.segments] == [*scene.labels, 6, 7]
        assert [segment.label in SHAPES_THINGS for segment in truth.segments] == [True] * N + [False] * 2
        assert 0 not in truth.areas and sum(truth.areas.values()) == 83 * 97  # every pixel is somebody's
        for segment, mask in zip(truth.segments, [*scene.masks, *scene.ground_masks], strict=True):
            assert np.array_equal(truth.mask(segment), mask)


def test_without_a_horizon_the_background_is_void():
    scene = draw_scene(3, (83, 97))
    truth = scene_segments(scene)
    assert len(truth.segments) == len(scene.shapes)
    assert truth.areas[0] == 83 * 97 - scene.masks.sum()

"""Captions: what they say is derived from shapes and boxes, and a swap makes them false."""

import numpy as np
import pytest

from detrlab.scenes.captions import (
    CAPTION_WORDS,
    MOST,
    OPENINGS,
    RELATIONS,
    SWAPS,
    Caption,
    ShapeGroup,
    describe,
    draw_caption,
    draw_captioned_scene,
    lies,
    paraphrase,
    swapped,
)
from detrlab.scenes.compose import compose
from detrlab.scenes.parts import Shape

RING, STAR, CROSS = ShapeGroup(1, "red", "ring"), ShapeGroup(1, "blue", "star"), ShapeGroup(1, "orange", "cross")
SCENES = [draw_captioned_scene(seed, (64, 64)) for seed in range(150)]
CAPTIONS = [draw_caption(scene, seed) for seed, scene in enumerate(SCENES)]
# A red ring above a blue star, and an orange cross right of both.
PICTURE = compose(
    [
        Shape("ring", (0.25, 0.25), 0.15, colour="red"),
        Shape("star", (0.25, 0.75), 0.15, colour="blue"),
        Shape("cross", (0.75, 0.5), 0.15, colour="orange"),
    ],
    size=(64, 64),
)


@pytest.mark.parametrize(
    ("caption", "text"),
    [
        (Caption((RING,)), "a red ring"),
        (Caption((CROSS,), opening="a picture of "), "a picture of an orange cross"),
        (Caption((ShapeGroup(2, "red", "cross"),)), "two red crosses"),
        (Caption((RING, STAR)), "a red ring and a blue star"),
        (Caption((RING, STAR, CROSS)), "a red ring, a blue star and an orange cross"),
        (Caption((RING, STAR), "left of"), "a red ring left of a blue star"),
        (Caption((CROSS, RING, STAR), "above"), "an orange cross and a red ring above a blue star"),
        (Caption((ShapeGroup(2, "red", "ring"), STAR), "under"), "two red rings under a blue star"),
    ],
)
def test_a_caption_reads(caption, text):
    assert str(caption) == text


def test_there_are_36_words_and_captions_use_them_all():
    said = {word for caption in CAPTIONS for word in str(caption).replace(",", "").split()}
    assert len(CAPTION_WORDS) == len(set(CAPTION_WORDS)) == 36
    assert said - {"an"} == set(CAPTION_WORDS)


def test_boxes_decide_how_shapes_lie():
    """(x0, y0, x1, y1), y downwards: the second box lies right of the first and lower."""
    first, second = np.array([[0, 0, 10, 10]]), np.array([[10, 20, 30, 40]])
    assert {each for each in RELATIONS if lies(each, first, second)} == {"left of", "above", "over"}
    assert {each for each in RELATIONS if lies(each, second, first)} == {"right of", "below", "under"}
    assert not lies("left of", first, second - [1, 0, 0, 0])  # begins before the first one ends
    assert not lies("left of", np.concatenate([first, second]), second)  # one of the two does not


@pytest.mark.parametrize(
    ("caption", "true"),
    [
        (Caption((RING, STAR, CROSS)), True),
        (Caption((CROSS,)), True),
        (Caption((CROSS, RING, STAR), "above"), True),
        (Caption((RING, STAR), "left of"), False),
        (Caption((STAR, RING), "above"), False),
        (Caption((STAR, CROSS), "left of"), True),
        (Caption((ShapeGroup(1, "blue", "ring"), ShapeGroup(1, "red", "star"))), False),
        (Caption((ShapeGroup(2, "red", "ring"),)), False),
    ],
)
def test_a_caption_is_true_of_what_the_boxes_show(caption, true):
    assert caption.is_true_of(PICTURE) is true


def test_one_ring_is_not_two():
    rings = compose([Shape("ring", (0.25, y), 0.15, colour="red") for y in (0.25, 0.75)], size=(64, 64))
    assert Caption((ShapeGroup(2, "red", "ring"),)).is_true_of(rings)
    assert not Caption((RING,)).is_true_of(rings)


def test_drawn_captions_are_true_and_name_every_shape():
    for scene, caption in zip(SCENES, CAPTIONS, strict=True):
        assert caption.is_true_of(scene)
        assert sum(group.count for group in caption.groups) == len(scene.shapes)
    assert {caption.relation for caption in CAPTIONS} == {None, *RELATIONS}
    assert {caption.opening for caption in CAPTIONS} == set(OPENINGS)


def test_a_paraphrase_says_the_same_otherwise():
    for scene, caption in zip(SCENES, CAPTIONS, strict=True):
        other = paraphrase(caption, 0)
        assert str(other) != str(caption)
        assert other.is_true_of(scene)
    said = {str(paraphrase(Caption((RING, STAR), "left of"), seed)) for seed in range(40)}
    here = {"a red ring left of a blue star", "a blue star right of a red ring"}
    assert said == (here | {f"a picture of {each}" for each in here}) - {"a red ring left of a blue star"}


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("colours", "a blue ring left of a red star"),
        ("places", "a red ring right of a blue star"),
        ("order", "a blue star left of a red ring"),
    ],
)
def test_a_swap_exchanges_two_things(kind, text):
    assert str(swapped(Caption((RING, STAR), "left of"), kind, 0)) == text


def test_numbers_are_exchanged_where_they_differ():
    two = Caption((ShapeGroup(2, "red", "ring"), STAR))
    assert str(swapped(two, "counts", 0)) == "a red ring and two blue stars"
    assert swapped(Caption((RING, STAR)), "counts", 0) is None


@pytest.mark.parametrize("kind", SWAPS)
def test_what_was_swapped_is_false_of_the_scene(kind):
    found = [(scene, swapped(caption, kind, 0)) for scene, caption in zip(SCENES, CAPTIONS, strict=True)]
    found = [(scene, false) for scene, false in found if false is not None]
    assert len(found) >= 15
    assert not any(false.is_true_of(scene) for scene, false in found)


def test_colours_are_swapped_only_where_that_changes_what_is_said():
    assert swapped(Caption((RING, ShapeGroup(1, "blue", "ring"))), "colours", 0) is None
    assert swapped(Caption((RING, ShapeGroup(1, "red", "star"))), "colours", 0) is None
    assert swapped(Caption((RING,)), "places", 0) is None
    with pytest.raises(ValueError, match="unknown swap 'nouns'; choose one of colours, places, order, counts"):
        swapped(Caption((RING,)), "nouns", 0)


def test_captioned_scenes_have_whole_shapes_apart():
    assert {len(scene.shapes) for scene in SCENES} == set(range(1, MOST + 1))
    for scene in SCENES:
        assert scene.boxes_xyxy.min() >= 0 and scene.boxes_xyxy.max() <= 64
        for i, box in enumerate(scene.boxes_xyxy):
            for other in scene.boxes_xyxy[:i]:
                assert any(lies(each, box[None], other[None]) for each in RELATIONS)


def test_a_seed_draws_the_same_scene_and_caption_at_every_size():
    small, large = draw_captioned_scene(3, (64, 64)), draw_captioned_scene(3, (128, 128))
    assert small.shapes == large.shapes
    assert draw_caption(small, 5) == draw_caption(small, 5)
    assert len({draw_caption(PICTURE, seed) for seed in range(30)}) > 10


def test_a_description_lists_all_there_is():
    assert describe(PICTURE) == "a red ring, a blue star and an orange cross"
    assert describe(compose([Shape("star", (0.2 * i, 0.5), 0.05) for i in range(1, 5)])) == "4 red stars"
    assert describe(compose([])) == "nothing"

"""Scenes: the truth that comes with them, promises about visibility, and independence of size."""

import itertools

import numpy as np
import pytest

from detrlab.scenes import compose as scenes
from detrlab.scenes import crisp as scene_shapes
from detrlab.scenes import hand_drawn as scene_hand_drawn
from detrlab.scenes.compose import Background, Horizon, Shape, compose, draw_scene
from detrlab.training.data import STREAMS, relative_cxcywh, stream

STYLES = ["shapes", "hand_drawn"]


@pytest.mark.parametrize("style", STYLES)
def test_a_seed_draws_the_same_scene_twice_and_another_seed_another(style):
    first, again, other = (draw_scene(seed, (97, 83), style) for seed in (5, 5, 6))
    assert np.array_equal(first.picture, again.picture)
    assert np.array_equal(first.masks, again.masks)
    assert first.shapes == again.shapes
    assert not np.array_equal(first.picture, other.picture)


@pytest.mark.parametrize("style", STYLES)
def test_a_larger_picture_shows_the_same_scene(style):
    for seed in range(3):
        small, large = draw_scene(seed, (128, 96), style), draw_scene(seed, (256, 192), style)
        assert small.shapes == large.shapes
        assert np.abs(2 * small.boxes_xyxy - large.boxes_xyxy).max() <= 4  # pixels of the large one
        reduced = np.asarray(large.picture.resize((128, 96)), dtype=float)
        assert np.abs(reduced - np.asarray(small.picture, dtype=float)).mean() < 8  # of 255


@pytest.mark.parametrize("style", STYLES)
def test_boxes_labels_and_names_agree_with_the_masks(style):
    for seed in range(4):
        scene = draw_scene(seed, (101, 89), style)
        N = len(scene.shapes)
        assert scene.masks.shape == (N, 89, 101)
        assert scene.boxes_xyxy.shape == (N, 4)
        assert tuple(scenes.CLASSES[label] for label in scene.labels) == scene.names
        for (x0, y0, x1, y1), mask in zip(scene.boxes_xyxy.astype(int), scene.masks, strict=True):
            inside = np.zeros_like(mask)
            inside[y0:y1, x0:x1] = True
            assert not (mask & ~inside).any()
            for edge in (mask[y0, x0:x1], mask[y1 - 1, x0:x1], mask[y0:y1, x0], mask[y0:y1, x1 - 1]):
                assert edge.any()  # the box is tight on all four sides
        for a, b in itertools.combinations(scene.masks, 2):
            assert not (a & b).any()  # a pixel shows one shape only


def test_a_circle_covers_the_pixels_that_geometry_says():
    scene = compose([Shape("circle", (0.5, 0.25), 0.2, colour="red")], size=(100, 200))
    # Radius 0.2 of the shorter side, 100 pixels: 20. Centre (50, 50).
    assert scene.boxes_xyxy.tolist() == [[30, 30, 70, 70]]
    assert scene.masks.sum() == pytest.approx(np.pi * 20**2, rel=0.01)
    red, green, blue = scene.picture.getpixel((50, 50))
    assert red > 2 * green and red > 2 * blue


@pytest.mark.parametrize(
    "name, area",  # of a shape of radius 1 and proportion 0.5, from its corners
    [("square", 1.6**2), ("triangle", 0.55**2 * 3 * 3**0.5), ("cross", 4 * 0.98 * 0.58 - 0.58**2),
     ("ring", np.pi * (1 - 0.6**2)), ("star", 10 * 0.5 * 1.1 * 0.52 * np.sin(np.pi / 5))],
)  # fmt: skip
def test_areas_follow_from_the_shapes_corners(name, area):
    for angle in (0, 37):
        scene = compose([Shape(name, (0.5, 0.5), 0.3, angle=angle)], size=(200, 200))
        assert scene.masks.sum() == pytest.approx(area * 60**2, rel=0.02)


def test_a_stretched_circle_is_an_ellipse_to_its_ends():
    scene = compose([Shape("circle", (0.5, 0.5), 0.2, stretch=4)], size=(300, 300))
    # Radius 60, so half an axis is 60 / 2 across and 60 * 2 along; the area stays.
    assert scene.boxes_xyxy.tolist() == [[120, 30, 180, 270]]
    assert scene.masks.sum() == pytest.approx(np.pi * 60**2, rel=0.01)
    assert scene.masks[0, 30:33].any(0).sum() < 20  # the end is round: 30 * sqrt(1 - (117 / 120)^2) = 6.7 to each side


def test_angles_turn_clockwise_as_seen():
    tip_up = compose([Shape("triangle", (0.5, 0.5), 0.3)], size=(100, 100)).masks[0]
    tip_right = compose([Shape("triangle", (0.5, 0.5), 0.3, angle=90)], size=(100, 100)).masks[0]
    assert tip_up[20, 50] and not tip_up[80, 50]  # the apex lies 33 pixels above the centre, the base 16.5 below
    assert np.abs(np.rot90(tip_up, -1).astype(int) - tip_right).sum() < 20  # rot90 by -1 is clockwise


@pytest.mark.parametrize("style", STYLES)
def test_the_last_shape_hides_what_is_behind_it(style):
    back, front = (
        Shape("square", (0.4, 0.5), 0.25, colour="blue"),
        Shape("square", (0.6, 0.5), 0.25, colour="red"),
    )
    alone = compose([back], size=(128, 128), style=style)
    both = compose([back, front], size=(128, 128), style=style)
    assert both.masks[0].sum() < alone.masks[0].sum()
    assert both.boxes_xyxy[0, 2] <= both.boxes_xyxy[1, 0] + 6  # what is left of the blue one ends where the red begins
    swapped = compose([front, back], size=(128, 128), style=style)
    assert swapped.names == ("square", "square")
    assert swapped.masks[1].sum() == alone.masks[0].sum()


def test_a_wholly_hidden_shape_is_not_part_of_the_truth():
    small, large = Shape("circle", (0.5, 0.5), 0.1, colour="blue"), Shape("square", (0.5, 0.5), 0.3)
    outside = Shape("star", (3.0, 0.5), 0.1)
    scene = compose([small, large, outside], size=(64, 64))
    assert scene.names == ("square",)


@pytest.mark.parametrize("style", STYLES)
def test_random_shapes_are_mostly_inside_and_mostly_visible(style):
    renderer = scenes.RENDERERS[style]
    for seed in range(12):
        scene = draw_scene(seed, (144, 144), style)
        assert 1 <= len(scene.shapes) <= 6
        for shape, mask in zip(scene.shapes, scene.masks, strict=True):
            whole = renderer.silhouette(shape, (144, 144))[2].sum()
            assert mask.sum() >= (0.36 - 0.05) * whole  # 60 % of 60 %, with room for the coarser trial


@pytest.mark.parametrize("style", STYLES)
def test_silhouettes_do_not_depend_on_the_window(style):
    shape = Shape("star", (0.5, 0.5), 0.3, angle=20, wobble=0.05, seed=11)
    x0, y0, window = scenes.RENDERERS[style].silhouette(shape, (128, 128))
    rows, columns = np.nonzero(window)
    expected = np.zeros((128, 128), dtype=bool)
    expected[rows + y0, columns + x0] = True
    assert (expected ^ compose([shape], size=(128, 128), style=style).masks[0]).sum() < 10


def test_the_two_styles_share_no_drawing_code():
    for module, other in ((scene_shapes, "scene_shapes"), (scene_hand_drawn, "scene_hand_drawn")):
        foreign = scene_hand_drawn if module is scene_shapes else scene_shapes
        assert other not in vars(foreign)
        for name, value in vars(foreign).items():
            assert getattr(value, "__module__", None) != module.__name__, name


def test_a_horizon_lies_where_geometry_says():
    """100 x 80 pixels, height .5, slope .25: from row 30 at the left edge to row 50 at the right one."""
    scene = compose([], Background("plain", "white"), (100, 80), horizon=Horizon(Background("plain", "red"), 0.5, 0.25))
    assert scene.ground_names == ("sky", "land")
    sky, land = scene.ground_masks
    assert (sky ^ land).all()
    assert [sky[:, column].sum() for column in (0, 47, 99)] == [30, 39, 50]
    picture = np.asarray(scene.picture, dtype=int)
    assert (picture[:28, :, 1] > 200).all() and (picture[52:, :, 1] < 80).all()  # white above, red below


@pytest.mark.parametrize("style", STYLES)
def test_shapes_and_grounds_share_the_picture(style):
    for seed in range(4):
        scene = draw_scene(seed, (101, 89), style, horizon=True)
        assert scene.ground_names == ("sky", "land")
        assert (np.concatenate([scene.masks, scene.ground_masks]).sum(0) == 1).all()
        sky, land = (np.nonzero(mask)[0].mean() for mask in scene.ground_masks)
        assert sky < land  # rows grow downwards
        again = draw_scene(seed, (101, 89), style, horizon=True)
        assert np.array_equal(scene.picture, again.picture) and np.array_equal(scene.ground_masks, again.ground_masks)


@pytest.mark.parametrize("style", STYLES)
def test_a_horizon_is_the_same_at_every_size(style):
    for seed in range(3):
        small, large = (draw_scene(seed, size, style, horizon=True) for size in ((128, 96), (256, 192)))
        assert small.horizon == large.horizon and small.shapes == large.shapes
        moved = small.ground_masks ^ large.ground_masks[:, ::2, ::2]
        assert moved.mean() < 0.02


@pytest.mark.parametrize("style", STYLES)
def test_sky_and_land_have_unlike_colours(style):
    for seed in range(6):
        scene = draw_scene(seed, (96, 96), style, horizon=True)
        picture = np.asarray(scene.picture, dtype=float) / 255
        sky, land = (picture[mask].mean(0) for mask in scene.ground_masks)
        assert np.linalg.norm(sky - land) > 0.2


def test_a_hidden_ground_is_not_part_of_the_truth():
    horizon = Horizon(Background("plain", "blue"), height=0.9)
    scene = compose([Shape("square", (0.5, 0.9), 1.0)], Background(), (64, 64), horizon=horizon)
    assert scene.ground_names == ("sky",) and len(scene.ground_masks) == 1
    assert draw_scene(1).ground_names == () and draw_scene(1).ground_masks.shape == (0, 512, 512)


def test_mistakes_get_an_answer():
    with pytest.raises(ValueError, match=r"horizon at height 40 is outside of the picture"):
        Horizon(Background(), height=40)
    with pytest.raises(ValueError, match=r"Unknown shape 'hexagon'.*circle"):
        Shape("hexagon", (0.5, 0.5), 0.2)
    with pytest.raises(ValueError, match=r"Radius 40 .*fraction"):
        Shape("circle", (0.5, 0.5), 40)
    with pytest.raises(ValueError, match="Unknown background 'grass'"):
        Background("grass")
    with pytest.raises(ValueError, match="Unknown style 'oil'"):
        draw_scene(1, style="oil")
    with pytest.raises(ValueError, match="16 x 512 pixels is too small"):
        draw_scene(1, (16, 512))


def test_training_and_held_out_scenes_come_from_different_streams():
    assert len(set(STREAMS.values())) == len(STREAMS)
    draws = [np.random.default_rng(3).integers(2**60)] + [stream(use, 3).integers(2**60) for use in STREAMS]
    assert len(set(draws)) == len(draws)


def test_relative_boxes():
    boxes = relative_cxcywh(np.array([[16.0, 32.0, 48.0, 96.0]]), (64, 128))
    assert boxes.tolist() == [[0.5, 0.5, 0.5, 0.5]]

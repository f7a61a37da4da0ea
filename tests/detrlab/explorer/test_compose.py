"""The composer's Python part: an arrangement becomes the scene it describes, with its detections, in time."""

import io
import time

import pytest
from PIL import Image

from detrlab.detr.models import load_model
from detrlab.explorer.compose import compose_scene, found, kept_colours, scene_of
from detrlab.own_picture import keep_picture

PAPER = {"kind": "paper", "colour": "white"}
STAR = {"name": "star", "x": 0.3, "y": 0.25, "radius": 0.15, "angle": 20, "colour": "blue", "fill": "flat"}
RING = {"name": "ring", "x": 0.7, "y": 0.7, "radius": 0.2, "angle": 0, "colour": "red", "fill": "flat"}


@pytest.fixture(scope="module")
def model():
    return load_model("shapes")


def test_an_arrangement_is_drawn_where_it_says():
    scene = scene_of({"shapes": [STAR, RING], "background": PAPER})
    assert scene.names == ("star", "ring")
    # 512 pixels a side: the ring's outer circle of radius 0.2 around (0.7, 0.7) spans 256 to 461.
    assert scene.boxes_xyxy[1] == pytest.approx([256, 256, 461, 461], abs=2)


def test_the_last_shape_lies_in_front():
    hidden = {**STAR, "x": 0.7, "y": 0.7, "radius": 0.05}
    assert scene_of({"shapes": [hidden, {**RING, "name": "circle"}], "background": PAPER}).names == ("circle",)
    assert scene_of({"shapes": [{**RING, "name": "circle"}, hidden], "background": PAPER}).names == ("circle", "star")


def test_a_change_draws_and_detects_and_hands_out_the_picture(model, tmp_path):
    composer = compose_scene(model)
    assert composer.picture is None
    assert composer.result["of"] == 0
    composer.arrangement = {"shapes": [STAR, RING], "background": PAPER}
    assert composer.picture.size == (512, 512)
    assert (composer.result["found"], composer.result["of"]) == (2, 2)
    assert {each["label"].split()[0] for each in composer.result["detections"]} == {"star", "ring"}
    with Image.open(io.BytesIO(composer.picture_file)) as sent:
        assert sent.size == (512, 512)
    kept = keep_picture(composer.picture, tmp_path / "mine.png")
    # The next time the notebook runs the paper is empty: the picture made before is taken.
    again = keep_picture(compose_scene(model).picture, tmp_path / "mine.png")
    assert again.tobytes() == kept.tobytes()


def test_a_box_keeps_its_colour_when_another_shape_goes(model):
    composer = compose_scene(model)
    square = {**RING, "name": "square", "x": 0.25, "y": 0.75, "colour": "green"}
    colours = []
    for shapes in ([STAR, RING, square], [RING, square], [square], [square, STAR]):
        composer.arrangement = {"shapes": shapes, "background": PAPER}
        found = {each["label"].split()[0]: each["colour"] for each in composer.result["detections"]}
        assert set(found) == {shape["name"] for shape in shapes} and len(set(found.values())) == len(shapes)
        colours.append(found)
    assert colours[1] == {name: colours[0][name] for name in ("ring", "square")}
    assert colours[2]["square"] == colours[3]["square"] == colours[0]["square"]


def test_colours_stay_with_their_queries_and_none_is_given_twice():
    assert kept_colours({}, [13, 5, 8]) == {13: 0, 5: 1, 8: 2}
    assert kept_colours({13: 0, 5: 1, 8: 2}, [8, 5]) == {8: 2, 5: 1}
    assert kept_colours({8: 2, 5: 1}, [7, 8, 6, 5]) == {7: 0, 8: 2, 6: 3, 5: 1}


def test_found_needs_the_class_and_the_place(model):
    composer = compose_scene(model)
    composer.arrangement = {"shapes": [STAR, RING], "background": PAPER}
    assert found(composer.scene, composer.detections) == 2
    elsewhere = scene_of({"shapes": [{**STAR, "x": 0.7, "y": 0.3}, RING], "background": PAPER})
    assert found(elsewhere, composer.detections) == 1
    swapped = scene_of({"shapes": [{**RING, "x": 0.3, "y": 0.25}, RING], "background": PAPER})
    assert found(swapped, composer.detections) == 1


def test_an_update_is_fast_enough_to_drag(model):
    composer = compose_scene(model)
    times = []
    for step in range(5):
        shapes = [{**STAR, "x": 0.2 + 0.1 * step}, RING, {**RING, "x": 0.2, "name": "cross", "colour": "green"}]
        started = time.process_time()
        composer.arrangement = {"shapes": shapes, "background": {"kind": "checked", "colour": "turquoise"}}
        times.append(time.process_time() - started)
    assert min(times) < 0.15


def test_exports_show_the_scene(model):
    data, _ = compose_scene(model)._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"} == set(data)

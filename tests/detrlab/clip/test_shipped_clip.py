"""The shipped CLIP on a few fixed held-out scenes, well below what it reaches on many (data/README.md)."""

import json

import pytest

from detrlab.__main__ import main
from detrlab.clip.attention import similarity_map
from detrlab.clip.data import captioned_scenes, measured_scenes
from detrlab.clip.measures import encode_texts, measure_clip, prompts_of, zero_shot_classifier
from detrlab.clip.model import load_clip


@pytest.fixture(scope="module")
def model():
    return load_clip()


@pytest.fixture(scope="module")
def figures(model):
    return measure_clip(model, *measured_scenes(150))


@pytest.mark.parametrize(
    ("name", "at_least"),
    [
        ("image_to_text_1", 0.75),
        ("text_to_image_1", 0.75),
        ("image_to_text_5", 0.9),
        ("zero_shot_72", 0.8),
        ("zero_shot_shape", 0.8),
        ("zero_shot_colour", 0.8),
        ("binding_colours", 0.7),
        ("binding_places", 0.65),
    ],
)
def test_it_reaches_its_figures(figures, name, at_least):
    assert figures[name] >= at_least


def test_the_temperature_was_learned(figures):
    assert 0.01 <= figures["temperature"] < 0.06  # it starts at .07


def test_a_text_is_found_where_its_shape_is(model):
    """Of two shapes the one that is told: the map's mean in its box is larger than in the other's."""
    scenes = captioned_scenes(80, shapes=2, use="held_out")
    right = pairs = 0
    for truth, picture in zip(scenes.truths, scenes.normalised(), strict=True):
        told = zero_shot_classifier(model, [prompts_of(shape.colour, shape.name) for shape in truth.shapes])
        if truth.shapes[0].colour == truth.shapes[1].colour or truth.shapes[0].name == truth.shapes[1].name:
            continue
        for feature, own, other in ((told[0], 0, 1), (told[1], 1, 0)):
            found = similarity_map(model, picture[None], feature)[0]
            means = [mean_in_box(found, truth.boxes_xyxy[i]) for i in (own, other)]
            right += means[0] > means[1]
            pairs += 1
    assert pairs > 60
    assert right / pairs >= 0.7


def mean_in_box(found, box_xyxy):
    x0, y0, x1, y1 = (box_xyxy / 8).round().astype(int)
    return found[y0 : max(y1, y0 + 1), x0 : max(x1, x0 + 1)].mean().item()


def test_what_means_the_same_lies_together(model):
    texts = encode_texts(model, ["a red ring", "a picture of a red ring", "a blue star"])
    assert texts[0] @ texts[1] > texts[0] @ texts[2]


def test_the_command_line_measures_it(capsys):
    assert main(["eval", "clip", "--scenes", "40"]) == 0
    assert json.loads(capsys.readouterr().out)["zero_shot_72"] > 0.7

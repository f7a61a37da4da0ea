"""The caption explorer's Python part: words, their prompts, and maps that are those of the library."""

import numpy as np
import pytest
import torch
from PIL import Image

from detrlab.clip.attention import similarity_map, word_attention
from detrlab.clip.data import captioned_scenes
from detrlab.clip.measures import encode_texts
from detrlab.clip.model import load_clip
from detrlab.explorer.caption import explore_caption, prompts_with
from detrlab.scenes.parts import CLASSES, COLOURS

CAPTION = "two red rings left of a blue star"


@pytest.fixture(scope="module")
def model():
    return load_clip()


def test_words_and_maps_are_those_of_the_library(model):
    scenes = captioned_scenes(1, "held_out")
    explorer = explore_caption(model, Image.fromarray(scenes.pictures[0]), CAPTION)
    assert explorer.meta["words"] == [*CAPTION.split(), "end"]
    assert explorer.meta["map_of"] == {"red": 1, "rings": 2, "blue": 3, "star": 4}
    arrays = {}
    for name, place in explorer.meta["arrays"].items():
        flat = np.frombuffer(explorer.data, np.dtype(place["type"]), int(np.prod(place["shape"])), place["start"])
        arrays[name] = flat.reshape(place["shape"])
    np.testing.assert_allclose(arrays["attention"], word_attention(model.text, model.tokenizer(CAPTION)[0]))
    assert arrays["maps"].shape == (5, 8, 8)
    feature = encode_texts(model, [CAPTION])[0]
    expected = similarity_map(model, scenes.normalised(), feature)[0]
    np.testing.assert_allclose(arrays["maps"][0], expected, rtol=1e-4, atol=1e-7)
    with torch.no_grad():
        cosine = model.encode_image(scenes.normalised())[0] @ feature
    assert explorer.meta["cosines"][0] == pytest.approx(cosine.item(), abs=1e-5)


def test_a_word_stands_in_all_its_company():
    assert len(prompts_with("ring")) == len(COLOURS) and all("ring" in each for each in prompts_with("ring"))
    assert prompts_with("rings") == prompts_with("ring")
    assert len(prompts_with("red")) == len(CLASSES) and all("red" in each for each in prompts_with("red"))
    assert prompts_with("left") == prompts_with("two") == []


def test_unknown_words_are_named(model):
    with pytest.raises(ValueError, match="'cat'"):
        explore_caption(model, Image.new("RGB", (64, 64)), "a red cat")

"""The caption explorer's page in Chromium: which word is chosen, its map, and how much the end token looks at each."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch
from PIL import Image

from detrlab.clip.attention import similarity_map, word_attention
from detrlab.clip.data import captioned_scenes
from detrlab.clip.measures import zero_shot_classifier
from detrlab.clip.model import load_clip
from detrlab.explorer.caption import explore_caption, prompts_with
from tests.browser.explorer_page import opened_explorer
from tests.browser.painted import assert_paints

CAPTION = "a red ring left of a blue star"


@pytest.fixture(scope="module")
def shares() -> torch.Tensor:
    clip = load_clip()
    return word_attention(clip.text, clip.tokenizer(CAPTION)[0])


@pytest.fixture(scope="module")
def ring() -> torch.Tensor:
    clip = load_clip()
    feature = zero_shot_classifier(clip, [prompts_with("ring")])[0]
    return similarity_map(clip, captioned_scenes(1, "held_out").normalised(), feature)[0]


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    picture = Image.fromarray(captioned_scenes(1, "held_out").pictures[0])
    return explore_caption(load_clip(), picture, CAPTION).save(tmp_path_factory.mktemp("clip") / "page.html").as_uri()


@pytest.fixture
def page(browser, address) -> Iterator:
    with opened_explorer(browser, address) as opened:
        yield opened


def test_a_word_shows_its_map_and_its_weight(page, ring, shares, screenshots):
    words = page.locator(".dl-word")
    assert words.locator(".dl-name").all_text_contents() == [*CAPTION.split(), "end"]
    words.nth(2).hover()
    assert page.locator(".dl-headline").text_content() == "What speaks for “ring”"
    assert_paints(page.locator(".dl-stage canvas"), ring)
    said = [float(each.rstrip(" %")) for each in words.locator(".dl-score").all_text_contents()]
    np.testing.assert_allclose(said, 100 * shares[-1].mean(0), atol=0.51)
    page.get_by_role("group", name="Layer").get_by_text("0", exact=True).click()
    page.get_by_role("group", name="Head").get_by_text("3", exact=True).click()
    said = [float(each.rstrip(" %")) for each in words.locator(".dl-score").all_text_contents()]
    np.testing.assert_allclose(said, 100 * shares[0, 3], atol=0.51)
    page.screenshot(path=screenshots / "caption_light.png")
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=screenshots / "caption_dark.png")


def test_words_without_a_map_say_so_and_keys_walk_the_words(page, ring):
    words = page.locator(".dl-word")
    words.nth(3).hover()
    assert "has no map" in page.locator(".dl-subline").text_content()
    assert page.locator(".dl-stage canvas").is_hidden()
    words.nth(2).click()
    words.nth(0).hover()
    assert_paints(page.locator(".dl-stage canvas"), ring)
    page.keyboard.press("Escape")
    words.nth(0).hover()
    page.keyboard.press("Tab")  # from the word that was clicked to the next
    assert page.locator(".dl-word[aria-pressed=true] .dl-name").text_content() == "left"

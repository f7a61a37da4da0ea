"""The explorer of a vision transformer in Chromium: its class token and its patches, against a capture."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from PIL import Image

from detrlab.attention.capture import CapturedAttention, capture_attention
from detrlab.dino.scenes import one_shape_scenes
from detrlab.dino.vision_transformer import load_dino
from detrlab.explorer.explore import explore, vit_input
from tests.browser.explorer_page import choose, hover, opened_explorer
from tests.browser.painted import assert_paints

SIZE = WIDTH, HEIGHT = 320, 192  # 64 x 107 pixels would be the shape; whole patches are 64 x 104, 8 x 13 of them


def a_picture() -> Image.Image:
    return Image.fromarray(one_shape_scenes(2, "held_out").pictures[1]).resize(SIZE)


@pytest.fixture(scope="module")
def attention() -> CapturedAttention:
    vit = load_dino()
    with torch.no_grad(), capture_attention(vit) as captured:
        vit(vit_input(vit, a_picture())[None])
    return captured


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    explorer = explore(load_dino(), a_picture())
    return explorer.save(tmp_path_factory.mktemp("vit") / "page.html").as_uri()


@pytest.fixture
def page(browser, address) -> Iterator:
    with opened_explorer(browser, address) as opened:
        yield opened


def stage(page):
    return page.locator(".dl-stage canvas")


def test_the_class_token_looks_first(page, attention, screenshots):
    assert page.locator(".dl-headline").text_content() == "Where the class token looks"
    assert page.locator(".dl-subline").text_content() == "Self-attention · layer 1 (last of 2) · mean of 6 heads"
    assert_paints(stage(page), attention.cls_looks_at())
    itself = attention.weights("blocks.1.attn")[0, 0].item()
    given = page.get_by_role("row", name="Given to the class token").locator("td").text_content()
    assert float(given.rstrip(" %")) == pytest.approx(100 * itself, abs=0.06)
    assert page.locator(".dl-point").is_hidden() and page.locator(".dl-queries").count() == 0
    choose(page, "Side by side", "all heads")
    for head, expected in enumerate(attention.cls_looks_at(head="all")):
        assert_paints(page.locator(".dl-tile canvas").nth(head), expected)
    page.screenshot(path=screenshots / "vit_light.png")
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=screenshots / "vit_dark.png")


def test_patches_look_and_are_looked_at(page, attention):
    picture, point = a_picture(), (253.0, 131.0)
    hover(page, *point, SIZE)
    assert page.locator(".dl-headline").text_content() == "Where this point looks"
    assert_paints(stage(page), attention.encoder(picture=picture).looks_at(point))
    page.mouse.down()
    page.mouse.up()
    choose(page, "Direction", "Who looks at it")
    choose(page, "Layer", "0")
    choose(page, "Head", "3")
    assert_paints(stage(page), attention.encoder(0, 3, picture=picture).is_looked_at_from(point))
    row, column = attention.grid(0, picture).cell_at(point)
    weight = attention.weights("blocks.0.attn", 3)[0, 1 + 13 * row + column].item()
    given = page.get_by_role("row", name="Given by the class token").locator("td").text_content()
    assert float(given.rstrip(" %")) == pytest.approx(100 * weight, abs=0.06)
    page.get_by_role("button", name="class token").click()
    assert page.locator(".dl-headline").text_content() == "Who looks at the class token"
    assert_paints(stage(page), attention.weights("blocks.0.attn", 3)[1:, 0].view(8, 13))


def test_the_class_token_is_held_by_a_click_and_reached_by_keys(page, attention):
    button = page.get_by_role("button", name="class token")
    hover(page, 100.0, 100.0, SIZE)
    button.hover()
    assert button.get_attribute("aria-pressed") == "true"
    button.click()
    hover(page, 100.0, 100.0, SIZE)
    assert page.locator(".dl-headline").text_content() == "Where the class token looks"
    page.keyboard.press("Escape")
    hover(page, 101.0, 100.0, SIZE)
    assert page.locator(".dl-headline").text_content() == "Where this point looks"
    page.locator(".dl-stage").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert_paints(stage(page), attention.cls_looks_at())

"""The explorers of masks, of a ViT and of a caption in a real JupyterLab: each opens, and follows the mouse."""

from __future__ import annotations

import pytest

from tests.browser.chromium import watched_page

SETUP = """
import torch
torch.set_num_threads(1)
from PIL import Image
from detrlab import captioned_scenes, draw_scene, explore, explore_caption
from detrlab import load_clip, load_dino, load_model, one_shape_scenes
"""
VIEWS = {
    "masks": (
        "explore(load_model('shapes_panoptic'), draw_scene(5, (256, 256), horizon=True).picture)",
        ".dl-way canvas[data-max]",
    ),
    "vit": (
        "explore(load_dino(), Image.fromarray(one_shape_scenes(1, 'held_out').pictures[0]))",
        ".dl-stage canvas[data-max]",
    ),
    "caption": (
        "explore_caption(load_clip(), Image.fromarray(captioned_scenes(1).pictures[0]), 'a red ring')",
        ".dl-stage canvas[data-max]",
    ),
}


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_opens_in_a_notebook_and_follows_the_mouse(lab, browser, view, screenshots):
    code, painted = VIEWS[view]
    with watched_page(browser, viewport={"width": 1366, "height": 768}) as page:
        lab.run(page, f"view_{view}", SETUP + code)
        page.locator(painted).first.wait_for(timeout=60_000)
        headline = page.locator(".dl-headline")
        first = headline.text_content()
        if view == "vit":
            page.locator(".dl-stage").hover()
            assert (first, headline.text_content()) == ("Where the class token looks", "Where this point looks")
        else:
            page.locator(".dl-item").nth(1).hover()
            assert headline.text_content() != first
        page.screenshot(path=screenshots / f"lab_{view}.png")

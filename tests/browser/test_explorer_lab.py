"""The explorer in a real JupyterLab: run a cell, move over the picture, read what was painted; a large model's rows
come from the kernel."""

from __future__ import annotations

import pytest

from detrlab.attention.capture import CapturedAttention, capture_attention
from detrlab.detr.detect import detect
from detrlab.detr.models import load_model
from detrlab.scenes.compose import draw_scene
from tests.browser.chromium import watched_page
from tests.browser.painted import assert_paints

SIZE = WIDTH, HEIGHT = 500, 325
OPEN = """
import torch
torch.set_num_threads(1)
from detrlab.explorer.explore import explore
from detrlab.detr.models import load_model
from detrlab.scenes.compose import draw_scene
explore(load_model("shapes"), draw_scene(5, (500, 325)).picture, 0.5)
"""
# The small model, made to behave as a large one does: its queries and keys stay in the kernel.
OPEN_ON_DEMAND = "import detrlab.explorer.widget as widget\nwidget.ALL_AT_ONCE = 0\n" + OPEN


@pytest.fixture(scope="module")
def attention() -> CapturedAttention:
    model = load_model("shapes")
    with capture_attention(model) as captured:
        detect(model, draw_scene(5, SIZE).picture)
    return captured


@pytest.mark.parametrize("notebook", ["whole", "on_demand"])
def test_moving_over_the_picture_in_a_notebook(lab, browser, attention, notebook, screenshots):
    picture = draw_scene(5, SIZE).picture
    with watched_page(browser, viewport={"width": 1400, "height": 1000}) as page:
        lab.run(page, notebook, OPEN if notebook == "whole" else OPEN_ON_DEMAND)
        stage = page.locator(".dl-stage")
        stage.wait_for(timeout=60_000)
        canvas = page.locator(".dl-stage canvas[data-max]")
        canvas.wait_for()
        box = stage.bounding_box()
        for x, y in ((61.0, 43.0), (253.0, 131.0)):
            page.mouse.move(box["x"] + x * box["width"] / WIDTH, box["y"] + y * box["height"] / HEIGHT)
            row, column = attention.grid(0, picture).cell_at((x, y))
            page.get_by_text(f"cell in row {row}, column {column}", exact=True).wait_for()
            expected = attention.encoder(picture=picture).looks_at((x, y))
            assert_paints(canvas, expected)
        page.locator(".dl-item").first.click()
        page.locator(".dl-listening").wait_for()
        query = int(page.locator(".dl-item").first.get_attribute("aria-label").rpartition("query ")[2])
        assert_paints(canvas, attention.decoder_cross(query=query))
        stage.scroll_into_view_if_needed()
        page.screenshot(path=screenshots / f"lab_{notebook}.png")

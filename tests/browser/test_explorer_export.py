"""An explorer in an exported notebook: alive without a network, and a figure where scripts are forbidden."""

from __future__ import annotations

import nbformat
import numpy as np
import pytest
from nbconvert import HTMLExporter

from detrlab.attention.capture import capture_attention
from detrlab.detr.detect import detect
from detrlab.detr.models import load_model
from detrlab.explorer.explore import explore
from detrlab.scenes.compose import draw_scene
from tests.browser.chromium import watched_page
from tests.browser.painted import painted_weights

SIZE = WIDTH, HEIGHT = 500, 325


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    """A notebook with an explorer's output, as nbconvert makes it HTML."""
    data, metadata = explore(load_model("shapes"), draw_scene(5, SIZE).picture, 0.5)._repr_mimebundle_()
    output = nbformat.v4.new_output("display_data", data, metadata=metadata)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("explore(...)", outputs=[output])])
    # The template without addresses of fonts and scripts on the web; what becomes of an output is the same.
    html, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    path = tmp_path_factory.mktemp("export") / "notebook.html"
    path.write_text(f'<!doctype html><meta charset="utf-8">{html}', encoding="utf-8")
    return path.as_uri()


def test_it_is_alive(browser, address, screenshots):
    picture = draw_scene(5, SIZE).picture
    model = load_model("shapes")
    with capture_attention(model) as attention:
        detect(model, picture)
    with watched_page(browser, viewport={"width": 1100, "height": 900}) as page:
        page.goto(address)
        inside = page.frame_locator("iframe")
        stage = inside.locator(".dl-stage")
        stage.wait_for()
        frame = page.locator("iframe")
        page.wait_for_function("() => document.querySelector('iframe').getBoundingClientRect().height > 500")
        assert page.locator("div > img").count() == 0, "the figure has made room"
        box = stage.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        expected = attention.encoder(picture=picture).looks_at((WIDTH / 2, HEIGHT / 2))
        painted = painted_weights(inside.locator(".dl-stage canvas"))
        np.testing.assert_allclose(painted, expected, rtol=0, atol=1e-3)
        assert frame.evaluate("each => each.contentDocument.documentElement.scrollHeight <= each.clientHeight")
        page.screenshot(path=screenshots / "explorer_export.png")


def test_without_scripts_there_is_the_figure(browser, address):
    with watched_page(browser, java_script_enabled=False) as page:
        page.goto(address)
        assert page.locator("div > img").bounding_box()["height"] > 100
        assert page.locator("iframe").count() == 0


def test_a_portrait_in_its_frame_is_measured_by_the_window(browser, tmp_path):
    """A share of the frame's own height would follow from the picture, and the picture from it."""
    data, _ = explore(load_model("shapes"), draw_scene(5, (325, 500)).picture, 0.5)._repr_mimebundle_()
    path = tmp_path / "portrait.html"
    path.write_text(f"<!doctype html><meta charset=utf-8>{data['text/html']}", encoding="utf-8")
    with watched_page(browser, viewport={"width": 1100, "height": 800}) as page:
        page.goto(path.as_uri())
        stage = page.frame_locator("iframe").locator(".dl-stage")
        stage.wait_for()
        page.wait_for_function("() => document.querySelector('iframe').getBoundingClientRect().height > 500")
        assert stage.bounding_box()["height"] == pytest.approx(0.65 * 800, abs=1)

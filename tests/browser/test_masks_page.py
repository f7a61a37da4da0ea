"""The mask explorer's page in Chromium: which mask is chosen by mouse and keyboard, and that its maps are painted."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from detrlab.detr.models import load_model
from detrlab.evaluation.evaluate_panoptic import panoptic_scenes
from detrlab.explorer.explore import explore
from detrlab.explorer.masks import MaskExplorer, _reduced
from detrlab.images import to_input
from detrlab.panoptic.mask_path import MaskPath, mask_path
from tests.browser.chromium import watched_page
from tests.browser.explorer_page import LAPTOP, hover, opened_explorer
from tests.browser.painted import assert_coloured, assert_paints, read_canvas

SIZE = WIDTH, HEIGHT = 500, 325


@pytest.fixture(scope="module")
def explorer() -> MaskExplorer:
    (scene,) = panoptic_scenes(1, first=51, size_wh=SIZE)
    return explore(load_model("shapes_panoptic"), scene.picture)


@pytest.fixture(scope="module")
def path(explorer) -> MaskPath:
    model = load_model("shapes_panoptic")
    queries = [each.queries[0] for each in explorer.found.segments]
    return mask_path(model, to_input(explorer._original, *model.input_size), queries)


@pytest.fixture(scope="module")
def address(explorer, tmp_path_factory) -> str:
    return explorer.save(tmp_path_factory.mktemp("masks") / "page.html").as_uri()


@pytest.fixture
def page(browser, address) -> Iterator:
    with opened_explorer(browser, address) as opened:
        yield opened


def inside(explorer: MaskExplorer, place: int) -> tuple[float, float]:
    """A point (x, y) of the picture in the middle of a segment's longest row."""
    mask = explorer.found.mask(explorer.found.segments[place])
    row = int(mask.sum(1).argmax())
    columns = np.flatnonzero(mask[row])
    return float(columns[len(columns) // 2]) + 0.5, row + 0.5


def assert_shows(page, explorer: MaskExplorer, path: MaskPath, place: int) -> None:
    """Headline, layer, each head's map and the way: all of this segment."""
    each = explorer.meta["segments"][place]
    assert page.locator(".dl-headline").text_content() == f"{each['id']} {each['name']}"
    assert f"query {each['queries'][0]} " in page.locator(".dl-subline").text_content()
    for head, expected in enumerate(path.attention[place]):
        assert_paints(page.locator(".dl-multiples canvas").nth(head), expected)
    way = page.locator(".dl-way canvas")
    assert way.count() == len(path.features) + 3
    assert_paints(way.nth(0), path.attention[place].sum(0))
    for number, expected in enumerate([*path.features, path.logits.sigmoid()], start=1):
        assert_coloured(way.nth(number), expected[place])
    alphas = read_canvas(page.locator(".dl-masks canvas"))[0][..., 3]
    ids = _reduced(explorer.found.ids) == each["id"]
    assert (alphas[ids] >= 150).all() and (alphas[~ids] < 150).all()
    assert_coloured(way.last, ids.astype(np.float64))


def test_hovering_shows_the_mask_under_the_mouse(page, explorer, path, screenshots):
    for place in (3, 0, 4):
        hover(page, *inside(explorer, place), SIZE)
        assert_shows(page, explorer, path, place)
    hover(page, *inside(explorer, 0), SIZE)
    page.screenshot(path=screenshots / "masks_light.png")
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=screenshots / "masks_dark.png")


def test_a_click_holds_and_escape_lets_go(page, explorer, path):
    hover(page, *inside(explorer, 0), SIZE)
    page.mouse.down()
    page.mouse.up()
    hover(page, *inside(explorer, 1), SIZE)
    assert_shows(page, explorer, path, 0)
    assert "Held." in page.locator(".dl-hold").text_content()
    page.locator(".dl-item").nth(1).hover()  # nor does the list
    assert_shows(page, explorer, path, 0)
    page.locator(".dl-item").nth(1).click()
    assert_shows(page, explorer, path, 1)
    page.keyboard.press("Escape")
    hover(page, *inside(explorer, 2), SIZE)
    assert_shows(page, explorer, path, 2)


def test_the_keyboard_walks_the_segments(page, explorer, path):
    for each in explorer.meta["segments"]:
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
        assert focused.startswith(f"Segment {each['id']}: {each['name']}, ")
        assert page.locator(".dl-headline").text_content() == f"{each['id']} {each['name']}"
        assert page.locator(".dl-item[aria-pressed=true]").count() == 1
    assert_shows(page, explorer, path, len(explorer.found.segments) - 1)


def test_picture_list_and_way_are_in_view_on_a_laptop(page):
    assert page.evaluate("document.documentElement.scrollWidth") <= LAPTOP["width"]
    for part in (".dl-stage", ".dl-list", ".dl-right .dl-multiples", ".dl-way"):
        box = page.locator(part).bounding_box()
        assert box["y"] >= 0 and box["y"] + box["height"] <= LAPTOP["height"], part


def test_a_phone_sees_everything_without_scrolling_sideways(browser, address):
    with watched_page(browser, viewport={"width": 360, "height": 740}, has_touch=True, is_mobile=True) as page:
        page.goto(address)
        page.wait_for_selector(".dl-stage")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360

"""The explorer's page in Chromium, opened from a file: what is painted, mouse, keyboard, table, themes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest
import torch

from detrlab.attention.capture import CapturedAttention, capture_attention
from detrlab.attention.measures import entropy, lift, mass_in_box
from detrlab.detr.detect import detect
from detrlab.detr.models import load_model
from detrlab.explorer.explore import explore
from detrlab.scenes.compose import draw_scene
from tests.browser.chromium import watched_page
from tests.browser.explorer_page import choose, hover, opened_explorer
from tests.browser.painted import assert_paints, painted_weights

VIEWPORT = {"width": 1040, "height": 900}
SIZE = WIDTH, HEIGHT = 500, 325  # 16 x 25 cells, the last row and column hang over the edge
# How often each canvas is painted in one move of the mouse.
PAINTED = """([clientX, clientY]) => {
    const [painted, prototype] = [new Map(), CanvasRenderingContext2D.prototype];
    const own = prototype.putImageData;
    prototype.putImageData = function (...all) {
        painted.set(this.canvas, (painted.get(this.canvas) ?? 0) + 1);
        return own.apply(this, all);
    };
    const move = new PointerEvent("pointermove", { clientX, clientY, bubbles: true, pointerType: "mouse" });
    document.querySelector(".dl-stage").dispatchEvent(move);
    prototype.putImageData = own;
    return [...document.querySelectorAll("#explorer canvas")].map((each) => painted.get(each) ?? 0);
}"""


@pytest.fixture(scope="module")
def attention() -> CapturedAttention:
    model = load_model("shapes")
    with capture_attention(model) as captured:
        detect(model, draw_scene(5, SIZE).picture)
    return captured


@pytest.fixture(scope="module")
def address(tmp_path_factory) -> str:
    explorer = explore(load_model("shapes"), draw_scene(5, SIZE).picture, threshold=0.5)
    return explorer.save(tmp_path_factory.mktemp("usb stick") / "page.html").as_uri()


@pytest.fixture
def page(browser, address) -> Iterator:
    with opened_explorer(browser, address, VIEWPORT) as opened:
        yield opened


def assert_painted(page, expected: torch.Tensor) -> None:
    assert_paints(page.locator(".dl-stage canvas"), expected)


def test_hovering_paints_where_the_point_looks(page, attention, screenshots):
    picture = draw_scene(5, SIZE).picture
    for point in ((61.0, 43.0), (253.0, 131.0), (499.0, 324.0), (13.0, 311.0)):
        hover(page, *point, SIZE)
        assert_painted(page, attention.encoder(picture=picture).looks_at(point))
    assert page.locator(".dl-headline").text_content() == "Where this point looks"
    page.screenshot(path=screenshots / "explorer_light.png", full_page=True)


def test_direction_layer_and_head_are_those_of_the_capture(page, attention):
    picture, point = draw_scene(5, SIZE).picture, (253.0, 131.0)
    hover(page, *point, SIZE)
    page.mouse.down()
    page.mouse.up()
    choose(page, "Direction", "Who looks at it")
    choose(page, "Encoder layer", "1")
    choose(page, "Head", "3")
    assert page.locator(".dl-headline").text_content() == "Who looks at this point"
    assert page.locator(".dl-subline").text_content() == (
        "Encoder self-attention · layer 1 (2nd of 3) · head 3 (last of 4)"
    )
    assert_painted(page, attention.encoder(1, 3, picture=picture).is_looked_at_from(point))


def test_a_detection_shows_its_cross_attention_and_whom_it_listens_to(page, attention, screenshots):
    best = page.locator(".dl-item").first
    query = int(best.get_attribute("aria-label").rpartition("query ")[2])
    best.click()
    assert_painted(page, attention.decoder_cross(query=query))
    weights, order = attention.decoder_self()[query].sort(descending=True)
    bars = page.locator(".dl-bars li")
    assert bars.count() == 5
    shown = [float(each.rstrip(" %")) for each in page.locator(".dl-bars .dl-score").all_text_contents()]
    np.testing.assert_allclose(shown, 100 * weights[:5], atol=0.51)
    names = page.locator(".dl-bars .dl-name").all_text_contents()
    assert names[order.tolist().index(query)] == "itself"
    choose(page, "Side by side", "all heads")
    for head, expected in enumerate(attention.decoder_cross(head="all", query=query)):
        assert_paints(page.locator(".dl-tile canvas").nth(head), expected)
    choose(page, "Side by side", "all layers")
    for layer in range(3):
        assert_paints(page.locator(".dl-tile canvas").nth(layer), attention.decoder_cross(layer, query=query))
    page.emulate_media(color_scheme="dark")
    page.screenshot(path=screenshots / "explorer_dark.png", full_page=True)


def test_keyboard_alone_moves_the_point_holds_it_and_walks_the_detections(page, attention):
    picture = draw_scene(5, SIZE).picture
    grid = attention.grid(0, picture)
    page.locator(".dl-stage").focus()
    for _ in range(30):
        page.keyboard.press("ArrowLeft")  # stops at the edge
    for key in ("ArrowUp",) * 20 + ("ArrowDown",) * 3 + ("ArrowRight",) * 7:
        page.keyboard.press(key)
    x0, y0, x1, y1 = grid.cell_box_xyxy(3, 7)
    assert_painted(page, attention.encoder(picture=picture).looks_at(((x0 + x1) / 2, (y0 + y1) / 2)))
    assert "Held." in page.locator(".dl-hold").text_content()
    assert page.get_by_role("row", name="Looks from").locator("td").text_content() == "cell in row 3, column 7"
    page.keyboard.press("Escape")
    assert "Click to hold" in page.locator(".dl-hold").text_content()
    for number in (1, 2):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.getAttribute('aria-label')")
        assert focused.startswith(f"Detection {number}: ")
        assert_painted(page, attention.decoder_cross(query=int(focused.rpartition("query ")[2])))
    # What a screen reader is told after a moment of rest.
    page.get_by_role("status").filter(has_text="looks. Decoder cross-attention").wait_for(state="attached")
    unnamed = page.evaluate(UNNAMED)
    assert unnamed == [], "controls without a name for screen readers"


UNNAMED = """() => [...document.querySelectorAll("button, input, select, [tabindex='0']")]
    .filter((each) => !each.closest("[aria-hidden=true]"))
    .filter((each) => !(each.getAttribute("aria-label") || each.labels?.length || each.textContent.trim()))
    .map((each) => each.outerHTML)"""


def test_every_number_beside_the_mouse_stands_in_the_table_too(page, attention):
    picture = draw_scene(5, SIZE).picture
    detections = detect(load_model("shapes"), picture, 0.5)
    page.locator(".dl-item").first.click()
    best = attention.decoder_cross(query=int(detections.queries[0]))
    hover(page, 253.0, 131.0, SIZE)
    row, column = attention.grid(0, picture).cell_at((253.0, 131.0))
    bubble = page.locator(".dl-bubble").text_content()
    assert bubble.endswith(f"% (row {row}, column {column})")
    assert float(bubble.split()[0]) == pytest.approx(100 * best[row, column].item(), abs=0.06)
    table = page.locator(".dl-numbers")
    assert table.get_by_role("row", name="Under the mouse").locator("td").text_content() == bubble
    grid = attention.grid(0, picture)
    spread = float(table.get_by_role("row", name="Spread").locator("td").text_content())
    assert spread == pytest.approx(entropy(best).item(), abs=0.006)
    for place, detection in enumerate(detections):
        share, times = table.locator("tbody").nth(1).locator("tr").nth(place).locator("td").all_text_contents()
        assert float(share.rstrip(" %")) == pytest.approx(
            100 * mass_in_box(best, detection.box_xyxy, grid).item(), abs=0.51
        )
        assert float(times.rstrip(" ×")) == pytest.approx(
            lift(best, detection.box_xyxy, grid).item(), rel=0.05, abs=0.06
        )


def test_threshold_decides_which_detections_are_shown(page):
    detections = detect(load_model("shapes"), draw_scene(5, SIZE).picture, 0.02)
    slider = page.get_by_label("Detections scoring above")
    for value in (0.02, 0.5, 1.0):
        slider.fill(str(value))
        expected = int((detections.scores > value).sum())
        assert page.locator(".dl-badge").count() == page.locator(".dl-item").count() == expected
    assert "lower the threshold" in page.locator(".dl-list").text_content()


def test_cells_lie_where_the_grid_says(page, attention):
    """The canvas, stretched by the page, has its cells' borders where detrlab.attention.grid has them."""
    grid = attention.grid(0, draw_scene(5, SIZE).picture)
    stage, canvas = (page.locator(each).bounding_box() for each in (".dl-stage", ".dl-stage canvas"))
    scale = stage["width"] / WIDTH
    left, right, bottom, top = (scale * each for each in grid.extent)
    found = [canvas["x"] - stage["x"], canvas["y"] - stage["y"], canvas["width"], canvas["height"]]
    assert found == pytest.approx([left, top, right - left, bottom - top], abs=0.5)


def test_a_phone_sees_everything_without_scrolling_sideways(browser, address, screenshots):
    phone = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}
    with watched_page(browser, **phone) as page:
        page.goto(address)
        page.wait_for_selector(".dl-stage")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        before = painted_weights(page.locator(".dl-stage canvas"))
        page.locator(".dl-stage").tap(position={"x": 200, "y": 40})
        assert np.abs(painted_weights(page.locator(".dl-stage canvas")) - before).max() > 0.001
        page.screenshot(path=screenshots / "explorer_phone.png", full_page=True)


def test_without_scripts_the_figure_shows(browser, address):
    with watched_page(browser, java_script_enabled=False) as page:
        page.goto(address)
        assert page.locator("#explorer > img").bounding_box()["width"] > 300


def test_a_move_paints_each_map_once_and_at_once(page):
    """How many milliseconds that takes is measured by `make bench` (`explorer.paint_ms`)."""
    choose(page, "Side by side", "all heads")
    box = page.locator(".dl-stage").bounding_box()
    for x, y in ((0.3, 0.4), (0.8, 0.6)):
        painted = page.evaluate(PAINTED, [box["x"] + x * box["width"], box["y"] + y * box["height"]])
        assert painted == [1] * (1 + 4)  # the large map and one a head


TABLES = """() => [...document.querySelectorAll(".dl-numbers table")].map(table => {
    const { left, right, top, bottom } = table.getBoundingClientRect();
    const cells = [...table.querySelectorAll("th, td")].map(cell => cell.getBoundingClientRect().right);
    return { left, right, top, bottom, cells: Math.max(...cells) };
})"""


@pytest.mark.parametrize("width", [390, 700, 890, 930, 960, 1040])
def test_the_tables_neither_overlap_nor_are_cut_off(page, width):
    """890 to 960 is what a notebook has beside JupyterLab's file list at 1360 pixels."""
    page.set_viewport_size({"width": width, "height": 900})
    one, other = page.evaluate(TABLES)
    frame = page.locator(".dl-numbers").bounding_box()
    assert one["right"] <= other["left"] or one["bottom"] <= other["top"]
    for table in (one, other):
        assert max(table["right"], table["cells"]) <= frame["x"] + frame["width"] + 0.5


def test_a_tile_that_is_chosen_keeps_the_focus(page):
    choose(page, "Side by side", "all heads")
    page.locator(".dl-tile").nth(2).focus()
    page.keyboard.press("Enter")
    page.locator(".dl-tile[aria-pressed=true]").get_by_text("head 2").wait_for()
    assert page.evaluate("document.activeElement.textContent").startswith("head 2")


def test_a_portrait_is_seen_whole(browser, tmp_path):
    explorer = explore(load_model("shapes"), draw_scene(5, (325, 500)).picture, threshold=0.5)
    address = explorer.save(tmp_path / "page.html").as_uri()
    with watched_page(browser, viewport={"width": 1366, "height": 768}) as page:
        page.goto(address)
        stage = page.locator(".dl-stage").bounding_box()
        assert 0.64 * 768 < stage["height"] <= 0.651 * 768
        assert stage["width"] / stage["height"] == pytest.approx(325 / 500, rel=0.01)

"""The two small widgets in a real JupyterLab: compose a scene with the mouse and the keys, switch heads off."""

from __future__ import annotations

from tests.browser.chromium import watched_page

OPEN = """
import torch
torch.set_num_threads(1)
from detrlab.explorer.compose import compose_scene
from detrlab.explorer.heads import switch_heads
from detrlab.detr.models import load_model
from detrlab.scenes.compose import draw_scene
model = load_model("shapes")
composer = compose_scene(model)
display(composer, switch_heads(model, draw_scene(0, (640, 480)).picture, 0.5))
"""


def drag(page, start, end) -> None:
    page.mouse.move(*start)
    page.mouse.down()
    page.mouse.move((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    page.mouse.move(*end)
    page.mouse.up()


def middle(locator) -> tuple[float, float]:
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_compose_a_scene_and_switch_heads_off(lab, browser, screenshots):
    with watched_page(browser, viewport={"width": 1400, "height": 1100}) as page:
        lab.run(page, "studio", OPEN)
        paper = page.locator(".dl-paper")
        paper.wait_for(timeout=60_000)
        assert page.get_by_text("An empty paper").is_visible()
        x, y = middle(paper)
        for name, to in (("star", (x - 100, y - 90)), ("ring", (x + 110, y + 60)), ("triangle", (x - 80, y + 120))):
            drag(page, middle(page.get_by_role("button", name=name, exact=True)), to)
        page.get_by_text("3 of 3 shapes found").wait_for(timeout=20_000)
        handle = page.locator(".dl-handle").last
        before = middle(handle)
        page.keyboard.press("ArrowRight")
        assert middle(handle)[0] > before[0] + 5
        page.keyboard.press("+")
        page.get_by_role("group", name="Chosen shape").get_by_title("purple").click()
        page.get_by_text("a purple triangle").wait_for(timeout=20_000)
        page.screenshot(path=screenshots / "compose.png")
        handle.focus()
        page.keyboard.press("Delete")
        page.get_by_text("2 of 2 shapes found").wait_for(timeout=20_000)

        stage = page.locator(".dl-still")
        stage.scroll_into_view_if_needed()
        page.get_by_text("3 detections", exact=True).wait_for()
        page.get_by_role("button", name="all off").click()
        page.get_by_text("Off: 12 heads, 3 encoder layers").wait_for(timeout=20_000)
        # Blind queries keep their scores, or lose them; none stays where a shape is.
        assert "of 3 detections left in place" in page.locator(".dl-headline").last.text_content()
        fates = page.locator(".dl-subline").last.text_content()
        assert " moved" in fates or " lost" in fates
        assert page.locator(".dl-still .dl-box").count() > page.locator(".dl-still .dl-tag:not(.dl-lost)").count()
        page.screenshot(path=screenshots / "heads_off.png")
        page.get_by_role("button", name="all on").click()
        page.get_by_text("3 detections", exact=True).wait_for(timeout=20_000)
        page.get_by_role("checkbox", name="decoder layer 2, head 1").press("Space")
        page.get_by_text("Off: 1 head, 0 encoder layers").wait_for(timeout=20_000)
        page.screenshot(path=screenshots / "heads_one.png")


def test_the_chosen_colour_is_marked_beside_an_explorer(lab, browser):
    """The explorer's style comes later, and has a say in what both have in common."""
    beside = "from detrlab.explorer.explore import explore\nexplore(model, draw_scene(0, (640, 480)).picture)"
    with watched_page(browser, viewport={"width": 1400, "height": 1100}) as page:
        lab.run(page, "marked", OPEN.replace("display(composer, ", "display(composer)\n("), beside)
        page.locator(".dl-stage canvas").wait_for(timeout=60_000)
        page.get_by_role("button", name="star", exact=True).click()
        chosen = page.locator(".dl-swatches input:checked + span").first
        chosen.wait_for()
        assert chosen.evaluate("each => getComputedStyle(each).boxShadow") != "none"

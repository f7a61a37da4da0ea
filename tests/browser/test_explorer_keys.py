"""Keys in a widget's controls stay there: in a real JupyterLab, in command mode, they change and run no cell."""

from __future__ import annotations

from tests.browser.chromium import watched_page

OPEN = """
import torch
torch.set_num_threads(1)
from detrlab import compose_scene, draw_scene, explore, load_model, switch_heads
model = load_model("shapes")
picture = draw_scene(5, (500, 325)).picture
display(explore(model, picture, 0.5), switch_heads(model, picture, 0.5), compose_scene(model))
"""
# What command mode hears: cut, insert above and below, delete, undo, turn into text, paste, walk, run, edit.
KEYS = (*"xabddzmvj", "ArrowDown", "ArrowUp", "ArrowRight", "Shift+Enter", "Enter")
CELLS = """() => [...document.querySelectorAll(".jp-Notebook .jp-Cell")].map(cell => [
    [...cell.classList].find(name => ["jp-CodeCell", "jp-MarkdownCell", "jp-RawCell"].includes(name)),
    cell.classList.contains("jp-mod-active"),
    cell.querySelector(".jp-InputPrompt").textContent,
    cell.querySelector(".cm-content")?.textContent,
])"""
RAN = f"() => ({CELLS})().map(cell => cell[2]).join() === '[1]:,[2]:,[3]:,[ ]:'"
CONTROLS = {
    0: (".dl-stage", ".dl-item", ".dl-slider input", ".dl-segments input", ".dl-queries select", ".dl-tile"),
    1: (".dl-switch input", ".dl-buttons button"),
    2: (
        ".dl-handle",
        ".dl-swatches input",
        ".dl-slider input",
        ".dl-buttons button",
        ".dl-swatches select",
        ".dl-palette button",
    ),
}


def test_keys_stay_in_the_control_that_has_the_focus(lab, browser):
    with watched_page(browser, viewport={"width": 1400, "height": 1100}) as page:
        lab.run(page, "keys", "'before'", OPEN, "'after'")
        widgets = page.locator(".dl-explorer")
        widgets.nth(2).wait_for(timeout=120_000)
        page.wait_for_function(RAN)
        page.get_by_text("all heads", exact=True).click()  # shows the tiles
        page.get_by_role("button", name="star", exact=True).click()
        page.locator(".dl-handle").wait_for()
        assert page.locator(".jp-Notebook.jp-mod-commandMode").count() == 1
        before = page.evaluate(CELLS)
        for number, controls in CONTROLS.items():
            for control in controls:
                one = widgets.nth(number).locator(control).first
                for key in KEYS:
                    one.focus()
                    page.keyboard.press(key)
                assert page.evaluate(CELLS) == before, f"{control} of widget {number}"
        # The lab does hear keys, and x would have cut the cell.
        last = widgets.first.locator(".dl-item").first
        last.focus()
        last.evaluate("item => item.removeAttribute('data-lm-suppress-shortcuts')")
        page.keyboard.press("x")
        page.wait_for_function(f"() => ({CELLS})().length === 3")

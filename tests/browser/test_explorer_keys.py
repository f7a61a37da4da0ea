"""Keys in a widget's controls stay there: in a real JupyterLab, in command mode, they change and run no cell."""

from __future__ import annotations

import pytest

from tests.browser.chromium import watched_page

OPEN = """
import torch
torch.set_num_threads(1)
from detrlab import compose_scene, draw_scene, explore, load_model, switch_heads
model = load_model("shapes")
picture = draw_scene(5, (500, 325)).picture
display({})
"""
# What JupyterLab's command mode hears: cut, insert, delete, undo, turn into text, paste, copy, hide, walk, edit, run.
KEYS = (*"xabddzmvcrloy1jk", "ArrowDown", "ArrowUp", "ArrowRight", "ArrowLeft", "Enter", "Shift+Enter", "Control+Enter")
CELLS = """() => [...document.querySelectorAll(".jp-Notebook .jp-Cell")].map(cell => [
    [...cell.classList].find(name => ["jp-CodeCell", "jp-MarkdownCell", "jp-RawCell"].includes(name)),
    cell.classList.contains("jp-mod-active"),
    cell.querySelector(".jp-InputPrompt").textContent,
    cell.querySelector(".cm-content")?.textContent,
])"""
CONTROLS = {
    "explore(model, picture, 0.5)": (
        ".dl-stage",
        ".dl-item",
        ".dl-slider input",
        ".dl-segments input",
        ".dl-queries select",
        ".dl-tile",
    ),
    "switch_heads(model, picture, 0.5)": (".dl-switch input", ".dl-buttons button"),
    "compose_scene(model)": (
        ".dl-palette button",
        ".dl-handle",
        ".dl-swatches input",
        ".dl-slider input",
        ".dl-buttons button",
        ".dl-swatches select",
    ),
}


@pytest.mark.parametrize("widget", CONTROLS)
def test_keys_stay_in_the_control_that_has_the_focus(lab, browser, widget):
    with watched_page(browser, viewport={"width": 1400, "height": 1100}) as page:
        lab.run(page, f"keys_{widget.partition('(')[0]}", "'before'", OPEN.format(widget), "'after'")
        page.locator(".dl-explorer").wait_for(timeout=60_000)
        if widget.startswith("explore"):
            page.get_by_text("all heads", exact=True).click()  # shows the tiles
        if widget.startswith("compose"):
            page.get_by_role("button", name="star", exact=True).click()
            page.get_by_text("1 of 1 shapes found").wait_for(timeout=20_000)
        page.locator(".jp-Notebook.jp-mod-commandMode").wait_for()
        page.wait_for_function(f"() => ({CELLS})().map(cell => cell[2]).join() === '[1]:,[2]:,[3]:,[ ]:'")
        before = page.evaluate(CELLS)
        for control in CONTROLS[widget]:
            for key in KEYS:
                page.locator(control).first.focus()
                page.keyboard.press(key)
                assert page.evaluate(CELLS) == before, f"{key} in {control}"


def test_the_same_keys_do_change_a_notebook_elsewhere(lab, browser):
    """What is tested above could also be a lab that hears no keys at all."""
    with watched_page(browser, viewport={"width": 1400, "height": 900}) as page:
        lab.run(page, "keys_elsewhere", "'before'", "'after'")
        page.locator(".jp-OutputArea-output").nth(1).click()
        before = page.evaluate(CELLS)
        page.keyboard.press("x")
        page.wait_for_function(f"count => ({CELLS})().length === count", arg=len(before) - 1)

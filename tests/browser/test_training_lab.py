"""The lesson's training cell in a real JupyterLab: it shows itself while it runs, stops at the button and goes on."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat

from tests.browser.chromium import watched_page
from tests.browser.lab import Lab
from tests.browser.student import LATER, SOON, Student

ROOT = Path(__file__).parents[2]
ASSIGNMENT, NAME = "03_set_prediction", "q2_train"
TRAINS = "def train():"
WAITS = 300_000  # ms: 18 seconds of computing on a busy machine
SHORTER = {"minutes=2,": "minutes=0.3,", "report_every=5, look_every=10,": "report_every=2, look_every=4,"}


def step_in(line: str) -> int:
    """The step that a line of progress names."""
    return int(re.search(r"step (\d+)", line)[1])


def test_a_training_is_watched_and_stopped_and_goes_on_until_it_is_kept(lab: Lab, browser, tmp_path, screenshots):
    folder = Path(shutil.copytree(ROOT / "notebooks" / ASSIGNMENT, lab.folder / tmp_path.name))
    notebook = nbformat.read(folder / f"{NAME}.ipynb", as_version=4)
    (training,) = (cell for cell in notebook.cells if cell.cell_type == "code" and TRAINS in cell.source)
    for long, short in SHORTER.items():
        assert long in training.source
        training.source = training.source.replace(long, short)
    nbformat.write(notebook, folder / f"{NAME}.ipynb")
    with watched_page(browser, viewport={"width": 1366, "height": 768}) as page:
        lab.open(page, f"{tmp_path.name}/{NAME}.ipynb")
        student = Student(page, notebook)
        student.run("setup")
        student.run(TRAINS)
        shown = student.cell(TRAINS).locator(".jp-OutputArea")
        shown.locator("img").nth(1).wait_for(timeout=LATER + WAITS)
        page.locator('[title^="Interrupt the kernel"]').first.click()
        student.reads(TRAINS, "training stopped after step", SOON)
        stopped = step_in(shown.get_by_text("training stopped after step").last.inner_text())
        assert shown.locator("img").count() == 2  # each report took the place of the one before
        assert (folder / "my_detr.pt").exists() and not (folder / "my_detr.safetensors").exists()
        shown.evaluate("each => each.scrollIntoView()")
        page.screenshot(path=screenshots / "training_stopped.png")

        student.run(TRAINS)
        shown.get_by_text("training stopped after step").wait_for(state="detached", timeout=SOON)
        line = shown.get_by_text(re.compile(r"^ *\d+ %  step")).first
        line.wait_for(timeout=WAITS)
        assert step_in(line.inner_text()) > stopped
        student.reads(TRAINS, "my_detr.safetensors", WAITS)
        assert "100 %" in line.inner_text() and shown.locator("img").count() == 2
        assert (folder / "my_detr.safetensors").exists()
        page.screenshot(path=screenshots / "training_done.png")

"""A student at an open notebook of JupyterLab, with the mouse and the keys.

On a busy machine a cell moves under the mouse and a cursor arrives after the key. So each step waits until the page
shows that it was taken, and says what the page shows where it was not.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

import nbformat

if TYPE_CHECKING:
    from playwright.sync_api import Locator

SOON, LATER = 20_000, 60_000  # ms: a cell; the first cell, which imports torch
EDITOR = ".jp-Notebook .cm-focused"


class Student:
    """What a student does in one open notebook; cells go by their nbgrader name or by a line that they hold."""

    def __init__(self, page, notebook: nbformat.NotebookNode):
        self.page, self._cells = page, notebook.cells

    def number(self, wanted: str) -> int:
        """A cell's place in the notebook."""
        names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in self._cells]
        if wanted in names:
            return names.index(wanted)
        (found,) = (i for i, cell in enumerate(self._cells) if cell.cell_type == "code" and wanted in cell.source)
        return found

    def cell(self, wanted: str) -> Locator:
        return self.page.locator(".jp-Notebook .jp-Cell").nth(self.number(wanted))

    def run(self, wanted: str) -> None:
        """Click on a cell and run it, also a folded one."""
        prompt = self.cell(wanted).locator(".jp-InputArea-prompt, .jp-Placeholder-prompt").first
        self._until(lambda: self._is_chosen(wanted), f"a click does not choose {wanted}", prompt.click)
        self._run_chosen()

    def run_next(self, wanted: str) -> None:
        """Run a cell with the keys alone: it stands below the one that ran last."""
        self._until(lambda: self._is_chosen(wanted), f"{wanted} is not the next cell")
        self._run_chosen()

    def answer(self, wanted: str, text: str) -> None:
        """Write over a cell with the mouse and the keys, and run it."""
        lines = self.cell(wanted).locator(".cm-content")
        self._until(lambda: self._is_written_in(wanted), f"a click brings no cursor into {wanted}", lines.click)
        self.type_over(text)

    def answer_above(self, wanted: str, text: str) -> None:
        """Go up to a cell two or three above, write over it and run it, with the keys alone."""
        for _ in range(3):  # arrows pass over folded cells
            if self._is_chosen(wanted):
                break
            self.page.keyboard.press("ArrowUp")
        self._until(lambda: self._is_chosen(wanted), f"arrows do not lead up to {wanted}")
        self.page.keyboard.press("Enter")
        self._until(lambda: self._is_written_in(wanted), f"Enter brings no cursor into {wanted}")
        self.type_over(text)

    def type_over(self, text: str) -> None:
        """In the cell that has the cursor: replace all of it and run it."""
        self.page.locator(EDITOR).wait_for(timeout=SOON)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)
        self._until(lambda: _squeezed(self.page.locator(EDITOR).inner_text()) == _squeezed(text), "typing does nothing")
        self._run_chosen()

    def reads(self, wanted: str, sentence: str, timeout: int = SOON) -> None:
        """Wait until a cell's output says this."""
        said = self.cell(wanted).locator(".jp-OutputArea").get_by_text(sentence).first
        try:
            said.wait_for(timeout=timeout)
        except Exception as error:
            raise TimeoutError(f"{wanted} does not say {sentence!r}: {self._shown()}") from error

    def _is_chosen(self, wanted: str) -> bool:
        return self._chosen() == self.number(wanted)

    def _is_written_in(self, wanted: str) -> bool:
        return self.cell(wanted).locator(".cm-focused").count() == 1

    def _chosen(self) -> int:
        """The place of the cell that keys go to."""
        return self.page.evaluate(
            "[...document.querySelectorAll('.jp-Notebook .jp-Cell')].findIndex(e => e.matches('.jp-mod-active'))"
        )

    def _run_chosen(self) -> None:
        running = self._chosen()
        self.page.keyboard.press("Shift+Enter")
        self._until(lambda: self._chosen() > running, f"cell {running} does not run")

    def _until(self, holds: Callable[[], bool], complaint: str, act: Callable[[], object] = lambda: None) -> None:
        """Act, again where it did not help at once, until it holds."""
        ends = time.monotonic() + SOON / 1000
        while time.monotonic() < ends:
            act()
            for _ in range(40):
                if holds():
                    return
                time.sleep(0.05)
        raise TimeoutError(f"{complaint}: {self._shown()}")

    def _shown(self) -> str:
        """What stands around the chosen cell."""
        cells, chosen = self.page.locator(".jp-Notebook .jp-Cell"), self._chosen()
        near = range(max(chosen - 3, 0), min(chosen + 3, cells.count()))
        return "\n".join(f"[{i}{' chosen' * (i == chosen)}] {cells.nth(i).inner_text()[:600]}" for i in near)


def _squeezed(text: str) -> str:
    return "".join(text.split())

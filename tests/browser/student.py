"""A student at an open notebook of JupyterLab, with the mouse and the keys."""

from __future__ import annotations

import nbformat

SOON, LATER = 20_000, 60_000  # ms: a cell; the first cell, which imports torch


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

    def cell(self, wanted: str):
        return self.page.locator(".jp-Notebook .jp-Cell").nth(self.number(wanted))

    def run(self, wanted: str) -> None:
        """Click on a cell and run it, also a folded one."""
        self.cell(wanted).locator(".jp-InputArea-prompt, .jp-Placeholder-prompt").first.click()
        self.page.keyboard.press("Shift+Enter")

    def answer(self, wanted: str, text: str) -> None:
        """Write over a cell with the mouse and the keys, and run it."""
        self.cell(wanted).locator(".cm-content").click()
        self.type_over(text)

    def type_over(self, text: str) -> None:
        """In a cell's editor: replace all of it and run it. On a busy machine the cursor arrives after the key."""
        self.page.locator(".jp-Notebook .cm-focused").wait_for(timeout=SOON)
        self.page.keyboard.press("Control+A")
        self.page.keyboard.insert_text(text)
        self.page.keyboard.press("Shift+Enter")

    def reads(self, wanted: str, sentence: str, timeout: int = SOON) -> None:
        """Wait until a cell's output says this."""
        self.cell(wanted).locator(".jp-OutputArea").get_by_text(sentence).first.wait_for(timeout=timeout)

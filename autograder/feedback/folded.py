"""Which code a page folds away: what a student did not write, so that what they did stands out."""

from __future__ import annotations

from collections.abc import Callable

import nbformat
from nbgrader.utils import is_grade, is_solution

from coursework.marking.messages import say

Step = Callable[[nbformat.NotebookNode, dict], tuple[nbformat.NotebookNode, dict]]
KEY = "folded"  # in a cell's metadata: the line that stands for its code


def fold(releases: dict[str, nbformat.NotebookNode]) -> Step:
    """A preprocessor of nbgrader's exporter; `releases` are the notebooks as students got them, by name."""
    given = {
        name: {cell.source for cell in release.cells if cell.cell_type == "code"} for name, release in releases.items()
    }

    def folded(notebook: nbformat.NotebookNode, resources: dict) -> tuple[nbformat.NotebookNode, dict]:
        for cell in notebook.cells:
            cell.metadata.pop(KEY, None)
            if cell.cell_type != "code":
                continue
            if is_grade(cell) and not is_solution(cell):
                cell.metadata[KEY] = say("folded_check")
            elif cell.metadata.get("nbgrader", {}).get("locked"):
                cell.metadata[KEY] = say("folded_setup")
            elif cell.source in given[resources["nbgrader"]["notebook"]]:
                cell.metadata[KEY] = say("folded_untouched" if is_solution(cell) else "folded_given")
        return notebook, resources

    return folded

"""What an author does in the middle of a term, in the source of the small course and built: for tests of releases."""

from __future__ import annotations

import json
import re

import nbformat

from tests.small_course import ASSIGNMENT


def change_points(places, points: int = 4, cell: str = "corners") -> None:
    """Another point value of a check or of a written answer of the first notebook."""
    step = places.solutions / ASSIGNMENT / "small" / "01_step.py"
    step.write_text(re.sub(rf'((?:check|written)="{cell}" points=)\d+', rf"\g<1>{points}", step.read_text()))
    built, stored = (places.source / ASSIGNMENT / f"small.{end}" for end in ("ipynb", "json"))
    notebook = nbformat.read(built, as_version=4)
    (found,) = (each for each in notebook.cells if each.metadata.get("nbgrader", {}).get("grade_id") == cell)
    found.metadata.nbgrader.points = points
    nbformat.write(notebook, built)
    data = json.loads(stored.read_text())
    if cell in data["checks"]:
        data["checks"][cell]["points"] = points
        stored.write_text(json.dumps(data))


def drop_written(places, name: str = "wide", cell: str = "how") -> None:
    """A written answer, the last cell of its notebook, is no longer asked for."""
    step = places.solutions / ASSIGNMENT / name / "01_step.py"
    step.write_text(step.read_text().partition(f'# %% [markdown] written="{cell}"')[0])
    built = places.source / ASSIGNMENT / f"{name}.ipynb"
    notebook = nbformat.read(built, as_version=4)
    notebook.cells = [each for each in notebook.cells if each.metadata.get("nbgrader", {}).get("grade_id") != cell]
    nbformat.write(notebook, built)

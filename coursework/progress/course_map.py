"""The course as its notebooks show it: assignments, notebooks, steps with their points and minutes.

Which notebooks there are, and in which order, `<assignment>/assignment.json` says. Everything else is read from the
students' notebooks themselves, so the map cannot disagree with what a student opens. A step is a heading with graded
cells below it.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from coursework.assignment import assignment_folders, read_assignment

_HEADING = re.compile(r"^(#{1,4})\s+(.+?)\s*$", re.MULTILINE)
_MINUTES = re.compile(r"(\d+)\s*min\b")
_NOT_TITLE = re.compile(r"[\d.]+\s+points?|\d+\s*min|[●○]+")
STUB = "*Your answer here.*"  # what an untouched written answer holds


@dataclass(frozen=True)
class GradedCell:
    """A cell that earns points: a check by its name, or a written answer and whether something is written."""

    name: str
    points: float
    written: bool = False
    answered: bool = False


@dataclass
class Step:
    """A heading and the graded cells below it; `anchor` is the heading's cell, as JupyterLab names it in a link."""

    title: str
    minutes: int = 0
    anchor: str = ""
    cells: list[GradedCell] = field(default_factory=list)

    @property
    def points(self) -> float:
        return sum(cell.points for cell in self.cells)


@dataclass
class CourseNotebook:
    """One notebook: where it is (relative to the course folder), its title, and its graded steps in order."""

    path: str
    title: str
    steps: list[Step] = field(default_factory=list)

    @property
    def assignment(self) -> str:
        return self.path.rpartition("/")[0]

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2].removesuffix(".ipynb")

    @property
    def points(self) -> float:
        return sum(step.points for step in self.steps)

    @property
    def minutes(self) -> int:
        return sum(step.minutes for step in self.steps)

    def link(self, step: Step | None = None) -> str:
        """A relative link from the course folder, to a step's heading if one is given."""
        return quote(self.path) + (f"#{step.anchor}" if step and step.anchor else "")


def read_course(course: Path) -> list[CourseNotebook]:
    """The notebooks of the course in `course`, in order; a notebook that cannot be read is left out."""
    found = []
    for folder in assignment_folders(course):
        said = read_assignment(folder)
        for name in said.notebooks if said else ():
            try:
                cells = json.loads((folder / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
                found.append(course_notebook(f"{folder.name}/{name}.ipynb", cells))
            except (OSError, ValueError, KeyError, TypeError, AttributeError):
                continue  # not there or damaged: its check cells, or the hand-in, will say so; the map shows the others
    return found


def course_notebook(path: str, cells: list[dict]) -> CourseNotebook:
    """What the map shows of one notebook, from its cells; `path` is relative to the course folder."""
    notebook = CourseNotebook(path, "")
    step, level = Step(""), 1
    for cell in cells:
        source = "".join(cell["source"])
        tags = cell.get("metadata", {}).get("nbgrader", {})
        if tags.get("grade"):
            if not step.cells:
                notebook.steps.append(step)
            written = bool(tags.get("solution"))
            answered = written and bool(source.strip()) and source.strip() != STUB
            step.cells.append(GradedCell(tags["grade_id"], float(tags["points"]), written, answered))
        elif cell["cell_type"] == "markdown":
            for marks, text in _HEADING.findall(source):
                # A heading without minutes below the step's own level (of a figure, of a part) belongs to the step.
                if notebook.title and (_MINUTES.search(text) or not step.title or len(marks) <= level):
                    step, level = step_of(text, cell.get("id", "")), len(marks)
                notebook.title = notebook.title or _plain(text)
    return notebook


def headings(text: str) -> list[str]:
    """The titles of a text's headings: without points, minutes and circles."""
    return [step_of(found).title for _, found in _HEADING.findall(text)]


def step_of(heading: str, cell_id: str = "") -> Step:
    """The step that a heading such as "Step 4 · Where? · 2 points · 5 min" opens."""
    minutes = _MINUTES.search(heading)
    title = " · ".join(part for part in heading.split(" · ") if not _NOT_TITLE.fullmatch(part.strip()))
    return Step(_plain(title), int(minutes.group(1)) if minutes else 0, f"cell-id={cell_id}" if cell_id else "")


def _plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"[*`$]", "", text)).strip()

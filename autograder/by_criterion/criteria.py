"""The criteria of an assignment: each written cell of the release with its step, its rubric, and levels to choose from.

The rubric is the prose right above the cell. Levels that it names ("- 2: ...", or "1: ... 0: ..." in a line) become
buttons; where it names none, there is one for every half point, or for every whole one where that would be many.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import nbformat

from autograder.course.assignment import Assignment, is_prose
from autograder.course.fingerprints import prose_above
from autograder.gradebook.written import Criterion

_LEVEL = re.compile(r"(?:^[ \t]*[-*][ \t]+|(?<!\S))(\d+(?:\.\d+)?):\s+", re.MULTILINE)
_NAME = re.compile(r"^\*\*(?:Criterion\s+)?(.+?)\s*(?:\([\d.]+ points?\))?\.?\*\*", re.MULTILINE)
_HEADING = re.compile(r"^#+\s+(.+)$", re.MULTILINE)
_ASIDE = re.compile(r"[\d.]+ (?:points?|min)|[●○]+")  # of a step's heading: what is no title
_MOST_HALVES = 4  # points up to which halves are offered


@dataclass(frozen=True)
class Level:
    """Points to choose, and what the rubric says that they are for (Markdown; "" where it does not)."""

    points: float
    text: str = ""


@dataclass(frozen=True)
class Written:
    """One criterion; `cells` are the ids of its step's cells in the release."""

    id: Criterion
    name: str
    step: str
    points: float
    rubric: str  # Markdown
    levels: tuple[Level, ...]  # most points first
    cells: frozenset[str]


def criteria(assignment: Assignment) -> list[Written]:
    """All criteria, in the order of the notebooks and their cells."""
    return [each for notebook in assignment.releases for each in _of(assignment, notebook)]


def _of(assignment: Assignment, notebook: str) -> Iterator[Written]:
    cells = assignment.releases[notebook].cells
    steps = _steps(assignment, notebook)
    titles: dict[str, str] = {}
    prose = prose_above((is_prose(cell), cell.source) for cell in cells)
    for cell, rubric in zip(cells, prose, strict=True):
        step = steps.get(cell.id, "")
        if is_prose(cell):
            if heading := _HEADING.findall(cell.source):
                titles[step] = _title(heading[-1])
            continue
        if cell.cell_type == "markdown" and cell.metadata.nbgrader.get("grade"):
            name, points = cell.metadata.nbgrader.grade_id, float(cell.metadata.nbgrader.points)
            said = _NAME.findall(rubric)
            yield Written(
                (notebook, name),
                said[-1].strip(" .") if said else name,
                titles.get(step, ""),
                points,
                rubric,
                levels(rubric, points),
                frozenset(cell_id for cell_id, of in steps.items() if of == step),
            )


def _steps(assignment: Assignment, notebook: str) -> dict[str, str]:
    """The step of each cell of the release, by cell id."""
    sources = assignment.sources[notebook].cells
    at = next((i for i, cell in enumerate(sources) if cell.kind == "setup"), 0)
    in_order = [cell.step for cell in sources]
    in_order.insert(at, in_order[at])  # the cell that installs, which the build puts before the setup
    return {cell.id: step for cell, step in zip(assignment.releases[notebook].cells, in_order, strict=True)}


def _title(heading: str) -> str:
    parts = [part.strip() for part in heading.split("·")]
    return " · ".join(part for part in parts if not _ASIDE.fullmatch(part))


def levels(rubric: str, points: float) -> tuple[Level, ...]:
    """The levels of a rubric in Markdown for so many points, most points first."""
    found = list(_LEVEL.finditer(rubric))
    ends = [*(each.start() for each in found[1:]), len(rubric)]
    named = {float(each[1]): _first(rubric[each.end() : end]) for each, end in zip(found, ends, strict=False)}
    if len(named) == len(found) and named.keys() >= {0.0, points} and max(named) == points:
        return tuple(Level(value, named[value]) for value in sorted(named, reverse=True))
    step = 0.5 if points <= _MOST_HALVES else 1.0
    between = [step * i for i in range(int(points / step) + 1)]
    return tuple(map(Level, sorted({*between, points}, reverse=True)))


def _first(text: str) -> str:
    """The first paragraph of a text, on one line."""
    return " ".join(re.split(r"\n\s*\n", text.strip(), maxsplit=1)[0].split())


def graded_cell(notebook: nbformat.NotebookNode, name: str) -> nbformat.NotebookNode | None:
    """The cell with this grade id."""
    return next((c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name), None)

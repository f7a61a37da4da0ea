"""`notebooks/start.ipynb`, the page that `make lab` opens: the prose of solutions/start.py and a map of the course.

The map is read from the students' notebooks, so it holds what they hold. The page lies in no assignment's folder:
nbgrader never sees it.
"""

from __future__ import annotations

from pathlib import Path

import jupytext
import nbformat

from coursework.progress.course_map import CourseNotebook, read_course
from coursework.submission import plain_id

PLACE = "course map"  # the line of the source that the map replaces


def start_page(source: Path, course: Path) -> nbformat.NotebookNode:
    """The page for the notebooks in `course` (students' notebooks, a folder per assignment)."""
    cells = []
    for cell in jupytext.reads(source.read_text(encoding="utf-8"), fmt="py:percent").cells:
        if cell.cell_type == "markdown":
            text = cell.source.replace(f"\n{PLACE}\n", f"\n{_map(read_course(course))}\n")
            cells.append(nbformat.v4.new_markdown_cell(text))
        else:
            cells.append(nbformat.v4.new_code_cell(cell.source))
    for cell in cells:
        cell["id"] = plain_id(cell.source)
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel, "language_info": {"name": "python"}})


def write_start_page(source: Path, course: Path) -> Path:
    """Write `course`/start.ipynb, where it says something else; returns its path.

    A page that was only run stays as it is, for it may be open; and so does one that somebody wrote in.
    """
    path, page = course / "start.ipynb", start_page(source, course)
    try:
        there = nbformat.read(path, as_version=4).cells
        stays = any(cell.get("id") != plain_id(cell.source) for cell in there)
        stays = stays or [cell.source for cell in there] == [cell.source for cell in page.cells]
    except Exception:  # not there, or no notebook any more
        stays = False
    if not stays:
        path.write_text(nbformat.writes(page) + "\n", encoding="utf-8")
    return path


def _map(notebooks: list[CourseNotebook]) -> str:
    rows = [
        f"| [{notebook.title}]({notebook.link()}) | {len(notebook.steps)} | {notebook.points:g} | {_time(notebook)} |"
        for notebook in notebooks
    ]
    return "\n".join(["| notebook | steps | points | time |", "|---|---:|---:|---:|", *rows])


def _time(notebook: CourseNotebook) -> str:
    """Minutes as a person plans them: in quarters of an hour."""
    quarters = max(1, round(notebook.minutes / 15))
    hours, rest = divmod(quarters, 4)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{15 * rest} min" if rest else "") if part)

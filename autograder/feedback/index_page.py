"""A student's first page: how many points and why, what a person says, what costs points and what still waits.

Points are the gradebook's; how grading went is the log's. From the student's notebook come the checks' verdicts and
figures of the steps that lost points, made harmless like everything on the pages beside it.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote

import nbformat
from jinja2 import Environment, PackageLoader, StrictUndefined
from nbgrader.utils import is_grade, is_solution

from autograder.course.assignment import Assignment
from coursework.marking.messages import say
from coursework.progress.course_map import CourseNotebook, course_notebook

from .marks import CellMark, NotebookMarks, StudentMarks
from .pictures import MAX_KB, MAX_SIDE, small
from .safe_html import clean_html, markdown_to_html

_TEMPLATES = Environment(
    loader=PackageLoader(__package__), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
)
_TEMPLATES.filters |= {"clean_html": clean_html, "markdown2html": markdown_to_html}
_TEMPLATES.globals["say"] = say
_PICTURES = ("image/png", "image/jpeg")


@dataclass(frozen=True)
class _Item:
    """A graded cell as the page shows it: its step, its mark, and what is said of it."""

    title: str
    link: str
    mark: CellMark | None
    comment: str = ""  # Markdown
    verdict: str = ""  # HTML
    figure: str = ""  # an address


@dataclass(frozen=True)
class _Section:
    """One notebook as the page shows it; `why_not` says why nothing of it is marked."""

    title: str
    page: str
    marks: NotebookMarks
    absent: bool
    why_not: str
    stopped: list[str]
    ended: str
    waiting: list[_Item] = field(default_factory=list)
    comments: list[_Item] = field(default_factory=list)
    lost: list[_Item] = field(default_factory=list)


@dataclass(frozen=True)
class Course:
    """What is the same on everybody's page."""

    assignment: Assignment
    title: str
    late_rule: str
    maps: dict[str, CourseNotebook]


def course_of(assignment: Assignment, title: str, late_rule: str) -> Course:
    """The course's part of the pages of an assignment."""
    maps = {name: course_notebook(name, release.cells) for name, release in assignment.releases.items()}
    return Course(assignment, title, late_rule, maps)


def titles(course_map: CourseNotebook) -> dict[str, str]:
    """Every graded cell of a notebook as a person calls it, by its step: {cell: title}, in the notebook's order."""
    found = {}
    for step in course_map.steps:
        for kind, cells in (
            ("check", [cell.name for cell in step.cells if not cell.written]),
            ("text", [cell.name for cell in step.cells if cell.written]),
        ):
            for count, cell in enumerate(cells, start=1):
                which = f" · {kind} {count} of {len(cells)}" if len(cells) > 1 else ""
                found[cell] = f"{step.title}{which}" if step.title else cell
    return found


def index_page(course: Course, marks: StudentMarks, event: dict, notebooks: dict[str, nbformat.NotebookNode]) -> str:
    """The page as HTML; `event` is the log's last word on the student, `notebooks` are those that were graded."""
    sections = [_section(course, name, marks.notebooks[name], event, notebooks.get(name)) for name in course.maps]
    return _TEMPLATES.get_template("index_page.html.j2").render(
        title=course.title,
        marks=marks,
        sections=sections,
        repaired=event.get("notes", []),
        due=_date(marks.due),
        handed_in=_date(marks.handed_in),
        late=_span(marks.seconds_late),
        late_rule=course.late_rule,
        kilobytes=MAX_KB,
        side=MAX_SIDE,
        resources={},
    )


def _section(
    course: Course, name: str, marks: NotebookMarks, event: dict, notebook: nbformat.NotebookNode | None
) -> _Section:
    named, page = titles(course.maps[name]), f"{quote(name)}.html"
    stopped = (line.removeprefix(f"{name}: ") for line in event.get("ran_without", ()) if line.startswith(f"{name}: "))
    finished = event.get("ended_ids", {}).get(name, "finished") == "finished"
    section = _Section(
        course.maps[name].title or name,
        page,
        marks,
        name in event.get("absent", ()),
        event.get("unreadable", {}).get(name, ""),
        [_with_title(line, named) for line in stopped],
        "" if finished else event["ended"][name],
    )
    for cell, text in marks.comments.items():
        graded = cell if cell in named else cell.removesuffix("_code")  # comments hang on answers, marks on checks
        title, link = named.get(graded, cell), f"{page}#comment-{quote(cell)}"
        section.comments.append(_Item(title, link, marks.marks.get(graded), comment=text))
    for step in course.maps[name].steps:
        known = [marks.marks[cell.name] for cell in step.cells if cell.name in marks.marks]
        waits = [mark for mark in known if mark.waits]
        for waiting in [waits] if step.title and waits else [[mark] for mark in waits]:  # a step's texts together
            first, points = waiting[0].cell, sum(mark.maximum for mark in waiting)
            together = CellMark(first, 0.0, points, by_person=True, waits=True)
            section.waiting.append(_Item(step.title or first, f"{page}#{quote(first)}", together))
        for mark in known:
            if not mark.waits and mark.points < mark.maximum and not section.absent:
                item = _Item(named[mark.cell], f"{page}#{quote(mark.cell)}", mark)
                section.lost.append(_with_verdict(item, mark.cell, notebook))
    return section


def _with_title(line: str, named: dict[str, str]) -> str:
    """ "corners: it ran too long" with the step's title instead of the exercise's name."""
    exercise, colon, rest = line.partition(": ")
    return f"{named.get(exercise, exercise)}{colon}{rest}"


def _with_verdict(item: _Item, cell: str, notebook: nbformat.NotebookNode | None) -> _Item:
    cells = notebook.cells if notebook else []
    named = [each.metadata.get("nbgrader", {}).get("grade_id", "") for each in cells]
    place = next((i for i, each in enumerate(cells) if named[i] == cell and is_grade(each)), None)
    if place is None or is_solution(cells[place]):
        return item
    verdict = next((output.data.get("text/html", "") for output in _shown(cells[place])), "")
    exercise = [each for each, name in zip(cells, named, strict=True) if name == f"{cell}_code"]
    return _Item(item.title, item.link, item.mark, verdict=verdict, figure=_figure([*exercise, *_after(cells, place)]))


def _after(cells: list[nbformat.NotebookNode], place: int) -> Iterable[nbformat.NotebookNode]:
    """The cells below a check that belong to it: up to the next heading, or the next graded cell."""
    for cell in cells[place + 1 :]:
        if cell.metadata.get("nbgrader") or (cell.cell_type == "markdown" and cell.source.lstrip().startswith("#")):
            return
        yield cell


def _figure(cells: Iterable[nbformat.NotebookNode]) -> str:
    """The last picture that the first of these cells drew, as an address; "" where none drew one."""
    for cell in cells:
        drawn = [output.data[kind] for output in _shown(cell) for kind in _PICTURES if kind in output.data]
        for picture in reversed(drawn):
            try:
                if address := small(base64.b64decode(picture)):
                    return address
            except ValueError:
                continue
    return ""


def _shown(cell: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [output for output in cell.get("outputs", ()) if "data" in output]


def _date(moment: datetime | None) -> str:
    return f"{moment:%-d %B %Y, %H:%M} UTC" if moment else ""


def _span(seconds: float) -> str:
    """A time that passed, in its two largest units."""
    minutes = int(timedelta(seconds=seconds).total_seconds()) // 60
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    units = [f"{count} {unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "min")) if count]
    return " ".join(units[:2]) or ("less than a minute" if seconds > 0 else "")


def number(points: float) -> str:
    return html.escape(f"{points:.2f}".rstrip("0").rstrip("."))


_TEMPLATES.filters["number"] = number

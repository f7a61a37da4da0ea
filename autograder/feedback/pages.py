"""Feedback pages of a class: an index per student, and nbgrader's page of each notebook, all whole in themselves."""

from __future__ import annotations

import glob
import logging
import re
import secrets
from datetime import datetime
from pathlib import Path

import nbformat
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import GetGrades
from nbgrader.utils import is_grade, is_solution
from traitlets.config import Config

from autograder.course.assignment import Assignment, load_assignment
from autograder.course.places import Places
from autograder.course.registry import read_entry
from autograder.errors import GradeError
from autograder.gradebook import by_hand
from autograder.gradebook.late import Penalties
from autograder.gradebook.log import Log
from autograder.gradebook.opened import Book
from autograder.gradebook.releases import refuse_mixed
from autograder.terminal import Handler, listed, progress
from coursework.files import write_whole
from coursework.marking.messages import say

from .folded import fold
from .index_page import Course, course_of, index_page, titles
from .marks import StudentMarks, read_marks
from .pictures import MAX_KB, MAX_SIDE, embed
from .safe_html import configure

INDEX = "index.html"

_log = logging.getLogger("autograder.feedback")
_log.setLevel(logging.ERROR)  # that a page is replaced, that work is late: no news, once per notebook
_log.addHandler(Handler())
_log.propagate = False
_SECRET = re.compile(rb"[0-9a-f]{32,256}")  # as `nbgrader submit` makes them


class SomeFailed(GradeError):
    """Some students' pages could not be written; `pages` are those of the others."""

    def __init__(self, message: str, pages: list[Path]):
        super().__init__(message)
        self.pages = pages


def write_feedback(places: Places, assignment: str, students: list[str]) -> list[Path]:
    """Write the pages of these students (all, if none is named); returns them.

    A student whose pages cannot be written keeps nobody else from getting theirs: SomeFailed says who, at the end.
    """
    if not any(places.autograded.glob(f"*/{assignment}")):
        raise GradeError(f"nothing of {assignment} is graded yet: run `autograder grade {assignment}` first")
    events = Log(places.log).latest(assignment)
    refuse_mixed(assignment, events)
    loaded = load_assignment(places, assignment)
    course = course_of(loaded, read_entry(places.solutions / assignment).title, Penalties(places.config).rule)
    marks = _marks(places, loaded)
    students = students or sorted(path.parent.name for path in places.autograded.glob(f"*/{assignment}"))
    logging.getLogger("traitlets").addFilter(_is_news)
    pages: list[Path] = []
    failed = []
    with progress(len(students)) as step:
        for student in students:
            try:
                known = marks.get(student, StudentMarks())
                pages += _write_pages(places, course, student, known, events.get(student, {}))
                _make_releasable(places, student, assignment, known.handed_in)
                step("written")
            except Exception as error:  # of a stranger's notebook; nbgrader has logged more than its message says
                failed.append(f"{student} ({type(error).__name__}: {str(error).strip()[:200]})")
                step("failed")
    if failed:
        raise SomeFailed(f"no feedback of {assignment} could be written for: {listed(failed)}", pages)
    return pages


class _Converter(GenerateFeedback):
    preprocessors = (GetGrades,)  # without the one that takes style sheets from elsewhere

    def __init__(self, course: Course, marks: StudentMarks, **settings) -> None:
        super().__init__(**settings)
        self._course, self._marks = course, marks

    def init_notebooks(self) -> None:
        """nbgrader's, with the assignment's own notebooks alone: a student's folder may be called like one, too."""
        super().init_notebooks()
        names = self._course.assignment.releases
        self.assignments: dict[str, list[str]] = {
            folder: [path for path in found if Path(path).stem in names and Path(path).is_file()]
            for folder, found in self.assignments.items()
        }

    def init_single_notebook_resources(self, notebook_filename: str) -> dict:
        """nbgrader's, with the names of steps, and the cells that wait for a person: that is no 0 on the page."""
        resources = super().init_single_notebook_resources(notebook_filename)
        about = resources["nbgrader"]
        marks = self._marks.notebooks[about["notebook"]].marks
        about["unread"] = {cell for cell, mark in marks.items() if mark.waits}
        about["titles"] = titles(self._course.maps[about["notebook"]])
        about["kilobytes"], about["side"] = MAX_KB, MAX_SIDE
        self._folder = Path(notebook_filename).parent
        return resources

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """Not nbgrader's, which copies all other files: the course's data, and what the student has anyway."""

    def write_single_notebook(self, output: str, resources: dict) -> None:
        """nbgrader's, of a page that holds its pictures."""
        super().write_single_notebook(embed(output, self._folder), resources)


def _marks(places: Places, assignment: Assignment) -> dict[str, StudentMarks]:
    """Everybody's marks; what persons have done is logged first."""
    written = {
        name: {cell.metadata.nbgrader.grade_id for cell in release.cells if is_grade(cell) and is_solution(cell)}
        for name, release in assignment.releases.items()
    }
    with Book(places) as book:
        gradebook = book.if_there()
        if gradebook is None:
            return {}
        by_hand.notice_in(places, gradebook, assignment.name)
        return read_marks(gradebook, assignment.name, written)


def _make_releasable(places: Places, student: str, assignment: str, handed_in: datetime | None) -> None:
    """What `nbgrader release_feedback` reads beside the pages: it ends at the first student who lacks one of the two.

    The secret came with the submission, and names the page that its owner fetches. Work that came another way, or with
    something else in the secret's place, gets one that nobody knows.
    """
    folder, name = places.feedback / student / assignment, "submission_secret.txt"
    theirs, stamp = places.autograded / student / assignment / name, f"{handed_in} UTC" if handed_in else ""
    secret = theirs.read_bytes() if theirs.is_file() else b""
    (folder / "timestamp.txt").write_text(stamp, encoding="utf-8")
    (folder / name).write_bytes(secret if _SECRET.fullmatch(secret) else secrets.token_hex(64).encode())


def _write_pages(places: Places, course: Course, student: str, marks: StudentMarks, event: dict) -> list[Path]:
    config = Config(places.config)
    configure(config)  # safe pages, whatever nbgrader_config.py says
    config.HTMLExporter.preprocessors = [fold(course.assignment.releases), *config.HTMLExporter.preprocessors]
    config.HTMLExporter.template_file = "page.html.j2"
    config.HTMLExporter.filters["say"] = say
    assignment = course.assignment.name
    directory = CourseDirectory(config=config)
    directory.assignment_id = assignment
    directory.student_id = glob.escape(student)
    converter = _Converter(course, marks, coursedir=directory, config=config, log=_log)
    converter.force = True
    converter.start()
    folder = places.feedback / student / assignment
    graded = places.autograded / student / assignment
    notebooks = {
        name: nbformat.read(graded / f"{name}.ipynb", as_version=4)
        for name in course.maps
        if (graded / f"{name}.ipynb").is_file()
    }
    write_whole(folder / INDEX, index_page(course, marks, event, notebooks))
    return [folder / INDEX, *(folder / f"{name}.html" for name in notebooks)]


def _is_news(record: logging.LogRecord) -> bool:
    """Not, once per page: that a figure has no alternative text (a student's seldom has), or that work is late."""
    return not record.getMessage().startswith(("Alternative text is missing", "Late submission penalty"))

"""Feedback pages: nbgrader's own, from the autograded notebooks, for all students in one go."""

from __future__ import annotations

import glob
import logging
import shutil
from collections import defaultdict
from pathlib import Path

from nbgrader.api import Grade
from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder.course.places import Places
from autograder.errors import GradeError
from autograder.gradebook import by_hand
from autograder.gradebook.harmless import HEAD, harmless_names
from autograder.gradebook.log import Log
from autograder.gradebook.opened import Book
from autograder.gradebook.releases import refuse_mixed
from autograder.terminal import Handler, progress
from coursework.marking.messages import say

from .safe_html import configure

_log = logging.getLogger("autograder.feedback")
_log.setLevel(logging.ERROR)  # that a page is replaced, that work is late: no news, once per notebook
_log.addHandler(Handler())
_log.propagate = False
Unread = dict[tuple[str, str], set[str]]  # by student and notebook: cells


def write_feedback(places: Places, assignment: str, students: list[str]) -> list[Path]:
    """Write the pages of these students (all, if none is named); returns them.

    A student whose pages cannot be written keeps nobody else from getting theirs: GradeError says who, at the end.
    """
    if not any(places.autograded.glob(f"*/{assignment}")):
        raise GradeError(f"nothing of {assignment} is graded yet: run `autograder grade {assignment}` first")
    refuse_mixed(assignment, Log(places.log).latest(assignment))
    unread = _unread(places, assignment)
    students = students or sorted(path.parent.name for path in places.autograded.glob(f"*/{assignment}"))
    logging.getLogger("traitlets").addFilter(_is_news)
    pages, failed = [], []
    with progress(len(students)) as step:
        for student in students:
            try:
                pages += _write_pages(places, assignment, student, unread)
                step("written")
            except Exception as error:  # of a stranger's notebook; nbgrader has logged more than its message says
                failed.append(f"{student} ({type(error).__name__}: {str(error).strip()[:200]})")
                step("failed")
    if failed:
        more = f" and {len(failed) - 10} more" if len(failed) > 10 else ""
        raise GradeError(f"no feedback of {assignment} could be written for: {', '.join(failed[:10])}{more}")
    return pages


class _Converter(GenerateFeedback):
    def __init__(self, unread: Unread, **settings) -> None:
        super().__init__(**settings)
        self._unread = unread

    def init_notebooks(self) -> None:
        """nbgrader's, without a student's folder that is called like a notebook."""
        super().init_notebooks()
        self.assignments: dict[str, list[str]] = {
            folder: [path for path in found if Path(path).is_file()] for folder, found in self.assignments.items()
        }

    def init_single_notebook_resources(self, notebook_filename: str) -> dict:
        """nbgrader's, with the cells that wait for a person: that is no 0 on the page."""
        resources = super().init_single_notebook_resources(notebook_filename)
        about = resources["nbgrader"]
        about["unread"] = self._unread.get((about["student"], about["notebook"]), set())
        return resources

    def init_assignment(self, assignment_id: str, student_id: str) -> None:
        """nbgrader's, which copies a student's own files: names that act nowhere, no folder called like a page."""
        super().init_assignment(assignment_id, student_id)
        folder = Path(self._format_dest(assignment_id, student_id))
        heads = {}
        for path in folder.rglob("*"):
            if path.is_file():
                with path.open("rb") as file:
                    heads[path.relative_to(folder).as_posix()] = file.read(HEAD)
        for name, new in harmless_names(heads).items():
            (folder / name).rename(folder / new)
        for notebook in self.notebooks:
            page = folder / f"{Path(notebook).stem}.html"
            if page.is_dir():
                shutil.rmtree(page)


def _unread(places: Places, assignment: str) -> Unread:
    """The cells that wait for a person; what persons have done is logged first."""
    found: Unread = defaultdict(set)
    with Book(places) as book:
        if gradebook := book.if_there():
            by_hand.notice_in(places, gradebook, assignment)
            for student, notebook, cell in by_hand.rows(gradebook, Grade, assignment).filter(Grade.needs_manual_grade):
                found[student, notebook].add(cell)
    return found


def _write_pages(places: Places, assignment: str, student: str, unread: Unread) -> list[Path]:
    config = Config(places.config)
    configure(config)  # safe pages, whatever nbgrader_config.py says
    config.HTMLExporter.template_file = "page.html.j2"
    config.HTMLExporter.filters["say"] = say
    course = CourseDirectory(config=config)
    course.assignment_id = assignment
    course.student_id = glob.escape(student)
    converter = _Converter(unread, coursedir=course, config=config, log=_log)
    converter.force = True
    converter.start()
    # Not all *.html there: a student's own files are beside them.
    folder = places.feedback / student / assignment
    return [folder / f"{Path(notebook).stem}.html" for notebook in converter.notebooks]


def _is_news(record: logging.LogRecord) -> bool:
    """Not, once per page: that a figure has no alternative text (a student's seldom has), or that work is late."""
    return not record.getMessage().startswith(("Alternative text is missing", "Late submission penalty"))

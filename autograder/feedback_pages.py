"""Feedback pages: nbgrader's own, from the autograded notebooks, for all students in one go."""

from __future__ import annotations

import glob
import logging
import re
from contextlib import closing
from pathlib import Path

from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory

from . import by_hand
from .errors import GradeError
from .places import Places
from .progress import Progress

_log = logging.getLogger("autograder.feedback")


def write_feedback(places: Places, assignment: str, students: list[str]) -> list[Path]:
    """Write the pages of these students (all, if none is named); returns them.

    A student whose pages cannot be written keeps nobody else from getting theirs: GradeError says who, at the end.
    """
    if not any(places.autograded.glob(f"*/{assignment}")):
        raise GradeError(f"nothing of {assignment} is graded yet: run `autograder grade {assignment}` first")
    by_hand.notice(places, assignment)
    students = students or sorted(path.parent.name for path in places.autograded.glob(f"*/{assignment}"))
    # One complaint per page about figures without alternative text, which a student's plot seldom has.
    logging.getLogger("traitlets").addFilter(_says_no_alternative_text)
    pages, failed = [], []
    with closing(Progress(len(students))) as progress:
        for student in students:
            try:
                pages += _write_pages(places, assignment, student)
                progress.step("written")
            except Exception as error:  # of a stranger's notebook; nbgrader has logged more than its message says
                failed.append(f"{student} ({type(error).__name__}: {str(error).strip()[:200]})")
                progress.step("failed")
    if failed:
        more = f" and {len(failed) - 10} more" if len(failed) > 10 else ""
        raise GradeError(f"no feedback of {assignment} could be written for: {', '.join(failed[:10])}{more}")
    return pages


class _Converter(GenerateFeedback):
    def init_notebooks(self) -> None:
        """nbgrader's, without a student's folder that is called like a notebook."""
        super().init_notebooks()
        self.assignments = {
            folder: [path for path in found if Path(path).is_file()] for folder, found in self.assignments.items()
        }


def _write_pages(places: Places, assignment: str, student: str) -> list[Path]:
    course = CourseDirectory(config=places.config)
    course.assignment_id = assignment
    course.student_id = glob.escape(student)
    converter = _Converter(coursedir=course, config=places.config, log=_log)
    converter.force = True
    converter.start()
    # Not all *.html there: a student's own files are beside them.
    folder = places.feedback / student / assignment
    pages = [folder / f"{Path(notebook).stem}.html" for notebook in converter.notebooks]
    for page in pages:
        page.write_text(_named(page.read_text(encoding="utf-8")), encoding="utf-8")
    return pages


def _named(page: str) -> str:
    """The page with the exercises' names in its list of scores, where nbgrader says "Test cell" of each."""
    head, end, rest = page.partition("</ol>")
    head = re.sub(r'<a href="#([^"]*)">Test cell</a>', r'<a href="#\1">\1</a>', head)
    return re.sub(r'<a href="#([^"]*)">Written response</a>', r'<a href="#\1">\1</a> (written)', head) + end + rest


def _says_no_alternative_text(record: logging.LogRecord) -> bool:
    return "Alternative text is missing" not in record.getMessage()

"""Feedback pages: nbgrader's own, from the autograded notebooks, for all students in one go."""

from __future__ import annotations

import glob
import logging
import re
from contextlib import closing
from pathlib import Path

from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory

from . import by_hand
from .errors import GradeError
from .places import Places
from .progress import Progress

_log = logging.getLogger("autograder.feedback")


def write_feedback(places: Places, assignment: str, students: list[str]) -> list[Path]:
    """Write the pages of these students (all, if none is named); returns them."""
    if not any(places.autograded.glob(f"*/{assignment}")):
        raise GradeError(f"nothing of {assignment} is graded yet: run `autograder grade {assignment}` first")
    by_hand.notice(places, assignment)
    students = students or sorted(path.parent.name for path in places.autograded.glob(f"*/{assignment}"))
    # One complaint per page about figures without alternative text, which a student's plot seldom has.
    logging.getLogger("traitlets").addFilter(_says_no_alternative_text)
    with closing(Progress(len(students))) as progress:
        for student in students:
            course = CourseDirectory(config=places.config)
            course.assignment_id = assignment
            course.student_id = glob.escape(student)
            converter = GenerateFeedback(coursedir=course, config=places.config, log=_log)
            converter.force = True
            try:
                converter.start()
            except NbGraderException as error:
                raise GradeError(f"nbgrader cannot write the feedback of {assignment}: {error}") from error
            for page in (places.feedback / student / assignment).glob("*.html"):
                page.write_text(_named(page.read_text(encoding="utf-8")), encoding="utf-8")
            progress.step("written")
    return [page for student in students for page in sorted((places.feedback / student / assignment).glob("*.html"))]


def _named(page: str) -> str:
    """The page with the exercises' names in its list of scores, where nbgrader says "Test cell" of each."""
    head, end, rest = page.partition("</ol>")
    head = re.sub(r'<a href="#([^"]*)">Test cell</a>', r'<a href="#\1">\1</a>', head)
    return re.sub(r'<a href="#([^"]*)">Written response</a>', r'<a href="#\1">\1</a> (written)', head) + end + rest


def _says_no_alternative_text(record: logging.LogRecord) -> bool:
    return "Alternative text is missing" not in record.getMessage()

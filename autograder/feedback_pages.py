"""Feedback pages: nbgrader's own, from the autograded notebooks, for all students in one go."""

from __future__ import annotations

import glob
import logging
from pathlib import Path

from nbgrader.converters import GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory

from .errors import GradeError
from .places import Places

_log = logging.getLogger("autograder.feedback")


def write_feedback(places: Places, assignment: str, students: list[str]) -> list[Path]:
    """Write the pages of these students (all, if none is named); returns them."""
    if not any(places.autograded.glob(f"*/{assignment}")):
        raise GradeError(f"nothing of {assignment} is graded yet: run `autograder grade {assignment}` first")
    for student in students or ["*"]:
        course = CourseDirectory(config=places.config)
        course.assignment_id = assignment
        course.student_id = glob.escape(student) if student != "*" else student
        converter = GenerateFeedback(coursedir=course, config=places.config, log=_log)
        converter.force = True
        try:
            converter.start()
        except NbGraderException as error:
            raise GradeError(f"nbgrader cannot write the feedback of {assignment}: {error}") from error
    wanted = students or sorted(path.parent.name for path in places.feedback.glob(f"*/{assignment}"))
    return [page for student in wanted for page in sorted((places.feedback / student / assignment).glob("*.html"))]

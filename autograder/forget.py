"""Deleting one person's data: files, database rows, and the lines of the log that are about them."""

from __future__ import annotations

import json
import os
import shutil

from nbgrader.api import MissingEntry

from coursework.files import write_whole

from .course.places import Places
from .errors import GradeError
from .gradebook.log import Log, only_one
from .gradebook.opened import Book
from .intake.archives import ARCHIVES
from .lms.take_in import remove_downloads

# Made of everybody's, and made anew without a student; and what a run that was killed left of such a file.
_OF_EVERYBODY = ("report-*.html", "marks-*.csv", "pseudonyms.csv", ".*.new")


def forget(places: Places, student: str) -> list[str]:
    """Delete all that is kept of `student`; returns what was deleted. Other students' lines stay byte for byte.

    The log is only appended to, but for this: a right to be forgotten outweighs it. One line without a name remains.
    """
    if not student or student in (".", "..") or "/" in student or os.sep in student:
        raise GradeError(f"{student!r} is no student's name")
    with only_one(places.records):
        with Book(places) as book:
            deleted = _forget_in(places, student, book)
        lines = _clean_log(places, student)
        if lines:
            deleted.append(f"{lines} lines of the log")
        for pattern in _OF_EVERYBODY if deleted else ():
            for page in places.records.glob(pattern):
                page.unlink()
                deleted.append(page.name)
        if not deleted:
            raise GradeError(f"nothing is kept of {student!r}")
        Log(places.log).append("forgotten")
    return deleted


def _forget_in(places: Places, student: str, book: Book) -> list[str]:
    """Delete a student's files and rows; returns which."""
    deleted = remove_downloads(places, student, book)  # first: the gradebook knows whose an LMS's names are
    for folder in (places.submitted, places.autograded, places.feedback):
        if (folder / student).is_dir() and not (folder / student).is_symlink():
            shutil.rmtree(folder / student)
            deleted.append(f"{folder.name}/{student}")
    for path in places.submitted.glob("*") if places.submitted.is_dir() else ():
        if path.name in {student + ending for ending in ARCHIVES}:
            path.unlink()
            deleted.append(f"{places.submitted.name}/{path.name}")
    if gradebook := book.if_there():
        try:
            gradebook.remove_student(student)
            deleted.append("rows of the gradebook")
        except MissingEntry:
            pass
    return deleted


def _clean_log(places: Places, student: str) -> int:
    """Take the student out of the log; returns how many lines that changed."""
    if not places.log.exists():
        return 0
    kept, touched = [], 0
    for line in places.log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True):
        try:
            event = json.loads(line)
        except ValueError:
            touched += 1  # a line that was cut short cannot be searched for a name
            continue
        if event.get("student") == student:
            touched += 1
        elif student in event.get("students", ()):
            event["students"].remove(student)
            kept.append(json.dumps(event, ensure_ascii=False) + "\n")
            touched += 1
        else:
            kept.append(line)
    if touched:
        write_whole(places.log, "".join(kept))
    return touched

"""Deleting one person's data: files, database rows, and the lines of the log that are about them."""

from __future__ import annotations

import json
import os
import shutil

from nbgrader.api import MissingEntry

from .course.places import Places
from .errors import GradeError
from .gradebook.log import Log, only_one
from .gradebook.writer import open_gradebook
from .intake.collect import ARCHIVES
from .lms.take_in import remove_downloads


def forget(places: Places, student: str) -> list[str]:
    """Delete all that is kept of `student`; returns what was deleted. Other students' lines stay byte for byte.

    The log is only appended to, but for this: a right to be forgotten outweighs it. One line without a name remains.
    """
    if not student or student in (".", "..") or "/" in student or os.sep in student:
        raise GradeError(f"{student!r} is no student's name")
    with only_one(places.records):
        deleted = remove_downloads(places, student)  # first: the gradebook knows whose an LMS's names are
        for folder in (places.submitted, places.autograded, places.feedback):
            if (folder / student).is_dir() and not (folder / student).is_symlink():
                shutil.rmtree(folder / student)
                deleted.append(f"{folder.name}/{student}")
        for path in places.submitted.glob("*") if places.submitted.is_dir() else ():
            if path.name in {student + ending for ending in ARCHIVES}:
                path.unlink()
                deleted.append(f"{places.submitted.name}/{path.name}")
        if places.has_gradebook():
            with open_gradebook(places) as gradebook:
                try:
                    gradebook.remove_student(student)
                    deleted.append("rows of the gradebook")
                except MissingEntry:
                    pass
        lines = _clean_log(places, student)
        if lines:
            deleted.append(f"{lines} lines of the log")
        for pattern in (
            "report-*.html",
            "marks-*.csv",
            "pseudonyms.csv",
        ):  # made of everybody's: made anew without them
            for page in places.records.glob(pattern) if deleted else ():
                page.unlink()
                deleted.append(page.name)
        if not deleted:
            raise GradeError(f"nothing is kept of {student!r}")
        Log(places.log).append("forgotten")
    return deleted


def _clean_log(places: Places, student: str) -> int:
    """Take the student out of the log, by way of a new file that replaces the old one whole."""
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
        beside = places.log.with_suffix(".new")
        with open(beside, "w", encoding="utf-8") as file:
            file.writelines(kept)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(places.log)
    return touched

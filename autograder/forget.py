"""Deleting one person's data: files, database rows, and the lines of the log that are about them."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from functools import partial

from nbgrader.api import Gradebook, MissingEntry

from coursework.files import write_whole

from .course.places import Places
from .errors import GradeError
from .gradebook import extensions
from .gradebook.log import Log, only_one
from .gradebook.opened import Book
from .intake.archives import ARCHIVES
from .lms.take_in import downloads_of

# Made of everybody's, and made anew without a student; and what a run that was killed left of such a file.
_OF_EVERYBODY = ("report-*.html", "marks-*.csv", "feedback-*.zip", "pseudonyms.csv", ".*.new")


Things = list[tuple[str, Callable[[], object]]]  # what is kept, and what deletes it


def forget(places: Places, student: str, agrees: Callable[[list[str]], bool]) -> list[str]:
    """Delete all that is kept of `student` if `agrees` says so of the list; returns what was deleted.

    Other students' lines stay byte for byte. The log is only appended to, but for this: a right to be forgotten
    outweighs it. One line without a name remains.
    """
    if not student or student in (".", "..") or "/" in student or os.sep in student:
        raise GradeError(f"{student!r} is no student's name")
    with only_one(places.records):
        with Book(places) as book:
            things = _things(places, student, book)
            names = [name for name, _ in things]
            if not names:
                raise GradeError(f"nothing is kept of {student!r}")
            if not agrees(names):
                return []
            for _, delete in things:
                delete()
        Log(places.log).append("forgotten")
    return names


def _things(places: Places, student: str, book: Book) -> Things:
    """What is kept of a student, and after that what is made of everybody's."""
    things: Things = [*downloads_of(places, student, book)]  # first: the gradebook knows whose an LMS's names are
    for folder in (places.submitted, places.autograded, places.feedback):
        path = folder / student
        if os.path.lexists(path):  # a link or a file in the folder's place bears the name, too
            delete = partial(shutil.rmtree, path) if path.is_dir() and not path.is_symlink() else path.unlink
            things.append((f"{folder.name}/{student}", delete))
    for path in places.submitted.glob("*") if places.submitted.is_dir() else ():
        if path.name in {student + ending for ending in ARCHIVES}:
            things.append((f"{places.submitted.name}/{path.name}", path.unlink))
    for packed in sorted(places.records.glob("feedback-*/")):
        if (path := packed / f"{student}.zip").is_file():
            things.append((f"{packed.name}/{path.name}", path.unlink))
    if (gradebook := book.if_there()) and _is_in(gradebook, student):
        things.append(("rows of the gradebook", partial(gradebook.remove_student, student)))
    if mine := [extension for extension in extensions.read(places) if extension.student == student]:
        things.append((f"{len(mine)} lines of the extensions", partial(extensions.take_back, places, student)))
    if lines := _log_without(places, student)[1]:
        # Read once more when it is written: others may add lines while somebody decides.
        things.append((f"{lines} lines of the log", lambda: write_whole(places.log, _log_without(places, student)[0])))
    for pattern in _OF_EVERYBODY if things else ():
        things += [(page.name, page.unlink) for page in sorted(places.records.glob(pattern))]
    return things


def _is_in(gradebook: Gradebook, student: str) -> bool:
    try:
        gradebook.find_student(student)
    except MissingEntry:
        return False
    return True


def _log_without(places: Places, student: str) -> tuple[str, int]:
    """The log without the student, and how many lines that changes."""
    if not places.log.exists():
        return "", 0
    kept, touched = [], 0
    for line in places.log.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True):
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if not isinstance(event, dict):
            touched += 1  # a line that was cut short cannot be searched for a name
        elif event.get("student") == student:
            touched += 1
        elif student in event.get("students", ()):
            event["students"].remove(student)
            kept.append(json.dumps(event, ensure_ascii=False) + "\n")
            touched += 1
        else:
            kept.append(line)
    return "".join(kept), touched

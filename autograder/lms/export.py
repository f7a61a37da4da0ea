"""Marks as CSV: nbgrader's columns, Canvas's and Moodle's, each with a status, so that no lost work looks like a zero.

A mark is given only where it is complete: "could not grade", "missing", "waits for a person" and "not graded yet" leave
the mark empty; the last is also said of who handed in and is in no run yet. `NbgraderCsv` is also a plugin: `nbgrader
export --exporter autograder.lms.export.NbgraderCsv`.
What Canvas and Moodle do with a file was read in the source of their importers (canvas-lms, lib/gradebook_importer.rb;
moodle, grade/import/csv/classes/load_data.php).
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from nbgrader.api import Assignment as StoredAssignment
from nbgrader.api import Grade, Gradebook, Student, SubmittedAssignment, SubmittedNotebook
from nbgrader.plugins import ExportPlugin
from sqlalchemy import func

from autograder.course.places import Places
from autograder.errors import GradeError
from autograder.gradebook import by_hand
from autograder.gradebook.late import Penalties
from autograder.gradebook.log import Log, newest
from autograder.gradebook.opened import Book
from autograder.gradebook.releases import refuse_mixed, say_unknown
from autograder.intake.collect import fingerprint, students
from autograder.judge.graded import Status
from autograder.terminal import listed, tell, tell_error
from coursework.files import write_whole


@dataclass(frozen=True)
class Row:
    """One student's mark for one assignment; `score` is None where there is no complete mark.

    `extension` is until when the student may hand in, in UTC, where that is later than for others.
    """

    assignment: str
    duedate: datetime | None
    timestamp: datetime | None
    student: str
    last_name: str
    first_name: str
    email: str
    lms_id: str
    raw_score: float | None
    penalty: float
    extension: datetime | None
    score: float | None
    maximum: float
    status: Status


def rows(places: Places, gradebook: Gradebook, assignment: str, *, without_unread: bool = False) -> list[Row]:
    """A row for every student of the course, and everybody else who handed in, in order.

    With `without_unread` marks, penalties and the maximum are those of the checks alone, for everybody: who waits for a
    person to read the texts has a mark then, too.
    """
    db = gradebook.db
    stored = db.query(StoredAssignment).filter(StoredAssignment.name == assignment).one_or_none()
    if stored is None:
        raise GradeError(f"nothing of {assignment} is graded yet: run `autograder grade {assignment}` first")
    submissions = {
        submission.student_id: submission
        for submission in db.query(SubmittedAssignment).filter(SubmittedAssignment.assignment_id == stored.id)
    }
    penalties = dict(
        db.query(SubmittedAssignment.student_id, func.sum(SubmittedNotebook.late_submission_penalty))
        .join(SubmittedNotebook, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .filter(SubmittedAssignment.assignment_id == stored.id)
        .group_by(SubmittedAssignment.student_id)
        .all()
    )
    maximum, checks = float(stored.max_score), {}
    if without_unread:
        cells, late = _checks_of(stored), Penalties(places.config)
        maximum, checks = sum(cells.values()), _on_checks(gradebook, assignment, cells)
        penalties = {
            student: sum(late.of(submission, points) or 0.0 for points in checks.get(student, {}).values())
            for student, submission in submissions.items()
        }
    runs = Log(places.log).runs(assignment)
    unfinished = {student for student in (runs[-1].open if runs else ())}
    events, handed_in = newest(runs), set(students(places.submitted, assignment))
    refuse_mixed(assignment, {student: event for student, event in events.items() if student not in unfinished})
    roster = {student.id: student for student in db.query(Student).order_by(Student.id)}
    found = []
    for name in sorted({*roster, *unfinished, *events, *handed_in}):
        student, submission, event = roster.get(name), submissions.get(name), events.get(name)
        to_come = name in unfinished or (submission is None and event is None and name in handed_in)
        status = _status(submission, event, to_come)
        penalty = float(penalties.get(name) or 0.0)
        raw = None
        if without_unread:
            counts = name in checks and status in (Status.GRADED, Status.REPAIRED, Status.WAITS)
            raw = sum(checks[name].values()) if counts else None
        elif submission is not None and status in (Status.GRADED, Status.REPAIRED):
            raw = float(submission.score)
        found.append(
            Row(
                assignment,
                stored.duedate,
                submission.timestamp if submission is not None else None,
                name,
                (student.last_name if student else None) or "",
                (student.first_name if student else None) or "",
                (student.email if student else None) or "",
                (student.lms_user_id if student else None) or "",
                raw,
                penalty,
                submission.duedate if submission is not None and submission.extension and stored.duedate else None,
                None if raw is None else max(0.0, raw - penalty),
                maximum,
                status,
            )
        )
    return found


def _checks_of(stored: StoredAssignment) -> dict[str, float]:
    """Points of the cells that are code, by the cell's id in the database."""
    cells = (cell for notebook in stored.notebooks for cell in notebook.grade_cells)
    return {cell.id: float(cell.max_score) for cell in cells if cell.cell_type == "code"}


def _on_checks(gradebook: Gradebook, assignment: str, cells: Iterable[str]) -> dict[str, dict[str, float]]:
    """Points on these cells by student and notebook, but for students of whom a person must look at one."""
    found: dict[str, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    waiting = set()
    grades = by_hand.rows(gradebook, Grade, assignment, Grade.score, Grade.needs_manual_grade)
    for student, notebook, _, points, waits in grades.filter(Grade.cell_id.in_(list(cells))):
        found[student][notebook] += float(points)
        if waits:
            waiting.add(student)
    return {student: points for student, points in found.items() if student not in waiting}


def _status(submission: SubmittedAssignment | None, event: dict | None, to_come: bool) -> Status:
    if to_come:
        return Status.NOT_YET
    if submission is None:
        return Status.MISSING if event is None else Status.COULD_NOT_GRADE
    said = Status(event["status"]) if event is not None else Status.GRADED
    if said is not Status.COULD_NOT_GRADE and submission.needs_manual_grade:
        return Status.WAITS
    return said


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:g}"


def _plain(text: str) -> str:
    """Text that spreadsheets show and do not compute, even those that split cells at semicolons: no = + - @ first."""
    return re.sub(r"(^|[;\t\r\n])(?=\s*[=+\-@\uff1d\uff0b\uff0d\uff20])", r"\1'", text)


def _nbgrader(found: list[Row], _title: str = "") -> list[list[str]]:
    head = (
        "assignment,duedate,timestamp,student_id,last_name,first_name,email,raw_score,late_submission_penalty,"
        "extension,score,max_score,status"
    )
    return [head.split(",")] + [
        [
            row.assignment,
            str(row.duedate or ""),
            str(row.timestamp or ""),
            *map(_plain, (row.student, row.last_name, row.first_name, row.email)),
            _number(row.raw_score),
            _number(row.penalty),
            str(row.extension or ""),
            _number(row.score),
            _number(row.maximum),
            row.status,
        ]
        for row in found
    ]


def _canvas(found: list[Row], title: str) -> list[list[str]]:
    """Canvas finds a student by ID, then SIS User ID, then SIS Login ID (whichever nbgrader's names are), then name.

    It takes every column behind Section for an assignment, but for those that have "Final Grade" in their heading. The
    assignment is the one of this `title` and number, "Homework 1 (4711)", or a new one.
    """
    points = ["    Points Possible", "", "", "", "", _number(found[0].maximum) if found else "", "(read only)"]
    return [["Student", "ID", "SIS User ID", "SIS Login ID", "Section", title, "Final Grade Status"], points] + [
        [
            _plain(", ".join(filter(None, (row.last_name, row.first_name))) or row.student),
            _plain(row.lms_id),
            _plain(row.student),
            _plain(row.student),
            "",
            _number(row.score),
            row.status,
        ]
        for row in found
    ]


def _moodle(found: list[Row], title: str) -> list[list[str]]:
    """A dash is Moodle's "no grade": of an empty cell it makes a zero where the import creates the grade item.

    The address is there only if everybody has one: in an import by address, Moodle gives the mark of a row without it
    to the student of the row before.
    """
    with_address = bool(found) and all(row.email for row in found)
    address = ["Email address"] if with_address else []
    return [["ID number", "First name", "Last name", *address, title, "Status"]] + [
        [
            *map(_plain, (row.student, row.first_name, row.last_name)),
            *([_plain(row.email)] if with_address else []),
            _number(row.score) or "-",
            row.status,
        ]
        for row in found
    ]


FORMATS: dict[str, Callable[[list[Row], str], list[list[str]]]] = {
    "nbgrader": _nbgrader,
    "canvas": _canvas,
    "moodle": _moodle,
}


def export(
    places: Places,
    assignment: str,
    form: str,
    to: Path,
    *,
    column: str = "",
    without_unread: bool = False,
    say: Callable[[str], None] = tell,
) -> int:
    """Write a CSV file in one of `FORMATS`, and say whose marks are not of today; returns the number of students.

    `column` is how the assignment is called in the LMS; else it is called as here.
    """
    if column and form == "nbgrader":
        raise GradeError("nbgrader's columns have names of their own: --column goes with --format canvas or moodle")
    with Book(places) as book:
        gradebook = book.open()
        by_hand.notice_in(places, gradebook, assignment)
        found = rows(places, gradebook, assignment, without_unread=without_unread)
    _say_what_is_old(places, assignment, say)
    title = _plain(column) or assignment + (" (checks)" if without_unread else "")
    try:
        _write(FORMATS[form](found, title), to)
    except OSError as error:
        raise GradeError(f"{to} cannot be written: {error.strerror}") from error
    return len(found)


def _say_what_is_old(places: Places, assignment: str, say: Callable[[str], None]) -> None:
    """Marks that do not say their release, and marks of what somebody has handed in anew since."""
    events = Log(places.log).latest(assignment)
    if unknown := say_unknown(assignment, events):
        say(unknown)
    digests = {student: events.get(student, {}).get("digest") for student in students(places.submitted, assignment)}
    again = [s for s, digest in digests.items() if digest and digest != fingerprint(places.submitted, s, assignment)]
    if again:
        say(f"handed in anew since, with the marks of before (`autograder grade {assignment}`): {listed(again)}")


def _write(table: list[list[str]], to: Path) -> None:
    text = io.StringIO(newline="")
    csv.writer(text).writerows(table)
    write_whole(to, "\ufeff" + text.getvalue())  # Excel reads UTF-8 only with this mark


class NbgraderCsv(ExportPlugin):
    """`nbgrader export` with a status column and empty marks where there is none."""

    def export(self, gradebook: Gradebook) -> None:
        from autograder.course.places import project_places

        places = replace(project_places(Path(self.parent.coursedir.root)), config=self.config)
        names = self.assignment or [assignment.name for assignment in gradebook.assignments]
        for name in names:
            by_hand.notice_in(places, gradebook, str(name))
        found = [row for name in names for row in rows(places, gradebook, str(name))]
        for name in names:
            _say_what_is_old(places, str(name), tell_error)
        wanted = {str(student) for student in self.student}
        _write(_nbgrader([row for row in found if not wanted or row.student in wanted]), Path(self.to or "grades.csv"))

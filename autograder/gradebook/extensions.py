"""Extensions: grading/extensions.csv says until when a student may hand in, and the gradebook follows it.

    student,assignment,until
    ada,02_boxes,2026-11-22 23:59

The file is written by `autograder extend`, or by hand in a spreadsheet; columns of one's own (a reason, say) stay. A
time without a zone is UTC, as nbgrader's are, and a day without a time is that day to its end. nbgrader keeps an
extension as the time beyond the due date, so all are granted anew when that moves. One that ends before the due date
counts for nothing, for nobody has less time than the class; whoever opens the gradebook is told. Where there is no such
file, extensions that were granted by nbgrader itself stay as they are.
"""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from nbgrader.api import Assignment, Gradebook, SubmittedAssignment

from autograder.course.places import Places
from autograder.errors import GradeError
from autograder.intake.collect import moment
from coursework.files import write_whole

from .opened import Book

COLUMNS = ("student", "assignment", "until")
_NO_TIME = timedelta(0)


@dataclass(frozen=True)
class Extension:
    """One line of the file; `until` is in UTC, without a zone."""

    student: str
    assignment: str
    until: datetime
    line: int


def extensions_file(places: Places) -> Path:
    return places.records / "extensions.csv"


def until(text: str) -> datetime:
    """A moment in UTC from "2026-11-22", "2026-11-22 23:59" or "2026-11-22 23:59+09:00"; else raises ValueError."""
    text = text.strip()
    return moment(f"{text} 23:59:59" if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else text)


def read(places: Places) -> list[Extension]:
    """All extensions, in the file's order; raises GradeError with the line for what does not fit."""
    _, table = _table(places)
    found: dict[tuple[str, str], Extension] = {}
    known = places.assignments()
    for line, row in table:
        student, assignment, text = (row[column].strip() for column in COLUMNS)
        if not student:
            raise _wrong(places, line, "there is no student")
        if assignment not in known:
            raise _wrong(places, line, f"there is no assignment {assignment!r}; there are: {', '.join(known)}")
        try:
            end = until(text)
        except ValueError:
            raise _wrong(places, line, f"{text!r} is no date; 2026-11-22 is, or 2026-11-22 23:59") from None
        if earlier := found.get((student, assignment)):
            raise _wrong(places, line, f"{student} has an extension for {assignment} already, in line {earlier.line}")
        found[student, assignment] = Extension(student, assignment, end, line)
    return list(found.values())


def extend(places: Places, assignment: str, student: str, text: str) -> None:
    """Set a student's extension; "none" takes it back.

    Raises GradeError for what `read` refuses, and for one that ends before the assignment is due for all.
    """
    known = places.assignments()
    if assignment not in known:
        raise GradeError(f"there is no assignment {assignment!r}; there are: {', '.join(known)}")
    if text == "none":
        take_back(places, student, assignment)
        return
    try:
        end = until(text)
    except ValueError:
        raise GradeError(f"{text!r} is no date; 2026-11-22 is, or 2026-11-22 23:59 (UTC), or none") from None
    with Book(places) as book:
        gradebook = book.if_there()
        due = _due(gradebook, assignment) if gradebook else None
    if due is not None and end < due:
        raise GradeError(f"{end} UTC is before {assignment} is due for all, {due} UTC: no extension")
    read(places)
    head, table = _table(places)
    rows = [row for _, row in table]
    line = next((row for row in rows if _is_of(row, student, assignment)), None)
    if line is None:
        rows.append(line := dict.fromkeys(head, "") | {"student": student, "assignment": assignment})
    line["until"] = text
    _write(places, head, rows)


def take_back(places: Places, student: str, assignment: str | None = None) -> None:
    """Delete a student's extension for an assignment, or all of the student's."""
    read(places)
    head, table = _table(places)
    _write(places, head, [row for _, row in table if not _is_of(row, student, assignment)])


def _is_of(row: dict[str, str], student: str, assignment: str | None) -> bool:
    return row["student"].strip() == student and assignment in (None, row["assignment"].strip())


def _write(places: Places, head: list[str], rows: list[dict[str, str]]) -> None:
    text, path = io.StringIO(newline=""), extensions_file(places)
    writer = csv.DictWriter(text, head)
    writer.writeheader()
    writer.writerows(rows)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, "\ufeff" + text.getvalue())  # Excel reads UTF-8 only with this mark


def _table(places: Places) -> tuple[list[str], list[tuple[int, dict[str, str]]]]:
    """The heading, and the rows with something in them by the number of their line."""
    path = extensions_file(places)
    if not path.exists():
        return list(COLUMNS), []
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise GradeError(f'{path} is not UTF-8: save it as "CSV UTF-8"') from None
    first = text.partition("\n")[0]
    lines = csv.DictReader(io.StringIO(text, newline=""), restval="", delimiter=max(",;\t", key=first.count))
    head = list(lines.fieldnames or COLUMNS)
    if missing := [column for column in COLUMNS if column not in head]:
        raise _wrong(places, 1, f"there is no column {missing[0]!r}; the first line is {','.join(COLUMNS)}")
    table = []
    for row in lines:
        if None in row:
            raise _wrong(places, lines.line_num, f"there are more cells than the {len(head)} of the first line")
        if any(cell.strip() for cell in row.values()):
            table.append((lines.line_num, row))
    return head, table


def _wrong(places: Places, line: int, what: str) -> GradeError:
    return GradeError(f"{extensions_file(places)}, line {line}: {what}")


def _due(gradebook: Gradebook, assignment: str) -> datetime | None:
    stored = gradebook.db.query(Assignment).filter(Assignment.name == assignment).one_or_none()
    return None if stored is None else stored.duedate


class Extensions:
    """Those of one assignment, as times beyond its due date; `idle` says of those that end before it that they do."""

    def __init__(self, places: Places, gradebook: Gradebook, assignment: str):
        self._gradebook, self._assignment = gradebook, assignment
        self.there = extensions_file(places).exists()
        self.idle: list[str] = []
        self._beyond: dict[str, timedelta] = {}
        mine = [extension for extension in read(places) if extension.assignment == assignment]
        due = _due(gradebook, assignment) if mine else None
        if due is None:
            return
        for extension in mine:
            if extension.until < due:
                ends = f"{extension.until} UTC is before {assignment} is due for all, {due} UTC"
                where = f"{extensions_file(places)}, line {extension.line}"
                self.idle.append(f"{where}: {ends}: it counts for nothing")
            else:
                self._beyond[extension.student] = extension.until - due

    def put(self, submission: SubmittedAssignment) -> None:
        """Grant a submission what the file says, or take back what it does not say."""
        wanted = self._beyond.get(submission.student_id, _NO_TIME)
        if self.there and (submission.extension or _NO_TIME) != wanted:
            minutes = wanted.total_seconds() / 60
            self._gradebook.grant_extension(self._assignment, submission.student_id, minutes=minutes)

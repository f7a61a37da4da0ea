"""Marks that persons set, put into the log: nbgrader's gradebook keeps what they are, not their history.

nbgrader stores neither who set a mark nor when. So whenever the grader opens the gradebook, it compares the manual
scores, extra credit and comments in it with what the log last said of them, and appends a "manual" event per cell that
changed: who the *command that noticed* was run by (`noticed_by`), and when that was. Two changes between two commands
show as one. What is set in our own page goes into the log at once, with whose page it was (`set_by`).
"""

from __future__ import annotations

import getpass
import hashlib
import os

from nbgrader.api import (
    Assignment,
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import or_

from autograder.course.places import Places

from . import late
from .log import Log, News
from .opened import Book

Cell = tuple[str, str, str]  # student, notebook, cell
_NOTHING: dict = {"manual_score": None, "extra_credit": None, "comment": None}


def notice(places: Places, assignment: str) -> int:
    """Log what persons have changed in an assignment since last time; returns in how many cells."""
    with Book(places) as book:
        gradebook = book.if_there()
        return notice_in(places, gradebook, assignment) if gradebook else 0


def notice_in(places: Places, gradebook: Gradebook, assignment: str) -> int:
    """The same for an open gradebook. Late penalties and extensions follow."""
    late.renew(places, gradebook, assignment)
    log = Log(places.log)
    known, found = _last_said(log, assignment), _in_gradebook(gradebook, assignment)
    changes = []
    for cell in sorted({*known, *found}):
        old, new = known.get(cell, _NOTHING), found.get(cell, _NOTHING)
        if new != old:
            changes.append(_change(assignment, cell, old, new, noticed_by=_user()))
    gradebook.db.rollback()  # who only reads holds no transaction open while others work
    log.append_all("manual", changes)
    return len(changes)


class Journal:
    """Logs changes of an assignment as they are made; what others append to the log meanwhile is read as it comes."""

    def __init__(self, log: Log, assignment: str):
        self._log, self._assignment = log, assignment
        self._news, self._said = News(log.path, "manual"), dict[Cell, dict]()

    def changed(self, cell: Cell, old: dict, new: dict) -> None:
        """Log a change (two `state`s); before it, what somebody had made of the cell that no command noticed yet."""
        self._read_on()
        said = self._said.get(cell, _NOTHING)
        noticed = [_change(self._assignment, cell, said, old, noticed_by=_user())] if said != old else []
        self._log.append_all("manual", [*noticed, _change(self._assignment, cell, old, new, set_by=_user())])

    def _read_on(self) -> None:
        anew, events = self._news.read()
        if anew:
            self._said = {}
        self._said |= {_cell(event): event["new"] for event in events if _is_about(event, self._assignment)}


def state(score: float | None, extra: float | None, comment: str | None) -> dict:
    """What the log says of a cell; of a comment its fingerprint, for the text is nobody's business in a log."""
    fingerprint = hashlib.sha256(comment.encode()).hexdigest()[:16] if comment else None
    return {"manual_score": score, "extra_credit": extra, "comment": fingerprint}


def _change(assignment: str, cell: Cell, old: dict, new: dict, **by: str) -> dict:
    student, notebook, name = cell
    where = {"assignment": assignment, "student": student, "notebook": notebook, "cell": name}
    return {**where, "old": old, "new": new, "comment_changed": new["comment"] != old["comment"], **by}


def _last_said(log: Log, assignment: str) -> dict[Cell, dict]:
    return {_cell(event): event["new"] for event in log.events() if _is_about(event, assignment)}


def _is_about(event: dict, assignment: str) -> bool:
    return event.get("event") == "manual" and event.get("assignment") == assignment


def _cell(event: dict) -> Cell:
    return event["student"], event["notebook"], event["cell"]


def _in_gradebook(gradebook: Gradebook, assignment: str) -> dict[Cell, dict]:
    """What persons set, by cell."""
    scores = rows(gradebook, Grade, assignment, Grade.manual_score, Grade.extra_credit)
    scores = scores.filter(or_(Grade.manual_score.isnot(None), Grade.extra_credit.isnot(None)))
    comments = rows(gradebook, Comment, assignment, Comment.manual_comment).filter(Comment.manual_comment != "")
    found: dict[Cell, dict] = {}
    for *cell, score, extra in scores:
        found[tuple(cell)] = state(score, extra, None)
    for *cell, text in comments:
        found.setdefault(tuple(cell), dict(_NOTHING))["comment"] = state(None, None, text)["comment"]
    return found


def rows(gradebook: Gradebook, kind: type[Grade | Comment], assignment: str, *columns):
    """A query for (student, notebook, cell, *columns) of everybody's `kind` in an assignment."""
    return (
        gradebook.db.query(SubmittedAssignment.student_id, Notebook.name, BaseCell.name, *columns)
        .select_from(kind)
        .join(BaseCell, BaseCell.id == kind.cell_id)
        .join(SubmittedNotebook, SubmittedNotebook.id == kind.notebook_id)
        .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == SubmittedNotebook.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .filter(Assignment.name == assignment)
    )


def _user() -> str:
    """The operating system's name for whoever runs this command; a number where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user without a line in /etc/passwd
        return str(os.getuid())

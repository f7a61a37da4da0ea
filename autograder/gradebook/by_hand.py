"""Marks that a person set in formgrader, noticed and put into the log: nbgrader keeps what they are, not their history.

nbgrader stores neither who set a mark nor when. So whenever the grader opens the gradebook, it compares the manual
scores, extra credit and comments in it with what the log last said of them, and appends a "manual" event per cell that
changed: who the *command that noticed* was run by, and when that was. Two changes between two commands show as one.
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
from .log import Log
from .opened import Book

Cell = tuple[str, str, str]  # student, notebook, cell
_NOTHING = {"manual_score": None, "extra_credit": None, "comment": None}


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
            student, notebook, name = cell
            changes.append(
                {
                    "assignment": assignment,
                    "student": student,
                    "notebook": notebook,
                    "cell": name,
                    "old": old,
                    "new": new,
                    "comment_changed": new["comment"] != old["comment"],
                    "noticed_by": _user(),
                }
            )
    gradebook.db.rollback()  # who only reads holds no transaction open while others work
    log.append_all("manual", changes)
    return len(changes)


def _last_said(log: Log, assignment: str) -> dict[Cell, dict]:
    return {
        (event["student"], event["notebook"], event["cell"]): event["new"]
        for event in log.events()
        if event.get("event") == "manual" and event.get("assignment") == assignment
    }


def _in_gradebook(gradebook: Gradebook, assignment: str) -> dict[Cell, dict]:
    """What persons set, by cell; of a comment its fingerprint, for the text is nobody's business in a log."""
    scores = rows(gradebook, Grade, assignment, Grade.manual_score, Grade.extra_credit)
    scores = scores.filter(or_(Grade.manual_score.isnot(None), Grade.extra_credit.isnot(None)))
    comments = rows(gradebook, Comment, assignment, Comment.manual_comment).filter(Comment.manual_comment != "")
    found: dict[Cell, dict] = {}
    for *cell, score, extra in scores:
        found[tuple(cell)] = {**_NOTHING, "manual_score": score, "extra_credit": extra}
    for *cell, text in comments:
        fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]
        found.setdefault(tuple(cell), dict(_NOTHING))["comment"] = fingerprint
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

"""Marks of written answers: read with a version, saved only where nobody else saved since, and counted by criterion.

A criterion is the written cell that it belongs to, as (notebook, cell). The columns are nbgrader's own, so what is set
here stands in formgrader, feedback and exports, and the other way round.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Container
from dataclasses import dataclass, replace

from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    GradeCell,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from sqlalchemy import and_
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import aliased
from traitlets.config import Config

from autograder.errors import GradeError

from .by_hand import Journal, rows, state
from .late import Penalties
from .log import Log
from .opened import first_line

Criterion = tuple[str, str]  # notebook, cell


@dataclass(frozen=True)
class Mark:
    """What the gradebook says of one answer."""

    score: float | None  # a person's
    extra: float | None
    comment: str  # a person's
    waits: bool  # for a person
    automatic: float | None = None  # 0 where nothing was written; None where a person has to read, or nothing was run

    @property
    def version(self) -> str:
        """Another one after each change of what a person set, or of whether the answer waits for one."""
        seen = json.dumps([self.score, self.extra, self.comment, self.waits, self.automatic])
        return hashlib.sha256(seen.encode()).hexdigest()[:16]


class Stale(Exception):
    """Somebody has changed this answer's mark since; nothing was saved."""


class WrittenMarks:
    """The marks of one assignment's written answers in an open gradebook; `config` is nbgrader's."""

    def __init__(self, gradebook: Gradebook, log: Log, config: Config, assignment: str):
        self._gradebook, self._assignment, self._config = gradebook, assignment, config
        self._journal = Journal(log, assignment)
        self._penalties: Penalties | None = None

    def of(self, criterion: Criterion, student: str | None = None) -> dict[str, Mark]:
        """Marks in a criterion, by student: everybody's, or one student's."""
        query = self._rows(
            *(Grade.manual_score, Grade.extra_credit, Grade.needs_manual_grade, Grade.auto_score),
            Comment.manual_comment,
        )
        notebook, cell = criterion
        query = query.filter(Notebook.name == notebook, BaseCell.name == cell)
        if student is not None:
            query = query.filter(SubmittedAssignment.student_id == student)
        found = {
            each: Mark(score, extra, comment or "", waits, automatic)
            for each, _, _, score, extra, waits, automatic, comment in query
        }
        self._gradebook.db.rollback()  # who only reads holds no transaction open while others work
        return found

    def save(self, criterion: Criterion, student: str, old: Mark, new: Mark) -> Mark:
        """Put `new` in the place of `old`, in one transaction, and log it; returns what the gradebook then says.

        Raises Stale, and changes nothing, where the gradebook no longer says `old`. Extra credit stays as it is.
        """
        db = self._gradebook.db
        try:
            self._put(criterion, student, old, new)
            db.commit()
        except SQLAlchemyError as error:
            raise GradeError(f"the mark was not saved: {first_line(error)}") from error
        finally:
            db.rollback()
            db.expunge_all()
        saved = replace(new, extra=old.extra, automatic=old.automatic)
        self._journal.changed(
            (student, *criterion),
            *(state(mark.score, mark.extra, mark.comment) for mark in (old, saved)),
        )
        return saved

    def _put(self, criterion: Criterion, student: str, old: Mark, new: Mark) -> None:
        db = self._gradebook.db
        grade, comment, notebook = self._ids(criterion, student)
        unchanged = (
            Grade.manual_score.is_not_distinct_from(old.score),
            Grade.extra_credit.is_not_distinct_from(old.extra),
            Grade.auto_score.is_not_distinct_from(old.automatic),
            Grade.needs_manual_grade == old.waits,
        )
        # The first statement writes, and looks while it does: a second one of the same waits for it, and then differs.
        marked = db.query(Grade).filter(Grade.id == grade, *unchanged)
        if not marked.update(
            {Grade.manual_score: new.score, Grade.needs_manual_grade: new.waits}, synchronize_session=False
        ):
            raise Stale
        said = db.query(Comment).filter(Comment.id == comment)
        if (said.with_entities(Comment.manual_comment).scalar() or "") != old.comment:
            raise Stale
        said.update({Comment.manual_comment: new.comment or None}, synchronize_session=False)
        self._renew_penalty(notebook)

    def _rows(self, *columns):
        """A query for (student, notebook, cell, *columns) of each answer's Grade and Comment.

        nbgrader keeps a written cell twice: as a graded one, and under the same name as a solution, for comments.
        """
        twin = aliased(BaseCell)
        return (
            rows(self._gradebook, Grade, self._assignment, *columns)
            .join(Comment, Comment.notebook_id == Grade.notebook_id)
            .join(twin, and_(twin.id == Comment.cell_id, twin.name == BaseCell.name))
        )

    def _ids(self, criterion: Criterion, student: str) -> tuple[str, str, str]:
        """The ids of an answer's Grade, Comment and SubmittedNotebook."""
        notebook, cell = criterion
        query = self._rows(Grade.id, Comment.id, Grade.notebook_id)
        found = query.filter(
            SubmittedAssignment.student_id == student, Notebook.name == notebook, BaseCell.name == cell
        ).one_or_none()
        self._gradebook.db.rollback()
        if found is None:  # the student was forgotten meanwhile
            raise Stale
        return found[3:]

    def _renew_penalty(self, notebook: str) -> None:
        """A late penalty hangs on the whole score of a notebook."""
        submitted = self._gradebook.db.get(SubmittedNotebook, notebook)
        submission = submitted.assignment
        if submission.assignment.duedate is not None:
            self._penalties = self._penalties or Penalties(self._config)
            self._penalties.put(submission, [submitted])


def distribution(
    gradebook: Gradebook, assignment: str, students: Container[str] | None = None
) -> dict[Criterion, dict[float, int]]:
    """Of each written cell that a person has marked: {points: how many of these students have them}, fewest first.

    Only marks that count as read: an answer that changed since waits again. Untouched and missing answers, which no
    person marked, are not in it.
    """
    found: dict[Criterion, Counter] = defaultdict(Counter)
    query = rows(gradebook, Grade, assignment, Grade.manual_score).filter(
        Grade.manual_score.isnot(None), Grade.needs_manual_grade.is_(False), BaseCell.id.in_(_written(gradebook))
    )
    for student, notebook, cell, score in query:
        if students is None or student in students:
            found[notebook, cell][score] += 1
    gradebook.db.rollback()
    return {criterion: dict(sorted(counts.items())) for criterion, counts in sorted(found.items())}


def _written(gradebook: Gradebook):
    """Ids of the graded cells that are text."""
    return gradebook.db.query(GradeCell.id).filter(GradeCell.cell_type == "markdown")

"""The marks of an assignment as the gradebook has them, by student: what pages are made of, read in one go."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime

from nbgrader.api import Assignment, Comment, Grade, Gradebook, Notebook, SubmittedAssignment
from nbgrader.api import SubmittedNotebook as Submitted

from autograder.gradebook import by_hand


@dataclass(frozen=True)
class CellMark:
    """One graded cell: points as nbgrader counts them, extra credit in them; `by_person`: it is a person's mark."""

    cell: str
    points: float
    maximum: float
    by_person: bool
    waits: bool  # for a person


@dataclass
class NotebookMarks:
    """One notebook of one student; comments are a person's, by cell."""

    marks: dict[str, CellMark] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)
    penalty: float = 0.0

    def points(self, by_person: bool | None = None) -> float:
        """Of all cells, or of those that a person marks, or of the others."""
        return sum(mark.points for mark in self._of(by_person))

    def maximum(self, by_person: bool | None = None) -> float:
        """Of the same cells."""
        return sum(mark.maximum for mark in self._of(by_person))

    @property
    def unread(self) -> float:
        """Points that wait for a person."""
        return sum(mark.maximum for mark in self.marks.values() if mark.waits)

    def _of(self, by_person: bool | None) -> list[CellMark]:
        return [mark for mark in self.marks.values() if by_person in (None, mark.by_person)]


@dataclass
class StudentMarks:
    """One student's assignment; dates are UTC, without a zone, as nbgrader keeps them."""

    notebooks: dict[str, NotebookMarks] = field(default_factory=lambda: defaultdict(NotebookMarks))
    due: datetime | None = None
    handed_in: datetime | None = None
    seconds_late: float = 0.0

    @property
    def points(self) -> float:
        """The sum, less penalties: what is exported."""
        return max(0.0, sum(notebook.points() for notebook in self.notebooks.values()) - self.penalty)

    @property
    def maximum(self) -> float:
        return sum(notebook.maximum() for notebook in self.notebooks.values())

    @property
    def penalty(self) -> float:
        return sum(notebook.penalty for notebook in self.notebooks.values())

    @property
    def unread(self) -> float:
        return sum(notebook.unread for notebook in self.notebooks.values())


def read_marks(gradebook: Gradebook, assignment: str, written: dict[str, set[str]]) -> dict[str, StudentMarks]:
    """Everybody's marks in an assignment; `written` are the cells that persons read, by notebook."""
    found: dict[str, StudentMarks] = defaultdict(StudentMarks)
    columns = (Grade.score, Grade.max_score, Grade.manual_score, Grade.needs_manual_grade)
    for student, notebook, cell, points, maximum, manual, waits in by_hand.rows(gradebook, Grade, assignment, *columns):
        by_person = waits or manual is not None or cell in written.get(notebook, ())
        mark = CellMark(cell, float(points), float(maximum), bool(by_person), bool(waits))
        found[student].notebooks[notebook].marks[cell] = mark
    for student, notebook, cell, text in by_hand.rows(gradebook, Comment, assignment, Comment.manual_comment):
        if text:
            found[student].notebooks[notebook].comments[cell] = text
    submissions = gradebook.db.query(SubmittedAssignment).join(Assignment).filter(Assignment.name == assignment)
    for submission in submissions:
        marks = found[submission.student_id]
        marks.due, marks.handed_in = submission.duedate, submission.timestamp
        marks.seconds_late = submission.total_seconds_late
    penalties = (
        gradebook.db.query(SubmittedAssignment.student_id, Notebook.name, Submitted.late_submission_penalty)
        .select_from(Submitted)
        .join(Notebook, Notebook.id == Submitted.notebook_id)
        .join(SubmittedAssignment, SubmittedAssignment.id == Submitted.assignment_id)
        .join(Assignment, Assignment.id == SubmittedAssignment.assignment_id)
        .filter(Assignment.name == assignment)
    )
    for student, notebook, penalty in penalties:
        found[student].notebooks[notebook].penalty = float(penalty or 0.0)
    return dict(found)

"""Late penalties by nbgrader's plugin. They hang on a notebook's whole score, so they are renewed when it changes.

nbgrader computes them once, while it autogrades: what a person adds afterwards in formgrader would escape them, and so
would an extension that is granted or taken back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from nbgrader.api import Assignment, Gradebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import or_
from sqlalchemy.orm import Query
from traitlets.config import Config

from autograder.course.places import Places
from autograder.intake.collect import TIMESTAMP, date_beside
from autograder.terminal import listed, tell_error
from coursework.marking.messages import say

from .extensions import Extensions


class Penalties:
    """The course's late penalties; `config` is nbgrader's."""

    def __init__(self, config: Config):
        self._step = AssignLatePenalties(config=config)
        self._step.init_plugin()

    @property
    def rule(self) -> str:
        """The course's rule in words: nbgrader's two ways, or what the course's own plugin says of itself first."""
        plugin = self._step.plugin_inst
        if type(plugin) is LateSubmissionPlugin:
            return say(f"late_{plugin.penalty_method}")
        return (type(plugin).__doc__ or "").strip().partition("\n")[0] or say("late_own")

    def of(self, submission: SubmittedAssignment, score: float) -> float | None:
        """What a notebook of so many points loses: nothing below zero or beyond the points; None where no rule says."""
        if (late := submission.total_seconds_late) <= 0:
            return None
        penalty = self._step.plugin_inst.late_submission_penalty(submission.student_id, score, late)
        return None if penalty is None else max(0.0, min(penalty, score))

    def put(self, submission: SubmittedAssignment, notebooks: Iterable[SubmittedNotebook]) -> None:
        """Set the penalties of a submission's notebooks from their scores as they are now."""
        for notebook in notebooks:
            found = self.of(submission, notebook.score)
            if notebook.late_submission_penalty != found:
                notebook.late_submission_penalty = found


def renew(places: Places, gradebook: Gradebook, assignment: str) -> None:
    """Renew everybody's extensions and penalties in an assignment, and say which extensions count for nothing."""
    extensions, penalties = Extensions(places, gradebook, assignment), Penalties(places.config)
    tell_error(*extensions.idle)
    submissions = _submissions(gradebook, assignment)
    if not extensions.there:  # a penalty outlives a due date that is taken back, until it is renewed here
        penalised = SubmittedAssignment.notebooks.any(SubmittedNotebook.late_submission_penalty.isnot(None))
        submissions = submissions.filter(or_(Assignment.duedate.isnot(None), penalised))
    for submission in submissions.all():
        extensions.put(submission)
        penalties.put(submission, submission.notebooks)
    gradebook.db.commit()


def follow_dates(
    places: Places, gradebook: Gradebook, assignment: str, students: Iterable[str], say: Callable[[str], None]
) -> None:
    """Take over the dates beside the notebooks of students who are not graded anew: a date is no new submission."""
    penalties = Penalties(places.config)
    submissions = {found.student_id: found for found in _submissions(gradebook, assignment)}
    moved = []
    for student in students:
        date, wrong = date_beside(places.submitted, student, assignment)
        for note in wrong:
            say(f"{student}: {note}")
        submission = submissions.get(student)
        if date is not None and submission is not None and submission.timestamp != date:
            submission.timestamp = date
            penalties.put(submission, submission.notebooks)
            moved.append(student)
    gradebook.db.commit()
    if moved:
        say(f"{assignment}: handed in at another time than before, says {TIMESTAMP}: {listed(moved)}")


def _submissions(gradebook: Gradebook, assignment: str) -> Query:
    return gradebook.db.query(SubmittedAssignment).join(Assignment).filter(Assignment.name == assignment)

"""Late penalties by nbgrader's plugin. They hang on a notebook's whole score, so they are renewed when it changes.

nbgrader computes them once, while it autogrades: what a person adds afterwards in formgrader would escape them, and so
would an extension that is granted or taken back.
"""

from __future__ import annotations

from collections.abc import Iterable

from nbgrader.api import Assignment, Gradebook, SubmittedAssignment, SubmittedNotebook
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from traitlets.config import Config

from autograder.course.places import Places
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

    def put(self, submission: SubmittedAssignment, notebooks: Iterable[SubmittedNotebook]) -> None:
        """Set the penalties of a submission's notebooks from their scores as they are now."""
        late = submission.total_seconds_late
        for notebook in notebooks:
            penalty = None
            if late > 0:
                penalty = self._step.plugin_inst.late_submission_penalty(submission.student_id, notebook.score, late)
            found = None if penalty is None else self._step._check_late_penalty(notebook, penalty)
            if notebook.late_submission_penalty != found:
                notebook.late_submission_penalty = found


def renew(places: Places, gradebook: Gradebook, assignment: str) -> None:
    """Renew everybody's extensions and penalties in an assignment."""
    extensions, penalties = Extensions(places, gradebook, assignment), Penalties(places.config)
    submissions = gradebook.db.query(SubmittedAssignment).join(Assignment).filter(Assignment.name == assignment)
    if not extensions.there:
        submissions = submissions.filter(Assignment.duedate.isnot(None))
    for submission in submissions.all():
        extensions.put(submission)
        if submission.assignment.duedate is not None:
            penalties.put(submission, submission.notebooks)
    gradebook.db.commit()

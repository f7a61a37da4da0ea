"""The single writer of nbgrader's database and of the autograded notebooks.

Uses nbgrader's own models, preprocessors and late-penalty plugin, with one connection kept open, and one transaction
per submission. A person's manual scores, comments and extra credit are never touched. Where an answer or an automatic
score that a person has overruled changes, the cell asks for a person again.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    InvalidEntry,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import SaveCells
from nbgrader.utils import compute_checksum, is_grade, is_solution
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import scoped_session

from autograder.course.assignment import Assignment
from autograder.course.places import Places
from autograder.errors import GradeError
from autograder.judge.graded import Graded
from coursework.marking.messages import say

from .extensions import Extensions
from .harmless import HEAD, harmless_names
from .late import Penalties
from .opened import first_line, patient, shown_url

# What of the file system's errors is nobody's fault and will hit the next student too; any other is due to this one's
# files and folders (names that cannot be, a folder without rights), and the run goes on without them.
_DISK = {errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO}


class Writer:
    """Writes graded submissions of one assignment into an open gradebook, which gets to know the assignment."""

    def __init__(self, places: Places, assignment: Assignment, gradebook: Gradebook):
        _register(places, assignment, gradebook)
        self._places, self._assignment, self._gradebook = places, assignment, gradebook
        self._extensions = Extensions(places, gradebook, assignment.name)
        self._late = Penalties(places.config)

    def save(self, graded: Graded) -> None:
        """Notebooks first, then the marks in one transaction: a crash in between leaves no mark without its page."""
        before = self._answers(graded.student)
        self._write_notebooks(graded)
        db = self._gradebook.db
        try:
            stamp = {"timestamp": graded.timestamp} if graded.timestamp else {}
            with _one_transaction(db), db.no_autoflush:  # nbgrader links a submission before it adds it
                self._gradebook.update_or_create_student(graded.student)
                submission = self._gradebook.update_or_create_submission(self._assignment.name, graded.student, **stamp)
                self._extensions.put(submission)
            for notebook, name in self._notebooks(submission):
                self._save_notebook(notebook, name, graded, before.get(name, {}))
            db.flush()
            self._late.put(submission, self._scored(submission))
            db.commit()
        except (SQLAlchemyError, InvalidEntry) as error:  # nbgrader wraps some of the database's errors
            db.rollback()
            raise GradeError(f"the gradebook cannot be written: {first_line(error)}") from error
        finally:
            db.expunge_all()  # a class of thousands keeps no objects

    def _notebooks(self, submission: SubmittedAssignment) -> list[tuple[SubmittedNotebook, str]]:
        rows = (
            self._gradebook.db.query(SubmittedNotebook, Notebook.name)
            .join(Notebook, Notebook.id == SubmittedNotebook.notebook_id)
            .filter(SubmittedNotebook.assignment_id == submission.id)
        )
        return [(notebook, name) for notebook, name in rows if name in self._assignment.releases]

    def _rows(self, kind: type[Grade | Comment], notebook: SubmittedNotebook) -> dict:
        rows = (
            self._gradebook.db.query(kind, BaseCell.name)
            .join(BaseCell, BaseCell.id == kind.cell_id)
            .filter(kind.notebook_id == notebook.id)
        )
        return {name: row for row, name in rows}

    def _save_notebook(self, notebook: SubmittedNotebook, name: str, graded: Graded, before: dict[str, str]) -> None:
        grades, comments = self._rows(Grade, notebook), self._rows(Comment, notebook)
        marked = graded.marked.get(name)
        notebook.flagged = name in graded.unreadable or (
            marked is not None and (bool(marked.ran_without) or not marked.whole)
        )
        cells = {} if marked is None else _graded_cells(marked.notebook)
        for cell_name, grade in grades.items():
            old = grade.auto_score
            if marked is None:
                grade.auto_score = 0.0 if name in graded.absent else None
                changed = True
            elif cell_name in marked.scores:
                grade.auto_score = marked.scores[cell_name]
                changed = old != grade.auto_score
            else:
                untouched = _is_untouched(cells[cell_name])
                grade.auto_score = 0.0 if untouched else None
                changed = before.get(cell_name) != cells[cell_name].source
            if grade.manual_score is None:
                grade.needs_manual_grade = grade.auto_score is None
            elif changed:
                grade.needs_manual_grade = True
        for cell_name, comment in comments.items():
            comment.auto_comment = _comment(name, cell_name, graded, cells)

    def _scored(self, submission: SubmittedAssignment) -> Iterator[SubmittedNotebook]:
        """Its notebooks with the scores that the database makes of what was just written."""
        for notebook, _ in self._notebooks(submission):
            self._gradebook.db.refresh(notebook, ["score"])
            yield notebook

    def _answers(self, student: str) -> dict[str, dict[str, str]]:
        """The texts of graded cells as they were written last time: {notebook: {cell: text}}."""
        found = {}
        for name in self._assignment.releases:
            path = self._places.autograded / student / self._assignment.name / f"{name}.ipynb"
            if path.exists():
                cells = _graded_cells(nbformat.read(path, as_version=4))
                found[name] = {cell_name: cell.source for cell_name, cell in cells.items()}
        return found

    def _write_notebooks(self, graded: Graded) -> None:
        """The autograded folder, complete or as it was: written beside, then put in its place."""
        home = self._places.autograded / graded.student
        final, new, old = (
            home / f"{dot}{self._assignment.name}{end}" for dot, end in (("", ""), (".", ".new"), (".", ".old"))
        )
        for leftover in (new, old):
            shutil.rmtree(leftover, ignore_errors=True)
        try:
            names = harmless_names({name: data[:HEAD] for name, data in graded.files.items()}, self._assignment.files)
            students = {names[name]: data for name, data in graded.files.items()}
            for name, data in {**students, **self._assignment.files}.items():
                path = new / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
            new.mkdir(parents=True, exist_ok=True)
            for name, release in self._assignment.releases.items():
                nbformat.write(_page(name, release, graded), new / f"{name}.ipynb")
            if final.exists():
                final.rename(old)
            new.rename(final)
        except OSError as error:
            if not final.exists() and old.exists():
                old.rename(final)
            if error.errno not in _DISK and os.access(_lowest(self._places.autograded), os.W_OK):
                raise
            raise GradeError(f"{final} cannot be written: {os.strerror(error.errno or 0)}") from error
        finally:
            shutil.rmtree(new, ignore_errors=True)
            shutil.rmtree(old, ignore_errors=True)


def _lowest(folder: Path) -> Path:
    """The folder, or the one above that is there and holds it once it is made."""
    return folder if folder.exists() else _lowest(folder.parent)


@contextmanager
def _one_transaction(db: scoped_session) -> Iterator[None]:
    """nbgrader commits after each of its steps; while open, they only reach the database, to be committed together."""
    db.commit, commit = db.flush, db.commit
    try:
        yield
    finally:
        db.commit = commit


def _register(places: Places, assignment: Assignment, gradebook: Gradebook) -> None:
    """What generate_assignment does: the assignment, its notebooks and their cells are in the database."""
    try:
        gradebook.update_or_create_assignment(assignment.name, course_id=places.course_id)
        for name, original in assignment.originals.items():
            resources = {
                "nbgrader": {"notebook": name, "assignment": assignment.name, "db_url": patient(places.db_url)}
            }
            SaveCells().preprocess(original, resources)
    except SQLAlchemyError as error:
        raise GradeError(f"the gradebook {shown_url(places.db_url)} cannot be used: {first_line(error)}") from error
    except RuntimeError as error:  # nbgrader's word for cells that came or went
        raise GradeError(
            f"{assignment.name} has other cells than when it was first graded, and nbgrader keeps old marks by cell "
            f"({error}); build the version that was released, or use a new assignment name"
        ) from error


def _graded_cells(notebook: nbformat.NotebookNode) -> dict[str, nbformat.NotebookNode]:
    return {cell.metadata.nbgrader.grade_id: cell for cell in notebook.cells if is_grade(cell) or is_solution(cell)}


def _is_untouched(cell: nbformat.NotebookNode) -> bool:
    return not cell.get("attachments") and cell.metadata.nbgrader.get("checksum") == compute_checksum(cell)


def _comment(notebook: str, cell_name: str, graded: Graded, cells: dict) -> str | None:
    if notebook in graded.unreadable:
        return f"{say('could_not_grade')} {graded.unreadable[notebook]}"
    if notebook in graded.absent:
        return say("not_handed_in")
    # nbgrader's own word.
    return "No response." if cell_name in cells and _is_untouched(cells[cell_name]) else None


def _page(name: str, release: nbformat.NotebookNode, graded: Graded) -> nbformat.NotebookNode:
    """The notebook to keep: as it was run, or the release where it was not; on top what a student should know."""
    marked = graded.marked.get(name)
    if marked is None:
        reason = graded.unreadable.get(name)
        text = f"**{say('could_not_grade')}** {reason}" if reason else f"**{say('not_handed_in')}**"
    else:
        notes = [note for note in graded.notes if note.about == name]
        text = "".join(f"\n- {note.sentence}" for note in notes)
        text = f"**{say('repaired')}**\n{text}" if notes else ""
        if marked.ran_without:
            stopped = "".join(f"\n- {note.sentence}" for note in marked.ran_without)
            text += f"\n\n**{say('cell_stopped')}**\n{stopped}"
        if not marked.whole:
            text += f"\n\n**{say('run_stopped')}** {marked.ended}. {say('run_stopped_kept')}"
    notebook = nbformat.from_dict(release if marked is None else marked.notebook)
    if text:
        notebook.cells = [nbformat.v4.new_markdown_cell(text.strip(), id="about-the-grading"), *notebook.cells]
    return notebook

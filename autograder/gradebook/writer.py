"""The single writer of nbgrader's database and of the autograded notebooks.

Uses nbgrader's own models, preprocessors and late-penalty plugin, with one connection kept open, and one transaction
per submission. A person's manual scores, comments and extra credit are never touched. Where an answer, an automatic
score that a person has overruled, or what the cell's mark rests on (points, criterion, check, ...) changes, the cell
asks for a person again.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import nbformat
from nbgrader.api import (
    BaseCell,
    Comment,
    Grade,
    Gradebook,
    InvalidEntry,
    MissingEntry,
    Notebook,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import SaveCells
from nbgrader.utils import compute_checksum, is_grade, is_solution
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import scoped_session

from autograder.course.assignment import Assignment
from autograder.course.fingerprints import Fingerprints
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
    """Writes graded submissions of one assignment into an open gradebook, which gets to know the assignment.

    `rested_on` is the release that each student's marks in the gradebook rest on, where that is known.
    """

    def __init__(
        self,
        places: Places,
        assignment: Assignment,
        gradebook: Gradebook,
        rested_on: Mapping[str, Mapping[str, Fingerprints]],
    ):
        _register(places, assignment, gradebook)
        self._places, self._assignment, self._gradebook = places, assignment, gradebook
        self._rested_on = rested_on
        self._extensions = Extensions(places, gradebook, assignment.name)
        self._late = Penalties(places.config)

    def save(self, graded: Graded) -> None:
        """Marks in one transaction, and the notebooks in their place right before it ends: both are new, or both old.

        Killed in between, the old notebooks lie beside the new ones, and the next `save` compares with those.
        """
        before = self._answers(graded.student)
        new = self._write_notebooks(graded)
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
            with self._in_place(new):
                db.commit()
        except (SQLAlchemyError, InvalidEntry) as error:  # nbgrader wraps some of the database's errors
            raise GradeError(f"the gradebook cannot be written: {first_line(error)}") from error
        finally:
            db.rollback()  # of whatever error: the next student's commit would take half-written rows along
            db.expunge_all()  # a class of thousands keeps no objects
            shutil.rmtree(new, ignore_errors=True)

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
        rested_on = self._rested_on.get(graded.student, {}).get(name, {})
        rests_on = self._assignment.fingerprints[name]
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
            # A person's 2 of 2 says nothing about a cell that is worth 1 now, or asks for something else.
            changed = changed or (cell_name in rested_on and rested_on[cell_name] != rests_on.get(cell_name))
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
        final, old = self._folder(student), self._folder(student, ".old")
        for name in self._assignment.releases:
            path = (old if old.is_dir() else final) / f"{name}.ipynb"
            if path.exists():
                cells = _graded_cells(nbformat.read(path, as_version=4))
                found[name] = {cell_name: cell.source for cell_name, cell in cells.items()}
        return found

    def _folder(self, student: str, end: str = "") -> Path:
        """Where a student's notebooks lie; with an `end` a hidden folder beside that."""
        return self._places.autograded / student / (f".{self._assignment.name}{end}" if end else self._assignment.name)

    def _write_notebooks(self, graded: Graded) -> Path:
        """The new autograded folder, complete, beside the one that is there."""
        new = self._folder(graded.student, ".new")
        shutil.rmtree(new, ignore_errors=True)
        try:
            with self._whose_trouble(graded.student):
                names = harmless_names(
                    {name: data[:HEAD] for name, data in graded.files.items()}, self._assignment.files
                )
                students = {names[name]: data for name, data in graded.files.items()}
                for name, data in {**students, **self._assignment.files}.items():
                    path = new / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(data)
                new.mkdir(parents=True, exist_ok=True)
                for name, release in self._assignment.releases.items():
                    nbformat.write(_page(name, release, graded), new / f"{name}.ipynb")
        except BaseException:
            shutil.rmtree(new, ignore_errors=True)
            raise
        return new

    @contextmanager
    def _in_place(self, new: Path) -> Iterator[None]:
        """The new folder in the place of the old one, which is back where the block raises."""
        student = new.parent.name
        final, old = self._folder(student), self._folder(student, ".old")
        try:
            with self._whose_trouble(student):
                if old.is_dir():  # of a process that was killed: nobody knows what its new folder belongs to
                    _remove(final)
                elif final.exists():
                    final.rename(old)
                new.rename(final)
            yield
        except BaseException:
            if old.exists():
                _remove(final)
                old.rename(final)
            elif not new.exists():  # there was none before
                _remove(final)
            raise
        _remove(old)

    @contextmanager
    def _whose_trouble(self, student: str) -> Iterator[None]:
        """Where the disk is to blame, and not this student's files or folders, an OSError becomes a GradeError."""
        try:
            yield
        except OSError as error:
            if error.errno not in _DISK and os.access(_lowest(self._places.autograded), os.W_OK):
                raise
            final = self._folder(student)
            raise GradeError(f"{final} cannot be written: {os.strerror(error.errno or 0)}") from error


def _remove(path: Path) -> None:
    """A folder, or what somebody put in its place."""
    shutil.rmtree(path, ignore_errors=True)
    with suppress(OSError):
        path.unlink()


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


def refuse_other_cells(assignment: Assignment, gradebook: Gradebook) -> None:
    """Raise GradeError where there are marks, by cells that came or went since: nbgrader keeps marks by cell.

    nbgrader asks the same, notebook by notebook while it registers them: by then others have new points already.
    """
    for name, original in assignment.originals.items():
        try:
            stored = gradebook.find_notebook(name, assignment.name)
        except MissingEntry:
            continue
        kinds = ((is_grade, stored.grade_cells), (is_solution, stored.solution_cells))
        for kind, cells in kinds if stored.submissions else ():
            ours = {cell.metadata.nbgrader.grade_id for cell in original.cells if kind(cell)}
            if other := sorted(ours ^ {cell.name for cell in cells}):
                raise _other_cells(assignment, f"{name}: {', '.join(other)}")


def _other_cells(assignment: Assignment, which: object) -> GradeError:
    return GradeError(
        f"{assignment.name} has other cells than when it was first graded, and nbgrader keeps old marks by cell "
        f"({which}); build the version that was released, or use a new assignment name"
    )


def _register(places: Places, assignment: Assignment, gradebook: Gradebook) -> None:
    """What generate_assignment does: the assignment, its notebooks and their cells are in the database."""
    try:
        refuse_other_cells(assignment, gradebook)
        gradebook.update_or_create_assignment(assignment.name, course_id=places.course_id)
        for name, original in assignment.originals.items():
            resources = {
                "nbgrader": {"notebook": name, "assignment": assignment.name, "db_url": patient(places.db_url)}
            }
            SaveCells().preprocess(original, resources)
    except SQLAlchemyError as error:
        raise GradeError(f"the gradebook {shown_url(places.db_url)} cannot be used: {first_line(error)}") from error
    except RuntimeError as error:  # nbgrader's word for cells that came or went
        raise _other_cells(assignment, error) from error


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

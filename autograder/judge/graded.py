"""Graded: all that is kept of one student's submission, and the reasons for a person to look at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from autograder.course.assignment import Assignment
from autograder.intake.prepare import Prepared
from autograder.review.copies import pasted
from autograder.review.suspects import suspects
from autograder.sandbox.job import Result
from coursework.marking.messages import Note

from .mark import Marked, mark
from .reference import Reference


class Status(StrEnum):
    """How it stands with a student's submission; the words are those of the log and of exported marks."""

    GRADED = "graded"
    REPAIRED = "repaired"
    COULD_NOT_GRADE = "could not grade"
    NOT_YET = "not graded yet"
    MISSING = "missing"
    WAITS = "waits for a person"


@dataclass
class Graded:
    """All that is kept of one student's submission; dicts are by notebook name."""

    student: str
    status: Status
    marked: dict[str, Marked] = field(default_factory=dict)
    unreadable: dict[str, Note] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)  # what was repaired
    review: list[Note] = field(default_factory=list)  # why a person should look
    files: dict[str, bytes] = field(default_factory=dict)
    timestamp: datetime | None = None


def without_names(error: Exception) -> str:
    """What went wrong, without the path that an OSError names: a student's name is in it, and reports show reasons."""
    what = error.strerror if isinstance(error, OSError) and error.strerror else error
    return f"{type(error).__name__}: {what}"


def could_not_keep(prepared: Prepared, assignment: Assignment, error: Exception) -> Graded:
    """What is kept of a submission where what came back cannot be: that a person must look."""
    why = Note("not_kept", {"error": without_names(error)})
    return Graded(
        prepared.student,
        Status.COULD_NOT_GRADE,
        unreadable=dict.fromkeys(assignment.releases, why),
        review=[why],
        timestamp=prepared.timestamp,
    )


def graded_from(
    prepared: Prepared, results: dict[str, Result], references: dict[str, Reference], assignment: Assignment
) -> Graded:
    """Judge what came back of one student's notebooks (`results`; without any, what intake alone can say)."""
    graded = Graded(
        prepared.student,
        Status.GRADED,
        unreadable=dict(prepared.unreadable),
        absent=prepared.absent,
        notes=prepared.notes,
        files=prepared.files,
        timestamp=prepared.timestamp,
    )
    for name, result in results.items():
        if not result.outcomes and result.cells and all(cell.status == "not run" for cell in result.cells):
            graded.unreadable[name] = Note(
                "not_run", {"ended": result.ended}
            )  # our failure or theirs, a person finds out
            continue
        try:
            graded.marked[name] = mark(prepared.aligned[name], result, references[name], assignment.checks[name])
        except Exception as error:  # a result is a stranger's too
            graded.unreadable[name] = Note("not_judged", {"error": f"{type(error).__name__}: {error}"})
    if not prepared.aligned and not graded.unreadable:
        graded.unreadable = dict.fromkeys(assignment.releases, Note("no_notebook_found"))
        graded.absent = []
    graded.review = list(_reasons(graded, results, assignment))
    if graded.unreadable:
        graded.status = Status.COULD_NOT_GRADE
    elif graded.notes or graded.absent:
        graded.status = Status.REPAIRED
    return graded


def _reasons(graded: Graded, results: dict[str, Result], assignment: Assignment) -> Iterator[Note]:
    """Why a person should look: at what could not be graded first, at single answers last."""
    yield from (replace(why, about=name) for name, why in graded.unreadable.items())
    yield from (replace(marked.ended, about=name) for name, marked in graded.marked.items() if not marked.whole)
    yield from (note for marked in graded.marked.values() for note in marked.ran_without)
    yield from (Note("file_missing", {"notebook": name}) for name in graded.absent)
    yield from (note for note in graded.notes if note.id == "one_of_several")
    yield from (replace(note, about=name) for name, result in results.items() for note in result.notes)
    for name, marked in graded.marked.items():
        yield from (replace(found, about=name) for found in _pointers(name, marked, graded.files, assignment))


def _pointers(name: str, marked: Marked, files: dict[str, bytes], assignment: Assignment) -> list[Note]:
    """What in a student's own lines a person should look at; never a mark, and never the end of the run."""
    try:
        found = [
            *pasted(marked.notebook, assignment.releases[name], files),
            *suspects(marked.notebook, assignment.forbidden(name), files, assignment.releases[name]),
        ]
    except Exception as error:
        return [Note("not_looked_at", {"error": type(error).__name__})]
    return [Note("pointer", {"found": line}) for line in found]

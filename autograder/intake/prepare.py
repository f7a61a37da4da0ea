"""From what was handed in to jobs: read, identify and align a student's notebooks. Runs nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import PurePosixPath

from nbgrader.utils import is_locked

from autograder.course.assignment import Assignment
from autograder.sandbox.job import CheckRun, Job, JobCell, Limits
from coursework.marking.messages import Note
from coursework.submission import folded, parents

from .align import Aligned, align
from .basket import left_out
from .collect import HandedIn
from .identify import identify
from .read_notebook import Cell, Unreadable, read_notebook

NOTEBOOK_ENDINGS = (".ipynb", ".ipynb.txt", ".ipynb.json")  # the last two: what browsers make of a download


@dataclass
class Prepared:
    """A student's submission, ready to run: aligned notebooks, and reasons for those that cannot be graded."""

    student: str
    aligned: dict[str, Aligned] = field(default_factory=dict)
    unreadable: dict[str, Note] = field(default_factory=dict)  # notebook: why it cannot be graded
    absent: list[str] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    timestamp: datetime | None = None

    def jobs(self, assignment: Assignment, seeds: dict[str, dict[str, tuple[int, ...]]], limits: Limits) -> list[Job]:
        """One job per notebook; the release's own files win over a student's of the same name.

        `seeds`: by notebook and check.
        """
        files = {**self.files, **assignment.files}
        return [
            Job(
                self.student,
                assignment.name,
                notebook,
                tuple(_cells(aligned, assignment, notebook, seeds[notebook])),
                files,
                limits,
                tuple(self._measuring(assignment, notebook, seeds[notebook], limits)),
            )
            for notebook, aligned in self.aligned.items()
        ]

    def _measuring(
        self, assignment: Assignment, notebook: str, seeds: dict[str, tuple[int, ...]], limits: Limits
    ) -> Iterator[Job]:
        """What the student trained, measured by our cells alone: of the student's there is the file, and nothing else.

        Where it was not handed in, the check says so.
        """
        for check, (file, cells) in assignment.measuring(notebook).items():
            theirs = {file: self.files[file]} if file in self.files else {}
            run = [
                JobCell(index, cell.source, CheckRun(check, seeds[check]) if cell.name == check else None, locked=True)
                for index, cell in enumerate(cells)
            ]
            yield Job(self.student, assignment.name, notebook, tuple(run), {**theirs, **assignment.files}, limits)


def prepare(handed_in: HandedIn, assignment: Assignment) -> Prepared:
    """Align all notebooks of a submission; what is wrong with it becomes notes and reasons."""
    prepared = Prepared(handed_in.student, timestamp=handed_in.timestamp, notes=list(handed_in.notes))
    cells: dict[str, list[Cell]] = {}
    broken: dict[str, Note] = {}
    for name, data in handed_in.files.items():
        if not name.lower().endswith(NOTEBOOK_ENDINGS):
            prepared.files[name] = data
            continue
        try:
            read = read_notebook(data)
        except Unreadable as error:
            broken[name] = error.why
        else:
            cells[name] = read.cells
            prepared.notes += [replace(note, about=name) for note in read.notes]
    found, notes = identify(cells, assignment.releases)
    prepared.notes += notes
    for notebook, release in assignment.releases.items():
        if notebook in found:
            aligned = align(cells[found[notebook]], release)
            prepared.aligned[notebook] = aligned
            prepared.notes += [replace(note, about=notebook) for note in aligned.notes]
            continue
        mine = [name for name in broken if notebook in PurePosixPath(name).name]
        if not mine and broken and not found and len(assignment.releases) == 1:
            mine = list(broken)
        if mine:
            prepared.unreadable[notebook] = _not_readable(mine[0], broken.pop(mine[0]))
        else:
            prepared.absent.append(notebook)
    prepared.notes += [_not_readable(name, why) for name, why in broken.items()]
    _leave_in_the_way(prepared, assignment)
    return prepared


def _not_readable(name: str, why: Note) -> Note:
    return Note("not_readable", {"file": name, "why": why})


def _leave_in_the_way(prepared: Prepared, assignment: Assignment) -> None:
    """Leave out files that would stand where ours are written, or as a folder where a file must be, or the reverse."""
    ours = {*assignment.files, *(f"{notebook}.ipynb" for notebook in assignment.releases)}
    files, folders = set(map(folded, ours)), {folded(parent) for name in ours for parent in parents(name)}
    for name in list(prepared.files):
        if name in assignment.files:
            del prepared.files[name]  # most hand in the whole folder: nothing to be said
        elif folded(name) in files | folders or not files.isdisjoint(map(folded, parents(name))):
            del prepared.files[name]
            prepared.notes.append(left_out(name, Note("our_name")))


def _cells(
    aligned: Aligned, assignment: Assignment, notebook: str, seeds: dict[str, tuple[int, ...]]
) -> Iterator[JobCell]:
    """The code cells in running order; an exercise's own cell and its check carry what the exercise forbids.

    A check of trained work runs on no seed here: it is measured elsewhere.
    """
    forbidden, measured = assignment.forbidden(notebook), assignment.measuring(notebook)
    for index, source, check in aligned.code():
        cell = aligned.notebook.cells[index]
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        run = CheckRun(check, () if check in measured else seeds[check]) if check else None
        yield JobCell(index, source, run, forbidden.get(name, ()), is_locked(cell))

"""One notebook's marks in seconds, nothing stored: `autograder check NOTEBOOK`, `grade_notebook(path, assignment)`."""

from __future__ import annotations

import secrets
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatch
from pathlib import Path

from coursework.marking.messages import Note
from coursework.submission import MAX_FILE

from .course.assignment import Assignment, built_assignments, load_assignment
from .course.places import Places, project_places
from .errors import GradeError
from .intake.align import align
from .intake.identify import identify, likeness
from .intake.prepare import Prepared
from .intake.read_notebook import Cell, Unreadable, read_notebook
from .judge.mark import Marked, mark
from .judge.reference import RunJobs, run_references
from .judge.rerun import get_through
from .sandbox.job import DEFAULT_LIMITS, Job, Limits, Result
from .terminal import one_line

SIDE_BY_SIDE = 2  # the reference and the student's notebook


@dataclass
class NotebookMarks:
    """Points and verdicts per check; `written` are the cells that a person grades."""

    notebook: str
    points: dict[str, float]
    maximum: dict[str, float]
    verdicts: dict[str, str]
    written: list[str]
    notes: list[str] = field(default_factory=list)
    stopped: str = ""  # why not all of it was run

    @property
    def total(self) -> float:
        return sum(self.points.values())

    def table(self) -> str:
        """The marks as lines of text, fit for a terminal."""
        checks = [name for name in self.maximum if name in self.points]  # in the notebook's order
        lines = [f"{self.points[n]:5g} / {self.maximum[n]:g}  {n}: {self.verdicts[n]}" for n in checks]
        lines += [f"    - / {self.maximum[n]:g}  {n}: a person grades this" for n in self.written]
        lines += [f"repaired: {note}" for note in self.notes]
        if self.stopped:
            lines.append(f"stopped: {self.stopped}")
        written = sum(self.maximum[n] for n in self.written)
        rest = f", and {written:g} that a person gives" if written else ""
        lines.append(f"{self.total:5g} / {sum(self.maximum[n] for n in checks):g}  in all{rest}")
        return "\n".join(map(one_line, lines))


def grade_notebook(
    path: str | Path,
    assignment: str | None = None,
    *,
    places: Places | None = None,
    run_jobs: RunJobs | None = None,
    seed: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> NotebookMarks:
    """Marks of one notebook file, run in the sandbox on fresh seeds; without `assignment` the file says which it is.

    Raises GradeError where the file is no notebook of the course, and SandboxUnavailable where there is no sandbox.
    """
    places = places or project_places()
    path = Path(path)
    found, name, cells, notes = _find(places, path, assignment)
    aligned = align(cells, found.releases[name])
    prepared = Prepared("check", aligned={name: aligned}, files=_beside(path, found.kept))
    if run_jobs is None:
        from .sandbox.levels import found_level
        from .sandbox.pool import Pool

        with Pool(SIDE_BY_SIDE, found_level(), found.needs) as pool:
            marked = _run(found, name, prepared, pool.run, seed, limits)
    else:
        marked = _run(found, name, prepared, run_jobs, seed, limits)
    verdicts = {
        check: ". ".join(line.rstrip(".") for line in (verdict.title, *verdict.lines)) + "."
        for check, verdict in marked.verdicts.items()
    }
    maximum = found.points(name)
    written = [cell for cell in maximum if cell not in marked.scores]
    stopped = "" if marked.whole else str(marked.ended)
    said = [note.sentence for note in notes + aligned.notes + marked.ran_without]
    return NotebookMarks(name, marked.scores, maximum, verdicts, written, said, stopped)


def _find(places: Places, path: Path, assignment: str | None) -> tuple[Assignment, str, list[Cell], list[Note]]:
    try:
        with open(path, "rb") as file:
            read = read_notebook(file.read(MAX_FILE))
    except OSError as error:
        raise GradeError(f"{path} cannot be read: {error.strerror}") from error
    except Unreadable as error:
        raise GradeError(f"{path} cannot be graded: {error}") from error
    known = [load_assignment(places, name) for name in ([assignment] if assignment else built_assignments(places))]
    for found in sorted(known, key=lambda each: likeness(read.cells, each.releases), reverse=True):
        notebooks, _ = identify({path.name: read.cells}, found.releases)
        if notebooks:
            return found, next(iter(notebooks)), read.cells, read.notes
    raise GradeError(f"{path} is no notebook of {assignment or 'any assignment of this course'}")


def _beside(path: Path, kept: tuple[str, ...]) -> dict[str, bytes]:
    """The student's own files that the assignment keeps, where they lie beside the notebook."""
    found = [file for file in sorted(path.parent.iterdir()) if any(fnmatch(file.name, pattern) for pattern in kept)]
    return {file.name: file.read_bytes() for file in found if file.is_file() and file.stat().st_size < MAX_FILE}


def _run(
    found: Assignment, name: str, prepared: Prepared, run_jobs: RunJobs, seed: int | None, limits: Limits
) -> Marked:
    """The student's notebook runs beside the reference, on the seeds that this takes."""
    results: list[Result] = []

    def beside(jobs: Iterable[Job]) -> Generator[tuple[Job, Result], None, None]:
        (reference,) = jobs
        runs = [cell.check for cell in reference.cells if cell.check]
        seeds = {run.name: run.seeds for run in runs if run.name == run.check}
        for job, result in get_through(run_jobs, [reference, *prepared.jobs(found, {name: seeds}, limits)]):
            if job.student == reference.student:
                yield job, result
            else:
                results.append(result)  # the last counts: a seed near a tie makes both run again

    references = run_references(found, secrets.randbits(63) if seed is None else seed, beside, limits, name)
    return mark(prepared.aligned[name], results[-1], references[name], found.checks[name])

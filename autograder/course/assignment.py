"""What the grader knows of an assignment: its sources, the release as students got it, points, and public files.

The release is derived from `build/source/` with nbgrader's own steps, in memory: `notebooks/` may hold somebody's work.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass

import nbformat
from nbgrader.preprocessors import ClearHiddenTests, ClearOutput, ComputeChecksums, LockCells

from autograder.errors import GradeError
from autograder.sandbox.packages import NOTHING, Needs
from coursework.marking.stored import StoredCheck, read_stored

from .places import Places
from .preprocess import StripSolutions
from .registry import Entry, read_entry
from .source import SourceNotebook, read_source


@dataclass(frozen=True)
class Assignment:
    """An assignment by name; every dict is by notebook name."""

    name: str
    sources: dict[str, SourceNotebook]
    originals: dict[str, nbformat.NotebookNode]  # as nbgrader's gradebook keeps them: stubs, and hidden tests
    releases: dict[str, nbformat.NotebookNode]  # as students got them, with nbgrader's metadata and checksums
    checks: dict[str, dict[str, StoredCheck]]  # by check, on the seeds that students see
    files: dict[str, bytes]  # public files, which a submission cannot replace
    kept: tuple[str, ...] = ()  # the student's own files, by pattern: these a submission may hold, and ours never do
    needs: Needs = NOTHING  # of its notebooks, in the sandbox

    def points(self, notebook: str) -> dict[str, float]:
        """Maximum points per graded cell, written answers included."""
        return {
            cell.metadata.nbgrader.grade_id: float(cell.metadata.nbgrader.points)
            for cell in self.releases[notebook].cells
            if cell.metadata.get("nbgrader", {}).get("grade")
        }

    def forbidden(self, notebook: str) -> dict[str, tuple[str, ...]]:
        """Names that an exercise's own cell and its check may not call, by these cells' grade ids."""
        exercises = self.sources[notebook].named("exercise").items()
        return {cell_id: cell.forbids for name, cell in exercises for cell_id in (name, cell.grade_id) if cell.forbids}


def built_assignments(places: Places) -> list[str]:
    """The assignments that are built, in order: one that is not stands in nobody's way."""
    return [entry.name for entry in places.registry() if entry.notebooks and not _missing(places, entry)]


def _missing(places: Places, entry: Entry) -> list[str]:
    folder = places.source / entry.name
    return [path.name for path in entry.notebooks if not (folder / f"{path.name}.ipynb").exists()]


def load_assignment(places: Places, name: str) -> Assignment:
    """Read an assignment that was built; raises GradeError where there is none."""
    known = places.assignments()
    if name not in known:
        raise GradeError(f"there is no assignment {name!r}; there are: {', '.join(known) or 'none'}")
    entry, folder = read_entry(places.solutions / name), places.source / name
    if missing := _missing(places, entry):
        raise GradeError(f"{name} is not built yet ({missing[0]}.ipynb is missing in {folder}): run `make build`")
    sources = {path.name: read_source(path) for path in entry.notebooks}
    originals, releases, checks = {}, {}, {}
    for notebook in sources:
        solved = nbformat.read(folder / f"{notebook}.ipynb", as_version=4)
        originals[notebook] = _through([StripSolutions, LockCells, ComputeChecksums], solved)
        releases[notebook] = _through([ClearOutput, ClearHiddenTests, ComputeChecksums], originals[notebook])
        try:
            checks[notebook] = read_stored(folder / f"{notebook}.json").checks
        except FileNotFoundError as error:
            raise GradeError(f"{error.filename} is missing: run `make build`") from None
    _up_to_date(sources, releases)
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".ipynb" and not entry.keeps(path.name)
    }
    return Assignment(name, sources, originals, releases, checks, files, entry.kept, entry.needs)


def _up_to_date(sources: dict[str, SourceNotebook], releases: dict[str, nbformat.NotebookNode]) -> None:
    """The checks that students' notebooks run must be those that the reference solution runs."""
    for name, source in sources.items():
        built = {
            cell.metadata.nbgrader.grade_id: cell.source.strip()
            for cell in releases[name].cells
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade")
        }
        if built != {check: cell.source.strip() for check, cell in source.named("check").items()}:
            raise GradeError(f"{name}: the built notebook is older than its source: run `make build`")


def _through(steps: list, notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    notebook = copy.deepcopy(notebook)
    for step in steps:
        notebook, _ = step().preprocess(notebook, {})
    return notebook

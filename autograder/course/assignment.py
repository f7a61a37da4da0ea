"""What the grader knows of an assignment: its sources, the release as students got it, points, and public files.

The release is derived from `build/source/` with nbgrader's own steps, in memory: `notebooks/` may hold somebody's work.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import nbformat
from nbgrader.preprocessors import ClearHiddenTests, ClearOutput, ComputeChecksums, LockCells

from autograder.errors import GradeError
from autograder.sandbox.packages import NOTHING, Needs, data_files
from coursework.marking.stored import StoredCheck, read_stored

from .fingerprints import Fingerprints, code_of, digests, fingerprints, prose_above
from .places import Places
from .preprocess import StripSolutions
from .registry import Entry, read_entry
from .source import SourceCell, SourceNotebook, read_source


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
    chains: dict[str, tuple[str, ...]] = field(default_factory=dict)  # by check: the exercises that it rests on
    fingerprints: dict[str, Fingerprints] = field(default_factory=dict)  # what each mark rests on

    def points(self, notebook: str) -> dict[str, float]:
        """Maximum points per graded cell, written answers included."""
        return {
            cell.metadata.nbgrader.grade_id: float(cell.metadata.nbgrader.points)
            for cell in self.releases[notebook].cells
            if cell.metadata.get("nbgrader", {}).get("grade")
        }

    def measuring(self, notebook: str) -> dict[str, tuple[str, list[SourceCell]]]:
        """By check of trained work: the file that it measures, and the cells, all ours, that it is run with."""
        source = self.sources[notebook]
        return {
            name: (cell.trained, source.measuring(name, self.chains.get(name, ())))
            for name, cell in source.named("check").items()
            if cell.trained
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
    for notebook, source in sources.items():
        solved = nbformat.read(folder / f"{notebook}.ipynb", as_version=4)
        _up_to_date(source, solved)
        originals[notebook] = _through([StripSolutions, LockCells, ComputeChecksums], solved)
        releases[notebook] = _through([ClearOutput, ClearHiddenTests, ComputeChecksums], originals[notebook])
        try:
            checks[notebook] = read_stored(folder / f"{notebook}.json").checks
        except FileNotFoundError as error:
            raise GradeError(f"{error.filename} is missing: run `make build`") from None
    files = {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix != ".ipynb" and not entry.keeps(path.name)
    }
    data = digests(data_files(entry.data))
    rest_on = {nb: fingerprints(source, checks[nb], entry.chains, data) for nb, source in sources.items()}
    return Assignment(name, sources, originals, releases, checks, files, entry.kept, entry.needs, entry.chains, rest_on)


def _up_to_date(source: SourceNotebook, built: nbformat.NotebookNode) -> None:
    """What was built must be what solutions/ holds: setup, solutions, checks, points, criteria, and which cells."""
    prose = prose_above((is_prose(cell), cell.source) for cell in built.cells)
    cells = {
        cell.metadata.nbgrader.grade_id: (cell.source, cell.metadata.nbgrader.get("points", 0), above)
        for cell, above in zip(built.cells, prose, strict=True)
        if "nbgrader" in cell.metadata
    }
    prose = prose_above((cell.kind == "prose", cell.source) for cell in source.cells)
    for cell, above in zip(source.cells, prose, strict=True):
        if cell.kind not in ("setup", "exercise", "check", "written"):
            continue
        text, points, above_built = cells.get(cell.grade_id, ("", 0, ""))
        if cell.kind == "written":  # its model text is no part of any mark; the text above it is the criterion
            same = above_built.split() == above.split()
        else:  # a check has its hidden tests below it
            same = code_of(text.partition("\n### BEGIN HIDDEN TESTS")[0]) == code_of(cell.source)
        if not same or points != cell.points or cell.grade_id not in cells:
            raise _not_built(f"{source.name}: {cell.grade_id}")
    if len(built.cells) != len(source.cells) + 1:  # the one more installs
        raise _not_built(f"{source.name}, which has other cells,")


def is_prose(cell: nbformat.NotebookNode) -> bool:
    """Is it a cell of text that nobody is asked to change?"""
    return cell.cell_type == "markdown" and "nbgrader" not in cell.metadata


def _not_built(what: str) -> GradeError:
    return GradeError(
        f"{what} in solutions/ is not what was built: run `make build` (and grade everybody anew, if anything is "
        "graded already and marks hang on it: `autograder grade` will say so)"
    )


def _through(steps: list, notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    notebook = copy.deepcopy(notebook)
    for step in steps:
        notebook, _ = step().preprocess(notebook, {})
    return notebook

"""Which submitted file is which notebook of the release: by what it holds, then by its name."""

from __future__ import annotations

from collections import defaultdict
from pathlib import PurePosixPath

import nbformat
from nbgrader.utils import is_grade, is_solution
from rapidfuzz import fuzz

from coursework.marking.messages import Note

from .align import same_text
from .read_notebook import Cell


def identify(
    notebooks: dict[str, list[Cell]], releases: dict[str, nbformat.NotebookNode]
) -> tuple[dict[str, str], list[Note]]:
    """Which submitted file is which notebook of the release: {notebook: file}, and what had to be guessed."""
    notes: list[Note] = []
    found: dict[str, str] = {}
    ranked: dict[str, list[tuple]] = defaultdict(list)
    for file, cells in notebooks.items():
        name = _best_name(file, cells, releases)
        if name is not None:
            stem = PurePosixPath(file).name.removesuffix(".ipynb")
            rank = (stem == name, _answered(cells, releases[name]), -file.count("/"), file)
            ranked[name].append((rank, file))
    for name, files in ranked.items():
        files.sort(reverse=True)
        found[name] = files[0][1]
        if files[0][1] != f"{name}.ipynb":
            notes.append(Note("taken_for", {"file": repr(files[0][1]), "notebook": name}))
        if len(files) > 1:
            others = ", ".join(repr(file) for _, file in files[1:])
            notes.append(Note("one_of_several", {"file": repr(files[0][1]), "others": others}, about=name))
    for file in notebooks:
        if all(file != other for files in ranked.values() for _, other in files):
            notes.append(Note("no_notebook_of_ours", {"file": repr(file)}))
    return found, notes


def likeness(cells: list[Cell], releases: dict[str, nbformat.NotebookNode]) -> int:
    """How many answers and checks the cells share with the likeliest of these notebooks: two assignments may have one
    of the same name."""
    return max(_shared(cells, releases).values(), default=0)


def _shared(cells: list[Cell], releases: dict[str, nbformat.NotebookNode]) -> dict[str, int]:
    ids = {cell.grade_id for cell in cells if cell.grade_id} | {cell.cell_id for cell in cells if cell.cell_id}
    return {name: len(ids & _ids(release)) for name, release in releases.items()}


def _best_name(file: str, cells: list[Cell], releases: dict[str, nbformat.NotebookNode]) -> str | None:
    shared = _shared(cells, releases)
    best = max(shared, key=lambda name: shared[name])
    if shared[best]:
        return best
    stem = PurePosixPath(file).name.removesuffix(".ipynb")
    close = {
        name: 100 if name.casefold() in stem.casefold() else fuzz.ratio(name.casefold(), stem.casefold())
        for name in releases
    }
    best = max(close, key=lambda name: close[name])
    return best if close[best] >= 80 else None


def _ids(release: nbformat.NotebookNode) -> set[str]:
    """Ids of answers and checks, which one notebook has; setup cells are called the same in all of them."""
    cells = [cell for cell in release.cells if is_grade(cell) or is_solution(cell)]
    return {cell.id for cell in cells} | {cell.metadata.nbgrader.grade_id for cell in cells}


def _answered(cells: list[Cell], release: nbformat.NotebookNode) -> int:
    """How many answer cells differ from what was released."""
    stubs = {cell.metadata.nbgrader.grade_id: cell.source for cell in release.cells if is_solution(cell)}
    return sum(cell.grade_id in stubs and not same_text(cell.source, stubs[cell.grade_id]) for cell in cells)

"""Aligning a submitted notebook with the release: every cell of the release is there, once, in order, in its kind.

Cells are found by grade id, then by cell id, then by text, and an exercise at last by the names it defines. Locked
cells (setup and checks) always come from the release. What a student added stays, behind the cell it followed.
The result is what is run, marked and shown; `notes` says what had to be repaired.
"""

from __future__ import annotations

import copy
import re
from collections import defaultdict
from dataclasses import dataclass, field

import nbformat
from nbgrader.utils import is_grade, is_locked, is_solution

from coursework.marking.messages import Note

from .read_notebook import Cell

_DEFINED = re.compile(r"^(?:async\s+def|def|class)\s+(\w+)|^(\w+)\s*(?::[^=\n]+)?=(?!=)", re.MULTILINE)


@dataclass
class Aligned:
    """The notebook to run: the release's cells with the student's answers, and the student's own cells."""

    notebook: nbformat.NotebookNode
    notes: list[Note] = field(default_factory=list)

    def code(self) -> list[tuple[int, str, str]]:
        """(position, source, name of the check it holds or "") of every code cell, in running order."""
        return [
            (i, cell.source, cell.metadata.nbgrader.grade_id if is_grade(cell) else "")
            for i, cell in enumerate(self.notebook.cells)
            if cell.cell_type == "code"
        ]


def align(submitted: list[Cell], release: nbformat.NotebookNode) -> Aligned:
    """Put the submitted cells into the release's frame."""
    members = _match(submitted, release.cells)
    aligned = Aligned(copy.deepcopy(release))
    chosen: dict[int, int] = {}  # position in the submission -> in the release
    dropped: set[int] = set()
    for j, cell in enumerate(aligned.notebook.cells):
        mine = members.get(j, [])
        kept, gone = _fill(cell, [(i, submitted[i]) for i in mine], aligned.notes)
        dropped |= gone
        if kept is not None:
            chosen[kept] = j
    order = [j for _, j in sorted(chosen.items()) if "nbgrader" in release.cells[j].metadata]
    if order != sorted(order):
        aligned.notes.append(Note("cells_moved"))
    extras = _extras(submitted, chosen, dropped)
    cells = list(extras.get(-1, ()))
    for j, cell in enumerate(aligned.notebook.cells):
        cells += [cell, *extras.get(j, ())]
    aligned.notebook.cells = cells
    return aligned


def _match(submitted: list[Cell], release: list) -> dict[int, list[int]]:
    """{position in the release: positions in the submission that are this cell}."""
    by_grade_id = {cell.metadata.nbgrader.grade_id: j for j, cell in enumerate(release) if "nbgrader" in cell.metadata}
    members: dict[int, list[int]] = defaultdict(list)
    free = []
    for i, cell in enumerate(submitted):
        if cell.grade_id in by_grade_id:
            members[by_grade_id[cell.grade_id]].append(i)
        else:
            free.append(i)
    ways = (
        lambda cell, wanted: cell.cell_id == wanted.id,
        lambda cell, wanted: same_text(cell.source, wanted.source),
        lambda cell, wanted: bool(is_solution(wanted) and _defined(wanted.source) & _defined(cell.source)),
    )
    for same in ways:
        for j, wanted in enumerate(release):
            if j in members:
                continue
            fitting = [i for i in free if same(submitted[i], wanted)]
            if fitting:
                members[j] = fitting if is_solution(wanted) else fitting[:1]
                free = [i for i in free if i not in members[j]]
    _match_written(submitted, release, members, free)
    return members


def _match_written(submitted: list[Cell], release: list, members: dict[int, list[int]], free: list[int]) -> None:
    """A written answer whose cell lost its ids: the loose text between the cells around it."""
    for j, wanted in enumerate(release):
        if j in members or not is_grade(wanted) or wanted.cell_type != "markdown":
            continue
        before = max((i for k in range(j) for i in members.get(k, ())), default=-1)
        after = min((i for k in range(j + 1, len(release)) for i in members.get(k, ()) if i > before), default=10**9)
        loose = [i for i in free if before < i < after and submitted[i].kind != "code"]
        if loose:
            members[j] = loose
            free[:] = [i for i in free if i not in loose]


def _fill(cell, mine: list[tuple[int, Cell]], notes: list[Note]) -> tuple[int | None, set[int]]:
    """Put the student's text into this cell of the release: (which submitted cell it was, those that go with it)."""
    name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
    if not mine:
        if name:
            notes.append(Note("cell_missing", {"cell": name}))
        return None, set()
    if is_locked(cell):
        same = [i for i, found in mine if same_text(found.source, cell.source)]
        kept = same[0] if same else mine[0][0]
        if not same:
            notes.append(Note("locked_changed", {"cell": name}))
        elif any(found.kind != cell.cell_type for i, found in mine if i == kept):
            notes.append(Note("locked_kind", {"cell": name}))
        if len(mine) > 1:
            notes.append(Note("cell_repeated", {"cell": name, "count": len(mine)}))
        return kept, set(same)
    if cell.cell_type == "markdown" and name:
        return _fill_written(cell, mine, name, notes)
    kept, found = _answer(cell.source, mine)
    if len(mine) > 1:
        notes.append(Note("all_are_run", {"cell": name, "count": len(mine)}))
    if found.kind != cell.cell_type:
        if name:
            notes.append(Note("kind_restored", {"cell": name, "came": found.kind, "kind": cell.cell_type}))
        else:
            return kept, set()  # a demonstration that was switched off: as released
    cell.source = found.source
    _attach(cell, [found])
    return kept, set()


def _fill_written(cell, mine: list[tuple[int, Cell]], name: str, notes: list[Note]) -> tuple[int, set[int]]:
    """A written answer is all of its pieces: a cell that was split or copied carries its id twice."""
    if any(found.kind != "markdown" for _, found in mine):
        notes.append(Note("markdown_restored", {"cell": name}))
    answers = [found for _, found in mine if not same_text(found.source, cell.source)]
    pieces: list[str] = []
    for found in answers:
        if not any(same_text(found.source, piece) for piece in pieces):
            pieces.append(found.source)
    if len(mine) > 1:
        notes.append(Note("texts_together", {"cell": name, "count": len(mine)}))
    if pieces:
        cell.source = "\n\n".join(pieces)
    _attach(cell, answers)
    return mine[-1][0], {i for i, _ in mine}


def _answer(stub: str, mine: list[tuple[int, Cell]]) -> tuple[int, Cell]:
    """Of several cells with one id, the answer: the last one that defines what the stub defines and is not the stub."""
    wanted = _defined(stub)
    ranked = [(not same_text(cell.source, stub), bool(wanted & _defined(cell.source)), i, cell) for i, cell in mine]
    *_, position, cell = max(ranked, key=lambda item: item[:3])
    return position, cell


def _extras(submitted: list[Cell], chosen: dict[int, int], dropped: set[int]) -> dict[int, list]:
    """The student's own cells, by the release's cell they follow (-1: before all)."""
    extras: dict[int, list] = defaultdict(list)
    after, count = -1, 0
    for i, found in enumerate(submitted):
        if i in chosen:
            after = chosen[i]
        elif i not in dropped and found.source.strip():
            count += 1
            make = getattr(nbformat.v4, f"new_{found.kind}_cell")
            cell = make(found.source, id=f"own-{count}")
            _attach(cell, [found])
            extras[after].append(cell)
    return extras


def _attach(cell, found: list[Cell]) -> None:
    pictures = {name: kinds for piece in found for name, kinds in piece.attachments.items()}
    if pictures and cell.cell_type != "code":
        cell["attachments"] = nbformat.from_dict(pictures)


def same_text(one: str, other: str) -> bool:
    """Do two texts differ in nothing but white space?"""
    return one.split() == other.split()


def _defined(source: str) -> set[str]:
    """Names a cell defines at its top level; found by pattern, for a cell with a syntax error has no tree."""
    return {one or other for one, other in _DEFINED.findall(source)}

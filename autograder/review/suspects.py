"""Lines that reach for what is forbidden, or behind it: read as text, never run.

A pointer for a person, never a mark. Plain use is refused while the notebook runs (`coursework.checks.guards`), in a
process that belongs to the student; who goes round that leaves words, and these are looked for. Only lines that an
honest answer does without are pointed out, so that a pointer is worth a look.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import nbformat

from .cells import MOST, Parsed, Written, nodes_of, parsed, releases_cells, students_cells
from .names import Origins, Statement, read_statement
from .ways_round import behind, changes_of_the_library, code_elsewhere, other_processes

Forbidden = dict[str, tuple[str, ...]]
_NAMED = 8  # of what is found in a cell
_COMPILED = (".egg", ".pyc", ".pyd", ".so", ".whl", ".zip")


@dataclass
class _Cell:
    """One cell or file, as it was read."""

    written: Written
    parsed: Parsed
    origins: Origins
    nodes: list[ast.AST]
    statements: list[Statement] = field(default_factory=list)


def suspects(
    notebook: nbformat.NotebookNode, forbidden: Forbidden, files: dict[str, bytes], release: nbformat.NotebookNode
) -> list[str]:
    """One line per cell or file that a person should read, and why.

    `forbidden`: the names that each cell's exercise forbids, by the cell's grade id; without any, nothing is looked at.
    `files`: what lies beside the notebook; a module may be what an answer calls, so no name is free in it.
    """
    everything = tuple(dict.fromkeys(name for names in forbidden.values() for name in names))
    if not everything:
        return []
    mine = students_cells(notebook, release)
    texts = [Written(name, text) for name, data in files.items() if (text := _code_in(name, data))]
    cells, student = [_read(written) for written in (*mine, *texts)], Origins()
    for cell in cells:
        for statement in cell.parsed.statements:
            student.read(statement)
    setups = Origins()
    for source in releases_cells(notebook, mine):
        for statement in parsed(source).statements:
            setups.read(statement)
    for cell in cells:
        cell.statements = [
            read_statement(each, everything, cell.origins, student, setups) for each in cell.parsed.statements
        ]
    made = _made_of_what_is_forbidden(cells[: len(mine)])
    modules = {name.partition("/")[0].removesuffix(".py") for name in files}
    found = [f"{name}: it can hold code that cannot be read here" for name in files if name.endswith(_COMPILED)]
    for cell in cells[: len(mine)]:
        found += _pointers(cell, forbidden.get(cell.written.grade_id, ()), made, modules)
    for cell in cells[len(mine) :]:
        found += _pointers(cell, everything, {}, modules)
        if not cell.written.where.endswith(".py"):
            found.append(f"{cell.written.where}: it holds Python code")
    return found


def _code_in(name: str, data: bytes) -> str:
    """A module's text, or that of another file if it is Python with a function, a call or an import; else nothing."""
    if name.endswith(".py"):
        return data.decode("utf-8", "replace")
    if len(data) > MOST:
        return ""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return ""
    kinds = (ast.Call, ast.FunctionDef, ast.Import, ast.ImportFrom, ast.Lambda)
    found = (isinstance(node, kinds) for statement in parsed(text).statements for node in nodes_of(statement))
    return text if any(found) else ""


def _read(written: Written) -> _Cell:
    read, origins = parsed(written.source), Origins()
    for statement in read.statements:
        origins.read(statement)
    return _Cell(written, read, origins, [node for each in read.statements for node in nodes_of(each)])


def _made_of_what_is_forbidden(cells: Iterable[_Cell]) -> dict[str, dict[str, str]]:
    """{name of the notebook: {forbidden name that it was made with, in however many steps: the cell where}}."""
    made: dict[str, dict[str, str]] = {}
    statements = [(cell.written.where, each) for cell in cells for each in cell.statements]
    changed = True
    while changed:
        changed = False
        for where, statement in statements:
            comes = {hit.name: where for hit in statement.hits}
            for name in statement.reads & made.keys():
                comes = made[name] | comes
            for name in statement.binds if comes else ():
                if new := comes.keys() - made.get(name, {}).keys():
                    made[name] = made.get(name, {}) | {each: comes[each] for each in new}
                    changed = True
    return made


def _pointers(cell: _Cell, names: tuple[str, ...], made: dict[str, dict[str, str]], modules: set[str]) -> Iterator[str]:
    where, nodes = cell.written.where, cell.nodes
    if cell.parsed.unread:
        yield f"{where}: {cell.parsed.unread}"
    hits = [hit for statement in cell.statements for hit in statement.hits]
    if not cell.written.grade_id and not names:  # to look at a picture, say, with what an exercise forbids
        for hit in [hit for hit in hits if not hit.called][:_NAMED]:
            yield f"{where}: {hit.place} is kept there, and an exercise forbids {hit.name}"
    for place, name in sorted({(hit.place, hit.name) for hit in hits if hit.name in names})[:_NAMED]:
        yield f"{where}: {place} is written there, and the exercise forbids {name}"
    own = {name for statement in cell.statements for name in statement.binds} - cell.origins.packages.keys()
    used = {name for statement in cell.statements for name in statement.reads} - own
    for name in sorted(used & made.keys()):
        for each in sorted(made[name].keys() & set(names))[:1]:
            yield f"{where}: {name} comes from {made[name][each]}, where {each} is used, which the exercise forbids"
    sentences = (
        (cell.parsed.commands, "is a command or magic: see what it runs"),
        (behind(nodes), "can lead to a function behind its refusal: see what it is for"),
        (other_processes(nodes), "starts other processes, where nothing is refused: see what for"),
        (changes_of_the_library(nodes, cell.origins), "of the library is given another value: see what it is for"),
        (code_elsewhere(nodes, modules), "names code that is not in the notebook: see where it comes from"),
    )
    for found, says in sentences:
        if listed := sorted(set(found)):
            yield f"{where}: {', '.join(listed[:_NAMED])}{', ...' if len(listed) > _NAMED else ''} {says}"

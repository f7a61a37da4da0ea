"""What a student wrote in a notebook, and what Python makes of it once IPython's own syntax is taken apart.

A student's are the answers, the cells that were added, and those of the release's demonstrations that were changed.
`!command`, `%magic` and `thing?` are IPython's only where IPython's transformer says so: not in a string, and `%` is
a remainder elsewhere.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbgrader.utils import is_locked, is_solution

MOST = 100_000  # characters of a cell that are looked at; an answer has some thousands
_MOST_IPYTHON = 500_000  # characters times lines that may be IPython's: its transformer reads the cell once for each
_IPYTHON = re.compile(r"^[ \t]*[!%?/,;]|=[ \t]*[!%]|\?[ \t]*$", re.MULTILINE)
_PYTHON_INSIDE = {"capture", "time"}  # magics that run the Python after them
_HARMLESS = {"matplotlib", "pinfo", "pinfo2", "precision", "psearch", "who", "whos", "xmode"}


@dataclass(frozen=True)
class Written:
    """One cell or file of a student's: where it is, in words, its text, and the grade id if it is an answer."""

    where: str
    source: str
    grade_id: str = ""


@dataclass
class Parsed:
    """The statements of a cell, the commands and magics in it ("!python", "%run"), and why it could not be read."""

    statements: list[ast.stmt] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    unread: str = ""


def students_cells(notebook: nbformat.NotebookNode, release: nbformat.NotebookNode) -> list[Written]:
    """The code cells with a student's own lines, in running order."""
    released = {cell.source.strip() for cell in release.cells if not is_solution(cell)}
    found = []
    for cell in notebook.cells:
        if cell.cell_type != "code" or is_locked(cell):
            continue
        if is_solution(cell):
            name = cell.metadata.nbgrader.grade_id
            found.append(Written(name, cell.source, name))
        elif cell.get("id", "").startswith("own-"):
            found.append(Written("an own cell", cell.source))
        elif cell.source.strip() not in released:
            found.append(Written("a changed cell", cell.source))
    return found


def releases_cells(notebook: nbformat.NotebookNode, mine: list[Written]) -> list[str]:
    """The source of the code cells that are as released."""
    students = {cell.source for cell in mine}
    return [cell.source for cell in notebook.cells if cell.cell_type == "code" and cell.source not in students]


def parsed(source: str) -> Parsed:
    """No statements where it is no Python: then it does not run either."""
    if len(source) > MOST:
        return Parsed(unread=f"it has {len(source):,} characters, too many to be looked at for what is forbidden")
    found, transformed = Parsed(), False
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the student's escapes
        try:
            try:
                found.statements = ast.parse(source).body
            except SyntaxError:  # IPython's syntax is never Python's
                if (lines := len(_IPYTHON.findall(source))) * len(source) > _MOST_IPYTHON:
                    return Parsed(unread=f"it has {lines} lines of commands or magics, too many to be looked at")
                found.statements, transformed = ast.parse(TransformerManager().transform_cell(source)).body, True
        except (SyntaxError, ValueError):
            return found
        except (RecursionError, MemoryError):
            return Parsed(unread="it is nested too deep to be looked at")
    for statement in found.statements if transformed else ():
        _take_commands_out(statement, found)
    return found


def _take_commands_out(statement: ast.stmt, found: Parsed) -> None:
    """IPython's calls are noted and emptied; the Python that a magic runs takes the place of its arguments."""
    for node in list(ast.walk(statement)):
        words = _ipython_call(node)
        if words is None or not isinstance(node, ast.Call):
            continue
        node.func, node.args, node.keywords = ast.Name("_", ast.Load()), [], []
        kind, name, rest = words
        if kind in ("system", "getoutput"):
            found.commands.append("!" + (name.split() or [""])[0][:40])
        elif name in _PYTHON_INSIDE:
            inside = parsed(re.sub(r"^(?:\s*-\S+)*[ \t]*", "", rest))
            node.args = inside.statements  # type: ignore[assignment]  # no expressions: this tree is only walked
            found.commands += inside.commands
            found.unread = found.unread or inside.unread
        elif name not in _HARMLESS and not (name == "config" and rest.startswith("InlineBackend")):
            found.commands.append("%" + name[:40])


def _ipython_call(node: ast.AST) -> tuple[str, str, str] | None:
    """(method, name or command, the rest) of `get_ipython().method("name", "line")`, as IPython writes it."""
    if not (
        isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Call)
    ):
        return None
    called, method = node.func.value.func, node.func.attr
    kinds = ("system", "getoutput", "run_line_magic", "run_cell_magic")
    if not (isinstance(called, ast.Name) and called.id == "get_ipython") or method not in kinds:
        return None
    words = [word.value for word in node.args if isinstance(word, ast.Constant) and isinstance(word.value, str)]
    if not words or len(words) != len(node.args):
        return None  # a call that the student wrote out: it is looked at as such
    return method, words[0], "\n".join(words[1:])


def nodes_of(tree: ast.AST) -> Iterator[ast.AST]:
    """All nodes, but of a.b.c only the whole and a: what walks up each part takes the square of its length."""
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.Attribute):
            while isinstance(node, ast.Attribute):
                node = node.value
            waiting.append(node)
        else:
            waiting += ast.iter_child_nodes(node)


def chain(node: ast.AST) -> list[str]:
    """["a", "b", "c"] of a.b.c; "(...)" is its start where that is no name."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [node.id if isinstance(node, ast.Name) else "(...)", *reversed(parts)]


def base_of(node: ast.AST) -> ast.AST:
    """a of a.b.c"""
    while isinstance(node, ast.Attribute):
        node = node.value
    return node

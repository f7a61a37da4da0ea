"""What a mark rests on, as a fingerprint per graded cell: marks of two versions never stand in one column.

Of a check: its points and parts, its code, the solution, the names that are forbidden, the notebook's setup, the
exercises of its chain, the data that the assignment names, and of trained work the file, the steps and the model. Of a
written answer: its points and its criterion, the prose right above it. Never prose, hints, docstrings, comments or
the tutor's sentences: mending a typo stops nothing.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from coursework.marking.stored import StoredCheck

from .source import SourceNotebook

Fingerprints = dict[str, str]  # by graded cell
_LETTERS = 12


def digests(files: Mapping[str, Path]) -> dict[str, str]:
    """SHA-256 of files, by the names that they go by."""
    return {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sorted(files.items())}


def fingerprints(
    notebook: SourceNotebook, checks: Mapping[str, StoredCheck], chains: Mapping[str, tuple[str, ...]], data: object
) -> Fingerprints:
    """The fingerprint of every graded cell of a notebook; `data` are the digests of what its code reads."""
    solutions = notebook.named("exercise")
    setup = [code_of(cell.source) for cell in notebook.cells if cell.kind == "setup"]
    found = {}
    prose = prose_above((cell.kind == "prose", cell.source) for cell in notebook.cells)
    for cell, above in zip(notebook.cells, prose, strict=True):
        if cell.kind == "check":
            chain = [name for name in dict.fromkeys((cell.name, *chains.get(cell.name, ()))) if name in solutions]
            found[cell.name] = _hash(
                cell.points,
                checks[cell.name].parts,
                code_of(cell.source),
                {name: [code_of(solutions[name].source), sorted(solutions[name].forbids)] for name in chain},
                setup,
                data,
                *([asdict(measured)] if (measured := checks[cell.name].measured) else []),
            )
        elif cell.kind == "written":
            found[cell.name] = _hash(cell.points, " ".join(above.split()))
    return found


def prose_above(cells: Iterable[tuple[bool, str]]) -> Iterator[str]:
    """For each cell, given as (is it prose, its text), the prose right above it: since the last cell that is none."""
    above: list[str] = []
    for is_prose, text in cells:
        yield "\n\n".join(above)
        above = [*above, text] if is_prose else []


def _hash(*parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:_LETTERS]


def code_of(source: str) -> list[str]:
    """A cell's lines of code: no comments, docstrings, empty lines, or what a check says must hold (for words only)."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # IPython's magics
        return [line.rstrip() for line in source.splitlines() if line.strip()]
    lines = source.splitlines()
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and any(map(_is_must, node.decorator_list)):
            first = min(decorator.lineno for decorator in node.decorator_list)
            lines[first - 1 : node.end_lineno] = [""] * ((node.end_lineno or first) - first + 1)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(node, clean=False):
            _cut(lines, node.body[0])
    return [line.rstrip() for line in lines if line.strip()]


def _is_must(decorator: ast.expr) -> bool:
    return (
        isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute) and decorator.func.attr == "must"
    )


def _cut(lines: list[str], docstring: ast.stmt) -> None:
    """Empty what it spans; code may stand before it and behind it."""
    first, last = docstring.lineno - 1, (docstring.end_lineno or docstring.lineno) - 1
    before = lines[first].encode()[: docstring.col_offset].decode()
    behind = lines[last].encode()[docstring.end_col_offset :].decode()
    lines[first : last + 1] = [before + behind, *[""] * (last - first)]

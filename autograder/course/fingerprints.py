"""What a mark rests on, as a fingerprint per graded cell: marks of two versions never stand in one column.

Of a check: its points and parts, its code, the solution, the names that are forbidden, the notebook's setup, the
exercises of its chain, and the data that the assignment names. Of a written answer: its points and its criterion, the
text above it. Never prose, hints, docstrings, comments or the tutor's sentences: mending a typo stops nothing.
"""

from __future__ import annotations

import ast
import hashlib
import io
import json
import tokenize
from collections.abc import Mapping
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
    found, above = {}, ""
    for cell in notebook.cells:
        if cell.kind == "check":
            chain = [name for name in dict.fromkeys((cell.name, *chains.get(cell.name, ()))) if name in solutions]
            found[cell.name] = _hash(
                cell.points,
                checks[cell.name].parts,
                code_of(cell.source),
                {name: [code_of(solutions[name].source), sorted(solutions[name].forbids)] for name in chain},
                setup,
                data,
            )
        elif cell.kind == "written":
            found[cell.name] = _hash(cell.points, " ".join(above.split()))
        elif cell.kind == "prose":
            above = cell.source
    return found


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
            _empty(lines, first, node.end_lineno)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and ast.get_docstring(node, clean=False):
            _empty(lines, node.body[0].lineno, node.body[0].end_lineno)
    return [line.rstrip() for line in lines if line.strip()]


def _is_must(decorator: ast.expr) -> bool:
    return (
        isinstance(decorator, ast.Call) and isinstance(decorator.func, ast.Attribute) and decorator.func.attr == "must"
    )


def _empty(lines: list[str], first: int, last: int | None) -> None:
    lines[first - 1 : last] = [""] * ((last or first) - first + 1)

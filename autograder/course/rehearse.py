"""A known mistake in its solution's place: the cells to run, one after the other, in a notebook that is solved."""

from __future__ import annotations

import ast

from .source import Mistake, SourceNotebook


def mistake_cells(notebook: SourceNotebook, mistake: Mistake) -> tuple[list[str], str, str]:
    """(what puts the mistake in, the exercise's check, what puts the solution back)."""
    solution = notebook.named("exercise")[mistake.exercise].source
    check = notebook.named("check")[mistake.exercise].source
    # A mistake may raise as soon as it runs; then what it defines is missing, as in a student's notebook.
    forget = "; ".join(f"globals().pop({name!r}, None)" for name in sorted(_defined_by(solution)))
    return [f"{forget};", mistake.code], check, solution


def _defined_by(source: str) -> set[str]:
    """Names that a cell binds at its top level."""
    nodes = ast.parse(source).body
    targets = [target for node in nodes if isinstance(node, ast.Assign) for target in node.targets]
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)} | {
        name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)
    }

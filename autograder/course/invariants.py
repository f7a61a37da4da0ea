"""What a notebook's checks say must hold (`@check.must`), as functions: for the tutor's words, never for points.

They are the instructor's own code, asked in this process about values that came as plain data. They are cut out of the
check's cell rather than found by running the notebook, so they may use torch, Python's builtins and their argument.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from coursework.marking.feedback import Invariant

from .source import SourceNotebook


def read_invariants(notebook: SourceNotebook) -> dict[str, list[Invariant]]:
    """The invariants of every check. Imports torch where there are any."""
    return {name: list(_of(name, cell.source)) for name, cell in notebook.named("check").items()}


def _of(check: str, source: str) -> Iterator[Invariant]:
    for node in ast.parse(source).body:
        sentences = [said for decorator in getattr(node, "decorator_list", ()) if (said := _said(decorator, check))]
        if isinstance(node, ast.FunctionDef) and sentences:
            import torch

            node.decorator_list, space = [], {"torch": torch}
            exec(compile(ast.Module([node], []), f"<{check}>", "exec"), space)
            yield sentences[0], space[node.name]


def _said(decorator: ast.expr, check: str) -> str:
    """The sentence in `@<check>.must("...")`; "" for any other decorator."""
    match decorator:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name), attr="must"), args=[ast.Constant(value=str(said))]):
            return said if name == check else ""
    return ""

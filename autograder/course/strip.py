"""From a solution cell to what a student gets: regions become `return ____`, marked right-hand sides become `____`.

Two marks are understood:
- `### BEGIN SOLUTION` .. `### END SOLUTION`: the region goes; inside a function `return ____` stands in its place.
- a statement that ends in the comment `# ____`: its left-hand side stays, its whole right-hand side becomes `____`.
"""

from __future__ import annotations

import ast
import importlib.util
import io
import tokenize
from pathlib import Path

BEGIN, END, MARK = "### BEGIN SOLUTION", "### END SOLUTION", "# ____"


def strip_solution(source: str) -> str:
    """The student's version of a solution cell; raises ValueError where its marks do not fit."""
    return _strip_regions(_strip_marked(source))


def has_solution(source: str) -> bool:
    """Does the cell hold a mark of either kind?"""
    return BEGIN in source or any(line.rstrip().endswith(MARK) for line in source.splitlines())


def _strip_marked(source: str) -> str:
    lines = source.splitlines()
    marked = [
        token.start
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT and token.string == MARK
    ]
    if not marked:
        return source
    statements = [
        node
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Return) and node.value
    ]
    for row, _ in reversed(marked):
        ending = [node for node in statements if node.end_lineno == row]
        if not ending:
            raise ValueError(f"'{MARK}' marks no assignment or return: {lines[row - 1].strip()}")
        value = ending[-1].value
        kept = lines[value.lineno - 1].encode()[: value.col_offset].decode()
        if kept.rstrip().endswith("("):  # the value was in brackets of its own: they go with it
            kept = kept.rstrip()[:-1]
        lines[value.lineno - 1 : row] = [kept + "____"]
    return "\n".join(lines)


def _strip_regions(source: str) -> str:
    kept, inside = [], False
    for line in source.splitlines():
        if BEGIN in line:
            if inside:
                raise ValueError("BEGIN SOLUTION inside a solution region")
            inside = True
            indent = line[: len(line) - len(line.lstrip())]
            kept.append(indent + ("return ____" if indent else "# your code here"))
        elif END in line:
            if not inside:
                raise ValueError("END SOLUTION without BEGIN SOLUTION")
            inside = False
        elif not inside:
            kept.append(line)
    if inside:
        raise ValueError("BEGIN SOLUTION without END SOLUTION")
    return "\n".join(kept)


def cut_out(name: str) -> str:
    """A library function as a solution cell: signature and docstring stay, its body is the answer.

    It is read, not imported: grading starts by reading the sources, and need not wait for torch.
    """
    module, _, function = name.rpartition(".")
    spec = importlib.util.find_spec(module)
    text = Path(spec.origin).read_text(encoding="utf-8") if spec and spec.origin else ""
    found = [node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef) and node.name == function]
    if not found or not ast.get_docstring(found[0]):
        raise ValueError(f"{name} is no function of a module, with a docstring, that could be cut out")
    lines = text.splitlines()[found[0].lineno - 1 : found[0].end_lineno]
    end_of_docstring = found[0].body[0].end_lineno - found[0].lineno + 1
    return "\n".join([*lines[:end_of_docstring], f"    {BEGIN}", *lines[end_of_docstring:], f"    {END}"])

"""From a solution cell to what a student gets: regions become `return ____`, marked right-hand sides become `____`.

Two marks are understood:
- `### BEGIN SOLUTION` .. `### END SOLUTION`: the region goes; inside a function `return ____` stands in its place.
- a statement that ends in the comment `# ____`: its left-hand side stays, its whole right-hand side becomes `____`.
"""

from __future__ import annotations

import ast
import importlib.util
import io
import textwrap
import tokenize
from pathlib import Path

Function = ast.FunctionDef | ast.AsyncFunctionDef
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
    values = [
        (node.end_lineno, node.value)
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Return) and node.value
    ]
    for row, _ in reversed(marked):
        ending = [value for end, value in values if end == row]
        if not ending:
            raise ValueError(f"'{MARK}' marks no assignment or return: {lines[row - 1].strip()}")
        value = ending[-1]
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
    """A function, class or method of the library as a solution cell: its body is the answer.

    Of a class, the bodies of those methods are the answer that have a docstring; the rest is given. A method is cut
    out as the function that it is. It is read, not imported: grading starts by reading the sources, and need not wait
    for torch.
    """
    text, found = _definition(name)
    lines = text.splitlines()
    first = min([found.lineno, *(decorator.lineno for decorator in found.decorator_list)])
    bodies = [found] if not isinstance(found, ast.ClassDef) else _functions(found.body)
    answers = [body for body in bodies if ast.get_docstring(body) and len(body.body) > 1]
    if not ast.get_docstring(found) or not answers:
        raise ValueError(f"{name} has no docstring, or no body below one, that could be cut out")
    for body in reversed(answers):
        indent = " " * body.body[0].col_offset
        lines.insert(body.end_lineno or 0, f"{indent}{END}")
        lines.insert(body.body[0].end_lineno or 0, f"{indent}{BEGIN}")
    return textwrap.dedent("\n".join(lines[first - 1 : (found.end_lineno or 0) + 2 * len(answers)]))


def _definition(name: str) -> tuple[str, Function | ast.ClassDef]:
    """The text of the module that defines a dotted name, and the definition in it."""
    parts = name.split(".")
    for count in range(len(parts) - 1, 0, -1):
        try:
            spec = importlib.util.find_spec(".".join(parts[:count]))
        except ModuleNotFoundError:  # what stands before the last dot is a class, or nothing
            continue
        if spec and spec.origin and spec.origin.endswith(".py"):
            text = Path(spec.origin).read_text(encoding="utf-8")
            within: list[ast.stmt] = ast.parse(text).body
            for part in parts[count:]:
                named = [node for node in within if isinstance(node, Function | ast.ClassDef) and node.name == part]
                found = named[0] if named else None
                within = found.body if isinstance(found, ast.ClassDef) else []
            if found is not None:
                return text, found
            break
    raise ValueError(f"{name} is no function, class or method that could be cut out")


def _functions(nodes: list[ast.stmt]) -> list[Function]:
    return [node for node in nodes if isinstance(node, Function)]

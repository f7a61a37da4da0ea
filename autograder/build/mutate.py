"""Small changes to an answer, one at a time, as a slip of the hand or of the mind would make them.

Only what students write is changed: the lines between the marks of a solution, and statements that end in `# ____`. A
change is a node of the syntax tree put in another's place (slips.py has the kinds). Nothing is run here; the same cell
gives the same changes, in the same order.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import zip_longest

from autograder.course.strip import BEGIN, END, MARK

from .slips import FREE, LOOKS, Slips

_LONG, _AROUND = 150, 40  # characters of a changed line, and of what is shown around the change in a longer one
MOST = 150  # changes of one answer, spread over the kinds of change


@dataclass(frozen=True)
class Mutant:
    """A changed cell: the kind of change, its line in the cell, what became of it in one line, and the whole source."""

    kind: str
    line: int
    change: str
    source: str


def mutants(source: str, reached: set[str] | None = None) -> list[Mutant]:
    """Every small change of an exercise's cell, at most `MOST`, in the order of their lines; the solution is not one.

    `reached` names the functions and classes of the cell that its check comes to (all, where it is None).
    """
    tree = ast.parse(source)
    lines, blanks = _answer_lines(source, tree)
    original = ast.unparse(tree)
    found: dict[str, Mutant] = {}
    changes: dict[str, int] = {}
    for top in tree.body:
        if reached is not None and isinstance(top, ast.FunctionDef | ast.ClassDef) and top.name not in reached:
            continue
        if _is_prediction(top, blanks):
            continue
        slips = Slips(top, lines, blanks)
        for parent, field, i, node in _places(top, lines):
            for kind, new in slips.changes(parent, field, node):
                text = _unparsed_with(tree, parent, field, i, new)
                if text is None or text == original or text in found:
                    continue
                change = _in_one_line(original, text)
                changes[change] = changes.get(change, 0) + 1
                change += f" (no. {changes[change]})" if changes[change] > 1 else ""
                found[text] = Mutant(kind, node.lineno, change, text)
    return sorted(_spread(list(found.values())), key=lambda mutant: (mutant.line, mutant.change))


def _answer_lines(source: str, tree: ast.Module) -> tuple[set[int], set[int]]:
    """The numbers of the lines that students write, and of those among them that are blanks, a value each."""
    texts, regions, blanks, inside = source.splitlines(), set(), set(), False
    for number, text in enumerate(texts, 1):
        inside = (inside or BEGIN in text) and END not in text
        regions |= {number} if inside else set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.Return):
            end = node.end_lineno or node.lineno
            blanks |= set(range(node.lineno, end + 1)) if texts[end - 1].rstrip().endswith(MARK) else set()
    return regions | blanks, blanks


def _is_prediction(node: ast.stmt, blanks: set[int]) -> bool:
    """A blank for a number alone: another number is another prediction, which may be as good."""
    return isinstance(node, ast.Assign) and node.lineno in blanks and isinstance(node.value, ast.Constant)


def _places(node: ast.AST, lines: set[int]) -> Iterator[tuple[ast.AST, str, int | None, ast.expr | ast.stmt]]:
    """(parent, field, index there or None, node) of all that may be changed below a node, in reading order."""
    for field, value in ast.iter_fields(node):
        if field in ("annotation", "returns") or (field == "value" and getattr(node, "arg", "") in FREE):
            continue
        for i, child in enumerate(value) if isinstance(value, list) else [(None, value)]:
            if not isinstance(child, ast.AST) or _is_text(child) or _is_look(child):
                continue
            if isinstance(child, ast.expr | ast.stmt) and child.lineno in lines:
                yield node, field, i, child
            yield from _places(child, lines)


def _is_text(node: ast.AST) -> bool:
    """A docstring, or a string that stands alone."""
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _is_look(node: ast.AST) -> bool:
    """A call for a figure's looks, which are the student's to choose."""
    return isinstance(node, ast.Expr) and getattr(getattr(node.value, "func", None), "attr", "") in LOOKS


def _unparsed_with(tree: ast.Module, parent: ast.AST, field: str, i: int | None, new) -> str | None:
    """The source with a node (or statements) in this place, or None where that is no program."""
    old = getattr(parent, field)
    if i is None:
        setattr(parent, field, new)
    else:
        setattr(parent, field, [*old[:i], *(new if isinstance(new, list) else [new]), *old[i + 1 :]])
    try:
        text = ast.unparse(tree)
        compile(text, "<changed>", "exec")
    except (SyntaxError, ValueError, AttributeError):
        return None
    finally:
        setattr(parent, field, old)
    return text


def _in_one_line(original: str, text: str) -> str:
    old, new = original.splitlines(), text.splitlines()
    while old and new and old[0] == new[0]:
        old, new = old[1:], new[1:]
    while old and new and old[-1] == new[-1]:
        old, new = old[:-1], new[:-1]
    before, after = ("; ".join(map(str.strip, side)) or "nothing" for side in (old, new))
    if max(len(before), len(after)) > _LONG:
        start = _alike(before, after)
        end = _alike(before[start:][::-1], after[start:][::-1])
        before, after = (_cut(side, start, len(side) - end) for side in (before, after))
    return f"{before} => {after}"


def _alike(one: str, other: str) -> int:
    """With how many characters do both begin?"""
    return next((i for i, (a, b) in enumerate(zip(one, other)) if a != b), min(len(one), len(other)))


def _cut(text: str, start: int, end: int) -> str:
    """What stands from `start` to `end`, with a little of what stands around it."""
    first, last = max(start - _AROUND, 0), end + _AROUND
    return f"{'... ' if first else ''}{text[first:last]}{' ...' if last < len(text) else ''}"


def _spread(found: list[Mutant]) -> list[Mutant]:
    """At most `MOST` of them, of each kind in turn; which of a kind is as good as drawn, and always the same."""
    kinds: dict[str, list[Mutant]] = {}
    for mutant in sorted(found, key=lambda each: hashlib.sha256(each.source.encode()).digest()):
        kinds.setdefault(mutant.kind, []).append(mutant)
    turns = zip_longest(*(kinds[kind] for kind in sorted(kinds)))
    return [mutant for turn in turns for mutant in turn if mutant][:MOST]

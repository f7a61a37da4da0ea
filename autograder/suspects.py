"""Answers that reach for what is forbidden, or behind it: read as text, never run.

A pointer for a person, never a mark. The refusal itself happens while the notebook runs (keeper.py), in a process that
belongs to the student; who takes that process apart leaves words in the answer, and these are looked for. An honest
answer may have some of them, too: a person sees at once what for.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbgrader.utils import is_solution

# Modules, attributes and built-in functions that lead behind a function, not to it.
_MODULES = {"autograder", "ctypes", "gc", "imp", "importlib", "inspect", "marshal", "runpy"}
_ATTRIBUTES = {
    "__closure__", "__code__", "__globals__", "__subclasses__", "__wrapped__", "_getframe", "addaudithook", "cr_frame",
    "f_back", "f_code", "gi_frame", "setprofile", "settrace", "tb_frame",
}  # fmt: skip
_LISTENERS = {"TorchDispatchMode", "TorchFunctionMode", "__torch_dispatch__", "__torch_function__"}  # to its steps
_BUILTINS = {"__builtins__", "__import__", "compile", "eval", "exec"}
_LIBRARY = ("detrlab", "torchvision")
_TIMED = re.compile(
    r"(?m)^(\s*)%(?:%.*|(?:time|timeit|prun)\b(?:[ \t]+-\S+)*[ \t]*)"
)  # Python follows after these magics


def suspects(notebook: nbformat.NotebookNode, forbidden: dict[str, tuple[str, ...]]) -> list[str]:
    """One line per answer or own cell that a person should read, and why.

    `forbidden`: the names that each cell's exercise forbids, by the cell's grade id; without any, nothing is looked at.
    """
    found = []
    for cell in notebook.cells if forbidden else ():
        own = cell.get("id", "").startswith("own-") and "nbgrader" not in cell.metadata
        if cell.cell_type != "code" or not (own or is_solution(cell)):
            continue
        tree = _parsed(cell.source)
        where = "an own cell" if own else cell.metadata.nbgrader.grade_id
        names = () if own else forbidden.get(where, ())
        written = sorted(set(_written(tree, names)))
        found += [f"{where}: {place} is written there, and the exercise forbids {name}" for place, name in written]
        if behind := sorted(set(_behind(tree))):
            found.append(f"{where}: {', '.join(behind)} can lead to a function behind its refusal: see what it is for")
        if changed := sorted(set(_changed(tree))):
            found.append(f"{where}: {', '.join(changed)} of the library is given another value: see what it is for")
    return found


def _parsed(source: str) -> ast.Module:
    """The cell as Python, without its magics; nothing where it is none (then it does not run either)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the student's escapes
        try:
            return ast.parse(TransformerManager().transform_cell(_TIMED.sub(r"\1", source)))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ast.Module([], [])


def _written(tree: ast.Module, names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(what is written, forbidden name) where a name ends as a forbidden one does, and is not known to be another."""
    last = {name.rpartition(".")[2]: name for name in reversed(names)}
    origins, own = _origins(tree), _bound(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            pairs = [(f"{node.module}.{alias.name}", alias.name) for alias in node.names]
        elif isinstance(node, ast.Name) and node.id not in own:
            pairs = [(node.id, node.id)]
        elif isinstance(node, ast.Attribute) and (_dotted(node) or _is_method(last.get(node.attr, ""))):
            pairs = [(_dotted(node) or f"(...).{node.attr}", node.attr)]
        elif isinstance(node, ast.Call) and _dotted(node.func) == "getattr" and len(node.args) > 1:
            pairs = [(f"getattr(..., {word.value!r})", word.value) for word in node.args[1:2] if _is_text(word)]
        else:
            continue
        for place, name in pairs:
            origin = _root(node.module or "") if isinstance(node, ast.ImportFrom) else origins.get(_root(place))
            if name in last and origin in (None, _root(last[name])):
                yield place, last[name]


def _origins(tree: ast.Module) -> dict[str, str]:
    """The package that each imported name comes from."""
    origins = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            origins |= {alias.asname or _root(alias.name): _root(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            origins |= {alias.asname or alias.name: _root(node.module or "") for alias in node.names}
    return origins


def _bound(tree: ast.Module) -> set[str]:
    """The names of the answer's own functions, classes, arguments and variables."""
    nodes = list(ast.walk(tree))
    return (
        {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        | {node.arg for node in nodes if isinstance(node, ast.arg)}
        | {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    )


def _behind(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if _root(alias.name) in _MODULES)
        elif isinstance(node, ast.ImportFrom) and _root(node.module or "") in _MODULES:
            yield node.module
        elif isinstance(node, ast.ImportFrom) and node.module == "sys":
            yield from (f"sys.{alias.name}" for alias in node.names if alias.name in {*_ATTRIBUTES, "modules"})
        elif isinstance(node, ast.Attribute) and (
            node.attr in _ATTRIBUTES | _LISTENERS or _dotted(node) == "sys.modules"
        ):
            yield _dotted(node) or node.attr
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in _BUILTINS | _LISTENERS:
            yield node.id
        elif isinstance(node, ast.FunctionDef) and node.name in _LISTENERS:
            yield node.name


def _changed(tree: ast.Module) -> Iterator[str]:
    """Attributes of the library's modules and classes that are set."""
    library = {name for name, package in _origins(tree).items() if package in _LIBRARY}.union(_LIBRARY)
    for node in ast.walk(tree):
        dotted = _dotted(node) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) else ""
        if isinstance(node, ast.Call) and _dotted(node.func) == "setattr" and node.args:
            dotted = f"{_dotted(node.args[0])}."
        if _root(dotted) in library:
            yield dotted.rstrip(".")


def _dotted(node: ast.AST) -> str:
    """A name with dots as it is written; "" for what is no such name."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return ".".join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else ""


def _is_method(name: str) -> bool:
    """ "detrlab.grid.FeatureGrid.cover": of a class, so what stands before it may be anything."""
    return name.rpartition(".")[0].rpartition(".")[2][:1].isupper()


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _root(name: str) -> str:
    return name.partition(".")[0]

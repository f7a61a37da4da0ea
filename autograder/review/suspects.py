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
_PROCESSES = {
    "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell", "concurrent.futures", "multiprocessing",
    "os.exec", "os.fork", "os.popen", "os.posix_spawn", "os.spawn", "os.system", "pty", "subprocess",
}  # fmt: skip
_PYTHON_AFTER = re.compile(r"%{1,2}(?:time|timeit|prun)\b(?:[ \t]+-\S+)*[ \t]*")  # these magics
_SHELL = re.compile(r"(?:[\w, ]+=\s*)?[!%?]")
_MOST = 100_000  # characters of a cell that are looked at; an answer has some thousands
_NAMED = 8  # of what is found in a cell
_LONG = 80  # of a name that is shown


def suspects(
    notebook: nbformat.NotebookNode, forbidden: dict[str, tuple[str, ...]], files: dict[str, bytes]
) -> list[str]:
    """One line per answer, own cell or module handed in that a person should read, and why.

    `forbidden`: the names that each cell's exercise forbids, by the cell's grade id; without any, nothing is looked at.
    `files`: what lies beside the notebook; a module may be what an answer calls, so no name is free in it.
    """
    found = []
    for cell in notebook.cells if forbidden else ():
        own = cell.get("id", "").startswith("own-") and "nbgrader" not in cell.metadata
        if cell.cell_type == "code" and (own or is_solution(cell)):
            where = "an own cell" if own else cell.metadata.nbgrader.grade_id
            found += _looked_at(where, cell.source, () if own else forbidden.get(where, ()))
    everything = tuple(dict.fromkeys(name for names in forbidden.values() for name in names))
    for name, data in files.items() if forbidden else ():
        if name.endswith(".py"):
            found += _looked_at(name, data.decode("utf-8", "replace"), everything)
    return found


def _looked_at(where: str, source: str, names: tuple[str, ...]) -> Iterator[str]:
    if len(source) > _MOST:
        yield f"{where}: it has {len(source):,} characters, too many to be looked at for what is forbidden"
        return
    nodes = list(_nodes(_parsed(source)))
    for place, name in sorted(set(_written(nodes, names)))[:_NAMED]:
        yield f"{where}: {place} is written there, and the exercise forbids {name}"
    if behind := sorted(set(_behind(nodes))):
        yield f"{where}: {_listed(behind)} can lead to a function behind its refusal: see what it is for"
    if others := sorted(set(_others(nodes))):
        yield f"{where}: {_listed(others)} starts other processes, where nothing is refused: see what for"
    if changed := sorted(set(_changed(nodes))):
        yield f"{where}: {_listed(changed)} of the library is given another value: see what it is for"


def _listed(names: list[str]) -> str:
    return ", ".join(names[:_NAMED]) + (", ..." if len(names) > _NAMED else "")


def _parsed(source: str) -> ast.Module:
    """The cell as Python, without its magics; nothing where it is none (then it does not run either)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about the student's escapes
        try:
            return ast.parse("\n".join(map(_python, source.splitlines())))
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return ast.Module([], [])


def _python(line: str) -> str:
    """A line without what only IPython understands."""
    text = line.lstrip()
    indent = line[: len(line) - len(text)]
    if after := _PYTHON_AFTER.match(text):
        return indent + (text[after.end() :] or "pass")
    return indent + "pass" if _SHELL.match(text) else line


def _nodes(tree: ast.Module) -> Iterator[ast.AST]:
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


def _chain(node: ast.AST) -> list[str]:
    """["a", "b", "c"] of a.b.c; "(...)" is its start where that is no name."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return [node.id if isinstance(node, ast.Name) else "(...)", *reversed(parts)]


def _shown(parts: list[str]) -> str:
    """The end of a dotted name, at most so long."""
    return ".".join(parts[-20:])[-_LONG:]


def _written(nodes: list[ast.AST], names: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """(what is written, forbidden name) where a name ends as a forbidden one does, and is not known to be another."""
    last = {name.rpartition(".")[2]: name for name in reversed(names)}
    origins, own = _origins(nodes), _bound(nodes)
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            pairs = [(f"{node.module}.{alias.name}"[-_LONG:], alias.name) for alias in node.names]
        elif isinstance(node, ast.Name) and node.id not in own:
            pairs = [(node.id, node.id)]
        elif isinstance(node, ast.Attribute):
            parts = _chain(node)
            known = [i for i, part in enumerate(parts) if i and part in last]
            pairs = [
                (_shown(parts[: i + 1]), parts[i]) for i in known if parts[0] != "(...)" or _is_method(last[parts[i]])
            ]
        elif isinstance(node, ast.Call) and _is_named(node.func, "getattr") and len(node.args) > 1:
            pairs = [(f"getattr(..., {word.value!r})", word.value) for word in node.args[1:2] if _is_text(word)]
        else:
            continue
        for place, name in pairs:
            origin = _root(node.module or "") if isinstance(node, ast.ImportFrom) else origins.get(_root(place))
            if name in last and origin in (None, _root(last[name])):
                yield place, last[name]


def _origins(nodes: list[ast.AST]) -> dict[str, str]:
    """The package that each imported name comes from."""
    origins = {}
    for node in nodes:
        if isinstance(node, ast.Import):
            origins |= {alias.asname or _root(alias.name): _root(alias.name) for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            origins |= {alias.asname or alias.name: _root(node.module or "") for alias in node.names}
    return origins


def _bound(nodes: list[ast.AST]) -> set[str]:
    """The names of the answer's own functions, classes, arguments and variables."""
    return (
        {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}
        | {node.arg for node in nodes if isinstance(node, ast.arg)}
        | {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    )


def _behind(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name[-_LONG:] for alias in node.names if _root(alias.name) in _MODULES)
        elif isinstance(node, ast.ImportFrom) and _root(node.module or "") in _MODULES:
            yield node.module[-_LONG:]
        elif isinstance(node, ast.ImportFrom):
            hidden = _ATTRIBUTES | ({"modules"} if node.module == "sys" else set())
            yield from (f"{node.module}.{alias.name}"[-_LONG:] for alias in node.names if alias.name in hidden)
        elif isinstance(node, ast.Attribute):
            parts = _chain(node)
            yield from (_end(parts, i) for i, part in enumerate(parts) if i and part in _ATTRIBUTES | _LISTENERS)
            yield from ["sys.modules"] if parts[:2] == ["sys", "modules"] else []
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in _BUILTINS | _LISTENERS:
            yield node.id
        elif isinstance(node, ast.FunctionDef) and node.name in _LISTENERS:
            yield node.name


def _end(parts: list[str], i: int) -> str:
    """A name with what stands before it, where that is one name with dots."""
    return parts[i] if parts[0] == "(...)" else _shown(parts[: i + 1])


def _others(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Attribute):
            names = [".".join(_chain(node)[:2])]
        elif isinstance(node, ast.Call) and _is_named(node.func, "get_ipython"):
            yield "get_ipython"
            continue
        else:
            continue
        yield from (name[-_LONG:] for name in names if _starts_processes(name))


def _starts_processes(name: str) -> bool:
    return _root(name) in _PROCESSES or any(name.startswith(start) for start in _PROCESSES if "." in start)


def _changed(nodes: list[ast.AST]) -> Iterator[str]:
    """Attributes of the library's modules and classes that are set."""
    library = {name for name, package in _origins(nodes).items() if package in _LIBRARY}.union(_LIBRARY)
    for node in nodes:
        parts = _chain(node) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) else []
        if isinstance(node, ast.Call) and _is_named(node.func, "setattr") and node.args:
            parts = _chain(node.args[0])
        if parts and parts[0] in library:
            yield _shown(parts)


def _is_named(node: ast.AST, name: str) -> bool:
    return isinstance(node, ast.Name) and node.id == name


def _is_method(name: str) -> bool:
    """ "detrlab.attention.grid.FeatureGrid.cover": of a class, so what stands before it may be anything."""
    return name.rpartition(".")[0].rpartition(".")[2][:1].isupper()


def _is_text(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str)


def _root(name: str) -> str:
    return name.partition(".")[0]

"""Where a forbidden function is named in a student's lines, and which answers use what was made of it.

A name counts only where it can stand for the forbidden function: `entropy`, `resize` or `forward` are everyday words,
as a student's own function, as another package's, or as a method of something else.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .cells import base_of, chain, nodes_of

LONG = 80  # of a name that is shown
_EVERYBODYS = {"decode", "forward", "normalize", "resize"}  # methods of text, of every module, of every picture
_BY_TEXT = {"attrgetter", "getattr", "hasattr", "methodcaller"}
_SAVES = {
    "dump",
    "dumps",
    "save",
    "save_file",
    "savetxt",
    "savez",
    "to_csv",
    "to_json",
    "tofile",
    "write",
    "write_bytes",
}
_LOADS = {"fromfile", "genfromtxt", "load", "load_file", "loads", "loadtxt", "open", "read", "read_bytes", "read_text"}
_WORD = re.compile(r"[^\W\d]\w*")
A_FILE = "a file"  # what one statement saves and another one loads


@dataclass
class Origins:
    """What the names of a notebook stand for: the package that each is imported from, and which are somebody's own."""

    packages: dict[str, str] = field(default_factory=dict)
    own: set[str] = field(default_factory=set)
    starred: set[str] = field(default_factory=set)  # packages of which all names were imported
    methods: set[str] = field(default_factory=set)  # attributes that the student's own classes have
    mentioned: set[str] = field(default_factory=set)

    def read(self, tree: ast.AST) -> None:
        for node in nodes_of(tree):
            if isinstance(node, ast.Import):
                self.packages |= {alias.asname or root(alias.name): root(alias.name) for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                self.starred |= {root(node.module or "") for alias in node.names if alias.name == "*"}
                self.packages |= {alias.asname or alias.name: root(node.module or "") for alias in node.names}
                self.mentioned |= {alias.name for alias in node.names}
            elif isinstance(node, ast.Assign) and (package := self.of_module(node.value)):
                self.packages |= {each.id: package for each in node.targets if isinstance(each, ast.Name)}
            elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                self.own.add(node.name)
                self.methods.add(node.name)
            elif isinstance(node, ast.arg):
                self.own.add(node.arg)
            elif isinstance(node, ast.Name):
                (self.own if isinstance(node.ctx, ast.Store) else self.mentioned).add(node.id)
            elif isinstance(node, ast.Attribute):
                self.mentioned.update(chain(node)[1:])
                if isinstance(node.ctx, ast.Store):
                    self.methods.add(node.attr)

    def of_module(self, node: ast.AST) -> str:
        """The package of a.b.c, or of getattr(a.b, "c"), where a is known to be imported from it."""
        base = base_of(node)
        while isinstance(base, ast.Call) and _called(base) == "getattr" and base.args:
            base = base_of(base.args[0])
        return self.packages.get(base.id, "") if isinstance(base, ast.Name) else ""


@dataclass
class Statement:
    """One statement of a cell: the notebook's names that it reads and gives a value to, and what is forbidden in it."""

    reads: set[str]
    binds: set[str]
    hits: list[Hit]


@dataclass(frozen=True)
class Hit:
    """A place where a forbidden function is named, as it is written there; `called` where it is called on the spot."""

    place: str
    name: str
    called: bool


def read_statement(
    tree: ast.stmt, names: tuple[str, ...], cell: Origins, student: Origins, release: Origins
) -> Statement:
    reads, binds = _globals_of(tree)
    hits = list(dict.fromkeys(_hits(tree, names, cell, student, release)))
    changed: set[str] = set()
    for node in nodes_of(tree):
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store):
            changed |= _names_in(node.value)
        elif isinstance(node, ast.Call):
            leaf, base = _called(node), base_of(node.func)
            if isinstance(node.func, ast.Attribute) and isinstance(base, ast.Name):
                changed |= set() if cell.of_module(base) or release.of_module(base) else {base.id}  # kept.append(...)
            elif leaf == "setattr" and node.args:
                changed |= _names_in(node.args[0])
            reads |= {A_FILE} if leaf in _LOADS else set()
            binds |= {A_FILE} if leaf in _SAVES else set()
    return Statement(reads, binds | changed & reads, hits)


def _hits(tree: ast.stmt, names: tuple[str, ...], cell: Origins, student: Origins, release: Origins) -> Iterator[Hit]:
    leaves: dict[str, list[str]] = {}
    for name in names:
        leaves.setdefault(name.rpartition(".")[2], []).append(name)
    nodes = list(nodes_of(tree))
    called = {id(node.func) for node in nodes if isinstance(node, ast.Call)}
    texts = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}  # docstrings
    for node in nodes:
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                for name in leaves.get(alias.name, ()):
                    if root(name) == root(node.module or "") and not _is_method(name):
                        yield Hit(f"{node.module}.{alias.name}"[-LONG:], name, True)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            for name in leaves.get(node.id, ()):
                if not _is_method(name) and _may_be(node.id, root(name), cell, student, release):
                    yield Hit(node.id, name, id(node) in called)
        elif isinstance(node, ast.Attribute):
            parts = chain(node)
            for i, part in enumerate(parts[1:], start=1):
                for name in leaves.get(part, ()):
                    if _may_be_attribute(node, name, part, cell, student, release):
                        yield Hit(shown(parts[: i + 1]), name, id(node) in called and i == len(parts) - 1)
        elif isinstance(node, ast.Call) and (leaf := _called(node)) in _BY_TEXT | {"vars"}:
            words = [word.value for word in node.args if isinstance(word, ast.Constant) and isinstance(word.value, str)]
            for word in words:
                for name in leaves.get(word.rpartition(".")[2], ()):
                    yield Hit(f"{leaf}(..., {word[-LONG:]!r})", name, False)
            package = next((o.of_module(node.args[0]) for o in (cell, student, release) if node.args), "")
            if not words and leaf in ("getattr", "vars"):
                for name in [name for name in names if root(name) == package][:1]:
                    yield Hit(f"{leaf}({shown(chain(node.args[0]))})", name, False)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in texts:
            mentioned = set(_WORD.findall(node.value)) if "(" in node.value or "import" in node.value else set()
            for leaf in sorted(mentioned & leaves.keys()):
                if not _everyday(leaf):
                    yield Hit(f"{leaf} in a text that holds code", leaves[leaf][0], False)


def _may_be(word: str, package: str, cell: Origins, student: Origins, release: Origins) -> bool:
    """Can this bare name be the package's function?"""
    if package in cell.starred:
        return True
    if word in cell.packages:
        return cell.packages[word] == package
    if word in cell.own:
        return False
    if package in student.starred:
        return True
    for origins in (student, release):
        if word in origins.packages:
            return origins.packages[word] == package
        if word in origins.own:
            return False
    return True


def _may_be_attribute(
    node: ast.Attribute, name: str, part: str, cell: Origins, student: Origins, release: Origins
) -> bool:
    base = base_of(node)
    package = cell.of_module(node)
    if not package and not (isinstance(base, ast.Name) and base.id in cell.own):
        package = student.of_module(node) or release.of_module(node)
    if _is_method(name):
        owner = name.split(".")[-2]
        if part in _EVERYBODYS:
            return owner in student.mentioned
        return (
            package in ("", root(name))
            and not (part in student.methods and owner not in student.mentioned)
            and (isinstance(base, ast.Name) or not _everyday(part) or owner in student.mentioned)
        )
    return package == root(name) or (not package and not _everyday(part))


def _everyday(word: str) -> bool:
    """One plain word, as anybody's own function, variable or method may be called."""
    return word.isalpha() and word.islower()


def _is_method(name: str) -> bool:
    """ "detrlab.attention.grid.FeatureGrid.cover": of a class, so what stands before it may be anything."""
    return name.rpartition(".")[0].rpartition(".")[2].lstrip("_")[:1].isupper()


def _globals_of(tree: ast.stmt) -> tuple[set[str], set[str]]:
    """The names of the notebook that a statement reads, and those that it binds; a function's own are left out."""
    reads: set[str] = set()
    binds: set[str] = set()
    waiting: list[tuple[ast.AST, frozenset[str]]] = [(tree, frozenset())]
    while waiting:
        node, local = waiting.pop()
        if isinstance(node, ast.Name):
            if node.id not in local:
                (reads if isinstance(node.ctx, ast.Load) else binds).add(node.id)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            binds |= {alias.asname or root(alias.name) for alias in node.names} - local
        elif isinstance(node, ast.Attribute):
            waiting.append((base_of(node), local))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            binds |= {getattr(node, "name", "")} - local - {""}
            inside = local | _locals_of(node)
            body = node.body if isinstance(node.body, list) else [node.body]
            waiting += [(child, inside) for child in body]
            waiting += [(child, local) for child in ast.iter_child_nodes(node) if child not in body]
        else:
            if isinstance(node, ast.ClassDef):
                binds |= {node.name} - local
            elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
                local = local | {name for each in node.generators for name in _names_in(each.target)}
            waiting += [(child, local) for child in ast.iter_child_nodes(node)]
    return reads, binds


def _locals_of(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> frozenset[str]:
    given = function.args
    every = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    found, outside = {each.arg for each in every if each}, set()
    waiting: list[ast.AST] = list(function.body) if isinstance(function.body, list) else [function.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Global):
            outside |= set(node.names)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            found |= {alias.asname or root(alias.name) for alias in node.names}
        elif isinstance(node, ast.Attribute):
            waiting.append(base_of(node))
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif not isinstance(node, ast.Lambda):
            waiting += ast.iter_child_nodes(node)
    return frozenset(found - outside)


def _names_in(tree: ast.AST) -> set[str]:
    return {node.id for node in nodes_of(tree) if isinstance(node, ast.Name)}


def _called(node: ast.Call) -> str:
    """The last part of what is called: "save" of torch.save(...)."""
    return chain(node.func)[-1]


def shown(parts: list[str]) -> str:
    """The end of a dotted name, at most so long."""
    return ".".join(parts[-20:])[-LONG:]


def root(name: str) -> str:
    return name.partition(".")[0]

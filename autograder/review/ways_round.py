"""Ways to a function that lead round its guard, or to where no guard stands: words that an honest answer does without.

Each is looked for in Python's syntax tree, so neither a comment nor a text that says `exec` counts.
"""

from __future__ import annotations

import ast
import importlib.util
import re
import sys
from collections.abc import Iterator

from .cells import chain
from .names import LONG, Origins, root, shown

# Modules, attributes and built-in functions that lead behind a function, not to it.
_MODULES = {
    "__main__", "_imp", "autograder", "bdb", "builtins", "cProfile", "cffi", "cloudpickle", "code", "codeop", "ctypes",
    "dill", "gc", "imp", "importlib", "inspect", "linecache", "marshal", "pdb", "pickle", "pkgutil", "profile", "pydoc",
    "runpy", "timeit", "trace", "unittest", "zipimport",
}  # fmt: skip
_ATTRIBUTES = {
    "CodeType", "CompilationUnit", "FunctionType", "InteractiveShell", "__bases__", "__builtins__", "__closure__",
    "__code__", "__dict__", "__file__", "__func__", "__getattribute__", "__globals__", "__loader__", "__mro__",
    "__path__", "__self__", "__spec__", "__subclasses__", "__traceback__", "__wrapped__", "_current_frames",
    "_getframe", "addaudithook", "audit", "cr_frame", "f_back", "f_builtins", "f_code", "f_globals", "f_locals",
    "get_ipython", "getsource", "gi_frame", "mro", "setprofile", "settrace", "tb_frame", "tb_next",
}  # fmt: skip
_LISTENERS = {"TorchDispatchMode", "TorchFunctionMode", "__torch_dispatch__", "__torch_function__"}  # to its steps
_BUILTINS = {"__builtins__", "__import__", "__loader__", "compile", "eval", "exec", "get_ipython", "globals"}
_OF_SYS = {"meta_path", "modules", "path", "path_hooks"}
_OF_TORCH = {"_C", "_dynamo", "export", "fx", "jit", "package"}  # they run or keep functions by other means
_REFUSES = "coursework.checks.guards"
_LIBRARY = ("coursework", "detrlab", "torchvision")
_PROCESSES = {
    "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell", "concurrent.futures", "multiprocessing",
    "os.exec", "os.fork", "os.popen", "os.posix_spawn", "os.spawn", "os.system", "pty", "subprocess",
}  # fmt: skip
_CODE_FILE = re.compile(r"\S+\.(egg|py|pyc|pyd|so|whl|zip)")


def behind(nodes: list[ast.AST]) -> Iterator[str]:
    """What leads to a function behind its refusal."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name[-LONG:] for alias in node.names if _leads_behind(alias.name))
        elif isinstance(node, ast.ImportFrom):
            whole = [f"{node.module}.{alias.name}" for alias in node.names]
            if _leads_behind(node.module or ""):
                yield (node.module or "")[-LONG:]
            else:
                yield from (
                    name[-LONG:] for name in whole if _leads_behind(name) or _last(name) in _ATTRIBUTES | _LISTENERS
                )
        elif isinstance(node, ast.Attribute):
            parts = chain(node)
            for i, part in enumerate(parts):
                if i and (part in _ATTRIBUTES | _LISTENERS or _is_of(parts, i)):
                    yield part if parts[0] == "(...)" else shown(parts[: i + 1])
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in _BUILTINS | _LISTENERS:
            yield node.id
        elif isinstance(node, ast.FunctionDef) and node.name in _LISTENERS:
            yield node.name


def _leads_behind(module: str) -> bool:
    parts = module.split(".")
    return parts[0] in _MODULES or module.startswith(_REFUSES) or any(_is_of(parts, i) for i in range(1, len(parts)))


def _is_of(parts: list[str], i: int) -> bool:
    return i == 1 and parts[1] in {"sys": _OF_SYS, "torch": _OF_TORCH}.get(parts[0], ())


def _last(name: str) -> str:
    return name.rpartition(".")[2]


def other_processes(nodes: list[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or "", *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Attribute):
            names = [".".join(chain(node)[:2])]
        else:
            continue
        yield from (name[-LONG:] for name in names if _starts_processes(name))


def _starts_processes(name: str) -> bool:
    return root(name) in _PROCESSES or any(name.startswith(start) for start in _PROCESSES if "." in start)


def changes_of_the_library(nodes: list[ast.AST], cell: Origins) -> Iterator[str]:
    """Attributes of the library's modules and classes that are set."""
    library = {name for name, package in cell.packages.items() if package in _LIBRARY}.union(_LIBRARY)
    for node in nodes:
        parts = chain(node) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) else []
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "setattr" and node.args:
            parts = chain(node.args[0])
        if parts and parts[0] in library:
            yield shown(parts)


def code_elsewhere(nodes: list[ast.AST], handed_in: set[str]) -> Iterator[str]:
    """Files of code that are named, and modules that are neither installed nor handed in."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE_FILE.fullmatch(node.value):
            yield repr(node.value[-LONG:])
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            names = [node.module or ""] if not node.level else ["."]
        yield from (
            f"import {name[-LONG:]}" for name in names if root(name) not in handed_in and not _installed(root(name))
        )


def _installed(module: str) -> bool:
    if module in sys.stdlib_module_names or module in sys.modules:
        return True
    try:
        return importlib.util.find_spec(module) is not None
    except (ImportError, ValueError):
        return False

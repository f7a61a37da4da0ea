"""Who imports whom, read from the source files: for the tests that hold the arrows between folders."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = {path.parent.name for path in ROOT.glob("*/__init__.py")} | {"tests"}


def sources(folder: str) -> list[Path]:
    """The Python files of a package or one of its folders; there has to be one, or a test would hold nothing."""
    found = sorted((ROOT / folder).rglob("*.py"))
    assert found, f"no source file in {folder}/"
    return found


def name(path: Path) -> str:
    """The dotted name of a source file's module."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def imported(path: Path) -> set[str]:
    """Dotted names of what a file imports: modules, and names from them ("a.b" and "a.b.c" for `from a.b import c`)."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            package = path.relative_to(ROOT).parts[: -node.level] if node.level else ()
            module = ".".join((*package, *filter(None, [node.module])))
            found |= {module} | {f"{module}.{each.name}" for each in node.names}
    return found


def arrows(folder: str) -> Iterator[tuple[str, str]]:
    """(module of the folder, what of ours it imports)."""
    for path in sources(folder):
        yield from ((name(path), each) for each in sorted(imported(path)) if each.split(".")[0] in OURS)


def within(module: str, *packages: str) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)

"""For those who learn alone: an exercise's solution, read from the course's sources where they are there.

A checkout has them in `solutions/<assignment>/<notebook>/`, a file per step, two folders above the notebook; the course
that a teacher hands out has not. Nothing here knows a solution by itself.
"""

from __future__ import annotations

import ast
import importlib
import inspect
from pathlib import Path

_MARKS = ("### BEGIN SOLUTION", "### END SOLUTION")
_BLANKED = "# ____"


def source_of(notebook: Path) -> Path:
    """Where the source of a notebook in `<course>/notebooks/<assignment>/` would be."""
    folder = notebook.resolve().parent
    return folder.parent.parent / "solutions" / folder.name / notebook.stem


def read_solutions(source: Path) -> dict[str, tuple[str, str]]:
    """{exercise or written answer: ("code" or "text", its solution)} of a notebook's folder of steps."""
    import jupytext  # only wanted here

    found = {}
    texts = [path.read_text(encoding="utf-8") for path in sorted(source.glob("*.py"))]
    for cell in [cell for text in texts for cell in jupytext.reads(text, fmt="py:percent").cells]:
        tags = cell.metadata
        if "written" in tags:
            found[tags["written"]] = ("text", cell.source)
        elif "exercise" in tags:
            text = _library_code(tags["library"]) if "library" in tags else cell.source
            found[tags["exercise"]] = ("code", _without_marks(text))
    return found


def _library_code(path: str) -> str:
    """Of a function or class of a module, by its file: once a check has run, a guard stands where the function was."""
    module, _, name = path.rpartition(".")
    text = inspect.getsource(importlib.import_module(module))
    (found,) = (node for node in ast.parse(text).body if getattr(node, "name", None) == name)
    return ast.get_source_segment(text, found) or ""


def _without_marks(text: str) -> str:
    lines = (line for line in text.splitlines() if line.strip() not in _MARKS)
    return "\n".join(line.removesuffix(_BLANKED).rstrip() if line.endswith(_BLANKED) else line for line in lines)

"""The skeleton of a new exercise: a step that is proven after two edits, which are marked in it.

Where its notebook is new, that begins, too: an opening, and an `assignment.toml` for an assignment that is new.
The texts are in templates/; tags.py says of a step what edits are left.
"""

from __future__ import annotations

import ast
import builtins
import keyword
import re
from contextlib import suppress
from pathlib import Path
from string import Template

from autograder.errors import SourceError

from .registry import FILE, read_registry, step_files
from .tags import read_step

TEMPLATES = Path(__file__).with_name("templates")
LAST = 99  # of 99_close.py, before which new steps come
_NUMBER = re.compile(r"(\d+)")
_NAMED = re.compile(r'^# %%.*\b(?:exercise|check|written)="([^"]*)"', re.MULTILINE)


def write_skeleton(name: str, folder: Path) -> list[Path]:
    """Write the step of an exercise into a notebook's folder `solutions/<assignment>/<notebook>`.

    Returns the files that were written, the step last; raises SourceError where the name or the folder does not fit.
    """
    folder = folder.resolve()
    if (
        len(folder.parts) < 4
        or folder.parents[1].name != "solutions"
        or not folder.name.isidentifier()
        or folder.parent.name[0] in "._"
    ):
        raise SourceError(f"{folder} is no place for a notebook: name one such as solutions/02_boxes/q1_corners")
    if not name.isidentifier() or keyword.iskeyword(name) or name != name.lower():
        raise SourceError(
            f"{name!r} is no name of an exercise: write it in small letters, such as corners or box_share"
        )
    steps = step_files(folder)
    _verify_free(name, folder, steps)
    numbers = [int(found.group()) for path in steps if (found := _NUMBER.match(path.name))]
    number = max((each for each in numbers if each < LAST), default=0) + 1
    if number == LAST:
        raise SourceError(f"{folder} has no number left before {LAST}: give its steps smaller ones")
    words = name.replace("_", " ")
    written = [] if steps else _begin(folder)
    opening = steps[0].name if steps else written[-1].name
    step = folder / f"{number:02}_{name}.py"
    filled = {"name": name, "words": words, "title": words.capitalize(), "number": number, "opening": opening}
    return [*written, _write(step, "step", **filled)]


def _verify_free(name: str, folder: Path, steps: list[Path]) -> None:
    """No cell of the assignment and nothing in the notebook's opening is called so."""
    for path in sorted(folder.parent.glob("*/*.py")):
        if name in _NAMED.findall(path.read_text(encoding="utf-8")):
            raise SourceError(f"{name} is in use, in {path}: names are those of the gradebook, so take another one")
    if name in dir(builtins) or (steps and name in _bound(steps[0])):
        where = steps[0] if steps and name in _bound(steps[0]) else "Python itself"
        raise SourceError(f"{name} is in use: {where} gives it another meaning; a check of that name would hide it")


def _bound(opening: Path) -> set[str]:
    """Names that the notebook's opening gives a meaning."""
    names: set[str] = set()
    code = [cell.source for cell in read_step(opening, opening) if cell.kind in ("setup", "code")]
    with suppress(SyntaxError):  # a magic, or a slip that the proof will name
        for node in ast.walk(ast.parse("\n".join(code))):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                names.add(node.name)
            elif isinstance(node, ast.alias):
                names.add((node.asname or node.name).split(".")[0])
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
    return names


def _begin(folder: Path) -> list[Path]:
    """What a new notebook needs before its first step."""
    written = []
    if not (folder.parent / FILE).exists():
        others = read_registry(folder.parents[1]) if folder.parents[1].is_dir() else []
        order = max((entry.order for entry in others if entry.name != folder.parent.name), default=0) + 1
        title = folder.parent.name.lstrip("0123456789_").replace("_", " ").capitalize()
        written.append(_write(folder.parent / FILE, "assignment", title=title, order=order))
    title = folder.name.partition("_")[2].replace("_", " ").capitalize() or folder.name
    return [*written, _write(folder / "00_open.py", "opening", title=title, notebook=folder.name)]


def _write(path: Path, template: str, **filled: object) -> Path:
    text = Template((TEMPLATES / f"{template}.txt").read_text(encoding="utf-8"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text.substitute(filled), encoding="utf-8")
    return path

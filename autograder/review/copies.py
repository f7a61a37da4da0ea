"""Pasted library source: lines of an answer that stand, one after the other, in detrlab or torchvision too.

A pointer for a person, never a mark: an exercise may ask for what a library has, and a short answer can only be written
in one way. Lines of the release (signatures, docstrings) are not counted.
"""

from __future__ import annotations

import importlib.util
from collections import defaultdict
from functools import cache
from pathlib import Path

import nbformat

from .cells import MOST, students_cells

_PACKAGES = {"detrlab": "**/*.py", "torchvision": "ops/*.py"}
_LINES, _CHARACTERS = 6, 200  # that must be equal in a row


def pasted(notebook: nbformat.NotebookNode, release: nbformat.NotebookNode, files: dict[str, bytes]) -> list[str]:
    """For each of the student's cells and texts beside the notebook with pasted lines: where, how many, and whose."""
    known = {line for cell in release.cells for line in _lines(cell.source)}
    found = []
    texts = [(name, data.decode("utf-8", "replace")) for name, data in files.items() if len(data) <= MOST]
    for where, text in [*((cell.where, cell.source) for cell in students_cells(notebook, release)), *texts]:
        count, file = _longest_run([line for line in _lines(text) if line not in known])
        if count:
            found.append(f"{where}: {count} lines in a row are those of {file}")
    return found


def _longest_run(lines: list[str]) -> tuple[int, str]:
    places = _places()
    best, where = 0, ""
    runs: dict[
        tuple[str, int], tuple[int, int]
    ] = {}  # (file, line there) -> (lines, characters) of the run ending there
    for line in lines:
        before, runs = runs, {}
        for file, number in places.get(line, ()):
            count, characters = before.get((file, number - 1), (0, 0))
            runs[file, number] = (count + 1, characters + len(line))
            if count + 1 > best and count + 1 >= _LINES and characters + len(line) >= _CHARACTERS:
                best, where = count + 1, file
    return best, where


@cache
def _places() -> dict[str, list[tuple[str, int]]]:
    """Where each line of the libraries stands: {line: [(file, number)]}; very common lines only break a run."""
    places: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for package, pattern in _PACKAGES.items():
        spec = importlib.util.find_spec(package)
        if spec is None or spec.origin is None:
            continue
        root = Path(spec.origin).parent
        for path in sorted(root.glob(pattern)):
            name = f"{package}/{path.relative_to(root).as_posix()}"
            for number, line in enumerate(_lines(path.read_text(encoding="utf-8"))):
                places[line].append((name, number))
    return dict(places)


def _lines(text: str) -> list[str]:
    """Lines that say something: stripped, without comments of their own and blanks."""
    stripped = (line.strip() for line in text.splitlines())
    return [line for line in stripped if line and not line.startswith("#")]

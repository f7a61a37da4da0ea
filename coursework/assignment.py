"""What a folder of notebooks says of its assignment: `assignment.json`, which the build writes beside the notebooks."""

from __future__ import annotations

import fnmatch
import json
from dataclasses import dataclass
from pathlib import Path

FILE = "assignment.json"


@dataclass(frozen=True)
class Assignment:
    """The public part of an assignment: its notebooks in order, and patterns of files that are the student's own."""

    title: str
    order: int
    notebooks: tuple[str, ...]
    kept: tuple[str, ...]

    def keeps(self, name: str) -> bool:
        return any(fnmatch.fnmatchcase(name, pattern) for pattern in self.kept)


def read_assignment(folder: Path) -> Assignment | None:
    """The assignment whose notebooks lie in `folder`; None where none do, or where its file cannot be read."""
    try:
        said = json.loads((folder / FILE).read_text(encoding="utf-8"))
        title, order = str(said["title"]), int(said["order"])
        return Assignment(title, order, tuple(map(str, said["notebooks"])), tuple(map(str, said["kept"])))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def assignment_folders(course: Path) -> list[Path]:
    """The folders in `course` that hold an assignment, in the course's order."""
    found = [(said.order, path) for path in course.glob("*/") if (said := read_assignment(path))]
    return [path for _, path in sorted(found)]

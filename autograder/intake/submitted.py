"""Who handed in: the folders of submitted/, those that can be nobody's, and those that hold work in the wrong place."""

from __future__ import annotations

import os
from pathlib import Path

from coursework.submission import fits_student, shown

from .collect import find


def students(submitted: Path, assignment: str) -> list[str]:
    """Who handed in something for this assignment, in order; the name of the folder (or archive) is the student."""
    if not submitted.is_dir():
        return []
    return sorted(
        entry.name
        for entry in os.scandir(submitted)
        if not entry.name.startswith(".") and fits_student(entry.name) and find(submitted / entry.name, assignment)
    )


def unfit(submitted: Path) -> list[str]:
    """Names in submitted/ that can be nobody's: control characters, drives, patterns. To be said, not passed over."""
    if not submitted.is_dir():
        return []
    return sorted(shown(entry.name) for entry in os.scandir(submitted) if not fits_student(entry.name))


def misplaced(submitted: Path, assignments: list[str]) -> list[str]:
    """Folders of students with notebooks in them, and not in the folder of an assignment, where they are looked for."""
    if not submitted.is_dir():
        return []
    return sorted(
        entry.name
        for entry in os.scandir(submitted)
        if entry.is_dir(follow_symlinks=False)
        and not any(find(submitted / entry.name, assignment) for assignment in assignments)
        and any(name.lower().endswith(".ipynb") for name in os.listdir(entry))
    )

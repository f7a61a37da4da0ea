"""Comments to be used again, kept per criterion in a small JSON beside the log: {"notebook/cell": ["...", ...]}."""

from __future__ import annotations

import fcntl
import json
from pathlib import Path

from autograder.course.places import Places
from autograder.gradebook.written import Criterion
from coursework.files import write_whole

MOST = 50  # per criterion
LONGEST = 2_000  # characters


def kept(places: Places, assignment: str) -> dict[str, list[str]]:
    """All of an assignment's, by criterion as "notebook/cell"."""
    try:
        return json.loads(_path(places, assignment).read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}


def change(places: Places, assignment: str, criterion: Criterion, text: str, keep: bool) -> list[str]:
    """Keep a comment of a criterion, or drop it; returns those that are kept then.

    The file is read and written by one at a time, so that two persons do not take each other's comments away.
    """
    with open(places.records / f".comments-{assignment}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        everything = kept(places, assignment)
        others = [each for each in everything.get("/".join(criterion), []) if each != text]
        mine = [*others, text][-MOST:] if keep else others
        everything["/".join(criterion)] = mine
        write_whole(_path(places, assignment), json.dumps(everything, ensure_ascii=False, indent=1) + "\n")
    return mine


def _path(places: Places, assignment: str) -> Path:
    return places.records / f"comments-{assignment}.json"

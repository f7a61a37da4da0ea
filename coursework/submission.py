"""What may be handed in, for the student's side and the grader's alike: how much of it, under which names and ids."""

from __future__ import annotations

import hashlib
import unicodedata
from pathlib import PurePosixPath

MAX_FILE = 32 << 20  # bytes
MAX_TOTAL = 96 << 20
MAX_FILES = 200
MAX_DEPTH = 6  # folders below each other
GRADED = "NBGRADER_EXECUTION"  # environment: somebody grades; nbgrader sets it, and so do our sandbox and hand-in
PROGRESS = ".progress.json"  # a student's own, which stays at home
RELEASED = ".released.json"  # which release is where (autograder/build/handout/add_new.py)
CLUTTER = {"__MACOSX", ".ipynb_checkpoints", "__pycache__", ".DS_Store", "Thumbs.db", ".git", PROGRESS, RELEASED}


def is_clutter(name: str) -> bool:
    """Is it one of those files that systems leave behind, and nobody means to hand in?"""
    return any(part in CLUTTER or part.startswith(("._", PROGRESS)) for part in name.split("/"))


def plain_id(text: str) -> str:
    """The id of a cell that the course gives, without a name of its own: of its text, so changed text is told."""
    return hashlib.sha1(text.encode()).hexdigest()[:12]


def normal(name: str) -> str:
    """A safe path in the one way it can be written: archives may hold `./a//b`."""
    return PurePosixPath(name).as_posix()


def folded(name: str) -> str:
    """What two names share that a person, or some file system, takes for one: case, and ways to write a letter."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def parents(name: str) -> list[str]:
    """The folders that a relative path needs, outermost last."""
    return [parent.as_posix() for parent in PurePosixPath(name).parents][:-1]


def safe_path(name: str) -> bool:
    """Is it a relative path of plain names that stays where it begins?"""
    name = name.removeprefix("./")
    parts = PurePosixPath(name).parts
    return 0 < len(parts) <= MAX_DEPTH and not name.startswith("/") and all(map(plain, parts))


def plain(name: str) -> bool:
    """One part of a path that means the same everywhere: no separators, control characters, dots alone or drives."""
    return (
        0 < len(name.encode("utf-8", "surrogatepass")) <= 200
        and name not in (".", "..")
        and not any(character in '/\\:*?"<>|' or unicodedata.category(character)[0] == "C" for character in name)
    )


def fits_student(name: str) -> bool:
    """Can a student be called so? nbgrader looks for them with patterns, and finds no `[a]` and no outer spaces."""
    return plain(name) and name == name.strip() and not any(character in "[]" for character in name)


def shown(name: str) -> str:
    """A stranger's file name, fit to be printed."""
    return repr(name if len(name) <= 80 else name[:77] + "...")  # which writes out what cannot be seen

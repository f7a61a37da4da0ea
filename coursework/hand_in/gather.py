"""What of a student's folder is handed in: copied into a work folder, so that the student's own files stay as they are.

The limits are those of a grader's intake: what it would refuse is refused here, where something can be done about it.
"""

from __future__ import annotations

import os
import stat
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from coursework.assignment import FILE, read_assignment

from .pictures import SUFFIXES, clean_picture
from .sentences import say

MAX_FILE = 32 << 20  # bytes; a test holds these equal to the intake's
MAX_TOTAL = 96 << 20
MAX_FILES = 200
MAX_DEPTH = 6
CLUTTER = {"__MACOSX", ".ipynb_checkpoints", "__pycache__", ".DS_Store", "Thumbs.db", ".git", ".progress.json"}
_RESERVED = 4  # files that the hand-in adds, and some room


@dataclass
class Gathered:
    """The work folder's content: `notebooks` of the assignment that are there or missing, and the student's files."""

    folder: Path
    notebooks: dict[str, bool] = field(default_factory=dict)  # name: is it there?
    course_files: set[str] = field(default_factory=set)  # a grader has these itself
    kept: tuple[str, ...] = ()  # patterns of the student's own files, which are handed in in any case
    pictures: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)  # handed in if a notebook opens them
    left_out: dict[str, str] = field(default_factory=dict)  # name: why


def gather(folder: Path, work: Path) -> Gathered:
    """Copy what may be handed in from `folder` to `work`, pictures cleaned; nothing is followed, nothing is fatal."""
    found = Gathered(work)
    said = read_assignment(folder)
    names, found.kept = (said.notebooks, said.kept) if said else ((), ())
    found.notebooks = {name: (folder / f"{name}.ipynb").is_file() for name in names}
    found.course_files = {FILE, *(f"{name}{ending}" for name in names for ending in (".json", ".safetensors"))}
    total = 0
    for name in _walk(folder, "", 0, found):
        path, is_course = folder / name, name in found.course_files
        if name.endswith(".ipynb") and name.removesuffix(".ipynb") not in names:
            found.left_out[name] = say("other_notebook")
            continue
        size = path.stat().st_size
        if not is_course and size > MAX_FILE:
            found.left_out[name] = say("too_large", megabytes=MAX_FILE >> 20)
        elif not is_course and total + size > MAX_TOTAL:
            found.left_out[name] = say("too_much", megabytes=MAX_TOTAL >> 20)
        elif not is_course and len(found.pictures) + len(found.others) >= MAX_FILES - len(names) - _RESERVED:
            found.left_out[name] = say("too_many", count=MAX_FILES)
        else:
            total += 0 if is_course else size
            _copy(path, name, found)
    return found


def _walk(folder: Path, prefix: str, depth: int, found: Gathered) -> list[str]:
    names: list[str] = []
    # Notebooks and files come before folders: where a limit cuts something off, it is what lies deeper.
    for entry in sorted(os.scandir(folder), key=lambda entry: (entry.is_dir(), not _is_notebook(entry), entry.name)):
        name = prefix + entry.name
        if entry.name in CLUTTER or entry.name.startswith(("._", ".progress.json")):
            continue
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            found.left_out[name] = say("a_link")
        elif not is_plain(entry.name):
            found.left_out[name] = say("not_plain")
        elif stat.S_ISDIR(mode):
            if depth + 1 < MAX_DEPTH and not entry.name.startswith("."):
                names += _walk(Path(entry.path), f"{name}/", depth + 1, found)
        elif stat.S_ISREG(mode):
            names.append(name)
    return names


def _is_notebook(entry: os.DirEntry) -> bool:
    return entry.name.endswith(".ipynb")


def _copy(path: Path, name: str, found: Gathered) -> None:
    target = found.folder / name
    is_picture = path.suffix.lower() in SUFFIXES
    try:
        data = path.read_bytes()
        data = clean_picture(data) if is_picture else data
    except OSError as error:
        found.left_out[name] = error.strerror or "it cannot be read"
        return
    except ValueError:
        found.left_out[name] = say("no_picture")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    if is_picture:
        found.pictures.append(name)
    elif name not in found.course_files and not name.endswith(".ipynb"):
        found.others.append(name)


def is_plain(name: str) -> bool:
    """A name that means the same on every computer: no separators, control characters, dots alone or drives."""
    return (
        0 < len(name.encode("utf-8", "surrogatepass")) <= 200
        and name not in (".", "..")
        and not any(character in '/\\:*?"<>|' or unicodedata.category(character)[0] == "C" for character in name)
    )

"""What of a student's folder is handed in: copied into a work folder, so that the student's own files stay as they are.

What a grader's intake would refuse is refused here, where something can be done about it.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path

from coursework.assignment import FILE, read_assignment
from coursework.submission import MAX_DEPTH, MAX_FILE, MAX_FILES, MAX_TOTAL, is_clutter, plain

from .pictures import SUFFIXES, clean_picture
from .sentences import Note

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
    left_out: dict[str, Note] = field(default_factory=dict)  # name: why


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
            found.left_out[name] = Note("other_notebook")
            continue
        size = path.stat().st_size
        if not is_course and size > MAX_FILE:
            found.left_out[name] = Note("too_large", {"megabytes": MAX_FILE >> 20})
        elif not is_course and total + size > MAX_TOTAL:
            found.left_out[name] = Note("too_much", {"megabytes": MAX_TOTAL >> 20})
        elif not is_course and len(found.pictures) + len(found.others) >= MAX_FILES - len(names) - _RESERVED:
            found.left_out[name] = Note("too_many", {"count": MAX_FILES})
        else:
            total += 0 if is_course else size
            _copy(path, name, found)
    return found


def _walk(folder: Path, prefix: str, depth: int, found: Gathered) -> list[str]:
    names: list[str] = []
    # Notebooks and files come before folders: where a limit cuts something off, it is what lies deeper.
    for entry in sorted(os.scandir(folder), key=lambda entry: (entry.is_dir(), not _is_notebook(entry), entry.name)):
        name = prefix + entry.name
        if is_clutter(entry.name):
            continue
        mode = entry.stat(follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            found.left_out[name] = Note("a_link")
        elif not plain(entry.name):
            found.left_out[name] = Note("not_plain")
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
        found.left_out[name] = Note("not_opened", {"error": error.strerror})
        return
    except ValueError:
        found.left_out[name] = Note("no_picture")
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(data)
    if is_picture:
        found.pictures.append(name)
    elif name not in found.course_files and not name.endswith(".ipynb"):
        found.others.append(name)

"""Intake: what a student handed in, as names and bytes. Nothing is run, no link is followed, nothing is fatal.

A submission is a folder `submitted/<student>/<assignment>/` (nbgrader's layout) or an archive, .zip or .tar.gz, in
that folder or in its place. Everything in it is a stranger's: only regular files under plain names are taken, within
limits that hold before anything is parsed. What is left out is said in `notes`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from coursework.marking.messages import Note
from coursework.submission import MAX_DEPTH, fits_student, is_clutter, plain, shown

from .archives import ARCHIVES, unpack
from .basket import Basket, Full

TIMESTAMP = "timestamp.txt"
MAX_STAMP = 100  # bytes
_STAMP = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[ T](?P<time>\d\d:\d\d(:\d\d(\.\d{1,6})?)?)"
    r" ?(?:(?P<offset>Z|[+-]\d\d:?\d\d)|(?P<zone>[A-Z]{3,5}))?",
    re.ASCII,
)


@dataclass
class HandedIn:
    """One student's files for one assignment, by plain relative name; `notes` says what was left out and why."""

    student: str
    assignment: str
    files: dict[str, bytes] = field(default_factory=dict)
    timestamp: datetime | None = None
    notes: list[Note] = field(default_factory=list)


def find(folder: Path, assignment: str) -> Path | None:
    """The folder or archive of an assignment in a student's folder, be it a link or whatever (it is reported)."""
    names = [assignment, *(assignment + ending for ending in ARCHIVES)]
    return next((folder / name for name in names if os.path.lexists(folder / name)), None)


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
        and not closed(Path(entry.path))
        and not any(find(submitted / entry.name, assignment) for assignment in assignments)
        and any(name.lower().endswith(".ipynb") for name in os.listdir(entry))
    )


def unreadable(submitted: Path) -> dict[str, str]:
    """Folders of students that cannot be looked into, and why: what lies in them seems not to be there."""
    if not submitted.is_dir():
        return {}
    folders = sorted(entry.name for entry in os.scandir(submitted) if entry.is_dir(follow_symlinks=False))
    return {name: why for name in folders if (why := closed(submitted / name))}


def closed(folder: Path) -> str:
    """Why a folder cannot be looked into; nothing where it can, or is not there."""
    try:
        os.listdir(folder)
        os.stat(folder / ".")  # who may list a folder may still not enter it
    except FileNotFoundError:
        return ""
    except OSError as error:
        return error.strerror or type(error).__name__
    return ""


def date_beside(submitted: Path, student: str, assignment: str) -> tuple[datetime | None, list[Note]]:
    """When a submission was handed in, as the date beside its notebooks says, and what is wrong with that date."""
    basket, path = Basket(), find(submitted / student, assignment)
    with contextlib.suppress(OSError):  # mostly: there is none
        if path is not None and stat.S_ISDIR(os.lstat(path).st_mode):
            _take_file(path / TIMESTAMP, TIMESTAMP, basket)
    return _timestamp(basket.files.get(TIMESTAMP), basket), basket.notes


def collect(submitted: Path, student: str, assignment: str) -> HandedIn:
    """Read one student's submission; whatever is wrong with it ends up in `notes`, never in an exception."""
    handed_in, basket = HandedIn(student, assignment), Basket()
    path = find(submitted / student, assignment)
    if path is None:
        basket.notes.append(Note("nothing_handed_in"))
    else:
        try:
            _take(path, basket)
            handed_in.timestamp = _timestamp(basket.files.pop(TIMESTAMP, None), basket)
            unpack(basket)
            basket.count()
        except Full as full:
            basket.notes.append(Note("not_all_read", {"why": full.why}))
        except OSError as error:
            basket.notes.append(Note("not_all_readable", {"error": error.strerror}))
    handed_in.files, handed_in.notes = _without_shell(basket.files), basket.notes
    return handed_in


def fingerprint(submitted: Path, student: str, assignment: str) -> str:
    """A fingerprint of the files of a submission as they lie there, by name and content; archives stay closed.

    What is not read of it does not count, and neither does the date that lies beside the notebooks.
    """
    total, basket, path = hashlib.sha256(), Basket(), find(submitted / student, assignment)
    with contextlib.suppress(Full, OSError):  # `collect` says it
        if path is not None:
            _take(path, basket)
    for name in sorted(basket.files.keys() - {TIMESTAMP}):
        total.update(f"{name}\0{len(basket.files[name])}\0".encode())
        total.update(basket.files[name])
    return total.hexdigest()[:16]


def _take(path: Path, basket: Basket) -> None:
    """The files of a submission, as they lie there."""
    if stat.S_ISDIR(os.lstat(path).st_mode):
        _take_folder(path, "", basket, 0)
    else:
        _take_file(path, path.name, basket)


def _take_folder(folder: Path, prefix: str, basket: Basket, depth: int) -> None:
    if depth > MAX_DEPTH:
        basket.leave(prefix, Note("too_deep", {"count": MAX_DEPTH}))
        return
    found = []
    with os.scandir(folder) as entries, contextlib.suppress(Full):  # what was found before the limit is still read
        for entry in entries:
            basket.look()
            found.append(entry)
    for entry in sorted(found, key=_notebooks_first):
        name = prefix + entry.name
        if is_clutter(entry.name):
            continue
        if not plain(entry.name):
            basket.leave(name, Note("not_plain"))
        elif entry.is_dir(follow_symlinks=False):
            _take_folder(Path(entry.path), f"{name}/", basket, depth + 1)
        else:
            _take_file(Path(entry.path), name, basket)


def _notebooks_first(entry: os.DirEntry) -> tuple[bool, bool, str]:
    """Where the limits cut something off, it is not the notebooks."""
    return entry.is_dir(follow_symlinks=False), not entry.name.lower().endswith((".ipynb", *ARCHIVES)), entry.name


def _take_file(path: Path, name: str, basket: Basket) -> None:
    mode = os.lstat(path).st_mode
    if not stat.S_ISREG(mode):
        basket.leave(name, Note("a_link" if stat.S_ISLNK(mode) else "only_regular"))
        return
    try:  # opened without following: the name may become a link or a pipe between the look and the reading
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        basket.leave(name, Note("not_opened", {"error": error.strerror}))
        return
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            basket.leave(name, Note("not_regular"))
            return
        basket.take(name, file.read(basket.room() + 1))


def _without_shell(files: dict[str, bytes]) -> dict[str, bytes]:
    """The files without a folder around all of them, which archives often have."""
    while files and all("/" in name for name in files) and len({name.split("/")[0] for name in files}) == 1:
        files = {name.split("/", 1)[1]: data for name, data in files.items()}
    return files


def _timestamp(stamp: bytes | None, basket: Basket) -> datetime | None:
    if stamp is None:
        return None
    try:
        return moment(stamp[: MAX_STAMP + 1].decode())
    except Exception:  # dateutil and zoneinfo trust their input
        basket.notes.append(Note("no_date", {"file": TIMESTAMP}))
        return None


def moment(text: str) -> datetime:
    """A date in UTC from ISO 8601, or as nbgrader writes it ("2026-11-20 09:00:00.123 UTC"); else raises ValueError.

    Strict, for dateutil takes nearly everything for a date, and opens files that are named as a time zone.
    """
    found = _STAMP.fullmatch(text.strip()) if len(text) <= MAX_STAMP else None
    if found is None:
        raise ValueError("not a date")
    date = datetime.fromisoformat(f"{found['day']} {found['time']}{found['offset'] or ''}")
    if found["zone"]:
        date = date.replace(tzinfo=ZoneInfo(found["zone"]))
    return date.astimezone(UTC).replace(tzinfo=None) if date.tzinfo else date

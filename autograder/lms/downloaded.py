"""What a learning management system packs up, and whose it is: the files in downloaded/<assignment>/archive/.

The folder is nbgrader's (`nbgrader zip_collect`): archives, loose files, or folders that a browser unpacked. Whose a
file is stands in its name, as Moodle, Blackboard or Canvas writes it, or as `FileNameCollectorPlugin.named_regexp` in
nbgrader_config.py says. Only the beginning of a name counts: what follows was chosen by the student, who might put
another's name there; and all names of one download (an archive, or what lies loose) are read in the one way that fits
most of them.
"""

from __future__ import annotations

import os
import re
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path

from nbgrader.utils import parse_utc

from autograder.course.places import Places
from autograder.errors import GradeError
from autograder.gradebook.opened import Book
from autograder.intake.archives import ARCHIVES
from autograder.intake.collect import TIMESTAMP
from coursework.submission import MAX_FILE, fits_student, folded, is_clutter

from .whose import Owner, owners

MAX_NAMES = 200_000  # in one archive of a whole class
Key = tuple[Path, str]  # a file on disk, and a member of it where it is an archive
Reader = Callable[[str], re.Match | None]
_DATE = re.compile(r"(\d{4}-\d\d-\d\d)-(\d\d)-(\d\d)-(\d\d)")  # Blackboard's; dateutil takes it for something else

# Moodle, in folders or flat: "Ada Lovelace_4711_assignsubmission_file_/q1.ipynb". A full name has no underscore there.
# The number is the participant's in this one assignment.
MOODLE = re.compile(r"(?P<folder>(?P<name>[^/_]+)_(?P<number>\d+)_assignsubmission_[a-z]+_)/?(?P<file>.+)")
# Canvas: "lovelaceada_LATE_4711_9001_q1.ipynb". The first number is the user's, everywhere in this Canvas; the second
# is this file's.
CANVAS = re.compile(r"(?P<name>[^\W_]+)_(?P<late>LATE_)?(?P<user>\d+)_\d+_(?P<file>[^/]+)")
# In order: where two fit as many names, the first is more particular.
_LAYOUTS = (
    MOODLE,
    # Blackboard (and nbgrader's manual): "Homework 1_ada_attempt_2026-01-30-15-30-10_q1.ipynb", and a .txt about it.
    # Where the title ends is not written.
    re.compile(r"(?P<owner>(?:(?!_attempt_)[^/])*_[^/_]+)_attempt_(?P<timestamp>[\d-]+)(?:\.txt|_(?P<file>[^/]+))"),
    CANVAS,
)


@dataclass(frozen=True)
class Entry:
    """A file below the folder, loose or in an archive: its path as nbgrader would unpack it, and how to read it."""

    key: Key
    name: str
    size: int
    crc: Callable[[], int]
    read: Callable[[int], bytes]  # at most so many bytes


@dataclass
class Pile:
    """One student's files: the names to give them, and what the names they have say of when they were handed in."""

    files: dict[Key, str] = field(default_factory=dict)
    names: dict[Key, str] = field(default_factory=dict)  # the names they have
    older: set[Key] = field(default_factory=set)  # of the student as well, and not taken
    dates: dict[str, datetime] = field(default_factory=dict)  # by name given
    late: bool = False
    user: str = ""  # the number of this user in Canvas


@dataclass
class Download:
    """Whose is what; `nobodys` are files whose names name no student."""

    piles: dict[str, Pile] = field(default_factory=dict)
    nobodys: list[str] = field(default_factory=list)
    alike: list[str] = field(default_factory=list)  # full names that several students have
    doubtful: dict[str, list[str]] = field(default_factory=dict)  # files that may be several students', by why
    perhaps: dict[str, list[str]] = field(default_factory=dict)  # files that may be a student's, by folded name


def look(places: Places, folder: Path, book: Book) -> Download:
    """Whose files lie in `folder`, by their names; raises GradeError for an archive that cannot be read."""
    names, contents = {}, {}
    matches: dict[Key, re.Match | None] = {}
    downloads: dict[Path | None, dict[Key, str]] = {}
    for entry in entries(places, folder):  # not kept whole: of a tar archive it holds the bytes
        names[entry.key], contents[entry.key] = entry.name, (entry.size, entry.crc)
        path, member = entry.key
        downloads.setdefault(path if member else None, {})[entry.key] = entry.name
    readers = _readers(places, folder)
    for its in downloads.values():
        tries = [{key: reader(name) for key, name in its.items()} for reader in readers]
        best = max(tries, key=lambda tried: sum(match is not None for match in tried.values()))
        matches.update(best)
    groups = {key: {k: v or "" for k, v in match.groupdict().items()} for key, match in matches.items() if match}
    download, alike = Download(), set()
    whose = dict(zip(groups, owners(book, list(groups.values())), strict=True))
    for key, name in names.items():
        said, owner = groups.get(key, {}), whose.get(key, Owner())
        for student in owner.perhaps:
            download.perhaps.setdefault(folded(student), []).append(name)
        if owner.why:
            download.doubtful.setdefault(owner.why, []).append(name)
            continue
        student = owner.student
        if not student or not fits_student(student) or student.startswith("."):
            download.nobodys.append(name)
            continue
        if owner.perhaps and "number" in said:
            alike.add(said["name"])
        pile = download.piles.setdefault(student, Pile(user=said.get("user", "")))
        pile.late |= bool(said.get("late"))
        pile.names[key] = name
        file = _file(said, name)
        if any(_same(contents[key], contents[other]) for other, given in pile.files.items() if given == file):
            pile.older.add(key)  # the same again, in another archive
        else:
            _add(pile, key, name, file, _date(said.get("timestamp", "")))
    download.alike = sorted(alike)
    return download


def _readers(places: Places, folder: Path) -> list[Reader]:
    """The ways to read a file's name: the instructor's own, or those that we know."""
    pattern = places.config.FileNameCollectorPlugin.get("named_regexp", "")
    if pattern:  # nbgrader gives it the whole path below extracted/
        try:
            named = re.compile(pattern)
        except re.error as error:
            raise GradeError(f"named_regexp in nbgrader_config.py is no regular expression: {error}") from error
        return [lambda name: named.match(str(folder.parent / "extracted" / name))]
    return [partial(outermost, layout) for layout in _LAYOUTS]


def outermost(layout: re.Pattern, name: str) -> re.Match | None:
    """The outermost part of the path that is named so; what lies within it is the student's."""
    parts = name.split("/")
    return next((match for i in range(len(parts)) if (match := layout.fullmatch("/".join(parts[i:])))), None)


def _same(one: tuple[int, Callable[[], int]], other: tuple[int, Callable[[], int]]) -> bool:
    """Are size and check sum the same? The sum of a loose file is computed only here."""
    return one[0] == other[0] and one[1]() == other[1]()


def _file(said: dict[str, str], name: str) -> str:
    """The file's own name; nbgrader takes the ending from the whole one."""
    if said.get("file_id"):
        return os.path.splitext(said["file_id"])[0] + os.path.splitext(name)[1]
    return said.get("file", "")


def _add(pile: Pile, key: Key, name: str, file: str, date: datetime | None) -> None:
    """Add a file; of two of one name the newer one stays, or both, where nothing says which is newer."""
    if not file or file.casefold() == TIMESTAMP:  # when it was handed in is not the student's to say
        pile.older.add(key)
        return
    other = next((known for known, given in pile.files.items() if given == file), None)
    if other is not None:
        if date is None or file not in pile.dates:
            file = name.replace("/", "_")
        elif date < pile.dates[file]:
            pile.older.add(key)
            return
        else:
            del pile.files[other]
            pile.older.add(other)
    pile.files[key] = file
    if date is not None:
        pile.dates[file] = date


def _date(text: str) -> datetime | None:
    try:
        return parse_utc(_DATE.sub(r"\1 \2:\3:\4", text)) if text else None
    except Exception:  # dateutil trusts its input, and the instructor's pattern may take anything for a date
        return None


def entries(places: Places, folder: Path) -> Iterator[Entry]:
    """Every regular file, in order; an archive is opened unless its own name says that it is one student's."""
    readers = _readers(places, folder)
    for path in sorted(path for path in folder.rglob("*") if stat.S_ISREG(path.lstat().st_mode)):
        name = path.relative_to(folder).as_posix()
        ending = next((ending for ending in ARCHIVES if name.lower().endswith(ending)), "")
        if is_clutter(name):
            continue
        if not ending or any(reader(name) for reader in readers):
            yield Entry((path, ""), name, path.stat().st_size, partial(file_crc, path), partial(_head, path))
            continue
        try:
            yield from (_zip_entries if ending == ".zip" else _tar_entries)(path, name[: -len(ending)])
        except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError) as error:
            raise GradeError(f"{path} is not a readable archive ({error}): download it again") from error


def _zip_entries(path: Path, prefix: str) -> Iterator[Entry]:
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        if len(members) > MAX_NAMES:
            raise GradeError(f"{path} holds {len(members):,} names, more than {MAX_NAMES:,}: it is no class's work")

        def read(member: zipfile.ZipInfo, limit: int) -> bytes:
            with archive.open(member) as file:
                return file.read(limit)

        for member in members:
            regular = stat.S_IFMT(member.external_attr >> 16) in (0, stat.S_IFREG)
            if regular and not member.is_dir() and not is_clutter(member.filename):
                name, crc = f"{prefix}/{member.filename}", partial(int, member.CRC)
                yield Entry((path, member.filename), name, member.file_size, crc, partial(read, member))


def _tar_entries(path: Path, prefix: str) -> Iterator[Entry]:
    with tarfile.open(path, "r|*") as archive:
        for count, member in enumerate(archive):
            if count >= MAX_NAMES:
                raise GradeError(f"{path} holds more than {MAX_NAMES:,} names: it is no class's work")
            if member.isreg() and not is_clutter(member.name):
                file = archive.extractfile(member)
                assert file is not None, "a regular member has content"
                data = file.read(MAX_FILE + 1)  # a stream: now or never
                name, crc = f"{prefix}/{member.name.removeprefix('./')}", partial(int, zlib.crc32(data))
                yield Entry((path, member.name), name, member.size, crc, partial(_start, data))


def _start(data: bytes, limit: int) -> bytes:
    return data[:limit]


def _head(path: Path, limit: int) -> bytes:
    with open(path, "rb") as file:
        return file.read(limit)


def file_crc(path: Path) -> int:
    """The check sum that zip archives keep of their members."""
    crc = 0
    with open(path, "rb") as file:
        while piece := file.read(1 << 20):
            crc = zlib.crc32(piece, crc)
    return crc

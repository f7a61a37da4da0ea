"""Intake: what a student handed in, as names and bytes. Nothing is run, no link is followed, nothing is fatal.

A submission is a folder `submitted/<student>/<assignment>/` (nbgrader's layout) or an archive, .zip or .tar.gz, in
that folder or in its place. Everything in it is a stranger's: only regular files under plain names are taken, within
limits that hold before anything is parsed. What is left out is said in `notes`.
"""

from __future__ import annotations

import contextlib
import gzip
import io
import os
import re
import stat
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from coursework.submission import CLUTTER, MAX_DEPTH, folded, is_clutter, normal, parents, plain, safe_path, shown

MAX_FILE = 32 << 20  # bytes
MAX_TOTAL = 96 << 20
MAX_FILES = 200
MAX_ENTRIES = 2_000  # names looked at, taken or not
MAX_UNPACKED = 256 << 20  # bytes that come out of all archives of one submission, taken or not
MAX_HEADER = 16 << 10  # bytes of one long name or table in a tar archive, which tarfile reads whole
ARCHIVES = (".zip", ".tar.gz", ".tgz", ".gz")
TIMESTAMP = "timestamp.txt"
MAX_STAMP = 100  # bytes
_STAMP = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[ T](?P<time>\d\d:\d\d(:\d\d(\.\d{1,6})?)?)"
    r" ?(?:(?P<offset>Z|[+-]\d\d:?\d\d)|(?P<zone>[A-Z]{3,5}))?",
    re.ASCII,
)
_EXTRA = {  # kinds of tar headers whose content is about the next member
    tarfile.GNUTYPE_LONGNAME,
    tarfile.GNUTYPE_LONGLINK,
    tarfile.XHDTYPE,
    tarfile.XGLTYPE,
    tarfile.SOLARIS_XHDTYPE,
}


@dataclass
class HandedIn:
    """One student's files for one assignment, by plain relative name; `notes` says what was left out and why."""

    student: str
    assignment: str
    files: dict[str, bytes] = field(default_factory=dict)
    timestamp: datetime | None = None
    notes: list[str] = field(default_factory=list)


class Full(Exception):
    """The limits of a submission are reached; the rest is not read."""


def _too_much() -> Full:
    return Full(f"archives that unpack to more than {MAX_UNPACKED >> 20} MB")


@dataclass
class Basket:
    """Takes files while the limits allow."""

    files: dict[str, bytes] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    total: int = 0
    seen: int = 0
    unpacked: int = 0
    _folded: set[str] = field(default_factory=set)
    _folders: set[str] = field(default_factory=set)  # of the files, folded as their names are

    def look(self) -> None:
        """Count one more name; the submission ends where there are too many."""
        self.seen += 1
        if self.seen > MAX_ENTRIES:
            raise Full(f"more than {MAX_ENTRIES} names")

    def room(self) -> int:
        """Bytes that the next file may have."""
        return min(MAX_FILE, MAX_TOTAL - self.total)

    def unpack(self, size: int) -> None:
        """Count bytes that came out of an archive, taken or not; the submission ends where there are too many."""
        self.unpacked += size
        if self.unpacked > MAX_UNPACKED:
            raise _too_much()

    def leave(self, name: str, why: str) -> None:
        """Note a file that is not taken."""
        if len(self.notes) < 20:
            self.notes.append(f"left out {shown(name)}: {why}")

    def take(self, name: str, data: bytes) -> None:
        """Keep a file if it has room and its name is free; raises Full where there are too many."""
        if len(self.files) >= MAX_FILES:
            raise Full(f"more than {MAX_FILES} files")
        if len(data) > self.room():
            size = "files" if self.room() < MAX_FILE else "file"
            self.leave(name, f"{size} larger than {(MAX_TOTAL if size == 'files' else MAX_FILE) >> 20} MB")
        elif folded(name) in self._folded:
            self.leave(name, "another file has this name")
        elif folded(name) in self._folders or not self._folded.isdisjoint(map(folded, parents(name))):
            self.leave(name, "a file cannot have the name of a folder")
        else:
            self._folded.add(folded(name))
            self._folders.update(map(folded, parents(name)))
            self.files[name] = data
            self.total += len(data)


def find(folder: Path, assignment: str) -> Path | None:
    """The folder or archive of an assignment in a student's folder, be it a link or whatever (it is reported)."""
    names = [assignment, *(assignment + ending for ending in ARCHIVES)]
    return next((folder / name for name in names if os.path.lexists(folder / name)), None)


def collect(submitted: Path, student: str, assignment: str) -> HandedIn:
    """Read one student's submission; whatever is wrong with it ends up in `notes`, never in an exception."""
    handed_in, basket = HandedIn(student, assignment), Basket()
    path = find(submitted / student, assignment)
    if path is None:
        basket.notes.append("nothing was handed in")
    else:
        try:
            if stat.S_ISDIR(os.lstat(path).st_mode):
                _take_folder(path, "", basket, 0)
            else:
                _take_file(path, path.name, basket)
            handed_in.timestamp = _timestamp(basket.files.pop(TIMESTAMP, None), basket)
            _unpack(basket)
            if basket.seen > MAX_ENTRIES:
                raise Full(f"more than {MAX_ENTRIES} names")
        except Full as full:
            basket.notes.append(f"not everything was read: {full}")
        except OSError as error:
            basket.notes.append(f"not everything could be read ({error.strerror})")
    handed_in.files, handed_in.notes = _without_shell(basket.files), basket.notes
    return handed_in


def _take_folder(folder: Path, prefix: str, basket: Basket, depth: int) -> None:
    if depth > MAX_DEPTH:
        basket.leave(prefix, f"folders nested more than {MAX_DEPTH} deep")
        return
    found = []
    with os.scandir(folder) as entries, contextlib.suppress(Full):  # what was found before the limit is still read
        for entry in entries:
            basket.look()
            found.append(entry)
    for entry in sorted(found, key=_notebooks_first):
        name = prefix + entry.name
        if entry.name in CLUTTER:
            continue
        if not plain(entry.name):
            basket.leave(name, "not a plain file name")
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
        kind = "a link" if stat.S_ISLNK(mode) else "not a regular file"
        basket.leave(name, f"{kind}, only regular files are read")
        return
    try:  # opened without following: the name may become a link or a pipe between the look and the reading
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        basket.leave(name, error.strerror or "it cannot be opened")
        return
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            basket.leave(name, "not a regular file")
            return
        basket.take(name, file.read(basket.room() + 1))


def _unpack(basket: Basket) -> None:
    """Open the archives among the files, and archives in archives once more, within the same limits."""
    for _ in range(2):
        packed = [name for name in basket.files if name.lower().endswith(ARCHIVES)]
        for name in packed:
            data = basket.files.pop(name)
            basket.total -= len(data)
            members = _zip_members if data[:2] == b"PK" else _tar_members
            try:
                for member, content in members(data, basket):
                    basket.take(member, content)
            except Full:
                raise
            except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError) as error:
                basket.notes.append(f"{shown(name)} is not a readable archive ({error})")
            except Exception as error:  # whatever the libraries make of a stranger's bytes
                basket.notes.append(f"{shown(name)} cannot be unpacked ({type(error).__name__}: {error})")


def _zip_members(data: bytes, basket: Basket) -> Iterator[tuple[str, bytes]]:
    end = data.rfind(b"PK\x05\x06", max(0, len(data) - (1 << 16) - 22))
    if end < 0 or len(data) < end + 22:
        raise zipfile.BadZipFile("it has no end; was the upload cut off?")
    directory_size = struct.unpack_from("<L", data, end + 12)[0]
    if directory_size > MAX_ENTRIES * 512:  # before zipfile reads a directory of a million names
        raise Full(f"an archive of more than {MAX_ENTRIES} names")
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for member in archive.infolist():
            basket.look()
            mode = member.external_attr >> 16
            if member.is_dir() or is_clutter(member.filename):
                continue
            if not safe_path(member.filename):
                basket.leave(member.filename, "not a plain name inside the submission")
            elif mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
                basket.leave(member.filename, "not a regular file")
            elif member.flag_bits & 1:
                basket.leave(member.filename, "it is encrypted")
            elif member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
                # zipfile unpacks the others without a limit: 4 KB of bzip2 may become gigabytes in one step
                basket.leave(member.filename, "its compression is not read; zip it in the ordinary way (deflate)")
            else:
                with archive.open(member) as file:  # the size is what comes out, not what the archive claims
                    data = file.read(basket.room() + 1)
                basket.unpack(len(data))
                yield normal(member.filename), data


class _Capped(io.RawIOBase):
    """A gzip stream whose bytes count for the submission, and which ends: tarfile would skip on for ever."""

    def __init__(self, data: bytes, basket: Basket):
        self._stream, self._basket, self._empty = gzip.GzipFile(fileobj=io.BytesIO(data)), basket, 0

    def read(self, size: int = -1) -> bytes:
        piece = self._stream.read(min(size, 1 << 20) if size >= 0 else 1 << 20)
        self._basket.unpack(len(piece))
        self._empty += not piece
        if self._empty > 8:  # an archive without its end, which is common, needs one or two
            raise tarfile.ReadError("it ends too early; was the upload cut off?")
        return piece


def _headers(basket: Basket) -> type[tarfile.TarInfo]:
    """How tarfile reads headers, within limits: it reads long names and tables whole, and believes any size."""

    class Header(tarfile.TarInfo):
        def _proc_member(self, archive: tarfile.TarFile) -> tarfile.TarInfo:
            basket.look()
            if self.type in _EXTRA and self.size > MAX_HEADER:
                raise tarfile.ReadError(f"a name of {self.size} bytes")
            _possible(self.size)
            return super()._proc_member(archive)

        def _refuse(self, *_: object) -> None:
            raise tarfile.ReadError("it holds a sparse file; its map of holes may have no end")

        _proc_sparse = _proc_gnusparse_00 = _proc_gnusparse_01 = _proc_gnusparse_10 = _refuse

    return Header


def _possible(size: int) -> None:
    """Raises before tarfile goes that far, or back."""
    if size < 0:
        raise tarfile.ReadError(f"a member of {size} bytes")
    if size > MAX_UNPACKED:
        raise _too_much()


def _tar_members(data: bytes, basket: Basket) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(fileobj=_Capped(data, basket), mode="r|", tarinfo=_headers(basket)) as archive:
        for member in archive:
            _possible(member.size)  # an extended header may have changed it
            if member.isdir() or is_clutter(member.name):
                continue
            if not member.isreg():
                basket.leave(member.name, "not a regular file")
            elif not safe_path(member.name):
                basket.leave(member.name, "not a plain name inside the submission")
            else:
                file = archive.extractfile(member)
                assert file is not None, "a regular member has content"
                yield normal(member.name), file.read(basket.room() + 1)


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
        basket.notes.append(f"{TIMESTAMP} is not a date: when it was handed in is unknown")
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

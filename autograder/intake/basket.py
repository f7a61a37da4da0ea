"""What of a submission is taken: files under free names, as long as the limits allow; the rest is noted."""

from __future__ import annotations

from dataclasses import dataclass, field

from coursework.marking.messages import Note
from coursework.submission import MAX_FILE, MAX_FILES, MAX_TOTAL, folded, parents, shown

MAX_ENTRIES = 2_000  # names looked at, taken or not
MAX_UNPACKED = 256 << 20  # bytes that come out of all archives of one submission, taken or not


class Full(Exception):
    """The limits of a submission are reached, and `why` says which; the rest is not read."""

    def __init__(self, why: Note):
        super().__init__(why)
        self.why = why


def left_out(name: str, why: Note) -> Note:
    """What is said of a file that is not taken."""
    return Note("left_out", {"name": shown(name), "why": why})


@dataclass
class Basket:
    """Takes files while the limits allow."""

    files: dict[str, bytes] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    total: int = 0
    seen: int = 0
    unpacked: int = 0
    _folded: set[str] = field(default_factory=set)
    _folders: set[str] = field(default_factory=set)  # of the files, folded as their names are

    def look(self) -> None:
        """Count one more name; the submission ends where there are too many."""
        self.seen += 1
        self.count()

    def count(self) -> None:
        """Raises Full where more names were seen than are looked at."""
        if self.seen > MAX_ENTRIES:
            raise Full(Note("too_many_names", {"count": MAX_ENTRIES}))

    def room(self) -> int:
        """Bytes that the next file may have."""
        return min(MAX_FILE, MAX_TOTAL - self.total)

    def unpack(self, size: int) -> None:
        """Count bytes that came out of an archive, taken or not; the submission ends where there are too many."""
        self.unpacked += size
        self.allow(self.unpacked)

    def allow(self, size: int) -> None:
        """Raises Full where so many bytes are more than may come out of the archives."""
        if size > MAX_UNPACKED:
            raise Full(Note("unpacks_to_too_much", {"megabytes": MAX_UNPACKED >> 20}))

    def leave(self, name: str, why: Note) -> None:
        """Note a file that is not taken."""
        if len(self.notes) < 20:
            self.notes.append(left_out(name, why))

    def take(self, name: str, data: bytes) -> None:
        """Keep a file if it has room and its name is free; raises Full where there are too many."""
        if len(self.files) >= MAX_FILES:
            raise Full(Note("too_many_files", {"count": MAX_FILES}))
        if len(data) > self.room():
            alone = self.room() == MAX_FILE
            message, most = ("file_too_large", MAX_FILE) if alone else ("files_too_large", MAX_TOTAL)
            self.leave(name, Note(message, {"megabytes": most >> 20}))
        elif folded(name) in self._folded:
            self.leave(name, Note("name_taken"))
        elif folded(name) in self._folders or not self._folded.isdisjoint(map(folded, parents(name))):
            self.leave(name, Note("name_of_a_folder"))
        else:
            self._folded.add(folded(name))
            self._folders.update(map(folded, parents(name)))
            self.files[name] = data
            self.total += len(data)

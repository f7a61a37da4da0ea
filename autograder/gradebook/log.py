"""The log of all marks: one line of JSON per event, only ever appended to, on disk before the next step is taken.

Events: "run" (seeds, versions, sandbox level, who is to be graded), "mark" (one student's submission), "end", and
"manual" (a person changed a cell's score, extra credit or comment; see by_hand.py).
A crash can cut the last line short; reading passes over such a line, and the next event starts on a fresh one.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from autograder.errors import GradeError

_PACKAGES = ("detrlab", "torch", "torchvision", "numpy", "nbgrader", "ipython")


class Log:
    """Appends to and reads the log at `path`."""

    def __init__(self, path: Path):
        self.path = path

    def append(self, event: str, **fields: object) -> None:
        """Write one event and wait until the disk has it."""
        self.append_all(event, [fields])

    def append_all(self, event: str, many: list[dict]) -> None:
        """Write events of one kind in one go, and wait until the disk has them."""
        if not many:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        at = now()
        lines = "".join(json.dumps({"event": event, "at": at, **each}, ensure_ascii=False) + "\n" for each in many)
        with open(self.path, "ab+") as file:
            if file.tell() and not _ends_with_newline(file):
                lines = "\n" + lines
            file.write(lines.encode())
            file.flush()
            os.fsync(file.fileno())

    def events(self) -> Iterator[dict]:
        """All events in order; lines that a crash cut short are passed over."""
        if not self.path.exists():
            return
        with open(self.path, encoding="utf-8", errors="replace") as file:
            for line in file:
                try:
                    event = json.loads(line)
                except ValueError:
                    continue
                if isinstance(event, dict):
                    yield event

    def runs(self, assignment: str) -> list[Run]:
        """The runs of an assignment, oldest first."""
        runs: dict[str, Run] = {}
        for event in self.events():
            if event.get("assignment") != assignment or "run" not in event:
                continue
            if event["event"] == "run":
                runs[event["run"]] = Run(event)
            elif event["run"] in runs and event["event"] == "mark":
                runs[event["run"]].marks[event["student"]] = event
            elif event["run"] in runs and event["event"] == "end":
                runs[event["run"]].ended = True
        return list(runs.values())

    def latest(self, assignment: str) -> dict[str, dict]:
        """The newest "mark" event of every student."""
        return newest(self.runs(assignment))


@dataclass
class Run:
    """One run of the grader: its first event, its marks by student, and whether it came to its end."""

    start: dict
    marks: dict[str, dict] = field(default_factory=dict)
    ended: bool = False

    @property
    def open(self) -> list[str]:
        """Students that this run was to grade and did not."""
        return [] if self.ended else [student for student in self.start["students"] if student not in self.marks]


class News:
    """The log's events of one kind as they come: each `read` takes up where the one before ended."""

    def __init__(self, path: Path, event: str):
        self._path, self._kind = path, f'"event": "{event}"'.encode()
        self._file, self._read = 0, 0  # the file's inode, and how many of its bytes were read

    def read(self) -> tuple[bool, list[dict]]:
        """(whether these are all, of a file that was not read before; what is new)."""
        if not self._path.exists():
            self._file = self._read = 0
            return True, []
        found = []
        with open(self._path, "rb") as file:
            about = os.fstat(file.fileno())
            anew = about.st_ino != self._file or about.st_size < self._read  # somebody was forgotten
            if anew:
                self._file, self._read = about.st_ino, 0
            file.seek(self._read)
            for line in file:
                if not line.endswith(b"\n"):
                    break
                self._read += len(line)
                if self._kind in line:
                    with suppress(ValueError):  # a line that a crash cut short
                        found.append(json.loads(line))
        return anew, [event for event in found if isinstance(event, dict)]


def newest(runs: list[Run]) -> dict[str, dict]:
    """The newest "mark" event of every student in these runs, oldest run first."""
    return {student: event for run in runs for student, event in run.marks.items()}


def _ends_with_newline(file) -> bool:
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")


def versions() -> dict[str, str]:
    """Versions of what marks depend on."""
    found = {}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "not installed"
    return found


@contextmanager
def only_one(folder: Path) -> Iterator[None]:
    """Hold the course's lock; raises GradeError where another grader of this course is at work."""
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / ".grading.lock", "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise GradeError(f"another grader is at work on this course ({folder}); wait until it is done") from None
        yield

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
from contextlib import contextmanager
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
        latest: dict[str, dict] = {}
        for run in self.runs(assignment):
            latest.update(run.marks)
        return latest


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

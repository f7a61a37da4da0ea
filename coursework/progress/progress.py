"""A student's own progress: tries, hints and points of each check, kept beside the notebooks for the student alone.

One file, `.progress.json`, in each assignment's folder. It stays on this computer: the hand-in leaves it out, a
grader's run does not write it. `show_progress()` draws it on the start page, `forget_progress()` deletes it. A check
works the same where the file cannot be written.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from coursework.assignment import FILE
from coursework.files import write_whole
from coursework.marking.messages import say
from coursework.marking.verdict import Verdict
from coursework.submission import GRADED, PROGRESS

from .course_map import CourseNotebook, read_course
from .progress_page import ProgressPage

NEW: dict[str, int | float | str | bool] = {
    "tries": 0,
    "hints": 0,
    "points": 0.0,
    "state": "open",
    "solved": False,
    "solution_seen": False,
}


def note_check(folder: Path, notebook: str, name: str, verdict: Verdict) -> None:
    """Keep what a check said. A try is a run on an answer, up to the first right one: a later Run All is none."""

    def change(entry: dict) -> None:
        entry["tries"] += verdict.state != "open" and not entry["solved"]
        entry["solved"] |= verdict.state == "right"
        entry["points"], entry["state"] = float(verdict), verdict.state

    _change(folder, notebook, name, change)


def note_hint(folder: Path, notebook: str, name: str, level: int) -> None:
    """Keep how many of an exercise's hints have been shown."""
    _change(folder, notebook, name, lambda entry: entry.update(hints=max(entry["hints"], level)))


def note_solution(folder: Path, notebook: str, name: str) -> None:
    """Keep that the solution was looked at."""
    _change(folder, notebook, name, lambda entry: entry.update(solution_seen=True))


def read(folder: Path) -> dict[str, dict[str, dict]]:
    """{notebook: {check: entry}} of an assignment's folder; empty where nothing readable was kept."""
    try:
        found = json.loads((folder / PROGRESS).read_text(encoding="utf-8"))["notebooks"]
        return {
            str(notebook): {
                str(name): {key: type(new)(entry.get(key, new)) for key, new in NEW.items()}
                for name, entry in entries.items()
            }
            for notebook, entries in found.items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def show_progress(course: str | Path = ".") -> ProgressPage:
    """The course map with one's own progress and what is next, for the start page's cell to end in."""
    course = Path(course)
    notebooks: list[CourseNotebook] = read_course(course)
    kept = {assignment: read(course / assignment) for assignment in {notebook.assignment for notebook in notebooks}}
    return ProgressPage(notebooks, kept, _newer(course))


def _newer(course: Path) -> list[str]:
    """Folders with a newer version of an assignment, which a later release put beside the student's work."""
    return sorted(path.parent.relative_to(course).as_posix() for path in course.glob(f"*/new*/{FILE}"))


def forget_progress(course: str | Path = ".") -> str:
    """Delete all progress kept in the course folder; says what was done."""
    files = [*Path(course).glob(f"*/{PROGRESS}")]
    for file in files:
        file.unlink()
    return say("forgot" if files else "nothing_to_forget")


def _change(folder: Path, notebook: str, name: str, change: Callable[[dict], None]) -> None:
    if GRADED in os.environ:  # a grader runs the notebook, not its student
        return
    with contextlib.suppress(OSError, ImportError, ValueError), _locked(folder):
        notebooks = read(folder)
        change(notebooks.setdefault(notebook, {}).setdefault(name, dict(NEW)))
        write_whole(folder / PROGRESS, json.dumps({"notebooks": notebooks}, indent=1, sort_keys=True))


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Two open notebooks of one folder take turns; after a second of waiting the change is let go (OSError)."""
    import fcntl  # not on Windows, where progress is then not kept

    handle = os.open(folder, os.O_RDONLY)
    try:
        for attempt in range(51):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if attempt == 50:
                    raise
                time.sleep(0.02)
        yield
    finally:
        os.close(handle)

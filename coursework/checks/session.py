"""What this kernel knows of its notebook: how each answer cell's last run ended, and which checks were right since.

JupyterLab names the cell that it runs by its id, and the build gives ids that stay. The order of the cells, and what
was saved after a run, is read from the notebook's file. Other runners (nbclient, papermill) name no cell: there a cell
is known by its text or by what it defines, nothing is held against an answer, and a run from top to bottom is judged
as a grader judges it.
"""

from __future__ import annotations

import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursework.progress.course_map import course_notebook

from .sentences import say

_DEFINED = re.compile(r"^(?:async\s+def|def|class)\s+(\w+)", re.MULTILINE)
_ASSIGNED = re.compile(r"^(\w+)\s*(?::[^=\n]+)?=(?!=)", re.MULTILINE)
_MISSING = object()


@dataclass(frozen=True)
class Cell:
    """A cell of the notebook's file; `exercise` is the one that it answers, checks or is the text of ("" for none)."""

    id: str
    source: str
    exercise: str = ""
    is_answer: bool = False


@dataclass(frozen=True)
class AnswerRun:
    """The last run of an answer cell; `error` where it left what was defined before."""

    source: str
    ended: float
    error: str = ""


class Session:
    """One open notebook, `path`, in this kernel."""

    def __init__(self, path: Path):
        self.path = path
        self._names: dict[str, Any] = {}  # the kernel's own
        self._read_at, self._cells = -1, list[Cell]()
        self._names_cells = False  # has the front end named a cell of this notebook?
        self._running: tuple[str, str] = ("", "")  # id and source
        self._before: dict[str, Any] = {}
        self._answers: dict[str, AnswerRun] = {}
        self._checks: dict[str, str] = {}  # state of each check's last run, while its answer has not run again
        self._last = ""  # the exercise that ran last

    def watch(self, shell: Any) -> Session:
        """Follow the cells that `shell` runs; returns what follows this notebook there, where it was opened before."""
        before = getattr(shell, "_coursework_session", None)
        if before and before.path == self.path:
            return before
        for event in ("pre_run_cell", "post_run_cell"):
            if before:
                shell.events.unregister(event, getattr(before, event))
            shell.events.register(event, getattr(self, event))
        shell._coursework_session, self._names = self, shell.user_ns
        return self

    def pre_run_cell(self, info: Any) -> None:
        """Remember what runs, and what an answer cell's names stand for before it."""
        self._running = (getattr(info, "cell_id", None) or "", info.raw_cell)
        self._running_cell()  # from now on it is known whether the front end names cells
        self._before = {name: self._names.get(name, _MISSING) for name in _names_in(info.raw_cell)}

    def post_run_cell(self, result: Any) -> None:
        """Remember how an answer cell's run ended."""
        before, self._before = self._before, {}
        if result is None or not (cell := self._running_cell()):
            return
        self._last = cell.exercise or self._last
        if not cell.is_answer:
            return
        error = result.error_before_exec or result.error_in_exec
        # A cell that failed below its definitions has made them anew: they are judged as a grader judges them.
        kept = not before or any(self._names.get(name, _MISSING) is old for name, old in before.items())
        said = f"{type(error).__name__}: {error}".splitlines()[0] if error is not None and kept else ""
        self._answers[cell.exercise] = AnswerRun(self._running[1], time.time(), said)
        self._checks.pop(cell.exercise, None)

    def checked(self, exercise: str, state: str) -> None:
        """A check ran and came to this; "recorded" where somebody else judges it."""
        self._checks[exercise] = state
        self._last = exercise

    def unjudged(self, exercise: str) -> tuple[str, ...]:
        """Why what is defined now is not what stands in the answer's cell, in sentences; empty where it is."""
        run = self._answers.get(exercise)
        if run is None or not self._names_cells:
            return ()
        if run.error:
            return say("failed", error=run.error), say("failed_next")
        saved = next((cell for cell in self.cells() if cell.is_answer and cell.exercise == exercise), None)
        saved_later = self._read_at > run.ended * 1e9
        if saved and saved_later and saved.source.strip() != run.source.strip() and self._is_ours():
            return (say("edited"),)
        return ()

    def has_not_run(self, exercise: str) -> bool:
        """Is there an answer's cell that certainly has not run in this kernel?"""
        there = any(cell.is_answer and cell.exercise == exercise for cell in self.cells())
        return self._names_cells and there and exercise not in self._answers

    def waiting_for(self, exercises: tuple[str, ...]) -> list[str]:
        """The titles of those exercises whose check was not right since their answer last ran."""
        open_ones = [name for name in exercises if self._checks.get(name) not in ("right", "recorded")]
        steps = course_notebook(self.path.name, self._read()).steps if open_ones and self.cells() else []
        titles = {cell.name: step.title for step in steps for cell in step.cells}
        return list(dict.fromkeys(titles.get(name) or f"`{name}`" for name in open_ones))

    def exercise_above(self, exercises: list[str]) -> str | None:
        """The one of `exercises` whose cells stand last above the running cell, or hold it.

        Where the file does not have the running cell yet, it is the exercise that ran last, or the one after it where
        that is done.
        """
        cells, (running, source) = self.cells(), self._running
        found = [i for i, cell in enumerate(cells) if running and cell.id == running]
        found = found or [i for i, cell in enumerate(cells) if not self._names_cells and cell.source == source]
        if len(found) == 1:
            above = [cell.exercise for cell in cells[: found[0] + 1] if cell.exercise in exercises]
            return above[-1] if above else None
        if self._last not in exercises:
            return None
        if self._names_cells and self._checks.get(self._last) == "right":
            order = [name for name in dict.fromkeys(cell.exercise for cell in cells) if name in exercises]
            later = order[order.index(self._last) + 1 :] if self._last in order else []
            return later[0] if later else self._last
        return self._last

    def cells(self) -> list[Cell]:
        """The cells of the notebook's file as it lies there now; none where it cannot be read."""
        try:
            saved = self.path.stat().st_mtime_ns
            if saved != self._read_at:
                self._cells = [_cell(cell) for cell in self._read()]
                self._read_at = saved
            return self._cells
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return []

    def _read(self) -> list[dict]:
        return json.loads(self.path.read_text(encoding="utf-8"))["cells"]

    def _running_cell(self) -> Cell | None:
        running, source = self._running
        cells = self.cells()
        by_id = next((cell for cell in cells if running and cell.id == running), None)
        self._names_cells = self._names_cells or by_id is not None
        if by_id or self._names_cells:
            return by_id
        by_source = next((cell for cell in cells if cell.source == source), None)
        names = set(_DEFINED.findall(source))
        by_names = (cell for cell in cells if cell.is_answer and names & set(_DEFINED.findall(cell.source)))
        return by_source or next(by_names, None)

    def _is_ours(self) -> bool:
        """Is it this file that the front end has open? A copy under another name is saved elsewhere."""
        return Path(os.environ.get("JPY_SESSION_NAME") or self.path).name == self.path.name


def _cell(cell: dict) -> Cell:
    tags = cell.get("metadata", {}).get("nbgrader", {})
    is_answer = bool(tags.get("solution")) and not tags.get("grade")
    name = str(tags.get("grade_id", "")) if tags.get("solution") or tags.get("grade") else ""
    return Cell(
        str(cell.get("id", "")), "".join(cell["source"]), name.removesuffix("_code") if is_answer else name, is_answer
    )


def _names_in(source: str) -> set[str]:
    """The names that a cell defines at its top level, also where it is no Python."""
    return {*_DEFINED.findall(source), *_ASSIGNED.findall(source)}

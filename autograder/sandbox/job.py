"""What crosses the wall: one notebook to run (`Job`), and what running it gave (`Result`). Plain data only.

A job holds sources and files, never points, expected values or paths of this machine. A result holds what the
student's process sent: trusted for nothing but its size.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from coursework.marking.messages import Note
from coursework.marking.outcome import Outcome

CellStatus = Literal["ok", "error", "not run"]
FINISHED = Note("finished")


@dataclass(frozen=True)
class CheckRun:
    """How a check cell is run: the check it holds, its seeds, and by how much draws are jittered."""

    check: str
    seeds: tuple[int, ...]
    jitter: float = 0.0
    variant: str = ""  # of a check that is run several times: what its outcomes are kept under

    @property
    def name(self) -> str:
        """What the outcomes are kept under."""
        return self.variant or self.check


@dataclass(frozen=True)
class JobCell:
    """One code cell to run; one that holds a check (its source is the release's own) says how that is run."""

    index: int  # position in the submitted notebook
    source: str
    check: CheckRun | None = None
    forbidden: tuple[str, ...] = ()  # names the student's code may not call while this cell runs
    locked: bool = False  # the release's own: a setup or a check


@dataclass(frozen=True)
class Limits:
    """What a notebook may use; CPU time counts first, wall time is a generous backstop."""

    cell_cpu_s: float = 60.0
    notebook_cpu_s: float = 300.0
    wall_factor: float = 10.0  # wall time allowed per CPU second allowed
    memory_mb: int = 4096
    file_mb: int = 256  # the private folder
    output_mb: int = 16  # printed and displayed, whole notebook


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Job:
    """One notebook, ready to run in a folder that holds these files."""

    student: str
    assignment: str
    notebook: str
    cells: tuple[JobCell, ...]
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    limits: Limits = Limits()
    measured: tuple[Job, ...] = ()  # run after it, with none of its cells: what these checks return counts


@dataclass(frozen=True)
class CellResult:
    """One cell's outputs (nbformat's output dicts) and how it ended."""

    index: int
    status: CellStatus
    outputs: list[dict[str, Any]] = field(default_factory=list)
    cpu_s: float = 0.0


@dataclass(frozen=True)
class Result:
    """What came back: outcomes per check (one per seed), the cells, and how the run ended (FINISHED, or a reason)."""

    outcomes: dict[str, list[Outcome]]
    cells: list[CellResult]
    ended: Note
    cpu_s: float
    wall_s: float
    level: str  # the sandbox level it ran under
    notes: tuple[Note, ...] = ()  # what a person should know of the run
    left_out: dict[int, Note] = field(default_factory=dict)  # by index: cells that stopped a run, and how

    @property
    def finished(self) -> bool:
        """Were all cells run, errors or not?"""
        return self.ended == FINISHED

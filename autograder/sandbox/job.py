"""What crosses the wall: one notebook to run (`Job`), and what running it gave (`Result`). Plain data only.

A job holds sources and files, never points, expected values or paths of this machine. A result holds what the
student's process sent: trusted for nothing but its size.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from coursework.marking.outcome import Outcome


@dataclass(frozen=True)
class CheckRun:
    """How a check cell is run: the name its outcomes are kept under, its seeds, and by how much draws are jittered."""

    name: str
    seeds: tuple[int, ...]
    jitter: float = 0.0


@dataclass(frozen=True)
class JobCell:
    """One code cell to run. `check` names the check that the cell holds, if any (its source is the release's own)."""

    index: int  # position in the submitted notebook
    source: str
    check: str = ""
    forbidden: tuple[str, ...] = ()  # names the student's code may not call while this cell runs
    locked: bool = False  # the release's own: a setup or a check
    runs_as: CheckRun | None = None  # of a check; without it, under its own name on the job's seeds


@dataclass(frozen=True)
class Limits:
    """What a notebook may use; CPU time counts first, wall time is a generous backstop."""

    cell_cpu_s: float = 60.0
    notebook_cpu_s: float = 300.0
    wall_factor: float = 10.0  # wall time allowed per CPU second allowed
    memory_mb: int = 4096
    file_mb: int = 256  # the private folder
    output_mb: int = 16  # printed and displayed, whole notebook


@dataclass(frozen=True)
class Job:
    """One notebook, ready to run in a folder that holds these files; `seeds` for checks that have none of their own."""

    student: str
    assignment: str
    notebook: str
    cells: tuple[JobCell, ...]
    seeds: tuple[int, ...]
    files: dict[str, bytes] = field(default_factory=dict, repr=False)
    limits: Limits = Limits()


@dataclass(frozen=True)
class CellResult:
    """One cell's outputs (nbformat's output dicts) and how it ended: "ok", "error", or "not run"."""

    index: int
    status: str
    outputs: list[dict] = field(default_factory=list)
    cpu_s: float = 0.0


@dataclass(frozen=True)
class Result:
    """What came back: outcomes per check (one per seed), the cells, and how the run ended.

    `ended` is "finished" or a reason such as "cell used more than 60 s of CPU time", in words a student can read.
    """

    outcomes: dict[str, list[Outcome]]
    cells: list[CellResult]
    ended: str
    cpu_s: float
    wall_s: float
    level: str  # the sandbox level it ran under
    notes: tuple[str, ...] = ()  # what a person should know of the run

"""One warm worker for all tests of the grader (starting one costs seconds), and jobs from plain cells."""

from __future__ import annotations

import atexit
from functools import cache

import pytest

from autograder.course.registry import SOLUTIONS, read_registry
from autograder.sandbox.job import CheckRun, Job, JobCell, Limits, Result
from autograder.sandbox.levels import Level, SandboxUnavailable, found_level

LEVEL: Level | None
try:
    LEVEL = found_level()
except SandboxUnavailable as error:
    LEVEL, WHY = None, str(error)
else:
    WHY = "" if LEVEL.name == "namespaces" else "user namespaces or bubblewrap are missing here"

needs_sandbox = pytest.mark.usefixtures("sandbox")
NEEDS = read_registry(SOLUTIONS)[0].needs  # torch, and whatever the course's first assignment names
SEEDS = (11, 12, 900_007)
QUICK = Limits(cell_cpu_s=1.5, notebook_cpu_s=6, wall_factor=40, memory_mb=1024, file_mb=32, output_mb=2)


@cache
def shared_pool():
    """The pool that every test uses; it ends with the tests."""
    from autograder.sandbox.pool import Pool

    pool = Pool(1, LEVEL, NEEDS)
    pool.__enter__()
    atexit.register(pool.__exit__, None, None, None)
    return pool


def job(*cells: str, limits: Limits = QUICK, files: dict[str, bytes] | None = None, student: str = "s") -> Job:
    """Cells as a job; a cell that starts with "#check NAME" holds that check."""
    made = []
    for index, source in enumerate(cells):
        name = source.split()[1] if source.startswith("#check ") else ""
        made.append(JobCell(index, source, CheckRun(name, SEEDS) if name else None))
    return Job(student, "00_small", "small", tuple(made), files or {}, limits)


def run(*cells: str, **options) -> Result:
    """Run cells in the shared pool."""
    return next(iter(shared_pool().run([job(*cells, **options)])))[1]


def text(result: Result, place: int = -1) -> str:
    """What a cell printed, and the name and text of its error."""
    parts = []
    for output in result.cells[place].outputs:
        if output["output_type"] == "stream":
            parts.append(output["text"])
        elif output["output_type"] == "error":
            parts.append(f"{output['ename']}: {output['evalue']}")
        else:
            parts.append(output["data"].get("text/plain", ""))
    return "\n".join(parts)

"""Grading one course in a process of its own, from start to end: stock `nbgrader autograde`, and ours."""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from bench.figure import ROOT


@dataclass(frozen=True)
class Taken:
    """What a whole run of ours took; `cpu_s` counts from the first result on, `cells_s` of it were the cells' own."""

    wall_s: float
    start_s: float
    cpu_s: float
    cells_s: float
    peak_mb: float


def stock(folder: Path, assignment: str, students: int) -> tuple[float, float]:
    """(CPU seconds, wall seconds) per student of `nbgrader autograde`, one thread, its start included."""
    shutil.copy(ROOT / "nbgrader_config.py", folder)
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "nbgrader"]
    run = partial(subprocess.run, cwd=folder, env=environment, check=True, capture_output=True)
    run([*command, "generate_assignment", assignment, "--create"])
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    run([*command, "autograde", assignment, "--create"])
    wall, after = time.monotonic() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return cpu / students, wall / students


def ours(folder: Path, assignment: str, workers: int) -> Taken:
    """What our whole run took, on a course that was not graded before."""
    started = time.monotonic()
    run = subprocess.run(
        [sys.executable, "-m", "bench.course_run", str(folder), assignment, str(workers)],
        cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"}, check=True, capture_output=True, text=True,
    )  # fmt: skip
    wall = time.monotonic() - started
    found = json.loads(run.stdout.splitlines()[-1])
    return Taken(wall, wall - found.pop("graded_s"), **found)

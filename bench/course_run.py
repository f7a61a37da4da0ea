"""Our side of a whole run: `python -m bench.course_run FOLDER ASSIGNMENT WORKERS` grades the course in FOLDER.

A process of its own, so that its start counts; it does things in the order of `autograder grade`. Prints JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.course.registry import read_entry
from autograder.sandbox.levels import found_level
from autograder.sandbox.pool import Pool
from autograder.sandbox.watch import cpu_seconds, process_tree

if TYPE_CHECKING:
    from autograder.course.places import Places


def course_places(folder: Path) -> Places:
    """The places of a course in `folder`, configured as this project's."""
    from traitlets.config.loader import PyFileConfigLoader

    from autograder.course.places import places_from

    config = Path(__file__).resolve().parent.parent / "nbgrader_config.py"
    return places_from(PyFileConfigLoader(config.name, path=str(config.parent)).load_config(), folder)


def main(folder: Path, assignment: str, workers: int) -> None:
    """Grade, and print cpu_s, cells_s and graded_s from the first result on, and the coordinator's peak_mb."""
    level, jobs_cpu, cells_cpu, first = found_level(), 0.0, 0.0, []
    with Pool(workers, level, read_entry(folder / "solutions" / assignment).needs) as pool:
        from autograder.grade import grade

        def run_jobs(jobs):
            nonlocal jobs_cpu, cells_cpu
            for job, result in pool.run(jobs):
                if job.student.startswith("student"):
                    # The clock starts when the first result is there: until then torch is imported.
                    first.append((time.monotonic(), cpu_seconds(process_tree(os.getpid()))))
                    jobs_cpu += result.cpu_s
                    cells_cpu += sum(cell.cpu_s for cell in result.cells)
                yield job, result

        summary = grade(course_places(folder), assignment, run_jobs, str(level), say=lambda _: None)
        (began, cpu_then), cpu_now = first[0], cpu_seconds(process_tree(os.getpid()))
    assert set(summary.counts) == {"graded"}, summary
    taken = {"cpu_s": cpu_now - cpu_then + jobs_cpu, "cells_s": cells_cpu, "graded_s": time.monotonic() - began}
    print(json.dumps({**taken, "peak_mb": _peak_mb()}))


def _peak_mb() -> float:
    """Most resident memory of this process. (Not getrusage's: that one starts with the parent's.)"""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]))

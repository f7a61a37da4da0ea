"""A thin stand-in for the pool: runs jobs one after the other in this process, without a sandbox. For tests only."""

from __future__ import annotations

import gc
import os
import tempfile
from pathlib import Path
from unittest.mock import patch

from autograder.build.in_process import runner
from autograder.sandbox.job import FINISHED, CellResult, CheckRun, Result
from coursework.checks.notebook import recording
from coursework.marking.messages import Note
from coursework.submission import GRADED

gc.freeze()  # each shell collects garbage when it closes; not through all of torch every time


def run_jobs(jobs):
    for job in jobs:
        yield job, run(job)


def run(job) -> Result:
    graded = patch.dict(os.environ, {GRADED: "autograde"})  # what a job changes of it, ends with the job
    with tempfile.TemporaryDirectory() as folder, graded:
        for name, data in job.files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
        with runner(Path(folder)) as kernel:
            outcomes, cells, total, ended = {}, [], 0.0, FINISHED
            for cell in job.cells:
                if "while True" in cell.source:  # as if the sandbox had stopped it
                    ended = Note("cell_cpu", {"seconds": "60"})
                    cells.append(CellResult(cell.index, "error", cpu_s=60.0))
                    continue
                if ended != FINISHED:
                    cells.append(CellResult(cell.index, "not run"))
                    continue
                check = cell.check or CheckRun("", ())
                with recording(list(check.seeds), check.jitter) as record:
                    done = kernel.run(cell.source)
                if check.check in record:
                    outcomes[check.name] = record[check.check]
                outputs = [{"output_type": "display_data", "data": data, "metadata": {}} for data in done.outputs]
                if done.stdout:
                    outputs.insert(0, {"output_type": "stream", "name": "stdout", "text": done.stdout})
                if done.error:
                    kind, _, message = done.error.partition(": ")
                    outputs.append({"output_type": "error", "ename": kind, "evalue": message, "traceback": []})
                cells.append(CellResult(cell.index, "error" if done.error else "ok", outputs, done.cpu_seconds))
                total += done.cpu_seconds
    return Result(outcomes, cells, ended, total, total, "none (in this process, for tests)")

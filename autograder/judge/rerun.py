"""One cell that never ends costs its own exercise: the notebook is run again without it.

Every step of a notebook stands on its own. So where one cell used up its time or the memory, or ended the notebook's
process, the notebook runs again with that cell left out, until it gets through or its runs together have used what a
notebook may use. What a check returned in an earlier run stays: nobody gets another try by ending the process.

Trained work is measured last, in jobs with none of the student's cells: what these return counts, whatever the
notebook returned.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable
from contextlib import closing
from dataclasses import replace

from autograder.sandbox.job import Job, Result
from coursework.marking.messages import Note
from coursework.marking.outcome import Outcome

from .reference import REFERENCE, RunJobs

# What a single cell can bring about; the limits of the whole notebook, or the sandbox's failure, end it for good.
_BY_A_CELL = {
    "cell_cpu",
    "cell_wall",
    "too_much_memory",
    "connection_closed",
    "connection_damaged",
    "ended_by_signal",
    "ended_itself",
}


def get_through(run_jobs: RunJobs, jobs: Iterable[Job]) -> Generator[tuple[Job, Result], None, None]:
    """As `run_jobs`; a notebook that a cell stopped comes back when it was run without that cell, too.

    Such a result has `left_out`, and the cells as they first ran. What is measured beside a notebook is in its result.
    The reference is run as it is.
    """
    begun: dict[tuple[str, str], _Runs] = {}
    coming: Iterable[Job] = jobs
    while True:
        again: list[Job] = []
        with closing(run_jobs(coming)) as finished:
            for job, result in finished:
                runs = begun.pop((job.student, job.notebook), None) or _Runs(job)
                next_job = runs.add(result)
                if job.student != REFERENCE and next_job:
                    begun[job.student, job.notebook] = runs
                    again.append(next_job)
                else:
                    yield job, runs.together
        if not again:
            return
        coming = again


class _Runs:
    """The runs of one notebook so far, and what they have given together."""

    together: Result

    def __init__(self, job: Job):
        self._job, self._left_out = job, dict[int, Note]()
        self._to_measure = list(job.measured)
        self._measuring: Job | None = None

    def add(self, latest: Result) -> Job | None:
        """Add a run; returns the next one, where there is to be one."""
        if self._measuring is not None:
            self.together = _with_measured(self.together, self._measuring, latest)
        elif again := self._again(latest):
            return again
        self._measuring = self._to_measure.pop(0) if self._to_measure else None
        return self._measuring

    def _again(self, latest: Result) -> Job | None:
        """Add a run of the notebook; the next one, without the cell that stopped this."""
        self.together = self._joined(latest) if self._left_out else latest
        limits = self._job.limits
        used_s = max(self.together.cpu_s, self.together.wall_s / limits.wall_factor)
        ran = [cell.index for cell in latest.cells if cell.status != "not run"]
        if latest.ended.id not in _BY_A_CELL or not ran or ran[-1] in self._left_out or used_s >= limits.notebook_cpu_s:
            return None
        self._left_out[ran[-1]] = latest.ended
        cells = tuple(replace(c, source="", check=None) if c.index in self._left_out else c for c in self._job.cells)
        return replace(self._job, cells=cells, limits=replace(limits, notebook_cpu_s=limits.notebook_cpu_s - used_s))

    def _joined(self, latest: Result) -> Result:
        """Of cells and checks that several runs came to, the first run's; of the others, this one's."""
        before = self.together
        return Result(
            {**latest.outcomes, **before.outcomes},
            [new if old.status == "not run" else old for old, new in zip(before.cells, latest.cells, strict=True)],
            latest.ended,
            before.cpu_s + latest.cpu_s,
            before.wall_s + latest.wall_s,
            latest.level,
            (*before.notes, *(note for note in latest.notes if note not in before.notes)),
            dict(self._left_out),
        )


def _with_measured(notebook: Result, job: Job, measured: Result) -> Result:
    """The notebook's result with what was measured beside it, in the place of what it says of that itself."""
    runs = [cell.check for cell in job.cells if cell.check]
    lost = {run.name: len(run.seeds) for run in runs if run.name not in measured.outcomes}
    failed = Outcome(error="NotMeasured", message=str(measured.ended))
    return replace(
        notebook,
        outcomes={**notebook.outcomes, **measured.outcomes, **{name: [failed] * count for name, count in lost.items()}},
        cpu_s=notebook.cpu_s + measured.cpu_s,
        wall_s=notebook.wall_s + measured.wall_s,
        notes=(*notebook.notes, *(Note("not_measured_here", {"check": n, "why": measured.ended}) for n in lost)),
    )

"""What students' values are compared with: fresh seeds, and the solution's outcomes on them.

All of it is found by one job per notebook that runs where students' notebooks run. Seeds are drawn per run from one
number, which the log keeps: the same number gives the same seeds. A seed on which a relative jitter of 1e-6 changes an
outcome lies near a tie or a threshold; it is replaced by the next one. Known mistakes are not run again: students'
checks run on the visible seeds, too, and what mistakes return on these is stored with the build.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from autograder.course.assignment import Assignment
from autograder.course.invariants import read_invariants
from autograder.course.seeds import JITTER, JITTER_FACTOR, VISIBLE_SEEDS
from autograder.course.source import SourceCell, SourceNotebook
from autograder.errors import GradeError
from autograder.sandbox.job import CheckRun, Job, JobCell, Limits, Result
from coursework.checks.trained import UNTRAINED
from coursework.marking.feedback import Invariant
from coursework.marking.outcome import Outcome

FRESH_SEEDS = 3
REFERENCE = "(reference)"  # the student's name of the reference's own job
_NO_TRAINING = f"import os\nos.environ[{UNTRAINED!r}] = 'yes'"  # the solution has no file: a fresh model is measured
_MOST_CPU_S = 3600.0  # for all checks twice; the solution itself must keep to the students' limits

RunJobs = Callable[[Iterable[Job]], Generator[tuple[Job, Result], None, None]]


@dataclass
class Reference:
    """One notebook's seeds and, on the fresh ones, what the solution returns.

    Every check has seeds of its own, visible ones first: who reads one check's seeds knows no other's.
    """

    notebook: SourceNotebook = field(repr=False)
    seeds: dict[str, tuple[int, ...]]
    expected: dict[str, list[Outcome]]
    _invariants: dict[str, list[Invariant]] | None = None

    @property
    def fresh(self) -> dict[str, tuple[int, ...]]:
        return {check: seeds[len(VISIBLE_SEEDS) :] for check, seeds in self.seeds.items()}

    def invariants(self, check: str) -> list[Invariant]:
        """What the check says must hold. Read when first asked for: it takes importing torch."""
        if self._invariants is None:
            self._invariants = read_invariants(self.notebook)
        return self._invariants.get(check, [])


def run_references(
    assignment: Assignment, seed: int, run_jobs: RunJobs, limits: Limits, only: str | None = None
) -> dict[str, Reference]:
    """Seeds and expected outcomes of all notebooks; raises GradeError for a bad solution.

    With `only` of one notebook.
    """
    names = [only] if only else list(assignment.sources)
    draws = {name: _candidates(assignment.sources[name], seed) for name in names}
    fresh = {
        name: {check: [next(draw) for _ in range(FRESH_SEEDS)] for check, draw in draws[name].items()} for name in names
    }
    references: dict[str, Reference] = {}
    while left := [name for name in names if name not in references]:
        for job, result in run_jobs(_job(assignment, name, fresh[name], limits) for name in left):
            name = job.notebook
            _prove(assignment, name, result, limits)
            near_a_tie = list(_near_a_tie(assignment.sources[name], result))
            for check, i in near_a_tie:
                fresh[name][check][i] = next(draws[name][check])
            if not near_a_tie:
                references[name] = _reference(assignment.sources[name], fresh[name], result)
    return {name: references[name] for name in names}


def _candidates(notebook: SourceNotebook, seed: int) -> dict[str, Iterator[int]]:
    return {check: _draws(f"{notebook.assignment}/{notebook.name}/{check}", seed) for check in notebook.named("check")}


def _draws(name: str, seed: int) -> Iterator[int]:
    generator = np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))
    for _ in range(30):
        yield int(generator.integers(10**6, 2**31))
    raise GradeError(f"{name}: thirty seeds in a row lie near a tie or a threshold; rebuild it with `make build`")


def _job(assignment: Assignment, name: str, fresh: dict[str, list[int]], limits: Limits) -> Job:
    """The solution on all seeds, and the checks once more with jitter."""
    notebook, seeds = assignment.sources[name], {check: tuple(found) for check, found in fresh.items()}
    cells: list[JobCell] = []

    def add(source: str, run: CheckRun | None = None) -> None:
        cells.append(JobCell(len(cells), source, run))

    add(_NO_TRAINING)
    for cell in notebook.code():
        if cell.kind == "check":
            add(cell.source, CheckRun(cell.name, (*VISIBLE_SEEDS, *seeds[cell.name])))
        else:
            add(cell.source)
    for check, cell in _compared(notebook):
        add(cell.source, CheckRun(check, seeds[check], JITTER, variant=_jittered(check)))
    limits = replace(limits, cell_cpu_s=max(limits.cell_cpu_s, Limits().cell_cpu_s), notebook_cpu_s=_MOST_CPU_S)
    return Job(REFERENCE, assignment.name, name, tuple(cells), assignment.files, limits)


def _compared(notebook: SourceNotebook) -> list[tuple[str, SourceCell]]:
    """The checks whose values are compared with the solution's, by name; trained work is measured."""
    return [(name, cell) for name, cell in notebook.named("check").items() if not cell.trained]


def _jittered(check: str) -> str:
    return f"{check}, jittered"


def _prove(assignment: Assignment, name: str, result: Result, limits: Limits) -> None:
    """The solution must run within the limits and give what the build stored; raises GradeError.

    What measures trained work must get through with a fresh model.
    """
    stop = f"the reference solution of {name}"
    if not result.finished:
        raise GradeError(f"{stop} does not get through where students' notebooks run ({result.ended})")
    solution = result.cells[1 : 1 + len(assignment.sources[name].code())]
    errors = [o for cell in solution for o in cell.outputs if cell.status != "ok" and o["output_type"] == "error"]
    if errors:
        raise GradeError(f"{stop} stops with {errors[0]['ename']}: {errors[0]['evalue']}: run `make build`")
    longest, whole = max(cell.cpu_s for cell in solution), sum(cell.cpu_s for cell in solution)
    if longest > limits.cell_cpu_s or whole > limits.notebook_cpu_s:
        raise GradeError(
            f"{stop} itself needs {whole:.1f} s of CPU time, {longest:.1f} s of them in one cell: allow more than "
            f"{limits.cell_cpu_s:g} s per cell and {limits.notebook_cpu_s:g} s in all"
        )
    for check, data in assignment.checks[name].items():
        runs = result.outcomes.get(check, [])
        failed = [run for run in runs if run.error]
        if not runs or failed:
            why = f"{failed[0].error}: {failed[0].message}" if failed else "its check did not run"
            raise GradeError(f"{stop} fails at {check} where students' notebooks run ({why}): nothing was graded")
        if not all(run.equals(right) for run, right in zip(runs, data.expected, strict=False)):
            raise GradeError(f"{name}: the values stored for {check} are not the solution's: run `make build`")


def _near_a_tie(notebook: SourceNotebook, result: Result) -> Iterator[tuple[str, int]]:
    """(check, which of its fresh seeds) where jitter changes the outcome."""
    for check, _ in _compared(notebook):
        still, moved = result.outcomes[check][len(VISIBLE_SEEDS) :], result.outcomes[_jittered(check)]
        for i in range(FRESH_SEEDS):
            if moved[i].clearly_differs(still[i], JITTER_FACTOR):
                yield check, i


def _reference(notebook: SourceNotebook, fresh: dict[str, list[int]], result: Result) -> Reference:
    checks = notebook.named("check")
    expected = {name: result.outcomes[name][len(VISIBLE_SEEDS) :] for name in checks}
    seeds = {check: (*VISIBLE_SEEDS, *found) for check, found in fresh.items()}
    return Reference(notebook, seeds, expected)

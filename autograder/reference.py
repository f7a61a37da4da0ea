"""What students' values are compared with: fresh seeds, the solution's outcomes on them, and the known mistakes'.

Seeds are drawn per run from one number, which the log keeps: the same number gives the same seeds. A seed on which a
relative jitter of 1e-6 changes an outcome lies near a tie or a threshold; it is replaced by the next one.
"""

from __future__ import annotations

import tempfile
import types
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from detrlab.checks import Outcome, recording
from detrlab.checks.feedback import Invariant

from .assignment import Assignment, GradeError
from .expected import JITTER, JITTER_FACTOR, VISIBLE_SEEDS, _run_mistakes
from .job import Job, JobCell, Limits, Result
from .judge import marks
from .run import Runner, runner
from .source import SourceNotebook

FRESH_SEEDS = 3
REFERENCE = "(reference)"  # the student's name of the reference's own job


@dataclass
class Reference:
    """One notebook's seeds (visible ones first) and, on the fresh ones, what the solution and mistakes return."""

    seeds: tuple[int, ...]
    expected: dict[str, list[Outcome]]
    mistakes: dict[str, list[dict]]  # per check: {"id", "says", "outcomes"}
    invariants: dict[str, list[Invariant]] = field(default_factory=dict)

    @property
    def fresh(self) -> tuple[int, ...]:
        return self.seeds[len(VISIBLE_SEEDS) :]


def run_references(assignment: Assignment, seed: int, only: list[str] | None = None) -> dict[str, Reference]:
    """Run the notebooks' solutions and mistakes in this process (they are the instructor's own code)."""
    return {name: _run(source, seed) for name, source in assignment.sources.items() if only is None or name in only}


def _run(notebook: SourceNotebook, seed: int) -> Reference:
    draws = _candidates(notebook, seed)
    seeds = [next(draws) for _ in range(FRESH_SEEDS)]
    with tempfile.TemporaryDirectory() as folder, runner(Path(folder)) as kernel:
        outcomes = _outcomes(kernel, [cell.source for cell in notebook.code()], seeds, notebook.name)
        checks = [cell.source for cell in notebook.named("check").values()]
        moved = _outcomes(kernel, checks, seeds, notebook.name, JITTER)
        for i in range(FRESH_SEEDS):
            while not _stable(outcomes, moved, i):
                seeds[i] = next(draws)
                again = _outcomes(kernel, checks, seeds[i : i + 1], notebook.name)
                jittered = _outcomes(kernel, checks, seeds[i : i + 1], notebook.name, JITTER)
                for name in outcomes:
                    outcomes[name][i], moved[name][i] = again[name][0], jittered[name][0]
        invariants = {name: _kept(kernel.namespace[name]._invariants) for name in outcomes}
        found = _run_mistakes(notebook, kernel, seeds)
    mistakes: dict[str, list[dict]] = {name: [] for name in outcomes}
    for mistake in notebook.mistakes:
        runs = [found[mistake.message_id][seed] for seed in seeds]
        mistakes[mistake.exercise].append({"id": mistake.message_id, "says": mistake.says, "outcomes": runs})
    return Reference((*VISIBLE_SEEDS, *seeds), outcomes, mistakes, invariants)


def _candidates(notebook: SourceNotebook, seed: int) -> Iterator[int]:
    name = f"{notebook.assignment}/{notebook.name}"
    generator = np.random.Generator(np.random.PCG64([seed, zlib.crc32(name.encode())]))
    for _ in range(30):
        yield int(generator.integers(10**6, 2**31))
    raise GradeError(f"{name}: thirty seeds in a row lie near a tie or a threshold; rebuild it with `make build`")


def _outcomes(
    kernel: Runner, sources: list[str], seeds: list[int], where: str, jitter: float = 0.0
) -> dict[str, list[Outcome]]:
    with recording(seeds, jitter) as record:
        for source in sources:
            done = kernel.run(source)
            if done.error:
                raise GradeError(f"the reference solution of {where} stops with {done.error}: run `make build`")
    return record


def _stable(outcomes: dict[str, list[Outcome]], moved: dict[str, list[Outcome]], i: int) -> bool:
    return all(not moved[name][i].clearly_differs(outcomes[name][i], JITTER_FACTOR) for name in outcomes)


def _kept(invariants: list[Invariant]) -> list[Invariant]:
    """The functions with a namespace of their own: the runner empties its one when it closes."""
    return [
        (sentence, types.FunctionType(f.__code__, dict(f.__globals__), f.__name__, f.__defaults__, f.__closure__))
        for sentence, f in invariants
    ]


def reference_jobs(assignment: Assignment, references: dict[str, Reference], limits: Limits) -> list[Job]:
    """The solutions as jobs, to be run the way students' notebooks are."""
    jobs = []
    for name, reference in references.items():
        code = assignment.sources[name].code()
        cells = [JobCell(i, cell.source, cell.name if cell.kind == "check" else "") for i, cell in enumerate(code)]
        jobs.append(Job(REFERENCE, assignment.name, name, tuple(cells), reference.seeds, assignment.files, limits))
    return jobs


def adopt(assignment: Assignment, references: dict[str, Reference], job: Job, result: Result) -> None:
    """Expected values from now on are those of the solution's job; it must agree with the run in this process."""
    reference = references[job.notebook]
    skip = len(VISIBLE_SEEDS)
    fresh = {name: runs[skip:] for name, runs in result.outcomes.items()}
    checks = assignment.checks[job.notebook]
    got = marks(fresh, reference.expected, checks)
    lost = [name for name, check in checks.items() if got[name] != check["points"]]
    if lost or result.ended != "finished":
        errors = [run.error + ": " + run.message for name in lost for run in fresh.get(name, ()) if run.error]
        raise GradeError(
            f"the reference solution of {job.notebook} does not earn its points where students' notebooks run "
            f"({', '.join(lost) or 'no check'}; {result.ended}{'; ' + errors[0] if errors else ''}): nothing was graded"
        )
    for name, check in checks.items():
        if not all(run.equals(right) for run, right in zip(result.outcomes[name], check["expected"], strict=False)):
            raise GradeError(f"{job.notebook}: the values stored for {name} are not the solution's: run `make build`")
    reference.expected = fresh

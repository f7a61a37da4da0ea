"""What the reference solution and every known mistake return: found by running them, never written by hand.

Also the proof that the checks can tell them apart: over `PROOF_SEEDS`, every mistake must differ from the solution
clearly (100 times the tolerance, or shape, or exception), and no outcome may hang on a tie or threshold (it must
survive a relative jitter of 1e-6 of all that is drawn).
"""

from __future__ import annotations

import pkgutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from autograder.course.invariants import read_invariants
from autograder.course.rehearse import mistake_cells
from autograder.course.seeds import JITTER, JITTER_FACTOR, PROOF_SEEDS, VISIBLE_SEEDS
from autograder.course.source import SourceNotebook
from autograder.errors import SourceError
from coursework.checks.notebook import recording
from coursework.marking.feedback import thaw
from coursework.marking.outcome import Outcome

from .in_process import Runner, runner


@dataclass(frozen=True)
class Expected:
    """Outcomes per check: {check: {seed: Outcome}}, the parts checks declare, and {mistake id: {seed: Outcome}}."""

    checks: dict[str, dict[int, Outcome]]
    parts: dict[str, dict[str, float] | None]
    mistakes: dict[str, dict[int, Outcome]]


def run_reference(notebook: SourceNotebook, seeds: list[int], say: Callable[[str], None]) -> Expected:
    """Run the solved source top to bottom, then each mistake in its place; raises SourceError where a proof fails."""
    _prove_forbidden(notebook)
    seeds = [*VISIBLE_SEEDS, *PROOF_SEEDS, *seeds]
    with tempfile.TemporaryDirectory() as folder, runner(Path(folder)) as kernel:
        checks, parts, slow = {}, {}, []
        for cell in notebook.code():
            started = time.process_time()
            found = _record(kernel, cell.source, seeds, f"{notebook.name}: {cell.kind} {cell.name}")
            if cell.kind == "check":
                checks[cell.name] = dict(zip(seeds, found[cell.name], strict=True))
                parts[cell.name] = kernel.namespace[cell.name].parts
                each = (time.process_time() - started) / len(seeds)
                slow += [f"{cell.name} ({each * len(VISIBLE_SEEDS):.2f} s)"] if each * len(VISIBLE_SEEDS) > 0.5 else []
        if slow:
            say(f"  slow checks (CPU seconds for {len(VISIBLE_SEEDS)} seeds): {', '.join(slow)}")
        _prove_stable(notebook, kernel, checks)
        _prove_invariants(notebook, checks, {name: len(kernel.namespace[name].invariants) for name in checks})
        mistakes = _run_mistakes(notebook, kernel, seeds)
    _prove_distinct(notebook, checks, mistakes)
    return Expected(checks, parts, mistakes)


def _prove_forbidden(notebook: SourceNotebook) -> None:
    """What an exercise forbids must be there to be called: a misspelt name would forbid nothing."""
    for cell in notebook.named("exercise").values():
        for name in cell.forbids:
            try:
                target = pkgutil.resolve_name(name)
            except (ValueError, AttributeError, ImportError) as error:
                problem = f"it forbids {name}, which cannot be imported ({error})"
                raise SourceError(f"{notebook.name}: {cell.name}: {problem}") from error
            if not callable(target):
                raise SourceError(f"{notebook.name}: {cell.name}: it forbids {name}, which cannot be called anyway")


def _record(kernel: Runner, source: str, seeds: list[int], where: str, jitter: float = 0.0) -> dict[str, list[Outcome]]:
    with recording(seeds, jitter) as record:
        run = kernel.run(source)
    if run.error:
        raise SourceError(f"{where} stops with {run.error}\n{run.stdout[-2000:]}")
    return record


def _prove_stable(notebook: SourceNotebook, kernel: Runner, checks: dict[str, dict[int, Outcome]]) -> None:
    problems = []
    for name, cell in notebook.named("check").items():
        failed = [(seed, outcome) for seed, outcome in checks[name].items() if outcome.error]
        if failed:
            seed, outcome = failed[0]
            problems.append(f"{name}: the solution raises {outcome.error} on seed {seed}: {outcome.message}")
            continue
        again = _record(kernel, cell.source, PROOF_SEEDS, name)[name]
        jittered = _record(kernel, cell.source, PROOF_SEEDS, name, JITTER)[name]
        for seed, repeat, moved in zip(PROOF_SEEDS, again, jittered, strict=True):
            if not repeat.equals(checks[name][seed]):
                problems.append(f"{name}: two runs on seed {seed} differ: something is drawn outside `draw`")
                break
            if moved.clearly_differs(checks[name][seed], JITTER_FACTOR):
                problems.append(f"{name}: seed {seed} lies near a tie or a threshold (a jitter of {JITTER} changes it)")
                break
        if checks[name][PROOF_SEEDS[0]].equals(checks[name][PROOF_SEEDS[1]]):
            problems.append(f"{name}: the right answer does not depend on the seed, so it can be guessed")
    if problems:
        raise SourceError(f"{notebook.name}: " + "\n  ".join(problems))


def _prove_invariants(
    notebook: SourceNotebook, checks: dict[str, dict[int, Outcome]], declared: dict[str, int]
) -> None:
    for name, invariants in read_invariants(notebook).items():
        here = f"{notebook.name}: {name}"
        if len(invariants) != declared[name]:
            raise SourceError(f'{here}: a @{name}.must("...") has no plain sentence, or stands over no function')
        for sentence, holds in invariants:
            try:
                broken = [seed for seed, outcome in checks[name].items() if not holds(thaw(outcome.value))]
            except Exception as error:
                what = f"{sentence!r} cannot be asked with torch alone ({type(error).__name__}: {error})"
                raise SourceError(f"{here}: {what}") from error
            if broken:
                raise SourceError(f"{here}: {sentence!r} does not hold for the solution, on seed {broken[0]}")


def _run_mistakes(notebook: SourceNotebook, kernel: Runner, seeds: list[int]) -> dict[str, dict[int, Outcome]]:
    outcomes = {}
    for mistake in notebook.mistakes:
        where = f"{notebook.name}: mistake {mistake.message_id}"
        before, check, after = mistake_cells(notebook, mistake)
        for source in before:
            kernel.run(source)
        found = _record(kernel, check, seeds, where)[mistake.exercise]
        outcomes[mistake.message_id] = dict(zip(seeds, found, strict=True))
        _record(kernel, after, seeds, where)
    return outcomes


def _prove_distinct(
    notebook: SourceNotebook, checks: dict[str, dict[int, Outcome]], mistakes: dict[str, dict[int, Outcome]]
) -> None:
    problems = []
    for i, mistake in enumerate(notebook.mistakes):
        mine = mistakes[mistake.message_id]
        alike = [seed for seed in PROOF_SEEDS if not mine[seed].clearly_differs(checks[mistake.exercise][seed])]
        if alike:
            problems.append(f"{mistake.message_id} equals the solution, or nearly, on seeds {alike[:5]}")
        for other in notebook.mistakes[:i]:
            theirs = mistakes[other.message_id]
            if other.exercise == mistake.exercise and all(mine[s].equals(theirs[s]) for s in VISIBLE_SEEDS):
                error = f" (both raise {mine[VISIBLE_SEEDS[0]].error})" if mine[VISIBLE_SEEDS[0]].error else ""
                problems.append(f"{mistake.message_id} cannot be told from {other.message_id}{error}")
    if problems:
        raise SourceError(f"{notebook.name}: mistakes that checks cannot tell apart:\n  " + "\n  ".join(problems))

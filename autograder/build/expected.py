"""What the reference solution and every known mistake return: found by running them, never written by hand.

Each step is run by itself: after the notebook's opening, and the answers that its chains name, in a kernel of its own.
So its values hang on nothing else, and need not be found again while these stay as they are (see `Cache`). In the end
the whole notebook runs once, and must return the same.

Also the proof that the checks can tell them apart: over `MISTAKE_SEEDS`, every mistake must differ from the solution
clearly (100 times the tolerance, or shape, or exception), and must be named as itself and as nothing else on any two
neighbours of them (as many as a student's check sees). Over `PROOF_SEEDS`, no outcome of the solution may hang on a tie
or threshold (it must survive a relative jitter of 1e-6 of all that is drawn).
"""

from __future__ import annotations

import hashlib
import json
import pkgutil
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import safetensors.numpy
from safetensors import safe_open

from autograder.course.invariants import read_invariants
from autograder.course.seeds import JITTER, JITTER_FACTOR, MISTAKE_SEEDS, PROOF_SEEDS, VISIBLE_SEEDS
from autograder.course.source import Mistake, SourceCell, SourceNotebook, mistake_cells
from autograder.errors import SourceError
from coursework.checks.notebook import recording
from coursework.files import whole
from coursework.marking.feedback import thaw
from coursework.marking.measured import Measured
from coursework.marking.mistakes import named_mistakes
from coursework.marking.outcome import Outcome
from coursework.marking.stored import KnownMistake, read_measured

from .in_process import Runner, runner
from .measured import prove_measured, untrained

Chains = Mapping[str, tuple[str, ...]]  # per end-to-end check: the exercises whose answers it runs
Say = Callable[[str], None]


@dataclass(frozen=True)
class Expected:
    """Outcomes per check: {check: {seed: Outcome}}, the parts checks declare, and {mistake id: {seed: Outcome}}.

    Of a check of trained work there are no outcomes, but what it measures.
    """

    checks: dict[str, dict[int, Outcome]] = field(default_factory=dict)
    parts: dict[str, dict[str, float] | None] = field(default_factory=dict)
    mistakes: dict[str, dict[int, Outcome]] = field(default_factory=dict)
    measured: dict[str, Measured] = field(default_factory=dict)

    def add(self, other: Expected) -> None:
        self.checks.update(other.checks)
        self.parts.update(other.parts)
        self.mistakes.update(other.mistakes)
        self.measured.update(other.measured)


@dataclass(frozen=True)
class Cache:
    """Where the values of steps that were proven are kept, a file per step; `made_with` stands for our packages."""

    folder: Path
    made_with: str

    def get(self, step: str, key: str) -> Expected | None:
        """What was kept for this step, if it was found with the same cells, mistakes, seeds and packages."""
        path = self.folder / f"{step}.safetensors"
        if not path.exists():
            return None
        with safe_open(path, framework="numpy") as file:
            kept = json.loads(file.metadata()["kept"])
            if kept["for"] != self._whole(key):
                return None
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (it is no dict)
        checks, mistakes = (
            {
                name: {int(seed): Outcome.unpack(packed, arrays) for seed, packed in runs.items()}
                for name, runs in kept[kind].items()
            }
            for kind in ("checks", "mistakes")
        )
        measured = {name: read_measured(packed) for name, packed in kept["measured"].items()}
        return Expected(checks, kept["parts"], mistakes, measured)

    def put(self, step: str, key: str, expected: Expected) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        arrays: dict[str, np.ndarray] = {}
        kept = {
            kind: {
                name: {seed: outcome.pack(arrays, name) for seed, outcome in runs.items()}
                for name, runs in getattr(expected, kind).items()
            }
            for kind in ("checks", "mistakes")
        }
        measured = {name: asdict(each) for name, each in expected.measured.items()}
        text = json.dumps({"for": self._whole(key), "parts": expected.parts, "measured": measured, **kept})
        with whole(self.folder / f"{step}.safetensors") as file:
            file.write(safetensors.numpy.save(arrays, {"kept": text}))

    def _whole(self, key: str) -> str:
        return f"{self.made_with}/{key}"


def run_reference(
    notebook: SourceNotebook, seeds: list[int], say: Say, chains: Chains | None = None, cache: Cache | None = None
) -> Expected:
    """Run each step's solution and mistakes, then the whole notebook; raises SourceError where a proof fails.

    Steps that `cache` knows are not run again.
    """
    expected = Expected()
    for step in dict.fromkeys(cell.step for cell in notebook.cells if cell.kind == "check"):
        expected.add(run_step(notebook, step, seeds, say, chains, cache))
    _prove_whole(notebook, expected)
    # In the notebook's order, whatever the order of the files' proofs.
    return Expected(
        {name: expected.checks[name] for name in notebook.named("check")},
        {name: expected.parts[name] for name in notebook.named("check")},
        {mistake.message_id: expected.mistakes[mistake.message_id] for mistake in notebook.mistakes},
        expected.measured,
    )


def run_step(
    notebook: SourceNotebook,
    step: str,
    seeds: list[int],
    say: Say,
    chains: Chains | None = None,
    cache: Cache | None = None,
) -> Expected:
    """One step's solution and known mistakes, with its proofs; raises SourceError where one fails."""
    cells = step_cells(notebook, step, chains or {})
    names = [cell.name for cell in cells if cell.kind == "check"]
    mine = [mistake for mistake in notebook.mistakes if mistake.exercise in names]
    seeds = [*VISIBLE_SEEDS, *PROOF_SEEDS, *seeds]
    _prove_forbidden(notebook, step)
    chain = {cell.name: (chains or {}).get(cell.name, ()) for cell in cells if cell.trained}
    made_of = [(cell.kind, cell.name, cell.source) for cell in cells], mine, seeds, *([chain] if chain else [])
    key = hashlib.sha256(repr(made_of).encode()).hexdigest()
    if cache and (kept := cache.get(step, key)):
        return kept
    here = f"{notebook.name}/{step}"
    measured = {cell.name: prove_measured(notebook, cell, chain[cell.name]) for cell in cells if cell.trained}
    with tempfile.TemporaryDirectory() as folder, runner(Path(folder)) as kernel, untrained():
        checks: dict[str, dict[int, Outcome]] = {}
        parts: dict[str, dict[str, float] | None] = {}
        slow: list[str] = []
        for cell in cells:
            started = time.process_time()
            found = _record(kernel, cell.source, [] if cell.trained else seeds, f"{here}: {cell.kind} {cell.name}")
            if cell.trained:
                checks[cell.name], parts[cell.name] = {}, None
            elif cell.kind == "check":
                checks[cell.name] = dict(zip(seeds, found[cell.name], strict=True))
                parts[cell.name] = _proven_parts(here, cell, kernel, found[cell.name])
                each = (time.process_time() - started) / len(seeds)
                slow += [f"{cell.name} ({each * len(VISIBLE_SEEDS):.2f} s)"] if each * len(VISIBLE_SEEDS) > 0.5 else []
        if slow:
            say(f"  slow checks (CPU seconds for {len(VISIBLE_SEEDS)} seeds): {', '.join(slow)}")
        _prove_stable(here, [cell for cell in cells if cell.kind == "check" and not cell.trained], kernel, checks)
        _prove_invariants(notebook, here, checks, {name: len(kernel.namespace[name].invariants) for name in checks})
        mistakes = _run_mistakes(notebook, mine, kernel, [*VISIBLE_SEEDS, *MISTAKE_SEEDS])
    _prove_distinct(here, mine, checks, mistakes)
    expected = Expected(checks, parts, mistakes, measured)
    if cache:
        cache.put(step, key, expected)
    return expected


def _proven_parts(here: str, cell: SourceCell, kernel: Runner, runs: list[Outcome]) -> dict[str, float] | None:
    """The parts that a check declares: worth its points together, and each there in what it returns."""
    parts = kernel.namespace[cell.name].parts
    if not parts:
        return None
    if sum(parts.values()) != cell.points:
        worth = f"its parts are worth {sum(parts.values()):g} points, the check {cell.points:g}"
        raise SourceError(f"{here}: {cell.name}: {worth}: give both the same")
    if not all(run.error or (isinstance(run.value, dict) and parts.keys() <= run.value.keys()) for run in runs):
        raise SourceError(f"{here}: {cell.name}: it returns no dict with its parts as keys: {', '.join(parts)}")
    return parts


def step_cells(notebook: SourceNotebook, step: str, chains: Chains) -> list[SourceCell]:
    """The code that a step's checks need: the notebook's opening, answers of its chains, its own cells up to the last
    check."""
    opening = notebook.cells[0].step
    code = notebook.code()
    checks = [i for i, cell in enumerate(code) if cell.step == step and cell.kind == "check"]
    needed = {exercise for i in checks for exercise in chains.get(code[i].name, ())}
    return [
        cell
        for i, cell in enumerate(code[: checks[-1] + 1])
        if (cell.step == step)
        or (cell.step == opening and cell.kind in ("setup", "code"))
        or (cell.kind == "exercise" and cell.name in needed)
    ]


def _prove_whole(notebook: SourceNotebook, expected: Expected) -> None:
    """The solved notebook, top to bottom, runs, and its checks return what they return with their step alone."""
    with tempfile.TemporaryDirectory() as folder, runner(Path(folder)) as kernel, untrained():
        for cell in notebook.code():
            seeds = [] if cell.trained else VISIBLE_SEEDS
            found = _record(kernel, cell.source, seeds, f"{notebook.name}/{cell.step}: {cell.kind} {cell.name}")
            if cell.kind == "check" and not all(
                outcome.equals(expected.checks[cell.name][seed])
                for seed, outcome in zip(seeds, found[cell.name], strict=True)
            ):
                raise SourceError(
                    f"{notebook.name}/{cell.step}: {cell.name} returns something else after the steps before it: "
                    "one of them changes what it uses"
                )


def _prove_forbidden(notebook: SourceNotebook, step: str) -> None:
    """What an exercise forbids must be there to be called: a misspelt name would forbid nothing."""
    for cell in notebook.named("exercise").values():
        for name in cell.forbids if cell.step == step else ():
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


def _prove_stable(here: str, cells: list[SourceCell], kernel: Runner, checks: dict[str, dict[int, Outcome]]) -> None:
    problems = []
    for cell in cells:
        name = cell.name
        failed = [(seed, outcome) for seed, outcome in checks[name].items() if outcome.error]
        if failed:
            seed, outcome = failed[0]
            alone = outcome.error == "NameError"
            problems.append(
                f"{name}: the solution raises {outcome.error} on seed {seed}: {outcome.message}"
                + (" (a step runs after the opening alone: what else it runs stands in [chains])" if alone else "")
            )
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
        raise SourceError(f"{here}: " + "\n  ".join(problems))


def _prove_invariants(
    notebook: SourceNotebook, step: str, checks: dict[str, dict[int, Outcome]], declared: dict[str, int]
) -> None:
    for name, invariants in [(name, found) for name, found in read_invariants(notebook).items() if name in checks]:
        here = f"{step}: {name}"
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


def _run_mistakes(
    notebook: SourceNotebook, mistakes: list[Mistake], kernel: Runner, seeds: list[int]
) -> dict[str, dict[int, Outcome]]:
    outcomes = {}
    for mistake in mistakes:
        where = f"{notebook.name}: mistake {mistake.message_id}"
        before, check, after = mistake_cells(notebook, mistake)
        for source in before:
            kernel.run(source)
        found = _record(kernel, check, seeds, where)[mistake.exercise]
        outcomes[mistake.message_id] = dict(zip(seeds, found, strict=True))
        _record(kernel, after, seeds, where)
    return outcomes


def _prove_distinct(
    here: str, made: list[Mistake], checks: dict[str, dict[int, Outcome]], mistakes: dict[str, dict[int, Outcome]]
) -> None:
    problems = []
    for mistake in made:
        mine = mistakes[mistake.message_id]
        alike = [seed for seed in MISTAKE_SEEDS if not mine[seed].clearly_differs(checks[mistake.exercise][seed])]
        if alike:
            problems.append(f"{mistake.message_id} equals the solution, or nearly, on seeds {alike[:5]}")
    for name, right in checks.items():
        theirs = {each.message_id: mistakes[each.message_id] for each in made if each.exercise == name}
        problems += _misnamed(name, right, theirs) if theirs else []
    if problems:
        raise SourceError(f"{here}: mistakes that checks cannot tell apart:\n  " + "\n  ".join(problems))


def _misnamed(check: str, right: dict[int, Outcome], mistakes: dict[str, dict[int, Outcome]]) -> list[str]:
    """What a tutor would call by another's name, on the seeds that students see or on two neighbours of the others."""
    problems = {}
    for seeds in [VISIBLE_SEEDS, *map(list, pairwise(MISTAKE_SEEDS))]:
        expected = [right[seed] for seed in seeds]
        known = [KnownMistake(name, "", [runs[seed] for seed in seeds]) for name, runs in mistakes.items()]
        if named := named_mistakes(expected, expected, known):
            problems[check] = f"the solution of {check} is taken for {named[0].id} on seeds {seeds}"
        for mistake in known:
            named = named_mistakes(mistake.outcomes, expected, known)
            if [each.id for each in named] != [mistake.id]:
                other = named[0].id if named else "the rest: what it returns equals nothing"
                error = mistake.outcomes[0].error
                both = f" (both raise {error}: {mistake.outcomes[0].message})" if error else ""
                problems[mistake.id] = f"{mistake.id} cannot be told from {other} on seeds {seeds}{both}"
    return list(problems.values())

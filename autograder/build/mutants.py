"""Do the checks notice small slips? Each change of a solution (mutate.py) runs through its check, as a student's would.

A changed answer that still earns all points on three seeds of its own is a survivor: it does the same as the solution,
or the check has a hole. A step's opening, and what its chains need, run once; each changed answer runs in a fork of
that process, silent, in a folder of its own, for a few seconds at most. What is found is kept (survivors.py).
"""

from __future__ import annotations

import ast
import contextlib
import hashlib
import os
import re
import resource
import select
import shutil
import signal
import tempfile
from collections.abc import Callable
from pathlib import Path

from autograder.course.registry import Entry, read_entry, step_files
from autograder.course.source import Mistake, SourceCell, SourceNotebook, mistake_cells, read_source
from autograder.errors import SourceError
from autograder.terminal import progress
from coursework.checks.notebook import recording
from coursework.marking.feedback import earned
from coursework.marking.outcome import Outcome

from .expected import step_cells
from .in_process import Runner, runner
from .measured import untrained
from .mutate import Mutant, mutants
from .survivors import Found, StepFile, Survivor, proven_steps

SEEDS = 3
CPU_SECONDS, WALL_SECONDS = 5, 120  # of one changed answer; the second is for those that sleep
MEMORY = 4 * 2**30  # bytes of memory of its own
FILE_SIZE = 16 * 2**20  # bytes of a file that it writes
_SURVIVED, _KILLED = 77, 1  # exit codes of a fork; any other is of an answer that ended its process


def mutate_steps(path: Path, root: Path) -> list[StepFile]:
    """Run what is not known yet of the steps in `path` (a step, a notebook, an assignment or a folder of these).

    Returns the steps' files as they are now; raises SourceError where the solution itself fails.
    """
    found = [
        (entry, notebook, step, StepFile(folder, notebook, step, entry.chains))
        for entry, folder in notebooks_in(path, root)
        for notebook in [read_source(folder)]
        for step in proven_steps(notebook)
        if path.is_dir() or path.stem == step
    ]
    waiting = [each for each in found if not each[-1].is_current()]
    changed = [_changed(entry, notebook, step) for entry, notebook, step, _ in waiting]
    with progress(sum(len(each) for answers in changed for each in answers.values())) as tick:
        for (entry, notebook, step, file), answers in zip(waiting, changed, strict=True):
            file.put(_run_step(entry, notebook, step, answers, tick))
    return [file for *_, file in found]


def notebooks_in(path: Path, root: Path) -> list[tuple[Entry, Path]]:
    """The notebooks' folders that a path stands for, with their assignments; raises SourceError where there is none."""
    path.stat()  # raises where there is none
    if path.is_file():
        if path not in step_files(path.parent):
            raise SourceError(f"{path} is no step: a step is a file such as {path.parent / '01_corners.py'}")
        return [(read_entry(path.parent.parent), path.parent)]
    if step_files(path) and path != root / "solutions":  # start.py lies there, and is no step
        return [(read_entry(path.parent), path)]
    folders = [path] if path.parent == root / "solutions" else sorted(each for each in path.iterdir() if each.is_dir())
    entries = [read_entry(folder) for folder in folders]
    return [(entry, folder) for entry in entries for folder in entry.notebooks]


def seeds_of(notebook: SourceNotebook, exercise: str) -> list[int]:
    """The seeds of an exercise's changed answers: always the same, and none that students or the build use."""
    digest = hashlib.sha256(f"mutants/{notebook.assignment}/{notebook.name}/{exercise}".encode()).digest()
    return [10**6 + int.from_bytes(digest[4 * i : 4 * i + 4], "big") for i in range(SEEDS)]


def _changed(entry: Entry, notebook: SourceNotebook, step: str) -> dict[str, list[Mutant]]:
    cells = step_cells(notebook, step, entry.chains)
    reached = _reached(cells)
    return {cell.name: mutants(cell.source, reached) for cell in _answers(cells, step)}


def _answers(cells: list[SourceCell], step: str) -> list[SourceCell]:
    checked = {cell.name for cell in cells if cell.kind == "check"}
    return [cell for cell in cells if cell.kind == "exercise" and cell.step == step and cell.name in checked]


def _reached(cells: list[SourceCell]) -> set[str]:
    """Names that the checks come to, over functions of any cell; what no check calls, no check can judge."""
    reached = {word for cell in cells if cell.kind == "check" for word in re.findall(r"\w+", cell.source)}
    bodies = [node for cell in cells if cell.kind != "check" for node in ast.parse(_without_magics(cell.source)).body]
    waiting = [node for node in bodies if isinstance(node, ast.FunctionDef | ast.ClassDef)]
    while called := [node for node in waiting if node.name in reached]:
        waiting = [node for node in waiting if node not in called]
        reached |= {name.id for node in called for name in ast.walk(node) if isinstance(name, ast.Name)}
    return reached


def _without_magics(source: str) -> str:
    return "\n".join(line for line in source.splitlines() if not line.startswith(("%", "!")))


def _run_step(
    entry: Entry, notebook: SourceNotebook, step: str, answers: dict[str, list[Mutant]], tick: Callable[[str], None]
) -> dict[str, Found]:
    found = {}
    with tempfile.TemporaryDirectory() as folder, runner(Path(folder)) as kernel, untrained():
        for cell in step_cells(notebook, step, entry.chains):
            seeds = [] if cell.trained else seeds_of(notebook, cell.name)
            with recording(seeds) as record:
                run = kernel.run(cell.source)
            here = f"{notebook.name}/{cell.step}: {cell.kind} {cell.name}"
            if run.error:
                raise SourceError(f"{here} stops with {run.error}\n{run.stdout[-2000:]}")
            if cell.kind == "check" and cell.name in answers:
                judge = _Judge(notebook, cell, kernel, seeds, record[cell.name])
                solution = notebook.named("exercise")[cell.name].source
                if failed := [outcome.error for outcome in record[cell.name] if outcome.error]:
                    raise SourceError(f"{here}: the solution raises {failed[0]}: prove the step first")
                if not judge.survives(solution, Path(folder)):
                    raise SourceError(f"{here}: the solution loses points when it is run again, in a fork")
                found[cell.name] = _judged(judge, answers[cell.name], Path(folder), tick)
    return found


def _judged(judge: _Judge, changed: list[Mutant], folder: Path, tick: Callable[[str], None]) -> Found:
    survivors = []
    for mutant in changed:
        survived = judge.survives(mutant.source, folder)
        survivors += [Survivor(mutant.change, mutant.line)] if survived else []
        tick("survived" if survived else "killed")
    return Found(len(changed), len(changed) - len(survivors), survivors)


class _Judge:
    """One check, and what the solution returns on its seeds; says of an answer whether it earns all points."""

    def __init__(
        self, notebook: SourceNotebook, check: SourceCell, kernel: Runner, seeds: list[int], expected: list[Outcome]
    ):
        self._notebook, self._check, self._kernel = notebook, check, kernel
        self._runs = list(zip(seeds, expected, strict=True))
        self._parts = kernel.namespace[check.name].parts
        self._points = check.points or 1.0  # a check without points is right or wrong, too

    def survives(self, source: str, folder: Path) -> bool:
        """Does this answer earn all points? Exceptions, and all that goes over a limit, earn none."""
        with tempfile.TemporaryDirectory() as own:
            shutil.copytree(folder, own, dirs_exist_ok=True)
            child = os.fork()
            if child == 0:
                try:
                    _confine(own)
                    os._exit(_SURVIVED if self._earns_all(source) else _KILLED)
                finally:
                    os._exit(_KILLED)
            return _exit_code(child) == _SURVIVED

    def _earns_all(self, source: str) -> bool:
        mistake = Mistake(self._check.name, "changed", "", source)
        before, check, _ = mistake_cells(self._notebook, mistake)
        for cell in before:
            self._kernel.run(cell)
        return all(self._is_right(check, seed, right) for seed, right in self._runs)

    def _is_right(self, check: str, seed: int, right: Outcome) -> bool:
        """On one seed; points are for all seeds together, so the first wrong one decides."""
        with recording([seed]) as record:
            self._kernel.run(check)
        return earned(record.get(self._check.name, []), [right], self._points, self._parts) == self._points


def _confine(folder: str) -> None:
    """In the fork: silent, in a folder of its own, with limits, the head of all processes that it starts."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    os.chdir(folder)
    limits = {"RLIMIT_CPU": CPU_SECONDS, "RLIMIT_DATA": MEMORY, "RLIMIT_FSIZE": FILE_SIZE, "RLIMIT_CORE": 0}
    for name, limit in limits.items():
        resource.setrlimit(getattr(resource, name), (limit, limit))


def _exit_code(child: int) -> int:
    """The fork's exit code, or that of the signal that ended it, and with it all that it started."""
    handle = os.pidfd_open(child)
    try:
        select.select([handle], [], [], WALL_SECONDS)
        for kill, number in ((os.killpg, child), (os.kill, child)):
            with contextlib.suppress(ProcessLookupError):  # before it is the head of a group; after it has ended
                kill(number, signal.SIGKILL)
    finally:
        os.close(handle)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])

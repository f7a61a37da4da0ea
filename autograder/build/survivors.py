"""What is kept of a step's mutants, in `19_cell.mutants.json` beside the step: counts, and each survivor in one line.

A person judges the survivors in that file: "equivalent" (the change does the same as the solution; at most 10 % of an
exercise's) or "missed" (the check has a hole, and why it stays), each `because` of something. What was judged is kept
where the same change survives again. A file is current as long as the opening, the answers of the step's chains, its
own cells and `VERSION` are what they were. Nothing is run here: a release reads these files, and stops on an open one.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path

from autograder.course.source import SourceNotebook
from autograder.errors import SourceError
from coursework.files import write_whole

from .expected import Chains, step_cells

VERSION = 1  # of the changes and of how they are run: with another one, every step is run again
MOST_EQUIVALENT = 0.1
JUDGEMENTS = ("equivalent", "missed")


@dataclass(frozen=True)
class Survivor:
    """A change that earns all points: what it is, its line in the exercise's cell, and what a person says of it."""

    change: str
    line: int
    judged: str | None = None
    because: str = ""


@dataclass(frozen=True)
class Found:
    """One exercise's mutants: how many there are, how many lose points, and the rest by name."""

    mutants: int
    killed: int
    survivors: list[Survivor] = field(default_factory=list)

    @property
    def equivalent(self) -> int:
        return sum(survivor.judged == "equivalent" for survivor in self.survivors)

    @property
    def score(self) -> float:
        """The share that loses points, of those that do something else than the solution."""
        counted = self.mutants - self.equivalent
        return self.killed / counted if counted else 1.0

    def counts(self) -> dict[str, float]:
        survivors = self.mutants - self.killed - self.equivalent
        return {"mutants": self.mutants, "killed": self.killed, "equivalent": self.equivalent, "survivors": survivors,
                "score": round(self.score, 4)}  # fmt: skip


class StepFile:
    """The kept results of one step; `found` is None where there are none."""

    def __init__(self, folder: Path, notebook: SourceNotebook, step: str, chains: Chains):
        self.path, self._notebook, self._step = folder / f"{step}.mutants.json", notebook, step
        cells = [(cell.kind, cell.name, cell.source) for cell in step_cells(notebook, step, chains)]
        self._key = hashlib.sha256(repr((VERSION, cells)).encode()).hexdigest()

    @cached_property
    def _kept(self) -> dict:
        if not self.path.exists():
            return {"for": None, "exercises": {}}
        try:
            kept = json.loads(self.path.read_text(encoding="utf-8"))
            exercises = {
                name: Found(each["mutants"], each["killed"], [Survivor(**one) for one in each["survivors"]])
                for name, each in kept["exercises"].items()
            }
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise SourceError(f"{shown(self.path)} cannot be read ({type(error).__name__}: {error})") from error
        return {"for": kept["for"], "exercises": exercises}

    @property
    def found(self) -> dict[str, Found]:
        """What is known of each exercise of the step, current or not."""
        return self._kept["exercises"]

    def is_current(self) -> bool:
        """Was it found with the step as it is now?"""
        return self._kept["for"] == self._key

    def put(self, found: dict[str, Found]) -> None:
        """Keep new results; judgements stay with the changes that survive again."""
        exercises = {}
        for name, new in found.items():
            old = {each.change: each for each in self.found[name].survivors} if name in self.found else {}
            judged = [
                replace(each, judged=old[each.change].judged, because=old[each.change].because)
                if each.change in old
                else each
                for each in new.survivors
            ]
            exercises[name] = replace(new, survivors=judged)
        data = {"for": self._key, "exercises": {name: asdict(each) for name, each in exercises.items()}}
        write_whole(self.path, json.dumps(data, indent=1, ensure_ascii=False) + "\n")
        del self._kept

    def problems(self) -> list[str]:
        """Sentences on what a person has still to do before the step may be released."""
        if not self.is_current():
            what = "is not there" if not self.path.exists() else "is of an older state of its step"
            return [f"{shown(self.path)} {what}"]
        problems = []
        for name, found in self.found.items():
            for each in found.survivors:
                where = f"{shown(self.path.with_name(f'{self._step}.py'))}:{self._line(name) + each.line}: {name}"
                if each.judged is None:
                    problems.append(f"{where}: earns all points: {each.change}")
                elif each.judged not in JUDGEMENTS:
                    problems.append(f'{where}: judged is {each.judged!r}; it may be "equivalent", "missed" or null')
                elif not each.because.strip():
                    problems.append(f"{where}: judged {each.judged} without a reason (because): {each.change}")
            if found.equivalent > MOST_EQUIVALENT * found.mutants:
                share = f"{found.equivalent} of {found.mutants} mutants of {name} are judged equivalent"
                problems.append(f"{shown(self.path)}: {share}, more than {MOST_EQUIVALENT:.0%}: change the check")
        return problems

    def _line(self, exercise: str) -> int:
        """The line above the exercise's cell in the step's file."""
        lines = self.path.with_name(f"{self._step}.py").read_text(encoding="utf-8").splitlines()
        heads = (i for i, line in enumerate(lines, 1) if line.startswith("# %%") and f'exercise="{exercise}"' in line)
        return next(heads, 0)

    @property
    def name(self) -> str:
        return f"{self._notebook.assignment}/{self._notebook.name}"


def proven_steps(notebook: SourceNotebook) -> list[str]:
    """The steps that hold an exercise and its check, in order."""
    checks = notebook.named("check")
    steps = [cell.step for name, cell in notebook.named("exercise").items() if name in checks]
    return list(dict.fromkeys(step for step in steps))


def shown(path: Path) -> str:
    """The path as somebody types it from where the command runs."""
    relative = os.path.relpath(path)
    return str(path) if relative.startswith("..") else relative


def report(files: Iterable[StepFile]) -> dict:
    """The counts over all these steps, and per exercise; `score` is a share of 1."""
    each = {f"{file.name}/{name}": found for file in files for name, found in file.found.items()}
    total = Found(
        sum(found.mutants for found in each.values()),
        sum(found.killed for found in each.values()),
        [survivor for found in each.values() for survivor in found.survivors],
    )
    return {**total.counts(), "exercises": {name: found.counts() for name, found in each.items()}}


def table(counts: dict) -> list[str]:
    """The report as lines: one per exercise, and their sum."""
    rows = [*counts["exercises"].items(), ("all", counts)]
    columns = ("mutants", "killed", "equivalent", "survivors")
    width = max(len(name) for name, _ in rows)
    head = " ".join([" " * width, *columns, "  score"])
    return [head, *(
        " ".join([f"{name:{width}}", *(f"{row[key]:{len(key)}}" for key in columns), f"{row['score']:7.2%}"])
        for name, row in rows
    )]  # fmt: skip

"""The verbs of an author: build and prove sources, begin an exercise, make what students get."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeAlias

from autograder.terminal import fail, tell

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_to(commands: Commands) -> None:
    """Add these verbs to the command's parser."""
    for add in (_add_build, _add_prove, _add_exercise, _add_release):
        add(commands)


def _add_build(commands: Commands) -> None:
    build = commands.add_parser("build", help="solutions/ -> build/source/ and notebooks/")
    build.add_argument("assignment", nargs="*", help="which assignments (all, if none is named)")
    build.set_defaults(run=_build)


def _build(options: argparse.Namespace) -> int:
    from autograder.build import build as builder

    with _missing_file_named():
        for assignment in options.assignment or builder.assignments():
            builder.build(assignment)
    return 0


def _add_prove(commands: Commands) -> None:
    prove = commands.add_parser("prove", help="prove one step's checks, or those of a notebook's folder of steps")
    prove.add_argument("source", type=Path, help="a step or a folder: solutions/ASSIGNMENT/NOTEBOOK[/STEP.py]")
    mutants = "instead: does each check notice small changes of its solution? Of folders above notebooks, too"
    prove.add_argument("--mutants", action="store_true", help=mutants)
    prove.set_defaults(run=_prove)


def _prove(options: argparse.Namespace) -> int:
    from autograder.build import build as builder

    with _missing_file_named():
        if options.mutants:
            return _prove_mutants(options.source.resolve())
        builder.prove(options.source.resolve())
    return 0


def _prove_mutants(path: Path) -> int:
    from autograder.build.build import ROOT
    from autograder.build.mutants import mutate_steps
    from autograder.build.survivors import report, shown, table
    from coursework.files import write_whole

    files = mutate_steps(path, ROOT)
    counts = report(files)
    tell(*table(counts))
    if path == ROOT / "solutions":
        (ROOT / "build").mkdir(exist_ok=True)
        write_whole(ROOT / "build" / "mutants.json", json.dumps(counts, indent=1) + "\n")
    problems = [problem for file in files for problem in file.problems()]
    if problems:
        names = ", ".join(shown(file.path) for file in files if file.problems())
        return fail(*problems, f"Mend the check, or judge these in {names}: CONTRIBUTING.md says how.")
    return 0


def _add_exercise(commands: Commands) -> None:
    exercise = commands.add_parser("exercise", help="write the skeleton of a new exercise's step into a notebook")
    exercise.add_argument("name", help="of the exercise, for good: it is the one in every gradebook")
    exercise.add_argument("folder", type=Path, help="the notebook, old or new: solutions/ASSIGNMENT/NOTEBOOK")
    exercise.set_defaults(run=_exercise)


def _exercise(options: argparse.Namespace) -> int:
    from autograder.course.skeleton import write_skeleton

    *others, step = map(os.path.relpath, write_skeleton(options.name, options.folder))
    tell(*(f"wrote {path}" for path in others))
    tell(f"wrote {step}; two edits are marked in it: the task (line 6), the solution (line 14)")
    tell(f"then: autograder prove {step}")
    return 0


@contextmanager
def _missing_file_named() -> Iterator[None]:
    from autograder.errors import SourceError

    try:
        yield
    except FileNotFoundError as error:
        raise SourceError(f"there is no file {error.filename}") from error


def _add_release(commands: Commands) -> None:
    release = commands.add_parser("release", help="the zip to hand out to students, in dist/")
    release.add_argument("assignment", nargs="*", help="which assignments (all with released = true, if none is named)")
    release.set_defaults(run=_release)


def _release(options: argparse.Namespace) -> int:
    from autograder.build.release import make_release, refuse_unproven
    from autograder.course.places import ROOT

    refuse_unproven(options.assignment, ROOT)
    path = make_release(ROOT / "dist", options.assignment)
    tell(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.1f} MB")
    return 0

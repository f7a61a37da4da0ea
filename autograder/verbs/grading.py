"""The verbs of grading: a class, one notebook, and a class that is made up."""

from __future__ import annotations

import argparse
import os
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from autograder.terminal import fail, tell, tell_error

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_to(commands: Commands) -> None:
    """Add these verbs to the command's parser."""
    for add in (_add_grade, _add_check, _add_samples):
        add(commands)


def _add_grade(commands: Commands) -> None:
    grade = commands.add_parser("grade", help="grade what is new or has changed in grading/submitted/")
    grade.add_argument("assignment")
    grade.add_argument("--student", nargs="+", default=[], metavar="ID", help="these students only, graded or not")
    again = grade.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on with a run that was interrupted, on its seeds")
    again.add_argument("--regrade", action="store_true", help="grade everybody anew, on fresh seeds")
    grade.add_argument("--seed", type=_whole(0), help="repeat the run that had this seed (the log keeps it)")
    grade.add_argument("--dry-run", action="store_true", help="only say what would be done; run and write nothing")
    grade.add_argument("--workers", type=_whole(1), default=_cores(), help="processes (one per core)")
    grade.add_argument("--scheduler", metavar="ADDRESS", help="run on the Dask cluster of this scheduler")
    grade.add_argument("--time-limit", type=_seconds, default=60.0, metavar="S", help="CPU seconds per cell")
    grade.add_argument("--memory-limit", type=_whole(1), default=4096, metavar="MB", help="memory per notebook")
    grade.add_argument("--unsafe", action="store_true", help="no sandbox: trusted notebooks only")
    grade.set_defaults(run=_grade)


def _grade(options: argparse.Namespace) -> int:
    from autograder.sandbox.job import Limits

    if options.dry_run:
        return _dry_run(options)
    limits = Limits(
        cell_cpu_s=options.time_limit, notebook_cpu_s=5 * options.time_limit, memory_mb=options.memory_limit
    )
    with _runner(options) as (run_jobs, level):
        # Not before: these imports take as long as the warm process's own, which has just begun with them.
        from autograder.course.places import project_places
        from autograder.grade import grade
        from autograder.gradebook.opened import shown_url

        places = project_places()
        tell(f"sandbox: {level}")
        summary = grade(
            places,
            options.assignment,
            run_jobs,
            level,
            only=options.student,
            seed=options.seed,
            resume=options.resume,
            regrade=options.regrade,
            limits=limits,
        )
    for student, reasons in sorted(summary.review.items()):
        tell(f"a person should look at {student}: {'; '.join(reasons)}")
    counts = ", ".join(f"{count} {status}" for status, count in sorted(summary.counts.items()))
    tell(f"{options.assignment}: {counts or 'nothing to do'}; marks are in {shown_url(places.db_url)}")
    if summary.interrupted:
        return fail(f"stopped with {summary.left} to go: --resume goes on", code=130)
    return 0


@contextmanager
def _runner(options: argparse.Namespace) -> Generator:
    """(how jobs are run, the sandbox's level in words), until the end of the block."""
    from autograder.course.registry import needs
    from autograder.sandbox.levels import UNSAFE, found_level

    needed = needs(options.assignment)
    if options.scheduler:
        from autograder.sandbox import cluster

        with cluster.connect(options.scheduler, needed) as connection:
            yield connection.run, str(connection.level)
        return
    from autograder.sandbox.pool import Pool

    level = UNSAFE if options.unsafe else found_level()
    with Pool(max(1, options.workers), level, needed) as pool:
        yield pool.run, str(level)


def _dry_run(options: argparse.Namespace) -> int:
    from autograder.course.places import project_places
    from autograder.dry_run import News, dry_run
    from autograder.judge.graded import Status

    foretold = {
        Status.GRADED: "would be graded",
        Status.REPAIRED: "would be repaired and graded",
        Status.COULD_NOT_GRADE: "could not be graded",
    }
    foreseen = dry_run(
        project_places(), options.assignment, options.student, resume=options.resume, regrade=options.regrade
    )
    for each in foreseen:
        if each.graded is not None:
            notes = map(str, (*each.graded.review, *each.graded.notes))
            tell("  ".join([f"{each.student}: {each.news}, {foretold[each.graded.status]}", *notes]))
        else:
            taken_in = "would be taken in and graded" if each.news is News.DOWNLOADED else "would not be graded"
            tell(f"{each.student}: {each.news}, {taken_in}")
    return 0


def _add_check(commands: Commands) -> None:
    check = commands.add_parser("check", help="the marks of one notebook file, in seconds; nothing is stored")
    check.add_argument("notebook", type=Path)
    check.add_argument("--assignment", help="which assignment (found by what the notebook holds)")
    check.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    from autograder.course.registry import needs
    from autograder.sandbox.levels import found_level
    from autograder.sandbox.pool import Pool

    level = found_level()
    tell_error(f"sandbox: {level}", "running the solution and the notebook in it ...")
    needed = needs(options.assignment, options.notebook.stem)
    with Pool(2, level, needed) as pool:
        if "torch" in needed.packages:  # what the tutor's words take: it is here by the time that the runs have ended
            threading.Thread(target=import_module, args=("torch",), daemon=True).start()
        from autograder.check import grade_notebook  # while the warm process imports, as above

        tell(*grade_notebook(options.notebook, options.assignment, run_jobs=pool.run).table().split("\n"))
    return 0


def _add_samples(commands: Commands) -> None:
    samples = commands.add_parser("samples", help="generate the sample class")
    samples.add_argument("assignment")
    samples.add_argument("--into", type=Path, metavar="FOLDER", help="where to (grading/submitted/)")
    samples.set_defaults(run=_samples)


def _samples(options: argparse.Namespace) -> int:
    from autograder.course.places import project_places
    from autograder.samples.the_class import make_class

    names: Iterable[str] = make_class(project_places(), options.assignment, options.into)
    tell(f"handed in for {options.assignment}: {', '.join(names)}")
    return 0


def _cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _whole(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if not (text.isascii() and text.isdigit() and int(text) >= least):
            raise argparse.ArgumentTypeError(f"a whole number from {least} on is needed, not {text!r}")
        return int(text)

    return number


def _seconds(text: str) -> float:
    with suppress(ValueError):
        if 0 < (seconds := float(text)) < float("inf"):
            return seconds
    raise argparse.ArgumentTypeError(f"a number of seconds above 0 is needed, not {text!r}")

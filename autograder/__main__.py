"""The command `autograder`: build the course's notebooks, grade a class, return and export marks."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path

from .terminal import tell, tell_error


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="autograder", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    build = commands.add_parser("build", help="solutions/ -> build/source/ and notebooks/")
    build.add_argument("assignment", nargs="*", help="which assignments (all, if none is named)")
    prove = commands.add_parser("prove", help="prove one step's checks, or those of a notebook's folder of steps")
    prove.add_argument("source", type=Path, help="a step or a folder: solutions/ASSIGNMENT/NOTEBOOK[/STEP.py]")

    grade = commands.add_parser("grade", help="grade what is new or has changed in grading/submitted/")
    grade.add_argument("assignment")
    grade.add_argument("--student", nargs="+", default=[], metavar="ID", help="these students only, graded or not")
    again = grade.add_mutually_exclusive_group()
    again.add_argument("--resume", action="store_true", help="go on with a run that was interrupted, on its seeds")
    again.add_argument("--regrade", action="store_true", help="grade everybody anew, on fresh seeds")
    grade.add_argument("--seed", type=_whole(0), help="repeat the run that had this seed (the log keeps it)")
    grade.add_argument("--dry-run", action="store_true", help="only say what was handed in; run and write nothing")
    _run_options(grade)

    check = commands.add_parser("check", help="the marks of one notebook file, in seconds; nothing is stored")
    check.add_argument("notebook", type=Path)
    check.add_argument("--assignment", help="which assignment (found by what the notebook holds)")

    for verb, text in (("feedback", "write nbgrader's feedback pages"), ("report", "write the class report")):
        page = commands.add_parser(verb, help=text)
        page.add_argument("assignment")
        if verb == "feedback":
            page.add_argument("--student", nargs="+", default=[], metavar="ID")
        else:
            page.add_argument("--to", type=Path, help="file to write (grading/report-<assignment>.html)")
    export = commands.add_parser("export", help="marks as CSV, with a status column")
    export.add_argument("assignment")
    export.add_argument("--format", choices=("nbgrader", "canvas", "moodle"), default="nbgrader")
    export.add_argument("--to", type=Path, help="file to write (grading/marks-<assignment>-<format>.csv)")

    gradescope = commands.add_parser("gradescope", help="the zip that Gradescope makes an assignment's autograder of")
    gradescope.add_argument("assignment")
    gradescope.add_argument("--to", type=Path, help="file to write (dist/gradescope-<assignment>.zip)")

    forget = commands.add_parser("forget", help="delete all that is kept of one student")
    forget.add_argument("student")
    samples = commands.add_parser("samples", help="generate the sample class into grading/submitted/")
    samples.add_argument("assignment")
    return parser


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


def _run_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--workers", type=_whole(1), default=_cores(), help="processes (one per core)")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="run on the Dask cluster of this scheduler")
    parser.add_argument("--time-limit", type=_seconds, default=60.0, metavar="S", help="CPU seconds per cell")
    parser.add_argument("--memory-limit", type=_whole(1), default=4096, metavar="MB", help="memory per notebook")
    parser.add_argument("--unsafe", action="store_true", help="no sandbox: trusted notebooks only")


def main(arguments: list[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # two spinning threads cost more than the work
    from .errors import GradeError, SourceError

    if options.command in ("build", "prove"):
        from .build import build as builder

        try:
            if options.command == "prove":
                builder.prove(options.source.resolve())
            for assignment in (options.assignment or builder.assignments()) if options.command == "build" else []:
                builder.build(assignment)
        except SourceError as error:
            return _fail(*str(error).split("\n"))
        except FileNotFoundError as error:
            return _fail(f"there is no file {error.filename}")
        return 0

    from .sandbox.cluster import ClusterError
    from .sandbox.levels import SandboxUnavailable

    try:
        return globals()[f"_{options.command}"](options)
    except (SourceError, SandboxUnavailable) as error:  # these quote tracebacks of our own
        return _fail(*str(error).split("\n"))
    except (GradeError, ClusterError) as error:
        return _fail(error)
    except OSError as error:  # a full disk, a folder without rights
        return _fail(f"{error.strerror}: {error.filename}" if error.filename else error)
    except KeyboardInterrupt:
        return _fail("stopped", code=130)


def _fail(*lines: object, code: int = 1) -> int:
    tell_error(*lines)
    return code


def _dry_run(options: argparse.Namespace) -> int:
    from .course.places import project_places
    from .grade import dry_run
    from .lms.take_in import waiting

    places = project_places()
    for student in waiting(places, options.assignment):
        tell(f"{student}: downloaded; grading takes it into {places.submitted}")
    for graded in dry_run(places, options.assignment, options.student):
        tell("  ".join(map(str, (f"{graded.student}: {graded.status}", *graded.review, *graded.notes))))
    return 0


def _grade(options: argparse.Namespace) -> int:
    from .sandbox.job import Limits

    if options.dry_run:
        return _dry_run(options)
    limits = Limits(
        cell_cpu_s=options.time_limit, notebook_cpu_s=5 * options.time_limit, memory_mb=options.memory_limit
    )
    with _runner(options) as (run_jobs, level):
        # Not before: these imports take as long as the warm process's own, which has just begun with them.
        from .course.places import project_places
        from .grade import grade
        from .gradebook.opened import shown_url

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
        return _fail(f"stopped with {summary.left} to go: --resume goes on", code=130)
    return 0


@contextmanager
def _runner(options: argparse.Namespace) -> Generator:
    """(how jobs are run, the sandbox's level in words), until the end of the block."""
    from .course.registry import needs
    from .sandbox.levels import UNSAFE, found_level

    needed = needs(options.assignment)
    if options.scheduler:
        from .sandbox import cluster

        with cluster.connect(options.scheduler, needed) as connection:
            yield connection.run, str(connection.level)
        return
    from .sandbox.pool import Pool

    level = UNSAFE if options.unsafe else found_level()
    with Pool(max(1, options.workers), level, needed) as pool:
        yield pool.run, str(level)


def _check(options: argparse.Namespace) -> int:
    from .course.registry import needs
    from .sandbox.levels import found_level
    from .sandbox.pool import Pool

    tell_error("running the solution and the notebook in the sandbox ...")
    needed = needs(options.assignment, options.notebook.stem)
    with Pool(2, found_level(), needed) as pool:
        if "torch" in needed.packages:  # what the tutor's words take: it is here by the time that the runs have ended
            threading.Thread(target=import_module, args=("torch",), daemon=True).start()
        from .check import grade_notebook  # while the warm process imports, as above

        tell(*grade_notebook(options.notebook, options.assignment, run_jobs=pool.run).table().split("\n"))
    return 0


def _feedback(options: argparse.Namespace) -> int:
    from .course.places import project_places
    from .feedback.pages import write_feedback

    places = project_places()
    pages = write_feedback(places, options.assignment, options.student)
    tell(f"{len(pages)} pages in {places.feedback}")
    return 0


def _report(options: argparse.Namespace) -> int:
    from .course.places import project_places
    from .feedback.report import write_report

    places = project_places()
    to = options.to or places.records / f"report-{options.assignment}.html"
    write_report(places, options.assignment, to)
    tell(f"the class report is {to}")
    return 0


def _export(options: argparse.Namespace) -> int:
    from .course.places import project_places
    from .lms.export import export

    places = project_places()
    to = options.to or places.records / f"marks-{options.assignment}-{options.format}.csv"
    tell(f"{export(places, options.assignment, options.format, to)} students in {to}")
    return 0


def _gradescope(options: argparse.Namespace) -> int:
    from .course.places import ROOT, project_places
    from .lms.gradescope import make_zip

    to = options.to or ROOT / "dist" / f"gradescope-{options.assignment}.zip"
    make_zip(project_places(), options.assignment, to)
    tell(f"{to}: {to.stat().st_size / 1e6:.1f} MB, to be uploaded as Gradescope's autograder")
    return 0


def _forget(options: argparse.Namespace) -> int:
    from .course.places import project_places
    from .forget import forget

    tell("deleted: " + ", ".join(forget(project_places(), options.student)))
    return 0


def _samples(options: argparse.Namespace) -> int:
    from .course.places import project_places
    from .samples.the_class import make_class

    names: Iterable[str] = make_class(project_places(), options.assignment)
    tell(f"handed in for {options.assignment}: {', '.join(names)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

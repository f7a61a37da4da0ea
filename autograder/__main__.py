"""The command `autograder`: build the course's notebooks, grade a class, return and export marks."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import TypeAlias

from .terminal import tell, tell_error

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def main(arguments: list[str] | None = None) -> int:
    """Run a command; returns the exit code: 0, 1 for what the user can put right, 130 where it was stopped."""
    options = _parser().parse_args(arguments)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # two spinning threads cost more than the work
    from .errors import GradeError, SourceError
    from .sandbox.cluster import ClusterError
    from .sandbox.levels import SandboxUnavailable

    try:
        return options.run(options)
    except (SourceError, SandboxUnavailable) as error:  # these quote tracebacks of our own
        return _fail(*str(error).split("\n"))
    except (GradeError, ClusterError) as error:
        return _fail(error)
    except OSError as error:  # a full disk, a folder without rights
        return _fail(f"{error.strerror}: {error.filename}" if error.filename else error)
    except KeyboardInterrupt:
        return _fail("stopped", code=130)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="autograder", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for add in (
        _add_build,
        _add_prove,
        _add_exercise,
        _add_release,
        _add_grade,
        _add_check,
        _add_feedback,
        _add_report,
        _add_export,
        _add_extend,
        _add_mark,
        _add_gradescope,
        _add_forget,
        _add_samples,
    ):
        add(commands)
    return parser


def _fail(*lines: object, code: int = 1) -> int:
    tell_error(*lines)
    return code


def _add_build(commands: Commands) -> None:
    build = commands.add_parser("build", help="solutions/ -> build/source/ and notebooks/")
    build.add_argument("assignment", nargs="*", help="which assignments (all, if none is named)")
    build.set_defaults(run=_build)


def _build(options: argparse.Namespace) -> int:
    from .build import build as builder

    with _missing_file_named():
        for assignment in options.assignment or builder.assignments():
            builder.build(assignment)
    return 0


def _add_prove(commands: Commands) -> None:
    prove = commands.add_parser("prove", help="prove one step's checks, or those of a notebook's folder of steps")
    prove.add_argument("source", type=Path, help="a step or a folder: solutions/ASSIGNMENT/NOTEBOOK[/STEP.py]")
    prove.set_defaults(run=_prove)


def _prove(options: argparse.Namespace) -> int:
    from .build import build as builder

    with _missing_file_named():
        builder.prove(options.source.resolve())
    return 0


def _add_exercise(commands: Commands) -> None:
    exercise = commands.add_parser("exercise", help="write the skeleton of a new exercise's step into a notebook")
    exercise.add_argument("name", help="of the exercise, for good: it is the one in every gradebook")
    exercise.add_argument("folder", type=Path, help="the notebook, old or new: solutions/ASSIGNMENT/NOTEBOOK")
    exercise.set_defaults(run=_exercise)


def _exercise(options: argparse.Namespace) -> int:
    from .course.skeleton import write_skeleton

    *others, step = map(os.path.relpath, write_skeleton(options.name, options.folder))
    tell(*(f"wrote {path}" for path in others))
    tell(f"wrote {step}; two edits are marked in it: the task (line 6), the solution (line 14)")
    tell(f"then: autograder prove {step}")
    return 0


@contextmanager
def _missing_file_named() -> Iterator[None]:
    from .errors import SourceError

    try:
        yield
    except FileNotFoundError as error:
        raise SourceError(f"there is no file {error.filename}") from error


def _add_release(commands: Commands) -> None:
    release = commands.add_parser("release", help="the zip to hand out to students, in dist/")
    release.add_argument("assignment", nargs="*", help="which assignments (all with released = true, if none is named)")
    release.set_defaults(run=_release)


def _release(options: argparse.Namespace) -> int:
    from .build.release import make_release
    from .course.places import ROOT

    path = make_release(ROOT / "dist", options.assignment)
    tell(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1e6:.1f} MB")
    return 0


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


def _dry_run(options: argparse.Namespace) -> int:
    from .course.places import project_places
    from .dry_run import News, dry_run
    from .judge.graded import Status

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
    from .course.registry import needs
    from .sandbox.levels import found_level
    from .sandbox.pool import Pool

    level = found_level()
    tell_error(f"sandbox: {level}", "running the solution and the notebook in it ...")
    needed = needs(options.assignment, options.notebook.stem)
    with Pool(2, level, needed) as pool:
        if "torch" in needed.packages:  # what the tutor's words take: it is here by the time that the runs have ended
            threading.Thread(target=import_module, args=("torch",), daemon=True).start()
        from .check import grade_notebook  # while the warm process imports, as above

        tell(*grade_notebook(options.notebook, options.assignment, run_jobs=pool.run).table().split("\n"))
    return 0


def _add_feedback(commands: Commands) -> None:
    feedback = commands.add_parser("feedback", help="write feedback: a page per student, and one per notebook")
    feedback.add_argument("assignment")
    feedback.add_argument("--student", nargs="+", default=[], metavar="ID")
    feedback.add_argument(
        "--zip", choices=("canvas", "moodle", "students"), help="pack it, too: for this LMS, or one zip per student"
    )
    feedback.set_defaults(run=_feedback)


def _feedback(options: argparse.Namespace) -> int:
    from .course.places import project_places
    from .lms.send_back import send_back

    send_back(project_places(), options.assignment, options.student, options.zip, tell)
    return 0


def _add_report(commands: Commands) -> None:
    report = commands.add_parser("report", help="write the class report")
    report.add_argument("assignment")
    report.add_argument("--to", type=Path, help="file to write (grading/report-<assignment>.html)")
    report.set_defaults(run=_report)


def _report(options: argparse.Namespace) -> int:
    from .course.places import project_places
    from .feedback.report import write_report

    places = project_places()
    to = options.to or places.records / f"report-{options.assignment}.html"
    write_report(places, options.assignment, to)
    tell(f"the class report is {to}")
    return 0


def _add_export(commands: Commands) -> None:
    export = commands.add_parser("export", help="marks as CSV, with a status column")
    export.add_argument("assignment")
    export.add_argument("--format", choices=("nbgrader", "canvas", "moodle"), default="nbgrader")
    export.add_argument(
        "--column", default="", metavar='"TITLE (ID)"', help="the assignment's name in Canvas or Moodle"
    )
    export.add_argument("--without-unread", action="store_true", help="marks of the checks alone, of everybody")
    export.add_argument("--to", type=Path, help="file to write (grading/marks-<assignment>-<format>[-checks].csv)")
    export.set_defaults(run=_export)


def _export(options: argparse.Namespace) -> int:
    from .course.places import project_places
    from .lms.export import export

    places = project_places()
    alone = "-checks" if options.without_unread else ""  # beside the file of whole marks
    to = options.to or places.records / f"marks-{options.assignment}-{options.format}{alone}.csv"
    count = export(
        places,
        options.assignment,
        options.format,
        to,
        column=options.column,
        without_unread=options.without_unread,
    )
    tell(f"{count} students in {to}")
    return 0


def _add_extend(commands: Commands) -> None:
    extend = commands.add_parser("extend", help="give a student more time, in grading/extensions.csv")
    extend.add_argument("assignment", nargs="?")
    extend.add_argument("student", nargs="?")
    extend.add_argument("until", nargs="*", metavar="UNTIL", help='"2026-11-22 23:59" (UTC), 2026-11-22, or none')
    extend.add_argument("--list", action="store_true", help="the extensions that there are")
    extend.set_defaults(run=lambda options: _extend(options, extend))


def _extend(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from .course.places import project_places
    from .gradebook import by_hand, extensions
    from .intake.collect import find

    places = project_places()
    if options.list:
        for extension in extensions.read(places):
            if options.assignment in (None, extension.assignment) and options.student in (None, extension.student):
                tell(f"{extension.assignment}  {extension.student}  until {extension.until} UTC")
        return 0
    if not options.until:
        parser.error("an assignment, a student and until when are needed, or --list")
    extensions.extend(places, options.assignment, options.student, " ".join(options.until))
    by_hand.notice(places, options.assignment)
    if find(places.submitted / options.student, options.assignment) is None:
        tell(f"{options.student} has handed in nothing for {options.assignment} yet")
    tell(f"{options.assignment}  {options.student}  until {' '.join(options.until)}")
    return 0


def _add_mark(commands: Commands) -> None:
    mark = commands.add_parser("mark", help="a page for marking written answers, one criterion at a time")
    mark.add_argument("assignment")
    mark.set_defaults(run=_mark)


def _mark(options: argparse.Namespace) -> int:
    from .by_criterion.server import mark
    from .course.places import project_places

    mark(project_places(), options.assignment)
    return 0


def _add_gradescope(commands: Commands) -> None:
    gradescope = commands.add_parser("gradescope", help="the zip that Gradescope makes an assignment's autograder of")
    gradescope.add_argument("assignment")
    gradescope.add_argument("--to", type=Path, help="file to write (dist/gradescope-<assignment>.zip)")
    gradescope.set_defaults(run=_gradescope)


def _gradescope(options: argparse.Namespace) -> int:
    from .course.places import ROOT, project_places
    from .lms.gradescope import make_zip

    to = options.to or ROOT / "dist" / f"gradescope-{options.assignment}.zip"
    make_zip(project_places(), options.assignment, to)
    tell(f"{to}: {to.stat().st_size / 1e6:.1f} MB, to be uploaded as Gradescope's autograder")
    return 0


def _add_forget(commands: Commands) -> None:
    forget = commands.add_parser("forget", help="list all that is kept of one student, ask, and delete it")
    forget.add_argument("student")
    forget.add_argument("--yes", action="store_true", help="delete without asking")
    forget.set_defaults(run=_forget)


def _forget(options: argparse.Namespace) -> int:
    from .course.places import project_places
    from .forget import forget

    def agrees(names: list[str]) -> bool:
        tell(f"kept of {options.student}:", *(f"  {name}" for name in names))
        if options.yes or not sys.stdin.isatty():
            return options.yes
        return input("Delete all of this for good? [y/N] ").strip() in ("y", "Y")

    deleted = forget(project_places(), options.student, agrees)
    if not deleted:
        return _fail("nothing was deleted" + ("" if sys.stdin.isatty() else ": without a terminal, --yes agrees"))
    tell("deleted: " + ", ".join(deleted))
    return 0


def _add_samples(commands: Commands) -> None:
    samples = commands.add_parser("samples", help="generate the sample class")
    samples.add_argument("assignment")
    samples.add_argument("--into", type=Path, metavar="FOLDER", help="where to (grading/submitted/)")
    samples.set_defaults(run=_samples)


def _samples(options: argparse.Namespace) -> int:
    from .course.places import project_places
    from .samples.the_class import make_class

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


if __name__ == "__main__":
    sys.exit(main())

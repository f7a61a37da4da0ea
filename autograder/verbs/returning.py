"""The verbs of a term: written answers, what goes back to students, marks elsewhere, time, and forgetting."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TypeAlias

from autograder.terminal import fail, tell

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_to(commands: Commands) -> None:
    """Add these verbs to the command's parser."""
    for add in (_add_mark, _add_feedback, _add_report, _add_export, _add_gradescope, _add_extend, _add_forget):
        add(commands)


def _add_mark(commands: Commands) -> None:
    mark = commands.add_parser("mark", help="a page for marking written answers, one criterion at a time")
    mark.add_argument("assignment")
    mark.set_defaults(run=_mark)


def _mark(options: argparse.Namespace) -> int:
    from autograder.by_criterion.server import mark
    from autograder.course.places import project_places

    mark(project_places(), options.assignment)
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
    from autograder.course.places import project_places
    from autograder.lms.send_back import send_back

    send_back(project_places(), options.assignment, options.student, options.zip, tell)
    return 0


def _add_report(commands: Commands) -> None:
    report = commands.add_parser("report", help="write the class report")
    report.add_argument("assignment")
    report.add_argument("--to", type=Path, help="file to write (grading/report-<assignment>.html)")
    report.set_defaults(run=_report)


def _report(options: argparse.Namespace) -> int:
    from autograder.course.places import project_places
    from autograder.feedback.report import write_report

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
    from autograder.course.places import project_places
    from autograder.lms.export import export

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


def _add_gradescope(commands: Commands) -> None:
    gradescope = commands.add_parser("gradescope", help="the zip that Gradescope makes an assignment's autograder of")
    gradescope.add_argument("assignment")
    gradescope.add_argument("--to", type=Path, help="file to write (dist/gradescope-<assignment>.zip)")
    gradescope.set_defaults(run=_gradescope)


def _gradescope(options: argparse.Namespace) -> int:
    from autograder.course.places import ROOT, project_places
    from autograder.lms.gradescope import make_zip

    to = options.to or ROOT / "dist" / f"gradescope-{options.assignment}.zip"
    make_zip(project_places(), options.assignment, to)
    tell(f"{to}: {to.stat().st_size / 1e6:.1f} MB, to be uploaded as Gradescope's autograder")
    return 0


def _add_extend(commands: Commands) -> None:
    extend = commands.add_parser("extend", help="give a student more time, in grading/extensions.csv")
    extend.add_argument("assignment", nargs="?")
    extend.add_argument("student", nargs="?")
    extend.add_argument("until", nargs="*", metavar="UNTIL", help='"2026-11-22 23:59" (UTC), 2026-11-22, or none')
    extend.add_argument("--list", action="store_true", help="the extensions that there are")
    extend.set_defaults(run=lambda options: _extend(options, extend))


def _extend(options: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    from autograder.course.places import project_places
    from autograder.gradebook import by_hand, extensions
    from autograder.intake.collect import find

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


def _add_forget(commands: Commands) -> None:
    forget = commands.add_parser("forget", help="list all that is kept of one student, ask, and delete it")
    forget.add_argument("student")
    forget.add_argument("--yes", action="store_true", help="delete without asking")
    forget.set_defaults(run=_forget)


def _forget(options: argparse.Namespace) -> int:
    from autograder.course.places import project_places
    from autograder.forget import forget

    def agrees(names: list[str]) -> bool:
        tell(f"kept of {options.student}:", *(f"  {name}" for name in names))
        if options.yes or not sys.stdin.isatty():
            return options.yes
        return input("Delete all of this for good? [y/N] ").strip() in ("y", "Y")

    deleted = forget(project_places(), options.student, agrees)
    if not deleted:
        return fail("nothing was deleted" + ("" if sys.stdin.isatty() else ": without a terminal, --yes agrees"))
    tell("deleted: " + ", ".join(deleted))
    return 0

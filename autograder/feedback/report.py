"""The class report: one self-contained HTML page, from the log and the autograded notebooks; students as pseudonyms.

Statistics rest on automatic points of students who were graded; "could not grade" counts for nobody's zero. The names
behind the pseudonyms are in pseudonyms.csv beside the log, for whoever may read the marks anyway.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import nbformat
import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from autograder.course.assignment import Assignment, load_assignment
from autograder.course.places import Places
from autograder.errors import GradeError
from autograder.gradebook import by_hand
from autograder.gradebook.log import Log, Run
from autograder.gradebook.opened import Book
from autograder.gradebook.pseudonyms import pseudonyms
from autograder.gradebook.releases import refuse_mixed, unknown_release
from autograder.gradebook.written import Criterion, distribution
from autograder.judge.graded import Status
from autograder.judge.mark import CALLED_INSTEAD
from autograder.review.lookalikes import Alike, answers_of, look_alikes
from coursework.files import write_whole
from coursework.marking.messages import say

from . import report_figures as report_plots

_STATUSES = (Status.GRADED, Status.REPAIRED, Status.COULD_NOT_GRADE, Status.NOT_YET)
_SAME = {  # what is the same, and how
    "prose": ("written answer", "word by word"),
    "code": ("cell with code", "word by word"),
    "weights": ("file of trained weights", "byte by byte"),
}
_TEMPLATES = Environment(
    loader=PackageLoader(__package__), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined
)


def write_report(places: Places, name: str, to: Path) -> None:
    """Write the report of an assignment; raises GradeError where nothing is graded yet."""
    assignment = load_assignment(places, name)
    log = Log(places.log)
    runs, events = log.runs(name), log.latest(name)
    if not events:
        raise GradeError(f"nothing of {name} is graded yet: run `autograder grade {name}` first")
    # Whose marks an interrupted run left open has those of before, perhaps of another release.
    events = {student: event for student, event in events.items() if student not in runs[-1].open}
    refuse_mixed(name, events, assignment.fingerprints)
    judged = {student for student, event in events.items() if event["status"] != Status.COULD_NOT_GRADE}
    with Book(places) as book:
        gradebook = book.open()
        by_hand.notice_in(places, gradebook, name)
        marked_by_hand = distribution(gradebook, name, judged)
    codes = pseudonyms(places, [*events, *runs[-1].open])
    codes = {student: code.replace("-", "\u2011") for student, code in codes.items()}  # each stays on one line
    alike = look_alikes(
        {student: _answers(places, assignment, student) for student in events}, list(assignment.releases.values())
    )
    page = _page(assignment, runs, events, codes, alike, marked_by_hand)
    try:
        write_whole(to, page)
    except OSError as error:
        raise GradeError(f"{to} cannot be written: {error.strerror}") from error


def _answers(places: Places, assignment: Assignment, student: str):
    folder = places.autograded / student / assignment.name
    files = [path for path in sorted(folder.glob("*")) if path.name not in assignment.files and path.is_file()]
    notebooks = [nbformat.read(path, as_version=4) for path in files if path.suffix == ".ipynb"]
    return answers_of(notebooks, {path.name: path.read_bytes() for path in files if path.suffix != ".ipynb"})


def _page(
    assignment: Assignment,
    runs: list[Run],
    events: dict[str, dict],
    codes: dict[str, str],
    alike: list[Alike],
    marked_by_hand: dict[Criterion, dict[float, int]],
) -> str:
    run = runs[-1]
    judged = {student: event for student, event in events.items() if event["status"] != Status.COULD_NOT_GRADE}
    counts = Counter(event["status"] for event in events.values()) + Counter({Status.NOT_YET: len(run.open)})
    checks = {(nb, check): data for nb, found in assignment.checks.items() for check, data in found.items()}
    maximum = sum(data.points for data in checks.values())
    totals = {student: sum(sum(s.values()) for s in event["scores"].values()) for student, event in judged.items()}
    shares = [total / maximum for total in totals.values()] if maximum else []
    tiles: list[tuple[str, str]] = [(str(counts[status]), status) for status in _STATUSES if counts[status]]
    if shares:
        tiles.append((f"{100 * float(np.median(shares)):.0f} %", "median of automatic points"))
    return _TEMPLATES.get_template("report.html.j2").render(
        assignment=assignment.name,
        written=f"{datetime.now(UTC):%-d %B %Y, %H:%M} UTC",
        tiles=tiles,
        distribution={
            "figure": Markup(report_plots.distribution(shares)),
            "students": len(shares),
            "maximum": f"{maximum:g}",
        },
        people=_people(events, run, codes),
        exercises=_exercises(checks, judged, totals),
        mistakes=_mistakes(assignment, judged),
        criteria=_criteria(assignment, marked_by_hand),
        times=_times(assignment, judged),
        alike=_alike(alike, codes),
        how=_how(runs, events, codes),
    )


def _people(events: dict[str, dict], run: Run, codes: dict[str, str]) -> dict:
    rows = [[codes[s], Status.NOT_YET, "the run was interrupted: --resume goes on with it"] for s in run.open]
    rows += [[codes[s], e["status"], "; ".join(e["review"])] for s, e in events.items() if e["review"]]
    repaired = sum(event["status"] == Status.REPAIRED and not event["review"] for event in events.values())
    return {"rows": sorted(rows), "repaired": repaired}


def _exercises(checks: dict, judged: dict[str, dict], totals: dict[str, float]) -> dict:
    names, difficulty, discrimination = [], [], []
    for (notebook, check), data in checks.items():
        if not data.points or not judged:
            continue
        got = np.array([event["scores"].get(notebook, {}).get(check, 0.0) for event in judged.values()])
        rest = np.array(list(totals.values())) - got
        known = len(got) > 2 and got.std() > 0 and rest.std() > 0
        names.append(f"{notebook} · {check}")
        difficulty.append(float(got.mean() / data.points))
        discrimination.append(float(np.corrcoef(got, rest)[0, 1]) if known else None)
    weak = [name for name, value in zip(names, discrimination, strict=True) if value is not None and value < 0.2]
    figure = Markup(report_plots.exercises(names, difficulty, discrimination)) if names else ""
    return {"figure": figure, "weak": weak}


def _mistakes(assignment: Assignment, judged: dict[str, dict]) -> dict:
    says = {
        (notebook, mistake.id): mistake.says
        for notebook, found in assignment.checks.items()
        for check in found.values()
        for mistake in check.mistakes
    }
    says |= {
        (notebook, f"{check}/{CALLED_INSTEAD}"): say("called_forbidden")
        for notebook, found in assignment.checks.items()
        for check in found
    }
    counts = Counter(
        (notebook, mistake)
        for event in judged.values()
        for notebook, found in event["mistakes"].items()
        for named in found.values()
        for mistake in (named if isinstance(named, list) else [named])  # a log of before holds one per check
    )
    top = counts.most_common(15)
    rows = [(f"{nb} · {mistake}", says.get((nb, mistake), ""), count) for (nb, mistake), count in top]
    figure = Markup(report_plots.mistakes([row[0] for row in rows], [count for _, count in top])) if rows else ""
    return {"figure": figure, "rows": rows, "more": len(counts) - len(top)}


def _criteria(assignment: Assignment, marked: dict[Criterion, dict[float, int]]) -> Markup | str:
    """Of each written answer that persons have marked, in the notebooks' order, how many students got how much."""
    written = [
        (notebook, cell.name, cell.points)
        for notebook, source in assignment.sources.items()
        for cell in source.cells
        if cell.kind == "written" and (notebook, cell.name) in marked
    ]
    names = [f"{notebook} · {cell} (of {points:g})" for notebook, cell, points in written]
    counts = [{score / points: n for score, n in marked[nb, cell].items()} for nb, cell, points in written]
    return Markup(report_plots.criteria(names, counts)) if written else ""


def _times(assignment: Assignment, judged: dict[str, dict]) -> Markup:
    seconds = {
        name: [event["cpu_s"][name] for event in judged.values() if name in event["cpu_s"]]
        for name in assignment.sources
    }
    return Markup(report_plots.times(seconds))


def _alike(alike: list[Alike], codes: dict[str, str]) -> list[tuple[str, str, str]]:
    rows = []
    for found in alike:
        what = found.what
        if found.same:
            kind, how = _SAME[found.what]
            what = f"{found.same} {kind}{'s' if found.same > 1 else ''}, the same {how}"
        who = ", ".join(sorted(codes[student] for student in found.students))
        rows.append((what, f"{len(found.students)}: {who}", f"{found.score:.0%}"))
    return rows


def _how(runs: list[Run], events: dict[str, dict], codes: dict[str, str]) -> list[tuple[str, ...]]:
    """A row per run that marks are of, the one with the most first; whoever is not of that is named."""
    of_run: dict[str, list[str]] = {}
    for student, event in events.items():
        of_run.setdefault(event["run"], []).append(student)
    starts = {run.start["run"]: run.start for run in runs}
    rows: list[tuple[str, ...]] = []
    for name, students in sorted(of_run.items(), key=lambda item: -len(item[1])):
        start = starts[name]
        unknown = len(unknown_release({student: events[student] for student in students}))
        rows.append(
            (
                f"{len(students)}" + (": " + ", ".join(sorted(codes[s] for s in students)) if rows else ""),
                f"{name}, begun {start['at']}",
                str(start["seed"]),
                ", ".join(sorted({events[s].get("level", start.get("level", "")) for s in students})),
                ", ".join(f"{package} {version}" for package, version in start.get("versions", {}).items()),
                f"{unknown} of an unknown release" if unknown else "the one that is built",
            )
        )
    return rows

"""The class report: one self-contained HTML page, from the log and the autograded notebooks; students as pseudonyms.

Statistics rest on automatic points of students who were graded; "could not grade" counts for nobody's zero. The names
behind the pseudonyms are in pseudonyms.csv beside the log, for whoever may read the marks anyway.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

import nbformat
import numpy as np

from autograder.course.assignment import Assignment, load_assignment
from autograder.course.places import Places
from autograder.errors import GradeError
from autograder.gradebook import by_hand
from autograder.gradebook.log import Log, Run
from autograder.gradebook.pseudonyms import pseudonyms
from autograder.gradebook.releases import refuse_mixed
from autograder.judge.graded import Status
from autograder.judge.mark import CALLED_INSTEAD
from autograder.review.lookalikes import Alike, answers_of, look_alikes
from coursework.files import write_whole
from coursework.marking.messages import say

from . import report_figures as report_plots

_STATUSES = (Status.GRADED, Status.REPAIRED, Status.COULD_NOT_GRADE, Status.NOT_YET)
_STYLE = """
:root{color-scheme:light} *{box-sizing:border-box}
body{margin:0;background:#f3f4f6;color:#1f2937;font:16px/1.5 "Segoe UI",Helvetica,Arial,sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1rem 4rem}
h1{font-size:1.7rem;margin:0 0 .2rem} h2{font-size:1.15rem;margin:0 0 .6rem}
section,.tile{background:#fff;border:1px solid #e5e7eb;border-radius:10px}
section{padding:1.2rem 1.4rem;margin-top:1.2rem} .tile{padding:.8rem 1rem}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(8rem,1fr));gap:.8rem;margin-top:1.2rem}
.tile b{display:block;font-size:1.6rem;line-height:1.2} .note,.tile span{color:#4b5563;font-size:.9rem}
table{border-collapse:collapse;width:100%;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem .35rem 0;border-bottom:1px solid #e5e7eb}
th{color:#4b5563;font-weight:600} td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}
svg{width:100%;height:auto;max-width:46rem;display:block}
svg text{font-family:"Segoe UI",Helvetica,Arial,sans-serif!important}
@media print{body{background:#fff} section,.tile{break-inside:avoid}}
"""


def write_report(places: Places, name: str, to: Path) -> None:
    """Write the report of an assignment; raises GradeError where nothing is graded yet."""
    assignment = load_assignment(places, name)
    log = Log(places.log)
    runs, events = log.runs(name), log.latest(name)
    if not events:
        raise GradeError(f"nothing of {name} is graded yet: run `autograder grade {name}` first")
    refuse_mixed(name, {s: event for s, event in events.items() if s not in runs[-1].open}, assignment.fingerprints)
    by_hand.notice(places, name)
    codes = pseudonyms(places, [*events, *runs[-1].open])
    alike = look_alikes(
        {student: _answers(places, assignment, student) for student in events}, list(assignment.releases.values())
    )
    page = _page(assignment, runs[-1], events, codes, alike)
    try:
        write_whole(to, page)
    except OSError as error:
        raise GradeError(f"{to} cannot be written: {error.strerror}") from error


def _answers(places: Places, assignment: Assignment, student: str):
    folder = places.autograded / student / assignment.name
    files = [path for path in sorted(folder.glob("*")) if path.name not in assignment.files and path.is_file()]
    notebooks = [nbformat.read(path, as_version=4) for path in files if path.suffix == ".ipynb"]
    return answers_of(notebooks, {path.name: path.read_bytes() for path in files if path.suffix != ".ipynb"})


def _page(assignment: Assignment, run: Run, events: dict[str, dict], codes: dict[str, str], alike: list[Alike]) -> str:
    judged = {student: event for student, event in events.items() if event["status"] != Status.COULD_NOT_GRADE}
    counts = Counter(event["status"] for event in events.values()) + Counter({Status.NOT_YET: len(run.open)})
    checks = {(nb, check): data for nb, found in assignment.checks.items() for check, data in found.items()}
    maximum = sum(data.points for data in checks.values())
    totals = {student: sum(sum(s.values()) for s in event["scores"].values()) for student, event in judged.items()}
    shares = [total / maximum for total in totals.values()] if maximum else []
    tiles: list[tuple[str, str]] = [(str(counts[status]), status) for status in _STATUSES if counts[status]]
    if shares:
        tiles.append((f"{100 * float(np.median(shares)):.0f} %", "median of automatic points"))
    sections = [
        (
            "Distribution",
            report_plots.distribution(shares) + _note(f"{len(shares)} students, {maximum:g} automatic points."),
        ),
        ("Who needs a person", _people(events, run, codes)),
        ("Exercises", _exercises(checks, judged, totals)),
        ("Known mistakes", _mistakes(assignment, judged)),
        ("Time per notebook", _times(assignment, judged)),
        ("Look-alike answers", _alike(alike, codes)),
        ("How this was graded", _how(run)),
    ]
    written = f"{datetime.now(UTC):%-d %B %Y, %H:%M} UTC"
    tile_text = "".join(f'<div class="tile"><b>{value}</b><span>{escape(label)}</span></div>' for value, label in tiles)
    body = "".join(f"<section><h2>{title}</h2>{text}</section>" for title, text in sections)
    return (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
        f'content="width=device-width">'
        f"<title>{escape(assignment.name)}: class report</title><style>{_STYLE}</style></head><body><main>"
        f'<h1>{escape(assignment.name)}: class report</h1><div class="note">{written}</div>'
        f'<div class="tiles">{tile_text}</div>{body}</main></body></html>\n'
    )


def _note(text: str) -> str:
    return f'<p class="note">{escape(text)}</p>'


def _table(head: list[str], rows: Iterable[Sequence[object]], numbers: int = 0) -> str:
    """A table whose last `numbers` columns are numbers; every cell is escaped."""
    right = [' class="n"' if i >= len(head) - numbers else "" for i in range(len(head))]
    text = "".join(f"<th{c}>{escape(str(cell))}</th>" for c, cell in zip(right, head, strict=True))
    for row in rows:
        cells = [escape(str(cell)).replace("S-", "S\u2011") for cell in row]  # a pseudonym stays on one line
        text += "</tr><tr>" + "".join(f"<td{c}>{cell}</td>" for c, cell in zip(right, cells, strict=True))
    return f"<table><tr>{text}</tr></table>"


def _people(events: dict[str, dict], run: Run, codes: dict[str, str]) -> str:
    rows = [[codes[s], Status.NOT_YET, "the run was interrupted: --resume goes on with it"] for s in run.open]
    rows += [[codes[s], e["status"], "; ".join(e["review"])] for s, e in events.items() if e["review"]]
    repaired = sum(event["status"] == Status.REPAIRED and not event["review"] for event in events.values())
    text = _table(["student", "status", "why"], sorted(rows)) if rows else _note("Nobody.")
    return text + (_note(f"{repaired} more were repaired; what was done is in the log.") if repaired else "")


def _exercises(checks: dict, judged: dict[str, dict], totals: dict[str, float]) -> str:
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
    if not names:
        return _note("No automatic points were judged.")
    weak = [name for name, value in zip(names, discrimination, strict=True) if value is not None and value < 0.2]
    text = report_plots.exercises(names, difficulty, discrimination)
    text += _note(
        "Left: harder exercises have shorter bars. Right: near 1, whoever did the rest well did this well too; below "
        "0.2 an exercise says little about the rest, or is misunderstood by those who know."
    )
    return text + (_note("Worth a look: " + ", ".join(weak)) if weak else "")


def _mistakes(assignment: Assignment, judged: dict[str, dict]) -> str:
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
        for mistake in found.values()
    )
    if not counts:
        return _note("No known mistake was recognised.")
    top = counts.most_common(15)
    rows = [(f"{nb} · {mistake}", says.get((nb, mistake), ""), count) for (nb, mistake), count in top]
    more = f"{len(counts) - len(top)} more kinds of mistakes are not shown." if len(counts) > len(top) else ""
    figure = report_plots.mistakes([row[0] for row in rows], [count for _, count in top])
    return figure + _table(["mistake", "what students were told", "students"], rows, 1) + (_note(more) if more else "")


def _times(assignment: Assignment, judged: dict[str, dict]) -> str:
    seconds = {
        name: [event["cpu_s"][name] for event in judged.values() if name in event["cpu_s"]]
        for name in assignment.sources
    }
    return report_plots.times(seconds)


def _alike(alike: list[Alike], codes: dict[str, str]) -> str:
    note = _note(
        "A pointer for a person who reads the answers side by side, never a mark. What the release holds and what "
        "most of the class wrote counts little; equal work may have good reasons."
    )
    if not alike:
        return _note("None.") + note
    rows = [[found.what, ", ".join(sorted(codes[s] for s in found.students)), f"{found.score:.0%}"] for found in alike]
    return _table(["in", "students", "alike"], rows, 1) + note


def _how(run: Run) -> str:
    start = run.start
    versions = ", ".join(f"{name} {value}" for name, value in start.get("versions", {}).items())
    rows = [
        ["run", f"{start['run']}, begun {start['at']}"],
        ["seed", start["seed"]],
        ["sandbox", start.get("level", "")],
        ["versions", versions],
        ["names", "pseudonyms.csv beside the log"],
    ]
    return _table(["", ""], rows)

"""What a grader will see in a notebook that was run from the beginning: what fails, what is missing, what is open."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import nbformat

from coursework.marking.verdict import WAITS, state_in
from coursework.progress.course_map import STUB, headings

from .run import CELL_SECONDS, Ended, Run
from .sentences import say

_BOLD = re.compile(r"^\*\*(.+?)\*\*", re.MULTILINE)
_SHOWN = re.compile(r"!\[[^\]]*\]\(\s*<?([^)\s>]+)|<img[^>]+src=[\"']([^\"']+)")


@dataclass(frozen=True)
class Finding:
    """One thing to know before handing in; `serious` where something is lost, not only still open."""

    notebook: str
    place: str
    sentence: str
    serious: bool = False


def lines(findings: list[Finding]) -> list[str]:
    """The findings to read: what several places of a notebook have in common is said once, what is serious last."""
    places: dict[tuple[bool, str, str], list[str]] = {}
    for finding in sorted(findings, key=lambda finding: finding.serious):
        places.setdefault((finding.serious, finding.notebook, finding.sentence), []).append(finding.place)
    return [
        f"  {'✗' if serious else '○'} {notebook}: {sentence}{_at(where)}"
        for (serious, notebook, sentence), where in places.items()
    ]


def _at(places: list[str]) -> str:
    named = list(dict.fromkeys(filter(None, places)))
    if len(named) < 2:
        return f" (in {named[0]})" if named else ""
    return "".join(f"\n      - {place}" for place in named)


@dataclass
class Seen:
    """What one notebook comes to: points on visible checks, texts written, what these are worth, and the findings."""

    points: float
    maximum: float
    answered: int
    texts: int
    worth: float
    findings: list[Finding]


def inspect(name: str, run: Run, saved: nbformat.NotebookNode, work: Path) -> Seen:
    """Compare the run with what the student saved (`saved`, before the run) and with what the notebook should hold."""
    data = json.loads((work / f"{name}.json").read_text(encoding="utf-8"))
    points = {check: float(stored["points"]) for check, stored in data["checks"].items()}
    cells, places = run.notebook.cells, _places(run.notebook)
    before = {cell.get("id"): cell for cell in saved.cells}
    findings: list[Finding] = []

    def found(cell: int, sentence: str, serious: bool = False) -> None:
        findings.append(Finding(name, places[cell], sentence, serious))

    earned: dict[str, float] = {}
    written: dict[str, bool] = {}
    worth = 0.0
    for i, cell in enumerate(cells):
        tags = cell.metadata.get("nbgrader", {})
        grade_id = str(tags.get("grade_id", ""))
        if cell.cell_type == "markdown":
            for picture in _missing_pictures(cell, work):
                found(i, say("picture_missing", name=picture), serious=True)
            if tags.get("grade") and tags.get("solution"):
                written[grade_id] = cell.source.strip() not in ("", STUB)
                worth += float(tags.get("points", 0))
                if not written[grade_id]:
                    place = ", ".join(filter(None, (places[i], criterion(cells, i) or grade_id)))
                    findings.append(Finding(name, place, say("not_written")))
        elif cell.cell_type == "code":
            for sentence in _trouble(run, i):
                found(i, sentence, serious=True)
            if grade_id in points:
                earned[grade_id] = _points(cell, points[grade_id])
                then = _points(before[cell.get("id")], points[grade_id]) if cell.get("id") in before else 0.0
                still_open = _open(cell, earned[grade_id], points[grade_id], then)
                if still_open:
                    found(i, still_open, serious=then > earned[grade_id])
            elif _waits(cell):
                found(i, say("figure_waits"))
            elif _has_figure(before.get(cell.get("id"), cell)) and not _has_figure(cell):
                found(i, say("figure_gone"), serious=True)
    graded = {str(cell.metadata.get("nbgrader", {}).get("grade_id", "")) for cell in cells}
    for gone in [id for check in points for id in (check, f"{check}_code") if id not in graded]:
        if gone in points or gone.removesuffix("_code") in data["hints"]:
            findings.append(Finding(name, "", say("cell_gone", name=gone), True))
    return Seen(sum(earned.values()), sum(points.values()), sum(written.values()), len(written), worth, findings)


def criterion(cells: list[nbformat.NotebookNode], i: int) -> str:
    """What the cell above a written answer asks for: the last line's beginning in bold there; "" where it has none."""
    above = cells[i - 1].source if i and cells[i - 1].cell_type == "markdown" else ""
    return (_BOLD.findall(above) or [""])[-1].strip(" .")


def _places(notebook: nbformat.NotebookNode) -> list[str]:
    """For each cell, the heading it stands under; for ungraded code, its first line as well."""
    heading, places = "", []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            heading = (headings(cell.source) or [heading])[-1]
            places.append(heading)
        elif cell.metadata.get("nbgrader"):  # the step says which cell it is
            places.append(heading)
        else:
            line = next((line.strip() for line in cell.source.splitlines() if line.strip()), "")
            shown = line if len(line) <= 50 else line[:47] + "..."
            places.append(f'{heading}, "{shown}"' if heading else f'"{shown}"')
    return places


def _trouble(run: Run, i: int) -> Iterator[str]:
    """Sentences on what a cell did that a grader's computer does not allow, or where it ended."""
    for event in run.events:
        if event.cell == i and event.kind == "network":
            yield say("network", host=event.what)
        elif event.cell == i and event.kind == "outside":
            yield say("outside", path=event.what)
    if i == run.last and run.ended is Ended.STOPPED:
        yield say("stopped", seconds=CELL_SECONDS)
    elif i == run.last and run.ended is Ended.DIED:
        yield say("died")
    for output in run.notebook.cells[i].outputs:
        if output.output_type == "error" and run.ended is Ended.FINISHED:
            text = f"{output.ename}: {output.evalue}".strip().splitlines()[0]
            yield say("fails", error=text if len(text) <= 200 else text[:197] + "...")


def _data(cell: nbformat.NotebookNode) -> Iterator[dict]:
    for output in cell.get("outputs", []):
        if output.output_type in ("display_data", "execute_result"):
            yield output.get("data", {})


def _has_figure(cell: nbformat.NotebookNode) -> bool:
    return any(kind.startswith("image/") for data in _data(cell) for kind in data)


def _waits(cell: nbformat.NotebookNode) -> bool:
    """Did `coursework.checks.attempt` say something in the figure's place?"""
    return any(output.get("metadata", {}).items() >= WAITS.items() for output in cell.get("outputs", []))


def _points(cell: nbformat.NotebookNode, maximum: float) -> float:
    """The points a check cell's last output shows; 0 where there is none."""
    texts = ["".join(data.get("text/plain", "")) for data in _data(cell)]
    try:
        return min(max(float(texts[-1]), 0.0), maximum)
    except (ValueError, IndexError):
        return 0.0


def _open(cell: nbformat.NotebookNode, earned: float, maximum: float, saved: float) -> str | None:
    html = "".join("".join(data.get("text/html", "")) for data in _data(cell))
    if saved > earned:
        return say("fewer", earned=f"{earned:g}", maximum=f"{maximum:g}", saved=f"{saved:g}")
    if state_in(html) == "open":
        return say("not_attempted") if maximum else None
    return say("not_right", earned=f"{earned:g}", maximum=f"{maximum:g}") if earned < maximum else None


def _missing_pictures(cell: nbformat.NotebookNode, work: Path) -> Iterator[str]:
    for one, other in _SHOWN.findall(cell.source):
        name = one or other
        if name.startswith(("data:", "attachment:", "http:", "https:")):
            if name.startswith("attachment:") and name.partition(":")[2] not in cell.get("attachments", {}):
                yield name.partition(":")[2]
            continue
        path = (work / name).resolve()
        if not path.is_file() or not path.is_relative_to(work.resolve()):
            yield name

"""From one notebook's result to what is kept: points, verdicts in the checks' place, named mistakes, outputs.

Points rest on the fresh seeds alone. What is said rests on the seeds students see, so a page shows no hidden value.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import nbformat
from nbgrader.preprocessors import LimitOutput

from autograder.course.seeds import VISIBLE_SEEDS
from autograder.intake.align import Aligned
from autograder.sandbox.job import FINISHED, Result
from coursework.marking.feedback import earned, judge_runs
from coursework.marking.measured import judge_measured
from coursework.marking.messages import Note, say
from coursework.marking.mistakes import named_mistakes
from coursework.marking.outcome import Outcome
from coursework.marking.stored import StoredCheck
from coursework.marking.verdict import Verdict

from .reference import Reference

_TEXT_TYPES = ("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml", "image/png", "image/jpeg")

CALLED_INSTEAD = "called_instead"  # the mistake that every exercise with forbidden names knows


@dataclass
class Marked:
    """A notebook with outputs and verdicts; points per check; ids of known mistakes by check; how the run ended."""

    notebook: nbformat.NotebookNode
    scores: dict[str, float]
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    mistakes: dict[str, list[str]] = field(default_factory=dict)
    ended: Note = FINISHED
    ran_without: list[Note] = field(default_factory=list)  # cells that stopped it, and were left out of the next run
    cpu_s: float = 0.0
    wall_s: float = 0.0

    @property
    def whole(self) -> bool:
        return self.ended == FINISHED


def mark(aligned: Aligned, result: Result, reference: Reference, checks: dict[str, StoredCheck]) -> Marked:
    """Judge one student's result; `checks` are the notebook's, on the seeds that students see."""
    outcomes = {name: runs for name, runs in result.outcomes.items() if name in checks}
    runs = {name: found for name, found in outcomes.items() if len(found) == len(reference.seeds[name])}
    fresh = {name: found[len(VISIBLE_SEEDS) :] for name, found in runs.items()}
    scores = {
        name: _safe(points, checks[name].points) for name, points in marks(fresh, reference.expected, checks).items()
    }
    stopped = _stopped(aligned.notebook, result)
    for name in stopped:
        if not scores.get(name):  # it was asked without its answer: what it says of that is not the student's
            runs.pop(name, None)
    mistakes = {}
    for name, found in runs.items():
        check, seen = checks[name], found[: len(VISIBLE_SEEDS)]
        if check.measured:
            continue
        if named := named_mistakes(seen, check.expected, check.mistakes):
            mistakes[name] = [mistake.id for mistake in named]
        if any(run.refused for run in found):
            mistakes[name] = [f"{name}/{CALLED_INSTEAD}"]
    notebook = aligned.notebook
    _fill(notebook, result)
    verdicts = {}
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if cell.cell_type == "code" and name in checks:
            verdict = verdicts[name] = _verdict(
                name, runs.get(name), scores[name], checks[name], reference, stopped.get(name, result.ended)
            )
            cell.outputs = [
                nbformat.v4.new_output(
                    "execute_result",
                    {"text/plain": repr(verdict), "text/html": verdict._repr_html_()},
                    execution_count=cell.execution_count,
                )
            ]
    ran_without = [
        Note("ran_without", {"cell": name, "why": why}, reference.notebook.name) for name, why in stopped.items()
    ]
    return Marked(notebook, scores, verdicts, mistakes, result.ended, ran_without, result.cpu_s, result.wall_s)


def _stopped(notebook: nbformat.NotebookNode, result: Result) -> dict[str, Note]:
    """Cells that were left out because they stopped the notebook: by exercise, or as "cell 7", and why."""
    found = {}
    for index, why in result.left_out.items():
        name = notebook.cells[index].metadata.get("nbgrader", {}).get("grade_id", "")
        found[name.removesuffix("_code") or f"cell {index + 1}"] = why
    return found


def marks(
    outcomes: dict[str, list[Outcome]], expected: dict[str, list[Outcome]], checks: dict[str, StoredCheck]
) -> dict[str, float]:
    """Points per check; a check that never ran earns 0."""
    return {
        name: judge_measured(outcomes.get(name, []), check.measured).points
        if check.measured
        else earned(outcomes.get(name, []), expected[name], check.points, check.parts)
        for name, check in checks.items()
    }


def _safe(points: float, maximum: float) -> float:
    """A finite number between 0 and the maximum, or 0."""
    return min(max(float(points), 0.0), maximum) if math.isfinite(points) else 0.0


def _verdict(
    name: str,
    runs: list[Outcome] | None,
    points: float,
    check: StoredCheck,
    reference: Reference,
    ended: Note,
) -> Verdict:
    maximum = check.points
    if runs is None:
        return Verdict(0.0, maximum, "wrong", say("did_not_run", ended=ended))
    if check.measured:  # fresh draws hold no secret: the number says it
        return judge_measured(runs[len(VISIBLE_SEEDS) :], check.measured)
    visible = judge_runs(runs[: len(VISIBLE_SEEDS)], check, lambda: reference.invariants(name))
    if points >= visible.points:
        return Verdict(points, maximum, visible.state, visible.title, visible.lines)
    return Verdict(points, maximum, "partly" if points else "wrong", say("only_visible"))


def _fill(notebook: nbformat.NotebookNode, result: Result) -> None:
    """Outputs and counts into the code cells; what a result says of other cells is ignored."""
    limit, count = LimitOutput(), 0
    for cell in result.cells:
        if not 0 <= cell.index < len(notebook.cells) or notebook.cells[cell.index].cell_type != "code":
            continue
        target = notebook.cells[cell.index]
        if cell.status == "not run":
            continue
        count += 1
        target.execution_count = count
        target.outputs = [output for item in cell.outputs if (output := clean_output(item, count)) is not None]
        limit.preprocess_cell(target, {}, cell.index)


def clean_output(output: dict[str, Any], count: int) -> nbformat.NotebookNode | None:
    """An output as nbformat allows it, with kinds of data that show and do not act; None for anything else."""
    if not isinstance(output, dict):
        return None
    kind = output.get("output_type")
    found: dict[str, Any] = {}
    if kind == "stream" and output.get("name") in ("stdout", "stderr"):
        found = {"name": output["name"], "text": _text(output.get("text"))}
    elif kind == "error":
        lines = output.get("traceback")
        traceback = [_text(line) for line in lines] if isinstance(lines, list) else []
        found = {"ename": _text(output.get("ename")), "evalue": _text(output.get("evalue")), "traceback": traceback}
    elif kind in ("display_data", "execute_result") and isinstance(output.get("data"), dict):
        data = {mime: _text(text) for mime, text in output["data"].items() if mime in _TEXT_TYPES}
        if data:
            found = {"data": data, "metadata": _sizes(output.get("metadata"))}
            found |= {"execution_count": count} if kind == "execute_result" else {}
    # Not by nbformat's own functions, which validate each output: the notebook is validated once, when written.
    return nbformat.from_dict({"output_type": kind, **found}) if found else None


def _sizes(metadata: object) -> dict[str, Any]:
    """What outputs say of pictures, {mime type: {"width": ..., "height": ...}} and the like; plain values only."""
    if not isinstance(metadata, dict):
        return {}
    return {
        mime: {_text(key): value for key, value in more.items() if isinstance(value, bool | int)}
        for mime, more in metadata.items()
        if mime in _TEXT_TYPES and isinstance(more, dict)
    }


def _text(value: object) -> str:
    if isinstance(value, list):
        value = "".join(piece for piece in value if isinstance(piece, str))
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else ""

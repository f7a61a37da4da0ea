"""How progress looks: one table per notebook, with signs and words beside colours, on light and dark themes alike."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from coursework.marking.messages import say
from coursework.marking.verdict import SIGNS

from .course_map import CourseNotebook, Step

if TYPE_CHECKING:
    from jinja2 import Template


# JupyterLab looks for the step before a notebook that it opens has any cells.
_TWICE = "A link opens its notebook at the top; once it is open, the same link goes to the step."


@dataclass(frozen=True)
class StepState:
    """Where one step stands: state as a verdict's, points earned on visible checks, tries, hints, solution seen."""

    state: str
    earned: float
    tries: int
    hints: int
    solution_seen: bool


@dataclass(frozen=True)
class ProgressPage:
    """The map with progress: `notebooks` from read_course, `kept` {assignment: {notebook: {check: entry}}}.

    `newer` are folders, relative to the course's, that hold a newer version of an assignment.
    """

    notebooks: list[CourseNotebook]
    kept: dict[str, dict[str, dict[str, dict]]]
    newer: list[str] = field(default_factory=list)

    def state(self, notebook: CourseNotebook, step: Step) -> StepState:
        """Where a step stands, over all of its cells."""
        entries = self.kept.get(notebook.assignment, {}).get(notebook.name, {})
        mine = [entries[cell.name] for cell in step.cells if cell.name in entries]
        done = [
            cell.answered if cell.written else entries.get(cell.name, {}).get("state") == "right" for cell in step.cells
        ]
        tried = any(entry["state"] != "open" for entry in mine) or any(done)
        state = "right" if all(done) else "partly" if any(done) else "wrong" if tried else "open"
        if state == "wrong" and any(entry["state"] == "partly" for entry in mine):
            state = "partly"
        return StepState(
            state,
            sum(entry["points"] for entry in mine),
            sum(entry["tries"] for entry in mine),
            sum(entry["hints"] for entry in mine),
            any(entry["solution_seen"] for entry in mine),
        )

    def next_step(self) -> tuple[CourseNotebook, Step] | None:
        """The first step that is not done yet."""
        for notebook in self.notebooks:
            for step in notebook.steps:
                if step.points and self.state(notebook, step).state != "right":
                    return notebook, step
        return None

    def __repr__(self) -> str:
        lines = []
        for notebook in self.notebooks:
            lines.append(f"{notebook.title} ({notebook.path}): {self._count(notebook)}")
            for step in notebook.steps:
                found = self.state(notebook, step)
                lines.append(f"  {SIGNS[found.state][0]} {step.title}: {_earned(step, found)}")
        return "\n".join([*self._newer_lines(), *lines, self._next_line()])

    def _repr_html_(self) -> str:
        found = self.next_step()
        line, title = self._next_line(), found[1].title if found else ""
        before, _, after = line.partition(title) if title else (line, "", "")
        return _template().render(
            next={"before": before, "title": title, "after": after, "link": found and found[0].link(found[1])},
            twice=_TWICE,
            newer=self._newer_lines(),
            notebooks=[self._shown(notebook) for notebook in self.notebooks],
            signs=SIGNS,
            say=say,
        )

    def _count(self, notebook: CourseNotebook) -> str:
        checks = sum(cell.points for step in notebook.steps for cell in step.cells if not cell.written)
        earned = sum(self.state(notebook, step).earned for step in notebook.steps)
        texts = [cell for step in notebook.steps for cell in step.cells if cell.written]
        parts = [say("progress_checks", earned=f"{earned:g}", points=f"{checks:g}")]
        if texts:
            answered = sum(cell.answered for cell in texts)
            parts.append(say("progress_written", answered=answered, count=len(texts)))
        return ", ".join(parts)

    def _newer_lines(self) -> list[str]:
        return [say("progress_newer", folder=folder) for folder in self.newer]

    def _next_line(self) -> str:
        if not self.notebooks:
            return say("progress_no_course")
        found = self.next_step()
        return say("progress_next", title=found[1].title, minutes=found[1].minutes) if found else say("progress_done")

    def _shown(self, notebook: CourseNotebook) -> dict:
        steps = [(step, self.state(notebook, step)) for step in notebook.steps]
        done = sum(found.state == "right" for _, found in steps)
        return {
            "title": notebook.title,
            "link": notebook.link(),
            "count": self._count(notebook),
            "percent": f"{100 * done / max(1, len(steps)):.0f}",
            "steps": [
                {
                    "title": step.title,
                    "link": notebook.link(step),
                    "state": found.state,
                    "earned": _earned(step, found),
                    "tries": found.tries,
                    "hints": f"{found.hints or ''}" + (f" ({say('solution_seen')})" if found.solution_seen else ""),
                }
                for step, found in steps
            ],
        }


@cache
def _template() -> Template:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # only a page that is shown waits for it

    beside = FileSystemLoader(Path(__file__).parent)
    pages = Environment(loader=beside, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    return pages.get_template("progress_page.html.j2")


def _earned(step: Step, found: StepState) -> str:
    if all(cell.written for cell in step.cells):
        answered = sum(cell.answered for cell in step.cells)
        return say("progress_written", answered=answered, count=len(step.cells))
    if not step.points:
        return "–"
    return f"{found.earned:g} / {sum(cell.points for cell in step.cells if not cell.written):g}"

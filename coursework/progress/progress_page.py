"""How progress looks: one table per notebook, with signs and words beside colours, on light and dark themes alike."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from coursework.marking.messages import say
from coursework.marking.verdict import SIGNS

from .course_map import CourseNotebook, Step

_CELL = "padding:.3em .8em;border:0;vertical-align:top"
_LINE = "border-top:1px solid color-mix(in srgb, currentColor 18%, transparent)"


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
    """The map with progress: `notebooks` from read_course, `kept` {assignment: {notebook: {check: entry}}}."""

    notebooks: list[CourseNotebook]
    kept: dict[str, dict[str, dict[str, dict]]]

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
        return "\n".join([*lines, self._next_line()])

    def _repr_html_(self) -> str:
        style = "font-family:var(--jp-ui-font-family,sans-serif);line-height:1.5;max-width:60em"
        return f'<div style="{style}">{self._next_html()}{"".join(map(self._table, self.notebooks))}</div>'

    def _count(self, notebook: CourseNotebook) -> str:
        checks = sum(cell.points for step in notebook.steps for cell in step.cells if not cell.written)
        earned = sum(self.state(notebook, step).earned for step in notebook.steps)
        texts = [cell for step in notebook.steps for cell in step.cells if cell.written]
        parts = [say("progress_checks", earned=f"{earned:g}", points=f"{checks:g}")]
        if texts:
            answered = sum(cell.answered for cell in texts)
            parts.append(say("progress_written", answered=answered, count=len(texts)))
        return ", ".join(parts)

    def _next_line(self) -> str:
        if not self.notebooks:
            return say("progress_no_course")
        found = self.next_step()
        return say("progress_next", title=found[1].title, minutes=found[1].minutes) if found else say("progress_done")

    def _next_html(self) -> str:
        found = self.next_step()
        line = escape(self._next_line())
        if found:
            title = escape(found[1].title)
            link = f'<a style="text-decoration:underline" href="{found[0].link(found[1])}">{title}</a>'
            line = line.replace(title, link, 1)
        return (
            '<p style="margin:.2em 0 1em;padding:.6em 1em;border-radius:4px;font-size:1.1em;'
            f'background:color-mix(in srgb, currentColor 8%, transparent)">{line}</p>'
        )

    def _table(self, notebook: CourseNotebook) -> str:
        head = "".join(
            f'<th scope="col" style="{_CELL};{style};font-weight:600;opacity:.7">{say(f"column_{name}")}</th>'
            for name, style in (
                ("step", "text-align:left;width:100%"),
                ("points", "text-align:right"),
                ("tries", "text-align:right"),
                ("hints", "text-align:right"),
            )
        )
        rows = "".join(self._row(notebook, step) for step in notebook.steps)
        done = sum(self.state(notebook, step).state == "right" for step in notebook.steps)
        share = done / max(1, len(notebook.steps))
        bar = (
            '<div aria-hidden="true" style="height:6px;border-radius:3px;margin:.3em 0;'
            'background:color-mix(in srgb, currentColor 15%, transparent)">'
            f'<div style="height:100%;width:{100 * share:.0f}%;border-radius:3px;background:{SIGNS["right"][1]}">'
            "</div></div>"
        )
        return (
            '<details open style="margin-bottom:1.4em"><summary style="cursor:pointer">'
            f'<a style="text-decoration:underline;font-weight:600" href="{notebook.link()}">'
            f"{escape(notebook.title)}</a>"
            f' <span style="opacity:.75">{escape(self._count(notebook))}</span></summary>{bar}'
            '<table style="table-layout:auto;border-collapse:collapse;width:100%;background:transparent">'
            f"<thead><tr>{head}</tr></thead>"
            f"<tbody>{rows}</tbody></table></details>"
        )

    def _row(self, notebook: CourseNotebook, step: Step) -> str:
        found = self.state(notebook, step)
        sign, colour = SIGNS[found.state]
        title = f'<a style="color:inherit" href="{notebook.link(step)}">{escape(step.title)}</a>'
        style = f"color:color-mix(in srgb, {colour} 70%, currentColor);font-weight:700"
        state = say(f"state_{found.state}")
        hints = f"{found.hints or ''}" + (f" ({say('solution_seen')})" if found.solution_seen else "")
        numbers = "".join(
            f'<td style="{_CELL};text-align:right;white-space:nowrap">{escape(text)}</td>'
            for text in (_earned(step, found), f"{found.tries or ''}", hints)
        )
        return (
            f'<tr style="background:transparent;{_LINE}"><td style="{_CELL};text-align:left">'
            f'<span style="{style}" role="img" aria-label="{state}">{sign}</span> {title}</td>{numbers}</tr>'
        )


def _earned(step: Step, found: StepState) -> str:
    if all(cell.written for cell in step.cells):
        answered = sum(cell.answered for cell in step.cells)
        return say("progress_written", answered=answered, count=len(step.cells))
    if not step.points:
        return "–"
    return f"{found.earned:g} / {sum(cell.points for cell in step.cells if not cell.written):g}"

"""Reading `solutions/<assignment>/<notebook>.py`: a text notebook (Jupytext percent format) as exercises and prose.

CONTRIBUTING.md shows the syntax of the cells: `exercise=` (with `library=` and `forbids=`), `check= points=`, `hints=`,
`mistake="exercise/name"`, `written= points=`, and `setup`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from pathlib import Path

import jupytext

from autograder.errors import SourceError

from .strip import cut_out, has_solution, strip_solution


@dataclass(frozen=True)
class SourceCell:
    """One cell that goes into the notebook; kind is "prose", "code", "setup", "exercise", "check" or "written"."""

    kind: str
    source: str
    name: str = ""
    points: float = 0.0
    forbids: tuple[str, ...] = ()  # of an exercise: what its answer may not call, as dotted names

    @property
    def grade_id(self) -> str:
        """Permanent: the check carries the exercise's name (it is what a gradebook lists), the code cell a suffix."""
        return f"{self.name}_code" if self.kind == "exercise" else self.name


@dataclass(frozen=True)
class Mistake:
    """A wrong solution of one exercise: the code that replaces the exercise's cell, and what a tutor would say."""

    exercise: str
    name: str
    says: str
    code: str

    @property
    def message_id(self) -> str:
        return f"{self.exercise}/{self.name}"


@dataclass
class SourceNotebook:
    """A parsed source: its cells in order, and hints and mistakes by exercise."""

    name: str
    assignment: str
    cells: list[SourceCell] = field(default_factory=list)
    hints: dict[str, list[str]] = field(default_factory=dict)
    mistakes: list[Mistake] = field(default_factory=list)

    def named(self, kind: str) -> dict[str, SourceCell]:
        """The cells of that kind by name."""
        return {cell.name: cell for cell in self.cells if cell.kind == kind}

    @property
    def points(self) -> float:
        return sum(cell.points for cell in self.cells)

    def code(self, answers: dict[str, str] | None = None) -> list[SourceCell]:
        """The code cells in running order; `answers` replaces exercises' cells by name."""
        return [
            replace(cell, source=(answers or {}).get(cell.name, cell.source)) if cell.kind == "exercise" else cell
            for cell in self.cells
            if cell.kind not in ("prose", "written")
        ]

    def untouched(self) -> dict[str, str]:
        """The exercises' cells as students get them, by name."""
        return {name: strip_solution(cell.source) for name, cell in self.named("exercise").items()}


def read_source(path: Path) -> SourceNotebook:
    """Parse one source file; raises SourceError with the cell that is wrong."""
    notebook = SourceNotebook(path.stem, path.parent.name)
    for cell in jupytext.reads(path.read_text(encoding="utf-8"), fmt="py:percent").cells:
        tags, text = dict(cell.metadata), cell.source
        try:
            _add(notebook, cell.cell_type, tags, text)
        except (ValueError, AttributeError, ImportError) as error:
            head = text.strip().splitlines()[0] if text.strip() else "(empty)"
            raise SourceError(f"{path.name}, cell {tags or ''} starting {head!r}: {error}") from error
    _verify(notebook, path)
    return notebook


def _add(notebook: SourceNotebook, cell_type: str, tags: dict, text: str) -> None:
    if cell_type == "raw":
        if "hints" in tags:
            notebook.hints[tags["hints"]] = _numbered(text)
        elif "mistake" in tags:
            exercise, _, name = tags["mistake"].partition("/")
            says, line, code = text.partition("\n---\n")
            if not (name and line and code.strip()):
                raise ValueError('a mistake is tagged mistake="exercise/name" and holds: sentence, ---, code')
            notebook.mistakes.append(Mistake(exercise, name, " ".join(says.split()), code.strip("\n")))
        else:
            raise ValueError("a raw cell is tagged hints= or mistake=")
    elif cell_type == "markdown":
        if "written" in tags:
            notebook.cells.append(SourceCell("written", text, tags["written"], float(tags["points"])))
        else:
            notebook.cells.append(SourceCell("prose", text))
    elif "exercise" in tags:
        if "library" in tags:
            text = cut_out(tags["library"])
        if not has_solution(text):
            raise ValueError("an exercise marks its solution with ### BEGIN SOLUTION or # ____")
        notebook.cells.append(SourceCell("exercise", text, tags["exercise"], forbids=_forbids(tags)))
    elif "check" in tags:
        notebook.cells.append(SourceCell("check", f"{text}\n\n{tags['check']}()", tags["check"], float(tags["points"])))
    else:
        notebook.cells.append(
            SourceCell(
                "setup" if "setup" in _title_of(tags) else "code", text, "setup" if "setup" in _title_of(tags) else ""
            )
        )


def _forbids(tags: dict) -> tuple[str, ...]:
    """What the exercise's answer may not call; the library's own is among it where the exercise is cut out of there."""
    names = [name.strip() for name in tags.get("forbids", "").split(",") if name.strip()]
    return tuple(dict.fromkeys([tags["library"], *names] if "library" in tags else names))


def _title_of(tags: dict) -> str:
    return str(tags.get("title", ""))


def _numbered(text: str) -> list[str]:
    hints = [" ".join(part.split()) for part in re.split(r"(?m)^\d\.\s+", text) if part.strip()]
    if len(hints) != 3:
        raise ValueError(f"three hints are expected (concept, operation, nearly the code), {len(hints)} found")
    return hints


def _verify(notebook: SourceNotebook, path: Path) -> None:
    exercises, checks = notebook.named("exercise"), notebook.named("check")
    names = [cell.name for cell in notebook.cells if cell.name and cell.kind != "check"]
    repeated = {name for name in names if names.count(name) > 1}
    counts = {name: sum(mistake.exercise == name for mistake in notebook.mistakes) for name in exercises}
    ids = [mistake.message_id for mistake in notebook.mistakes]
    problems = [
        (repeated, "names used twice"),
        ({name for name in exercises if name not in checks}, "exercises without a check"),
        ({mistake.exercise for mistake in notebook.mistakes} - set(exercises), "mistakes of unknown exercises"),
        (set(notebook.hints) - set(exercises), "hints of unknown exercises"),
        ({name for name in exercises if name not in notebook.hints}, "exercises without hints"),
        (
            {name for name, count in counts.items() if count < 2 and checks.get(name) and checks[name].points},
            "exercises with fewer than two known mistakes",
        ),
        ({message for message in ids if ids.count(message) > 1}, "mistakes named twice"),
        (
            {name for name in checks if f"def {name}(" not in checks[name].source},
            "checks without a function of that name",
        ),
    ]
    for found, what in problems:
        if found:
            raise SourceError(f"{path.name}: {what}: {', '.join(sorted(found))}")

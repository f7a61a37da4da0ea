"""Reading `solutions/<assignment>/<notebook>/`: a notebook as a folder of steps, joined in the order of their names.

A step is a text notebook (Jupytext percent format) with one idea: its heading, prose, exercise, check, hints and known
mistakes. The first one opens the notebook: title, goals and setup. Each other one begins with a cell that runs it, so
that it can be opened alone; that cell stays in the source. CONTRIBUTING.md shows the syntax of the cells, and tags.py
reads it: `exercise=` (with `library=` and `forbids=`), `check= points=` (with `trained=`), `hints=`,
`mistake="exercise/name"`, `written= points=`, and `setup`.
"""

from __future__ import annotations

import ast
import json
import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from autograder.errors import SourceError
from coursework.progress.course_map import headings

from .registry import step_files
from .seeds import VISIBLE_SEEDS
from .strip import BEGIN, END, MARK, cut_out, strip_solution
from .tags import TaggedCell, hints_of, read_step

_SETUP = "# Setup · run this cell first: it imports what the steps use, and opens the notebook"


@dataclass(frozen=True)
class SourceCell:
    """One cell that goes into the notebook; kind is "prose", "code", "setup", "exercise", "check" or "written"."""

    kind: str
    source: str
    name: str = ""
    points: float = 0.0
    forbids: tuple[str, ...] = ()  # of an exercise: what its answer may not call, as dotted names
    step: str = ""  # the file it stands in, without its ending
    trained: str = ""  # of a check: the file of weights that it measures

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

    def measuring(self, check: str, exercises: Iterable[str]) -> list[SourceCell]:
        """What a check of trained work is run with: the opening, the solutions of these exercises, and its own cell."""
        opening, chain = self.cells[0].step, {*exercises}
        return [
            cell
            for cell in self.code()
            if (cell.step == opening and cell.kind in ("setup", "code"))
            or (cell.kind == "exercise" and cell.name in chain)
            or (cell.kind == "check" and cell.name == check)
        ]

    def untouched(self) -> dict[str, str]:
        """The exercises' cells as students get them, by name."""
        return {name: strip_solution(cell.source) for name, cell in self.named("exercise").items()}


def read_source(folder: Path) -> SourceNotebook:
    """Parse a notebook's folder of steps; raises SourceError with the file and line that is wrong."""
    files = step_files(folder)
    if not files:
        raise SourceError(f"{folder} is no folder of steps: one holds files such as 00_open.py and 01_corners.py")
    notebook = SourceNotebook(folder.name, folder.parent.name)
    places: dict[tuple[str, str], str] = {}
    for path in files:
        for cell in read_step(path, files[0]):
            places[cell.kind, cell.name] = cell.where
            try:
                _add(notebook, path.stem, cell)
            except ValueError as error:
                raise SourceError(f"{cell.where}: {error}") from error
    _verify(notebook, places)
    _verify_said_points(notebook)
    for i, mistake in enumerate(notebook.mistakes):
        if mistake.code.startswith("- "):
            solution = notebook.named("exercise")[mistake.exercise].source
            try:
                notebook.mistakes[i] = replace(mistake, code=_with_lines_replaced(solution, mistake.code))
            except ValueError as error:
                raise SourceError(f"{places['mistake', mistake.message_id]}: {error}") from error
    return notebook


def _add(notebook: SourceNotebook, step: str, cell: TaggedCell) -> None:
    """Put a cell where it belongs; its tags fit its kind (see tags.py)."""
    kind, name, text, tags = cell.kind, cell.name, cell.source, cell.tags
    if kind == "hints":
        if name in notebook.hints:
            raise ValueError(f"{name} has hints already")
        notebook.hints[name] = hints_of(text)
    elif kind == "mistake":
        exercise, _, short = name.partition("/")
        says, _, code = text.partition("\n---\n")
        notebook.mistakes.append(Mistake(exercise, short, " ".join(says.split()), code.strip("\n")))
    else:
        if "library" in tags:
            text = cut_out(tags["library"])
        if kind == "check":
            file = json.dumps(tags["trained"]) if "trained" in tags else ""
            text = f"{_says(notebook, name, tags)}\n{text}\n\n{name}({file})"
        if kind == "setup":
            text = f"{_SETUP}\n{text}"
        points, trained = float(tags.get("points", 0)), tags.get("trained", "")
        notebook.cells.append(SourceCell(kind, text, name, points, _forbids(tags), step, trained))


def _with_lines_replaced(solution: str, changes: str) -> str:
    """The solution with some lines replaced: each change is lines `- old`, then lines `+ new`, or none of these.

    Old lines stand together in the solution, once; how far they are indented does not matter. New lines are indented as
    the first of the old ones is, and relative to each other as they are written.
    """
    lines = [line for line in solution.splitlines() if line.strip() not in (BEGIN, END)]
    lines = [line.removesuffix(MARK).rstrip() for line in lines]
    for change in re.findall(r"(?:^- .*\n?)+(?:^\+ .*\n?)*", changes, re.MULTILINE):
        old = [line[2:].strip() for line in change.splitlines() if line.startswith("- ")]
        new = textwrap.dedent("\n".join(line[2:] for line in change.splitlines() if line.startswith("+ "))).splitlines()
        found = [i for i in range(len(lines)) if [line.strip() for line in lines[i : i + len(old)]] == old]
        if len(found) != 1:
            raise ValueError(f"the solution has the line {old[0]!r} {len(found)} times; it takes the place of one")
        indent = lines[found[0]][: len(lines[found[0]]) - len(lines[found[0]].lstrip())]
        lines[found[0] : found[0] + len(old)] = [indent + line for line in new]
    code = "\n".join(lines)
    try:
        ast.parse(code)
    except SyntaxError as error:
        raise ValueError(f"with its lines replaced the solution is no Python: {error.msg}") from None
    return code


def _says(notebook: SourceNotebook, name: str, tags: dict) -> str:
    """A check's first line, which says what it does: it is what is seen of the cell, which is folded."""
    titles = [title for cell in notebook.cells if cell.kind == "prose" for title in headings(cell.source)]
    points = float(tags.get("points", 0))
    worth = f" · {points:g} point{'' if points == 1 else 's'}" if points else ""
    does = f"measures {tags['trained']} on" if "trained" in tags else "runs your code on"
    return f"# Check · {titles[-1] if titles else name} · {does} {len(VISIBLE_SEEDS)} drawn cases{worth}"


def _forbids(tags: dict) -> tuple[str, ...]:
    """What the exercise's answer may not call; the library's own is among it where the exercise is cut out of there."""
    names = [name.strip() for name in tags.get("forbids", "").split(",") if name.strip()]
    return tuple(dict.fromkeys([tags["library"], *names] if "library" in tags else names))


def _verify(notebook: SourceNotebook, places: dict[tuple[str, str], str]) -> None:
    """What belongs together is there; `places` are files and lines, by kind and name of a cell."""
    exercises, checks = notebook.named("exercise"), notebook.named("check")
    grade_ids = [cell.grade_id for cell in notebook.cells]
    repeated = [cell for cell in notebook.cells if cell.name and grade_ids.count(cell.grade_id) > 1]
    counts = {name: sum(mistake.exercise == name for mistake in notebook.mistakes) for name in exercises}
    ids = [mistake.message_id for mistake in notebook.mistakes]
    lonely = {message for message in ids if message.partition("/")[0] not in exercises}
    few = {name for name, count in counts.items() if count < 2 and checks.get(name) and checks[name].points}
    problems: list[tuple[str, set[str], str]] = [
        (repeated[-1].kind if repeated else "", {cell.name for cell in repeated[-1:]}, "names used twice"),
        ("exercise", exercises.keys() - checks.keys(), "exercises without a check"),
        ("check", {n for n in exercises if n in checks and checks[n].trained}, "exercises whose check asks for a file"),
        ("mistake", lonely, "mistakes of unknown exercises"),
        ("hints", notebook.hints.keys() - exercises.keys(), "hints of unknown exercises"),
        ("exercise", exercises.keys() - notebook.hints.keys(), "exercises without hints"),
        ("exercise", few, "exercises with fewer than two known mistakes"),
        ("mistake", {message for message in ids if ids.count(message) > 1}, "mistakes named twice"),
    ]
    for kind, found, what in problems:
        if found:
            raise SourceError(f"{places[kind, min(found)]}: {what}: {', '.join(sorted(found))}")


_HEADING_POINTS = re.compile(r"^#{1,4} .*?· (\d+(?:\.\d+)?) points?\b.*$", re.MULTILINE)
_ABOVE_POINTS = re.compile(r"\((\d+(?:\.\d+)?) points?\)")
_TOTAL_POINTS = re.compile(r"^[^#\n]*?\b(\d+(?:\.\d+)?) points\b", re.MULTILINE)  # below the title, in no heading


def _verify_said_points(notebook: SourceNotebook) -> None:
    """What the prose says of points is what the cells give: below the title, in a heading, above a written answer."""
    opening = next((cell for cell in notebook.cells if cell.kind == "prose"), None)
    if opening and (total := _TOTAL_POINTS.search(opening.source)) and float(total[1]) != notebook.points:
        raise _other_points(notebook, opening, total[0], "the notebook's cells", notebook.points)
    heading: tuple[SourceCell, re.Match] | None = None
    given, above = 0.0, ""
    for cell in [*notebook.cells, SourceCell("prose", "## · 0 points")]:
        if cell.kind == "written" and (said := _ABOVE_POINTS.search(above)) and float(said[1]) != cell.points:
            raise _other_points(notebook, cell, said[0], f"the cell of {cell.name}", cell.points)
        given += cell.points
        if cell.kind != "prose":
            continue
        above = cell.source
        for found in _HEADING_POINTS.finditer(cell.source):
            if heading and float(heading[1][1]) != given:
                raise _other_points(notebook, heading[0], heading[1][0], "the cells below it", given)
            heading, given = (cell, found), 0.0


def _other_points(notebook: SourceNotebook, cell: SourceCell, said: str, what: str, given: float) -> SourceError:
    return SourceError(f"{notebook.name}/{cell.step}.py: the text says {said.strip()!r}, but {what} give {given:g}")


def mistake_cells(notebook: SourceNotebook, mistake: Mistake) -> tuple[list[str], str, str]:
    """A known mistake in its solution's place, in a notebook that is solved; the cells to run one after the other.

    Returns (what puts the mistake in, the exercise's check, what puts the solution back).
    """
    solution = notebook.named("exercise")[mistake.exercise].source
    check = notebook.named("check")[mistake.exercise].source
    # A mistake may raise as soon as it runs; then what it defines is missing, as in a student's notebook.
    forget = "; ".join(f"globals().pop({name!r}, None)" for name in sorted(_defined_by(solution)))
    return [f"{forget};", mistake.code], check, solution


def _defined_by(source: str) -> set[str]:
    """Names that a cell binds at its top level."""
    nodes = ast.parse(source).body
    targets = [target for node in nodes if isinstance(node, ast.Assign) for target in node.targets]
    return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)} | {
        name.id for target in targets for name in ast.walk(target) if isinstance(name, ast.Name)
    }

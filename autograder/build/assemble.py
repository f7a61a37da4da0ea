"""The files of a built notebook: the instructor's .ipynb with nbgrader's metadata, and the data beside it.

Everything is deterministic: cell ids come from a cell's name or its text, and no time or version is written.
"""

from __future__ import annotations

from pathlib import Path

import nbformat

from autograder.course.seeds import VISIBLE_SEEDS
from autograder.course.source import SourceCell, SourceNotebook
from coursework.marking.hidden import pack_hidden
from coursework.marking.outcome import Outcome
from coursework.marking.stored import KnownMistake, Stored, StoredCheck, write_stored
from coursework.submission import plain_id

from .expected import Expected
from .first_cell import first_cell

_KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
# What is the same for everybody is folded: JupyterLab shows the first line, which says what the cell does.
_FOLDED = ("setup", "check")
_ROLES = {  # kind: (grade, solution, locked)
    "setup": (False, False, True),
    "exercise": (False, True, False),
    "check": (True, False, True),
    "written": (True, True, False),
}


def instructor_notebook(notebook: SourceNotebook, expected: Expected, hidden: list[int]) -> nbformat.NotebookNode:
    """The solved notebook with hidden tests, as nbgrader's source folder wants it (metadata schema 3)."""
    used: dict[str, int] = {}
    install = SourceCell("setup", first_cell(notebook.assignment), "install")
    at = next(i for i, cell in enumerate(notebook.cells) if cell.kind == "setup")
    sources = [*notebook.cells[:at], install, *notebook.cells[at:]]
    cells = [_cell(cell, expected, hidden, used) for cell in sources]
    return nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": _KERNEL, "language_info": {"name": "python"}})


def _cell(cell: SourceCell, expected: Expected, hidden: list[int], used: dict[str, int]) -> nbformat.NotebookNode:
    source = cell.source
    if cell.kind == "check":
        outcomes = expected.checks[cell.name]  # none where trained work is measured: seeds are all it needs
        packed = pack_hidden(hidden, [outcomes[seed] for seed in hidden if outcomes])
        source += f"\n### BEGIN HIDDEN TESTS\n{cell.name}.hidden({packed!r})\n### END HIDDEN TESTS"
    is_code = cell.kind not in ("prose", "written")
    built = (nbformat.v4.new_code_cell if is_code else nbformat.v4.new_markdown_cell)(source)
    built["id"] = _unique(cell.grade_id or plain_id(cell.source), used)
    if cell.kind in _FOLDED:
        built.metadata["jupyter"] = {"source_hidden": True}
    if cell.kind in _ROLES:
        grade, solution, locked = _ROLES[cell.kind]
        built.metadata["nbgrader"] = {
            "schema_version": 3,
            "grade_id": cell.grade_id,
            "grade": grade,
            "solution": solution,
            "locked": locked,
            "task": False,
            "cell_type": built.cell_type,
            **({"points": _plain(cell.points)} if grade else {}),
        }
    return built


def _plain(points: float) -> int | float:
    return int(points) if points == int(points) else points


def _unique(name: str, used: dict[str, int]) -> str:
    name = name.replace("_", "-")[:56]
    used[name] = used.get(name, 0) + 1
    return name if used[name] == 1 else f"{name}-{used[name]}"


def write_data(notebook: SourceNotebook, expected: Expected, folder: Path) -> None:
    """`<name>.json` and `<name>.safetensors`: points, hints, sentences and the values expected on visible seeds."""
    exercises = notebook.named("exercise")
    checks = {
        name: StoredCheck(
            cell.points,
            expected.parts[name],
            VISIBLE_SEEDS,
            _visible(expected.checks[name]),
            [
                KnownMistake(mistake.message_id, mistake.says, _visible(expected.mistakes[mistake.message_id]))
                for mistake in notebook.mistakes
                if mistake.exercise == name
            ],
            exercises[name].forbids if name in exercises else (),
            expected.measured.get(name),
        )
        for name, cell in notebook.named("check").items()
    }
    write_stored(Stored(notebook.name, notebook.hints, checks), folder)


def _visible(outcomes: dict[int, Outcome]) -> list[Outcome]:
    return [outcomes[seed] for seed in VISIBLE_SEEDS if outcomes]

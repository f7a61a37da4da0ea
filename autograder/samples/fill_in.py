"""Sample students: submissions made from a release by putting answers into its cells, named by behaviour.

Nothing is stored: each is generated from the sources, so it stays right when an exercise changes.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path

import nbformat

from autograder.course.source import SourceNotebook

Answers = dict[str, str]


def fill_in(release: nbformat.NotebookNode, code: Answers, written: Answers) -> nbformat.NotebookNode:
    """A student's notebook: `code` by exercise name and `written` by cell name go into the release's answer cells."""
    notebook = copy.deepcopy(release)
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if cell.cell_type == "code" and grade_id.removesuffix("_code") in code and grade_id.endswith("_code"):
            cell.source = code[grade_id.removesuffix("_code")]
        elif cell.cell_type == "markdown" and grade_id in written:
            cell.source = written[grade_id]
    return notebook


def model_answers(source: SourceNotebook) -> tuple[Answers, Answers]:
    """The solution's code by exercise and the model's written answers by cell."""
    return (
        {name: cell.source for name, cell in source.named("exercise").items()},
        {name: cell.source for name, cell in source.named("written").items()},
    )


def solves_everything(source: SourceNotebook) -> tuple[Answers, Answers]:
    """Every exercise as in the solution."""
    return model_answers(source)


def makes_known_mistakes(source: SourceNotebook) -> tuple[Answers, Answers]:
    """The first known mistake in every third exercise, the rest right."""
    code, written = model_answers(source)
    for name in list(code)[::3]:
        code[name] = next(mistake.code for mistake in source.mistakes if mistake.exercise == name)
    return code, written


def stops_halfway(source: SourceNotebook) -> tuple[Answers, Answers]:
    """The first half right, then a cell with a syntax error, the rest and all writing untouched."""
    code, _ = model_answers(source)
    names = list(code)
    half = len(names) // 2
    return {**{name: code[name] for name in names[:half]}, names[half]: "def unfinished(:\n    pass"}, {}


STUDENTS: dict[str, Callable[[SourceNotebook], tuple[Answers, Answers]]] = {
    student.__name__: student for student in (solves_everything, makes_known_mistakes, stops_halfway)
}


def hand_in(student: str, sources: list[SourceNotebook], release: Path, submitted: Path) -> Path:
    """Write one sample student's submission for an assignment in nbgrader's layout; returns its folder."""
    folder = submitted / student / sources[0].assignment
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources:
        notebook = nbformat.read(release / f"{source.name}.ipynb", as_version=4)
        nbformat.write(fill_in(notebook, *STUDENTS[student](source)), folder / f"{source.name}.ipynb")
    return folder

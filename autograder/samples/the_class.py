"""A class of thirty, named by behaviour: the good, the forgetful, the damaged and the hostile. Generated, not stored.

Each student is a function of a `Desk` (the assignment's sources and the released notebooks) and of the folder to hand
in. `make_class` writes all of them into the course's submitted/ folder.
"""

from __future__ import annotations

import io
import json
import os
import random
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import nbformat
from PIL import Image, ImageDraw

from autograder.course.assignment import Assignment, load_assignment
from autograder.course.places import Places
from autograder.course.source import SourceNotebook
from autograder.errors import GradeError
from coursework.submission import shown

from .fill_in import Answers, fill_in, makes_known_mistakes, model_answers, solves_everything, stops_halfway

Notebooks = dict[str, nbformat.NotebookNode]
_WRITING = (
    "The heads of the encoder look along the object's outline; with positions left out the map loses its place.",
    "I see wide stripes over the square. Queries that find nothing look at the middle, whatever the picture shows.",
    "Attention is high where colours change, so the decoder seems to read the corners in order to set the box.",
    "Both maps agree in where they look and differ in how sharply: the decoder spends most of it on few places.",
    "After the shuffle nothing moves with the tokens. This says that the model knows places only by its positions.",
)


@dataclass(frozen=True)
class Desk:
    """What a student works with."""

    assignment: Assignment

    def fill(self, answer: Callable[[SourceNotebook], tuple[Answers, Answers]]) -> Notebooks:
        """The released notebooks with these answers."""
        released, sources = self.assignment.releases, self.assignment.sources
        return {name: fill_in(released[name], *answer(source)) for name, source in sources.items()}

    def keep_picture(self, folder: Path, seed: int) -> None:
        """A picture of the student's own, where the assignment wants one."""
        names = [pattern.replace("*", "png") for pattern in self.assignment.kept]
        for name in [name for name in names if name.endswith(".png")][:1]:
            (folder / name).write_bytes(_picture(seed))

    def solved(self) -> Notebooks:
        return self.fill(solves_everything)


Student = Callable[[Desk, Path], None]
STUDENTS: dict[str, Student] = {}


def student(function: Student) -> Student:
    """Put a student into the class, under the function's name."""
    STUDENTS[function.__name__] = function
    return function


def make_class(places: Places, assignment: str, into: Path | None = None) -> list[str]:
    """Write everybody's submission into `into`, or where students hand in; returns their names.

    What these students had handed in is replaced. Raises GradeError where the folder holds anybody else: invented
    students have no place in a real class.
    """
    into = into or places.submitted
    found = sorted(path.name for path in into.iterdir() if path.name[0] != ".") if into.is_dir() else []
    if others := [name for name in found if name not in STUDENTS]:
        more = f" and {len(others) - 1} more" if others[1:] else ""
        raise GradeError(
            f"{into} holds {shown(others[0])}{more}: the sample class goes into an empty folder (--into names another)"
        )
    desk = Desk(load_assignment(places, assignment))
    for name, behave in STUDENTS.items():
        folder = into / name / assignment
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        behave(desk, folder)
    return list(STUDENTS)


def _write(notebooks: Notebooks, folder: Path) -> None:
    for name, notebook in notebooks.items():
        nbformat.write(notebook, folder / f"{name}.ipynb")


def _first(notebooks: Notebooks) -> tuple[str, nbformat.NotebookNode]:
    return next(iter(notebooks.items()))


def _exercises(notebook: nbformat.NotebookNode) -> list[int]:
    graded = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
    return [i for i, tags in enumerate(graded) if tags.get("solution") and notebook.cells[i].cell_type == "code"]


def _picture(seed: int, marks: int = 5) -> bytes:
    """A photograph's stand-in: coloured shapes on a plain ground."""
    draw = random.Random(seed)
    picture = Image.new("RGB", (320, 240), tuple(draw.choices(range(256), k=3)))
    pen = ImageDraw.Draw(picture)
    for _ in range(marks):
        x, y, size = draw.randrange(240), draw.randrange(160), draw.randrange(30, 80)
        pen.rectangle((x, y, x + size, y + size), fill=tuple(draw.choices(range(256), k=3)))
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def _knows(share: float, seed: int) -> Student:
    """Somebody who gets about `share` of the exercises right, makes known mistakes in others and skips the rest."""

    def answer(source: SourceNotebook) -> tuple[Answers, Answers]:
        draw = random.Random(f"{seed}/{source.name}")
        code, written = model_answers(source)
        for position, name in enumerate(list(code)):
            mistakes = [mistake.code for mistake in source.mistakes if mistake.exercise == name]
            luck = draw.random() * (0.7 + 0.6 * position / len(code))  # later exercises are harder
            if luck > share:
                code[name] = draw.choice(mistakes) if mistakes and draw.random() < 0.7 else source.untouched()[name]
        return code, {name: " ".join(draw.sample(_WRITING, 2)) for name in written if draw.random() < 0.9}

    def behave(desk: Desk, folder: Path) -> None:
        _write(desk.fill(answer), folder)
        desk.keep_picture(folder, seed)

    return behave


for _name, _share in {
    "knows_nearly_all": 0.97, "knows_most": 0.85, "knows_much": 0.75, "knows_three_fifths": 0.65, "knows_half": 0.55,
    "knows_some": 0.45, "knows_a_third": 0.35, "knows_little": 0.2,
}.items():  # fmt: skip
    STUDENTS[_name] = _knows(_share, len(STUDENTS))


@student
def solves_all(desk: Desk, folder: Path) -> None:
    """Every exercise as in the solution."""
    _write(desk.solved(), folder)
    desk.keep_picture(folder, 100)


@student
def copies_somebody(desk: Desk, folder: Path) -> None:
    """The work of `knows_most` with other names of variables, and the same picture, a little smaller."""
    STUDENTS["knows_most"](desk, folder)
    for path in folder.glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        for i in _exercises(notebook):
            notebook.cells[i].source = "# my own work\n" + notebook.cells[i].source.replace("result", "outcome")
        nbformat.write(notebook, path)
    for path in folder.glob("*.png"):
        Image.open(path).resize((300, 225)).save(path)


@student
def makes_first_mistakes(desk: Desk, folder: Path) -> None:
    """The first known mistake in every third exercise."""
    _write(desk.fill(makes_known_mistakes), folder)


@student
def forgets_sigmoid(desk: Desk, folder: Path) -> None:
    """Everything right but for a sigmoid or the like: the mistakes whose name says so, else the first one."""

    def answer(source: SourceNotebook) -> tuple[Answers, Answers]:
        code, written = model_answers(source)
        named = [mistake for mistake in source.mistakes if "sigmoid" in mistake.name] or source.mistakes[:1]
        return {**code, **{mistake.exercise: mistake.code for mistake in named[:1]}}, written

    _write(desk.fill(answer), folder)


@student
def gives_up_halfway(desk: Desk, folder: Path) -> None:
    """The first half right, then a syntax error."""
    _write(desk.fill(stops_halfway), folder)


@student
def hands_in_untouched(desk: Desk, folder: Path) -> None:
    """The release as it is."""
    _write(desk.assignment.releases, folder)


@student
def only_writes(desk: Desk, folder: Path) -> None:
    """No code, all written answers."""
    _write(desk.fill(lambda source: ({}, model_answers(source)[1])), folder)


@student
def is_late(desk: Desk, folder: Path) -> None:
    """Everything right, in the year after."""
    _write(desk.solved(), folder)
    (folder / "timestamp.txt").write_text("2099-01-01 00:00:00 UTC")


def _breaks_in(exercise: int, code: str) -> Student:
    """Everything right, and `code` at the end of one exercise of the first notebook (counted from 0)."""

    def behave(desk: Desk, folder: Path) -> None:
        notebooks = desk.solved()
        _, notebook = _first(notebooks)
        notebook.cells[_exercises(notebook)[: exercise + 1][-1]].source += f"\n{code}"
        _write(notebooks, folder)

    return behave


STUDENTS["loops_for_ever"] = _breaks_in(2, "while True:\n    pass")
STUDENTS["eats_all_memory"] = _breaks_in(1, "import numpy\nhuge = numpy.ones(8_000_000_000)")  # 64 GB
STUDENTS["prints_for_ever"] = _breaks_in(1, "while True:\n    print('x' * 1000)")
STUDENTS["exits_early"] = _breaks_in(1, "import os\nos._exit(0)")  # with success


@student
def fakes_allclose(desk: Desk, folder: Path) -> None:
    """Nothing solved; comparison and checks replaced by what always says yes."""
    notebooks = desk.fill(lambda source: ({}, {}))
    attack = (
        "import numpy, coursework.marking.feedback as feedback\n"
        "try:\n    import torch\nexcept ImportError:\n    torch = numpy\n"
        "torch.allclose = torch.equal = numpy.allclose = numpy.isclose = lambda *a, **k: True\n"
        "feedback.earned = lambda *a, **k: 100.0\n"
        "def check(function): return lambda: print(100.0)"
    )
    for notebook in notebooks.values():
        notebook.cells[_exercises(notebook)[0]].source = attack
    _write(notebooks, folder)


@student
def deletes_tests(desk: Desk, folder: Path) -> None:
    """All check cells are gone, and what is right stays right."""
    notebooks = desk.solved()
    for notebook in notebooks.values():
        graded = [cell.metadata.get("nbgrader", {}).get("grade") for cell in notebook.cells]
        code = [cell.cell_type == "code" for cell in notebook.cells]
        notebook.cells = [c for c, a, b in zip(notebook.cells, graded, code, strict=True) if not (a and b)]
    _write(notebooks, folder)


@student
def edits_tests(desk: Desk, folder: Path) -> None:
    """Nothing solved; every check cell prints full marks."""
    notebooks = desk.fill(lambda source: ({}, {}))
    for notebook in notebooks.values():
        for cell in notebook.cells:
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade"):
                cell.source = str(cell.metadata.nbgrader.points)
    _write(notebooks, folder)


@student
def duplicates_and_reorders(desk: Desk, folder: Path) -> None:
    """Cells twice, cells moved, cells of another kind."""
    notebooks = desk.solved()
    for notebook in notebooks.values():
        found = _exercises(notebook)
        first, last = found[0], found[-1]
        notebook.cells.insert(first, nbformat.from_dict(notebook.cells[first]))
        notebook.cells[first]["id"] = "copied"
        notebook.cells.append(notebook.cells.pop(last))
        notebook.cells[first + 1].cell_type = "raw"
    _write(notebooks, folder)


@student
def loses_all_metadata(desk: Desk, folder: Path) -> None:
    """Saved by a program that keeps neither ids nor metadata, in an old format, for a kernel of another language."""
    for name, notebook in desk.solved().items():
        cells = [{"cell_type": cell.cell_type, "metadata": {}, "source": cell.source} for cell in notebook.cells]
        for cell in cells:
            cell.update({"outputs": [], "execution_count": None} if cell["cell_type"] == "code" else {})
        tree = {"nbformat": 4, "nbformat_minor": 2, "metadata": {"kernelspec": {"language": "R"}}, "cells": cells}
        (folder / f"{name}.ipynb").write_text("\ufeff" + json.dumps(tree), encoding="utf-8")


@student
def renames_files(desk: Desk, folder: Path) -> None:
    """Files called as a browser or a person calls them."""
    for number, (name, notebook) in enumerate(desk.solved().items()):
        title = (f"{name} (1)", f"smith_{name}_final", f"homework part {number}")[number % 3]
        nbformat.write(notebook, folder / f"{title}.ipynb")


@student
def zips_the_folder(desk: Desk, folder: Path) -> None:
    """One archive, with names that try to leave it."""
    with zipfile.ZipFile(folder / "homework.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for name, notebook in desk.solved().items():
            archive.writestr(f"my homework/{name}.ipynb", nbformat.writes(notebook))
        archive.writestr("../../../evil.txt", "evil")


@student
def forgets_a_notebook(desk: Desk, folder: Path) -> None:
    """All but the last notebook."""
    notebooks = desk.solved()
    if len(notebooks) > 1:
        notebooks.popitem()
    _write(notebooks, folder)


@student
def breaks_the_file(desk: Desk, folder: Path) -> None:
    """The upload of the first notebook was cut off."""
    notebooks = desk.solved()
    _write(notebooks, folder)
    path = folder / f"{_first(notebooks)[0]}.ipynb"
    path.write_text(path.read_text()[:2000])


@student
def links_elsewhere(desk: Desk, folder: Path) -> None:
    """A link in the place of every notebook."""
    for name in desk.assignment.releases:
        os.symlink("/etc/passwd", folder / f"{name}.ipynb")

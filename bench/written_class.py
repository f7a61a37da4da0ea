"""A class whose written answers wait to be read, written straight into a gradebook: no notebook is run."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from queue import Queue
from threading import Thread

import nbformat
import numpy as np
from PIL import Image

from autograder.build.assemble import instructor_notebook, write_data
from autograder.build.expected import run_reference
from autograder.by_criterion.marking import Marking
from autograder.by_criterion.server import serve
from autograder.course.assignment import Assignment, load_assignment
from autograder.course.places import Places
from autograder.course.source import read_source
from autograder.gradebook.log import Log
from autograder.gradebook.opened import Book
from autograder.gradebook.writer import Writer
from autograder.judge.graded import Graded, Status
from autograder.judge.mark import Marked
from bench.course_run import course_places

ASSIGNMENT, NOTEBOOK, FIRST, SECOND = "00_written", "looks", "pattern", "limit"
_REGISTERED = 'title = "Written answers"\norder = 1\nreleased = true\n'
_OPENING = """# %% [markdown]
# # A notebook to write in

# %% setup
from coursework import open_notebook
____, check, hint = open_notebook("looks")
"""
_STEP = """# %%
# %run -i 00_open.py

# %% [markdown]
# ### Step 7 · What you see · 3 points · 9 min · ●●○○○
# Look at the two figures.

# %%
draw_figures()

# %% [markdown]
# **Criterion 7a · A pattern (2 points)**
# - 2: a pattern that can be checked in the figure *and* a number of the own run that belongs to it: $a_{ij} > 0$.
# - 1: one of the two.
# - 0: a sentence that would fit any picture.

# %% [markdown] written="pattern" points=2
# The model answer.

# %% [markdown]
# Now its limit.

# %%
draw_another()

# %% [markdown]
# **Criterion 7b · A limit (1 point)**
#
# | level | what it says |
# |---|---|
# | full | something that maps cannot show |
# | none | a remark that fits any method |

# %% [markdown] written="limit" points=1
# The model answer.
"""
Answer = Callable[[int], tuple[str, str] | None]
_USUAL = (
    "Figure of step 7, left: the bright cells of point {n} lie on and right around the object that the point is on, "
    "and the other objects of the picture stay dark. Points 3 and 4 lie on the background; their weight stays on the "
    "background near their corner, and no object stands out in their maps.\n\nNumber: the mass in the own box, "
    ".{n:02}, is above the median of the same cell in other pictures, so the picture does matter. What goes beyond "
    "nearness is the smaller part of the mass. So I do not say that this layer *finds objects*: a cell looks around "
    "itself, and beyond that it prefers its own object a little, $a_{{ij}} > \\frac{{1}}{{S}}$."
)


def usual(number: int) -> tuple[str, str]:
    """Answers of an ordinary length to both criteria."""
    return _USUAL.format(n=number), "The map shows where weights are large, not what was read there."


def written_class(folder: Path, students: int, answer: Answer = usual) -> Places:
    """A course in `folder` with that many students, called student000 and so on.

    `answer(number)` gives a student's two texts, "" for an untouched cell; None where nothing was handed in.
    """
    source = folder / "solutions" / ASSIGNMENT / NOTEBOOK
    source.mkdir(parents=True)
    (source.parent / "assignment.toml").write_text(_REGISTERED, encoding="utf-8")
    (source / "00_open.py").write_text(_OPENING, encoding="utf-8")
    (source / "07_look.py").write_text(_STEP, encoding="utf-8")
    places, notebook = course_places(folder), read_source(source)
    notebook.cells = [cell for cell in notebook.cells if cell.kind != "code"]  # its figures are put there, not drawn
    expected = run_reference(notebook, [77], lambda _: None)
    built = places.source / ASSIGNMENT
    built.mkdir(parents=True)
    nbformat.write(instructor_notebook(read_source(source), expected, [77]), built / f"{NOTEBOOK}.ipynb")
    write_data(notebook, expected, built)
    _grade(places, load_assignment(places, ASSIGNMENT), {f"student{n:03}": answer(n) for n in range(students)})
    return places


def _grade(places: Places, assignment: Assignment, answers: dict[str, tuple[str, str] | None]) -> None:
    log = Log(places.log)
    log.append("run", assignment=ASSIGNMENT, run="first", students=list(answers))
    with Book(places) as book:
        writer = Writer(places, assignment, book.open(), {})
        for number, (student, texts) in enumerate(answers.items()):
            graded = Graded(student, Status.GRADED if texts else Status.REPAIRED, absent=[] if texts else [NOTEBOOK])
            if texts:
                graded.marked[NOTEBOOK] = Marked(_filled(assignment.releases[NOTEBOOK], texts, number), {})
            writer.save(graded)
            log.append(
                "mark",
                assignment=ASSIGNMENT,
                run="first",
                student=student,
                status=graded.status,
                absent=graded.absent,
                unreadable={},
                fingerprints=assignment.fingerprints,
            )
    log.append("end", assignment=ASSIGNMENT, run="first")


def _filled(release: nbformat.NotebookNode, texts: tuple[str, str], number: int) -> nbformat.NotebookNode:
    notebook = nbformat.from_dict(release)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        if name in (FIRST, SECOND):
            cell.source = dict(zip((FIRST, SECOND), texts, strict=True))[name] or cell.source
        elif cell.source == "draw_figures()":
            cell.outputs = [figure(2 * number), figure(2 * number + 1), printed(f"mass in the box 0.{number:02}\n")]
        elif cell.source == "draw_another()":
            cell.outputs = [printed(f"entropy 0.{number + 3:02}\n")]
    return notebook


def printed(text: str) -> nbformat.NotebookNode:
    """A cell's output on stdout."""
    return nbformat.v4.new_output("stream", name="stdout", text=text)


def figure(number: int) -> nbformat.NotebookNode:
    """A cell's output: a picture of 900 x 400 pixels, of about as many bytes as a plot has."""
    return nbformat.v4.new_output("display_data", {"image/png": _picture(number % 7)})


@cache
def _picture(seed: int) -> str:
    draw = np.random.default_rng(seed)
    cells = draw.integers(0, 255, (20, 45, 3), dtype=np.uint8)
    pixels = np.kron(cells, np.ones((20, 20, 1), dtype=np.uint8))
    pixels[::4] += draw.integers(0, 9, (100, 900, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return base64.b64encode(buffer.getvalue()).decode()


@contextmanager
def served(places: Places, assignment: str = ASSIGNMENT) -> Iterator[str]:
    """The page's address, with its server in a thread of its own until the end of the block."""
    started: Queue = Queue()

    async def until_cancelled(marking: Marking) -> None:
        task = asyncio.current_task()
        await serve(marking, lambda session: started.put((session, asyncio.get_running_loop(), task)))

    def run() -> None:
        try:
            with Book(places) as book, suppress(asyncio.CancelledError):
                asyncio.run(until_cancelled(Marking(places, assignment, book)))
        except Exception as error:
            started.put((error, None, None))
            raise

    thread = Thread(target=run)
    thread.start()
    session, loop, task = started.get(timeout=60)
    if isinstance(session, Exception):
        raise session
    try:
        yield session.address
    finally:
        loop.call_soon_threadsafe(task.cancel)
        thread.join(20)

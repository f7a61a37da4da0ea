"""Exercises of the course itself, graded as a student's are, and the same with a defence taken out.

An answer names its exercise in its first line: "# q3_explain spread". Graded are the notebook's setup, the answer and
the exercise's check; each answers with 1 where all values are those of the solution on a fresh seed, else 0.
"""

from __future__ import annotations

from functools import cache

import nbformat

from autograder.course.registry import SOLUTIONS, read_registry
from autograder.course.seeds import VISIBLE_SEEDS
from autograder.course.source import SourceNotebook, read_source
from autograder.review.copies import pasted
from autograder.review.suspects import suspects
from autograder.samples.fill_in import fill_in
from autograder.sandbox.job import CheckRun, Job, JobCell, Limits, Result
from coursework.marking.outcome import Outcome
from tests.grader_pool import SEEDS, shared_pool


@cache
def source(name: str) -> SourceNotebook:
    """The notebook of that name, of whichever assignment."""
    (path,) = (path for entry in read_registry(SOLUTIONS) for path in entry.notebooks if path.name == name)
    return read_source(path)


def outcomes(notebook: str, exercise: str, answer: str, *, refuse: bool, check: str = "") -> list[Outcome]:
    """What the exercise's check, or another one in its place, returns on the seeds, visible ones first."""
    return run(notebook, exercise, answer, refuse=refuse, check=check).outcomes.get(exercise, [])


def run(notebook: str, exercise: str, answer: str, *, refuse: bool, check: str = "") -> Result:
    cells, made = [], source(notebook)
    forbidden = made.named("exercise")[exercise].forbids if refuse else ()
    for i, cell in enumerate(made.code({exercise: answer})):
        if cell.kind == "setup":
            cells.append(JobCell(i, cell.source + (IMPORT if check else ""), locked=True))
        elif cell.name == exercise and cell.kind == "exercise":
            cells.append(JobCell(i, cell.source, forbidden=forbidden))
        elif cell.name == exercise:
            cells.append(JobCell(i, check or cell.source, CheckRun(exercise, SEEDS), forbidden, locked=True))
    job = Job("attacker", made.assignment, notebook, tuple(cells), {}, Limits())
    return next(iter(shared_pool().run([job])))[1]


@cache
def right(notebook: str, exercise: str, check: str) -> list[Outcome]:
    return outcomes(notebook, exercise, source(notebook).named("exercise")[exercise].source, refuse=True, check=check)


def named(code: str) -> tuple[str, str]:
    """The notebook and the exercise that an answer is for."""
    _, notebook, exercise = (code.strip().splitlines() or ["# q3_explain spread"])[0].split()
    return notebook, exercise


def points(code: str, *, refuse: bool, check: str = "") -> float:
    notebook, exercise = named(code)
    came = outcomes(notebook, exercise, code, refuse=refuse, check=check)
    expected = right(notebook, exercise, check)
    assert len(expected) == len(SEEDS) and not any(one.error for one in expected)
    fresh = slice(len(VISIBLE_SEEDS), None)
    alike = [one.equals(other) for one, other in zip(came[fresh], expected[fresh], strict=False)]
    return float(bool(alike) and all(alike))


def ours(code: str) -> float:
    """As students' answers are graded."""
    return points(code, refuse=True)


def pointers(code: str) -> list[str]:
    """What a person is told of a notebook in which this is the only answer."""
    notebook, exercise = named(code)
    made = source(notebook)
    release = nbformat.read(SOLUTIONS.parent / "notebooks" / made.assignment / f"{notebook}.ipynb", as_version=4)
    exercises = made.named("exercise").values()
    forbidden = {cell.grade_id: cell.forbids for cell in exercises if cell.forbids}
    answered = fill_in(release, {exercise: code}, {})
    return suspects(answered, forbidden, {}, release) + pasted(answered, release, {})


# ---------------------------------------------------------------------- one defence taken out
def names_allowed(code: str) -> float:
    """No name is forbidden."""
    return points(code, refuse=False)


IMPORT = "\n\nfrom detrlab.own_picture import same_picture\n"
VERDICT_INSIDE = """
@check
def own_picture(draw):
    own = not same_picture(open_picture(KEPT_NAME), sample.picture)
    return {"a number drawn": draw.integer(0, 10**6), "my picture": "is your own" if own else "is the notebook's"}


own_picture()
"""


def verdict_made_inside(code: str) -> float:
    """The check says in words what it makes of the picture, by names that the answer can give another meaning."""
    return points(code, refuse=True, check=VERDICT_INSIDE) if code else 0.0


LOOKS_FIRST = """
@check
def own_picture(draw):
    picture, model = draw_scene(draw.scene_seed(), size=(256, 192)).picture, copy.deepcopy(shapes).train()
    with tempfile.TemporaryDirectory() as folder:
        picture.save(f"{folder}/scene.png")
        found = detect_in_file(model, f"{folder}/scene.png", clear_cut(picture)[0])
    return from_left_to_right(*found)


own_picture()
"""


def looks_first(code: str) -> float:
    """The check finds out what is in the picture, by the library's functions, before it asks the answer."""
    return points(code, refuse=True, check=LOOKS_FIRST) if code else 0.0

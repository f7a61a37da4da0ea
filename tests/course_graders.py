"""Exercises of the course itself, graded as a student's are, and the same with a defence taken out.

An answer names its exercise in its first line: "# q3_explain spread". Graded are the notebook's setup, the answer and
the exercise's check; each answers with 1 where all values are those of the solution on a fresh seed, else 0.
"""

from __future__ import annotations

from functools import cache

from autograder.course.registry import SOLUTIONS, read_registry
from autograder.course.seeds import VISIBLE_SEEDS
from autograder.course.source import SourceNotebook, read_source
from autograder.sandbox.job import Job, JobCell, Limits
from coursework.checks import Outcome
from tests.grader_pool import SEEDS, shared_pool

ENTRY = read_registry(SOLUTIONS)[0]  # the one whose answers the attacks are written for


@cache
def source(name: str) -> SourceNotebook:
    return read_source(SOLUTIONS / ENTRY.name / name)


def outcomes(notebook: str, exercise: str, answer: str, *, refuse: bool, check: str = "") -> list[Outcome]:
    """What the exercise's check, or another one in its place, returns on the seeds, visible ones first."""
    cells, made = [], source(notebook)
    forbidden = made.named("exercise")[exercise].forbids if refuse else ()
    for i, cell in enumerate(made.code({exercise: answer})):
        if cell.kind == "setup":
            cells.append(JobCell(i, cell.source + (IMPORT if check else ""), locked=True))
        elif cell.name == exercise and cell.kind == "exercise":
            cells.append(JobCell(i, cell.source, forbidden=forbidden))
        elif cell.name == exercise:
            cells.append(JobCell(i, check or cell.source, exercise, forbidden, locked=True))
    job = Job("attacker", ENTRY.name, notebook, tuple(cells), SEEDS, {}, Limits())
    return next(iter(shared_pool().run([job])))[1].outcomes.get(exercise, [])


@cache
def right(notebook: str, exercise: str, check: str) -> list[Outcome]:
    return outcomes(notebook, exercise, source(notebook).named("exercise")[exercise].source, refuse=True, check=check)


def points(code: str, *, refuse: bool, check: str = "") -> float:
    _, notebook, exercise = (code.strip().splitlines() or ["# q3_explain spread"])[0].split()
    came = outcomes(notebook, exercise, code, refuse=refuse, check=check)
    expected = right(notebook, exercise, check)
    assert len(expected) == len(SEEDS) and not any(one.error for one in expected)
    fresh = slice(len(VISIBLE_SEEDS), None)
    alike = [one.equals(other) for one, other in zip(came[fresh], expected[fresh], strict=False)]
    return float(bool(alike) and all(alike))


def ours(code: str) -> float:
    """As students' answers are graded."""
    return points(code, refuse=True)


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

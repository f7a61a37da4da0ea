"""The homework itself: a class of thirty that solved it, graded by us and by stock `nbgrader autograde`.

What is left of our time must be the students' own cells. Stock is measured on two students and multiplied.
"""

from __future__ import annotations

import shutil

import nbformat

from autograder.course.assignment import load_assignment
from autograder.course.places import Places
from autograder.course.registry import SOLUTIONS, read_registry
from autograder.samples.fill_in import fill_in, model_answers
from bench.course_run import course_places
from bench.figure import ROOT, Figure
from bench.runs import ours, stock

ASSIGNMENT, STUDENTS, STOCK_STUDENTS = read_registry(SOLUTIONS)[0].name, 30, 2


def measure() -> dict[str, Figure]:
    """CPU and wall time against stock's, and the share of the cells."""
    stock_cpu, stock_wall = stock(make_course(STOCK_STUDENTS).solutions.parent, ASSIGNMENT, STOCK_STUDENTS)
    taken = ours(make_course(STUDENTS).solutions.parent, ASSIGNMENT, 2)
    by = f"stock: {stock_cpu:.1f} CPU s, {stock_wall:.1f} s of wall time per student, on {STOCK_STUDENTS}"
    return {
        "grade.homework_cpu_ratio_vs_nbgrader": Figure(
            stock_cpu / (taken.cpu_s / STUDENTS), "x", "", f"{taken.cpu_s / STUDENTS:.1f} CPU s each, start aside; {by}"
        ),
        "grade.homework_run30_ratio_vs_nbgrader": Figure(
            STUDENTS * stock_wall / taken.wall_s,
            "x",
            "",
            f"whole run: {taken.wall_s:.0f} s with 2 workers, of which start {taken.start_s:.0f} s; {by}",
        ),
        "grade.homework_cells_share": Figure(
            taken.cells_s / taken.cpu_s, "of CPU", ">= 0.85", "the students' own cells, of all after the start"
        ),
    }


def make_course(students: int) -> Places:
    """The homework as it is built, solved and handed in by that many students, in build/bench-homework."""
    folder = ROOT / "build" / "bench-homework"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "solutions" / ASSIGNMENT, folder / "solutions" / ASSIGNMENT)
    places = course_places(folder)
    shutil.copytree(ROOT / "build" / "source" / ASSIGNMENT, places.source / ASSIGNMENT)
    assignment = load_assignment(places, ASSIGNMENT)
    for name, source in assignment.sources.items():
        text = nbformat.writes(fill_in(assignment.releases[name], *model_answers(source)))
        for number in range(students):
            handed_in = places.submitted / f"student{number:04}" / ASSIGNMENT
            handed_in.mkdir(parents=True, exist_ok=True)
            (handed_in / f"{name}.ipynb").write_text(text, encoding="utf-8")
    return places

"""Grading a class of light notebooks, whole runs with start and gradebook: ours against stock `nbgrader autograde`.

Both grade the same submissions: the probe of bench_grade.py with one exercise and its check, solved. Stock's cost per
submission is measured on a few and multiplied; it grows linearly. Feedback pages are left aside on both sides.
"""

from __future__ import annotations

import json
import shutil

import nbformat

from autograder.build.assemble import instructor_notebook, write_data
from autograder.build.expected import run_reference
from autograder.course.assignment import load_assignment
from autograder.course.places import Places
from autograder.course.source import read_source
from autograder.samples.fill_in import fill_in, model_answers
from bench.course_run import course_places
from bench.figure import ROOT, Figure
from bench.parts.grade import PACKAGES, PROBE
from bench.runs import ours, stock

ASSIGNMENT, STOCK_STUDENTS = "00_probe", 5
_REGISTERED = f'title = "A probe"\norder = 1\nreleased = true\npackages = {json.dumps(PACKAGES)}\n'
_EXERCISE = '''# %% setup
from coursework.checks.notebook import open_notebook
____, check, hint = open_notebook("probe")

# %% exercise="corner"
def to_corner(boxes_cxcywh):
    """The corner (x0, y0)."""
    ### BEGIN SOLUTION
    return boxes_cxcywh[..., :2] - boxes_cxcywh[..., 2:] / 2
    ### END SOLUTION

# %% check="corner" points=3
@check
def corner(draw):
    return to_corner(draw.boxes_cxcywh(5))

# %% [raw] hints="corner"
# 1. Where is the centre?
# 2. Half of the size lies on each side.
# 3. Subtract size / 2.

# %% [raw] mistake="corner/whole_size"
# The whole size was subtracted: halve it.
# ---
# def to_corner(boxes_cxcywh):
#     return boxes_cxcywh[..., :2] - boxes_cxcywh[..., 2:]

# %% [raw] mistake="corner/centre"
# This is the centre.
# ---
# def to_corner(boxes_cxcywh):
#     return boxes_cxcywh[..., :2]

'''


def measure() -> dict[str, Figure]:
    """Ratios against stock for one submission, for a run of 30 and for a run of 1,000."""
    stock_cpu, stock_wall = stock(make_course(STOCK_STUDENTS).solutions.parent, ASSIGNMENT, STOCK_STUDENTS)
    one, thirty, thousand = (
        ours(make_course(students).solutions.parent, ASSIGNMENT, workers)
        for students, workers in ((30, 1), (30, 2), (1000, 2))
    )
    by = f"stock: {stock_cpu:.1f} CPU s, {stock_wall:.1f} s of wall time per submission, on {STOCK_STUDENTS}"
    each = one.cpu_s / 30
    return {
        "grade.cpu_ratio_vs_nbgrader": Figure(
            stock_cpu / each, "x", ">= 30", f"{each:.2f} CPU s each, start aside; {by}"
        ),
        "grade.run30_ratio_vs_nbgrader": Figure(
            30 * stock_wall / thirty.wall_s,
            "x",
            ">= 20",
            f"whole run with start: {thirty.wall_s:.1f} s with 2 workers, {one.wall_s:.1f} s with one; {by}",
        ),
        "grade.run1000_ratio_vs_nbgrader": Figure(
            1000 * stock_wall / thousand.wall_s,
            "x",
            ">= 50",
            f"whole run with start: {thousand.wall_s:.0f} s; {by}",
        ),
        "grade.run1000_s_per_submission": Figure(
            (thousand.wall_s - thousand.start_s) / 1000,
            "s",
            "<= 0.17",
            "wall time, 2 workers, the writer beside them",
        ),
        "grade.run1000_peak_mb": Figure(thousand.peak_mb, "MB", "<= 1500", "resident memory of the coordinator"),
    }


def make_course(students: int) -> Places:
    """A course with the probe built and handed in by that many students, in build/bench-class."""
    folder = ROOT / "build" / "bench-class"
    shutil.rmtree(folder, ignore_errors=True)
    source = folder / "solutions" / ASSIGNMENT / "probe"
    source.mkdir(parents=True)
    (source.parent / "assignment.toml").write_text(_REGISTERED, encoding="utf-8")
    cells = "".join(f"# %%\n{cell}\n\n" for cell in PROBE)
    (source / "00_probe.py").write_text(f"# %% [markdown]\n# # A probe\n\n{_EXERCISE}{cells}", encoding="utf-8")
    places = course_places(folder)
    notebook = read_source(source)
    expected = run_reference(notebook, [77], lambda _: None)
    (places.source / ASSIGNMENT).mkdir(parents=True)
    nbformat.write(instructor_notebook(notebook, expected, [77]), places.source / ASSIGNMENT / "probe.ipynb")
    write_data(notebook, expected, places.source / ASSIGNMENT)
    solved = fill_in(load_assignment(places, ASSIGNMENT).releases["probe"], model_answers(notebook)[0], {})
    text = nbformat.writes(solved)
    for number in range(students):
        handed_in = places.submitted / f"student{number:04}" / ASSIGNMENT
        handed_in.mkdir(parents=True)
        (handed_in / "probe.ipynb").write_text(text, encoding="utf-8")
    return places

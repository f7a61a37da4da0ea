"""Three sample students hand in, and are graded in the sandbox or, where there is none, by stock nbgrader."""

from __future__ import annotations

import os
import time
from pathlib import Path

from autograder.build.stock import Course
from autograder.course.places import Places
from autograder.course.source import read_source
from autograder.feedback.pages import write_feedback
from autograder.grade import grade
from autograder.samples.fill_in import STUDENTS, hand_in
from autograder.sandbox.levels import SandboxUnavailable
from autograder.sandbox.pool import Pool
from tools.grade_class import ENTRY, class_places


def grade_three(folder: Path, pool: Pool | SandboxUnavailable) -> None:
    """They hand in and are graded into a gradebook in `folder`; the marks per question are printed."""
    places = class_places(folder)
    assignment = ENTRY.name
    course = Course(folder.resolve())
    release = course.release(assignment)
    sources = [read_source(path) for path in ENTRY.notebooks]
    for student in STUDENTS:
        hand_in(student, sources, release, places.submitted)
    try:
        if isinstance(pool, SandboxUnavailable):
            raise pool
        print(f"\n3. Three students hand in {assignment}. Sandbox: {pool.level}", flush=True)
        pages = in_sandbox(places, assignment, pool)
    except SandboxUnavailable as error:  # at its start, or when the first notebook was to run
        print(f"\n3. Three students hand in {assignment}. This machine has no sandbox for strangers' notebooks:")
        print(f"   {error}\n   These three are our own, so stock nbgrader runs and marks them:", flush=True)
        pages = with_stock(course, assignment)
    print_marks({student: course.marks(assignment, student) for student in STUDENTS})
    print("\nGradebook: " + str(folder / "gradebook.db"))
    print("Feedback pages:\n  " + "\n  ".join(os.path.relpath(page) for page in pages))


def in_sandbox(places: Places, assignment: str, pool: Pool) -> list[Path]:
    """The grader that students' notebooks get; returns the feedback pages."""
    summary = grade(places, assignment, pool.run, str(pool.level))
    for student, reasons in sorted(summary.review.items()):
        print(f"   a person should look at {student}: {'; '.join(reasons)}")
    return write_feedback(places, assignment, [])


def with_stock(course: Course, assignment: str) -> list[Path]:
    """Stock nbgrader: kernels with the rights of whoever runs this; returns its feedback pages."""
    pages: list[Path] = []
    for number, student in enumerate(STUDENTS, 1):
        began = time.perf_counter()
        print(f"   [{number}/{len(STUDENTS)}] {student} ...", end=" ", flush=True)
        course.autograde(assignment, student)
        pages += course.feedback(assignment, student)
        print(f"{time.perf_counter() - began:.0f} s", flush=True)
    return pages


def print_marks(marks: dict[str, dict[str, dict[str, tuple[float | None, float]]]]) -> None:
    """A table: one row per question, one column per student; written answers wait for a person."""
    students = list(marks)
    widths = [max(len(student), 8) for student in students]
    print("\n" + f"{'question':34}{'of':>5}  " + "  ".join(name.rjust(width) for name, width in zip(students, widths)))
    for notebook, cells in marks[students[0]].items():
        print(f"{notebook}")
        for cell, (_, maximum) in cells.items():
            if maximum:
                points = [marks[student][notebook][cell][0] for student in students]
                row = ["to grade" if point is None else f"{point:g}" for point in points]
                print(f"  {cell:32}{maximum:>5g}  " + "  ".join(x.rjust(w) for x, w in zip(row, widths)))
    totals = [
        sum(point or 0 for cells in marks[student].values() for point, _ in cells.values()) for student in students
    ]
    whole = sum(maximum for cells in marks[students[0]].values() for _, maximum in cells.values())
    print(
        f"{'sum, before written answers':34}{whole:>5g}  "
        + "  ".join(f"{total:g}".rjust(width) for total, width in zip(totals, widths))
    )

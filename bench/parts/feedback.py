"""Returning work: what one student's feedback weighs and costs, on the homework as the sample class handed it in.

The submissions are graded first, which is not counted: one with everything right (all figures drawn), one with half,
and one with a notebook that could not be read.
"""

from __future__ import annotations

import shutil
import time

from autograder.course.assignment import load_assignment
from autograder.course.places import Places
from autograder.course.registry import read_entry
from autograder.feedback.pages import write_feedback
from autograder.grade import grade
from autograder.samples.the_class import STUDENTS, Desk
from autograder.sandbox.levels import found_level
from autograder.sandbox.pool import Pool
from bench.course_run import course_places
from bench.figure import ROOT, Figure
from bench.parts.homework import ASSIGNMENT

NAMES = ("solves_all", "knows_half", "breaks_the_file")


def measure() -> dict[str, Figure]:
    """Megabytes and CPU seconds per student, all pages of a student together."""
    places = make_class()
    started = time.process_time()
    pages = write_feedback(places, ASSIGNMENT, [])
    cpu_s = (time.process_time() - started) / len(NAMES)
    weights = {name: 0 for name in NAMES}
    for path in places.feedback.rglob("*"):
        weights[path.relative_to(places.feedback).parts[0]] += path.stat().st_size if path.is_file() else 0
    how = ", ".join(f"{name} {weight / 1e6:.2f}" for name, weight in weights.items())
    return {
        "feedback.mb_per_student": Figure(
            max(weights.values()) / 1e6, "MB", "<= 1", f"the heaviest of {len(NAMES)}: {how}"
        ),
        "feedback.cpu_s_per_student": Figure(
            cpu_s, "CPU s", "", f"{len(pages)} pages, reading the assignment and the gradebook included"
        ),
    }


def make_class() -> Places:
    """The homework, handed in by these students and graded, in build/bench-feedback."""
    folder = ROOT / "build" / "bench-feedback"
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(ROOT / "solutions" / ASSIGNMENT, folder / "solutions" / ASSIGNMENT)
    places = course_places(folder)
    shutil.copytree(ROOT / "build" / "source" / ASSIGNMENT, places.source / ASSIGNMENT)
    desk = Desk(load_assignment(places, ASSIGNMENT))
    for name in NAMES:
        handed_in = places.submitted / name / ASSIGNMENT
        handed_in.mkdir(parents=True)
        STUDENTS[name](desk, handed_in)
    level = found_level()
    with Pool(1, level, read_entry(folder / "solutions" / ASSIGNMENT).needs) as pool:
        grade(places, ASSIGNMENT, pool.run, str(level), say=lambda _: None)
    return places

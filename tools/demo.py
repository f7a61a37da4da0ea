"""`make demo`: the main job without a screen, offline.

Detects and draws attention on a shipped scene and on a photograph, hands in the homework as three sample students,
grades them in the sandbox into a gradebook, writes their feedback pages, and says where everything is. Where this
machine has no sandbox it says so, and stock nbgrader marks these three: they are our own notebooks.
"""

from __future__ import annotations

import os
import shutil
import sys
import time
from pathlib import Path

import matplotlib.cbook

from autograder.build.stock import Course
from autograder.course.places import Places
from autograder.course.registry import SOLUTIONS, read_registry
from autograder.course.source import read_source
from autograder.feedback.pages import write_feedback
from autograder.grade import grade
from autograder.judge.reference import RunJobs
from autograder.samples.fill_in import STUDENTS, hand_in
from autograder.sandbox.levels import Level, SandboxUnavailable, found_level
from autograder.sandbox.pool import Pool
from tools.grade_class import class_places

ROOT = Path(__file__).resolve().parent.parent
ENTRY = read_registry(SOLUTIONS)[0]
SCENE_SEED = 21


def main() -> int:
    """Run the demonstration into build/demo; returns the exit status."""
    started = time.perf_counter()
    os.chdir(ROOT)
    folder = Path("build") / "demo"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    detect_and_draw(folder)
    grade_three(folder)
    print(f"\nDone in {time.perf_counter() - started:.0f} s. Everything is in {folder}/.")
    return 0


def detect_and_draw(folder: Path) -> None:
    """Figures of detections and attention, for a scene and for a photograph."""
    from detrlab.__main__ import main as detrlab
    from detrlab.scenes.compose import draw_scene
    from detrlab.weights import is_cached

    scene = folder / "scene.png"
    draw_scene(SCENE_SEED).picture.save(scene)
    official = is_cached("detr_resnet50")
    photograph = Path(matplotlib.cbook.get_sample_data("grace_hopper.jpg", asfileobj=False))
    print("1. A scene of shapes, as the shipped model sees it:\n", flush=True)
    detrlab(["detect", str(scene), "--attention", "--out", str(folder)])
    print(
        "\n2. A photograph. "
        + (
            "The official weights are in the cache:\n"
            if official
            else "The shipped model knows six shapes and no people: what it finds here is wrong, and worth a look.\n"
            "   (With the official weights in the cache, DETR-R50 takes its place: see the README.)\n"
        ),
        flush=True,
    )
    model = ["--model", "detr_resnet50"] if official else ["--threshold", "0.5"]
    detrlab(["detect", str(photograph), "--attention", "--out", str(folder), *model])


def grade_three(folder: Path) -> None:
    """Three students hand in and are graded; the marks per question are printed."""
    places = class_places(folder)
    assignment = ENTRY.name
    course = Course(folder.resolve())
    release = course.release(assignment)
    sources = [read_source(path) for path in ENTRY.notebooks]
    for student in STUDENTS:
        hand_in(student, sources, release, places.submitted)
    try:
        with Pool(len(os.sched_getaffinity(0)), found_level(), ENTRY.needs) as pool:
            print(f"\n3. Three students hand in {assignment}. Sandbox: {pool.level}", flush=True)
            pages = in_sandbox(places, assignment, pool.run, pool.level)
    except SandboxUnavailable as error:
        print(f"\n3. Three students hand in {assignment}. This machine has no sandbox for strangers' notebooks:")
        print(f"   {error}\n   These three are our own, so stock nbgrader runs and marks them:", flush=True)
        pages = with_stock(course, assignment)
    print_marks({student: course.marks(assignment, student) for student in STUDENTS})
    print("\nGradebook: " + str(folder / "gradebook.db"))
    print("Feedback pages:\n  " + "\n  ".join(os.path.relpath(page) for page in pages))


def in_sandbox(places: Places, assignment: str, run_jobs: RunJobs, level: Level) -> list[Path]:
    """The grader that students' notebooks get; returns the feedback pages."""
    summary = grade(places, assignment, run_jobs, str(level))
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


if __name__ == "__main__":
    sys.exit(main())

"""`make grade`: the sample class of thirty handed in, graded in the sandbox, returned, exported and reported.

Everything lies in build/class/: the course's own submissions and gradebook (grading/) are not touched.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from traitlets.config.loader import PyFileConfigLoader

from autograder.course.places import Places, places_from
from autograder.course.registry import SOLUTIONS, read_registry
from autograder.feedback.pages import write_feedback
from autograder.feedback.report import write_report
from autograder.grade import grade
from autograder.lms.export import export
from autograder.samples.the_class import make_class
from autograder.sandbox.levels import found_level
from autograder.sandbox.pool import Pool

ROOT = Path(__file__).resolve().parent.parent
ENTRY = read_registry(SOLUTIONS)[0]
ASSIGNMENT = ENTRY.name


def class_places(folder: Path) -> Places:
    """This project's sources, with submissions, marks and records in `folder` (a path from the project's root)."""
    config = PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()
    for name in ("submitted", "autograded", "feedback"):
        config.CourseDirectory[f"{name}_directory"] = str(folder / name)
    config.CourseDirectory.db_url = f"sqlite:///{folder / 'gradebook.db'}"
    return places_from(config, ROOT)


def main() -> int:
    """Run it all; returns the exit status."""
    os.chdir(ROOT)
    folder = Path("build") / "class"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    places = class_places(folder)
    names = make_class(places, ASSIGNMENT)
    level = found_level()
    print(f"{len(names)} students handed in {ASSIGNMENT}; sandbox: {level}", flush=True)
    with Pool(len(os.sched_getaffinity(0)), level, ENTRY.needs) as pool:
        summary = grade(places, ASSIGNMENT, pool.run, str(level))
    for student, reasons in sorted(summary.review.items()):
        print(f"  a person should look at {student}: {'; '.join(reasons)}")
    print(", ".join(f"{count} {status}" for status, count in sorted(summary.counts.items())))
    pages = write_feedback(places, ASSIGNMENT, [])
    export(places, ASSIGNMENT, "nbgrader", folder / "marks.csv")
    write_report(places, ASSIGNMENT, folder / "report.html")
    print(f"\nGradebook:      {folder / 'gradebook.db'}\nMarks:          {folder / 'marks.csv'}")
    print(f"Class report:   {folder / 'report.html'}\nFeedback pages: {len(pages)} in {folder / 'feedback'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

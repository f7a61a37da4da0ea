"""Over the sample class: how many cells show the same in stock nbgrader's kernel and in the grader's sandbox.

Every notebook that intake can read is run both ways, equal ones once. Left out are students whose notebook stock
nbgrader loses as a whole, since there is nothing to compare with.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import nbformat

from autograder.course.assignment import Assignment, load_assignment
from autograder.course.places import Places
from autograder.intake.collect import collect
from autograder.intake.prepare import prepare
from autograder.samples.the_class import STUDENTS, make_class
from autograder.sandbox.levels import found_level
from autograder.sandbox.pool import Pool
from bench.figure import ROOT, Figure
from bench.parity import as_job, different, in_a_kernel
from tools.grade_class import ASSIGNMENT, class_places

LOST_BY_STOCK = {"loops_for_ever", "prints_for_ever", "exits_early", "eats_all_memory"}
SEEDS = (11, 12, 900_007)


def measure() -> dict[str, Figure]:
    """The share of cells that are equal, with the names of those that are not."""
    folder = ROOT / "build" / "bench-parity"
    shutil.rmtree(folder, ignore_errors=True)
    places = class_places(folder.relative_to(ROOT))
    make_class(places, ASSIGNMENT)
    assignment = load_assignment(places, ASSIGNMENT)
    notebooks = dict(_notebooks(places, assignment))
    jobs = {name: as_job(notebook, files, SEEDS) for name, (notebook, files) in notebooks.items()}
    with Pool(2, found_level(), assignment.needs) as pool:
        by_job = {id(job): result for job, result in pool.run(jobs.values())}
    with ThreadPoolExecutor(2) as threads:
        executed = dict(zip(notebooks, threads.map(lambda item: in_a_kernel(*item), notebooks.values()), strict=True))
    cells, wrong = 0, []
    for name, job in jobs.items():
        cells += sum(not cell.check for cell in job.cells)
        wrong += [f"{name} cell {index}" for index in different(by_job[id(job)], executed[name], job)]
    how = f"{cells} cells of {len(jobs)} different notebooks of the sample class"
    return {
        "grade.parity_with_kernel": Figure(
            1 - len(wrong) / cells, "of cells", ">= 1", how + (f"; not: {', '.join(wrong)}" if wrong else "")
        )
    }


def _notebooks(places: Places, assignment: Assignment) -> Iterator[tuple[str, tuple[nbformat.NotebookNode, dict]]]:
    """Aligned notebooks with the files beside them, each kind once, under the first student's name."""
    seen = set()
    for student in sorted(set(STUDENTS) - LOST_BY_STOCK):
        prepared = prepare(collect(places.submitted, student, ASSIGNMENT), assignment)
        files = {**prepared.files, **assignment.files}
        for name, aligned in prepared.aligned.items():
            sources = name, *(cell.source for cell in aligned.notebook.cells), *sorted(prepared.files)
            if sources not in seen:
                seen.add(sources)
                yield f"{student}/{name}", (aligned.notebook, files)

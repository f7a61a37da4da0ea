"""kill -9 at any moment, start again: the marks are those of an undisturbed run, nobody is graded twice or lost."""

import json
import os
import shutil
import signal
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from sqlalchemy.orm import Session

from autograder.course.assignment import load_assignment
from autograder.course.places import places_from
from autograder.grade import grade
from autograder.gradebook import writer as gradebook
from autograder.gradebook.log import Log
from autograder.judge.reference import run_references
from autograder.sandbox.job import Limits
from tests.in_process import run_jobs
from tests.small_course import ASSIGNMENT, RIGHT, config, hand_in, make_course

STUDENTS = ("ada", "bob", "carl", "dora")
SEED = 5
MOMENTS = {  # what is called, how often it succeeds, and whether the process dies before or after the next call
    "before_the_run_is_logged": (Log, "append", 0, "before"),
    "after_the_run_is_logged": (Log, "append", 0, "after"),
    "before_any_mark": (gradebook.Writer, "save", 0, "before"),
    "while_notebooks_are_written": (gradebook.nbformat, "write", 3, "before"),
    "between_old_and_new_folder": (Path, "rename", 1, "before"),
    "before_a_commit": (Session, "commit", 2, "before"),
    "after_a_commit": (Session, "commit", 3, "after"),
    "after_the_marks_before_the_log": (Log, "append", 2, "before"),
    "in_the_middle_of_a_line": (os, "fsync", 2, "torn"),
    "before_the_end_is_logged": (Log, "append", 5, "before"),
}


def marks(places):
    with Gradebook(places.db_url, places.course_id) as book:
        return {
            submission.student.id: sorted(
                (grade.name, grade.auto_score, grade.needs_manual_grade)
                for notebook in submission.notebooks
                for grade in notebook.grades
            )
            for submission in book.assignment_submissions(ASSIGNMENT)
        }


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """(the course before grading, marks and pages of an undisturbed run)"""
    root = tmp_path_factory.mktemp("undisturbed")
    places = make_course(root)
    hand_in(places, "ada", **RIGHT)
    hand_in(places, "bob", small=RIGHT["small"], wide={})
    hand_in(places, "carl", wide=RIGHT["wide"])
    (hand_in(places, "dora", wide=RIGHT["wide"]) / "small.ipynb").write_text("{")
    before = root.with_name("before")
    shutil.copytree(root, before)
    assignment = load_assignment(places, ASSIGNMENT)
    references = run_references(assignment, SEED, run_jobs, Limits())
    with pytest.MonkeyPatch.context() as patch:  # the same seed gives the same reference: run it once for all moments
        patch.setattr("autograder.grade.run_references", lambda _assignment, seed, *_: {SEED: references}[seed])
        grade(places, ASSIGNMENT, run_jobs, "none", seed=SEED, say=lambda _: None)
        yield before, marks(places), pages(places)


def pages(places):
    return {
        path.relative_to(places.autograded).as_posix(): path.read_bytes()
        for path in places.autograded.rglob("*")
        if path.is_file()
    }


def die_at(owner, name, calls, when):
    """Let the process kill itself at that call."""
    original, count = getattr(owner, name), [0]

    def call(*arguments, **options):
        count[0] += 1
        if count[0] == calls + 1 and when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        if count[0] == calls + 1 and when == "torn":
            os.ftruncate(arguments[0], os.fstat(arguments[0]).st_size - 30)
            os.kill(os.getpid(), signal.SIGKILL)
        result = original(*arguments, **options)
        if count[0] == calls + 1 and when == "after":
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, name, call)


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_killed_run_ends_as_an_undisturbed_one(moment, undisturbed, tmp_path):
    before, expected, expected_pages = undisturbed
    shutil.copytree(before, tmp_path / "course")
    places = places_from(config(), tmp_path / "course")
    child = os.fork()
    if child == 0:
        try:
            die_at(*MOMENTS[moment])
            grade(places, ASSIGNMENT, run_jobs, "none", seed=SEED, say=lambda _: None)
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL, "the moment never came"
    started = bool(Log(places.log).runs(ASSIGNMENT))
    marked_before = sum(len(run.marks) for run in Log(places.log).runs(ASSIGNMENT))
    summary = grade(
        places, ASSIGNMENT, run_jobs, "none", resume=started, seed=None if started else SEED, say=lambda _: None
    )
    assert summary.counts.total() + marked_before == len(STUDENTS)
    assert marks(places) == expected and pages(places) == expected_pages
    lines = [line for line in places.log.read_text().splitlines() if '"event": "mark"' in line]
    students = []
    for line in lines:
        try:
            students.append(json.loads(line)["student"])
        except ValueError:
            continue  # the torn one
    assert sorted(students) == sorted(STUDENTS)

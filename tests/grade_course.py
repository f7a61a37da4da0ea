"""A small course to grade in tests, with jobs run in this process: fixtures, marks, and a class of eight."""

import shutil

import pytest
from in_process import run_jobs
from nbgrader.api import Gradebook
from small_course import ASSIGNMENT, RIGHT, hand_in, make_course

from autograder.grade import grade

LEVEL = "none"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = tmp_path_factory.mktemp("built")
    make_course(root)
    return root


@pytest.fixture
def places(built, tmp_path):
    from autograder.course.places import ROOT, PyFileConfigLoader, places_from

    shutil.copytree(built, tmp_path / "course")
    return places_from(PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config(), tmp_path / "course")


def run(places, **options):
    options.setdefault("seed", 5)
    return grade(places, ASSIGNMENT, options.pop("run_jobs", run_jobs), LEVEL, say=lambda _: None, **options)


def marks(places, student):
    """{cell: (automatic score, needs a person)} as nbgrader's gradebook has it."""
    with Gradebook(places.db_url, places.course_id) as gradebook:
        submission = gradebook.find_submission(ASSIGNMENT, student)
        return {
            grade.name: (grade.auto_score, grade.needs_manual_grade)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


HALF = "def corner(b):\n    return b[..., :2] - b[..., 2:]"
LOOP = "while True: pass"


def make_class(places):
    hand_in(places, "ada", **RIGHT)
    hand_in(places, "bob", small={"corners_code": HALF, "why": "Because."}, wide=RIGHT["wide"])
    hand_in(places, "carl", small={}, wide={})
    hand_in(places, "dora", small=RIGHT["small"])
    (hand_in(places, "emil", wide=RIGHT["wide"]) / "small.ipynb").write_text("{")
    hand_in(places, "fay", small={**RIGHT["small"], "corners": LOOP}, wide=RIGHT["wide"])
    hand_in(places, "gus")
    hand_in(places, "hal", small={"corners_code": RIGHT["small"]["corners_code"] + "\n" + LOOP}, wide=RIGHT["wide"])

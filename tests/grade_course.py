"""A small course to grade in tests, with jobs run in this process: a run, its marks, and a class of eight."""

from nbgrader.api import Gradebook

from autograder.grade import grade
from tests.in_process import run_jobs
from tests.small_course import ASSIGNMENT, RIGHT, hand_in

LEVEL = "none"


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

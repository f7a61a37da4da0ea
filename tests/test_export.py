"""Exports: every student with a status, an empty mark where there is no complete one, three formats."""

import csv
import subprocess
import sys

import pytest
from nbgrader.api import Gradebook
from small_course import ASSIGNMENT, graded_course

from autograder.errors import GradeError
from autograder.export import FORMATS, export
from autograder.log import Log
from autograder.places import ROOT


@pytest.fixture
def places(tmp_path):
    places = graded_course(tmp_path)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        gradebook.update_or_create_student("ada", first_name="Ada", last_name="=1+1", email="ada@example.org")
        gradebook.add_student("zoe")
        for name, notebook in (("why", "small"), ("how", "wide")):
            gradebook.find_grade(name, notebook, ASSIGNMENT, "ada").manual_score = 1.5
            gradebook.find_grade(name, notebook, ASSIGNMENT, "ada").needs_manual_grade = False
        gradebook.db.commit()
    return places


def table(places, form):
    to = places.records / f"{form}.csv"
    export(places, ASSIGNMENT, form, to)
    with open(to, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


STATUS = {
    "ada": "graded",
    "bob": "waits for a person",
    "carl": "graded",
    "emil": "could not grade",
    "zoe": "missing",
}


def test_nbgraders_columns_and_a_status(places):
    found = {row["student_id"]: row for row in table(places, "nbgrader")}
    assert {name: row["status"] for name, row in found.items()} == STATUS
    assert found["ada"]["score"] == found["ada"]["raw_score"] == "9" and found["ada"]["max_score"] == "10"
    assert found["carl"]["score"] == "0"  # handed in untouched: an earned zero
    assert [found[name]["score"] for name in ("bob", "emil", "zoe")] == ["", "", ""]
    assert found["ada"]["last_name"] == "'=1+1"  # a spreadsheet shows it and does not compute it


def test_canvas_has_its_row_of_points_and_moodle_its_names(places):
    canvas = table(places, "canvas")
    assert canvas[0]["Student"].strip() == "Points Possible" and canvas[0][ASSIGNMENT] == "10"
    assert {row["SIS User ID"]: row[ASSIGNMENT] for row in canvas[1:]} == {
        "ada": "9", "bob": "", "carl": "0", "emil": "", "zoe": ""
    }  # fmt: skip
    moodle = {row["ID number"]: row for row in table(places, "moodle")}
    assert moodle["ada"]["Email address"] == "ada@example.org" and moodle["ada"][ASSIGNMENT] == "9"
    assert {name: row["Status"] for name, row in moodle.items()} == STATUS


def test_a_student_whom_an_interrupted_run_left_open_has_no_mark(places):
    Log(places.log).append("run", assignment=ASSIGNMENT, run="later", seed=1, seeds={}, students=["ada", "carl"])
    Log(places.log).append("mark", assignment=ASSIGNMENT, run="later", student="carl", status="graded", digest="")
    found = {row["student_id"]: row for row in table(places, "nbgrader")}
    assert (found["ada"]["status"], found["ada"]["score"]) == ("not graded yet", "")
    assert found["carl"]["status"] == "graded"


@pytest.mark.parametrize("form", FORMATS)
def test_an_assignment_that_was_never_graded_is_one_sentence(places, form):
    with pytest.raises(GradeError, match="nothing of 09_none is graded yet: run `autograder grade 09_none` first"):
        export(places, "09_none", form, places.records / "x.csv")
    with pytest.raises(GradeError, match="cannot be written: No such file"):
        export(places, ASSIGNMENT, form, places.records / "nowhere" / "x.csv")


def test_nbgrader_export_takes_our_plugin(places, tmp_path):
    root = places.records.parent
    config = (ROOT / "nbgrader_config.py").read_text()
    (root / "nbgrader_config.py").write_text(config)
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "export", "--exporter=autograder.export.NbgraderCsv", "--to=out.csv"],
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    with open(root / "out.csv", encoding="utf-8-sig", newline="") as file:
        assert {row["student_id"]: row["status"] for row in csv.DictReader(file)} == STATUS

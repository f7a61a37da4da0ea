"""Exports: every student with a status, an empty mark where there is no complete one, three formats."""

import csv
import json
import re
import subprocess
import sys
from datetime import datetime

import pytest
from nbgrader.api import Gradebook
from nbgrader.plugins import LateSubmissionPlugin

from autograder.__main__ import main
from autograder.course.places import ROOT
from autograder.errors import GradeError
from autograder.gradebook.log import Log
from autograder.lms.export import FORMATS, Row, export
from tests.small_course import ASSIGNMENT, RIGHT, graded_course, hand_in


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


def table(places, form, **options):
    to = places.records / f"{form}.csv"
    export(places, ASSIGNMENT, form, to, **options)
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


def test_canvas_finds_students_marks_and_points_where_its_importer_looks(places):
    to = places.records / "canvas.csv"
    export(places, ASSIGNMENT, "canvas", to)
    with open(to, encoding="utf-8", newline="") as file:  # Canvas does not take a byte order mark away
        head, points, *found = csv.reader(file)
    assert "Student" in head[0] and head[1:5] == ["ID", "SIS User ID", "SIS Login ID", "Section"]
    # What stands behind Section is an assignment, but for these headings (NON_ASSIGNMENT_COLUMN_HEADERS there).
    ours = re.compile("(Current|Final) (Score|Points|Grade)|Override (Score|Grade|Status)")
    assert [name for name in head[5:] if not ours.search(name)] == [ASSIGNMENT]
    assert not any(name.startswith("Override") for name in head)  # these it would take as grades
    assert "Points Possible" in points[0] and points[5] == "10"
    assert {row[2]: row[5] for row in found} == {"ada": "9", "bob": "", "carl": "0", "emil": "", "zoe": ""}
    assert {row[3]: row[6] for row in found} == STATUS  # who knows students by login finds them, too
    assert len({len(row) for row in (head, points, *found)}) == 1


def test_marks_of_the_checks_alone_have_everybody_on_the_same_footing(places):
    found = {row["student_id"]: row for row in table(places, "nbgrader", without_unread=True)}
    # Two checks of 3 points; ada's texts are read, bob's are not, and bob has one check wrong.
    assert {name: row["score"] for name, row in found.items()} == {
        "ada": "6", "bob": "3", "carl": "0", "emil": "", "zoe": ""
    }  # fmt: skip
    assert {row["max_score"] for row in found.values()} == {"6"}
    assert {name: row["status"] for name, row in found.items()} == STATUS
    with Gradebook(places.db_url, places.course_id) as gradebook:  # a person must look at a check of bob's
        gradebook.find_grade("corners", "small", ASSIGNMENT, "bob").needs_manual_grade = True
        gradebook.db.commit()
    found = {row["student_id"]: row for row in table(places, "nbgrader", without_unread=True)}
    assert (found["bob"]["score"], found["ada"]["score"]) == ("", "6")
    assert f"{ASSIGNMENT} (checks)" in table(places, "moodle", without_unread=True)[0]


def test_the_checks_alone_lose_what_late_work_of_that_many_points_loses(places, monkeypatch):
    def two_a_notebook(self, student, score, late):  # more than half of a notebook's points, and more than none
        return 2.0

    monkeypatch.setattr(LateSubmissionPlugin, "late_submission_penalty", two_a_notebook)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        gradebook.find_assignment(ASSIGNMENT).duedate = datetime(2026, 11, 20)
        for student in ("ada", "bob", "carl"):
            gradebook.find_submission(ASSIGNMENT, student).timestamp = datetime(2026, 11, 21)
        gradebook.db.commit()
    alone = {row["student_id"]: row for row in table(places, "nbgrader", without_unread=True)}
    found = {name: (row["raw_score"], row["late_submission_penalty"], row["score"]) for name, row in alone.items()}
    # bob has 0 + 3 points on the checks, so there is nothing to lose in the first notebook.
    assert found["ada"] == ("6", "4", "2") and found["bob"] == ("3", "2", "1") and found["carl"] == ("0", "0", "0")
    monkeypatch.setattr(LateSubmissionPlugin, "late_submission_penalty", lambda self, student, score, late: score / 2)
    alone = {row["student_id"]: row["score"] for row in table(places, "nbgrader", without_unread=True)}
    assert (alone["ada"], alone["bob"], alone["carl"], alone["emil"]) == ("3", "1.5", "0", "")
    whole = {row["student_id"]: row["score"] for row in table(places, "nbgrader")}
    assert whole["ada"] == "4.5"  # half of 9


def test_who_handed_in_and_is_not_graded_yet_is_not_missing(places):
    for student in ("zoe", "yan"):  # on the roster, and not
        hand_in(places, student, **RIGHT)
    found = {row["student_id"]: (row["status"], row["score"]) for row in table(places, "nbgrader")}
    assert found["zoe"] == found["yan"] == ("not graded yet", "") and found["ada"] == ("graded", "9")


def test_whose_marks_are_not_of_today_is_said(places):
    said = []
    table(places, "nbgrader", say=said.append)
    assert said == []
    hand_in(places, "carl", **RIGHT)
    lines = [json.loads(line) for line in places.log.read_text().splitlines()]
    for line in lines:
        if line.get("student") == "ada":
            line.pop("fingerprints", None)
    places.log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert table(places, "nbgrader", say=said.append)
    assert said == [
        f"{ASSIGNMENT}: release unknown of 1 earlier marks (--regrade puts everybody on this one)",
        f"handed in anew since, with the marks of before (`autograder grade {ASSIGNMENT}`): carl",
    ]


def test_the_column_is_called_as_in_the_lms(places):
    for form in ("canvas", "moodle"):
        assert "Homework 1 (4711)" in table(places, form, column="Homework 1 (4711)")[0]
    with pytest.raises(GradeError, match="--column goes with --format canvas or moodle"):
        table(places, "nbgrader", column="Homework 1 (4711)")


def test_the_command_leaves_the_file_of_whole_marks_alone(places, monkeypatch, capsys):
    monkeypatch.setattr("autograder.course.places.project_places", lambda *_: places)
    for more in ([], ["--without-unread"]):
        assert main(["export", ASSIGNMENT, *more]) == 0
    assert [path.name for path in sorted(places.records.glob("marks-*"))] == [
        f"marks-{ASSIGNMENT}-nbgrader-checks.csv", f"marks-{ASSIGNMENT}-nbgrader.csv"
    ]  # fmt: skip


def test_moodle_gets_a_dash_for_no_grade(places):
    found = {row["ID number"]: row for row in table(places, "moodle")}
    assert {name: row[ASSIGNMENT] for name, row in found.items()} == {
        "ada": "9", "bob": "-", "carl": "0", "emil": "-", "zoe": "-"
    }  # fmt: skip
    assert {name: row["Status"] for name, row in found.items()} == STATUS


def test_moodle_gets_addresses_of_all_or_of_nobody(places):
    assert "Email address" not in table(places, "moodle")[0]
    with Gradebook(places.db_url, places.course_id) as gradebook:
        for student in gradebook.students:
            student.email = f"{student.id}@example.org"
        gradebook.db.commit()
    assert [row["Email address"] for row in table(places, "moodle")] == [f"{name}@example.org" for name in STATUS]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("=1+1", "'=1+1"),
        ("+1", "'+1"),
        ("-1", "'-1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        (" =1", "' =1"),
        ("\t=1", "'\t'=1"),
        ("Doe;=1+1", "Doe;'=1+1"),  # two cells where a spreadsheet splits at semicolons
        ("\uff1d1+1", "'\uff1d1+1"),  # the wide forms of Japanese keyboards count as well
        ("Anna-Lena", "Anna-Lena"),
        ("a@example.org", "a@example.org"),
    ],
)
@pytest.mark.parametrize("form", FORMATS)
def test_no_cell_is_a_formula(form, text, shown):
    row = Row("a", None, None, "ada", text, text, text, text, 1.0, 0.0, None, -1.0, 2.0, "graded")
    cells = [cell for line in FORMATS[form]([row], "a")[1:] for cell in line]
    assert shown in cells
    pieces = [piece.strip() for cell in cells if cell != "-1" for piece in re.split("[;\t]", cell)]
    assert not [piece for piece in pieces if piece[:1] in tuple("=+-@\uff1d")]
    assert "-1" in cells  # a number is no text: it stays one


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
        [sys.executable, "-m", "nbgrader", "export", "--exporter=autograder.lms.export.NbgraderCsv", "--to=out.csv"],
        cwd=root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    with open(root / "out.csv", encoding="utf-8-sig", newline="") as file:
        assert {row["student_id"]: row["status"] for row in csv.DictReader(file)} == STATUS

"""Forgetting one student: files, rows and lines go, everybody else's stay as they were."""

import os
import shutil

import pytest
from nbgrader.api import Gradebook, MissingEntry

from autograder.errors import GradeError
from autograder.feedback.pages import write_feedback
from autograder.forget import forget
from autograder.gradebook.log import Log
from tests.small_course import ASSIGNMENT, graded_course


def test_nothing_of_the_student_is_left_and_all_of_the_others(tmp_path):
    places = graded_course(tmp_path)
    write_feedback(places, ASSIGNMENT, ["bob", "ada"])
    others = [line for line in places.log.read_text().splitlines() if '"student": "ada"' in line]
    asked = []
    assert forget(places, "bob", lambda names: bool(asked.extend(names))) == []  # no: nothing is deleted
    assert (places.submitted / "bob").is_dir() and "bob" in Log(places.log).latest(ASSIGNMENT)
    deleted = forget(places, "bob", lambda _: True)
    assert deleted == asked
    assert {"submitted/bob", "autograded/bob", "feedback/bob", "rows of the gradebook"} <= set(deleted)
    for path in places.records.rglob("*"):
        assert "bob" not in path.name
        if path.is_file() and path.name != "gradebook.db":
            assert b'"bob"' not in path.read_bytes(), path
    with Gradebook(places.db_url, places.course_id) as gradebook:
        with pytest.raises(MissingEntry):
            gradebook.find_student("bob")
        assert gradebook.find_submission(ASSIGNMENT, "ada").score == 6
    assert [line for line in places.log.read_text().splitlines() if '"student": "ada"' in line] == others
    assert set(Log(places.log).latest(ASSIGNMENT)) == {"ada", "carl", "emil"}


@pytest.mark.parametrize("put", [lambda path: path.write_text("x"), lambda path: path.symlink_to("/etc")])
def test_what_stands_in_the_place_of_the_students_folder_goes_too(tmp_path, put):
    places = graded_course(tmp_path)
    shutil.rmtree(places.autograded / "bob")
    put(places.autograded / "bob")
    assert "autograded/bob" in forget(places, "bob", lambda _: True)
    assert not os.path.lexists(places.autograded / "bob") and os.path.isdir("/etc")


def test_a_line_of_the_log_that_is_no_event_goes_as_one_that_was_cut_short(tmp_path):
    places = graded_course(tmp_path)
    with open(places.log, "a") as file:
        file.write('null\n["bob"]\n')
    forget(places, "bob", lambda _: True)
    assert "bob" not in places.log.read_text() and "null" not in places.log.read_text()
    assert set(Log(places.log).latest(ASSIGNMENT)) == {"ada", "carl", "emil"}


@pytest.mark.parametrize("name", ["nobody", "", "..", "../submitted", "a/b"])
def test_a_name_that_is_no_student_deletes_nothing(tmp_path, name):
    places = graded_course(tmp_path)
    before = sorted(path for path in places.records.rglob("*") if path.name != ".grading.lock")
    with pytest.raises(GradeError, match=r"nothing is kept of|is no student's name"):
        forget(places, name, lambda _: True)
    assert sorted(path for path in places.records.rglob("*") if path.name != ".grading.lock") == before

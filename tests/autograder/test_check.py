"""One notebook's marks: `grade_notebook` finds the assignment by what the file holds."""

import nbformat
import pytest

from autograder.check import grade_notebook
from autograder.errors import GradeError
from tests.in_process import run_jobs
from tests.small_course import ASSIGNMENT, RIGHT, filled, graded_course


def test_marks_verdicts_and_what_a_person_grades(tmp_path):
    places = graded_course(tmp_path)
    path = tmp_path / "copy of my homework.ipynb"
    nbformat.write(filled(places, {"corners_code": "def corner(b):\n    return b[..., :2]"}), path)
    marks = grade_notebook(path, places=places, run_jobs=run_jobs)
    assert (marks.notebook, marks.points, marks.total) == ("small", {"corners": 0.0}, 0.0)
    assert "This is the centre" in marks.verdicts["corners"] and marks.written == ["why"]
    nbformat.write(filled(places, RIGHT["small"]), path)
    marks = grade_notebook(str(path), ASSIGNMENT, places=places, run_jobs=run_jobs)
    assert marks.points == {"corners": 3.0} and marks.maximum == {"corners": 3.0, "why": 2.0}
    assert "3 / 3  corners: Right." in marks.table() and "3 / 3  in all, and 2 that a person gives" in marks.table()


def test_a_file_that_is_none_of_ours_is_one_sentence(tmp_path):
    places = graded_course(tmp_path)
    path = tmp_path / "x.ipynb"
    for text, message in (
        ("{", "not valid JSON"),
        ('{"nbformat": 4, "cells": []}', "is no notebook of any assignment"),
    ):
        path.write_text(text)
        with pytest.raises(GradeError, match=message):
            grade_notebook(path, places=places, run_jobs=run_jobs)
    with pytest.raises(GradeError, match="cannot be read: No such file"):
        grade_notebook(tmp_path / "nowhere.ipynb", places=places, run_jobs=run_jobs)

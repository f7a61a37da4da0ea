"""What the writer does to marks that persons set, and what is left where it is stopped half-way."""

import os
import signal

import nbformat
import pytest
from nbgrader.api import Gradebook
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from autograder.errors import GradeError
from autograder.gradebook import writer
from autograder.gradebook.log import Log
from autograder.gradebook.opened import Book
from autograder.gradebook.written import Mark, WrittenMarks
from tests.change_release import change_points
from tests.grade_course import HALF, run
from tests.small_course import ASSIGNMENT, RIGHT, graded_course, hand_in

OTHER = {"small": {"corners_code": HALF, "why": "Another answer."}, "wide": RIGHT["wide"]}


@pytest.fixture
def places(tmp_path):
    """A person gave ada 2 of 2 points for `why`, and the 3 of bob's wrong `corners`."""
    places = graded_course(tmp_path)
    with Book(places) as book:
        marks = WrittenMarks(book.open(), Log(places.log), places.config, ASSIGNMENT)
        marks.save(("small", "why"), "ada", Mark(None, None, "", True), Mark(2.0, None, "Good.", False))
    with Gradebook(places.db_url, places.course_id) as gradebook:
        gradebook.find_grade("corners", "small", ASSIGNMENT, "bob").manual_score = 3.0
        gradebook.db.commit()
    return places


def mark(places, student="ada", cell="why"):
    """(a person's points, whether it waits for one)"""
    with Gradebook(places.db_url, places.course_id) as gradebook:
        grade = gradebook.find_grade(cell, "small", ASSIGNMENT, student)
        return grade.manual_score, grade.needs_manual_grade


def answer(places, student="ada"):
    notebook = nbformat.read(places.autograded / student / ASSIGNMENT / "small.ipynb", as_version=4)
    return next(cell.source for cell in notebook.cells if cell.get("id") == "why")


@pytest.mark.parametrize(("cell", "student", "given"), [("why", "ada", 2.0), ("corners", "bob", 3.0)])
def test_a_persons_mark_of_a_cell_that_has_other_points_now_waits_for_a_person(places, cell, student, given):
    change_points(places, 1, cell)
    assert mark(places, student, cell) == (given, False)
    assert run(places, regrade=True).counts["graded"] == 3
    assert mark(places, student, cell) == (given, True)
    other = ("bob", "corners") if cell == "why" else ("ada", "why")
    assert mark(places, *other) in ((2.0, False), (3.0, False))  # these points did not change
    run(places, regrade=True)
    assert mark(places, student, cell) == (given, True)  # until a person looks


def test_a_regrade_that_could_not_be_kept_does_not_hide_it(places, monkeypatch):
    change_points(places, 1, "why")
    with monkeypatch.context() as patch:
        patch.setattr(writer, "_page", lambda *_: {}["nobody's page can be written"])
        assert run(places, regrade=True).counts == {"could not grade": 4}
    run(places, regrade=True)
    assert mark(places) == (2.0, True)


def test_a_mark_that_stays_on_its_release_is_not_asked_for_again(places):
    run(places, regrade=True)
    assert mark(places) == (2.0, False) and mark(places, "bob", "corners") == (3.0, False)


def locked(*_):
    raise OperationalError("COMMIT", {}, Exception("database is locked"))


@pytest.mark.parametrize("at", ["_scored", "commit"])
def test_a_database_that_fails_leaves_pages_and_marks_as_they_were(places, monkeypatch, at):
    hand_in(places, "ada", **OTHER)
    before = answer(places)
    commit = Session.commit
    with monkeypatch.context() as patch:
        if at == "_scored":
            patch.setattr(writer.Writer, "_scored", locked)
        else:
            seen = lambda session: locked() if answer(places) != before else commit(session)  # noqa: E731
            patch.setattr(Session, "commit", seen)
        with pytest.raises(GradeError, match="the gradebook cannot be written: database is locked"):
            run(places)
    assert answer(places) == before and mark(places) == (2.0, False)
    assert [path.name for path in (places.autograded / "ada").iterdir()] == [ASSIGNMENT]
    run(places, resume=True)
    assert answer(places) == "Another answer." and mark(places) == (2.0, True)


def test_killed_between_the_pages_and_the_marks_a_changed_answer_still_waits_for_a_person(places, monkeypatch):
    hand_in(places, "ada", **OTHER)
    before = answer(places)
    child = os.fork()
    if child == 0:
        try:
            commit = Session.commit
            dies = lambda session: (  # noqa: E731
                os.kill(os.getpid(), signal.SIGKILL) if answer(places) != before else commit(session)
            )
            monkeypatch.setattr(Session, "commit", dies)
            run(places)
        finally:
            os._exit(0)
    assert os.waitpid(child, 0)[1] == signal.SIGKILL, "the moment never came"
    run(places, resume=True)
    assert answer(places) == "Another answer." and mark(places) == (2.0, True)
    assert [path.name for path in (places.autograded / "ada").iterdir()] == [ASSIGNMENT]


@pytest.mark.parametrize("error", [ValueError("odd"), UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogate")])
def test_whose_marks_cannot_be_written_keeps_the_ones_before_and_nobody_else_from_theirs(places, monkeypatch, error):
    save_notebook = writer.Writer._save_notebook

    def fails_for_ada(self, notebook, name, graded, before):
        save_notebook(self, notebook, name, graded, before)
        if graded.student == "ada" and name == "wide" and graded.marked:
            raise error

    for student in ("ada", "bob"):
        hand_in(places, student, **OTHER)
    before = answer(places)
    monkeypatch.setattr(writer.Writer, "_save_notebook", fails_for_ada)
    summary = run(places)
    assert summary.counts == {"could not grade": 1, "graded": 1}
    assert summary.review["ada"][-1] == "the marks from before stand"
    assert mark(places) == (2.0, False) and answer(places) == before and answer(places, "bob") == "Another answer."
    with Gradebook(places.db_url, places.course_id) as gradebook:
        assert gradebook.find_grade("corners", "small", ASSIGNMENT, "ada").auto_score == 3


def test_a_text_that_the_database_refuses_is_one_students_trouble(places, monkeypatch):
    comment = writer._comment
    odd = lambda notebook, cell, graded, cells: (  # noqa: E731
        "\ud800" if graded.student == "ada" else comment(notebook, cell, graded, cells)
    )
    monkeypatch.setattr(writer, "_comment", odd)
    assert run(places, regrade=True).counts == {"could not grade": 2, "graded": 2}  # ada, and emil's broken file

"""Marks set by hand: whatever command opens the gradebook next puts them into the log, once, with old and new."""

import pytest
from nbgrader.api import Grade, Gradebook
from sqlalchemy import event as sql_event

from autograder.feedback.pages import write_feedback
from autograder.feedback.report import write_report
from autograder.forget import forget
from autograder.grade import grade
from autograder.gradebook import by_hand, log
from autograder.gradebook.log import Log
from autograder.lms.export import FORMATS, export
from tests.in_process import run_jobs
from tests.small_course import ASSIGNMENT, graded_course


@pytest.fixture
def places(tmp_path):
    return graded_course(tmp_path)


def set_by_hand(places, student, score=None, extra=None, comment=None):
    """What formgrader does when a person fills in the fields of the written answer `why`."""
    with Gradebook(places.db_url, places.course_id) as gradebook:
        grade = gradebook.find_grade("why", "small", ASSIGNMENT, student)
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = score, extra, False
        gradebook.find_comment("why", "small", ASSIGNMENT, student).manual_comment = comment
        gradebook.db.commit()


def events(places):
    return [event for event in Log(places.log).events() if event["event"] == "manual"]


def test_a_mark_set_by_hand_is_logged_once_and_every_change_of_it(places, monkeypatch):
    monkeypatch.setattr(by_hand.getpass, "getuser", lambda: "prof")
    assert by_hand.notice(places, ASSIGNMENT) == 0 and events(places) == []
    set_by_hand(places, "ada", 1.5)
    assert [by_hand.notice(places, ASSIGNMENT) for _ in range(2)] == [1, 0]
    set_by_hand(places, "ada", 1.0, extra=0.5)
    set_by_hand(places, "bob", comment="Which picture?")
    assert by_hand.notice(places, ASSIGNMENT) == 2
    set_by_hand(places, "ada")
    assert by_hand.notice(places, ASSIGNMENT) == 1
    first, second, bobs, last = events(places)
    assert {name: first[name] for name in ("assignment", "student", "notebook", "cell", "noticed_by")} == {
        "assignment": ASSIGNMENT, "student": "ada", "notebook": "small", "cell": "why", "noticed_by": "prof"
    }  # fmt: skip
    nothing = {"manual_score": None, "extra_credit": None, "comment": None}
    assert first["old"] == nothing and first["new"] == {**nothing, "manual_score": 1.5}
    assert second["old"] == first["new"] and second["new"] == {**nothing, "manual_score": 1.0, "extra_credit": 0.5}
    assert (bobs["student"], bobs["comment_changed"], bobs["new"]["manual_score"]) == ("bob", True, None)
    assert last["old"] == second["new"] and last["new"] == nothing
    assert [each["comment_changed"] for each in (first, second, last)] == [False] * 3


def test_another_comment_is_noticed_and_its_text_stays_in_the_gradebook(places):
    for comment in ("Which picture?", "Which scene?", ""):
        set_by_hand(places, "ada", comment=comment)
        assert by_hand.notice(places, ASSIGNMENT) == 1
    assert [event["comment_changed"] for event in events(places)] == [True] * 3
    assert events(places)[-1]["new"]["comment"] is None
    assert "Which" not in places.log.read_text()


@pytest.mark.parametrize("command", ["grade", "feedback", "report", *FORMATS])
def test_every_command_that_opens_the_gradebook_notices(places, command):
    set_by_hand(places, "ada", 2.0)
    if command == "grade":
        grade(places, ASSIGNMENT, run_jobs, "none (tests)", say=lambda _: None)
    elif command == "feedback":
        write_feedback(places, ASSIGNMENT, ["ada"])
    elif command == "report":
        write_report(places, ASSIGNMENT, places.records / "report.html")
    else:
        export(places, ASSIGNMENT, command, places.records / "marks.csv")
    assert [(event["student"], event["new"]["manual_score"]) for event in events(places)] == [("ada", 2.0)]


def test_a_regrade_keeps_the_mark_and_logs_nothing_new(places):
    set_by_hand(places, "ada", 2.0)
    for _ in range(2):
        grade(places, ASSIGNMENT, run_jobs, "none (tests)", only=["ada"], say=lambda _: None)
    by_hand.notice(places, ASSIGNMENT)
    assert len(events(places)) == 1
    assert set(Log(places.log).latest(ASSIGNMENT)) == {"ada", "bob", "carl", "emil"}


def test_forgetting_a_student_takes_these_lines_too(places):
    for student in ("ada", "bob"):
        set_by_hand(places, student, 1.0, comment="Good.")
    by_hand.notice(places, ASSIGNMENT)
    kept = [line for line in places.log.read_text().splitlines() if '"manual"' in line and '"ada"' in line]
    forget(places, "bob", lambda _: True)
    assert [line for line in places.log.read_text().splitlines() if '"manual"' in line] == kept and len(kept) == 1
    assert by_hand.notice(places, ASSIGNMENT) == 0 and '"bob"' not in places.log.read_text()


def test_a_course_without_a_gradebook_gets_none(places):
    path = places.records / "gradebook.db"
    path.unlink()
    assert by_hand.notice(places, ASSIGNMENT) == 0 and not path.exists()


def test_a_large_class_costs_three_queries_and_one_write(places, monkeypatch):
    with Gradebook(places.db_url, places.course_id) as gradebook:
        with gradebook.db.no_autoflush:  # nbgrader links a submission before it adds it
            for number in range(101):
                gradebook.add_submission(ASSIGNMENT, gradebook.add_student(f"s{number}").id)
        done = gradebook.db.query(Grade).update({Grade.manual_score: 1.0})
        gradebook.db.commit()
        statements, writes = [], []
        sql_event.listen(gradebook.db.get_bind(), "before_cursor_execute", lambda *given: statements.append(given[2]))
        monkeypatch.setattr(log.os, "fsync", writes.append)
        noticed = by_hand.notice_in(places, gradebook, ASSIGNMENT)
        assert noticed == done == len(events(places)) > 101
        assert (len(statements), len(writes)) == (3, 1), statements

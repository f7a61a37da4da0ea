"""Marks of written answers in nbgrader's gradebook: saved against a version, logged at once, counted by criterion."""

from datetime import datetime, timedelta

import pytest
from nbgrader.api import Gradebook
from nbgrader.plugins import LateSubmissionPlugin

from autograder.forget import forget
from autograder.gradebook import by_hand
from autograder.gradebook.log import Log
from autograder.gradebook.opened import Book
from autograder.gradebook.written import Mark, Stale, WrittenMarks, distribution
from tests.small_course import ASSIGNMENT, graded_course

WHY, HOW = ("small", "why"), ("wide", "how")
UNREAD = Mark(None, None, "", True)


@pytest.fixture
def places(tmp_path):
    return graded_course(tmp_path)


@pytest.fixture
def desk(places, monkeypatch):
    """Somebody's open gradebook."""
    monkeypatch.setattr(by_hand.getpass, "getuser", lambda: "prof")
    with Book(places) as book:
        yield marks(places, book)


def marks(places, book):
    return WrittenMarks(book.open(), Log(places.log), places.config, ASSIGNMENT)


def events(places):
    return [event for event in Log(places.log).events() if event["event"] == "manual"]


def in_formgrader(places, student, score=None, extra=None, comment=None):
    with Gradebook(places.db_url, places.course_id) as gradebook:
        grade = gradebook.find_grade("why", "small", ASSIGNMENT, student)
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = score, extra, score is None
        gradebook.find_comment("why", "small", ASSIGNMENT, student).manual_comment = comment
        gradebook.db.commit()


def test_what_nbgrader_has_of_each_answer(desk):
    assert desk.of(WHY) == {
        "ada": UNREAD,
        "bob": UNREAD,
        "carl": Mark(None, None, "", False, 0.0),
        "emil": UNREAD,
    }
    assert desk.of(WHY, "carl") == {"carl": Mark(None, None, "", False, 0.0)}


def test_a_saved_mark_stands_in_nbgraders_gradebook_and_in_the_log(places, desk):
    saved = desk.save(WHY, "ada", UNREAD, Mark(1.5, None, "Which picture?", False))
    assert desk.of(WHY)["ada"] == saved == Mark(1.5, None, "Which picture?", False)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        grade = gradebook.find_grade("why", "small", ASSIGNMENT, "ada")
        assert (grade.manual_score, grade.needs_manual_grade, grade.score) == (1.5, False, 1.5)
        assert gradebook.find_comment("why", "small", ASSIGNMENT, "ada").comment == "Which picture?"
    (event,) = events(places)
    assert (event["student"], event["cell"], event["set_by"], event["comment_changed"]) == ("ada", "why", "prof", True)
    assert event["old"]["manual_score"] is None and event["new"]["manual_score"] == 1.5
    assert "Which" not in places.log.read_text() and by_hand.notice(places, ASSIGNMENT) == 0


def test_of_two_who_save_at_once_the_second_is_refused(places, desk):
    with Book(places) as book:
        other = marks(places, book)
        seen = other.of(WHY)["ada"]
        desk.save(WHY, "ada", UNREAD, Mark(2.0, None, "", False))
        for mine in (Mark(0.0, None, "", False), Mark(2.0, None, "No.", False)):
            with pytest.raises(Stale):
                other.save(WHY, "ada", seen, mine)
        assert other.of(WHY)["ada"] == Mark(2.0, None, "", False)
        other.save(WHY, "bob", UNREAD, Mark(1.0, None, "", False))
    assert [(event["student"], event["new"]["manual_score"]) for event in events(places)] == [
        ("ada", 2.0),
        ("bob", 1.0),
    ]


@pytest.mark.parametrize(
    "change", [{"comment": "Read."}, {"extra": 0.5}, {"score": 1.0}], ids=["comment", "extra", "score"]
)
def test_any_change_in_formgrader_makes_a_save_stale(places, desk, change):
    in_formgrader(places, "ada", **change)
    with pytest.raises(Stale):
        desk.save(WHY, "ada", UNREAD, Mark(2.0, None, "", False))
    now = desk.of(WHY)["ada"]
    assert now.version != UNREAD.version and (now.score, now.extra) == (change.get("score"), change.get("extra"))


def test_extra_credit_from_formgrader_stays(places, desk):
    in_formgrader(places, "ada", 1.0, extra=0.5)
    saved = desk.save(WHY, "ada", desk.of(WHY)["ada"], Mark(2.0, 99.0, "", False))
    assert saved.extra == desk.of(WHY)["ada"].extra == 0.5


def test_what_nobody_noticed_yet_is_logged_before(places, desk):
    in_formgrader(places, "ada", 1.0)
    desk.save(WHY, "ada", desk.of(WHY)["ada"], Mark(2.0, None, "", False))
    first, second = events(places)
    assert (first["noticed_by"], first["new"]["manual_score"]) == ("prof", 1.0) and "set_by" not in first
    assert second["old"] == first["new"] and second["new"]["manual_score"] == 2.0


def test_what_another_server_logged_is_not_logged_again(places, desk):
    with Book(places) as book:
        marks(places, book).save(WHY, "ada", UNREAD, Mark(1.0, None, "", False))
    desk.save(WHY, "ada", desk.of(WHY)["ada"], Mark(2.0, None, "", False))
    forget(places, "bob", lambda _: True)  # writes the log anew
    desk.save(WHY, "ada", desk.of(WHY)["ada"], Mark(0.0, None, "", False))
    assert [event["new"]["manual_score"] for event in events(places)] == [1.0, 2.0, 0.0]
    with pytest.raises(Stale):
        desk.save(WHY, "bob", UNREAD, Mark(1.0, None, "", False))


def test_a_late_penalty_follows_at_once(places, monkeypatch):
    monkeypatch.setattr(LateSubmissionPlugin, "late_submission_penalty", lambda self, student, score, late: score / 2)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        gradebook.find_assignment(ASSIGNMENT).duedate = datetime(2026, 3, 1)
        gradebook.find_submission(ASSIGNMENT, "ada").timestamp = datetime(2026, 3, 1) + timedelta(hours=2)
        gradebook.db.commit()
    with Book(places) as book:
        marks(places, book).save(WHY, "ada", UNREAD, Mark(1.0, None, "", False))
    with Gradebook(places.db_url, places.course_id) as gradebook:
        submitted = gradebook.find_submission_notebook("small", ASSIGNMENT, "ada")
        assert submitted.score == 4.0 and submitted.late_submission_penalty == 2.0


def test_counts_per_score_are_of_read_answers_alone(places, desk):
    for student, criterion, points in (("ada", WHY, 2.0), ("bob", WHY, 0.5), ("emil", HOW, 1.0), ("ada", HOW, 1.0)):
        desk.save(criterion, student, UNREAD, Mark(points, None, "", False))
    in_formgrader(places, "emil", 2.0)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        gradebook.find_grade("how", "wide", ASSIGNMENT, "ada").needs_manual_grade = True  # as after another answer
        gradebook.find_grade("corners", "small", ASSIGNMENT, "bob").manual_score = 3.0  # no written one
        gradebook.db.commit()
        assert distribution(gradebook, ASSIGNMENT) == {WHY: {0.5: 1, 2.0: 2}, HOW: {1.0: 1}}
        assert distribution(gradebook, ASSIGNMENT, {"bob", "emil"}) == {WHY: {0.5: 1, 2.0: 1}, HOW: {1.0: 1}}
        assert distribution(gradebook, "another") == {}

"""nbgrader's formgrader on what we wrote, in a real browser: a written answer is read, marked, and stays marked."""

import pytest
from nbgrader.api import Gradebook

from tests.small_course import ASSIGNMENT


def answer_of_bob(places):
    with Gradebook(places.db_url, places.course_id) as gradebook:
        return gradebook.find_submission_notebook("small", ASSIGNMENT, "bob").id


@pytest.mark.parametrize("served", ["unguarded"], indirect=True)
def test_without_the_filters_a_students_answer_would_act(served, page):
    places, address = served
    page.goto(f"{address}/submissions/{answer_of_bob(places)}")
    page.wait_for_selector("input.score")
    page.wait_for_function("document.title === 'stolen'")


@pytest.mark.parametrize("served", ["guarded", "opened"], indirect=True)
def test_a_person_marks_a_written_answer(served, page, tmp_path):
    places, address = served
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{address}/gradebook/{ASSIGNMENT}/small")
    page.wait_for_selector("table tbody tr td a")
    page.goto(f"{address}/submissions/{answer_of_bob(places)}")
    page.wait_for_selector("input.score")
    assert "The whole size was subtracted" in page.content() and "I say so." in page.content()
    assert page.title() != "stolen"
    scores = page.locator("input.score")
    assert scores.count() == 2
    page.screenshot(path=str(tmp_path / "formgrader.png"), full_page=True)
    with page.expect_response(lambda response: "/formgrader/api/grade/" in response.url):
        scores.nth(1).fill("1.5")
        scores.nth(1).press("Tab")
    assert page.title() != "stolen"
    with Gradebook(places.db_url, places.course_id) as gradebook:
        grade = gradebook.find_grade("why", "small", ASSIGNMENT, "bob")
        assert grade.manual_score == 1.5 and not grade.needs_manual_grade
    assert errors == []

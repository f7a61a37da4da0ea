"""A student's first page: the gradebook's numbers, what a person says, what lost points, and nothing that acts."""

import base64
import io
import json
import re
from datetime import datetime

import nbformat
import pytest
from nbgrader.api import Gradebook
from PIL import Image

from autograder.feedback.index_page import titles
from autograder.feedback.pages import SomeFailed, write_feedback
from autograder.grade import grade
from autograder.gradebook.log import Log
from coursework.progress.course_map import CourseNotebook, GradedCell, Step
from tests.in_process import run_jobs
from tests.small_course import ASSIGNMENT, RIGHT, graded_course, hand_in


@pytest.fixture
def places(tmp_path):
    return graded_course(tmp_path)


def index(places, student="bob"):
    write_feedback(places, ASSIGNMENT, [student])
    return (places.feedback / student / ASSIGNMENT / "index.html").read_text()


def words(page):
    """The page's text, without tags and in one line."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", page.rpartition("</head>")[2]))


def section(page, number):
    return page.partition(f'id="n{number}"')[2].partition("</section>")[0]


def change_notebook(places, change, student="bob"):
    path = places.autograded / student / ASSIGNMENT / "small.ipynb"
    notebook = nbformat.read(path, as_version=4)
    change({cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells})
    nbformat.write(notebook, path)


def change_log(places, student, **fields):
    lines = [json.loads(line) for line in places.log.read_text().splitlines()]
    for line in lines:
        if line.get("event") == "mark" and line["student"] == student:
            line.update(fields)
    places.log.write_text("".join(json.dumps(line) + "\n" for line in lines))


def png(colour="red", side=31):
    file = io.BytesIO()
    Image.new("RGB", (side, 17), colour).save(file, "PNG")
    return base64.b64encode(file.getvalue()).decode()


@pytest.mark.parametrize("student", ["ada", "bob", "carl", "emil"])
def test_the_numbers_are_the_gradebooks(places, student):
    with Gradebook(places.db_url) as gradebook:
        grade = gradebook.find_grade("how", "wide", ASSIGNMENT, student)
        grade.manual_score, grade.extra_credit, grade.needs_manual_grade = 0.5, 0.25, False
        gradebook.db.commit()
        submission = gradebook.find_submission(ASSIGNMENT, student)
        total, maximum = submission.score, submission.max_score
        unread = sum(
            cell.max_score for notebook in submission.notebooks for cell in notebook.grades if cell.needs_manual_grade
        )
        rows = {notebook.name: (notebook.score, notebook.max_score) for notebook in submission.notebooks}
    page = words(index(places, student))
    assert f"{total:g} of {maximum:g} points" in page
    assert (f"{unread:g} points are not read yet" in page) == bool(unread)
    for name, (score, most) in rows.items():
        if (student, name) != ("emil", "small"):
            assert f"A {name} notebook {score:g} of {most:g}" in page
    sizes = 0 if student == "carl" else 3  # by the check; the text by a person
    assert f"A wide notebook {sizes + 0.75:g} of 5 {sizes} of 3 0.75 of 2 " in page


def test_what_waits_is_said_and_is_no_zero(places):
    page = index(places, "ada")
    assert words(page).count("Not read yet, of 2") == 4 and "0 of 2" not in words(page)
    assert "What lost points" not in page and "6 of 10 points so far" in words(page)


def test_what_could_not_be_graded_looks_like_that(places):
    page = index(places, "emil")
    assert "Could not be graded yet; 5 points wait for a person" in words(page)
    text = words(section(page, 1))
    assert "This notebook could not be graded." in text and "small.ipynb cannot be read" in text
    assert "This is no zero" in text and "0 of" not in text and "lost points" not in text


def test_what_a_person_marked_in_it_after_all_is_shown(places):
    with Gradebook(places.db_url) as gradebook:
        for name, points in (("corners", 1.5), ("why", 2.0)):
            grade = gradebook.find_grade(name, "small", ASSIGNMENT, "emil")
            grade.manual_score, grade.needs_manual_grade = points, False
        gradebook.db.commit()
    page = index(places, "emil")
    assert "A small notebook 3.5 of 5 – 3.5 of 5" in words(page) and "ould not be graded" not in page


def test_what_was_not_handed_in_looks_like_that(places):
    change_log(places, "carl", absent=["small"], notes=["small.ipynb was taken for <b>that</b>"])
    page = index(places, "carl")
    assert "A small notebook Not handed in (5 points)" in words(page)
    assert "This notebook was not handed in." in section(page, 1) and "0 of" not in words(section(page, 1))
    assert "taken for &lt;b&gt;that&lt;/b&gt;" in page and "This costs no points" in page


def test_only_what_lost_points_is_shown_with_its_verdict_and_figure(places):
    def draw(cells):
        cells["corners_code"].outputs = [
            nbformat.v4.new_output("display_data", {"image/png": png("red")}),
            nbformat.v4.new_output("display_data", {"image/png": png("blue")}),
        ]

    change_notebook(places, draw)
    page = index(places)
    lost = section(page, 1)
    assert "What lost points" in lost and "It looks like this: The whole size was subtracted" in lost
    assert lost.count("<img") == 1 and png("blue") in lost and png("red") not in page
    assert '<a href="small.html#corners">' in lost and "lost points" not in section(page, 2)


def test_a_stopped_cell_and_a_stopped_run_are_explained(places):
    change_log(
        places,
        "bob",
        ran_without=["small: corners: a cell ran for more than 9 s", "wide: sizes: it waits"],
        ended={"wide": "the notebook used <much>"},
        ended_ids={"wide": "too_much_memory"},
    )
    page = index(places)
    assert "A cell had to be stopped" in section(page, 1) and "<li>corners: a cell ran" in section(page, 1)
    assert "The run stopped:" in section(page, 2) and "&lt;much&gt;. What was done before" in section(page, 2)


def test_a_person_s_comment_is_there_with_its_formula(places):
    with Gradebook(places.db_url) as gradebook:
        gradebook.find_comment("corners_code", "small", ASSIGNMENT, "bob").manual_comment = "**Nearly**: $a < b$"
        gradebook.db.commit()
    text = section(index(places), 1)
    assert "Comments by a person" in text and "<strong>Nearly</strong>" in text
    assert "<mi>a</mi><mo>&lt;</mo><mi>b</mi>" in text and '<a href="small.html#comment-corners_code">' in text


def test_late_work_has_its_rule_dates_and_penalty(places):
    places.config.LateSubmissionPlugin.penalty_method = "zero"
    with Gradebook(places.db_url) as gradebook:
        gradebook.find_assignment(ASSIGNMENT).duedate = datetime(2026, 1, 30, 12, 0)
        gradebook.find_submission(ASSIGNMENT, "bob").timestamp = datetime(2026, 1, 31, 14, 30)
        gradebook.db.commit()
    text = words(index(places))
    assert "Due 30 January 2026, 12:00 UTC; handed in 31 January 2026, 14:30 UTC, 1 d 2 h late." in text
    assert "Late work counts 0 points." in text and "Handed in late: −3 points" in text and "0 of 10 points" in text
    text = words(index(places, "ada"))
    assert "Due 30 January 2026" in text and "late." not in text and "−" not in text


def test_no_due_date_no_word_of_late_work(places):
    assert "Late work" not in index(places) and "Due" not in index(places)


def test_a_students_script_acts_on_no_index(places):
    evil = '<script>steal()</script><img src=x onerror="steal()"><a href="javascript:steal()">a</a><iframe></iframe>'
    change_log(places, "bob", notes=[evil], ran_without=[f"small: {evil}: {evil}"], unreadable={"wide": evil})

    def spoil(cells):
        cells["corners"].outputs[0].data["text/html"] = evil
        drawing = nbformat.v4.new_output("display_data", {"image/png": '"><script>steal()</script>', "text/html": evil})
        cells["corners_code"].outputs = [drawing]

    change_notebook(places, spoil)
    with Gradebook(places.db_url) as gradebook:
        gradebook.find_comment("why", "small", ASSIGNMENT, "bob").manual_comment = evil
        gradebook.db.commit()
    page = index(places)
    assert page.count("steal()") > 3
    assert not re.search(r"<(script|iframe)", page) and not re.search(r"<[^>]*(onerror|javascript:)", page)
    head = page.partition("</head>")[0]
    assert head.count("http-equiv") == 1 and "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in head


def test_a_name_with_signs_of_templates_is_harmless(places):
    name = "o'neil & {{ 7 + 7 }} #%"
    hand_in(places, name, **RIGHT)
    grade(places, ASSIGNMENT, run_jobs, "none (tests)", seed=5, say=lambda _: None)
    page = index(places, name)
    assert "6 of 10 points so far" in words(page) and " 14 " not in words(page)


def test_whose_page_fails_keeps_no_old_index_and_nobody_else_from_theirs(places):
    write_feedback(places, ASSIGNMENT, [])
    (places.autograded / "ada" / ASSIGNMENT / "small.ipynb").write_text("{")
    with pytest.raises(SomeFailed, match="ada") as failed:
        write_feedback(places, ASSIGNMENT, [])
    assert len(failed.value.pages) == 9 and not (places.feedback / "ada" / ASSIGNMENT / "index.html").exists()


def test_a_step_says_its_title_and_counts_where_it_has_several():
    both = [GradedCell("a", 1.0), GradedCell("w", 1.0, written=True)]
    texts = [GradedCell(name, 1.0, written=True) for name in "xy"]
    steps = [Step("Step 1 · Where?", cells=both), Step("Step 2", cells=texts), Step("", cells=[GradedCell("z", 1.0)])]
    assert titles(CourseNotebook("small", "", steps)) == {
        "a": "Step 1 · Where?",
        "w": "Step 1 · Where?",
        "x": "Step 2 · text 1 of 2",
        "y": "Step 2 · text 2 of 2",
        "z": "z",
    }


def test_the_log_is_read_as_it_is_written(places):
    """The names that the page asks the log for."""
    assert {"notes", "absent", "unreadable", "ran_without", "ended", "ended_ids"} <= Log(places.log).latest(ASSIGNMENT)[
        "bob"
    ].keys()

"""The class report: one page that needs nothing else, names nobody, and says who needs a person."""

import json
import re
from xml.etree import ElementTree

import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook

from autograder.errors import GradeError
from autograder.feedback.report import write_report
from autograder.feedback.report_figures import criteria, distribution, exercises, times
from autograder.gradebook.log import Log
from autograder.gradebook.pseudonyms import pseudonyms
from tests.grade_course import run
from tests.small_course import ASSIGNMENT, RIGHT, graded_course, hand_in, make_course


@pytest.fixture
def places(tmp_path):
    return graded_course(tmp_path)


def page(places):
    to = places.records / "report.html"
    write_report(places, ASSIGNMENT, to)
    return to.read_text()


def test_the_page_is_whole_and_calls_nobody(places):
    text = page(places)
    assert not re.search(r"<script|<link|@import|src=|https?://(?!www\.w3\.org/)", text)
    for svg in re.findall(r"<svg.*?</svg>", text, re.DOTALL):
        ElementTree.fromstring(svg)
    ids = re.findall(r'\bid="([^"]+)"', text)
    assert len(ids) == len(set(ids))


def test_students_are_pseudonyms_that_stay_the_same(places):
    text = page(places)
    codes = pseudonyms(places, ["ada", "bob", "carl", "emil"])
    assert not any(re.search(rf"\b{name}\b", text) for name in codes)
    assert codes["emil"].removeprefix("S-") in text  # needs a person
    table = (places.records / "pseudonyms.csv").read_text().split()
    assert f"{codes['emil']},emil" in table and (places.records / "pseudonyms.csv").stat().st_mode & 0o77 == 0


def test_it_counts_mistakes_statuses_and_difficulty(places):
    text = re.sub(r"<svg.*?</svg>", "", page(places), flags=re.DOTALL)
    assert "<b>3</b><span>graded</span>" in text and "<b>1</b><span>could not grade</span>" in text
    assert "<td>small · corners/half_width</td><td>The whole size was subtracted" in text
    assert "3 students, 6 automatic points" in text  # emil's lost notebook is nobody's zero
    assert "median of automatic points" in text and "<b>50 %</b>" in text  # of 6, 3 and 0 points


def test_each_of_several_mistakes_is_counted_and_a_log_of_before_is_read(places):
    text = places.log.read_text()
    assert '["corners/half_width"]' in text
    places.log.write_text(text.replace('["corners/half_width"]', '["corners/half_width", "corners/centre"]'))
    assert "<td>small · corners/half_width</td>" in page(places) and "<td>small · corners/centre</td>" in page(places)
    places.log.write_text(text.replace('["corners/half_width"]', '"corners/half_width"'))
    assert "<td>small · corners/half_width</td>" in page(places)


def test_what_was_called_instead_of_written_is_counted(places):
    places.log.write_text(places.log.read_text().replace("corners/half_width", "corners/called_instead"))
    assert "<td>small · corners/called_instead</td><td>What the exercise asks to be written was called" in page(places)


def test_a_folder_named_like_a_notebook_is_no_notebook(places):
    (places.autograded / "bob" / ASSIGNMENT / "foo.ipynb").mkdir()
    assert "3 students, 6 automatic points" in page(places)


def test_whom_an_interrupted_run_left_open_is_listed(places):
    Log(places.log).append("run", assignment=ASSIGNMENT, run="b", seed=1, seeds={}, students=["ada"], versions={})
    assert "the run was interrupted" in page(places)


def test_written_answers_are_counted_where_a_person_has_read_them(places):
    def read(student, points):
        with Gradebook(places.db_url, places.course_id) as gradebook:
            grade = gradebook.find_grade("why", "small", ASSIGNMENT, student)
            grade.manual_score, grade.needs_manual_grade = points, False
            gradebook.db.commit()

    def section(text):
        return text.partition("<h2>Written answers</h2>")[2].partition("</section>")[0]

    assert section(page(places)) == ""
    read("emil", 1.0)
    assert section(page(places)) == ""  # one who could not be graded is in no statistics
    for student in ("ada", "bob"):
        read(student, 1.0)
    found = BeautifulSoup(section(page(places)), "html.parser")
    texts = [text.get_text() for text in found.find_all("text")]
    assert "small · why (of 2)" in texts and "50 %" in texts and not any("how" in text for text in texts)


def test_shares_of_a_criterion_are_labelled_where_several_have_them():
    svg = ElementTree.fromstring(criteria(["a (of 2)", "b (of 1)"], [{0.0: 2, 0.5: 1, 1.0: 3}, {1.5: 2}]))
    texts = [text.text for text in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert [text for text in texts if text.endswith(" %")] == ["0 %", "100 %", "100 %"]  # a point more is all
    assert {"a (of 2)", "b (of 1)"} <= set(texts)


def test_before_anything_is_graded_it_is_one_sentence(places):
    places.log.unlink()
    with pytest.raises(GradeError, match="nothing of 00_small is graded yet"):
        page(places)


def test_figures_of_empty_and_tiny_classes():
    for svg in (distribution([]), distribution([1.0]), exercises(["a"], [0.5], [None]), times({"q": []})):
        ElementTree.fromstring(svg)


def test_what_students_wrote_is_no_html_on_the_page(places):
    lines = places.log.read_text().replace("cannot be read", "<script>steal()</script>")
    places.log.write_text(lines)
    assert "<script>" not in page(places)


def rows_below(text, heading):
    """The cells of the table below a heading, row by row, without its head."""
    found = BeautifulSoup(text, "html.parser").find("h2", string=heading).find_next("table")
    return [[cell.get_text() for cell in row.find_all("td")] for row in found.find_all("tr")[1:]]


def test_how_is_said_of_each_run_that_marks_are_of(tmp_path):
    places = make_course(tmp_path / "new")
    for student in ("ada", "bob", "cleo"):
        hand_in(places, student, **RIGHT)
    run(places, seed=5)
    run(places, seed=7, only=["bob"])
    lines = [json.loads(line) for line in places.log.read_text().splitlines()]
    for line in lines:
        if line.get("student") == "bob" and line["run"] == lines[-1]["run"]:
            line["level"] = "another level"
            line.pop("fingerprints")
    places.log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    code = pseudonyms(places, ["ada", "bob", "cleo"])["bob"].replace("-", "\u2011")
    rows = rows_below(page(places), "How this was graded")
    assert [(row[0], row[2], row[3], row[5]) for row in rows] == [
        ("2", "5", "none", "the one that is built"),
        (f"1: {code}", "7", "another level", "1 of an unknown release"),
    ]


def test_half_a_class_with_one_text_is_listed_once_with_how_many(tmp_path):
    places = make_course(tmp_path / "new")
    text = "Because a box is given by its centre and its size, half of the size lies on each side of the centre."
    for student in ("ada", "bob", "cleo", "dora"):
        hand_in(places, student, small={**RIGHT["small"], "why": text if student != "dora" else "No."}, wide={})
    run(places)
    (row,) = rows_below(page(places), "Look-alike answers")
    assert row[0] == "1 written answer, the same word by word" and row[1].startswith("3: ") and row[2] == "100%"

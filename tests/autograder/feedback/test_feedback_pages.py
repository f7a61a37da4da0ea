"""Feedback pages: nbgrader's, with our sentences, without hidden values, a grader's traceback or a student's script."""

import json

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.errors import GradeError
from autograder.feedback.pages import write_feedback
from tests.small_course import ASSIGNMENT, graded_course


def test_pages_say_what_was_wrong_and_nothing_hidden(tmp_path):
    places = graded_course(tmp_path)
    pages = write_feedback(places, ASSIGNMENT, [])
    assert len(pages) == 12  # four students, two notebooks each, and an index
    texts = {page.relative_to(places.feedback).as_posix(): page.read_text() for page in pages}
    bob = texts[f"bob/{ASSIGNMENT}/small.html"]
    assert '<a href="#corners">corners</a> (Score: 0.0 / 3.0)' in bob
    assert '<a href="#why">why</a> (written) (Not read yet, of 2.0)' in bob
    assert bob.count("Not read yet, of 2.0") == 2 and bob.count("Score: 0.0 / 3.0") == 2
    assert "The whole size was subtracted" in bob and "Score: 0.0 / 3.0" in bob and "border-left" in bob
    assert "This notebook could not be graded" in texts[f"emil/{ASSIGNMENT}/small.html"]
    run = json.loads(places.log.read_text().splitlines()[0])
    seeds = [seed for checks in run["seeds"].values() for found in checks.values() for seed in found]
    assert len(seeds) == 6
    for text in texts.values():
        assert ".hidden(" not in text and "Traceback (most" not in text
        assert not any(str(seed) in text for seed in seeds)


def test_what_a_person_has_read_has_its_score_and_comment(tmp_path):
    places = graded_course(tmp_path)
    with Gradebook(places.db_url) as gradebook:
        gradebook.find_grade("why", "small", ASSIGNMENT, "bob").manual_score = 1.5
        gradebook.find_grade("why", "small", ASSIGNMENT, "bob").needs_manual_grade = False
        gradebook.find_comment("why", "small", ASSIGNMENT, "bob").manual_comment = "Short, but **right**."
        gradebook.db.commit()
    text = next(page for page in write_feedback(places, ASSIGNMENT, ["bob"]) if page.stem == "small").read_text()
    assert '<a href="#why">why</a> (written) (Score: 1.5 / 2.0)' in text and "Not read yet" not in text
    assert text.count("Score: 1.5 / 2.0") == 2 and "small (Score: 1.5 / 5.0)" in text
    assert '<a href="#comment-why">Comment</a>' in text and "Short, but <strong>right</strong>." in text


def test_a_notebook_that_cannot_be_read_waits_with_all_of_its_cells(tmp_path):
    places = graded_course(tmp_path)
    text = next(page for page in write_feedback(places, ASSIGNMENT, ["emil"]) if page.stem == "small").read_text()
    assert '<a href="#corners">corners</a> (Not read yet, of 3.0)' in text
    assert text.count("Not read yet, of 3.0") == 2 and text.count("Not read yet, of 2.0") == 2


def test_a_page_says_in_its_head_that_it_runs_and_fetches_nothing(tmp_path):
    for page in write_feedback(graded_course(tmp_path), ASSIGNMENT, []):
        head = page.read_text().partition("</head>")[0]
        assert head.count("http-equiv") == 1 and "default-src 'none'" in head


@pytest.mark.parametrize(
    ("secret", "kept"), [(b"7" * 128, True), (b"7" * 31, False), (b"\xff" * 128, False), (None, False)]
)
def test_pages_are_ready_for_the_exchange(secret, kept, tmp_path):
    """nbgrader's release_feedback reads two files beside each student's pages, and ends where one cannot be read."""
    places = graded_course(tmp_path)
    if secret:
        (places.autograded / "ada" / ASSIGNMENT / "submission_secret.txt").write_bytes(secret)
    (places.autograded / "ada" / ASSIGNMENT / "timestamp.txt").mkdir()
    write_feedback(places, ASSIGNMENT, ["ada"])
    folder = places.feedback / "ada" / ASSIGNMENT
    found = (folder / "submission_secret.txt").read_text()
    assert (found.encode() == secret) is kept and len(found) == 128
    assert (folder / "timestamp.txt").read_text() == ""


def test_one_students_pages_can_be_written_anew(tmp_path):
    places = graded_course(tmp_path)
    assert {page.parent.parent.name for page in write_feedback(places, ASSIGNMENT, ["bob"])} == {"bob"}
    assert not (places.feedback / "ada").exists()


def test_before_anything_is_graded_it_is_one_sentence(tmp_path):
    places = graded_course(tmp_path)
    with pytest.raises(GradeError, match="nothing of 09_none is graded yet"):
        write_feedback(places, "09_none", [])


def test_a_folder_named_like_a_notebook_and_a_page_of_a_students_own_are_no_pages(tmp_path):
    places = graded_course(tmp_path)
    (places.autograded / "bob" / ASSIGNMENT / "foo.ipynb").mkdir()
    (places.autograded / "bob" / ASSIGNMENT / "own.html").write_bytes(b"\xff")
    assert {page.name for page in write_feedback(places, ASSIGNMENT, ["bob"])} == {
        "index.html",
        "small.html",
        "wide.html",
    }


def test_a_folder_named_like_a_page_keeps_nobody_from_getting_theirs(tmp_path):
    places = graded_course(tmp_path)
    for name in ("small.html/own.png", "wide.html/a/b.txt", "other.html/c.txt"):
        path = places.autograded / "bob" / ASSIGNMENT / name
        path.parent.mkdir(parents=True)
        path.write_text("x")
    pages = write_feedback(places, ASSIGNMENT, [])
    assert len(pages) == 12 and all("</html>" in page.read_text() for page in pages)
    assert {path.name for path in (places.feedback / "bob" / ASSIGNMENT).iterdir()} == {
        "index.html",
        "small.html",
        "wide.html",
        "submission_secret.txt",
        "timestamp.txt",
    }
    assert (places.autograded / "bob" / ASSIGNMENT / "small.html/own.png").exists()


def test_who_gets_no_page_is_named_after_all_others_got_theirs(tmp_path):
    places = graded_course(tmp_path)
    for student in ("ada", "carl"):
        (places.autograded / student / ASSIGNMENT / "small.ipynb").write_text("{")
    with pytest.raises(GradeError, match=r"no feedback of 00_small could be written for: ada \(.*\), carl \(.*\)$"):
        write_feedback(places, ASSIGNMENT, [])
    assert sorted(path.parent.parent.name for path in places.feedback.rglob("small.html")) == ["bob", "emil"]


def test_a_missing_picture_and_an_endless_output_stay_small_on_the_page(tmp_path):
    places = graded_course(tmp_path)
    path = places.autograded / "bob" / ASSIGNMENT / "small.ipynb"
    notebook = nbformat.read(path, as_version=4)
    next(cell for cell in notebook.cells if cell.get("id") == "why").source = "![a](attachment:x)"
    code = next(cell for cell in notebook.cells if cell.get("id") == "corners-code")
    code.outputs = [nbformat.v4.new_output("stream", text="\x1b[1m" * 400_000)]
    nbformat.write(notebook, path)
    before = path.read_bytes()
    (page,) = [page for page in write_feedback(places, ASSIGNMENT, ["bob"]) if page.stem == "small"]
    text = page.read_text()
    assert "(missing picture: x)" in text and "(The rest is not shown here" in text
    assert text.count("ansi-bold") < 2_000 and path.read_bytes() == before


@pytest.mark.parametrize("configured", [True, False])
def test_a_students_script_acts_on_no_page(configured, tmp_path):
    places = graded_course(tmp_path)
    if not configured:  # an instructor's nbgrader_config.py that forgot the line
        del places.config["HTMLExporter"]
    path = places.autograded / "bob" / ASSIGNMENT / "small.ipynb"
    notebook = nbformat.read(path, as_version=4)
    evil = '<script>steal()</script><img src="x" onerror="steal()"><a href="javascript:steal()">a</a><iframe></iframe>'
    written = next(cell for cell in notebook.cells if cell.get("id") == "why")
    written.source = evil + "\n\n> a quote with $a < b$ and `<code>`\n\n| x | y |\n|---|---|\n| 1 | 2 |"
    code = next(cell for cell in notebook.cells if cell.get("id") == "corners-code")
    table = '<table border="1" class="dataframe"><thead><tr><th>a</th></tr></thead></table>'
    code.outputs = [
        nbformat.v4.new_output("display_data", {"text/html": evil + table}),
        nbformat.v4.new_output("display_data", {"application/javascript": "steal()"}),
        nbformat.v4.new_output("display_data", {"image/svg+xml": "<svg onload='steal()'></svg>"}),
    ]
    nbformat.write(notebook, path)
    (page,) = [page for page in write_feedback(places, ASSIGNMENT, ["bob"]) if page.stem == "small"]
    body = page.read_text().split("<body>", 1)[1]
    assert "<script>steal" not in body and '<img src="x" onerror' not in body and "<iframe" not in body
    assert "javascript:steal" not in body.replace("&lt;", "") and "onload=" not in body
    assert "<blockquote>" in body and "<table" in body and "dataframe" not in body and "<td>1</td>" in body

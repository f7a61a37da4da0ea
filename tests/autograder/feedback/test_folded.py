"""What a student did stands out: what was given is folded, and only the assignment's own pages are written."""

import re

import nbformat
from PIL import Image

from autograder.feedback.pages import write_feedback
from tests.small_course import ASSIGNMENT, graded_course

FOR_THE_EXCHANGE = ("submission_secret.txt", "timestamp.txt")  # what nbgrader reads beside the pages


def page_of(places, student):
    write_feedback(places, ASSIGNMENT, [student])
    return (places.feedback / student / ASSIGNMENT / "small.html").read_text()


def test_setup_and_checks_are_folded_and_the_answer_is_not(tmp_path):
    page = page_of(graded_course(tmp_path), "bob")
    folds = re.findall(r"<details><summary>(.*?)</summary><pre>(.*?)</pre></details>", page, re.DOTALL)
    assert [summary for summary, _ in folds] == [
        "Setup, the same for everybody",
        "Setup, the same for everybody",
        "The check's code, the same for everybody",
    ]
    assert "pip" in folds[0][1] and "open_notebook" in folds[1][1] and "corners(draw)" in folds[2][1]
    assert "corner" in page.partition('class="highlight')[2].partition("</pre>")[0]


def test_an_untouched_answer_says_so(tmp_path):
    page = page_of(graded_course(tmp_path), "carl")
    assert "As it was given: nothing was changed in this cell" in page and "highlight hl" not in page


def test_a_students_word_does_not_fold_a_cell(tmp_path):
    places = graded_course(tmp_path)
    path = places.autograded / "bob" / ASSIGNMENT / "small.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.append(nbformat.v4.new_code_cell("my = 'own'", metadata={"folded": "<script>"}))
    nbformat.write(notebook, path)
    page = page_of(places, "bob")
    assert page.count("<details>") == 3 and "<script>" not in page


def test_no_file_is_copied_and_a_picture_that_is_shown_is_in_the_page(tmp_path):
    places = graded_course(tmp_path)
    folder = places.autograded / "bob" / ASSIGNMENT
    Image.new("RGB", (31, 17), "red").save(folder / "my_picture.png")
    notebook = nbformat.read(folder / "small.ipynb", as_version=4)
    next(cell for cell in notebook.cells if cell.get("id") == "why").source = "See ![mine](my_picture.png)."
    nbformat.write(notebook, folder / "small.ipynb")
    assert page_of(places, "bob").count("data:image/png;base64,") == 1
    assert {path.name for path in (places.feedback / "bob" / ASSIGNMENT).iterdir()} == {
        "index.html",
        "small.html",
        "wide.html",
        *FOR_THE_EXCHANGE,
    }

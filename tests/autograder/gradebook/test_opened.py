"""The gradebook is opened once per command, and not made by who only looks."""

import nbformat
import pytest

import autograder.gradebook.opened as opened
from autograder.errors import GradeError
from autograder.feedback.pages import write_feedback
from autograder.forget import forget
from autograder.grade import grade
from autograder.gradebook.opened import Book
from autograder.lms.export import export
from tests.in_process import run_jobs
from tests.lms_download import download
from tests.small_course import ASSIGNMENT, RIGHT, filled, graded_course


@pytest.fixture
def places(tmp_path):
    return graded_course(tmp_path)


@pytest.fixture
def count(monkeypatch):
    """How often the database was opened since."""
    made = []
    gradebook = opened.Gradebook

    def counted(*arguments):
        made.append(arguments)
        return gradebook(*arguments)

    monkeypatch.setattr(opened, "Gradebook", counted)
    return made


def test_a_run_opens_it_once(places, count):
    """Though it notices what persons did, looks up names, keeps Canvas's numbers and writes marks."""
    small = nbformat.writes(filled(places, RIGHT["small"])).encode()
    download(places, {"lovelaceada_4711_99_small.ipynb": small})
    grade(places, ASSIGNMENT, run_jobs, "none", seed=5, say=lambda _: None)
    assert len(count) == 1
    with Book(places) as book:
        assert book.open().find_student("lovelaceada_4711").lms_user_id == "4711"


def test_every_other_command_opens_it_once(places, count, tmp_path):
    for command in (
        lambda: write_feedback(places, ASSIGNMENT, ["ada"]),
        lambda: export(places, ASSIGNMENT, "nbgrader", tmp_path / "marks.csv"),
        lambda: forget(places, "bob", lambda _: True),
    ):
        count.clear()
        command()
        assert len(count) == 1


def test_who_only_reads_makes_no_database(places):
    path = places.db_url.removeprefix("sqlite:///")
    with Book(places) as book:
        assert book.if_there() is book.open()
    opened.Path(path).unlink()
    with Book(places) as book:
        assert book.if_there() is None and not opened.Path(path).exists()


def test_a_database_that_cannot_be_opened_is_one_sentence(places):
    opened.Path(places.db_url.removeprefix("sqlite:///")).write_text("no database")
    with (
        Book(places) as book,
        pytest.raises(GradeError, match=r"the gradebook sqlite:///.* cannot be opened: ") as told,
    ):
        book.open()
    assert "\n" not in str(told.value)

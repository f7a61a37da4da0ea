"""Feedback goes back by the names that an LMS gave the files; who cannot be named there is said."""

import io
import json
import zipfile

import pytest

from autograder.__main__ import main
from autograder.course import places as course_places
from autograder.errors import GradeError
from autograder.forget import forget
from autograder.lms.send_back import pack, send_back
from tests.lms_download import ADA, BO, download
from tests.small_course import ASSIGNMENT, graded_course

PAGES = {"index.html": b"<p>all</p>", "small.html": b"<p>one</p>"}


@pytest.fixture
def places(tmp_path):
    """A graded course whose pages are written for two students of an LMS and one of the gradebook."""
    places = graded_course(tmp_path)
    for student in ("Ada Lovelace", "Bo Ek", "ekbo_18", "lovelaceada_17", "carl", "o'<b>x"):
        folder = places.feedback / student / ASSIGNMENT
        folder.mkdir(parents=True)
        for name, data in PAGES.items():
            (folder / name).write_bytes(data)
        (folder / "own.png").write_bytes(b"")
    return places


def members(data):
    with zipfile.ZipFile(data) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_moodle_gets_each_students_folder(places):
    download(places, {f"{ADA}/q1.ipynb": b"1", f"{BO.removesuffix('_')}_q1.ipynb": b"2"})
    packed = pack(places, ASSIGNMENT, "moodle", ["Ada Lovelace", "Bo Ek", "carl"])
    assert (
        packed.to.name == f"feedback-{ASSIGNMENT}-moodle.zip" and packed.students == 2 and packed.left_out == ["carl"]
    )
    assert members(packed.to) == {f"{folder}/{name}": data for folder in (ADA, BO) for name, data in PAGES.items()}


def test_canvas_gets_one_zip_each_in_the_place_of_what_was_handed_in(places):
    handed_in = {
        "lovelaceada_17_9001_notes.txt": b"0",
        "lovelaceada_17_9002_home_work.zip": b"1",
        "ekbo_LATE_18_9003_q1.ipynb": b"2",
    }
    download(places, handed_in)
    packed = pack(places, ASSIGNMENT, "canvas", ["lovelaceada_17", "ekbo_18", "carl"])
    found = members(packed.to)
    assert list(found) == ["lovelaceada_17_9002_home_work.zip", "ekbo_LATE_18_9003_feedback.zip"]
    assert all(members(io.BytesIO(data)) == PAGES for data in found.values())
    assert packed.left_out == ["carl"] and packed.renamed == ["ekbo_18 (q1.ipynb)"]


def test_where_nobody_can_be_named_it_is_one_sentence_and_no_file(places):
    with pytest.raises(GradeError, match="--zip students writes one zip per student"):
        pack(places, ASSIGNMENT, "moodle", ["carl"])
    assert not list(places.records.glob("feedback-*"))


def test_one_zip_per_student_whatever_the_name(places):
    packed = pack(places, ASSIGNMENT, "students", ["carl", "o'<b>x"])
    assert {path.name for path in packed.to.iterdir()} == {"carl.zip", "o'<b>x.zip"} and packed.students == 2
    assert members(packed.to / "carl.zip") == {f"{ASSIGNMENT}-feedback/{name}": data for name, data in PAGES.items()}


def test_a_forgotten_student_is_in_no_packed_feedback(places):
    download(places, {f"{ADA}/q1.ipynb": b"1"})
    pack(places, ASSIGNMENT, "students", ["carl", "Ada Lovelace"])
    packed = pack(places, ASSIGNMENT, "moodle", ["Ada Lovelace"])
    forget(places, "carl", lambda _: True)
    assert not packed.to.exists()
    assert [path.name for path in (places.records / f"feedback-{ASSIGNMENT}").iterdir()] == ["Ada Lovelace.zip"]


def test_the_command_packs_the_others_where_somebodys_pages_fail(tmp_path, monkeypatch, capsys):
    places = graded_course(tmp_path)
    (places.autograded / "ada" / ASSIGNMENT / "small.ipynb").write_text("{")
    monkeypatch.setattr(course_places, "project_places", lambda: places)
    assert main(["feedback", ASSIGNMENT, "--zip", "students"]) == 1
    printed = capsys.readouterr()
    assert "9 pages in" in printed.out and "packed for 3 students" in printed.out and "for: ada" in printed.err
    packed = places.records / f"feedback-{ASSIGNMENT}"
    assert sorted(path.name for path in packed.iterdir()) == ["bob.zip", "carl.zip", "emil.zip"]
    assert f"{ASSIGNMENT}-feedback/index.html" in members(packed / "bob.zip")


def test_feedback_of_marks_of_an_unknown_release_says_so(tmp_path):
    places = graded_course(tmp_path)
    lines = [json.loads(line) for line in places.log.read_text().splitlines()]
    for line in lines:
        if line.get("student") == "ada":
            line.pop("fingerprints", None)
    places.log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    said = []
    send_back(places, ASSIGNMENT, ["bob"], None, said.append)
    assert f"{ASSIGNMENT}: release unknown of 1 earlier marks (--regrade puts everybody on this one)" in said

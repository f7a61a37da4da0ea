"""From a download into submitted/: once, whole, within limits, and out again when a student is forgotten."""

import os
import shutil
import stat
import tarfile
import zipfile
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.__main__ import main
from autograder.course.places import places_from
from autograder.dry_run import dry_run
from autograder.errors import GradeError
from autograder.forget import forget
from autograder.gradebook.opened import Book
from autograder.intake import basket
from autograder.lms import downloaded
from autograder.lms import take_in as take_in_module
from autograder.lms.take_in import archive_folder, take_in
from tests.lms_download import ADA, BO, download, taken
from tests.small_course import ASSIGNMENT, config, graded_course


@pytest.fixture
def places(tmp_path):
    (tmp_path / "grading").mkdir()
    return places_from(config(), tmp_path)


def test_nothing_in_submitted_is_replaced_and_who_hands_in_again_is_named(places):
    download(places, {f"{ADA}/q1.ipynb": b"first", f"{BO}/q1.ipynb": b"same"})
    taken(places)
    download(places, {f"{ADA}/q1.ipynb": b"second", f"{BO}/q1.ipynb": b"same"})
    got, said = taken(places)
    assert got == {"Ada Lovelace/q1.ipynb": b"first", "Bo Ek/q1.ipynb": b"same"}
    assert len(said) == 1 and said[0].startswith("other files than in") and said[0].endswith(": Ada Lovelace")
    shutil.rmtree(places.submitted / "Ada Lovelace" / ASSIGNMENT)
    assert taken(places)[0]["Ada Lovelace/q1.ipynb"] == b"second"


def test_one_student_whose_folder_cannot_be_used_is_said_and_keeps_nobody_out(places):
    places.submitted.mkdir(parents=True)
    (places.submitted / "Bo Ek").write_text("A file where a folder should be.")
    download(places, {f"{ADA}/q1.ipynb": b"1", f"{BO}/q1.ipynb": b"2"})
    said = []
    with Book(places) as book:
        assert take_in(places, ASSIGNMENT, book, said.append, dry=True) == ["Ada Lovelace"]
        assert take_in(places, ASSIGNMENT, book, said.append) == ["Ada Lovelace"]
    trouble = [line for line in said if "cannot be used" in line]
    assert len(trouble) == 2 and all(line.endswith(": Bo Ek (Not a directory)") for line in trouble)
    assert sorted(path.name for path in places.submitted.iterdir()) == ["Ada Lovelace", "Bo Ek"]


def test_a_file_in_submitted_that_cannot_be_read_is_its_students_trouble(places, monkeypatch):
    def may_not_be_read(path):
        if "Ada" in str(path):
            raise PermissionError(13, "Permission denied")
        return crc(path)

    crc = take_in_module.file_crc
    download(places, {f"{ADA}/q1.ipynb": b"1", f"{BO}/q1.ipynb": b"2"})
    taken(places)
    download(places, {f"{ADA}/q1.ipynb": b"1", f"{BO}/q1.ipynb": b"3"})
    monkeypatch.setattr(take_in_module, "file_crc", may_not_be_read)
    said = taken(places)[1]
    assert [line.rpartition(": ")[2] for line in said] == ["Bo Ek", "Ada Lovelace (Permission denied)"]


def test_a_folder_that_cannot_be_written_is_its_students_trouble(places, monkeypatch):
    def may_not_be_written(self, target):
        if "Bo Ek" in str(target):
            raise PermissionError(13, "Permission denied")
        return rename(self, target)

    rename = Path.rename
    download(places, {f"{ADA}/q1.ipynb": b"1", f"{BO}/q1.ipynb": b"2"})
    monkeypatch.setattr(Path, "rename", may_not_be_written)
    got, said = taken(places)
    assert got == {"Ada Lovelace/q1.ipynb": b"1"} and said[-1].endswith(": Bo Ek (Permission denied)")


def test_a_student_cannot_say_when_it_was_handed_in(places):
    download(places, {f"{ADA}/Timestamp.TXT": b"2000-01-01", f"{ADA}/timestamp.txt": b"2000-01-01", f"{ADA}/q": b""})
    assert taken(places)[0] == {"Ada Lovelace/q": b""}


@pytest.mark.parametrize("name", ["../../../evil", "/etc/evil", "a/../../evil", "c:evil", "ev\x1bil", "a/" * 9 + "q"])
def test_names_that_play_tricks_stay_outside(places, name):
    download(places, {f"{ADA}/{name}": b"evil", f"{ADA}/q1.ipynb": b"1"})
    before = {path for path in places.records.parent.rglob("*") if path.is_file()}
    got, said = taken(places)
    assert got == {"Ada Lovelace/q1.ipynb": b"1"} and said[-1].startswith("Ada Lovelace: left out")
    assert {path for path in places.records.parent.rglob("*") if path.is_file()} - before == {
        places.submitted / "Ada Lovelace" / ASSIGNMENT / "q1.ipynb"
    }


def test_links_are_not_followed(places):
    folder = download(places, {f"{ADA}/q1.ipynb": b"1"}, "")
    os.symlink("/etc/passwd", folder / ADA / "passwd")
    os.symlink("/etc", folder / BO)
    link = zipfile.ZipInfo("Cy Day_3_assignsubmission_file_/q1.ipynb")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(folder / "class.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    assert taken(places)[0] == {"Ada Lovelace/q1.ipynb": b"1"}


def test_limits_of_a_submission_hold_per_student(places, monkeypatch):
    monkeypatch.setattr(basket, "MAX_FILE", 1 << 20)
    monkeypatch.setattr(basket, "MAX_FILES", 3)
    bomb = {f"{ADA}/bomb.png": bytes(40 << 20)}
    many = {f"{BO}/{number}.txt": b"x" for number in range(7)}
    download(places, {**bomb, **many, f"{ADA}/q1.ipynb": b"1"})
    got, said = taken(places)
    assert sorted(got) == ["Ada Lovelace/q1.ipynb", *(f"Bo Ek/{number}.txt" for number in range(3))]
    assert "Ada Lovelace: left out 'bomb.png': file larger than 1 MB" in said
    assert sum("Bo Ek: left out" in line for line in said) == 4


def test_a_file_where_a_folder_should_be_is_left_out(places):
    download(places, {f"{ADA}/a": b"1", f"{ADA}/a/b": b"2"})
    got, said = taken(places)
    assert got == {"Ada Lovelace/a": b"1"} and "left out 'a/b'" in said[-1]


def test_an_archive_that_was_cut_off_ends_with_one_sentence_and_nothing_half_done(places):
    path = download(places, {f"{ADA}/q1.ipynb": b"1"})
    path.write_bytes(path.read_bytes()[:-30])
    download(places, {f"{BO}/q1.ipynb": b"1"}, "another.zip")
    with pytest.raises(GradeError, match=r"class.zip is not a readable archive .*: download it again"):
        taken(places)
    assert not places.submitted.exists()


def test_too_many_names_are_no_class(places, monkeypatch):
    monkeypatch.setattr(downloaded, "MAX_NAMES", 2)
    download(places, {f"{ADA}/{number}": b"" for number in range(3)})
    with pytest.raises(GradeError, match="holds 3 names, more than 2"):
        taken(places)


def test_a_late_one_in_canvas_is_said_since_there_is_no_date(places):
    download(places, {"ekbo_LATE_18_9003_q1.ipynb": b"3", "lovelaceada_17_9001_q1.ipynb": b"1"})
    assert taken(places)[1][1].startswith("late, says Canvas") and taken(places)[1] == []


@pytest.mark.parametrize("archive", ["class.zip", ""], ids=["zipped", "unpacked"])
def test_a_forgotten_student_does_not_come_back(tmp_path, archive):
    places = graded_course(tmp_path)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        gradebook.update_or_create_student("ada", first_name="Ada", last_name="Lovelace")
    bo = {f"{BO}/q1.ipynb": b"1", f"{BO}/me.png": b"2"}
    download(places, {f"{ADA}/q1.ipynb": b"1", f"{ADA}/timestamp.txt": b"x", **bo}, archive)
    assert [each.student for each in dry_run(places, ASSIGNMENT, []) if each.news == "downloaded"] == ["Bo Ek"]
    assert any("archive" in place for place in forget(places, "ada", lambda _: True))
    got, _ = taken(places)
    assert "Bo Ek/q1.ipynb" in got and not any("Lovelace" in name or name.startswith("ada/") for name in got)
    for path in archive_folder(places, ASSIGNMENT).rglob("*"):
        assert "Lovelace" not in path.name
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as packed:
                assert {name: packed.read(name) for name in packed.namelist()} == bo


def test_what_cannot_be_taken_out_of_an_archive_is_said_before_anything_is_deleted(tmp_path):
    places = graded_course(tmp_path)
    (places.submitted / "ada").rename(places.submitted / "Ada Lovelace")
    with tarfile.open(download(places, {}, "") / "class.tar.gz", "w:gz") as archive:
        archive.addfile(tarfile.TarInfo(f"{ADA}/q1.ipynb"))
    with pytest.raises(
        GradeError, match=r"class.tar.gz holds files of 'Ada Lovelace' and cannot be changed: delete it"
    ):
        forget(places, "Ada Lovelace", lambda _: True)
    assert (places.submitted / "Ada Lovelace").is_dir()


UNSURE = {
    "names_alike": (
        f"{ADA}/q1.ipynb",
        f"{ADA.upper().replace('4711_ASSIGNSUBMISSION_FILE', '4799_assignsubmission_file')}/q1.ipynb",
    ),
    "a_display_name_that_is_the_id": (f"{BO}/q1.ipynb", "ada_66_assignsubmission_file_/q1.ipynb"),
    "two_accounts": ("lovelaceada_17_1_q1.ipynb", "Lovelaceada_18_2_q1.ipynb"),
    "an_underscore": ("hw_bo_attempt_2026-01-30-15-30-10_q1.ipynb", "hw_x_ada_attempt_2026-01-30-15-30-10_q1.ipynb"),
}


@pytest.mark.parametrize("names", UNSURE.values(), ids=UNSURE)
def test_what_may_be_anothers_is_not_deleted_with_a_student(places, names):
    with Gradebook(places.db_url, places.course_id) as gradebook:
        gradebook.add_student("ada", first_name="Ada", last_name="Lovelace")
        gradebook.add_student("x_ada")
    (places.submitted / "ada" / ASSIGNMENT).mkdir(parents=True)
    path = download(places, dict.fromkeys(names, b"1"))
    before = path.read_bytes()
    with pytest.raises(GradeError, match=r"archive holds files that may be those of 'ada' or another's, 'class/"):
        forget(places, "ada", lambda _: True)
    assert path.read_bytes() == before and (places.submitted / "ada" / ASSIGNMENT).is_dir()


def test_the_command_grades_what_was_downloaded(tmp_path, monkeypatch, capsys):
    places = graded_course(tmp_path)
    notebooks = (places.submitted / "ada" / ASSIGNMENT).glob("*.ipynb")
    download(places, {f"{ADA}/{path.name}": path.read_bytes() for path in notebooks})
    monkeypatch.setattr("autograder.course.places.project_places", lambda: places)
    assert main(["grade", ASSIGNMENT, "--dry-run"]) == 0
    assert "Ada Lovelace: downloaded, would be taken in and graded\n" in capsys.readouterr().out
    assert not (places.submitted / "Ada Lovelace").exists()
    assert main(["grade", ASSIGNMENT, "--unsafe", "--workers", "1"]) == 0
    printed = capsys.readouterr().out
    assert "copied from" in printed and f"{ASSIGNMENT}: 1 graded" in printed
    with Gradebook(places.db_url, places.course_id) as gradebook:
        assert gradebook.find_submission(ASSIGNMENT, "Ada Lovelace").score == 6

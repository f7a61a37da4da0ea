"""Whose is what an LMS packs up: names of Moodle, Blackboard and Canvas, and students who try to bear another's."""

import io
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import nbgrader
import pytest
from nbgrader.api import Gradebook

from autograder.course.places import places_from
from autograder.errors import GradeError
from autograder.lms.take_in import archive_folder
from tests.lms_download import ADA, BO, download, taken
from tests.small_course import ASSIGNMENT, config

MANUAL = Path(nbgrader.__file__).parent / "docs" / "source" / "user_guide" / "downloaded" / "ps1" / "archive"


@pytest.fixture
def places(tmp_path):
    (tmp_path / "grading").mkdir()
    return places_from(config(), tmp_path)


# What each LMS writes, from its source (Moodle, Canvas) or from nbgrader's manual (Blackboard's form).
LAYOUTS = {
    "moodle_in_folders": (
        {f"{ADA}/q1.ipynb": b"1", f"{ADA}/pictures/me.png": b"2", f"{BO}/q1.ipynb": b"3"},
        {"Ada Lovelace/q1.ipynb": b"1", "Ada Lovelace/pictures/me.png": b"2", "Bo Ek/q1.ipynb": b"3"},
    ),
    "moodle_flat": (
        {f"{ADA}q1_build.ipynb": b"1", f"{BO}q1_build.ipynb": b"3"},
        {"Ada Lovelace/q1_build.ipynb": b"1", "Bo Ek/q1_build.ipynb": b"3"},
    ),
    "canvas": (
        {
            "lovelaceada_17_9001_q1_build.ipynb": b"1",
            "lovelaceada_17_9002_me.png": b"2",
            "ekbo_LATE_18_9003_q1.ipynb": b"3",
        },
        {"lovelaceada_17/q1_build.ipynb": b"1", "lovelaceada_17/me.png": b"2", "ekbo_18/q1.ipynb": b"3"},
    ),
    "blackboard": (
        {
            "Home work_ada_attempt_2026-01-30-15-30-10_q1_build.ipynb": b"1",
            "Home work_ada_attempt_2026-01-30-15-30-10.txt": b"about it",
        },
        {"ada/q1_build.ipynb": b"1", "ada/timestamp.txt": b"2026-01-30 15:30:10"},
    ),
}  # fmt: skip


@pytest.mark.parametrize("archive", ["class.zip", ""], ids=["zipped", "unpacked"])
@pytest.mark.parametrize(("files", "expected"), LAYOUTS.values(), ids=LAYOUTS)
def test_every_students_files_come_into_submitted(places, files, expected, archive):
    download(places, files, archive)
    got, said = taken(places)
    assert got == expected
    students = sorted({name.split("/")[0] for name in expected})
    assert said[0] == f"copied from {archive_folder(places, ASSIGNMENT)} into {places.submitted}: {', '.join(students)}"
    assert taken(places) == (expected, [])  # once


def test_a_tar_archive_and_one_in_a_folder_are_opened(places):
    with tarfile.open(download(places, {}, "") / "class.tar.gz", "w:gz") as archive:
        member = tarfile.TarInfo(f"./{ADA}/q1.ipynb")
        member.size = 1
        archive.addfile(member, io.BytesIO(b"1"))
    (archive_folder(places, ASSIGNMENT) / "more").mkdir()
    download(places, {f"submissions/{BO}/q1.ipynb": b"2"}, "more/class.zip")
    assert taken(places)[0] == {"Ada Lovelace/q1.ipynb": b"1", "Bo Ek/q1.ipynb": b"2"}


def test_nbgraders_own_collector_takes_the_same(tmp_path):
    """Its manual's example, its manual's pattern, and its manual's plugin, which reads the date right."""
    for name in ("theirs", "ours", "known"):
        shutil.copytree(MANUAL, tmp_path / name / "downloaded" / "ps1" / "archive")
    (tmp_path / "theirs" / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        "c.FileNameCollectorPlugin.named_regexp = "
        r"r'.*_(?P<student_id>\w+)_attempt_(?P<timestamp>[0-9\-]+)_(?P<file_id>.*)'"
    )
    (tmp_path / "theirs" / "plugin.py").write_text(
        "from nbgrader.plugins import FileNameCollectorPlugin\n"
        "class Dated(FileNameCollectorPlugin):\n"
        "    def collect(self, submission_file):\n"
        "        info = super().collect(submission_file)\n"
        "        if info is not None:\n"
        "            info['timestamp'] = '{}-{}-{} {}:{}:{}'.format(*info['timestamp'].split('-'))\n"
        "        return info\n"
    )
    command = [sys.executable, "-m", "nbgrader", "zip_collect", "ps1", "--collector=plugin.Dated"]
    done = subprocess.run(command, cwd=tmp_path / "theirs", capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    theirs = {
        path.relative_to(tmp_path / "theirs" / "submitted").as_posix(): path.read_bytes()
        for path in (tmp_path / "theirs" / "submitted").rglob("*")
        if path.is_file()
    }
    assert len(theirs) == 7 and "hacker/ps1/problem1.ipynb" in theirs
    for name in ("ours", "known"):
        settings = config()
        settings.CourseDirectory.submitted_directory, settings.ZipCollectApp.downloaded_directory = (
            "submitted",
            "downloaded",
        )
        if name == "ours":
            settings.FileNameCollectorPlugin.named_regexp = (
                r".*_(?P<student_id>\w+)_attempt_(?P<timestamp>[0-9\-]+)_(?P<file_id>.*)"
            )
        places = places_from(settings, tmp_path / name)
        got, said = taken(places, "ps1")
        ours = {path.replace("/", "/ps1/"): data for path, data in got.items()}
        assert {path: data for path, data in ours.items() if not path.endswith(".png")} == theirs
        assert sum(path.endswith(".png") for path in ours) == 2  # nbgrader leaves pictures; a homework here has some
        assert said[-1].endswith("does not say whose it is: 'jupyter.png'")


def test_a_pattern_that_is_none_is_one_sentence(tmp_path):
    settings = config()
    settings.FileNameCollectorPlugin.named_regexp = "(?P<student_id"
    places = places_from(settings, tmp_path)
    download(places, {f"{ADA}/q1.ipynb": b"1"})
    with pytest.raises(GradeError, match="named_regexp in nbgrader_config.py is no regular expression: "):
        taken(places)


def test_two_downloads_side_by_side(places):
    download(places, {f"{ADA}/q1.ipynb": b"first", f"{ADA}/q2.ipynb": b"same"}, "monday.zip")
    download(places, {f"{ADA}/q1.ipynb": b"second", f"{ADA}/q2.ipynb": b"same"}, "tuesday.zip")
    assert taken(places)[0] == {
        "Ada Lovelace/q1.ipynb": b"first",
        f"Ada Lovelace/tuesday_{ADA}_q1.ipynb": b"second",  # grading says which of the two it took
        "Ada Lovelace/q2.ipynb": b"same",
    }


def test_of_two_attempts_with_dates_the_newer_one_counts(places):
    attempt = "hw_ada_attempt_2026-01-{:02}-08-00-00_q1.ipynb"
    download(places, {attempt.format(day): b"%d" % day for day in (30, 31, 29)})
    assert taken(places)[0] == {"ada/q1.ipynb": b"31", "ada/timestamp.txt": b"2026-01-31 08:00:00"}


IN_CANVAS = {"lovelaceada_17_9001_q1.ipynb": b"mine", "ekbo_18_9002_q1.ipynb": b"own"}
IN_MOODLE = {f"{ADA}/q1.ipynb": b"mine", f"{BO}/q1.ipynb": b"own"}
IN_BLACKBOARD = {f"hw_{name}_attempt_2026-01-30-15-30-10_q1.ipynb": b"mine" for name in ("ada", "bo")}
SPOOFS = {
    "canvas_in_canvas": (IN_CANVAS, "malloryeve_66_9_lovelaceada_17_9001_q1.ipynb", "malloryeve_66"),
    "blackboard_in_canvas": (
        IN_CANVAS, "malloryeve_66_9_hw_lovelaceada_attempt_2026-01-30-15-30-10_q1.ipynb", "malloryeve_66"
    ),
    "moodle_in_canvas": (IN_CANVAS, "malloryeve_66_9_Ada_17_assignsubmission_file_q1.ipynb", "malloryeve_66"),
    "moodle_in_moodle": (
        IN_MOODLE, f"Eve Mallory_66_assignsubmission_file_/{ADA}/q1.ipynb", "Eve Mallory"
    ),
    "moodle_in_flat_moodle": (IN_MOODLE, f"Eve Mallory_66_assignsubmission_file_{ADA}q1.ipynb", "Eve Mallory"),
    "blackboard_in_blackboard": (
        IN_BLACKBOARD,
        "hw_eve_attempt_2026-01-30-15-30-10_hw_ada_attempt_2027-01-30-15-30-10_q1.ipynb",
        "eve",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("honest", "name", "eve"), SPOOFS.values(), ids=SPOOFS)
def test_a_file_cannot_be_named_into_somebody_elses_submission(places, honest, name, eve):
    download(places, honest)
    before, _ = taken(places)
    shutil.rmtree(places.submitted)
    download(places, {**honest, name: b"evil"})
    got, _ = taken(places)
    others = {file: data for file, data in got.items() if file.split("/")[0] != eve}
    assert others == before and len({file.split("/")[0] for file in before}) == 2
    assert b"evil" in got.values()


def test_a_students_own_archive_is_not_looked_into_for_other_names(places):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as archive:
        archive.writestr(f"{BO}/q1.ipynb", b"evil")
    download(places, {f"{ADA}/work.zip": inner.getvalue()})
    download(places, {f"{ADA}2.zip": inner.getvalue(), f"{ADA}3.zip": b"cut off"}, "")  # not downloaded as one
    assert taken(places)[0] == {
        "Ada Lovelace/work.zip": inner.getvalue(),
        "Ada Lovelace/2.zip": inner.getvalue(),
        "Ada Lovelace/3.zip": b"cut off",
    }


@pytest.mark.parametrize("student", ["..", ".hidden", "a:b", "somebody_Ada"])
def test_a_student_of_no_plain_name_is_nobody(places, student):
    download(places, {f"{student}_1_assignsubmission_file_/q1.ipynb": b"1"})
    got, said = taken(places)
    assert got == {} and len(said) == 1 and "does not say whose it is" in said[0]


def test_students_are_called_as_in_the_gradebook(places):
    with Gradebook(places.db_url, places.course_id) as gradebook:
        gradebook.add_student("al12", first_name="Ada", last_name="Lovelace")
        gradebook.add_student("be34", first_name="Bo", last_name="Ek", lms_user_id="18")
    download(places, {f"{ADA}/q1.ipynb": b"1", "Cy Day_3_assignsubmission_file_/q1.ipynb": b"2"})
    assert taken(places)[0] == {"al12/q1.ipynb": b"1", "Cy Day/q1.ipynb": b"2"}
    names = ("lovelaceada_17_1_q1.ipynb", "anothername_18_2_q1.ipynb", "daycy_19_3_q1.ipynb")
    download(places, dict.fromkeys(names, b"1"), assignment="02_next")
    assert set(taken(places, "02_next")[0]) >= {f"{name}/q1.ipynb" for name in ("al12", "be34", "daycy_19")}
    with Gradebook(places.db_url, places.course_id) as gradebook:  # for the export to Canvas
        known = {student.id: student.lms_user_id for student in gradebook.students}
    assert known == {"al12": "17", "be34": "18", "daycy_19": "19"}


def test_in_moodles_group_mode_the_gradebook_knows_where_the_groups_name_ends(places):
    roster(places)
    group = "Group A-{}_{}_assignsubmission_file_/q1.ipynb"
    download(places, {group.format("Ada Lovelace", 1): b"1", group.format("Anna-Lena Ek", 2): b"2"})
    assert taken(places)[0] == {"al12/q1.ipynb": b"1", "Group A-Anna-Lena Ek/q1.ipynb": b"2"}
    shutil.rmtree(places.submitted)
    download(places, {"B-Ada Lovelace_3_assignsubmission_file_/q1.ipynb": b"3"}, "another.zip")
    got, said = taken(places)  # two numbers, one student: neither
    assert set(got) == {"Group A-Anna-Lena Ek/q1.ipynb"} and "several accounts of the LMS" in said[-1]


@pytest.mark.parametrize("numbers", [[99], [98, 99]])
def test_in_moodles_blind_mode_everybody_is_a_number(places, numbers):
    download(places, {f"Participant_{number}_assignsubmission_file_/q1.ipynb": b"1" for number in numbers})
    got, said = taken(places)
    assert set(got) == {f"Participant_{number}/q1.ipynb" for number in numbers} and len(said) == 1


def test_zips_of_two_systems_side_by_side_are_each_read_in_their_own_way(places):
    download(places, {f"{ADA}/q1.ipynb": b"1", f"{BO}/q1.ipynb": b"2"}, "moodle.zip")
    download(places, {"daycy_19_3_q1.ipynb": b"3"}, "canvas.zip")
    assert taken(places)[0] == {"Ada Lovelace/q1.ipynb": b"1", "Bo Ek/q1.ipynb": b"2", "daycy_19/q1.ipynb": b"3"}


def test_names_in_other_scripts_are_said_as_they_are_written(places):
    download(places, {"이하늘_98_assignsubmission_file_/q1.ipynb": b"1", "읽어 보세요.pdf": b"2"})
    got, said = taken(places)
    assert (
        got == {"이하늘/q1.ipynb": b"1"}
        and said[0].endswith(": 이하늘")
        and said[1].endswith("'class/읽어 보세요.pdf'")
    )


def test_two_students_of_one_name_stay_two(places):
    with Gradebook(places.db_url, places.course_id) as gradebook:
        gradebook.add_student("al12", first_name="Ada", last_name="Lovelace")
    download(places, {f"{ADA}/q1.ipynb": b"1", f"{ADA.replace('4711', '4799')}/q1.ipynb": b"2"})
    got, said = taken(places)
    assert got == {"Ada Lovelace_4711/q1.ipynb": b"1", "Ada Lovelace_4799/q1.ipynb": b"2"}
    assert said[-1].startswith("a name that several students have") and said[-1].endswith(": Ada Lovelace")


def roster(places, *ids, **more):
    """A gradebook: al12 is Ada Lovelace; others have nothing but an id."""
    with Gradebook(places.db_url, places.course_id) as gradebook:
        gradebook.add_student("al12", first_name="Ada", last_name="Lovelace", **more)
        for student in ids:
            gradebook.add_student(student)


@pytest.mark.parametrize("name", ["ADA LOVELACE", "Ada lovelace", "\uff21da Lovelace"])
def test_a_name_that_looks_like_anothers_joins_nobodys_files(places, name):
    roster(places)
    impostor = f"{name}_4799_assignsubmission_file_"
    download(places, {f"{ADA}/q1.ipynb": b"mine", f"{impostor}/q1.ipynb": b"evil"})
    got, said = taken(places)
    assert got == {"Ada Lovelace_4711/q1.ipynb": b"mine", f"{name}_4799/q1.ipynb": b"evil"}
    assert said[-1].startswith("a name that several students have") and name in said[-1] and "Ada Love" in said[-1]


@pytest.mark.parametrize("name", ["al12", "AL12", "be34"])
def test_a_display_name_is_no_id_of_the_gradebook(places, name):
    roster(places, "be34", "Bo Ek")  # the last one was made when an earlier assignment was graded
    impostor = f"{name}_66_assignsubmission_file_/q1.ipynb"
    download(places, {f"{ADA}/q1.ipynb": b"mine", impostor: b"evil", f"{BO}/q1.ipynb": b"own"})
    got, said = taken(places)
    assert got == {"al12/q1.ipynb": b"mine", "Bo Ek/q1.ipynb": b"own"}
    assert said[-1].startswith("not taken, for the LMS's display name is another student's id; put it into ")
    assert said[-1].endswith(repr(f"class/{impostor}"))


def test_of_two_canvas_accounts_for_one_student_neither_is_taken(places):
    roster(places)
    files = {"lovelaceada_17_1_q1.ipynb": b"mine", "Lovelaceada_18_2_q1.ipynb": b"evil", "ekbo_19_3_q1.ipynb": b"own"}
    download(places, files)
    got, said = taken(places)
    assert got == {"ekbo_19/q1.ipynb": b"own"}
    assert said[-1].startswith("not taken, for several accounts of the LMS lead to one student")
    assert "lovelaceada_17_1" in said[-1] and "Lovelaceada_18_2" in said[-1]
    with Gradebook(places.db_url, places.course_id) as gradebook:
        assert gradebook.find_student("al12").lms_user_id is None


def test_whom_canvas_knows_by_another_number_is_another(places):
    roster(places, lms_user_id="17")
    download(places, {"Lovelaceada_18_2_q1.ipynb": b"evil"})
    assert taken(places)[0] == {"Lovelaceada_18/q1.ipynb": b"evil"}
    download(places, {"lovelaceada_17_1_q1.ipynb": b"mine"}, "more.zip")
    assert taken(places)[0]["al12/q1.ipynb"] == b"mine"


def test_two_canvas_numbers_that_the_gradebook_gives_to_one_student_are_refused(places):
    """The gradebook knows one by the number, and the other by an id that looks the same."""
    with Gradebook(places.db_url, places.course_id) as gradebook:
        gradebook.add_student("Ekbo_18", lms_user_id="4")
    download(places, {"ada_4_1_q1.ipynb": b"mine", "ekbo_18_2_q1.ipynb": b"evil"})
    got, said = taken(places)
    assert got == {} and said[-1].startswith("not taken, for several accounts of the LMS lead to one student")


ATTEMPT = "hw_{}_attempt_2026-01-{}-15-30-10_q1.ipynb"
READINGS = {  # the gradebook's ids, whose the file of hw_x_ada is
    "neither_known": ((), None),
    "both_known": (("ada", "x_ada"), None),
    "both_known_in_capitals": (("ada", "X_Ada"), None),
    "the_longer_known": (("x_ada", "bo"), "x_ada"),
    "the_shorter_known": (("ada",), "ada"),
}


@pytest.mark.parametrize(("ids", "owner"), READINGS.values(), ids=READINGS)
def test_a_user_name_with_an_underscore_is_read_only_where_one_reading_is_known(places, ids, owner):
    roster(places, *ids)
    download(places, {ATTEMPT.format("bo", "30"): b"own", ATTEMPT.format("x_ada", "31"): b"which"})
    got, said = taken(places)
    assert got.pop("bo/q1.ipynb") == b"own"
    assert [name for name in got if name.endswith("q1.ipynb") and got[name] == b"which"] == (
        [f"{owner}/q1.ipynb"] if owner else []
    )
    assert owner or said[-1].startswith("not taken, for the title or the user name has a _")


def test_a_date_that_takes_the_library_by_surprise_is_none(places):
    places.config.FileNameCollectorPlugin.named_regexp = r".*/(?P<student_id>\w+)@(?P<timestamp>[^@]*)@(?P<file_id>.*)"
    download(places, {"ada@2026 01 ..%2F..@q1.ipynb": b"1", "bo@2026 01 ../../etc/passwd@q1.ipynb": b"2"})
    assert set(taken(places)[0]) == {"ada/q1.ipynb", "bo/q1.ipynb"}

"""A dry run says all that the real one would, and writes nothing."""

import json
import shutil

import pytest
from nbgrader.api import Gradebook

from autograder.__main__ import main
from autograder.dry_run import dry_run
from autograder.errors import GradeError
from autograder.gradebook.log import Log
from tests.grade_course import make_class
from tests.lms_download import ADA, BO, download
from tests.small_course import ASSIGNMENT, RIGHT, graded_course, hand_in


@pytest.fixture
def graded(tmp_path, monkeypatch):
    places = graded_course(tmp_path)
    monkeypatch.setattr("autograder.course.places.project_places", lambda *_: places)
    return places


def tree(places):
    root = places.records.parent
    return {path: path.is_file() and path.read_bytes() for path in sorted(root.rglob("*"))}


def printed(places, capsys, *options, code=0):
    """What `grade --dry-run` prints on both streams, having written nothing."""
    before = tree(places)
    assert main(["grade", ASSIGNMENT, "--dry-run", *options]) == code
    assert tree(places) == before
    return capsys.readouterr()


def test_of_nobody_it_says_so(places):
    with pytest.raises(GradeError, match="no student has handed in 00_small"):
        list(dry_run(places, ASSIGNMENT, []))


def test_each_is_received_as_when_graded(places):
    make_class(places)
    found = {each.student: each.graded.status for each in dry_run(places, ASSIGNMENT, [])}
    assert found["emil"] == found["gus"] == "could not grade" and found["ada"] == "graded"
    assert not places.log.exists() and not places.has_gradebook()


def test_who_is_new_changed_or_unchanged(graded, capsys):
    hand_in(graded, "bob", **RIGHT)
    hand_in(graded, "dora", **RIGHT)
    out = printed(graded, capsys).out.splitlines()
    assert out == [
        "ada: unchanged, would not be graded",
        "bob: changed, would be graded",
        "carl: unchanged, would not be graded",
        "dora: new, would be graded",
        "emil: unchanged, would not be graded",
    ]
    out = printed(graded, capsys, "--regrade").out
    assert "ada: unchanged, would be graded\n" in out and "emil: unchanged, could not be graded  small: " in out
    assert printed(graded, capsys, "--student", "carl").out == "carl: unchanged, would be graded\n"


def test_what_is_left_out_of_submitted_is_said(graded, capsys):
    (graded.submitted / "a[1]").mkdir()
    (graded.submitted / "nina").mkdir()
    (graded.submitted / "nina" / "small.ipynb").write_text("{}")
    out = printed(graded, capsys).out
    assert "left out: 'a[1]' in" in out and "left out: 'nina' has notebooks, which belong into" in out


def test_what_becomes_of_downloads_is_said(graded, capsys):
    with Gradebook(graded.db_url, graded.course_id) as gradebook:
        gradebook.update_or_create_student("ada", first_name="Ada", last_name="Lovelace")
    large = {f"{BO}/{number}.txt": b"x" for number in range(201)}  # one more than a submission may have
    download(
        graded, {f"{ADA}/small.ipynb": b"another", "readme.pdf": b"1", "carl_9_assignsubmission_file_/x": b""} | large
    )
    out = printed(graded, capsys).out
    assert "would be copied from" in out and "Bo Ek: downloaded, would be taken in and graded\n" in out
    assert "Bo Ek: left out '99.txt'" in out or out.count("Bo Ek: left out") == 1
    assert "other files than in" in out and "does not say whose it is: 'class/readme.pdf'" in out
    assert "not taken, for the LMS's display name is another student's id" in out
    download(graded, {"lovelaceada_17_1_q.ipynb": b"1", "Lovelaceada_18_2_q.ipynb": b"2"})
    assert "not taken, for several accounts of the LMS lead to one student" in printed(graded, capsys).out


def test_a_download_alone_is_enough(graded, capsys):
    shutil.rmtree(graded.submitted)
    download(graded, {f"{BO}/small.ipynb": b"1", f"{ADA}/small.ipynb": b"1"})
    assert printed(graded, capsys).out.endswith(
        "Ada Lovelace: downloaded, would be taken in and graded\nBo Ek: downloaded, would be taken in and graded\n"
    )
    assert "Ada" not in printed(graded, capsys, "--student", "Bo Ek").out.splitlines()[-1]


def test_an_interrupted_run_is_said_after_all_else(graded, capsys):
    Log(graded.log).append("run", assignment=ASSIGNMENT, run="later", seed=1, seeds={}, students=["ada", "carl"])
    hand_in(graded, "bob", **RIGHT)
    out, error = printed(graded, capsys, code=1)
    assert "bob: changed, would be graded\n" in out and "was interrupted with 2 to go (ada, carl): --resume" in error
    out = printed(graded, capsys, "--resume").out
    assert "ada: unchanged, would be graded\n" in out and "bob: changed, would not be graded\n" in out


def test_marks_of_two_releases_are_refused_after_all_else(graded, capsys):
    lines = [json.loads(line) for line in graded.log.read_text().splitlines()]
    for line in lines:
        if line.get("student") == "ada":
            line["fingerprints"]["small"]["corners"] = "another"
    graded.log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    out, error = printed(graded, capsys, code=1)
    assert "ada: unchanged, would not be graded\n" in out and "Marks of two releases never mix" in error


def test_who_did_not_hand_in_and_a_wrong_extension_are_refused(graded, capsys):
    assert "nothing was handed in for 00_small by: zoe" in printed(graded, capsys, "--student", "zoe", code=1).err
    (graded.records / "extensions.csv").write_text("student,assignment,until\nada,00_small,soon\n")
    assert "line 2: 'soon' is no date" in printed(graded, capsys, code=1).err

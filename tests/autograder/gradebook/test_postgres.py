"""The gradebook in PostgreSQL: a real server of Debian's package, on a unix socket of its own, for the test's time."""

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from autograder.course.places import places_from
from autograder.errors import GradeError
from autograder.feedback.pages import write_feedback
from autograder.forget import forget
from autograder.grade import grade
from autograder.lms.export import export
from tests.in_process import run_jobs
from tests.needs import missing, need_module, need_program
from tests.small_course import ASSIGNMENT, RIGHT, config, hand_in, make_course


def somebody() -> dict:
    """PostgreSQL refuses to run as root: options that make subprocess change to another user there."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": found.pw_uid, "group": found.pw_gid, "extra_groups": []}
    missing("root, and no other user to run PostgreSQL as")


@pytest.fixture(scope="module")
def url():
    need_module("psycopg")
    programs = {name: need_program(name, "postgresql") for name in ("initdb", "pg_ctl", "postgres")}
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # a socket's path may not be long
    try:
        who = somebody()
        if who:
            os.chown(folder, who["user"], who["group"])

        def call(name, *arguments):
            subprocess.run(
                [programs[name], *arguments], cwd=folder, check=True, stdout=subprocess.DEVNULL, timeout=60, **who
            )

        data = str(folder / "data")
        call("initdb", "-D", data, "-U", "grader", "-A", "trust", "--no-sync")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        call("pg_ctl", "-D", data, "-w", "-l", str(folder / "server.log"), "-o", options, "start")
        try:
            yield f"postgresql+psycopg://grader:secret@/postgres?host={folder}"
        finally:
            call("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_grading_regrading_feedback_export_and_forgetting(url, tmp_path):
    places = make_course(tmp_path, url)
    hand_in(places, "ada", **RIGHT)
    (hand_in(places, "bob", wide=RIGHT["wide"]) / "small.ipynb").write_text("{")
    for regrade in (False, True):
        summary = grade(places, ASSIGNMENT, run_jobs, "none", seed=1, regrade=regrade, say=lambda _: None)
        assert summary.counts == {"graded": 1, "could not grade": 1}
    with Gradebook(url, places.course_id) as gradebook:
        assert gradebook.find_submission(ASSIGNMENT, "ada").score == 6
        assert gradebook.find_submission(ASSIGNMENT, "bob").needs_manual_grade
    assert len(write_feedback(places, ASSIGNMENT, [])) == 6  # two students, two notebooks and an index each
    assert export(places, ASSIGNMENT, "nbgrader", tmp_path / "marks.csv") == 2
    forget(places, "bob", lambda _: True)
    assert export(places, ASSIGNMENT, "nbgrader", tmp_path / "marks.csv") == 1
    assert not list(tmp_path.rglob("*.db"))


def test_a_server_that_is_not_there_is_one_sentence_without_the_password(url, tmp_path):
    gone = places_from(config(), tmp_path, url.replace("/pg", "/gone"))
    shutil.copytree(make_course(tmp_path / "other").source, gone.source)
    shutil.copytree(tmp_path / "other" / "solutions", gone.solutions)
    hand_in(gone, "ada", **RIGHT)
    with pytest.raises(GradeError, match="cannot be opened") as caught:
        grade(gone, ASSIGNMENT, run_jobs, "none", say=lambda _: None)
    assert "secret" not in str(caught.value) and "\n" not in str(caught.value)

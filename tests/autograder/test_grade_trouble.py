"""Grading where something is wrong: nothing half-written, one sentence each; and stock nbgrader's opinion."""

import shutil
from datetime import datetime
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.course.assignment import load_assignment
from autograder.errors import GradeError
from autograder.grade import grade
from autograder.gradebook.log import Log
from autograder.gradebook.opened import Book
from autograder.intake.collect import collect
from autograder.judge.graded import Status
from autograder.lms.export import rows
from coursework.marking.messages import Note
from tests.grade_course import HALF, LEVEL, make_class, marks, run
from tests.in_process import run_jobs
from tests.small_course import ASSIGNMENT, RIGHT, hand_in


def test_notebooks_in_the_wrong_place_are_said(places):
    (hand_in(places, "ada", **RIGHT) / "small.ipynb").rename(places.submitted / "ada" / "small.ipynb")
    (places.submitted / "nina").mkdir()
    (places.submitted / "ada" / "small.ipynb").rename(places.submitted / "nina" / "small.ipynb")
    said = []
    grade(places, ASSIGNMENT, run_jobs, LEVEL, seed=5, say=said.append)
    assert f"left out: 'nina' has notebooks, which belong into nina/{ASSIGNMENT}/ in {places.submitted}" in said
    assert not any("'ada' has notebooks" in line for line in said)


def test_a_folder_that_cannot_be_read_is_said(places, monkeypatch):
    hand_in(places, "ada", **RIGHT)
    monkeypatch.setattr("autograder.grade.unreadable", lambda _: {"bob": "Permission denied"})
    said = []
    assert grade(places, ASSIGNMENT, run_jobs, LEVEL, seed=5, say=said.append).counts == {"graded": 1}
    assert f"left out: 'bob' in {places.submitted} cannot be read (Permission denied)" in said


def test_a_date_that_is_put_beside_the_notebooks_later_counts(places):
    places.config.LateSubmissionPlugin.penalty_method = "zero"
    folders = {student: hand_in(places, student, **RIGHT) for student in ("ada", "bob", "cleo")}
    run(places)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        gradebook.find_assignment(ASSIGNMENT).duedate = datetime(2026, 11, 20)
        gradebook.db.commit()
    (folders["ada"] / "timestamp.txt").write_text("2026-11-21 11:00:00 UTC")
    (folders["bob"] / "timestamp.txt").write_text("yesterday")
    (folders["cleo"] / "timestamp.txt").write_text("2026-11-21 11:00:00 UTC")
    (folders["cleo"] / "small.ipynb").unlink()  # handed in anew: the date is that of the new one
    said = []
    grade(places, ASSIGNMENT, run_jobs, LEVEL, only=["bob"], seed=5, say=said.append)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        assert gradebook.find_submission(ASSIGNMENT, "cleo").timestamp is None
    said.clear()
    assert grade(places, ASSIGNMENT, run_jobs, LEVEL, seed=5, say=said.append).counts.total() == 1
    assert f"{ASSIGNMENT}: handed in at another time than before, says timestamp.txt: ada" in said
    assert any(line.startswith("bob: ") and "not a date" in line for line in said)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        late = {each.student_id: each.late_submission_penalty for each in gradebook.assignment_submissions(ASSIGNMENT)}
    assert late == {"ada": 6, "bob": 0, "cleo": 3}


def test_a_reference_that_fails_in_the_sandbox_stops_everything(places):
    def no_outcomes(jobs):
        for job, result in run_jobs(jobs):
            yield (
                job,
                type(result)({}, result.cells, Note("sandbox_broke", {"error": "the machine is full"}), 0, 0, LEVEL),
            )

    hand_in(places, "ada", **RIGHT)
    with pytest.raises(
        GradeError, match=r"does not get through where students' notebooks run \(.*the machine is full\)\)"
    ):
        run(places, run_jobs=no_outcomes)
    assert not places.log.exists()


def test_bad_circumstances_are_one_sentence_each(places):
    with pytest.raises(GradeError, match="there is no assignment 'nothing'; there are: 00_small"):
        grade(places, "nothing", run_jobs, LEVEL)
    with pytest.raises(GradeError, match="no student has handed in 00_small"):
        run(places)
    hand_in(places, "ada", **RIGHT)
    with pytest.raises(GradeError, match="nothing was handed in for 00_small by: zoe"):
        run(places, only=["zoe"])
    (places.records / "extensions.csv").write_text(f"student,assignment,until\nada,{ASSIGNMENT},soon\n")
    with pytest.raises(GradeError, match="line 2: 'soon' is no date"):
        run(places)
    (places.records / "extensions.csv").unlink()
    (places.records / "gradebook.db").write_bytes(b"this is no database" * 100)
    with pytest.raises(GradeError, match="gradebook sqlite.* cannot be opened: file is not a database"):
        run(places)
    assert not places.log.exists() and not places.autograded.exists()


def test_a_full_disk_leaves_the_old_pages_and_no_half_written_ones(places, monkeypatch):
    from pathlib import Path

    hand_in(places, "ada", **RIGHT)
    run(places)
    folder = places.autograded / "ada" / ASSIGNMENT
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}

    write = Path.write_bytes

    def full(self, data):
        if places.autograded in self.parents:
            raise OSError(28, "No space left on device")
        return write(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(GradeError, match=r"cannot be written: No space left on device"):
        run(places, regrade=True)
    monkeypatch.undo()
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before
    assert [path.name for path in folder.parent.iterdir()] == [ASSIGNMENT]
    run(places, resume=True)


@pytest.mark.parametrize(("number", "stops"), [(5, True), (122, True), (36, False), (21, False)])  # EIO, EDQUOT, names
def test_only_what_ails_the_disk_stops_the_class(places, monkeypatch, number, stops):
    from pathlib import Path

    write = Path.write_bytes

    def fails_for_ada(self, data):
        if self.name == "odd.txt" and places.autograded in self.parents:
            raise OSError(number, "no")
        return write(self, data)

    (hand_in(places, "ada", **RIGHT) / "odd.txt").write_text("x")
    hand_in(places, "bob", **RIGHT)
    monkeypatch.setattr(Path, "write_bytes", fails_for_ada)
    if stops:
        with pytest.raises(GradeError, match="cannot be written"):
            run(places)
    else:
        assert run(places).counts == {"could not grade": 1, "graded": 1}
        assert "could not be kept (" in Log(places.log).latest(ASSIGNMENT)["ada"]["review"][0]


@pytest.mark.parametrize("trouble", ["a_file_in_the_way", "no_rights", "cannot_be_read"])
def test_a_folder_that_cannot_be_used_is_one_students_trouble_and_earlier_marks_stand(places, monkeypatch, trouble):
    for student in ("ada", "bob", "cleo"):
        hand_in(places, student, **RIGHT)
    run(places, only=["ada", "cleo"])
    before = marks(places, "ada")
    mkdir, collected = Path.mkdir, collect

    def no_rights(self, *rest, **options):
        if places.autograded in self.parents and self.relative_to(places.autograded).parts[0] in ("ada", "bob"):
            raise PermissionError(13, "Permission denied")
        return mkdir(self, *rest, **options)

    def cannot_be_read(submitted, student, assignment):
        if student in ("ada", "bob"):
            raise PermissionError(13, "Permission denied")
        return collected(submitted, student, assignment)

    if trouble == "a_file_in_the_way":
        shutil.rmtree(places.autograded / "ada")
        for student in ("ada", "bob"):
            (places.autograded / student).write_text("no folder")
    elif trouble == "no_rights":
        monkeypatch.setattr(Path, "mkdir", no_rights)
    else:
        monkeypatch.setattr("autograder.grade.collect", cannot_be_read)
    summary = run(places, regrade=True)
    assert summary.counts == {"could not grade": 2, "graded": 1} and set(summary.review) == {"ada", "bob"}
    assert summary.review["ada"][-1] == "the marks from before stand"
    told = " ".join(summary.review["ada"] + summary.review["bob"])
    assert str(places.records) not in told  # reports show these reasons under pseudonyms
    assert marks(places, "ada") == before and marks(places, "cleo")["corners"] == (3, False)
    log = Log(places.log)
    assert log.latest(ASSIGNMENT)["ada"]["status"] == "graded"
    assert log.latest(ASSIGNMENT)["bob"]["status"] == "could not grade"
    with Book(places) as book:
        status = {row.student: row.status for row in rows(places, book.open(), ASSIGNMENT)}
    assert status == {"ada": Status.WAITS, "bob": Status.COULD_NOT_GRADE, "cleo": Status.WAITS}
    monkeypatch.undo()
    if trouble == "a_file_in_the_way":
        for student in ("ada", "bob"):
            (places.autograded / student).unlink()
    if trouble != "cannot_be_read":  # which says so once, until the submission changes
        assert run(places).counts == {"graded": 1} and marks(places, "bob")["corners"] == (3, False)


def test_two_graders_at_once_are_refused(places):
    from autograder.gradebook.log import only_one

    hand_in(places, "ada", **RIGHT)
    with only_one(places.records), pytest.raises(GradeError, match="another grader is at work"):
        run(places)


def test_a_notebook_that_cannot_be_kept_does_not_stop_the_class(places, monkeypatch):
    from autograder.gradebook import writer as gradebook

    write = gradebook.nbformat.write

    def fails_for_ada(notebook, path, *rest):
        if "ada" in str(path) and any(cell.get("outputs") for cell in notebook.cells):
            raise ValueError("strange")
        write(notebook, path, *rest)

    monkeypatch.setattr(gradebook.nbformat, "write", fails_for_ada)
    hand_in(places, "ada", **RIGHT)
    hand_in(places, "bob", **RIGHT)
    assert run(places).counts == {"could not grade": 1, "graded": 1}
    assert marks(places, "ada")["corners"] == (None, True) and marks(places, "bob")["corners"] == (3, False)
    assert "could not be kept (ValueError: strange)" in Log(places.log).latest(ASSIGNMENT)["ada"]["review"][0]


def test_a_submission_that_the_grader_fails_to_read_does_not_stop_the_class_and_is_not_read_anew(places, monkeypatch):
    def fails_for_ada(submitted, student, assignment):
        if student == "ada":
            raise ArithmeticError("our own")
        return collect(submitted, student, assignment)

    monkeypatch.setattr("autograder.grade.collect", fails_for_ada)
    hand_in(places, "ada", **RIGHT)
    hand_in(places, "bob", **RIGHT)
    assert run(places).counts == {"could not grade": 1, "graded": 1}
    assert "failed to read it (ArithmeticError: our own)" in Log(places.log).latest(ASSIGNMENT)["ada"]["review"][0]
    assert not run(places).counts


def test_what_was_repaired_stands_on_the_students_page(places):
    make_class(places)
    run(places)
    text = (places.autograded / "fay" / ASSIGNMENT / "small.ipynb").read_text()
    assert "What had to be repaired" in text and "corners: a locked cell was changed" in text
    assert "A cell had to be stopped" in (places.autograded / "hal" / ASSIGNMENT / "small.ipynb").read_text()
    assert "about-the-grading" not in (places.autograded / "ada" / ASSIGNMENT / "small.ipynb").read_text()


def test_notebooks_older_than_their_source_are_refused(places):
    path = places.solutions / ASSIGNMENT / "small" / "01_step.py"
    path.write_text(path.read_text().replace("draw.boxes_cxcywh(5)", "draw.boxes_cxcywh(7)"))
    hand_in_nothing = places.submitted / "ada" / ASSIGNMENT
    hand_in_nothing.mkdir(parents=True)
    with pytest.raises(GradeError, match="small: corners in solutions/ is not what was built: run `make build`"):
        run(places)


def test_a_person_in_formgrader_and_the_grader_wait_for_each_other(places):
    import sqlite3
    import threading

    def locked(jobs):
        for job, result in run_jobs(jobs):
            if job.student == "ada":
                person = sqlite3.connect(places.db_url.removeprefix("sqlite:///"), check_same_thread=False)
                person.execute("BEGIN IMMEDIATE")
                timer = threading.Timer(7.0, person.rollback)  # longer than SQLite's usual five seconds
                timer.start()
                waiting.append((person, timer))
            yield job, result

    hand_in(places, "ada", small=RIGHT["small"])
    waiting: list[tuple] = []
    assert run(places, run_jobs=locked).counts == {"repaired": 1}
    ((person, timer),) = waiting
    timer.join()
    person.close()


@pytest.mark.filterwarnings("ignore")  # stock nbgrader and its kernels warn of themselves
def test_stock_nbgrader_gives_the_same_marks(places):
    """Parity: stock autograde, with its own kernels and hidden tests, on the same submission, in another gradebook."""
    import dataclasses
    import shutil as files

    from nbgrader.apps import NbGraderAPI
    from traitlets.config import Config

    hand_in(places, "bob", small={"corners_code": HALF, "why": "Because."}, wide=RIGHT["wide"])
    run(places)
    ours = {"bob": marks(places, "bob")}
    other = places.records / "stock"
    config = Config(places.config)
    config.CourseDirectory.update(
        {
            "db_url": f"sqlite:///{other / 'gradebook.db'}",
            "release_directory": str(other / "release"),
            "autograded_directory": str(other / "autograded"),
        }
    )
    other.mkdir()
    api = NbGraderAPI(config=config)
    assert api.generate_assignment(ASSIGNMENT, force=True, create=True)["success"]
    for name, release in load_assignment(places, ASSIGNMENT).releases.items():  # ours is what nbgrader hands out
        handed_out = nbformat.read(other / "release" / ASSIGNMENT / f"{name}.ipynb", as_version=4)
        assert [(cell.id, cell.source, cell.metadata) for cell in handed_out.cells] == [
            (cell.id, cell.source, cell.metadata) for cell in release.cells
        ]
    for student in ours:
        result = api.autograde(ASSIGNMENT, student, force=True, create=True)
        assert result["success"], result
    stock = dataclasses.replace(places, db_url=config.CourseDirectory.db_url)
    assert {student: marks(stock, student) for student in ours} == ours
    files.rmtree(other)

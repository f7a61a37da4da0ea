"""A class graded on one release and a change after it: no command mixes marks of two, and each says who is on which."""

import json
import shutil

import pytest

from autograder.course.assignment import load_assignment
from autograder.errors import GradeError
from autograder.feedback.pages import write_feedback
from autograder.feedback.report import write_report
from autograder.grade import grade
from autograder.gradebook.log import Log
from autograder.gradebook.releases import changed_cells, refuse_mixed
from autograder.lms.export import export
from tests.change_release import change_points, drop_written
from tests.grade_course import HALF, marks, run
from tests.in_process import run_jobs
from tests.small_course import ASSIGNMENT, RIGHT, hand_in


@pytest.fixture
def graded(places):
    hand_in(places, "ada", **RIGHT)
    hand_in(places, "bob", small={"corners_code": HALF}, wide={})
    run(places)
    return places


def test_every_mark_says_what_it_rests_on(graded):
    event = Log(graded.log).latest(ASSIGNMENT)["ada"]
    assert event["fingerprints"] == load_assignment(graded, ASSIGNMENT).fingerprints
    assert {nb: set(found) for nb, found in event["fingerprints"].items()} == {
        "small": {"corners", "why"},
        "wide": {"sizes", "how"},
    }


def test_a_changed_point_value_is_not_mixed_in(graded, tmp_path):
    change_points(graded)
    for options in ({}, {"only": ["ada"]}, {"only": ["ada"], "regrade": True}):
        with pytest.raises(GradeError, match=r"criterion of small/corners changed.*bob.*--regrade"):
            run(graded, **options)
    hand_in(graded, "cleo", **RIGHT)
    with pytest.raises(GradeError, match=r"2 on that of 20\d\d-\d\d-\d\d \(ada, bob\)"):
        run(graded)
    assert marks(graded, "ada")["corners"] == (3, False)  # as they were
    assert export(graded, ASSIGNMENT, "nbgrader", tmp_path / "marks.csv") == 3  # all on one release, if an older one
    with pytest.raises(GradeError, match="--regrade"):  # the report tells difficulty by today's points
        write_report(graded, ASSIGNMENT, tmp_path / "report.html")
    assert run(graded, regrade=True).counts.total() == 3
    assert marks(graded, "ada")["corners"] == (4, False) and marks(graded, "bob")["corners"] == (0, False)
    assert run(graded).counts.total() == 0
    write_report(graded, ASSIGNMENT, tmp_path / "report.html")


def test_what_is_mixed_all_the_same_is_not_given_out(graded, tmp_path):
    """A regrade that was interrupted, or a log put together by hand."""
    log = Log(graded.log)
    event = log.latest(ASSIGNMENT)["bob"]
    release = {**event["fingerprints"], "small": {**event["fingerprints"]["small"], "corners": "another"}}
    log.append("mark", **{k: v for k, v in event.items() if k not in ("event", "at")} | {"fingerprints": release})
    for give_out in (
        lambda: export(graded, ASSIGNMENT, "nbgrader", tmp_path / "marks.csv"),
        lambda: write_report(graded, ASSIGNMENT, tmp_path / "report.html"),
        lambda: write_feedback(graded, ASSIGNMENT, []),
    ):
        with pytest.raises(GradeError, match=r"small/corners changed.*\(ada\); 1 on .*\(bob\)"):
            give_out()
    assert not list(tmp_path.glob("*.csv")) and not list(tmp_path.glob("*.html"))


WRITTEN = '# %% [markdown] written="why"'


def stops_before_bob(jobs):
    for job, result in run_jobs(jobs):
        if job.student == "bob":
            raise KeyboardInterrupt
        yield job, result


def test_an_interrupted_run_goes_on_with_its_own_release_only(graded, tmp_path):
    change_points(graded, 4)
    assert run(graded, regrade=True, run_jobs=stops_before_bob).interrupted
    assert export(graded, ASSIGNMENT, "nbgrader", tmp_path / "marks.csv") == 2
    assert "not graded yet" in (tmp_path / "marks.csv").read_text()  # bob's old mark is not given out
    write_report(graded, ASSIGNMENT, tmp_path / "report.html")
    report = (tmp_path / "report.html").read_text()
    assert "1 students, 7 automatic points" in report  # and none of bob's, which are of 6
    assert "<b>1</b><span>graded</span>" in report and "<b>1</b><span>not graded yet</span>" in report
    change_points(graded, 5)
    with pytest.raises(GradeError, match=r"small/corners changed.*1 on .*\(ada\).*--regrade"):
        run(graded, resume=True)
    assert run(graded, regrade=True).counts.total() == 2 and marks(graded, "ada")["corners"] == (5, False)


def test_one_whose_folder_cannot_be_used_keeps_nobody_on_the_old_release(graded, tmp_path):
    change_points(graded, 4)
    shutil.rmtree(graded.autograded / "bob")
    (graded.autograded / "bob").write_text("A file where a folder should be.")
    for _ in range(2):  # again: there is a way out without the folder
        assert run(graded, regrade=True).counts == {"graded": 1, "could not grade": 1}
    assert export(graded, ASSIGNMENT, "nbgrader", tmp_path / "marks.csv") == 2
    assert ",could not grade" in (tmp_path / "marks.csv").read_text()
    write_report(graded, ASSIGNMENT, tmp_path / "report.html")
    assert write_feedback(graded, ASSIGNMENT, ["ada"])
    (graded.autograded / "bob").unlink()
    assert run(graded).counts == {"graded": 1} and marks(graded, "bob")["corners"] == (0, False)


def test_a_release_with_other_cells_is_refused_before_anything_of_it_counts(graded, tmp_path):
    change_points(graded, 30)
    drop_written(graded)
    with pytest.raises(GradeError, match=r"other cells than when it was first graded.*\(wide: how\)"):
        run(graded, regrade=True)
    assert export(graded, ASSIGNMENT, "nbgrader", tmp_path / "marks.csv") == 2
    assert ",10,waits for a person" in (tmp_path / "marks.csv").read_text()  # of 10 points as before, not of 37


def test_new_points_are_in_the_gradebook_only_once_the_log_says_whose_marks_are_open(graded, tmp_path, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt

    change_points(graded, 30)
    monkeypatch.setattr("autograder.gradebook.writer.Extensions", stopped)  # after the points are there
    with pytest.raises(KeyboardInterrupt):
        run(graded, regrade=True)
    monkeypatch.undo()
    export(graded, ASSIGNMENT, "nbgrader", tmp_path / "marks.csv")
    assert (tmp_path / "marks.csv").read_text().count(",not graded yet") == 2
    assert run(graded, resume=True).counts.total() == 2


def test_marks_of_an_earlier_version_say_nothing_and_hinder_nobody(graded):
    lines = [json.loads(line) for line in graded.log.read_text().splitlines()]
    for line in lines:
        line.pop("fingerprints", None)
    graded.log.write_text("".join(json.dumps(line) + "\n" for line in lines))
    said = []
    hand_in(graded, "cleo", **RIGHT)
    summary = grade(graded, ASSIGNMENT, run_jobs, "none", seed=5, say=said.append)
    assert summary.counts.total() == 1 and f"{ASSIGNMENT}: release unknown of 2 earlier marks" in said[0]


def test_solutions_that_are_newer_than_the_build_are_noticed(graded):
    step = graded.solutions / ASSIGNMENT / "small" / "01_step.py"
    text = step.read_text()
    for old, new, cell in (
        ("points=3", "points=5", "corners"),
        ("2:] / 2\n    ### END", "2:] * 0.5\n    ### END", "corners_code"),
        ("boxes_cxcywh(5)", "boxes_cxcywh(7)", "corners"),
        ("points=2", "points=1", "why"),
        (WRITTEN, f"# %% [markdown]\n# **Criterion.** 2: a number. 0: none.\n\n{WRITTEN}", "why"),
        ("# %% exercise=", "# %% [markdown]\n# A word more.\n\n# %% exercise=", "which has other cells"),
    ):
        assert old in text
        step.write_text(text.replace(old, new))
        with pytest.raises(
            GradeError, match=f"small(: |, ){cell},? in solutions/ is not what was built: run `make build`"
        ):
            run(graded)
    step.write_text(text.replace("Where is the centre?", "Where does it lie?"))
    assert run(graded).counts.total() == 0


def test_refusals_name_cells_and_students_in_short():
    one, other = {"n": {"a": "1", "b": "1"}}, {"n": {"a": "1", "b": "2"}}
    assert changed_cells(one, other) == ["n/b"] and changed_cells(one, {"n": {"a": "1"}}) == ["n/b"]
    events = {f"s{i}": {"status": "graded", "at": f"2026-10-{10 + i}T10:00:00", "fingerprints": one} for i in range(7)}
    refuse_mixed("x", events, one)
    failed = {"status": "could not grade", "at": "2026-10-30", "fingerprints": other}
    refuse_mixed("x", {**events, "t": failed})
    with pytest.raises(GradeError) as found:
        refuse_mixed("x", {**events, "t": {**failed, "status": "repaired"}})
    assert "criterion of n/b changed" in str(found.value)
    assert "7 on that of 2026-10-10 (s0, s1, s2, s3, s4 and 2 more); 1 on that of 2026-10-30 (t)" in str(found.value)

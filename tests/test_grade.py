"""Grading end to end on a small course, with jobs run in this process: marks, statuses, gradebook, resume."""

import json
import shutil

import nbformat
import pytest
from in_process import run_jobs
from nbgrader.api import Gradebook
from small_course import ASSIGNMENT, RIGHT, hand_in, make_course

from autograder.assignment import GradeError, load_assignment
from autograder.grade import dry_run, grade
from autograder.log import Log

LEVEL = "none"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    root = tmp_path_factory.mktemp("built")
    make_course(root)
    return root


@pytest.fixture
def places(built, tmp_path):
    from autograder.places import ROOT, PyFileConfigLoader, places_from

    shutil.copytree(built, tmp_path / "course")
    return places_from(PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config(), tmp_path / "course")


def run(places, **options):
    options.setdefault("seed", 5)
    return grade(places, ASSIGNMENT, options.pop("run_jobs", run_jobs), LEVEL, say=lambda _: None, **options)


def marks(places, student):
    """{cell: (automatic score, needs a person)} as nbgrader's gradebook has it."""
    with Gradebook(places.db_url, places.course_id) as gradebook:
        submission = gradebook.find_submission(ASSIGNMENT, student)
        return {
            grade.name: (grade.auto_score, grade.needs_manual_grade)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


HALF = "def corner(b):\n    return b[..., :2] - b[..., 2:]"
LOOP = "while True: pass"


def make_class(places):
    hand_in(places, "ada", **RIGHT)
    hand_in(places, "bob", small={"corners_code": HALF, "why": "Because."}, wide=RIGHT["wide"])
    hand_in(places, "carl", small={}, wide={})
    hand_in(places, "dora", small=RIGHT["small"])
    (hand_in(places, "emil", wide=RIGHT["wide"]) / "small.ipynb").write_text("{")
    hand_in(places, "fay", small={**RIGHT["small"], "corners": LOOP}, wide=RIGHT["wide"])
    hand_in(places, "gus")
    hand_in(places, "hal", small={"corners_code": RIGHT["small"]["corners_code"] + "\n" + LOOP}, wide=RIGHT["wide"])


def test_a_class_is_graded(places):
    make_class(places)
    summary = run(places)
    assert summary.counts == {"graded": 4, "repaired": 2, "could not grade": 2}
    assert marks(places, "ada") == {
        "corners": (3, False),
        "why": (None, True),
        "sizes": (3, False),
        "how": (None, True),
    }
    assert marks(places, "bob")["corners"] == (0, False) and marks(places, "bob")["sizes"] == (3, False)
    assert marks(places, "carl") == dict.fromkeys(("corners", "why", "sizes", "how"), (0, False))
    assert marks(places, "dora")["sizes"] == (0, False)  # not handed in, as stock nbgrader does
    assert marks(places, "emil")["corners"] == (None, True)  # could not be graded: no 0, and a person is asked
    assert marks(places, "emil")["sizes"] == (3, False)
    assert marks(places, "fay")["corners"] == (3, False)  # the check is the release's own again
    assert marks(places, "gus") == dict.fromkeys(("corners", "why", "sizes", "how"), (None, True))
    assert marks(places, "hal")["corners"] == (0, False)
    assert set(summary.review) == {"dora", "emil", "gus", "hal"}
    latest = Log(places.log).latest(ASSIGNMENT)
    assert latest["bob"]["mistakes"]["small"] == {"corners": "corners/half_width"}
    assert "locked cell was changed" in latest["fay"]["notes"][0]
    assert latest["hal"]["ended"]["small"] == "cell used more than 60 s of CPU time"


def test_the_executed_notebook_shows_verdicts_and_no_hidden_value(places):
    hand_in(places, "bob", small={"corners_code": HALF + "\nprint('hello')"}, wide=RIGHT["wide"])
    run(places)
    path = places.autograded / "bob" / ASSIGNMENT / "small.ipynb"
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
    (output,) = cells["corners"].outputs
    assert output.data["text/plain"] == "0.0" and "The whole size was subtracted" in output.data["text/html"]
    assert cells["corners_code"].outputs[0].text == "hello\n"
    text = path.read_text()
    event = next(Log(places.log).events())
    assert not any(str(seed) in text for seed in event["seeds"]["small"]) and "hidden" not in text


def test_stock_nbgrader_reads_the_same_marks_from_the_executed_notebook(places):
    """nbgrader's own determine_grade on what we wrote gives what we put into the gradebook."""
    from nbgrader.utils import determine_grade, is_grade

    make_class(places)
    run(places)
    for student in ("ada", "bob", "carl", "fay", "hal"):
        stored = marks(places, student)
        for name in RIGHT:
            notebook = nbformat.read(places.autograded / student / ASSIGNMENT / f"{name}.ipynb", as_version=4)
            for cell in filter(is_grade, notebook.cells):
                assert determine_grade(cell)[0] == stored[cell.metadata.nbgrader.grade_id][0]


def test_right_on_visible_seeds_only_earns_nothing_and_says_so(places):
    stored = json.loads((places.source / ASSIGNMENT / "small.json").read_text())
    cheat = (
        "def corner(b):\n"
        "    from detrlab.checks import Draw\n"
        "    for seed in (11, 12):\n"
        "        if torch.equal(b, Draw(seed, 'corners').boxes_cxcywh(5)):\n"
        "            return b[..., :2] - b[..., 2:] / 2\n"
        "    return b[..., :2]"
    )
    assert stored["checks"]["corners"]["seeds"] == [11, 12]
    hand_in(places, "eve", small={"corners_code": cheat}, wide={})
    run(places)
    assert marks(places, "eve")["corners"] == (0, False)
    text = (places.autograded / "eve" / ASSIGNMENT / "small.ipynb").read_text()
    assert "wrong on others" in text and "This is the centre" in text
    assert Log(places.log).latest(ASSIGNMENT)["eve"]["mistakes"]["small"] == {"corners": "corners/centre"}


def test_only_new_and_changed_submissions_are_graded_again(places):
    hand_in(places, "ada", **RIGHT)
    hand_in(places, "bob", **RIGHT)
    assert run(places).counts.total() == 2
    assert run(places).counts.total() == 0
    hand_in(places, "bob", small={"corners_code": HALF}, wide={})
    assert run(places).counts.total() == 1 and marks(places, "bob")["corners"] == (0, False)
    assert run(places, regrade=True).counts.total() == 2
    assert run(places, only=["ada"]).counts.total() == 1


def test_a_persons_marks_survive_a_regrade(places):
    hand_in(places, "ada", **RIGHT)
    run(places)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        for name, notebook in (("why", "small"), ("how", "wide"), ("corners", "small")):
            found = gradebook.find_grade(name, notebook, ASSIGNMENT, "ada")
            found.manual_score, found.needs_manual_grade, found.extra_credit = 1.5, False, 0.5
        gradebook.find_comment("why", "small", ASSIGNMENT, "ada").manual_comment = "Nicely put."
        gradebook.db.commit()
    hand_in(places, "ada", small={**RIGHT["small"], "why": "Something else."}, wide=RIGHT["wide"])
    run(places)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        grades = {g.name: g for n in gradebook.find_submission(ASSIGNMENT, "ada").notebooks for g in n.grades}
        assert all(grades[name].manual_score == 1.5 and grades[name].score == 2 for name in ("why", "how", "corners"))
        assert grades["why"].needs_manual_grade  # the answer is another one now
        assert not grades["how"].needs_manual_grade and not grades["corners"].needs_manual_grade
        assert gradebook.find_comment("why", "small", ASSIGNMENT, "ada").comment == "Nicely put."


def test_a_failed_regrade_leaves_no_stale_mark(places):
    folder = hand_in(places, "ada", **RIGHT)
    run(places)
    (folder / "small.ipynb").write_text("[]")
    assert run(places).counts == {"could not grade": 1}
    assert marks(places, "ada")["corners"] == (None, True) and marks(places, "ada")["why"] == (None, True)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        notebook = gradebook.find_submission_notebook("small", ASSIGNMENT, "ada")
        assert notebook.flagged and notebook.score == 0 and notebook.needs_manual_grade
        assert "holds a list" in gradebook.find_comment("why", "small", ASSIGNMENT, "ada").comment


def test_late_work_is_penalised_by_nbgraders_plugin_and_extensions_count(places):
    from datetime import datetime

    for student in ("ada", "bob", "carl"):
        (hand_in(places, student, **RIGHT) / "timestamp.txt").write_text("2026-11-20 12:00:00 UTC")
    (places.submitted / "carl" / ASSIGNMENT / "timestamp.txt").write_text("2026-11-20 10:00:00 UTC")
    run(places)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        gradebook.update_or_create_assignment(ASSIGNMENT, duedate=datetime(2026, 11, 20, 11))
        gradebook.grant_extension(ASSIGNMENT, "bob", hours=2)
    places.config.LateSubmissionPlugin.penalty_method = "zero"
    run(places, regrade=True)
    with Gradebook(places.db_url, places.course_id) as gradebook:
        found = {s: gradebook.find_submission(ASSIGNMENT, s).late_submission_penalty for s in ("ada", "bob", "carl")}
    assert found == {"ada": 6, "bob": 0, "carl": 0}


def test_an_interrupted_run_goes_on_with_the_same_seeds(places):
    def stops_after_three(jobs):
        for count, pair in enumerate(run_jobs(jobs)):
            if count == 7 and pair[0].student != "(reference)":
                raise KeyboardInterrupt
            yield pair

    make_class(places)
    summary = run(places, seed=None, run_jobs=stops_after_three)
    assert summary.interrupted and summary.left > 0
    with pytest.raises(GradeError, match="--resume goes on with it, --regrade grades everybody anew"):
        run(places)
    rest = run(places, resume=True, seed=None)
    assert not rest.interrupted and rest.counts.total() == summary.left and rest.run == summary.run
    (whole,) = Log(places.log).runs(ASSIGNMENT)
    assert whole.ended and len(whole.marks) == 8
    lines = [event["student"] for event in Log(places.log).events() if event["event"] == "mark"]
    assert len(lines) == len(set(lines)) == 8
    resumed = {student: marks(places, student) for student in lines}
    run(places, regrade=True, seed=whole.start["seed"])
    assert {student: marks(places, student) for student in lines} == resumed
    with pytest.raises(GradeError, match="nothing to resume"):
        run(places, resume=True)


def test_a_line_that_a_crash_cut_short_is_passed_over(tmp_path):
    log = Log(tmp_path / "log.jsonl")
    log.append("run", run="a", assignment="x", students=["s"])
    with open(log.path, "a") as file:
        file.write('{"event": "mark", "stu')
    log.append("mark", run="a", assignment="x", student="s")
    assert [event["event"] for event in log.events()] == ["run", "mark"]


def test_the_same_seed_gives_the_same_marks_and_pages(places):
    make_class(places)
    run(places, seed=3)
    first = {path: path.read_bytes() for path in places.autograded.rglob("*.ipynb")}
    run(places, seed=3, regrade=True)
    assert {path: path.read_bytes() for path in places.autograded.rglob("*.ipynb")} == first


def test_a_dry_run_writes_nothing(places):
    make_class(places)
    before = sorted(places.records.rglob("*"))
    found = {graded.student: graded.status for graded in dry_run(places, ASSIGNMENT, [])}
    assert found["emil"] == found["gus"] == "could not grade" and found["ada"] == "graded"
    assert sorted(places.records.rglob("*")) == before


def test_a_reference_that_fails_in_the_sandbox_stops_everything(places):
    def no_outcomes(jobs):
        for job, result in run_jobs(jobs):
            yield job, type(result)({}, result.cells, "the machine is full", 0, 0, LEVEL)

    hand_in(places, "ada", **RIGHT)
    with pytest.raises(GradeError, match="does not earn its points where students' notebooks run"):
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


def test_two_graders_at_once_are_refused(places):
    from autograder.log import only_one

    hand_in(places, "ada", **RIGHT)
    with only_one(places.records), pytest.raises(GradeError, match="another grader is at work"):
        run(places)


def test_a_notebook_that_cannot_be_kept_does_not_stop_the_class(places, monkeypatch):
    from autograder import gradebook

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


def test_what_was_repaired_stands_on_the_students_page(places):
    make_class(places)
    run(places)
    text = (places.autograded / "fay" / ASSIGNMENT / "small.ipynb").read_text()
    assert "What had to be repaired" in text and "corners: a locked cell was changed" in text
    assert "The run stopped" in (places.autograded / "hal" / ASSIGNMENT / "small.ipynb").read_text()
    assert "about-the-grading" not in (places.autograded / "ada" / ASSIGNMENT / "small.ipynb").read_text()


def test_notebooks_older_than_their_source_are_refused(places):
    path = places.solutions / ASSIGNMENT / "small.py"
    path.write_text(path.read_text().replace("draw.boxes_cxcywh(5)", "draw.boxes_cxcywh(7)"))
    hand_in_nothing = places.submitted / "ada" / ASSIGNMENT
    hand_in_nothing.mkdir(parents=True)
    with pytest.raises(GradeError, match="the built notebook is older than its source: run `make build`"):
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

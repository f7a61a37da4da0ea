"""Trained work is measured outside the student's process: by our cells alone, on fresh draws, whatever comes."""

import io
import re

import nbformat
import pytest
import torch
from safetensors.torch import save

from autograder.build.stock import Course
from autograder.check import grade_notebook
from autograder.course.registry import read_entry
from autograder.feedback.report import write_report
from autograder.grade import grade
from autograder.gradebook.log import Log
from autograder.sandbox.pool import Pool
from coursework.checks.trained import UNTRAINED
from tests.grader_pool import LEVEL
from tests.in_process import run_jobs
from tests.trained_course import FILE, NAME, NOTEBOOK, hand_in, make_course, weights

PICKLE = io.BytesIO()
torch.save({"weight": torch.tensor([[2.0]]), "bias": torch.tensor([0.0])}, PICKLE)
WIDER = save({"weight": torch.ones(1, 2), "bias": torch.zeros(1)})
OTHER = save({"layers.0.weight": torch.ones(1, 1), "bias": torch.zeros(1)})
FORGES = "\ntorch.nn.Linear.forward = lambda self, x: 2 * x\nmy_line = doubled = None"
CLASS = {  # student: (the file, what else the notebook does, points, what is said)
    "ada": (weights(), "", 3, "was measured: 1.000 on average over 3 draws"),
    "bob": (weights(), "", 3, "was measured: 1.000"),
    "carl": (weights(bias=0.25), "", 1, "was measured: 0.750 on average over 3 draws"),
    "dora": (None, "", 0, f"There is no {FILE} beside this notebook"),
    "emil": (WIDER, "", 0, "its weight has the shape (1, 2), and (1, 1) is expected"),
    "fay": (weights(float("nan")), "", 0, "weights that are no finite numbers (NaN or infinite), in weight"),
    "gus": (PICKLE.getvalue(), "", 0, "is a pickle under another name"),
    "hal": (weights(-2.0), FORGES, 0, "was measured: 0.000"),
    "ida": (OTHER, "", 0, "the weights of another model: it lacks weight"),
    "jim": (b"\0" * 100, "", 0, "is damaged, or no safetensors file at all"),
}


def said(places, student):
    """(the text of the cell that trains, what stands at the check that measures)."""
    kept = nbformat.read(places.autograded / student / NAME / f"{NOTEBOOK}.ipynb", as_version=4)
    trains = next(cell for cell in kept.cells if cell.source.startswith("def train()"))
    check = next(cell for cell in kept.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == "my_line")
    shown = [o.get("text") or "".join(o.get("traceback", ())) for o in trains.outputs]
    return re.sub(r"\x1b\[[0-9;]*m", "", "\n".join(shown)), check.outputs[0].data["text/html"]


def graded(places, run_jobs, level, people=CLASS):
    for student, (file, more, *_) in people.items():
        hand_in(places, student, file, more=more)
    grade(places, NAME, run_jobs, level, seed=5, say=lambda _: None)
    return Log(places.log).latest(NAME)


@pytest.mark.usefixtures("sandbox")
def test_a_class_hands_in_what_it_trained(tmp_path):
    places = make_course(tmp_path / "course")
    with Pool(1, LEVEL, read_entry(places.solutions / NAME).needs) as pool:
        latest = graded(places, pool.run, str(LEVEL))
    got = {student: event["scores"][NOTEBOOK]["my_line"] for student, event in latest.items()}
    assert got == {student: points for student, (_, _, points, _) in CLASS.items()}
    for student, (*_, words) in CLASS.items():
        trained, verdict = said(places, student)
        assert words in verdict and "Traceback" not in verdict + trained and "training ..." not in trained
        assert verdict.count("<div") - verdict.count("margin-top") == 2 and student in latest
    assert said(places, "dora")[0].strip().startswith(f"NothingKept: There is no {FILE}")
    assert f"{FILE} is loaded" in said(places, "ada")[0]
    assert {event["status"] for event in latest.values()} == {"graded"}
    write_report(places, NAME, tmp_path / "report.html")
    (row,) = re.findall(r"<tr>(?:(?!<tr>).)*byte by byte.*?</tr>", (tmp_path / "report.html").read_text(), re.DOTALL)
    assert "1 file of trained weights, the same byte by byte" in row and row.count("\u2011") == 2


def test_a_notebook_that_is_stopped_costs_no_trained_work(tmp_path):
    places = make_course(tmp_path / "course")
    people = {"ada": (weights(), "\nwhile True: pass"), "bob": (None, "\nwhile True: pass")}
    latest = graded(places, run_jobs, "none", people)
    assert {s: event["scores"][NOTEBOOK]["my_line"] for s, event in latest.items()} == {"ada": 3, "bob": 0}
    assert f"There is no {FILE}" in said(places, "bob")[1]


def test_a_single_notebook_is_measured_with_the_file_beside_it(tmp_path):
    places = make_course(tmp_path / "course")
    for student, file, points in (("ada", weights(), 3), ("bob", None, 0)):
        hand_in(places, student, file)
        path = places.submitted / student / NAME / f"{NOTEBOOK}.ipynb"
        marks = grade_notebook(path, NAME, places=places, run_jobs=run_jobs, seed=5)
        assert marks.points == {"twice": 1, "my_line": points}


def test_stock_nbgrader_gives_the_same_points_and_trains_nothing(tmp_path, monkeypatch):
    monkeypatch.delenv(UNTRAINED, raising=False)
    places = make_course(tmp_path / "course")
    people = {student: CLASS[student] for student in ("carl", "dora")}
    for student, (file, more, *_) in people.items():
        hand_in(places, student, file, more=more)
    course = Course(places.submitted.parent, tmp_path / "course")
    course.release(NAME)
    for student, (*_, points, _) in people.items():
        course.autograde(NAME, student)
        marks = course.marks(NAME, student)[NOTEBOOK]
        assert marks == {"twice": (1, 1), "my_line": (points, 3)}
        assert "training ..." not in said(places, student)[0]

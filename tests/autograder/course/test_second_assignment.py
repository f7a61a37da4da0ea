"""A second assignment is files and nothing else: built, released, answered, graded, returned, reported and exported."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
import zipfile

import nbformat
import pytest

from autograder.build.release import NAME as RELEASED
from autograder.build.release import make_release
from autograder.course.places import ROOT, places_from
from autograder.course.registry import read_entry
from autograder.feedback.pages import write_feedback
from autograder.feedback.report import write_report
from autograder.grade import grade
from autograder.gradebook.log import Log
from autograder.lms.export import export
from autograder.samples.the_class import make_class
from autograder.sandbox.pool import Pool
from coursework.hand_in.gather import gather
from coursework.hand_in.hand_in import find_folder
from coursework.progress.course_map import read_course
from tests.grader_pool import LEVEL, WHY
from tests.in_process import run_jobs
from tests.second_assignment import NAME, NOTEBOOK, write
from tests.small_course import config
from tests.small_source import write as write_small

BUILD = """
import sys
from pathlib import Path
from autograder.build import build
build.build({name!r}, root=Path({root!r}))
assert "torch" not in sys.modules, "the build imported torch"
"""
NO_TORCH = (
    "\nimport sys\nprint('torch is', 'here' if 'torch' in sys.modules else 'not here',"
    " any('libtorch' in line for line in open('/proc/self/maps')))"
)
RIGHT = {
    "frequent_code": "def most_frequent(text):\n    words = text.split()\n    return max(words, key=words.count)",
    "lengths_code": "def mean_length(text):\n    return len(text.replace(' ', '')) / len(text.split())",
    "meaning": "They are short.",
}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A course with a draft that is not built, and the second assignment, which is."""
    root = tmp_path_factory.mktemp("course")
    draft = write_small(root).parent
    (draft / "assignment.toml").write_text('title = "A draft"\norder = 1\n')
    write(root / "solutions")
    shutil.copy(ROOT / "solutions" / "start.py", root / "solutions")
    for name in ("coursework", "detrlab", "data", "pyproject.toml", "LICENSE", "environment.yml", "requirements.lock"):
        (root / name).symlink_to(ROOT / name)
    subprocess.run([sys.executable, "-c", BUILD.format(name=NAME, root=str(root))], check=True, cwd=ROOT)
    return root


@pytest.fixture(scope="module")
def released(root, tmp_path_factory):
    """The folder that a student has unpacked and begun to work in."""
    places = places_from(config(), root)
    folder = tmp_path_factory.mktemp("student")
    with zipfile.ZipFile(make_release(root / "dist", places=places, root=root)) as archive:
        archive.extractall(folder)
    subprocess.run([sys.executable, "add_new.py"], check=True, cwd=folder / RELEASED)
    return folder / RELEASED


def test_what_is_released_ships_and_a_draft_does_not(root, released):
    (notebook,) = read_course(released / "notebooks")
    assert (notebook.path, notebook.title, notebook.points) == (f"{NAME}/{NOTEBOOK}.ipynb", "1. Counting words", 6)
    said = json.loads((released / "notebooks" / NAME / "assignment.json").read_text())
    assert said == {"title": "Counting words", "order": 2, "notebooks": [NOTEBOOK], "kept": ["my_text.*"]}
    assert [path.name for path in (released / "notebooks").iterdir() if path.is_dir()] == [NAME]
    assert [path.name for path in (released / "data").iterdir()] == ["README.md"]  # it names no data


def test_what_a_student_keeps_is_handed_in(released, tmp_path):
    folder = find_folder(None, released)
    assert folder == (released / "notebooks" / NAME).resolve()
    mine = shutil.copytree(folder, tmp_path / NAME)
    (mine / "my_text.txt").write_text("oak")
    (tmp_path / "work").mkdir()
    found = gather(mine, tmp_path / "work")
    assert found.notebooks == {NOTEBOOK: True} and found.kept == ("my_text.*",) and found.others == ["my_text.txt"]


def test_answers_are_graded_returned_reported_and_exported(root, released, tmp_path):
    places = places_from(config(), root)
    wrong = {**RIGHT, "frequent_code": "def most_frequent(text):\n    return text.split()[0]"}
    for student, answers in (("ada", RIGHT), ("bob", wrong), ("carl", {})):
        notebook = nbformat.read(released / "notebooks" / NAME / f"{NOTEBOOK}.ipynb", as_version=4)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            cell.source = answers.get(name, cell.source) + (NO_TORCH if name == "lengths_code" else "")
        folder = places.submitted / student / NAME
        folder.mkdir(parents=True)
        nbformat.write(notebook, folder / f"{NOTEBOOK}.ipynb")
        (folder / "my_text.txt").write_text(f"of {student}")

    if WHY:  # no sandbox here
        summary = grade(places, NAME, run_jobs, "tests", seed=5, say=lambda _: None)
    else:
        with Pool(1, LEVEL, read_entry(places.solutions / NAME).needs) as pool:
            summary = grade(places, NAME, pool.run, str(LEVEL), seed=5, say=lambda _: None)
    assert summary.counts == {"graded": 3}
    latest = Log(places.log).latest(NAME)
    assert {student: event["scores"][NOTEBOOK] for student, event in latest.items()} == {
        "ada": {"frequent": 3, "lengths": 2, "both": 0},
        "bob": {"frequent": 0, "lengths": 2, "both": 0},
        "carl": {"frequent": 0, "lengths": 0, "both": 0},
    }
    shown = (places.autograded / "ada" / NAME / f"{NOTEBOOK}.ipynb").read_text()
    assert "my text: of ada" in shown
    if not WHY:
        assert "torch is not here False" in shown, "the warm process has torch"

    pages = write_feedback(places, NAME, [])
    assert [page.name for page in pages] == ["index.html", f"{NOTEBOOK}.html"] * 3
    assert all("This is the first word: count them all." in page.read_text() for page in pages[2:4])  # bob's
    write_report(places, NAME, tmp_path / "report.html")
    assert "frequent/first" in (report := (tmp_path / "report.html").read_text()) and "lengths" in report
    assert export(places, NAME, "nbgrader", tmp_path / "marks.csv") == 3
    with (tmp_path / "marks.csv").open() as file:
        marks = {row["student_id"]: row for row in csv.DictReader(file)}
    assert {float(row["max_score"]) for row in marks.values()} == {6.0}
    status = {student: row["status"] for student, row in marks.items()}
    assert status == {"ada": "waits for a person", "bob": "waits for a person", "carl": "graded"}


def test_the_sample_class_hands_it_in(root):
    places = places_from(config(), root)
    assert len(make_class(places, NAME, root / "invented")) == 30
    assert not list((root / "invented").rglob("my_picture*")), "no file of another assignment's"

"""A small course in a folder, with two notebooks and students, for tests of the grader."""

from __future__ import annotations

import atexit
import copy
import shutil
import tempfile
from functools import cache
from pathlib import Path

import nbformat

from autograder.build.assemble import instructor_notebook, write_data
from autograder.build.build import write_public
from autograder.build.expected import run_reference
from autograder.course.assignment import load_assignment
from autograder.course.places import ROOT, Places, PyFileConfigLoader, places_from
from autograder.course.registry import read_entry
from autograder.course.source import read_source
from tests.small_source import SMALL, write

ASSIGNMENT = "00_small"
SECOND = (
    SMALL.replace("small", "wide")
    .replace("corners", "sizes")
    .replace("corner(", "size(")
    .replace("boxes_cxcywh[..., :2] - boxes_cxcywh[..., 2:] / 2\n", "boxes_cxcywh[..., 2:] * 2\n")
    .replace("why", "how")
)


@cache
def _built() -> Path:
    """Sources and built notebooks of one assignment, made once per test session."""
    root = Path(tempfile.mkdtemp(prefix="small-course-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    places = places_from(config(), root)
    (root / "solutions" / ASSIGNMENT).mkdir(parents=True)
    folder = places.source / ASSIGNMENT
    folder.mkdir(parents=True)
    for name, text in (("small", SMALL), ("wide", SECOND)):
        source = read_source(write(root, text, name))
        expected = run_reference(source, [77], lambda _: None)
        nbformat.write(instructor_notebook(source, expected, [77]), folder / f"{name}.ipynb")
        write_data(source, expected, folder)
    write_public(read_entry(root / "solutions" / ASSIGNMENT), folder)
    return root


def make_course(root: Path, db_url: str | None = None) -> Places:
    """A course with that assignment in `root`; returns its places."""
    shutil.copytree(_built(), root, dirs_exist_ok=True)
    return places_from(config(), root, db_url)


def released(places, notebook="small"):
    return copy.deepcopy(load_assignment(places, ASSIGNMENT).releases[notebook])


RIGHT = {
    "small": {"corners_code": "def corner(b):\n    return b[..., :2] - b[..., 2:] / 2", "why": "Because."},
    "wide": {"sizes_code": "def size(b):\n    return b[..., 2:] * 2", "how": "Like this."},
}


def filled(places, answers: dict[str, str], notebook="small"):
    """A released notebook with these answers by grade id."""
    found = released(places, notebook)
    for cell in found.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = answers.get(name, cell.source)
    return found


def hand_in(places, student: str, **answers: dict[str, str]) -> Path:
    """A submission; answers by notebook, then by grade id. A notebook that is not named is not handed in."""
    folder = places.submitted / student / ASSIGNMENT
    folder.mkdir(parents=True, exist_ok=True)
    for notebook, texts in answers.items():
        nbformat.write(filled(places, texts, notebook), folder / f"{notebook}.ipynb")
    return folder


def config():
    return PyFileConfigLoader("nbgrader_config.py", path=str(ROOT)).load_config()


@cache
def _graded() -> Path:
    """A course with a graded class, made once per test session."""
    from autograder.grade import grade
    from tests.in_process import run_jobs

    root = Path(tempfile.mkdtemp(prefix="small-course-"))
    atexit.register(shutil.rmtree, root, ignore_errors=True)
    places = make_course(root)
    hand_in(places, "ada", **RIGHT)
    wrong = {"corners_code": "def corner(b):\n    return b[..., :2] - b[..., 2:]", "why": "Because."}
    hand_in(places, "bob", small=wrong, wide=RIGHT["wide"])
    hand_in(places, "carl", small={}, wide={})
    (hand_in(places, "emil", wide=RIGHT["wide"]) / "small.ipynb").write_text("{")
    grade(places, ASSIGNMENT, run_jobs, "none (tests)", seed=5, say=lambda _: None)
    return root


def graded_course(folder: Path):
    """A copy of that course in `folder`."""
    shutil.copytree(_graded(), folder / "course")
    return places_from(config(), folder / "course")

"""A second release over a student's folder, by the handout's Makefile: what is new comes, what was written stays."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from coursework import show_progress

HANDOUT = Path(__file__).resolve().parents[3] / "autograder" / "build" / "handout"
NAME = "00_small"


RIGHT = "def corner(b):\n    return b[..., :2] - b[..., 2:] / 2"


def answer(folder, text):
    """The small notebook with this answer."""
    check = {"grade": True, "solution": False, "grade_id": "corners", "points": 3}
    cells = [
        {"cell_type": "markdown", "metadata": {}, "source": ["# Small"]},
        {"cell_type": "markdown", "metadata": {}, "source": ["## Corners · 8 min"]},
        {"cell_type": "code", "metadata": {}, "source": [text]},
        {"cell_type": "code", "metadata": {"nbgrader": check}, "source": ["corners()"]},
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "small.ipynb").write_text(json.dumps({"cells": cells}))


@pytest.fixture
def student(tmp_path):
    """A student's folder that the first release was unpacked into, with an environment in which nothing is opened."""
    root = tmp_path / "course"
    answer(root / "release" / NAME, "____")
    said = {"title": "Small", "order": 1, "notebooks": ["small"], "kept": ["my_picture.*"]}
    (root / "release" / NAME / "assignment.json").write_text(json.dumps(said))
    (root / "release" / NAME / "small.json").write_text("{}")
    (root / "release" / "start.ipynb").write_text(json.dumps({"cells": [{"source": ["first page"], "outputs": []}]}))
    for path in HANDOUT.iterdir():
        if path.is_file():
            shutil.copy(path, root)
    (root / ".venv" / "bin").mkdir(parents=True)
    for program, runs in (("python", 'exec python3 "$@"'), ("jupyter", "exit 0")):
        (root / ".venv" / "bin" / program).write_text(f"#!/bin/sh\n{runs}\n")
        (root / ".venv" / "bin" / program).chmod(0o755)
    for name in ("requirements.lock", "pyproject.toml", ".venv/ready"):  # the last one is the newest
        (root / name).touch()
    make_lab(root)
    return root


def make_lab(root):
    done = subprocess.run(["make", "lab"], cwd=root, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def unpack_newer(root, page="second page"):
    """What unpacking a second release does: other notebooks and data, and an assignment that is new."""
    folder = root / "release" / NAME
    answer(folder, f"____  # {page}")
    (folder / "small.json").write_text((folder / "small.json").read_text() + "\n")
    shutil.copytree(folder, root / "release" / "01_next", dirs_exist_ok=True)
    (root / "release" / "start.ipynb").write_text(json.dumps({"cells": [{"source": [page], "outputs": []}]}))


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def of_release(root, name=NAME):
    return files(root / "release" / name)


def work(root, name=NAME):
    found = files(root / "notebooks" / name)
    found.pop(".released.json")
    return found


def test_the_first_release_is_put_where_students_work(student):
    assert work(student) == of_release(student)
    (student / "notebooks" / NAME / "small.ipynb").unlink()  # to begin anew
    make_lab(student)
    assert work(student) == of_release(student)
    assert show_progress(student / "notebooks").newer == []


def test_what_nobody_touched_becomes_the_newer_one(student):
    (student / "notebooks" / NAME / "my_picture.png").write_bytes(b"mine")
    unpack_newer(student)
    make_lab(student)
    assert work(student) == of_release(student) | {"my_picture.png": b"mine"}
    assert work(student, "01_next") == of_release(student, "01_next")


def test_work_stays_and_the_newer_one_lies_beside_it(student):
    answer(student / "notebooks" / NAME, RIGHT)
    (student / "notebooks" / NAME / "my_picture.png").write_bytes(b"mine")
    mine = work(student)
    make_lab(student)
    assert work(student) == mine
    unpack_newer(student)
    for _ in range(2):  # once, however often it is run
        make_lab(student)
        assert work(student) == mine | {f"new/{name}": data for name, data in of_release(student).items()}
    page = show_progress(student / "notebooks")
    sentence = f"A newer version of this homework lies in {NAME}/new; what you wrote is where it was."
    assert page.newer == [f"{NAME}/new"] and sentence in repr(page) and sentence in page._repr_html_()
    assert {notebook.assignment for notebook in page.notebooks} == {NAME, "01_next"}


def test_work_in_the_newer_one_stays_as_well(student):
    answer(student / "notebooks" / NAME, RIGHT)
    unpack_newer(student)
    make_lab(student)
    answer(student / "notebooks" / NAME / "new", RIGHT)
    mine = work(student)
    unpack_newer(student, "third page")
    make_lab(student)
    assert work(student) == mine | {f"new-2/{name}": data for name, data in of_release(student).items()}


def test_work_from_before_anything_was_kept_of_releases_stays(student):
    answer(student / "notebooks" / NAME, RIGHT)
    mine = work(student)
    (student / "notebooks" / NAME / ".released.json").write_text("{")
    make_lab(student)
    assert {name: data for name, data in work(student).items() if not name.startswith("new")} == mine


def test_a_start_page_that_was_run_is_replaced_and_one_that_was_written_in_is_kept(student):
    page = student / "notebooks" / "start.ipynb"
    page.write_text(json.dumps({"cells": [{"source": ["first page"], "outputs": ["points"]}]}))
    unpack_newer(student)
    make_lab(student)
    assert "second page" in page.read_text() and not list(page.parent.glob("start.yours*"))
    page.write_text(json.dumps({"cells": [{"source": ["my notes"], "outputs": []}]}))
    unpack_newer(student, "third page")
    make_lab(student)
    assert "third page" in page.read_text()
    assert "my notes" in (page.parent / "start.yours-1.ipynb").read_text()

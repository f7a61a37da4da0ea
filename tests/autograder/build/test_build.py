"""The build: proofs that checks work, determinism, and that nothing a student wrote is lost."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
import safetensors.numpy
from nbgrader.utils import compute_checksum

from autograder.build import build
from autograder.build.assemble import instructor_notebook, write_data
from autograder.build.expected import run_reference
from autograder.course.source import read_source
from autograder.errors import SourceError
from coursework.submission import plain_id
from tests.small_source import SMALL, write

ROOT = Path(__file__).resolve().parents[3]


HINTS = '# %% [raw] hints="corners"'


def reference(folder, text=SMALL):
    source = read_source(write(folder, text))
    return source, run_reference(source, [77], print)


def test_building_twice_gives_identical_files(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        source, expected = reference(tmp_path)
        nbformat.write(instructor_notebook(source, expected, [77]), tmp_path / name / "small.ipynb")
        write_data(source, expected, tmp_path / name)
    for file in ("small.ipynb", "small.json", "small.safetensors"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    stored = json.loads((tmp_path / "one" / "small.json").read_text())
    assert stored["checks"]["corners"]["seeds"] == [11, 12]
    assert "77" not in (tmp_path / "one" / "small.json").read_text()  # a hidden seed stays in the hidden cell


def test_metadata_is_valid_for_nbgrader(tmp_path):
    from nbgrader.nbgraderformat import MetadataValidator

    source, expected = reference(tmp_path)
    notebook = instructor_notebook(source, expected, [77])
    nbformat.validate(notebook)
    MetadataValidator().validate_nb(notebook)
    ids = [cell.metadata.nbgrader.grade_id for cell in notebook.cells if "nbgrader" in cell.metadata]
    assert ids == ["install", "setup", "corners_code", "corners", "why"]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('exercise="corners"', 'exercise="corners" forbids="torch.nothing"', "forbids torch.nothing, which cannot be"),
        ('exercise="corners"', 'exercise="corners" forbids="no_such.f"', "forbids no_such.f, which cannot be imported"),
        ('exercise="corners"', 'exercise="corners" forbids="box convert"', 'forbids="box convert" does not fit'),
        ('exercise="corners"', 'exercise="corners" forbids="math.pi"', "forbids math.pi, which cannot be called"),
        ("boxes_cxcywh[..., :2] - boxes_cxcywh[..., 2:] / 2\n", "1 / 0\n", "the solution raises ZeroDivisionError"),
        ("draw.boxes_cxcywh(5))", "torch.ones(5, 4))", "can be guessed"),
        (
            "corner(draw.boxes_cxcywh(5))",
            "corner(draw.boxes_cxcywh(5)) + __import__('time').time_ns() % 997",
            "differ",
        ),
        ("corner(draw.boxes_cxcywh(5))", "(corner(draw.boxes_cxcywh(5)) * 1e8).long()", "near a tie or a threshold"),
        (
            "return boxes_cxcywh[..., :2]\n",
            "return boxes_cxcywh[..., :2] - boxes_cxcywh[..., 2:] / 2 + 1e-6\n",
            "equals the solution",
        ),
        (
            "return boxes_cxcywh[..., :2]\n",
            "return boxes_cxcywh[..., :2] - boxes_cxcywh[..., 2:]\n",
            "cannot be told from",
        ),
        ("import torch\n", "import torch\n1 / 0\n", "stops with ZeroDivisionError"),
        (HINTS, f"@corners.must('7')\ndef _(found): return found.min() > 7\n\n{HINTS}", "does not hold for the"),
        (HINTS, f"@corners.must('o')\ndef _(found): return corner(found)\n\n{HINTS}", "asked with torch alone"),
        (HINTS, f"@corners.must('o' + 'k')\ndef _(found): return True\n\n{HINTS}", "has no plain sentence"),
    ],
)
def test_a_check_that_does_not_do_its_work_is_refused(tmp_path, old, new, message):
    assert old in SMALL
    with pytest.raises(SourceError) as caught:
        reference(tmp_path, SMALL.replace(old, new))
    assert message in str(caught.value)


def student_notebook(answer: str) -> nbformat.NotebookNode:
    cell = nbformat.v4.new_code_cell(
        "return ____",
        id="a",
        metadata={
            "nbgrader": {
                "grade_id": "corners_code",
                "grade": False,
                "solution": True,
                "locked": False,
                "schema_version": 3,
                "task": False,
            }
        },
    )
    cell.metadata.nbgrader["checksum"] = compute_checksum(cell)
    cell.source = answer
    return nbformat.v4.new_notebook(cells=[cell])


def as_released(folder, answer="return ____", prose="Read this.", output=None, corrected="return ____"):
    """q.ipynb in `folder`: prose as the build gives it, and student_notebook's cell, given as `corrected`."""
    folder.mkdir(exist_ok=True)
    notebook = student_notebook(corrected)
    notebook.cells[0].metadata.nbgrader["checksum"] = compute_checksum(notebook.cells[0])
    notebook.cells[0].source = answer
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell(prose, id=plain_id("Read this.")))
    if output:
        notebook.cells[1].outputs = [nbformat.v4.new_output("stream", text=output)]
    nbformat.write(notebook, folder / "q.ipynb")
    (folder / "q.json").write_text(corrected)
    return (folder / "q.ipynb").read_bytes()


WORK = [{"answer": "return 42"}, {"output": "7"}, {"prose": "Read this. My own remark."}]


@pytest.mark.parametrize("work", WORK)
def test_a_build_moves_no_work_where_the_release_is_the_same(tmp_path, work):
    release, folder = tmp_path / "release", tmp_path / "notebooks"
    as_released(release)
    mine = as_released(folder, **work)
    (folder / "my_picture.png").write_bytes(b"mine")
    assert build.install(release, folder) == ""
    assert (folder / "q.ipynb").read_bytes() == mine
    assert sorted(path.name for path in folder.iterdir()) == ["my_picture.png", "q.ipynb", "q.json"]


@pytest.mark.parametrize("work", WORK)
def test_a_newer_release_goes_beside_work_and_is_brought_up_to_date_there(tmp_path, work):
    release, folder = tmp_path / "release", tmp_path / "notebooks"
    mine = as_released(folder, **work)
    newer = as_released(release, corrected="result = ____", answer="result = ____")
    assert build.install(release, folder) == "new"
    assert (folder / "q.ipynb").read_bytes() == mine and (folder / "q.json").read_text() == "return ____"
    assert (folder / "new" / "q.ipynb").read_bytes() == newer
    assert (folder / "new" / "q.json").read_text() == "result = ____"
    assert build.install(release, folder) == ""  # it lies there already
    newest = as_released(release, corrected="x = ____", answer="x = ____")
    assert build.install(release, folder) == "new" and (folder / "new" / "q.ipynb").read_bytes() == newest
    in_new = as_released(folder / "new", corrected="x = ____", answer="x = 3")
    assert build.install(release, folder) == ""
    last = as_released(release, corrected="y = ____", answer="y = ____")
    assert build.install(release, folder) == "new-2" and (folder / "new-2" / "q.ipynb").read_bytes() == last
    assert (folder / "new" / "q.ipynb").read_bytes() == in_new and (folder / "q.ipynb").read_bytes() == mine


def test_an_untouched_notebook_is_replaced(tmp_path):
    release, folder = tmp_path / "release", tmp_path / "notebooks"
    as_released(folder)
    newer = as_released(release, corrected="result = ____", answer="result = ____")
    assert build.install(release, folder) == ""
    assert (folder / "q.ipynb").read_bytes() == newer
    assert sorted(path.name for path in folder.iterdir()) == ["q.ipynb", "q.json"]


def test_what_is_committed_is_no_work():
    for path in (ROOT / "notebooks").glob("*/*.ipynb"):
        assert not build.holds_work(path), path


def test_an_unknown_assignment_is_one_clear_sentence():
    with pytest.raises(SourceError, match="there is no assignment 'nothing'; there are: \\w+"):
        build.build("nothing")


def test_data_that_differ_in_the_last_digit_are_left_alone(tmp_path):
    source, expected = reference(tmp_path)
    for name in ("release", "notebooks"):
        (tmp_path / name).mkdir()
        write_data(source, expected, tmp_path / name)
    arrays = safetensors.numpy.load_file(tmp_path / "release" / "small.safetensors")
    for factor, agrees in ((1 + 1e-6, True), (1.01, False)):
        moved = {name: array * np.float32(factor) for name, array in arrays.items()}
        safetensors.numpy.save_file(moved, tmp_path / "notebooks" / "small.safetensors")
        before = (tmp_path / "notebooks" / "small.safetensors").read_bytes()
        build.install(tmp_path / "release", tmp_path / "notebooks")
        assert ((tmp_path / "notebooks" / "small.safetensors").read_bytes() == before) is agrees


def test_data_of_another_build_are_replaced_as_a_pair(tmp_path):
    for name, text in (("release", SMALL), ("notebooks", SMALL.replace("corners", "edges"))):
        (tmp_path / name).mkdir()
        write_data(*reference(tmp_path, text), tmp_path / name)
    before = (tmp_path / "notebooks" / "small.json").read_bytes()
    build.install(tmp_path / "release", tmp_path / "notebooks")
    for file in ("small.json", "small.safetensors"):
        assert (tmp_path / "notebooks" / file).read_bytes() == (tmp_path / "release" / file).read_bytes()
    assert (tmp_path / "notebooks" / "small.json").read_bytes() != before


def test_a_name_that_is_forbidden_anew_reaches_students(tmp_path):
    for name, names in (("notebooks", []), ("release", ["math.dist"])):
        (tmp_path / name).mkdir()
        write_data(*reference(tmp_path), tmp_path / name)
        file = tmp_path / name / "small.json"
        data = json.loads(file.read_text())
        next(iter(data["checks"].values()))["forbids"] = names
        file.write_text(json.dumps(data))
    build.install(tmp_path / "release", tmp_path / "notebooks")
    kept = json.loads((tmp_path / "notebooks" / "small.json").read_text())
    assert next(iter(kept["checks"].values()))["forbids"] == ["math.dist"]


BUILDS = """
import multiprocessing, os, time
from concurrent.futures import ProcessPoolExecutor
from autograder.build.build import _begin_worker
if __name__ == "__main__":
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn"), initializer=_begin_worker) as pool:
        print(pool.submit(os.getpid).result(), flush=True)
        pool.submit(time.sleep, 60).result()
"""


def test_a_build_that_is_killed_leaves_nothing_computing(tmp_path):
    (tmp_path / "builds.py").write_text(BUILDS)
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, str(tmp_path / "builds.py")]
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, text=True) as build:
        worker = int(build.stdout.readline())
        build.kill()
    ends = time.monotonic() + 30
    while Path(f"/proc/{worker}").exists() and time.monotonic() < ends:
        time.sleep(0.1)
    assert not Path(f"/proc/{worker}").exists()


def test_a_notebook_that_is_withdrawn_is_not_released_again(tmp_path):
    for name in ("q1_kept.ipynb", "q1_kept.json", "q2_gone.ipynb", "q2_gone.json", "q2_gone.safetensors", "data.json"):
        (tmp_path / name).touch()
    build.drop_withdrawn(SimpleNamespace(notebooks=[Path("solutions/02_words/q1_kept")]), tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"q1_kept.ipynb", "q1_kept.json", "data.json"}


@pytest.mark.parametrize("assignment", build.assignments())
def test_committed_notebooks_are_up_to_date(assignment):
    """`make test` builds first, which rewrites what is out of date; on CI a rewritten file is a failure."""
    said: list[str] = []
    build.build(assignment, said.append)
    assert said[-1].startswith(f"{assignment}: 0 of "), "run `make build` and commit notebooks/"
    release = ROOT / "build" / "course" / "release" / assignment
    for built in release.iterdir():
        target = ROOT / "notebooks" / assignment / built.name
        if built.suffix == ".ipynb" and not build.holds_work(target):
            cleared = nbformat.read(target, as_version=4)
            assert [cell.source for cell in cleared.cells] == [cell.source for cell in nbformat.read(built, 4).cells], (
                f"{target.name} was changed by hand: edit solutions/ instead"
            )
        if built.suffix != ".ipynb":
            assert target.read_bytes() == built.read_bytes() or build.data_agrees(built, target)
    if os.environ.get("CI"):
        changed = subprocess.run(
            ["git", "status", "--porcelain", "--", "notebooks"], cwd=ROOT, capture_output=True, text=True
        )
        assert changed.stdout == "", "notebooks/ was not committed as it is built"

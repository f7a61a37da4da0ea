"""From files to jobs: the release's files win, damage has reasons, and a job holds no points and no paths."""

import json
from dataclasses import replace

import nbformat
import pytest

from autograder.course.assignment import load_assignment
from autograder.intake.collect import HandedIn
from autograder.intake.prepare import prepare
from autograder.sandbox.job import CheckRun, Limits
from tests.small_course import ASSIGNMENT, RIGHT, filled, make_course


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    return make_course(tmp_path_factory.mktemp("course"))


def handed_in(places, **files):
    found = {
        f"{name}.ipynb": nbformat.writes(filled(places, answers, name)).encode() for name, answers in RIGHT.items()
    }
    return HandedIn("ada", ASSIGNMENT, {**found, **{name.replace("__", "."): data for name, data in files.items()}})


def test_jobs_hold_sources_and_files_and_the_release_wins(places):
    assignment = load_assignment(places, ASSIGNMENT)
    evil = json.dumps({"checks": {}}).encode()
    prepared = prepare(handed_in(places, small__json=evil, my_picture__png=b"png"), assignment)
    jobs = prepared.jobs(assignment, {"small": {"corners": (1, 2)}, "wide": {"sizes": (3, 4)}}, Limits())
    runs = [(job.notebook, job.cells[-1].check) for job in jobs]
    assert runs == [("small", CheckRun("corners", (1, 2))), ("wide", CheckRun("sizes", (3, 4)))]
    assert jobs[0].files["my_picture.png"] == b"png" and jobs[0].files["small.json"] != evil
    assert [bool(cell.check) for cell in jobs[0].cells][-2:] == [False, True]
    assert not any(name.endswith(".ipynb") for name in jobs[0].files)
    text = repr([job.cells for job in jobs])
    assert "hidden" not in text.lower() and "points=" not in text and str(places.records) not in text


def test_an_exercise_and_its_check_carry_what_it_forbids(places):
    assignment = load_assignment(places, ASSIGNMENT)
    cells = assignment.sources["small"].cells
    kept = list(cells)
    cells[:] = [replace(cell, forbids=("torch.add",)) if cell.kind == "exercise" else cell for cell in cells]
    seeds = {"small": {"corners": (1,)}, "wide": {"sizes": (2,)}}
    job, other = prepare(handed_in(places), assignment).jobs(assignment, seeds, Limits())
    cells[:] = kept
    assert [cell.forbidden for cell in job.cells] == [(), (), ("torch.add",), ("torch.add",)]
    assert [cell.locked for cell in job.cells] == [True, True, False, True]
    assert not any(cell.forbidden for cell in other.cells)


def test_a_broken_notebook_is_that_notebooks_reason(places):
    assignment = load_assignment(places, ASSIGNMENT)
    prepared = prepare(handed_in(places, small__ipynb=b"{"), assignment)
    assert list(prepared.aligned) == ["wide"] and prepared.absent == []
    assert str(prepared.unreadable["small"]).startswith("small.ipynb cannot be read: it is not valid JSON")
    other = prepare(handed_in(places, draft__ipynb=b"{"), assignment)  # another broken file harms nobody
    assert other.unreadable == {} and "draft.ipynb cannot be read" in str(other.notes[-1])


def test_files_where_ours_are_written_are_left_out_and_those_of_the_release_are_passed_over(places):
    assignment = load_assignment(places, ASSIGNMENT)
    names = ("small.json", "SMALL.json", "small.json/a", "small.ipynb/a.png", "Wide.IPYNB/b/c.png", "kept/small.json")
    submission = handed_in(places)
    submission.files.update(dict.fromkeys(names, b"x"))
    prepared = prepare(submission, assignment)
    assert list(prepared.files) == ["kept/small.json"] and set(prepared.aligned) == {"small", "wide"}
    said = [str(note) for note in prepared.notes if note.id == "left_out"]
    assert said == [f"left out {name!r}: the assignment's own file has this name" for name in names[1:5]]


def test_a_file_where_a_folder_of_the_release_must_be_is_left_out(places):
    assignment = load_assignment(places, ASSIGNMENT)
    assignment.files["pictures/cat.png"] = b"cat"
    submission = handed_in(places, Pictures=b"x")
    assert prepare(submission, assignment).files == {}

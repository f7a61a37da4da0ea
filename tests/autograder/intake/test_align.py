"""Aligning: duplicated, deleted, retyped, moved, renamed cells come back into the release's frame."""

import copy

import pytest

from autograder.intake.align import align
from autograder.intake.read_notebook import Cell
from tests.small_course import make_course, released

ANSWER = "def corner(boxes_cxcywh):\n    return boxes_cxcywh[..., :2]"


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    return make_course(tmp_path_factory.mktemp("course"))


@pytest.fixture
def release(places):
    return released(places)


def submitted(release, **answers) -> list[Cell]:
    """The release's cells as a student hands them in; answers by grade id."""
    cells = []
    for cell in release.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        cells.append(Cell(cell.cell_type, answers.get(name, cell.source), name, cell.id))
    return cells


def where(cells, name):
    return next(i for i, cell in enumerate(cells) if cell.grade_id == name)


def answer(aligned, name="corners_code"):
    return next(c for c in aligned.notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)


def same_frame(aligned, release):
    """Every cell of the release is there once, in order; locked cells have the release's text."""
    kept = [cell for cell in aligned.notebook.cells if not cell.id.startswith("own-")]
    assert [cell.id for cell in kept] == [cell.id for cell in release.cells]
    assert [dict(cell.metadata) for cell in kept] == [dict(cell.metadata) for cell in release.cells]
    assert [cell.cell_type for cell in kept] == [cell.cell_type for cell in release.cells]
    for cell, original in zip(kept, release.cells, strict=True):
        if cell.metadata.get("nbgrader", {}).get("locked"):
            assert cell.source == original.source


def test_an_orderly_submission_needs_no_repair(release):
    got = align(submitted(release, corners_code=ANSWER, why="Because."), release)
    same_frame(got, release)
    assert got.notes == [] and answer(got).source == ANSWER and answer(got, "why").source == "Because."
    assert [name for _, _, name in got.code()] == ["", "", "", "corners"]


def test_a_changed_check_is_restored(release):
    got = align(submitted(release, corners="print(3.0)", setup="import os"), release)
    same_frame(got, release)
    assert len(got.notes) == 2 and "locked cell was changed" in str(got.notes[0])


@pytest.mark.parametrize("name", ["setup", "corners_code", "corners", "why"])
def test_a_deleted_cell_is_back_as_released(release, name):
    cells = submitted(release, corners_code=ANSWER)
    del cells[where(cells, name)]
    got = align(cells, release)
    same_frame(got, release)
    assert list(map(str, got.notes)) == [f"{name}: the cell was missing and is back as released"]


@pytest.mark.parametrize("first", [True, False], ids=["answer_first", "answer_last"])
def test_of_two_copies_the_one_with_the_answer_counts(release, first):
    cells = submitted(release)
    i = where(cells, "corners_code")
    copied = Cell("code", ANSWER, "corners_code", "other")
    cells.insert(i if first else i + 1, copied)
    got = align(cells, release)
    same_frame(got, release)
    assert answer(got).source == ANSWER and "2 times" in str(got.notes[0])


def test_a_split_answer_runs_with_both_halves(release):
    cells = submitted(release, corners_code=ANSWER)
    cells.insert(where(cells, "corners_code"), Cell("code", "half = 0.5", "corners_code", "x"))
    got = align(cells, release)
    sources = [source for _, source, _ in got.code()]
    assert sources.index("half = 0.5") + 1 == sources.index(ANSWER)


def test_a_split_written_answer_is_put_together_and_a_copied_one_is_not_doubled(release):
    cells = submitted(release, why="First.")
    cells += [Cell("markdown", "Second.", "why"), Cell("markdown", "First.", "why")]
    got = align(cells, release)
    same_frame(got, release)
    assert answer(got, "why").source == "First.\n\nSecond."


def test_a_duplicated_check_runs_once(release):
    cells = submitted(release)
    cells.append(copy.copy(cells[where(cells, "corners")]))
    got = align(cells, release)
    same_frame(got, release)
    assert len(got.code()) == 4 and "2 times" in str(got.notes[0])


@pytest.mark.parametrize(("name", "kind"), [("corners_code", "markdown"), ("why", "code"), ("corners", "raw")])
def test_a_retyped_cell_is_what_it_was(release, name, kind):
    cells = submitted(release, corners_code=ANSWER, why="Because.")
    cells[where(cells, name)].kind = kind
    got = align(cells, release)
    same_frame(got, release)
    assert len(got.notes) == 1 and answer(got).source == ANSWER and answer(got, "why").source == "Because."


def test_moved_cells_are_put_back_in_order(release):
    got = align(submitted(release, corners_code=ANSWER)[::-1], release)
    same_frame(got, release)
    assert "moved" in str(got.notes[0]) and answer(got).source == ANSWER


def test_cells_without_any_id_are_found_by_their_text(release):
    cells = [Cell(cell.kind, cell.source) for cell in submitted(release, corners_code=ANSWER, why="Because.")]
    got = align(cells, release)
    same_frame(got, release)
    assert answer(got).source == ANSWER and answer(got, "why").source == "Because." and got.notes == []


def test_a_students_own_cells_stay_where_they_were(release):
    cells = submitted(release, corners_code=ANSWER)
    cells.insert(where(cells, "corners_code"), Cell("code", "import numpy"))
    cells.append(Cell("code", "1 + 1"))
    cells.append(Cell("code", "   "))
    got = align(cells, release)
    same_frame(got, release)
    assert [source for _, source, _ in got.code()][2] == "import numpy"
    assert got.notebook.cells[-1].source == "1 + 1"


def test_an_unknown_grade_id_is_an_own_cell(release):
    cells = [*submitted(release), Cell("code", "x = 1", "bonus")]
    got = align(cells, release)
    same_frame(got, release)
    assert "nbgrader" not in got.notebook.cells[-1].metadata


def test_a_syntax_error_does_not_hide_an_answer(release):
    cells = [Cell(cell.kind, cell.source) for cell in submitted(release, corners_code="def corner(:\n  pass")]
    assert answer(align(cells, release)).source == "def corner(:\n  pass"


def test_an_empty_notebook_is_the_release(release):
    got = align([], release)
    same_frame(got, release)
    assert len(got.notes) == 5

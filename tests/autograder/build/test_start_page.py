"""The start page: its map is the notebooks', it is deterministic, and the committed one is up to date."""

from pathlib import Path

import nbformat
import pytest

from autograder.build.start_page import start_page, write_start_page
from tests.needs import need
from tests.small_release import make_release

ROOT = Path(__file__).resolve().parents[3]
SOURCE = ROOT / "solutions" / "start.py"


def test_the_map_links_each_notebook(tmp_path, tmp_path_factory):
    course = make_release(tmp_path, tmp_path_factory.getbasetemp() / "built").parent
    path = write_start_page(SOURCE, course)
    page = nbformat.read(path, as_version=4)
    nbformat.validate(page)
    assert "| [1 · A small notebook](00_small/small.ipynb) | 2 | 5 | 15 min |" in page.cells[0].source
    assert "course map\n" not in page.cells[0].source and not any("nbgrader" in cell.metadata for cell in page.cells)
    before = path.read_bytes()
    assert write_start_page(SOURCE, course).read_bytes() == before


def test_a_page_that_was_run_or_written_in_is_left_alone(tmp_path, tmp_path_factory):
    course = make_release(tmp_path, tmp_path_factory.getbasetemp() / "built").parent
    path = write_start_page(SOURCE, course)
    page = nbformat.read(path, as_version=4)
    page.cells[1].outputs = [nbformat.v4.new_output("stream", text="7")]
    nbformat.write(page, path)
    run = path.read_bytes()
    assert write_start_page(SOURCE, course).read_bytes() == run
    page.cells.append(nbformat.v4.new_code_cell("mine = 42"))
    nbformat.write(page, path)
    written = path.read_bytes()
    assert write_start_page(SOURCE, course).read_bytes() == written


@pytest.mark.parametrize(("minutes", "time"), [(3, "15 min"), (60, "1 h"), (84, "1 h 30 min"), (118, "2 h")])
def test_times_are_quarters_of_an_hour(minutes, time):
    from autograder.build.start_page import _time
    from coursework.progress.course_map import CourseNotebook, Step

    assert _time(CourseNotebook("a/b.ipynb", "t", [Step("s", minutes)])) == time


def test_the_committed_page_is_up_to_date():
    path = ROOT / "notebooks" / "start.ipynb"
    need(path.exists(), "the notebooks are not built: make build")
    built, there = start_page(SOURCE, ROOT / "notebooks"), nbformat.read(path, as_version=4)
    for cell in there.cells:  # it may have been run here
        cell.update({"outputs": [], "execution_count": None} if cell.cell_type == "code" else {})
    assert [dict(cell) for cell in there.cells] == [dict(cell) for cell in built.cells]


def test_nbgrader_takes_the_page_for_no_assignment():
    from autograder.build.build import assignments

    assert "start.py" not in assignments() and "start" not in assignments()

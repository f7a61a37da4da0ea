"""Which file is which notebook: known by what it holds, then by its name; what was guessed is said."""

import nbformat
import pytest

from autograder.course.assignment import load_assignment
from autograder.course.registry import SOLUTIONS, read_registry
from autograder.intake.identify import identify, likeness
from autograder.intake.read_notebook import Cell
from tests.small_course import ASSIGNMENT, make_course

NOTEBOOKS = SOLUTIONS.parent / "notebooks"
ANSWER = "def corner(boxes_cxcywh):\n    return boxes_cxcywh[..., :2]"


@pytest.fixture(scope="module")
def places(tmp_path_factory):
    return make_course(tmp_path_factory.mktemp("course"))


def submitted(release, **answers) -> list[Cell]:
    """The release's cells as a student hands them in; answers by grade id."""
    cells = []
    for cell in release.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        cells.append(Cell(cell.cell_type, answers.get(name, cell.source), name, cell.id))
    return cells


def test_files_are_known_by_what_they_hold(places):
    releases = load_assignment(places, ASSIGNMENT).releases
    small, wide = submitted(releases["small"], corners_code=ANSWER), submitted(releases["wide"])
    stub = submitted(releases["small"])
    found, notes = identify({"homework (1).ipynb": wide, "small.ipynb": stub, "small-Copy1.ipynb": small}, releases)
    assert found == {"wide": "homework (1).ipynb", "small": "small.ipynb"}
    assert len(notes) == 2 and "was graded, not 'small-Copy1.ipynb'" in " ".join(map(str, notes))
    found, _ = identify({"Small.ipynb": [Cell("code", "x")], "sketch.ipynb": [Cell("code", "y")]}, releases)
    assert found == {"small": "Small.ipynb"}
    setup = [cell for cell in small if cell.grade_id in ("install", "setup")]  # called the same in every notebook
    found, notes = identify({"another_course.ipynb": setup}, releases)
    assert found == {} and "belongs to no notebook of this assignment" in str(notes[0])
    swapped, notes = identify({"small.ipynb": wide, "wide.ipynb": small}, releases)
    assert swapped == {"wide": "small.ipynb", "small": "wide.ipynb"} and len(notes) == 2


def test_each_notebook_of_the_course_is_likest_to_its_own_assignment():
    """Answers in two assignments may have one name: `controls` is in 01 and in 06."""
    course = {
        entry.name: {
            folder.name: nbformat.read(
                SOLUTIONS.parent / "notebooks" / entry.name / f"{folder.name}.ipynb", as_version=4
            )
            for folder in entry.notebooks
        }
        for entry in read_registry(SOLUTIONS)
    }
    for assignment, releases in course.items():
        for release in releases.values():
            cells = submitted(release)
            assert max(course, key=lambda name, cells=cells: likeness(cells, course[name])) == assignment
    shared = submitted(course["06_dino"]["q2_collapse"])
    assert likeness(shared, course["01_detr"]) > 0  # the first that has anything in common would be the wrong one

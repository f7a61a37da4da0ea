"""What is read of a release: rubrics, levels, names, and which cells make a step."""

import pytest

from autograder.by_criterion.criteria import Level, criteria, levels
from autograder.course.assignment import load_assignment
from bench.written_class import ASSIGNMENT, written_class
from tests.small_course import ASSIGNMENT as SMALL
from tests.small_course import make_course

LIST = """**Criterion 30a · A pattern (2 points)**
- 2: a pattern *and* a number; for example 3: no level. What
  does it do?
- 1: one of the two.
- 0: none ("global context").

*A text that would fit any picture holds the whole step at 2 points.*"""
LINE = "**Criterion 31a · A claim (1 point).** 1: names an outcome\nthat would refute it. 0: no outcome would."


def points(found):
    return [level.points for level in found]


def test_levels_of_a_line_are_found():
    assert levels(LINE, 1.0) == (Level(1.0, "names an outcome that would refute it."), Level(0.0, "no outcome would."))


def test_levels_of_a_list_are_found_and_end_with_their_paragraph():
    found = levels(LIST.replace("for example 3: no level. ", ""), 2.0)
    assert found[0] == Level(2.0, "a pattern *and* a number; What does it do?")
    assert found[2] == Level(0.0, 'none ("global context").')


@pytest.mark.parametrize(
    ("rubric", "maximum", "expected"),
    [
        ("", 1.0, [1, 0.5, 0]),
        ("", 1.5, [1.5, 1, 0.5, 0]),
        ("", 7.0, [7, 6, 5, 4, 3, 2, 1, 0]),
        (LIST, 2.0, [2, 1.5, 1, 0.5, 0]),  # it names a level above the points
        (LINE, 2.0, [2, 1.5, 1, 0.5, 0]),  # it names none with all points
        ("1: yes. 1: no. 0: never.", 1.0, [1, 0.5, 0]),
        ("at 12:30 and 1.5: half. 2: all. 0: none.", 2.0, [2, 1.5, 0]),
    ],
)
def test_where_no_levels_are_named_they_are_halves_or_whole_points(rubric, maximum, expected):
    assert points(levels(rubric, maximum)) == expected


def test_a_criterion_knows_its_step_its_name_and_its_rubric(tmp_path):
    first, second = criteria(load_assignment(written_class(tmp_path, 0), ASSIGNMENT))
    assert (first.id, first.name, first.points) == (("looks", "pattern"), "7a · A pattern", 2.0)
    assert first.step == second.step == "Step 7 · What you see"
    assert first.rubric.startswith("**Criterion 7a") and "two figures" not in first.rubric
    assert points(first.levels) == [2, 1, 0] and points(second.levels) == [1, 0.5, 0]
    assert "Now its limit" not in second.rubric and second.rubric.startswith("**Criterion 7b")
    assert first.cells == second.cells and len(first.cells) == 8


def test_a_cell_without_a_rubric_goes_by_its_own_name(tmp_path):
    found = criteria(load_assignment(make_course(tmp_path), SMALL))
    assert [(each.id, each.name, each.rubric) for each in found] == [
        (("small", "why"), "why", ""),
        (("wide", "how"), "how", ""),
    ]

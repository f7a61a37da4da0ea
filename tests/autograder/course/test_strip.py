"""What a student gets of a solution cell."""

import pytest

from autograder.course.strip import cut_out, has_solution, strip_solution


def test_region_in_a_function_becomes_return_blank():
    source = 'def f(x):\n    """Doc."""\n    ### BEGIN SOLUTION\n    y = x + 1\n    return y\n    ### END SOLUTION'
    assert strip_solution(source) == 'def f(x):\n    """Doc."""\n    return ____'


def test_region_at_top_level_becomes_a_comment():
    assert (
        strip_solution("a = 1\n### BEGIN SOLUTION\nb = 2\n### END SOLUTION\nc = 3") == "a = 1\n# your code here\nc = 3"
    )


def test_marked_line_keeps_its_left_hand_side():
    assert strip_solution("class A:\n    def f(self):\n        self.conv = g(1, 2)  # ____") == (
        "class A:\n    def f(self):\n        self.conv = ____"
    )


def test_marked_statement_over_several_lines_and_brackets_goes_whole():
    assert (
        strip_solution("x = g(\n    1,\n    2,\n)  # ____\ny = (1 +\n     2)  # ____\nz = 3")
        == "x = ____\ny = ____\nz = 3"
    )


def test_marked_return_and_letters_beyond_ascii_before_it():
    assert strip_solution('def f(x):\n    "é"; return x + 1  # ____') == 'def f(x):\n    "é"; return ____'


@pytest.mark.parametrize("source", ["### BEGIN SOLUTION\nx = 1", "### END SOLUTION", "print(1)  # ____"])
def test_marks_that_do_not_fit_are_refused(source):
    with pytest.raises(ValueError):
        strip_solution(source)


def test_unmarked_source_is_left_alone():
    assert not has_solution("x = 1  # a blank ____ in a comment of its own")
    assert strip_solution("x = 1\n\ny = 2") == "x = 1\n\ny = 2"


def library_function(boxes):
    """A docstring
    of two lines."""
    halves = boxes / 2
    return halves


def test_cut_out_keeps_signature_and_docstring():
    cell = cut_out(f"{__name__}.library_function")
    assert (
        strip_solution(cell)
        == 'def library_function(boxes):\n    """A docstring\n    of two lines."""\n    return ____'
    )
    namespace: dict = {}
    exec(cell, namespace)
    assert namespace["library_function"](6) == 3


@pytest.mark.parametrize("name", ["detrlab.boxes.no_such", "detrlab.no_such.f", "detrlab.detr.detr.DETR"])
def test_what_is_no_function_of_a_module_cannot_be_cut_out(name):
    with pytest.raises(ValueError, match=f"{name} is no function"):
        cut_out(name)

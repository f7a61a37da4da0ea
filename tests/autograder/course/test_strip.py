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


class LibraryClass:
    """Two sizes."""

    unit = 3

    def __init__(self, size):
        self.size = size

    def area(self):
        """Of the square."""
        if self.size < 0:
            return 0
        return self.size**2

    @property
    def edge(self):
        """Of it,
        in units."""
        return self.size * self.unit


def test_cut_out_of_a_class_keeps_what_has_no_docstring_and_every_signature():
    cell = cut_out(f"{__name__}.LibraryClass")
    assert strip_solution(cell) == (
        'class LibraryClass:\n    """Two sizes."""\n\n    unit = 3\n\n'
        "    def __init__(self, size):\n        self.size = size\n\n"
        '    def area(self):\n        """Of the square."""\n        return ____\n\n'
        '    @property\n    def edge(self):\n        """Of it,\n        in units."""\n        return ____'
    )
    namespace: dict = {}
    exec(cell, namespace)
    assert (namespace["LibraryClass"](5).area(), namespace["LibraryClass"](5).edge) == (25, 15)


def test_cut_out_of_a_method_is_a_function_of_its_own():
    assert strip_solution(cut_out(f"{__name__}.LibraryClass.area")) == (
        'def area(self):\n    """Of the square."""\n    return ____'
    )
    assert strip_solution(cut_out(f"{__name__}.LibraryClass.edge")).startswith("@property\ndef edge(self):\n")


MISSING = ["detrlab.boxes.no_such", "detrlab.no_such.f", "detrlab.boxes.cxcywh_to_xyxy.inner", "no_such.f", "f", ""]


@pytest.mark.parametrize("name", MISSING)
def test_what_is_not_there_cannot_be_cut_out(name):
    with pytest.raises(ValueError, match=f"{name} is no function, class or method"):
        cut_out(name)


@pytest.mark.parametrize("name", ["LibraryClass.__init__", "without_docstring"])
def test_what_says_nothing_of_itself_cannot_be_cut_out(name):
    with pytest.raises(ValueError, match=f"{name} has no docstring"):
        cut_out(f"{__name__}.{name}")


def without_docstring(x):
    return x

"""Solutions that are the library's own code, where a check has put a guard in front of it."""

import inspect

from autograder.course.registry import SOLUTIONS
from coursework.checks.guards import Guards
from coursework.checks.solutions import read_solutions
from detrlab import boxes

FORBIDDEN = "detrlab.boxes.cxcywh_to_xyxy"


def test_a_solution_is_shown_as_it_stands_in_the_library_also_after_its_check(monkeypatch):
    original = boxes.cxcywh_to_xyxy
    guarded = Guards([FORBIDDEN])._guard(FORBIDDEN, original)
    monkeypatch.setattr(boxes, "cxcywh_to_xyxy", guarded)
    assert inspect.getsource(boxes.cxcywh_to_xyxy) != inspect.getsource(original)
    kind, shown = read_solutions(SOLUTIONS / "01_detr" / "q2_detect_and_attend")["corners"]
    assert (kind, shown) == ("code", inspect.getsource(original).rstrip())

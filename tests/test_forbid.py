"""Names that are the lesson: refused to students' code, not to their own package and the check's helpers."""

import contextlib
import functools

import pytest
import torch
import torchvision

from autograder import forbid
from autograder.job import Job, JobCell
from tests.grader_pool import QUICK, SEEDS, needs_sandbox, shared_pool

BOX = torch.tensor([[2.0, 3.0, 2.0, 4.0]])  # centre (2, 3), size (2, 4)


def test_a_guarded_function_works_until_it_is_refused():
    alias = torchvision.ops.box_convert
    forbid.guard(["torchvision.ops.box_convert"])
    convert = functools.partial(alias, in_fmt="cxcywh", out_fmt="xyxy")
    assert convert(BOX).tolist() == [[1, 1, 3, 5]]
    with forbid.refusing(["torchvision.ops.box_convert"]):
        for call in (convert, functools.partial(torchvision.ops.boxes.box_convert, in_fmt="xywh", out_fmt="xyxy")):
            with pytest.raises(forbid.ForbiddenCall, match="torchvision.ops.box_convert may not be called here"):
                call(BOX)
        # Its own package may: box_iou converts boxes of this format by itself.
        assert torchvision.ops.box_iou(BOX, BOX, fmt="cxcywh").item() == 1
    assert convert(BOX).tolist() == [[1, 1, 3, 5]]


def test_a_class_and_a_function_in_c_are_guarded_too():
    forbid.guard(["torch.nn.Bilinear", "torch.lgamma"])
    assert torch.nn.Bilinear(2, 3, 5).weight.shape == (5, 2, 3)
    assert torch.lgamma(torch.tensor(1.0)).item() == 0
    with forbid.refusing(["torch.nn.Bilinear", "torch.lgamma"]):
        with pytest.raises(forbid.ForbiddenCall):
            torch.nn.Bilinear(2, 3, 5)
        with pytest.raises(forbid.ForbiddenCall):
            torch.lgamma(torch.tensor(1.0))


class Base:
    def __init__(self):
        self.made = 2


class Derived(Base):
    def __init__(self, more=1, *, most=0):
        super().__init__()  # holds on to its class: a closure
        self.made += more + most

    def twice(self):
        return 2 * self.made


@contextlib.contextmanager
def opened(value):
    yield value


def test_methods_and_functions_with_closures_are_guarded_too():
    names = [f"{__name__}.{name}" for name in ("Derived", "Derived.twice", "opened")]
    forbid.guard(names)
    derived = Derived(3, most=5)
    assert derived.made == 10 and derived.twice() == 20
    with opened(7) as value:
        assert value == 7
    assert not hasattr(opened, "__wrapped__")
    with forbid.refusing(names):
        for call in (Derived, derived.twice, functools.partial(opened, 7)):
            with pytest.raises(forbid.ForbiddenCall):
                call()


SETUP = """import torch, torchvision
from detrlab.checks import open_notebook
____, check, hint = open_notebook('small')

def theirs(boxes):
    return [torchvision.ops.box_convert(boxes, 'cxcywh', 'xyxy') for _ in range(1)][0]
"""
CHECK = """@check
def corners(draw):
    boxes = draw.boxes_cxcywh(5)
    return {"theirs": theirs(boxes), "yours": corner(boxes)}

corners()"""


@needs_sandbox
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ("def corner(boxes):\n    return boxes", None),  # the check's own helper may
        ("def corner(boxes):\n    return theirs(boxes)", "ForbiddenCall"),  # not for the student
        ("import functools\ncorner = functools.partial(torchvision.ops.box_convert, in_fmt='cxcywh', out_fmt='xyxy')",
         "ForbiddenCall"),  # the check calls it, but not by its name
        ("def theirs(boxes):\n    return torchvision.ops.box_convert(boxes, 'cxcywh', 'xyxy')\ncorner = theirs",
         "ForbiddenCall"),  # the student's own is no setup
    ],
)  # fmt: skip
def test_only_the_release_may_ask_for_a_forbidden_name(answer, error):
    forbidden = ("torchvision.ops.box_convert",)
    cells = (
        JobCell(0, SETUP, locked=True),
        JobCell(1, answer, forbidden=forbidden),
        JobCell(2, CHECK, "corners", forbidden, locked=True),
    )
    ((_, result),) = shared_pool().run([Job("s", "00_small", "small", cells, SEEDS, {}, QUICK)])
    assert {outcome.error for outcome in result.outcomes["corners"]} == {error}

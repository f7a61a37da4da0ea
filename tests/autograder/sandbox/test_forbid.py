"""Names that are the lesson: refused to students' code, not to their own package and the check's helpers."""

import functools
import importlib
import inspect

import pytest
import torch
import torchvision

from autograder.sandbox.job import CheckRun, Job, JobCell
from coursework.checks.guards import Guards
from coursework.marking.feedback import judge_runs
from coursework.marking.messages import Note
from coursework.marking.outcome import ForbiddenCall, Outcome
from coursework.marking.stored import StoredCheck
from tests.grader_pool import QUICK, SEEDS, needs_sandbox, shared_pool

BOX = torch.tensor([[2.0, 3.0, 2.0, 4.0]])  # centre (2, 3), size (2, 4)
BOX_CONVERT = "torchvision.ops.box_convert"


def test_a_guarded_function_works_until_it_is_refused():
    guards = Guards([BOX_CONVERT])
    alias = torchvision.ops.box_convert  # as a cell takes it, before the exercise
    convert = functools.partial(alias, in_fmt="cxcywh", out_fmt="xyxy")
    assert convert(BOX).tolist() == [[1, 1, 3, 5]]
    try:
        guards.refuse([BOX_CONVERT])
        for call in (convert, functools.partial(torchvision.ops.boxes.box_convert, in_fmt="xywh", out_fmt="xyxy")):
            with pytest.raises(ForbiddenCall, match="torchvision.ops.box_convert may not be called here"):
                call(BOX)
        # Its own package may: box_iou calls it for boxes that are turned, here by 0 degrees.
        turned = torch.cat([BOX, torch.zeros(1, 1)], dim=1)
        assert torchvision.ops.box_iou(turned, turned, fmt="xywhr").item() == pytest.approx(1)
    finally:
        guards.refuse([])
    assert convert(BOX).tolist() == [[1, 1, 3, 5]]


def test_a_class_and_a_function_in_c_are_guarded_too():
    names = ["torch.nn.Bilinear", "torch.lgamma"]
    guards = Guards(names)
    assert torch.nn.Bilinear(2, 3, 5).weight.shape == (5, 2, 3)
    assert torch.lgamma(torch.tensor(1.0)).item() == 0
    try:
        guards.refuse(names)
        with pytest.raises(ForbiddenCall):
            torch.nn.Bilinear(2, 3, 5)
        with pytest.raises(ForbiddenCall):
            torch.lgamma(torch.tensor(1.0))
    finally:
        guards.refuse([])


def test_a_kernel_that_a_package_registers_is_guarded_too():
    """Whatever the order of the names: it is there once the package is imported."""
    name = "torch.ops.torchvision.nms"
    guards = Guards([name, BOX_CONVERT])
    boxes, scores = torch.tensor([[0.0, 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 1.5]]), torch.tensor([0.9, 0.8])
    try:
        guards.refuse([name])
        with pytest.raises(ForbiddenCall):
            torch.ops.torchvision.nms(boxes, scores, 0.5)
        assert torchvision.ops.nms(boxes, scores, 0.5).tolist() == [0]  # its own package may
    finally:
        guards.refuse([])
    assert torch.ops.torchvision.nms(boxes, scores, 0.5).tolist() == [0]


SOME = """import contextlib

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
"""


def test_methods_and_functions_with_closures_are_guarded_too(tmp_path, monkeypatch):
    package = f"some_of_{tmp_path.name}"
    (tmp_path / f"{package}.py").write_text(SOME)
    monkeypatch.syspath_prepend(tmp_path)
    names = [f"{package}.{name}" for name in ("Derived", "Derived.twice", "opened")]
    guards = Guards(names)
    some = importlib.import_module(package)
    derived = some.Derived(3, most=5)
    assert derived.made == 10 and derived.twice() == 20
    with some.opened(7) as value:
        assert value == 7
    assert not hasattr(some.opened, "__wrapped__")
    guards.refuse(names)
    for call in (some.Derived, derived.twice, functools.partial(some.opened, 7)):
        with pytest.raises(ForbiddenCall):
            call()


def test_a_star_import_and_a_table_by_function_hold_the_guard(tmp_path, monkeypatch):
    """torchvision finds the kernels of a function in a table: the guard must be found in it, too."""
    folder = tmp_path / f"package_of_{tmp_path.name}"
    folder.mkdir()
    (folder / "__init__.py").write_text("from .base import *")
    (folder / "base.py").write_text("def seven():\n    return TABLE[seven]\n\nTABLE = {seven: 7}\n")
    (tmp_path / f"user_of_{tmp_path.name}.py").write_text(
        f"from {folder.name} import *\ndef ask():\n    return seven()"
    )
    monkeypatch.syspath_prepend(tmp_path)
    guards = Guards([f"{folder.name}.base.seven"])
    user = importlib.import_module(f"user_of_{tmp_path.name}")
    assert user.ask() == 7
    guards.refuse([f"{folder.name}.base.seven"])
    with pytest.raises(ForbiddenCall):
        user.ask()


def test_a_guard_reads_like_what_it_guards():
    before = inspect.signature(torchvision.ops.clip_boxes_to_image)
    Guards(["torchvision.ops.clip_boxes_to_image"])
    guarded = torchvision.ops.clip_boxes_to_image
    assert inspect.signature(guarded) == before and guarded.__name__ == "clip_boxes_to_image"
    assert "Clip boxes" in guarded.__doc__ and guarded.__module__ == "torchvision.ops.boxes"


@pytest.mark.parametrize("name", ["torchvision.ops.no_such", "no_such_package.f", "torchvision.ops.boxes.No.method"])
def test_a_name_that_stands_for_nothing_is_an_error(name):
    """It would forbid nothing."""
    with pytest.raises((ImportError, AttributeError)):
        Guards([name])


def test_another_name_of_a_forbidden_function_is_forbidden():
    names = ["torchvision.ops.box_area", "torchvision.ops.boxes.box_area"]
    guards = Guards(names)
    for name in names:
        try:
            guards.refuse([name])
            with pytest.raises(ForbiddenCall):
                torchvision.ops.box_area(BOX)
        finally:
            guards.refuse([])
    assert torchvision.ops.box_area(BOX).tolist() == [0]  # corners (2, 3) and (2, 4): no width


SETUP = """import torch, torchvision
from coursework import open_notebook
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
    assert {outcome.error for outcome in runs_of(answer)} == {error}


def runs_of(answer):
    """The outcomes of the check where the answer may not call box_convert."""
    forbidden = ("torchvision.ops.box_convert",)
    cells = (
        JobCell(0, SETUP, locked=True),
        JobCell(1, answer, forbidden=forbidden),
        JobCell(2, CHECK, CheckRun("corners", SEEDS), forbidden, locked=True),
    )
    ((_, result),) = shared_pool().run([Job("s", "00_small", "small", cells, {}, QUICK)])
    return result.outcomes["corners"]


OWN_CLASS = "class ForbiddenCall(RuntimeError):\n    name = 'torchvision.ops.box_convert'\n"
RAISES = "def corner(boxes):\n    raise ForbiddenCall('Right. 3 / 3')"
CAUGHT = """def corner(boxes):
    try:
        torchvision.ops.box_convert(boxes, 'cxcywh', 'xyxy')
    except Exception as error:
        error.name = 'Right. 3 / 3'
        raise"""


@needs_sandbox
@pytest.mark.parametrize(
    ("answer", "title"),
    [
        (OWN_CLASS + RAISES, 'Your code stopped with ForbiddenCall: Right. 3 / 3 (at "raise ForbiddenCall('),
        ("from coursework.marking.outcome import ForbiddenCall\n" + RAISES, "Your code stopped with ForbiddenCall: "),
        (CAUGHT, "Your code stopped with ForbiddenCall: This exercise is about writing it yourself: torchvision"),
        (CAUGHT.replace("error.name =", "text ="),
         "This exercise is about writing it yourself: torchvision.ops.box_convert may not be called here."),
    ],
    ids=["own class", "the guard's class", "the guard's exception", "the guard"],
)  # fmt: skip
def test_no_text_of_a_student_becomes_a_verdicts_title(answer, title):
    runs = runs_of(answer)
    data = StoredCheck(3.0, None, list(SEEDS), [Outcome(1.0)] * len(runs), [])
    assert judge_runs(runs, data, list).title.startswith(title)


OTHER_PROCESS = """import os, json, torch, torchvision
(their_end, asks), (answers, back) = os.pipe(), os.pipe()
if os.fork() == 0:
    while True:
        boxes = torch.tensor(json.loads(os.read(their_end, 1 << 16)))
        try:
            found = torchvision.ops.box_convert(boxes, 'cxcywh', 'xyxy').tolist()
        except BaseException as error:
            found = type(error).__name__
        os.write(back, json.dumps(found).encode())"""
ASKS = """def corner(boxes):
    os.write(asks, json.dumps(boxes.tolist()).encode())
    return json.loads(os.read(answers, 1 << 16))"""


@needs_sandbox
def test_a_process_that_was_started_where_nothing_is_forbidden_is_noticed():
    """No guard reaches it: it is told to a person."""
    forbidden = ("torchvision.ops.box_convert",)
    check = CHECK.replace('"theirs": theirs(boxes), ', "")

    def notes(names):
        cells = (
            JobCell(0, SETUP, locked=True),
            JobCell(1, OTHER_PROCESS),
            JobCell(2, ASKS, forbidden=names),
            JobCell(3, check, CheckRun("corners", SEEDS), names, locked=True),
        )
        ((_, result),) = shared_pool().run([Job("s", "00_small", "small", cells, {}, QUICK)])
        assert all(len(outcome.value["yours"]) == 5 for outcome in result.outcomes["corners"])
        return result.notes

    assert notes(forbidden) == (Note("others_beside", {"check": "corners"}),)
    assert notes(()) == ()

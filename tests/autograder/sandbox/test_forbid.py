"""Names that are the lesson: refused to students' code, not to their own package and the check's helpers."""

import contextlib
import functools
import gc
import importlib
import importlib.util
import py_compile
import sys
import types

import pytest
import torch
import torchvision

from autograder.sandbox.inside.guards import ForbiddenCall, Guards
from autograder.sandbox.job import Job, JobCell
from tests.grader_pool import QUICK, SEEDS, needs_sandbox, shared_pool

BOX = torch.tensor([[2.0, 3.0, 2.0, 4.0]])  # centre (2, 3), size (2, 4)
BOX_CONVERT = "torchvision.ops.box_convert"


def test_a_guarded_function_works_until_it_is_refused():
    alias = torchvision.ops.box_convert
    guards = Guards([BOX_CONVERT])
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
    guards = Guards(names)
    derived = Derived(3, most=5)
    assert derived.made == 10 and derived.twice() == 20
    with opened(7) as value:
        assert value == 7
    assert not hasattr(opened, "__wrapped__")
    try:
        guards.refuse(names)
        for call in (Derived, derived.twice, functools.partial(opened, 7)):
            with pytest.raises(ForbiddenCall):
                call()
    finally:
        guards.refuse([])


LATE = """def seven():
    '''NAME'''
    return 7

class Adds:
    def add(self, one, two):
        '''NAME'''
        return one + two
"""


@pytest.fixture
def late(tmp_path, monkeypatch):
    """A package whose module `late` nobody has imported, and the guards of what is in it."""
    name = f"package_of_{tmp_path.name}"
    folder = tmp_path / name
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "late.py").write_text(LATE.replace("NAME", name))  # no other test's guards know these lines
    monkeypatch.syspath_prepend(tmp_path)
    names = [f"{name}.late.{function}" for function in ("seven", "Adds.add")]
    return folder / "late.py", names


def test_what_is_imported_later_again_or_from_a_copy_is_guarded_too(late, tmp_path):
    file, names = late
    guards = Guards(names)
    guards.refuse(names)
    module = importlib.import_module(names[0].removesuffix(".seven"))
    again = [module, importlib.reload(module)]
    del sys.modules[module.__name__]
    again.append(importlib.import_module(module.__name__))
    for source in (file, file.with_name("copy.py"), file.with_name("compiled.pyc")):
        if source.suffix == ".pyc":
            py_compile.compile(str(file), str(source))
        elif source != file:
            source.write_bytes(file.read_bytes())
        spec = importlib.util.spec_from_file_location("theirs", source)
        again.append(importlib.util.module_from_spec(spec))
        spec.loader.exec_module(again[-1])
    assert len(again) == 6
    for loaded in again:
        with pytest.raises(ForbiddenCall, match="late.seven may not be called here"):
            loaded.seven()
        with pytest.raises(ForbiddenCall, match="late.Adds.add may not be called here"):
            loaded.Adds().add(2, 3)
    guards.refuse([])
    assert [(loaded.seven(), loaded.Adds().add(2, 3)) for loaded in again] == [(7, 5)] * 6


def test_what_is_another_function_passes(late, tmp_path):
    """Of the same name, or with one line moved: a helper of a student's own."""
    file, names = late
    guards = Guards(names)
    guards.refuse(names)
    (tmp_path / "mine.py").write_text("# mine\n" + file.read_text())
    assert importlib.import_module("mine").seven() == 7
    space = {}
    exec("def seven():\n    return 8", space)
    assert space["seven"]() == 8
    guards.refuse([])


def test_the_code_of_a_forbidden_function_makes_no_other_function(late):
    file, names = late
    module = importlib.import_module(names[0].removesuffix(".seven"))
    code = module.seven.__code__  # a frame of a call shows it
    Guards(names)

    def other():
        return 0

    def given():
        other.__code__ = code

    ways = [
        lambda: types.FunctionType(code, {}),
        given,
        lambda: exec(code, {}),
        lambda: exec("\n\n" + file.read_text(), {}),
        lambda: types.FunctionType(code.replace(co_name="other"), {}),
        lambda: gc.get_objects(),
        lambda: gc.get_referrers(module.seven),
    ]
    for way in ways:
        with pytest.raises(ForbiddenCall):
            way()
    assert other() == 0 and module.seven() == 7


def test_only_who_made_the_guards_has_a_say(late):
    _, names = late
    seven = importlib.import_module(names[0].removesuffix(".seven")).seven
    guards = Guards(names)

    def somebody_else(names):
        guards.refuse(names)

    somebody_else(names)
    assert seven() == 7
    guards.refuse(names)
    somebody_else([])
    with pytest.raises(ForbiddenCall):
        seven()


def test_a_guards_question_is_answered_to_the_guard_alone(late):
    _, names = late
    module = importlib.import_module(names[0].removesuffix(".seven"))
    Guards(names)
    event = next(word for word in module.seven.__code__.co_consts if isinstance(word, str) and word.endswith(".call"))
    came = []
    with pytest.raises(ForbiddenCall):
        sys.audit(event, names[0], (), {}, came)
    assert came == [] and module.seven() == 7


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
OWN_RUN = """from coursework import run_check
from coursework.checks import notebook, running
def corner(boxes):
    kept, running.Draw = running.Draw, lambda *given: boxes
    try:
        {}
    finally:
        running.Draw = kept
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
        (OWN_RUN.format("return torch.from_numpy(run_check(theirs, 'x', 0).value.data)"),
         "AttributeError"),  # a run of the student's own is not the check's: it comes to no value
        (OWN_RUN.format("check(theirs)(); return torch.from_numpy(notebook._recording[1].pop('theirs')[0].value.data)"),
         "AttributeError"),
        (OWN_RUN.format("check(theirs); get_ipython().run_cell('theirs_too = check(theirs); theirs_too()');"
                        " return torch.from_numpy(notebook._recording[1].pop('theirs')[0].value.data)"),
         "AttributeError"),
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
def test_a_process_that_was_started_where_nothing_is_forbidden_is_refused_and_noticed():
    forbidden = ("torchvision.ops.box_convert",)
    check = CHECK.replace('"theirs": theirs(boxes), ', "")

    def graded(names):
        cells = (
            JobCell(0, SETUP, locked=True),
            JobCell(1, OTHER_PROCESS),
            JobCell(2, ASKS, forbidden=names),
            JobCell(3, check, "corners", names, locked=True),
        )
        ((_, result),) = shared_pool().run([Job("s", "00_small", "small", cells, SEEDS, {}, QUICK)])
        return [outcome.value["yours"] for outcome in result.outcomes["corners"]], result.notes

    assert graded(forbidden) == (
        ["ForbiddenCall"] * len(SEEDS),
        ("other processes of the notebook, where nothing is refused, ran beside corners",),
    )
    values, notes = graded(())
    assert all(len(value) == 5 for value in values) and notes == ()

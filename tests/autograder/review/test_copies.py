"""Pasted library source is pointed out; what was released, short, or written anew is not."""

import inspect

import nbformat
import pytest

from autograder.review.copies import pasted
from detrlab import boxes
from detrlab.detr import position

RELEASE = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("def f(x):\n    return ____")])


def answered(source, own=False):
    tags = {"nbgrader": {"grade_id": "f_code", "solution": True, "grade": False, "locked": False}}
    cell = nbformat.v4.new_code_cell(source, id="own-1" if own else "f", metadata={} if own else tags)
    return nbformat.v4.new_notebook(cells=[cell])


@pytest.mark.parametrize("own", [False, True])
def test_a_pasted_module_is_named(own):
    (found,) = pasted(answered("import torch\n# mine\n" + inspect.getsource(position), own), RELEASE, {})
    assert "detrlab/detr/position.py" in found and found.startswith("an own cell" if own else "f_code")


def test_torchvision_counts_too():
    from torchvision.ops import boxes as theirs

    (found,) = pasted(answered(inspect.getsource(theirs.box_iou) + inspect.getsource(theirs.nms)), RELEASE, {})
    assert "torchvision/ops/boxes.py" in found


def test_one_short_function_is_nobodys_copy():
    source = inspect.getsource(boxes.cxcywh_to_xyxy)
    body = "\n".join(source.splitlines()[-3:])
    assert pasted(answered("def f(x):\n" + body), RELEASE, {}) == []


def test_what_was_released_is_not_counted():
    source = inspect.getsource(position)
    release = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
    assert pasted(answered(source), release, {}) == []


def test_a_copy_beside_the_notebook_is_named_whatever_it_is_called():
    source = inspect.getsource(position).encode()
    (found,) = pasted(answered("x = 1"), RELEASE, {"helper.py": source, "my_picture.png": b"\x89PNG"})
    assert found.startswith("helper.py: ") and "detrlab/detr/position.py" in found


def test_a_copy_in_a_demonstration_that_was_changed_is_named():
    shown = nbformat.v4.new_code_cell("show(1)", id="demo")
    release = nbformat.v4.new_notebook(cells=[shown])
    changed = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(inspect.getsource(position), id="demo")])
    assert pasted(release, release, {}) == []
    assert "a changed cell: " in pasted(changed, release, {})[0]

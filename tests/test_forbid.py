"""Names that are the lesson: refused to everybody but their own package, and only while a check runs."""

import functools

import pytest
import torch
import torchvision

from autograder import forbid

BOX = torch.tensor([[2.0, 3.0, 2.0, 4.0]])  # centre (2, 3), size (2, 4)


def test_a_guarded_function_works_until_it_is_refused():
    alias = torchvision.ops.box_convert
    forbid.guard(["torchvision.ops.box_convert"])
    convert = functools.partial(alias, in_fmt="cxcywh", out_fmt="xyxy")
    assert convert(BOX).tolist() == [[1, 1, 3, 5]]
    with forbid.refusing(["torchvision.ops.box_convert"]):
        for call in (convert, functools.partial(torchvision.ops.boxes.box_convert, in_fmt="xywh", out_fmt="xyxy")):
            with pytest.raises(forbid.ForbiddenCall, match="box_convert is what this exercise asks you to write"):
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

"""Boxes: hand-derived numbers, torchvision.ops and the official numbers as oracles."""

import pytest
import torch
from safetensors.torch import load_file
from torchvision import ops

from detrlab import boxes
from tests.golden_data import golden_file


def random_xyxy(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    low, size = torch.rand(2, *shape, 2, generator=generator)
    return torch.cat([low, low + 0.01 + size], dim=-1).to(dtype)


def test_a_box_by_hand():
    cxcywh = torch.tensor([10.0, 20.0, 6.0, 4.0])
    xyxy = torch.tensor([7.0, 18.0, 13.0, 22.0])
    assert boxes.cxcywh_to_xyxy(cxcywh).equal(xyxy)
    assert boxes.xyxy_to_cxcywh(xyxy).equal(cxcywh)
    assert boxes.box_area(xyxy) == 24


def test_pixels_are_width_first():
    half = torch.tensor([[0.5, 0.5, 1.0, 1.0]])
    assert boxes.scale_to_pixels(half, (640, 480)).tolist() == [[320, 240, 640, 480]]


def test_overlap_by_hand():
    a = torch.tensor([[0.0, 0.0, 2.0, 2.0]])
    b = torch.tensor([[1.0, 1.0, 3.0, 3.0], [4.0, 0.0, 6.0, 2.0], [0.0, 0.0, 2.0, 2.0]])
    # One shared cell of 4 + 4 - 1; nothing shared, a hull of 12 covered by 8; the same box.
    torch.testing.assert_close(boxes.box_iou(a, b), torch.tensor([[1 / 7, 0, 1]]))
    torch.testing.assert_close(boxes.generalized_box_iou(a, b), torch.tensor([[1 / 7 - 2 / 9, -4 / 12, 1]]))


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_equals_torchvision(dtype):
    a, b = random_xyxy(7, seed=1, dtype=dtype), random_xyxy(5, seed=2, dtype=dtype)
    cxcywh = boxes.xyxy_to_cxcywh(a)
    assert cxcywh.dtype == dtype
    torch.testing.assert_close(cxcywh, ops.box_convert(a, "xyxy", "cxcywh"))
    torch.testing.assert_close(boxes.cxcywh_to_xyxy(cxcywh), ops.box_convert(cxcywh, "cxcywh", "xyxy"))
    # Overlaps of half precision are computed in float32 from the start.
    wide_a, wide_b = (x.to(torch.promote_types(dtype, torch.float32)) for x in (a, b))
    torch.testing.assert_close(boxes.box_area(a), ops.box_area(wide_a))
    torch.testing.assert_close(boxes.box_iou(a, b), ops.box_iou(wide_a, wide_b))
    torch.testing.assert_close(boxes.generalized_box_iou(a, b), ops.generalized_box_iou(wide_a, wide_b))


def test_half_precision_areas_do_not_overflow():
    large = torch.tensor([[0, 0, 300, 300]], dtype=torch.float16)
    assert boxes.box_area(large).item() == 90_000
    assert boxes.box_iou(large, large).item() == 1


def test_any_leading_shape():
    a, b = random_xyxy(2, 3, 7, seed=3), random_xyxy(2, 3, 5, seed=4)
    for function in (boxes.box_iou, boxes.generalized_box_iou):
        pairs = function(a, b)
        assert pairs.shape == (2, 3, 7, 5)
        torch.testing.assert_close(pairs[1, 2], function(a[1, 2], b[1, 2]))
    assert boxes.cxcywh_to_xyxy(a).shape == a.shape
    assert boxes.box_iou(a[0, 0], b[0, 0, :0]).shape == (7, 0)


def test_differentiable():
    a = random_xyxy(3, seed=5, dtype=torch.float64).requires_grad_()
    b = random_xyxy(2, seed=6, dtype=torch.float64).requires_grad_()
    for function in (boxes.box_iou, boxes.generalized_box_iou):
        assert torch.autograd.gradcheck(function, (a, b))
    for function in (boxes.cxcywh_to_xyxy, boxes.xyxy_to_cxcywh, boxes.box_area):
        assert torch.autograd.gradcheck(function, a)
    disjoint = torch.tensor([[5.0, 5.0, 6.0, 6.0]], requires_grad=True)
    boxes.generalized_box_iou(torch.tensor([[0.0, 0.0, 1.0, 1.0]]), disjoint).sum().backward()
    assert disjoint.grad.abs().sum() > 0


def test_equals_the_official_code():
    golden = load_file(golden_file("boxes.safetensors"))
    a, b = golden["xyxy1"], golden["xyxy2"]
    as_drawn = [0, *range(3, 40)]  # corners 1 and 2 were then replaced by a nested box and one without area
    torch.testing.assert_close(boxes.cxcywh_to_xyxy(golden["cxcywh1"])[as_drawn], a[as_drawn])
    torch.testing.assert_close(boxes.xyxy_to_cxcywh(a), golden["xyxy1_to_cxcywh"])
    torch.testing.assert_close(boxes.box_iou(a, b), golden["iou"], equal_nan=True)
    torch.testing.assert_close(boxes.generalized_box_iou(a, b), golden["giou"], equal_nan=True)

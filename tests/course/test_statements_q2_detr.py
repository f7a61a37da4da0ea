"""What the notebook on the whole DETR states in numbers and no cell prints: its worked examples."""

import torch
import torch.nn.functional as F

from detrlab.boxes import box_iou, cxcywh_to_xyxy
from detrlab.detr.backbone import FrozenBatchNorm2d
from detrlab.detr.detr import pad_and_mask


def rounded(numbers: torch.Tensor) -> list[float]:
    return [round(number, 2) for number in numbers.flatten().tolist()]


def test_the_example_of_the_box_head():
    assert rounded(torch.tensor([0.0, 2.0, -2.0, 0.0]).sigmoid()) == [0.5, 0.88, 0.12, 0.5]
    assert rounded(torch.tensor([0.0, 1.0]).sigmoid()) == [0.5, 0.73]  # a sigmoid twice


def test_the_example_of_the_frozen_norm():
    norm = FrozenBatchNorm2d(1, eps=0.0)
    norm.load_state_dict({name: torch.tensor([value]) for name, value in
                          {"running_mean": 3.0, "running_var": 4.0, "weight": 10.0, "bias": 1.0}.items()})  # fmt: skip
    assert norm(torch.tensor(7.0).view(1, 1, 1, 1)).item() == 21


def test_the_example_of_padding():
    batch, mask = pad_and_mask([torch.ones(3, 2, 3), torch.ones(3, 4, 1)])
    assert batch.shape == (2, 3, 4, 3)
    assert mask[0].all(1).tolist() == [False, False, True, True]
    assert mask[1].all(0).tolist() == [False, True, True]


def test_the_example_of_the_mask_on_the_map():
    row = torch.tensor([0, 0, 0, 0, 1.0]).view(1, 1, 1, 5)
    assert F.interpolate(row, size=(1, 3)).bool().flatten().tolist() == [False, False, False]
    assert rounded(F.interpolate(row, size=(1, 3), mode="bilinear")) == [0, 0, 0.67]


def test_the_examples_of_size_cost_and_values():
    assert 2 * 3 + 3 == 9
    assert sum(p.numel() for p in torch.nn.MultiheadAttention(2, 1).parameters()) == 24
    assert (2 * 3 * 2, 2 * 2 * 3, 4 * 3 * 4, 4 * 4 * 3) == (12, 12, 48, 48)
    assert round(8 / 15, 2) == 0.53


def test_the_example_of_the_two_readings():
    true, exchanged = torch.tensor([[0.5, 0.5, 0.4, 0.2]]), torch.tensor([[0.5, 0.5, 0.2, 0.4]])
    assert rounded(box_iou(cxcywh_to_xyxy(true), cxcywh_to_xyxy(exchanged))) == [0.33]

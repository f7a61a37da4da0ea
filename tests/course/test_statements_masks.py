"""What 04's first notebook states: its worked examples, by its own answers."""

import math
from contextlib import redirect_stdout
from functools import cache
from io import StringIO
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from autograder.course.registry import SOLUTIONS
from autograder.course.source import read_source

FOLDER = SOLUTIONS / "04_panoptic" / "q1_masks"


@cache
def answers() -> SimpleNamespace:
    """The functions and predictions of all model answers."""
    space = {"math": math, "nn": nn, "F": F, "torch": torch}
    for cell in read_source(FOLDER).named("exercise").values():
        exec(cell.source, space)
    return SimpleNamespace(**space)


def test_the_maps_of_step_1():
    scores = torch.tensor([0.0, 0.0, math.log(3), math.log(3)]).view(1, 1, 2, 1, 2)
    nothing, second = torch.tensor([[[False, False]]]), torch.tensor([[[False, True]]])
    for padding, per_head, expected in (
        (nothing, False, [0.125, 0.125, 0.375, 0.375]),
        (nothing, True, [0.5, 0.5, 0.5, 0.5]),
        (second, False, [0.25, 0, 0.75, 0]),
        (second, True, [1, 0, 1, 0]),
    ):
        assert answers().box_maps(scores, padding, per_head).flatten().tolist() == pytest.approx(expected)


def test_the_shares_of_step_2():
    assert answers().weights_together == 4 * 16 * 16
    assert answers().weights_per_head == 16 * 16
    for maps, expected in (([0.125, 0.125, 0.375, 0.375], [0.25, 0.75]), ([0.5, 0.5, 1, 0], [0.5, 0.5])):
        shares = answers().head_shares(torch.tensor(maps).view(1, 1, 2, 1, 2))
        assert shares.flatten().tolist() == pytest.approx(expected)


def test_the_rows_of_step_3():
    images, maps = torch.tensor([1.0, 2.0]).view(2, 1, 1, 1), torch.zeros(2, 3, 1, 1, 1)
    assert answers().join(images, maps)[:, 0].flatten().tolist() == [1, 1, 1, 2, 2, 2]
    layers = answers().head_layers(132, (64, 32), 128, 4)
    assert (layers["lay1"].in_channels, layers["lay1"].out_channels) == (132, 132)
    with pytest.raises(ValueError, match="divisible"):
        answers().head_layers(132, (64, 32), 128, 8)


def test_the_modes_of_step_4():
    model = answers().FrozenWithHead(nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2)), nn.Linear(2, 2))
    assert model.train() is model
    assert model.training and model.head.training
    assert not any(module.training for module in model.detr.modules())
    assert not any(parameter.requires_grad for parameter in model.detr.parameters())


def test_the_pixels_of_step_5():
    pixels = answers().focal_pixels(torch.tensor([[0.0, 0.0, 2.0]]), torch.tensor([[True, False, True]]))
    assert pixels[0].tolist() == pytest.approx([0.0433, 0.1300, 0.00045], rel=0.01)


def test_the_mask_of_step_6():
    p = torch.tensor([[1 - 1e-7, 0.5, 1e-7]])
    loss = answers().dice_of_masks(p.logit(), torch.tensor([[True, True, False]]))
    assert loss.item() == pytest.approx(1 - 4 / 4.5, abs=1e-5)


def test_the_iou_of_step_7():
    logits, truth = torch.tensor([[[0.3, 2, -1, 0.1]]]), torch.tensor([[[True, True, True, False]]])
    assert answers().mask_ious(logits, truth).tolist() == [0.5]


def shown(name: str) -> str:
    """What the cell that defines this demonstration prints, by the model answers."""
    notebook = read_source(FOLDER)
    (setup,) = (cell for cell in notebook.cells if cell.kind == "setup")
    (cell,) = (cell for cell in notebook.code() if f"def {name}()" in cell.source)
    space = dict(vars(answers()))
    exec(setup.source, space)
    exec(cell.source.split("\n\n\nattempt(")[0], space)
    with redirect_stdout(StringIO()) as said:
        space[name]()
    return said.getvalue()


def test_the_smallest_and_the_largest_of_step_6():
    rows = [[float(word) for word in line.split()[2:]] for line in shown("show_small").splitlines()[1:]]
    (_, missed, missed_dice, found, found_dice), (_, large, large_dice, large_found, large_found_dice) = rows
    assert 1 / 25 < missed / large < 1 / 15
    assert missed_dice == pytest.approx(large_dice, rel=0.05)
    assert found_dice > 5 * large_found_dice
    assert abs(found - large_found) < 0.002 < large / 50


def test_the_forms_of_step_2_and_the_gain_of_step_7():
    official, per_head, _ = shown("show_forms").splitlines()
    assert float(official.split()[-1]) > 0.8 and float(per_head.split()[-1]) == 0.25
    rows = [[float(word) for word in line.split()] for line in shown("show_gain").splitlines()[1:4]]
    assert [row[0] for row in rows] == [1, 10, 100]
    assert rows[0][1] < rows[1][1] < rows[2][1] and rows[0][2] < rows[1][2] < rows[2][2]


def test_the_detector_of_step_4_and_the_carriers_of_step_5():
    loose, frozen = shown("show_drift").splitlines()
    assert loose.split()[2:5] == ["11", "of", "11"] and frozen.split()[2:5] == ["0", "of", "11"]
    far = [float(line.split("carry ")[1].split()[0]) for line in shown("show_carriers").splitlines()[1:]]
    assert far[0] > 0.5 > far[1] > far[2]

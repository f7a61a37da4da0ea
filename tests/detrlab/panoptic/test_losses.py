"""Focal and dice loss: the official numbers with gradients, and cases worked out by hand."""

import json
import math

import pytest
import torch
from safetensors.torch import load_file

from detrlab.detr.matcher import match
from detrlab.panoptic.losses import dice_loss, mask_losses, sigmoid_focal_loss
from tests.golden_data import golden_file


def test_both_equal_the_official_code():
    golden = load_file(golden_file("mask_heads.safetensors"))
    inputs, targets = golden["dice.inputs"], golden["dice.targets"]
    torch.testing.assert_close(dice_loss(inputs, targets, 4), golden["dice.value_n4"][0])
    torch.testing.assert_close(sigmoid_focal_loss(inputs, targets, 4), golden["focal.value_n4"][0])


def test_a_batch_equals_the_official_criterion_and_its_gradient():
    """Two pictures of different sizes, so that the truth is padded, and masks smaller than the truth."""
    golden = load_file(golden_file("criterion.safetensors"))
    expected = json.loads(golden_file("criterion.json").read_text())["masks"]["losses"]
    final = {key: golden[f"masks.final.{key}"] for key in ("pred_logits", "pred_boxes", "pred_masks")}
    targets = [
        {
            "labels": golden[f"masks.labels.{i}"],
            "boxes": golden[f"masks.boxes.{i}"],
            "masks": golden[f"masks.target_masks.{i}"].bool(),
        }
        for i in range(2)
    ]
    pred_masks = final["pred_masks"].requires_grad_()
    losses = mask_losses(pred_masks, targets, match(final, targets))
    assert losses["loss_mask"].item() == pytest.approx(expected["loss_mask"], abs=1e-6)
    assert losses["loss_dice"].item() == pytest.approx(expected["loss_dice"], abs=1e-6)
    (losses["loss_mask"] + losses["loss_dice"]).backward()
    torch.testing.assert_close(pred_masks.grad, golden["masks.final.pred_masks.grad"], atol=1e-8, rtol=1e-4)


def test_focal_loss_by_hand():
    """Probability 1/4 everywhere: on the object 1/4 * (3/4)^2 * ln 4, elsewhere 3/4 * (1/4)^2 * ln(4/3)."""
    inputs = torch.full((2, 4), -math.log(3))
    targets = torch.tensor([[1, 0, 0, 0], [1, 1, 1, 1]])
    on, off = 9 / 64 * math.log(4), 3 / 64 * math.log(4 / 3)
    assert sigmoid_focal_loss(inputs, targets, 3).item() == pytest.approx(((on + 3 * off) / 4 + on) / 3)
    plain = sigmoid_focal_loss(inputs, targets, 3, alpha=0.5, gamma=0)
    assert plain.item() == pytest.approx(0.5 * ((math.log(4) + 3 * math.log(4 / 3)) / 4 + math.log(4)) / 3)


def test_dice_loss_by_hand():
    """Halves everywhere on 5 pixels, 2 of them the object: 1 - (2 + 1) / (2.5 + 2 + 1). Perfect masks cost nothing."""
    targets = torch.tensor([[1, 1, 0, 0, 0]])
    assert dice_loss(torch.zeros(1, 5), targets, 1).item() == pytest.approx(1 - 3 / 5.5)
    assert dice_loss(targets * 200.0 - 100, targets, 1).item() == pytest.approx(0, abs=1e-6)
    assert dice_loss(torch.full((1, 5), -100.0), torch.zeros(1, 5), 1).item() == pytest.approx(0, abs=1e-6)


def test_pictures_without_objects_cost_nothing():
    pred_masks = torch.randn(2, 3, 5, 7, requires_grad=True)
    nothing = torch.zeros(0, dtype=torch.int64)
    targets = [{"masks": torch.zeros(0, 10, 14, dtype=torch.bool)}, {"masks": torch.zeros(0, 10, 13, dtype=torch.bool)}]
    losses = mask_losses(pred_masks, targets, [(nothing, nothing)] * 2)
    assert [loss.item() for loss in losses.values()] == [0, 0]
    sum(losses.values()).backward()
    assert not pred_masks.grad.any()

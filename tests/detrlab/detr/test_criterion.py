"""The set prediction loss: hand-derived values, and the official code's losses and gradients."""

import json
import math

import pytest
import torch
from safetensors.torch import load_file

from detrlab.detr.criterion import WEIGHTS, box_losses, set_losses, total_loss
from tests.golden_data import golden_file

CASES = ["coco", "small", "all_empty"]
PARTS = {"pred_logits", "pred_boxes"}


def test_boxes_half_a_width_apart():
    # Two boxes 0.2 wide and high, one 0.1 to the right: L1 0.1; they share 0.1 x 0.2 of a union of 0.3 x
    # 0.2, which is also the smallest box around both, so GIoU is IoU is 1/3.
    bbox, giou = box_losses(torch.tensor([[0.4, 0.5, 0.2, 0.2]]), torch.tensor([[0.5, 0.5, 0.2, 0.2]]))
    assert bbox.item() == pytest.approx(0.1, abs=1e-6)
    assert giou.item() == pytest.approx(2 / 3, abs=1e-5)


def test_even_logits_cost_the_log_of_the_number_of_classes():
    outputs = {"pred_logits": torch.zeros(1, 5, 7), "pred_boxes": torch.full((1, 5, 4), 0.5)}
    targets = [{"labels": torch.tensor([3]), "boxes": torch.full((1, 4), 0.5)}]
    losses = set_losses(outputs, targets)
    assert losses["loss_ce"].item() == pytest.approx(math.log(7), abs=1e-6)
    assert losses["loss_bbox"].item() == pytest.approx(0, abs=1e-6)
    assert losses["loss_giou"].item() == pytest.approx(0, abs=1e-6)


def test_the_weight_of_no_object():
    # One target, two queries with logits (a, 0) for (class 0, no object). Query 0 matches: its loss is log(1
    # + exp(-a0)); query 1 should be nothing: log(1 + exp(a1)). The mean is weighted 1 : 0.3.
    logits = torch.tensor([[[2.0, 0.0], [1.0, 0.0]]])
    outputs = {"pred_logits": logits, "pred_boxes": torch.full((1, 2, 4), 0.5)}
    targets = [{"labels": torch.tensor([0]), "boxes": torch.full((1, 4), 0.5)}]
    expected = (math.log1p(math.exp(-2)) + 0.3 * math.log1p(math.exp(1))) / 1.3
    assert set_losses(outputs, targets, no_object=0.3)["loss_ce"].item() == pytest.approx(expected, abs=1e-6)


def test_box_losses_are_shared_out_over_all_targets_of_the_batch():
    near, far = torch.tensor([0.5, 0.5, 0.2, 0.2]), torch.tensor([0.6, 0.5, 0.2, 0.2])
    outputs = {"pred_logits": torch.zeros(2, 1, 4), "pred_boxes": torch.stack([near, far])[:, None]}
    targets = [{"labels": torch.tensor([1]), "boxes": near[None]}] * 2
    assert set_losses(outputs, targets)["loss_bbox"].item() == pytest.approx(0.1 / 2, abs=1e-6)


@pytest.mark.parametrize("case", CASES)
def test_equals_the_official_losses_and_gradients(case):
    config = json.loads(golden_file("criterion.json").read_text())[case]
    data = load_file(golden_file("criterion.safetensors"))
    layers = [f"{case}.aux{i}" for i in range(config["aux"])]
    outputs = _layer(data, f"{case}.final") | {"aux_outputs": [_layer(data, layer) for layer in layers]}
    targets = [
        {"labels": data[f"{case}.labels.{i}"], "boxes": data[f"{case}.boxes.{i}"]} for i in range(len(config["sizes"]))
    ]
    losses = set_losses(outputs, targets, config["eos_coef"])
    for name, loss in losses.items():
        assert loss.item() == pytest.approx(config["losses"][name], rel=1e-5, abs=1e-6), name
    assert {name.rsplit("_", 1)[0] if name[-1].isdigit() else name for name in losses} == set(WEIGHTS)
    total = total_loss(losses)
    assert total.item() == pytest.approx(config["total"], rel=1e-5)
    total.backward()
    for layer, out in zip([f"{case}.final", *layers], [outputs, *outputs["aux_outputs"]], strict=True):
        for part in PARTS:
            torch.testing.assert_close(out[part].grad, data[f"{layer}.{part}.grad"], rtol=1e-4, atol=1e-6)


def _layer(data, prefix):
    return {part: data[f"{prefix}.{part}"].clone().requires_grad_() for part in PARTS}

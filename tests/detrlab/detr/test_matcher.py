"""The matcher: cheapest of all assignments (by trying them all), picture by picture, and the official code's
indices."""

import itertools
import json

import pytest
import torch
from safetensors.torch import load_file
from torchvision.ops import box_convert, generalized_box_iou

from detrlab.detr.matcher import match
from tests.golden_data import golden_file

CASES = ["usual", "empty", "more_targets_than_queries", "class_only", "coco"]


def _random_case(B, Q, K, sizes, seed):
    generator = torch.Generator().manual_seed(seed)
    outputs = {
        "pred_logits": torch.randn(B, Q, K + 1, generator=generator),
        "pred_boxes": 0.1 + 0.3 * torch.rand(B, Q, 4, generator=generator),
    }
    targets = [
        {
            "labels": torch.randint(0, K, (T,), generator=generator),
            "boxes": 0.1 + 0.3 * torch.rand(T, 4, generator=generator),
        }
        for T in sizes
    ]
    return outputs, targets


def _cost(outputs, targets, i, query, target):
    """Cost of one pair, written out for one query and one target."""
    p = outputs["pred_logits"][i, query].softmax(-1)[targets[i]["labels"][target]]
    box, goal = outputs["pred_boxes"][i, query], targets[i]["boxes"][target]
    overlap = generalized_box_iou(box_convert(box[None], "cxcywh", "xyxy"), box_convert(goal[None], "cxcywh", "xyxy"))
    return (-p + 5 * (box - goal).abs().sum() - 2 * overlap[0, 0]).item()


def test_no_other_assignment_is_cheaper():
    outputs, targets = _random_case(B=2, Q=5, K=7, sizes=(3, 2), seed=0)
    for i, (queries, chosen) in enumerate(match(outputs, targets)):
        T = len(targets[i]["labels"])
        table = [[_cost(outputs, targets, i, q, t) for t in range(T)] for q in range(5)]
        cheapest = min(sum(table[q][t] for t, q in enumerate(order)) for order in itertools.permutations(range(5), T))
        found = sum(table[q][t] for q, t in zip(queries.tolist(), chosen.tolist(), strict=True))
        assert sorted(chosen.tolist()) == list(range(T))
        assert found == pytest.approx(cheapest, abs=1e-6)


def test_a_perfect_prediction_is_matched_to_its_target():
    boxes = torch.tensor([[0.25, 0.25, 0.1, 0.1], [0.75, 0.75, 0.2, 0.2], [0.5, 0.5, 0.3, 0.3]])
    outputs = {"pred_logits": torch.zeros(1, 3, 4), "pred_boxes": boxes[None]}
    targets = [{"labels": torch.tensor([0, 1]), "boxes": boxes[[2, 0]]}]
    ((queries, chosen),) = match(outputs, targets)
    assert queries.tolist() == [0, 2]
    assert chosen.tolist() == [1, 0]


def test_classes_decide_between_equal_boxes():
    outputs = {"pred_logits": torch.zeros(1, 2, 3), "pred_boxes": torch.full((1, 2, 4), 0.5)}
    outputs["pred_logits"][0, 1, 0] = 5.0  # query 1 is sure of class 0
    targets = [{"labels": torch.tensor([0]), "boxes": torch.full((1, 4), 0.5)}]
    ((queries, _),) = match(outputs, targets)
    assert queries.tolist() == [1]


def test_a_picture_does_not_depend_on_its_neighbours():
    outputs, targets = _random_case(B=3, Q=11, K=5, sizes=(2, 0, 7), seed=1)
    together = match(outputs, targets)
    for i in range(3):
        alone = match({key: value[i : i + 1] for key, value in outputs.items()}, targets[i : i + 1])[0]
        assert torch.equal(together[i][0], alone[0])
        assert torch.equal(together[i][1], alone[1])
    assert len(together[1][0]) == 0


@pytest.mark.parametrize("case", CASES)
def test_equals_the_official_matcher(case):
    config = json.loads(golden_file("matcher.json").read_text())[case]
    data = load_file(golden_file("matcher.safetensors"))
    outputs = {key: data[f"{case}.{key}"] for key in ("pred_logits", "pred_boxes")}
    B = config["batch"]
    targets = [{"labels": data[f"{case}.labels.{i}"], "boxes": data[f"{case}.boxes.{i}"]} for i in range(B)]
    costs = {key: config[key] for key in ("cost_class", "cost_bbox", "cost_giou")}
    for i, (queries, chosen) in enumerate(match(outputs, targets, **costs)):
        assert torch.equal(queries, data[f"{case}.src.{i}"])
        assert torch.equal(chosen, data[f"{case}.tgt.{i}"])

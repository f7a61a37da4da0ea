"""What 03's first notebook states: its worked examples, and that its answers give the numbers of the official code."""

import itertools
import json
import math
from functools import cache
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from scipy.optimize import linear_sum_assignment
from torch import Tensor

from autograder.course.registry import SOLUTIONS
from autograder.course.source import read_source
from detrlab.boxes import cxcywh_to_xyxy, generalized_box_iou
from tests.golden_data import golden_file

FOLDER = SOLUTIONS / "03_set_prediction" / "q1_match"
TABLE = torch.tensor([[3.0, 7], [8, 6], [1, 2]])
PARTS = ("pred_logits", "pred_boxes")


@cache
def answers() -> SimpleNamespace:
    """The functions and predictions of all model answers."""
    space = {
        "F": F,
        "cxcywh_to_xyxy": cxcywh_to_xyxy,
        "generalized_box_iou": generalized_box_iou,
        "itertools": itertools,
        "linear_sum_assignment": linear_sum_assignment,
        "math": math,
        "torch": torch,
    }
    for cell in read_source(FOLDER).named("exercise").values():
        exec(cell.source, space)
    return SimpleNamespace(**space)


def test_the_table_of_steps_1_3_and_5():
    mine = answers()
    totals = {
        order: sum(TABLE[q, t].item() for t, q in enumerate(order)) for order in itertools.permutations(range(3), 2)
    }
    assert totals[0, 1] == 9
    assert min(totals, key=totals.__getitem__) == tuple(mine.query_of_target) == (0, 2)
    assert min(totals.values()) == mine.cheapest_total == 5
    assert mine.cheapest(TABLE) == ([0, 2], [0, 1])
    assert mine.cheapest(TABLE.T) == ([0, 1], [0, 2])
    taken = mine.greedy(TABLE)
    assert taken == ([2, 1], [0, 1])
    assert sum(TABLE[q, t].item() for q, t in zip(*taken)) == mine.greedy_total == 7
    assert mine.gap(TABLE, taken).item() == 2


def test_the_example_of_step_2():
    mine = answers()
    by_class = mine.class_cost(torch.zeros(1, 3), torch.tensor([1]))
    boxes, goal = torch.tensor([[0.5, 0.5, 0.2, 0.2]]), torch.tensor([[0.6, 0.5, 0.2, 0.4]])
    by_l1 = mine.l1_cost(boxes, goal)
    assert by_class.item() == pytest.approx(-1 / 3)
    assert by_l1.item() == pytest.approx(0.3)
    giou = generalized_box_iou(cxcywh_to_xyxy(boxes), cxcywh_to_xyxy(goal))
    assert giou.item() == pytest.approx(0.02 / 0.10 - 0.02 / 0.12, abs=1e-5)
    assert round(giou.item(), 3) == 0.033
    assert mine.pair_costs(by_class, by_l1, boxes, goal).item() == pytest.approx(1.1, abs=1e-5)


def test_the_example_of_step_4():
    cost = torch.tensor([[[1.0, 2, 9], [3, 9, 9]], [[9, 9, 5], [9, 9, 4]]])
    matches = [tuple(index.tolist() for index in pair) for pair in answers().match_images(cost, [2, 1])]
    assert matches == [([0, 1], [1, 0]), ([1], [0])]


def test_the_example_of_step_6():
    mine = answers()
    a, b = torch.tensor([[0.0, 0, 2, 2]]), torch.tensor([[3.0, 0, 5, 4]])
    intersection, union = mine.areas(a, b)
    assert (intersection.item(), union.item()) == (0, 12)
    assert mine.generalised_iou(a, b, intersection, union).item() == pytest.approx(-0.4)


def test_the_example_and_the_claims_of_step_7():
    mine = answers()
    box, goal = torch.tensor([[0.5, 0.5, 0.2, 0.2]]), torch.tensor([[0.4, 0.5, 0.2, 0.3]])
    gradient = mine.slope(lambda a, b: ((a - b) ** 2).sum(1), box, goal)
    torch.testing.assert_close(gradient, torch.tensor([[0.2, 0, 0, -0.2]]))

    def beyond(a: Tensor, b: Tensor) -> Tensor:
        a, b = cxcywh_to_xyxy(a), cxcywh_to_xyxy(b)
        return 1 - mine.generalised_iou(a, b, *mine.areas(a, b)).diagonal()

    def without_hull(a: Tensor, b: Tensor) -> Tensor:
        intersection, union = mine.areas(cxcywh_to_xyxy(a), cxcywh_to_xyxy(b))
        return 1 - (intersection / union).diagonal()

    left, right = torch.tensor([[0.3, 0.5, 0.2, 0.2]]), torch.tensor([[0.7, 0.5, 0.2, 0.2]])
    assert mine.slope(without_hull, left, right)[0, 0] == 0 == mine.iou_derivative
    # The hull is .6 x .2 and the union .08: of union / hull = .08 / (.2 (.9 - cx)) the slope is .4 / .6^2 = 1.11.
    assert mine.slope(beyond, left, right)[0, 0].item() == pytest.approx(-0.4 / 0.36, abs=1e-4)


def test_the_examples_of_steps_8_and_9():
    mine = answers()
    matches, labels = [(torch.tensor([0, 2]), torch.tensor([1, 0]))], [torch.tensor([4, 2])]
    classes = mine.target_classes(matches, labels, 3, 5)
    assert classes.tolist() == [[2, 5, 4]]
    logits = torch.full((1, 3, 6), -50.0)  # -log p of the right classes: 1, 2 and 3
    for q, loss in enumerate((1, 2, 3)):
        logits[0, q, classes[0, q]] = -loss
        logits[0, q, 0] = math.log1p(-math.exp(-loss))
    assert mine.weighted_loss(logits, classes, 0.1).item() == pytest.approx(2, abs=1e-5)
    share = mine.no_object_share(logits, classes, 0.1)
    assert share == pytest.approx(0.2 / 4.2, abs=1e-5)
    assert round(share, 3) == 0.048


def test_what_step_9_says_of_7_objects_in_100_queries():
    """The paper's setting: with the weight .1 no-object still has 57 % of the loss (93 % without it)."""
    classes = torch.full((1, 100), 91)
    classes[0, :7] = 17
    shares = [answers().no_object_share(torch.zeros(1, 100, 92), classes, weight) for weight in (0.1, 1.0)]
    assert [round(100 * share) for share in shares] == [57, 93]
    assert round(4 * (7 + 93 * 0.1), 1) == 65.2


def test_the_examples_of_steps_10_and_11():
    mine = answers()
    boxes = torch.tensor([[0.5, 0.5, 0.2, 0.2], [0.5, 0.5, 0.2, 0.2]])
    goal = boxes + torch.tensor([[0.1, 0, 0, 0], [0, 0, 0, 0.3]])
    assert mine.l1_and_giou(boxes, goal, [2, 0])[0].item() == pytest.approx(0.2, abs=1e-6)
    losses = {"loss_ce": 1, "loss_bbox": 0.1, "loss_giou": 0.5, "loss_ce_0": 2, "loss_bbox_0": 0.3, "loss_giou_0": 1}
    assert mine.weighted_sum(losses) == pytest.approx(8)


def my_match(outputs: dict[str, Tensor], targets: list[dict[str, Tensor]]) -> list[tuple[Tensor, Tensor]]:
    mine, rows = answers(), []
    for logits, boxes in zip(outputs["pred_logits"].detach(), outputs["pred_boxes"].detach(), strict=True):
        labels, goal = (torch.cat([target[name] for target in targets]) for name in ("labels", "boxes"))
        rows.append(mine.pair_costs(mine.class_cost(logits, labels), mine.l1_cost(boxes, goal), boxes, goal))
    pairs = mine.match_images(torch.stack(rows), [len(target["labels"]) for target in targets])
    return [(torch.as_tensor(queries), torch.as_tensor(which)) for queries, which in pairs]


@pytest.mark.parametrize("case", ["usual", "empty", "more_targets_than_queries", "coco"])
def test_the_matcher_equals_the_official_code(case: str):
    config = json.loads(golden_file("matcher.json").read_text())[case]
    data = load_file(golden_file("matcher.safetensors"))
    outputs = {part: data[f"{case}.{part}"] for part in PARTS}
    targets = [{name: data[f"{case}.{name}.{i}"] for name in ("labels", "boxes")} for i in range(config["batch"])]
    for i, (queries, which) in enumerate(my_match(outputs, targets)):
        assert queries.equal(data[f"{case}.src.{i}"])
        assert which.equal(data[f"{case}.tgt.{i}"])


@pytest.mark.parametrize("case", ["coco", "small", "all_empty"])
def test_losses_and_gradients_equal_the_official_code(case: str):
    mine = answers()
    config = json.loads(golden_file("criterion.json").read_text())[case]
    data = load_file(golden_file("criterion.safetensors"))
    names = [f"{case}.final", *(f"{case}.aux{i}" for i in range(config["aux"]))]
    layers = [{part: data[f"{name}.{part}"].clone().requires_grad_() for part in PARTS} for name in names]
    targets = [{name: data[f"{case}.{name}.{i}"] for name in ("labels", "boxes")} for i in range(len(config["sizes"]))]

    def losses_of(layer: dict[str, Tensor], targets: list[dict[str, Tensor]], matches: list) -> dict[str, Tensor]:
        _, Q, n = layer["pred_logits"].shape
        classes = mine.target_classes(matches, [target["labels"] for target in targets], Q, n - 1)
        boxes, goal = mine.matched_boxes(layer["pred_boxes"], [target["boxes"] for target in targets], matches)
        l1, giou = mine.l1_and_giou(boxes, goal, config["sizes"])
        ce = mine.weighted_loss(layer["pred_logits"], classes, config["eos_coef"])
        return {"loss_ce": ce, "loss_bbox": l1, "loss_giou": giou}

    losses = mine.every_layer(layers[0] | {"aux_outputs": layers[1:]}, targets, my_match, losses_of)
    assert len(losses) == 3 * len(layers)
    for name, loss in losses.items():
        assert loss.item() == pytest.approx(config["losses"][name], rel=1e-5, abs=1e-6), name
    total = mine.weighted_sum(losses)
    assert total.item() == pytest.approx(config["total"], rel=1e-5)
    total.backward()
    for name, layer in zip(names, layers, strict=True):
        for part in PARTS:
            torch.testing.assert_close(layer[part].grad, data[f"{name}.{part}.grad"], rtol=1e-4, atol=1e-6)


def test_generalised_iou_equals_the_official_code():
    mine, golden = answers(), load_file(golden_file("boxes.safetensors"))
    a, b = golden["xyxy1"], golden["xyxy2"]
    ours = mine.generalised_iou(a, b, *mine.areas(a, b))
    torch.testing.assert_close(ours, golden["giou"], atol=1e-6, rtol=1e-5, equal_nan=True)

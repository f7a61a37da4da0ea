"""What 03's second notebook states: its worked examples, by its own answers, and what it says of the kept runs."""

import ast
import json
import math
import re
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn

from autograder.course.registry import SOLUTIONS
from autograder.course.source import read_source
from detrlab.detr.criterion import set_losses, total_loss
from detrlab.training.ablations import BATCH
from detrlab.training.loop import Report
from detrlab.training.tiny import WATCHED, tiny_curves

FOLDER = SOLUTIONS / "03_set_prediction" / "q2_train"
ROOT = SOLUTIONS.parent


@cache
def answers() -> SimpleNamespace:
    """The functions and predictions of all model answers."""
    space = {"math": math, "nn": nn, "np": np, "torch": torch, "set_losses": set_losses, "total_loss": total_loss}
    for cell in read_source(FOLDER).named("exercise").values():
        exec(cell.source, space)
    return SimpleNamespace(**space)


def test_the_gradients_of_step_1():
    two = [nn.Parameter(torch.tensor(0.0)), nn.Parameter(torch.tensor(0.0))]
    for clip_norm, expected in ((10, (3, 4)), (1, (0.6, 0.8))):
        for parameter, gradient in zip(two, (3.0, 4.0), strict=True):
            parameter.grad = torch.tensor(gradient)
        assert nn.utils.clip_grad_norm_(two, clip_norm).item() == 5
        assert [each.grad.item() for each in two] == pytest.approx(expected, rel=1e-5)


def test_the_groups_of_step_2():
    model = nn.Module()
    model.backbone = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
    model.class_embed = nn.Linear(2, 2)
    model.backbone[0].requires_grad_(False)
    model.class_embed.weight.requires_grad_(False)
    without, with_rate = answers().parameter_groups(model, 1e-5)
    assert without["params"] == [model.class_embed.bias] and "lr" not in without
    assert with_rate["params"] == [model.backbone[1].weight] and with_rate["lr"] == 1e-5


def test_the_suspect_of_step_3():
    assert answers().suspect([True, True, False, True, False]) == "queries"
    assert answers().suspect([True] * 5) is None


def test_the_boxes_of_step_4():
    boxes = torch.full((2, 2, 4), 0.5)
    boxes[..., 0] = torch.tensor([[0.2, 0.9], [0.3, 0.5]])
    assert float(answers().over_images(boxes)) == pytest.approx(0.4)
    assert float(answers().over_queries(boxes)) == pytest.approx(0.7)


def test_the_numbers_of_step_5():
    mine = answers()
    losses = {"loss_ce": 0.5, "loss_bbox": 0.1, "loss_giou": 0.2, "loss_ce_0": 0.9}
    assert mine.comparable(losses) == pytest.approx(1.4)
    assert mine.mean_and_spread([0.6, 0.8, 0.7]) == pytest.approx((0.7, 0.2))
    half = Report(1, 0.5, 1.0, 1.0, 1.0, {}, {"AP50": 0.4})
    assert mine.final_ap([half]) is None


def test_the_opening_names_the_scene_that_the_kept_runs_show():
    (setup,) = (cell.source for cell in read_source(FOLDER).cells if cell.kind == "setup")
    assert f"WATCHED = {WATCHED} " in setup


def test_the_six_runs_of_step_5():
    """What is said of each seed: the larger sum of losses, the larger AP50; and how far the runs differ."""
    runs, mine = tiny_curves()["runs"], answers()
    sums = {kind: [run["history"][-1].losses["loss"] for run in own] for kind, own in runs.items()}
    assert all(two > one for one, two in zip(sums["plain"], sums["auxiliary"], strict=True))
    ends = {kind: [mine.final_ap(run["history"]) for run in own] for kind, own in runs.items()}
    better = [max(ends, key=lambda kind: ends[kind][seed]) for seed in range(3)]
    assert better == ["plain", "auxiliary", "plain"]
    (plain, _), (auxiliary, spread) = map(mine.mean_and_spread, (ends["plain"], ends["auxiliary"]))
    said = next(cell.source for cell in read_source(FOLDER).cells if "Which recipe is better?" in cell.source)
    numbers = re.search(r"means differ by (\S+), and the three\s+auxiliary runs among themselves by (\S+)\. ", said)
    assert numbers is not None and numbers.groups() == (f"{abs(plain - auxiliary):.2f}", f"{spread:.2f}")
    assert {round(run["history"][-1].seconds) for own in runs.values() for run in own} == {110}


def test_the_probes_of_step_3():
    """The table's order: each fault fails first at the probe that the model answer names."""
    probes, mine = tiny_curves()["probes"], answers()
    firsts = {
        "learning rate": mine.first_of_hot,
        "image": mine.first_of_blind,
        "queries": mine.first_of_clones,
        "no-object": mine.first_of_keen,
        "mirror": mine.first_of_askew,
    }
    assert {name: len(probes[name]) for name in firsts} == firsts
    assert all(not list(probes[name].values())[-1]["passed"] for name in firsts)
    assert all(row["passed"] for row in probes["sound"].values())


def test_the_runs_of_the_experiment_on_denoising_queries():
    """The numbers in the cell are those of the shipped file; what is said of them, and of how they were made, holds."""
    kept = json.loads((ROOT / "data" / "denoising.json").read_text())
    (cell,) = (cell.source for cell in read_source(FOLDER).cells if "SIX_RUNS = {" in cell.source)
    (shown,) = (
        ast.literal_eval(node.value)
        for node in ast.parse(cell).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SIX_RUNS"
    )
    assert shown == {
        kind: [{name: run[name] for name in ("AP", "AP50", "duplicates")} for run in kept["runs"][ours]]
        for kind, ours in (("without", "without"), ("with three groups", "denoising"))
    }
    text = " ".join("\n".join(c.source for c in read_source(FOLDER).cells if c.step.startswith("08")).split())
    assert kept["seeds"] == [0, 1, 2] and kept["groups"] == 3
    assert {recipe["steps"] for recipe in kept["recipes"].values()} == {500} and "500 steps of 16 scenes" in text
    assert BATCH == 16 and kept["held_out"] == 200 and "on 200 held-out scenes" in text
    runs = {kind: {name: [run[name] for run in own] for name in own[0]} for kind, own in kept["runs"].items()}
    base, groups = runs["without"], runs["denoising"]
    said = re.search(r"smallest of them is (\S+), the largest of the others (\S+)\. ", text)
    assert said and said.groups() == (decimals(min(groups["AP"])), decimals(max(base["AP"])))
    gap, spreads = min(groups["AP"]) - max(base["AP"]), [max(own["AP"]) - min(own["AP"]) for own in (base, groups)]
    said = re.search(r"between the kinds, (\S+), is .* runs without \((\S+)\), but .* with groups \((\S+)\)", text)
    assert said and said.groups() == tuple(map(decimals, (gap, *spreads)))
    assert gap > 3 * spreads[0] and gap < spreads[1]  # "more than three times", "but smaller"
    assert min(groups["duplicates"]) > max(base["duplicates"]) and "it is larger in all three runs with groups" in text
    more = round(100 * (sum(groups["seconds"]) / sum(base["seconds"]) - 1))
    assert f"took {more} % more computing" in text
    steps = [run["history"][-1].step for own in tiny_curves()["runs"].values() for run in own]
    assert min(steps) > 2 * 500 and "the runs of step 5 made more than twice as many" in text
    assert math.factorial(3) ** 2 / math.factorial(6) == 1 / 20 and "3! 3! / 6! = 1/20" in text


def decimals(value: float) -> str:
    """As the texts write an AP: .195."""
    return f"{value:.3f}".removeprefix("0")

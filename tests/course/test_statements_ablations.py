"""What 03's third notebook says of the shipped ablations: the runs, the paper's numbers, and the model answer."""

import json
import math
import re
from itertools import combinations

import pytest

from autograder.course.registry import SOLUTIONS
from autograder.course.source import read_source
from detrlab.training.ablations import ABLATIONS, BATCH, HELD_OUT, SEEDS, STEPS, ablation_runs
from tests.golden_data import golden_file

OWN_RUN = 0.34502  # AP of the model answer's run, ablation_trainer("self-attention", 3)
NOTEBOOK = read_source(SOLUTIONS / "03_set_prediction" / "q3_measure")
TEXT = " ".join("\n".join(cell.source for cell in NOTEBOOK.cells if cell.step.startswith("11")).split())


def row(left_out: str) -> float:
    """The paper's AP in the row of what is left out."""
    found = re.search(rf"\| {left_out} \| (\d+\.\d)", TEXT)
    assert found, left_out
    return float(found[1])


def test_the_runs_are_those_that_the_text_describes():
    assert f"{STEPS} steps of {BATCH} scenes, with the seeds {', '.join(map(str, SEEDS[:-1]))} and {SEEDS[-1]}" in TEXT
    assert f"on {HELD_OUT} held-out scenes" in TEXT
    described = re.findall(r"\| ([\w -]+?) \| (?:the|in|only|its|what|one)", TEXT)
    assert {"encoder", "positions", "self-attention", "auxiliary losses"} <= set(described)
    assert set(ablation_runs()) == set(ABLATIONS)


def test_what_the_runs_show():
    aps = {left_out: [run["AP"] for run in runs] for left_out, runs in ablation_runs().items()}
    base = aps.pop("nothing")
    below = [left_out for left_out, three in aps.items() if max(three) < min(base)]
    above = [left_out for left_out, three in aps.items() if min(three) > max(base)]
    assert "the runs without positions lie all below" in TEXT and below == ["positions"]
    assert "The other five parts are mixed" in TEXT and not above and len(aps) == 6
    assert "nearly twice the AP of seed 2" in TEXT and 1.7 < base[0] / base[2] < 2


def test_three_that_are_the_smallest_of_six_by_chance():
    lowest = [chosen for chosen in combinations(range(6), 3) if max(chosen) < 3]
    assert "1/20" in TEXT and len(lowest) / math.comb(6, 3) == pytest.approx(1 / 20)


def test_the_papers_numbers():
    paper = json.loads(golden_file("paper_facts.json").read_text())
    layers = {each[0]: each[4] for each in paper["table2_encoder_layers"]["rows"]}
    positions = {tuple(each[:3]): each[3] for each in paper["table3_pos_enc"]["rows"]}
    losses = {tuple(each[:3]): each[3] for each in paper["table4_losses"]["rows"]}
    assert layers[6] == losses[1, 1, 1] == 40.6 and "is 40.6" in TEXT
    assert row("encoder") == layers[0]
    assert row("positions") == positions["none", "none", "learned at input"]
    assert row("L1 loss") == losses[1, 0, 1]
    assert row("GIoU loss") == losses[1, 1, 0]


def test_the_model_answers_numbers_are_those_of_the_runs():
    (answer,) = (cell.source for cell in NOTEBOOK.cells if cell.name == "conclusion")
    base, same = ([run["AP"] for run in ablation_runs()[name]] for name in ("nothing", "self-attention"))
    mean, lowest = sum(base) / 3, min(same)
    expected = [OWN_RUN, *base, mean, OWN_RUN - mean, *same, OWN_RUN - lowest]
    assert re.findall(r"(?<!\d)\.\d\d\b", answer) == [f"{value:.2f}".lstrip("0") for value in expected]
    assert OWN_RUN - lowest > OWN_RUN - mean > 0

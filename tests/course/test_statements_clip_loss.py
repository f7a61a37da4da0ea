"""What the second half of 05's first notebook states: its worked examples, by its own answers, and its arithmetic."""

import math
import re
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn

from autograder.build.in_process import runner
from autograder.build.measured import untrained
from autograder.course.registry import SOLUTIONS
from autograder.course.source import read_source
from coursework.checks.notebook import recording
from detrlab.clip.loss import clip_loss
from detrlab.clip.model import CLIP

FOLDER = SOLUTIONS / "05_clip" / "q1_clip"


@cache
def answers() -> SimpleNamespace:
    """The functions and predictions of the model answers of steps 5 to 8."""
    space = {"math": math, "nn": nn, "F": F, "torch": torch, "np": np}
    cells = read_source(FOLDER).named("exercise")
    for name in ("logits", "clip_loss", "ln_n", "clamp"):
        exec(cells[name].source, space)
    return SimpleNamespace(**space)


def test_the_cosines_of_step_5():
    image, texts = torch.tensor([[3.0, 4.0]]), torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    cosines = answers().cosine_logits(image, texts, torch.tensor(0.0))
    assert cosines[0].tolist() == pytest.approx([0.6, 0.8])
    assert cosines.softmax(1)[0].tolist() == pytest.approx([0.45, 0.55], abs=0.005)
    logits = answers().cosine_logits(image, texts, answers().learned_scale(0.07))
    assert logits[0].tolist() == pytest.approx([8.57, 11.43], abs=0.005)
    assert logits.softmax(1)[0].tolist() == pytest.approx([0.054, 0.946], abs=0.0005)
    assert math.exp(2) == pytest.approx(7.4, abs=0.05)
    assert CLIP(nn.Identity(), nn.Identity()).logit_scale.item() == pytest.approx(answers().learned_scale(0.07).item())


def test_the_table_of_step_6():
    logits = torch.tensor([[2.0, 0.0], [1.0, 1.0]])
    rows, columns = (F.cross_entropy(each, torch.arange(2), reduction="none") for each in (logits, logits.T))
    assert rows.tolist() == pytest.approx([0.127, math.log(2)], abs=0.0005)
    assert math.log(2) == pytest.approx(0.693, abs=0.0005)
    assert rows.mean().item() == pytest.approx(0.410, abs=0.0005)
    assert columns.tolist() == pytest.approx([0.313, 0.313], abs=0.0005)
    assert answers().symmetric_loss(logits).item() == pytest.approx(0.362, abs=0.0005)
    more = torch.randn(7, 7, generator=torch.Generator().manual_seed(0))
    assert answers().symmetric_loss(more).item() == pytest.approx(clip_loss(more).item())


def test_the_gradient_of_a_row_sums_to_nothing():
    logits = torch.randn(8, 8, generator=torch.Generator().manual_seed(0)).requires_grad_()
    gradient = torch.autograd.grad(answers().symmetric_loss(logits), logits)[0]
    assert gradient.sum().item() == pytest.approx(0, abs=1e-6)
    assert (gradient.diagonal() < 0).all() and (gradient[~torch.eye(8, dtype=torch.bool)] > 0).all()


@pytest.mark.parametrize("N", [8, 128, 1000])
def test_twice_the_batch_has_four_times_the_negatives(N):
    assert answers().negatives(2 * N) / answers().negatives(N) == pytest.approx(4, rel=2 / N)


def test_the_numbers_of_step_7():
    found = answers()
    assert found.loss_of_one == pytest.approx(found.loss_of_cosines(1, 0.5, 0.1, 3.0))
    assert (
        found.loss_of_nothing == pytest.approx(found.loss_of_cosines(128, 0.0, 0.0, 1.0)) == pytest.approx(4.852, 1e-3)
    )
    assert found.loss_without_temperature == pytest.approx(found.loss_of_cosines(128, 1.0, -1.0, 1.0))
    assert found.loss_without_temperature == pytest.approx(2.90, abs=0.005)
    assert found.loss_of_cosines(3, 0.5, 0.1, 5.0) == pytest.approx(0.240, abs=0.0005)
    assert found.loss_of_cosines(128, 1.0, -1 / 127, 1.0) == pytest.approx(3.86, abs=0.005)
    assert math.log(1 + 127 * math.exp(-128 / 127)) == pytest.approx(3.86, abs=0.005)


@pytest.mark.parametrize("N", [2, 7, 128])
def test_a_simplex_loses_what_step_7_says(N):
    """N features whose cosines are all -1 / (N - 1), each text on its image: the best arrangement at scale 1."""
    corners = F.normalize(torch.eye(N, dtype=torch.float64) - 1 / N, dim=1)
    cosines = corners @ corners.T
    assert cosines[0, 1].item() == pytest.approx(-1 / (N - 1))
    least = answers().loss_of_cosines(N, 1.0, -1 / (N - 1), 1.0)
    assert clip_loss(cosines).item() == pytest.approx(least)
    moved = F.normalize(corners + 0.05 * torch.randn(N, N, generator=torch.Generator().manual_seed(1)), dim=1)
    assert clip_loss(moved @ corners.T).item() > least
    assert clip_loss(moved @ moved.T).item() >= least - 1e-12


def test_the_bounds_of_step_8():
    for start, expected in ((4.8, math.log(100)), (-0.2, 0.0), (2.0, 2.0)):
        log_scale = nn.Parameter(torch.tensor(start))
        assert answers().keep_scale(log_scale) is None
        assert log_scale.item() == pytest.approx(expected)
    assert math.exp(4.8) == pytest.approx(121.5, abs=0.05)
    assert math.log(100) == pytest.approx(4.605, abs=0.0005)


def test_the_training_of_step_9_moves_both_towers_and_the_temperature(tmp_path):
    cells = read_source(FOLDER).code({})
    training = next(cell for cell in cells if "def train()" in cell.source)
    with untrained(), runner(tmp_path) as kernel, recording([1]):
        for code in (cells[0].source, training.source, "MINUTES, SCENES, BATCH = 0.002, 60, 16", "trained = train()"):
            assert (error := kernel.run(code).error) is None, error
        trained, fresh = kernel.namespace["trained"], kernel.namespace["my_clip_model"]
    assert trained.logit_scale.item() != pytest.approx(math.log(1 / 0.07), abs=1e-6)
    names = [name for name, each in trained.named_parameters() if each.grad is None]
    assert names == []
    kept = trained.state_dict()
    assert kept.keys() == fresh.state_dict().keys()
    assert not [name for name in kept if "stages" in name]  # the detector's weights are not handed in
    assert "logit_scale" in kept


def test_the_close_counts_as_the_paper_does():
    close = (FOLDER / "99_close.py").read_text(encoding="utf-8")
    assert f"{answers().negatives(32_768):,}" in close
    assert float(re.search(r"ln N = ([\d.]+)", close).group(1)) == pytest.approx(math.log(32_768), abs=0.005)

"""The symmetric loss, by numbers that can be derived."""

import math

import pytest
import torch

from detrlab.clip.loss import clip_loss, hard_negative_loss


def test_knowing_nothing_gives_ln_n_and_a_batch_of_one_gives_0():
    assert clip_loss(torch.zeros(7, 7)).item() == pytest.approx(math.log(7))
    assert clip_loss(torch.tensor([[3.0]])).item() == 0


def test_both_directions_count_half():
    """Rows: softmax of (ln 3, 0) gives the right one 3/4, of (0, 0) 1/2. Columns: 3/4 of (ln 3, 0), and 1/2."""
    logits = torch.tensor([[math.log(3), 0.0], [math.log(3), 0.0]])
    rows = -(math.log(3 / 4) + math.log(1 / 4)) / 2
    columns = math.log(2)
    assert clip_loss(logits).item() == pytest.approx((rows + columns) / 2)
    assert clip_loss(logits.T).item() == pytest.approx((rows + columns) / 2)


def test_at_scale_1_the_loss_stays_above_a_floor():
    """Cosines of 1 and -1 at best: ln(1 + 127 e^-2), far from 0 (the learned temperature is there for this)."""
    best = 2 * torch.eye(128) - 1
    assert clip_loss(best).item() == pytest.approx(math.log(1 + 127 * math.exp(-2)))


def test_swapped_captions_join_what_a_picture_chooses_among_and_nothing_else():
    logits = torch.zeros(3, 3)
    assert hard_negative_loss(logits, torch.zeros(3, 2)).item() == pytest.approx((math.log(5) + math.log(3)) / 2)
    assert hard_negative_loss(logits, torch.full((3, 2), -torch.inf)).item() == pytest.approx(math.log(3))

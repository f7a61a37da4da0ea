"""What checks draw: repeatable, inside their ranges, and weights that do not depend on construction order."""

import pytest
import torch
from torch import nn

from coursework.checks.draw import Draw


def test_same_seed_and_name_same_numbers():
    assert torch.equal(Draw(3, "a").normal(2, 5), Draw(3, "a").normal(2, 5))
    assert not torch.equal(Draw(3, "a").normal(2, 5), Draw(3, "b").normal(2, 5))
    assert not torch.equal(Draw(3, "a").normal(2, 5), Draw(4, "a").normal(2, 5))


def test_the_generator_is_the_same_on_every_machine():
    assert Draw(7, "anchor").integer(0, 10**9) == 414_057_400


def test_sizes_are_different_primes_in_range():
    for seed in range(20):
        sizes = Draw(seed).sizes(4, low=3, high=19)
        assert len(set(sizes)) == 4
        assert set(sizes) <= {3, 5, 7, 11, 13, 17, 19}


def test_boxes_lie_inside_their_frame():
    centre, size = Draw(1).boxes_cxcywh(500).split(2, dim=-1)
    assert (size >= 0.05).all() and (centre - size / 2 >= -1e-6).all() and (centre + size / 2 <= 1 + 1e-6).all()
    corners = Draw(1).boxes_xyxy(500, width=200, height=100)
    assert corners[:, 0::2].max() <= 200 and corners[:, 1::2].max() <= 100
    assert (corners[:, 2:] > corners[:, :2]).all()


def test_permutation_is_never_the_identity():
    assert all(not torch.equal(Draw(seed).permutation(2), torch.arange(2)) for seed in range(20))


def test_attention_rows_sum_to_one():
    assert torch.allclose(Draw(1).attention(3, 7).sum(-1), torch.ones(3))


def test_jitter_moves_real_numbers_a_little_and_integers_not_at_all():
    still, moved = Draw(5), Draw(5, jitter=1e-6)
    assert still.integer(0, 10**6) == moved.integer(0, 10**6)
    one, other = still.normal(100), moved.normal(100)
    assert not torch.equal(one, other)
    assert ((one - other).abs() <= 2e-6 * one.abs()).all()


def test_fill_goes_by_name_not_by_order_of_construction():
    class One(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.table = nn.Linear(3, 5), nn.BatchNorm1d(5), nn.Parameter(torch.zeros(7, 2))

    class Other(nn.Module):
        def __init__(self):
            super().__init__()
            self.table, self.b, self.a = nn.Parameter(torch.zeros(7, 2)), nn.BatchNorm1d(5), nn.Linear(3, 5)

    one, other = Draw(2).fill(One()).state_dict(), Draw(2).fill(Other()).state_dict()
    assert all(torch.equal(one[name], other[name]) for name in one)
    assert one["b.running_var"].min() >= 0.5
    assert one["a.weight"].std() == pytest.approx(3**-0.5, rel=0.6)
    assert one["table"].std() > 0.5


def test_letters_name_the_sizes_that_are_drawn_anyway():
    draw = Draw(3)
    assert draw.letters("Q B D", 3, 13) == Draw(3).sizes(3, 3, 13)
    Q, B, D = draw.named.values()
    draw.name(S=Q * B)
    assert draw.named == {"Q": Q, "B": B, "D": D, "S": Q * B}

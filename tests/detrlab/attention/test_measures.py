"""Mass, lift and entropy by hand."""

import math

import pytest
import torch
from torch.testing import assert_close

from detrlab.attention.grid import FeatureGrid
from detrlab.attention.measures import at_equal_distance, entropy, lift, mass_in_box

GRID = FeatureGrid(cells_hw=(2, 3), input_hw=(20, 30), picture_hw=(20, 30), stride=10)
MAP = torch.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])  # sums to 21


def number(value: float) -> torch.Tensor:
    return torch.tensor(value, dtype=torch.float64)


def test_mass_counts_partly_covered_cells_by_area():
    # All of the cell of 2, half of those of 3 and 5, a quarter of that of 6: 2 + 1.5 + 2.5 + 1.5 of 21.
    assert_close(mass_in_box(MAP, (10, 0, 25, 15), GRID), number(7.5 / 21))
    assert_close(mass_in_box(MAP, torch.tensor([-5.0, -5.0, 40.0, 40.0]), GRID), number(1.0))


def test_lift_is_mass_over_area():
    # The box is 15 * 15 = 225 of 600 pixels.
    assert_close(lift(MAP, (10, 0, 25, 15), GRID), number(7.5 / 21 / (225 / 600)))


def test_even_attention_has_lift_one_where_cells_hang_over_the_edge():
    grid = FeatureGrid(cells_hw=(2, 3), input_hw=(11, 23), picture_hw=(11, 23), stride=10)
    assert_close(lift(torch.full((2, 3), 0.7), (3, 2, 22, 11), grid), number(1.0))


def test_entropy_of_known_maps():
    assert_close(entropy(torch.ones(2, 3)), number(1.0))
    one_cell = torch.zeros(2, 3)
    one_cell[1, 2] = 0.4
    assert_close(entropy(one_cell), number(0.0))  # 0 log 0 = 0
    two_cells = torch.tensor([[0.5, 0.5, 0.0, 0.0]])
    assert_close(entropy(two_cells), number(0.5))  # log 2 / log 4
    assert_close(entropy(torch.tensor([[3.0, 1.0]])), number(-(0.75 * math.log2(0.75) + 0.25 * math.log2(0.25))))


def test_many_maps_at_once():
    maps = torch.stack([MAP, torch.ones(2, 3)])
    assert_close(mass_in_box(maps, (0, 0, 10, 10), GRID), torch.tensor([1 / 21, 1 / 6], dtype=torch.float64))
    assert entropy(maps).shape == lift(maps, (0, 0, 10, 10), GRID).shape == (2,)


def test_kinds_of_cells_are_compared_at_equal_distance():
    weights = torch.zeros(1, 5, 1, 5)
    weights[0, 2, 0] = torch.tensor([0.1, 0.2, 0.3, 0.4, 0.5])
    looks = torch.tensor([[False, False, True, False, False]])
    left, right = torch.tensor([[[True, True, False, False, False]], [[False, False, False, True, True]]])
    # One cell away .2 and .4, two cells away .1 and .5; with only the far one on the right the near pair drops out.
    both = at_equal_distance(weights, looks, torch.stack([left, right]))
    assert_close(both, torch.tensor([[0.2, 0.4], [0.1, 0.5]]).double())
    right[0, 3] = False
    assert_close(at_equal_distance(weights, looks, torch.stack([left, right])), torch.tensor([[0.1, 0.5]]).double())
    right[:] = False
    assert at_equal_distance(weights, looks, torch.stack([left, right])).shape == (0, 2)


def test_cells_of_a_kind_that_lie_equally_far_away_share_one_mean():
    weights = torch.zeros(3, 3, 3, 3)
    weights[1, 1] = torch.tensor([[0.0, 0.1, 0.0], [0.3, 0.2, 0.6], [0.0, 0.5, 0.0]])
    middle, across, along = (torch.zeros(3, 3, dtype=torch.bool) for _ in range(3))
    middle[1, 1] = along[1, 0] = along[1, 2] = across[0, 1] = across[2, 1] = True
    means = at_equal_distance(weights, middle, torch.stack([along, across]))
    assert_close(means, torch.tensor([[0.45, 0.3]]).double())


def test_errors_say_what_came():
    with pytest.raises(ValueError, match=r"shape \(6, 6\).*expected \(H, W, H, W\)"):
        at_equal_distance(torch.ones(6, 6), torch.ones(2, 3) > 0, torch.ones(1, 2, 3) > 0)
    with pytest.raises(ValueError, match="2x3 cells.*the grid 3x2"):
        mass_in_box(MAP, (0, 0, 9, 9), FeatureGrid((3, 2), (30, 20), (30, 20), 10))
    with pytest.raises(ValueError, match=r"shape \(6,\).*Reshape"):
        entropy(MAP.flatten())
    with pytest.raises(ValueError, match="after the softmax"):
        entropy(torch.tensor([[0.5, float("nan")]]))
    with pytest.raises(ValueError, match="one cell"):
        entropy(torch.ones(1, 1))

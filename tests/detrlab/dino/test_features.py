"""Nearest neighbours and probes, by hand: who votes, with what weight, and who does not."""

import math

import pytest
import torch

from detrlab.dino.features import (
    accuracy,
    extract_features,
    knn_leave_one_out,
    knn_predict,
    linear_probe,
    pixel_features,
)


def on_circle(*degrees: float) -> torch.Tensor:
    angles = torch.tensor(degrees) * math.pi / 180
    return torch.stack([angles.cos(), angles.sin()], dim=-1)


def test_a_near_neighbour_outvotes_two_far_ones():
    """Cosines 1, .5, .5: exp(1 / .07) against 2 exp(.5 / .07). At a temperature of 1, 2.72 against 3.30."""
    bank, labels = on_circle(0, 60, -60), torch.tensor([0, 1, 1])
    query = 5 * on_circle(0)  # its length does not count
    assert knn_predict(query, bank, labels, k=3).tolist() == [0]
    assert knn_predict(query, bank, labels, k=3, temperature=1.0).tolist() == [1]


def test_only_k_neighbours_vote():
    bank, labels = on_circle(0, 10, 20, 30), torch.tensor([2, 2, 0, 0])
    assert knn_predict(on_circle(25), bank, labels, k=2).tolist() == [0]
    assert knn_predict(on_circle(5), bank, labels, k=3, temperature=1.0).tolist() == [2]


def test_none_is_its_own_neighbour():
    """Pairs of unlike labels: with oneself all would be right, without oneself all are wrong."""
    features, labels = on_circle(0, 1, 90, 91), torch.tensor([0, 1, 0, 1])
    assert accuracy(knn_predict(features, features, labels, k=1), labels) == 1
    assert accuracy(knn_leave_one_out(features, labels, k=1), labels) == 0


def test_too_few_neighbours():
    features = torch.eye(5)
    with pytest.raises(ValueError, match="a bank of 5 features has no 6 neighbours"):
        knn_predict(features, features, torch.arange(5), k=6)
    with pytest.raises(ValueError, match="of 5 features none has 5 others"):
        knn_leave_one_out(features, torch.arange(5), k=5)


def test_a_linear_probe_finds_what_is_linear_and_not_what_is_not():
    torch.manual_seed(0)
    x, x_test = torch.randn(300, 3), torch.randn(200, 3)
    linear, product = (lambda x: (x[:, 0] > x[:, 1]).long()), (lambda x: (x[:, 0] * x[:, 1] > 0).long())
    assert linear_probe(x, linear(x), x_test, linear(x_test)) > 0.95
    assert linear_probe(x, product(x), x_test, product(x_test)) < 0.65


def test_features_and_pixels():
    pictures = torch.arange(2 * 3 * 4 * 4.0).view(2, 3, 4, 4)
    assert pixel_features(pictures, 2).shape == (2, 12)
    assert pixel_features(pictures, 2)[0, 0] == (0 + 1 + 4 + 5) / 4
    found = extract_features(torch.nn.Flatten(), pictures, batch=1)
    assert torch.equal(found, pictures.flatten(1)) and not found.requires_grad

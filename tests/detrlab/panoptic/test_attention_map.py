"""Attention maps of boxes: the official numbers, and softmaxes that can be added up."""

import pytest
import torch
from safetensors.torch import load_file

from detrlab.panoptic.attention_map import MHAttentionMap
from tests.golden_data import golden_file


@pytest.fixture(scope="module")
def golden() -> dict[str, torch.Tensor]:
    return load_file(golden_file("mask_heads.safetensors"))


def test_equals_the_official_code(golden):
    maps = MHAttentionMap(64, 64, num_heads=4)
    maps.load_state_dict({key: golden[f"mha.w.{key}"] for key in maps.state_dict()})
    q, k = golden["mha.q"], golden["mha.k"]
    torch.testing.assert_close(maps(q, k, golden["mha.mask"].bool()), golden["mha.out"], atol=1e-6, rtol=1e-5)
    torch.testing.assert_close(maps(q, k), golden["mha.out_nomask"], atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("per_head", [False, True])
def test_what_sums_to_one(per_head):
    """B, Q, M, H, W = 2, 5, 3, 7, 11."""
    torch.manual_seed(0)
    maps = MHAttentionMap(13, 12, num_heads=3, per_head=per_head)
    mask = torch.zeros(2, 7, 11, dtype=torch.bool)
    mask[1, :, 6:] = True
    out = maps(torch.randn(2, 5, 13), torch.randn(2, 13, 7, 11), mask)
    assert out.shape == (2, 5, 3, 7, 11)
    assert (out[1, ..., 6:] == 0).all() and (out[1, ..., :6] > 0).all()
    sums = out.sum((3, 4))  # (B, Q, M)
    torch.testing.assert_close(sums if per_head else sums.sum(2), torch.ones(2, 5, 3) if per_head else torch.ones(2, 5))


@pytest.mark.parametrize(("per_head", "expected"), [(False, [0.75, 0.25]), (True, [1.0, 1.0])])
def test_a_head_that_scores_higher_takes_it_from_the_others(per_head, expected):
    """One cell, two heads of width 1, scores ln 3 and 0: 3/4 and 1/4 of one softmax; all of a softmax each."""
    maps = MHAttentionMap(2, 2, num_heads=2, per_head=per_head)
    with torch.no_grad():
        maps.q_linear.weight.copy_(torch.eye(2))
        maps.k_linear.weight.copy_(torch.eye(2))
    out = maps(torch.tensor([[[3.0, 1.0]]]).log(), torch.ones(1, 2, 1, 1))
    torch.testing.assert_close(out.flatten(), torch.tensor(expected))


def test_names_and_beginning():
    maps = MHAttentionMap(8, 8, num_heads=2)
    assert list(maps.state_dict()) == ["q_linear.weight", "q_linear.bias", "k_linear.weight", "k_linear.bias"]
    assert not maps.q_linear.bias.any() and not maps.k_linear.bias.any()


def test_heads_that_do_not_divide():
    with pytest.raises(ValueError, match="5 heads do not divide the width 12"):
        MHAttentionMap(12, 12, num_heads=5)

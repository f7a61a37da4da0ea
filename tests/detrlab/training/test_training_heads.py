"""Restarting flat heads: found by their maps alone, silent afterwards but for their constant, and looking
like the sharpest."""

import math

import pytest
import torch

from detrlab.detr.models import shapes_model
from detrlab.training import heads
from detrlab.training.heads import restart_flat_heads

HEAD = 32  # channels of a head: D 128 over M 4


@pytest.fixture
def model_with_a_flat_head(monkeypatch):
    """Head 2 of the last cross-attention has no queries, so it looks at all tokens alike; head 1 is the
    sharpest."""
    torch.manual_seed(0)
    model = shapes_model()
    attention = model.transformer.decoder.layers[-1].multihead_attn
    with torch.no_grad():
        attention.in_proj_bias.normal_()
        attention.in_proj_weight[2 * HEAD : 3 * HEAD] = 0
        attention.in_proj_bias[2 * HEAD : 3 * HEAD] = 0
        for head in (0, 1, 3):
            attention.in_proj_weight[head * HEAD : (head + 1) * HEAD] *= 30 if head == 1 else 10
    monkeypatch.setattr(heads, "SURE", 0.0)  # an untrained model is sure of nothing
    return model.train()


def test_a_flat_head_looks_like_the_sharpest_and_says_its_constant(model_with_a_flat_head):
    model = model_with_a_flat_head
    attention = model.transformer.decoder.layers[-1].multihead_attn
    x = torch.randn(2, 3, 40, 56)
    before, memory, _ = heads._look(model, attention, x)
    entropy = -(before * before.clamp_min(1e-12).log()).sum(-1).mean((0, 2))
    assert entropy[2].item() == pytest.approx(math.log(35), abs=1e-4)
    bias = attention.out_proj.bias.detach().clone()
    spoken = attention.out_proj.weight[:, 2 * HEAD : 3 * HEAD].detach().clone()

    assert restart_flat_heads(model, x) == [2]

    after, _, _ = heads._look(model, attention, x)
    assert entropy.argmin() == 1
    torch.testing.assert_close(after[:, 2], after[:, 1])
    torch.testing.assert_close(after[:, [0, 1, 3]], before[:, [0, 1, 3]])
    assert attention.out_proj.weight[:, 2 * HEAD : 3 * HEAD].abs().max() == 0
    # A uniform map says the mean of the values over the tokens; over both pictures that is what the bias
    # gains.
    own = slice(2 * 128 + 2 * HEAD, 2 * 128 + 3 * HEAD)
    values = memory @ attention.in_proj_weight[own].T + attention.in_proj_bias[own]  # (B, S, 32)
    torch.testing.assert_close(attention.out_proj.bias - bias, spoken @ values.mean((0, 1)), rtol=1e-3, atol=1e-4)
    assert model.training
    assert not attention._forward_hooks and not attention._forward_pre_hooks


def test_without_a_query_that_is_sure_nothing_changes(model_with_a_flat_head, monkeypatch):
    monkeypatch.setattr(heads, "SURE", 1.0)
    state = {key: value.clone() for key, value in model_with_a_flat_head.state_dict().items()}
    assert restart_flat_heads(model_with_a_flat_head, torch.randn(1, 3, 40, 56)) == []
    for key, value in model_with_a_flat_head.state_dict().items():
        assert torch.equal(value, state[key]), key

"""Switching off: heads and layers do nothing, exactly, and afterwards all is as before."""

import copy

import pytest
import torch
from torch import nn

from detrlab.attention.ablation import switched_off
from detrlab.detr.detect import Detections
from detrlab.detr.models import load_model
from detrlab.explorer.heads import compared, switch_heads
from detrlab.scenes.compose import draw_scene


@pytest.fixture(scope="module")
def model() -> nn.Module:
    return load_model("shapes")


@pytest.fixture(scope="module")
def picture():
    return draw_scene(0, (640, 480)).picture


def test_a_head_that_is_off_adds_nothing(model):
    """Against attention written out: all heads' values, the chosen one's zeroed, then the output projection."""
    attention = model.transformer.decoder.layers[1].multihead_attn
    generator = torch.Generator().manual_seed(5)
    query, memory = (torch.randn(1, length, 128, generator=generator) for length in (7, 11))
    M, d = 4, 32
    q, k, v = (
        nn.functional.linear(each, weight, bias).unflatten(-1, (M, d)).transpose(1, 2)  # (1, M, length, d)
        for each, weight, bias in zip(
            (query, memory, memory), attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3), strict=True
        )
    )
    heads = (q @ k.transpose(-2, -1) / d**0.5).softmax(-1) @ v  # (1, M, 7, d)
    heads[:, 2] = 0
    expected = attention.out_proj(heads.transpose(1, 2).flatten(-2))
    with torch.no_grad():
        with switched_off(model, heads=[(1, 2)]):
            found, _ = attention(query, memory, memory)
        on, _ = attention(query, memory, memory)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-5)
    assert (on - expected).abs().max() > 1e-3


def test_a_layer_that_is_off_is_a_model_without_it(model):
    shorter = copy.deepcopy(model)
    del shorter.transformer.encoder.layers[1]
    pictures = torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        with switched_off(model, encoder_layers=[1]):
            found = model(pictures)
        expected = shorter(pictures)
    assert torch.equal(found["pred_logits"], expected["pred_logits"])
    assert torch.equal(found["pred_boxes"], expected["pred_boxes"])


def test_afterwards_all_is_as_before_even_after_an_error(model):
    before = copy.deepcopy(model.state_dict())
    with pytest.raises(KeyboardInterrupt), switched_off(model, [(0, 0), (0, 3), (2, 1)], [0, 2]):
        raise KeyboardInterrupt
    assert all(torch.equal(before[name], tensor) for name, tensor in model.state_dict().items())
    assert not any(module._forward_hooks for module in model.modules())


def test_mistakes_are_named(model):
    with pytest.raises(ValueError, match="no decoder layer 3, only 0 to 2"), switched_off(model, [(3, 0)]):
        pass
    with pytest.raises(ValueError, match="no head 4, only 0 to 3"), switched_off(model, [(0, 4)]):
        pass
    with pytest.raises(ValueError, match="no encoder layer -1"), switched_off(model, encoder_layers=[-1]):
        pass
    with pytest.raises(ValueError, match="Linear has no transformer"), switched_off(nn.Linear(2, 3)):
        pass


def test_the_widget_says_what_is_lost(model, picture):
    switches = switch_heads(model, picture, 0.5)
    result = switches.result
    assert result["of"] == result["fates"]["in place"] == len(switches.detections) > 0
    assert all(row["iou"] == pytest.approx(1) and row["was_xyxy"] == row["box_xyxy"] for row in result["rows"])
    assert all(row["before"] == row["now"] for row in result["rows"])
    everything = {"heads": [[layer, head] for layer in range(3) for head in range(4)], "encoder_layers": [0, 1, 2]}
    switches.off = everything
    result = switches.result
    assert (result["heads_off"], result["layers_off"]) == (12, 3)
    assert sum(result["fates"].values()) == len(result["rows"]) == result["of"] + result["fates"]["new"]
    assert len(switches.detections) == len(result["rows"]) - result["fates"]["lost"]
    switches.off = {"heads": [], "encoder_layers": []}
    assert switches.result["fates"]["in place"] == switches.result["of"]
    assert "image/png" in switches._repr_mimebundle_()[0]


def test_lost_and_new_detections_are_told_apart(model, picture):
    switches = switch_heads(model, picture, 0.5)
    all_on = switches._before
    with switched_off(model, [(layer, head) for layer in range(3) for head in range(4)]):
        blind = switch_heads(model, picture, 0.5)._before
    rows = compared(all_on, blind, 0.5)
    by_query = {each.query: each for each in blind}
    for row in rows:
        assert (row["fate"] == "lost") == (by_query[row["query"]].score <= 0.5)
    new = {each.query for each in blind if each.score > 0.5} - {each.query for each in all_on if each.score > 0.5}
    assert {row["query"] for row in rows if row["before"] <= 0.5} == new


def of_queries(boxes_xyxy: list[list[float]], scores: list[float], names: tuple[str, ...]) -> Detections:
    numbers = torch.arange(len(names))
    return Detections(torch.tensor(boxes_xyxy), torch.zeros(len(names)).long(), torch.tensor(scores), numbers, names)


def test_boxes_that_fly_off_are_said_to_have_moved():
    """Five queries with boxes of 10 x 10: one stays, one moves by 5 (an overlap of 50 of 150), one is renamed, one is
    lost, one is new."""
    square = [0.0, 0.0, 10.0, 10.0]
    before = of_queries([square] * 5, [0.9, 0.8, 0.8, 0.8, 0.1], ("star",) * 5)
    away = [5.0, 0.0, 15.0, 10.0]
    now = of_queries(
        [square, away, square, away, square], [0.9, 0.9, 0.9, 0.2, 0.9], ("star", "star", "ring", "star", "star")
    )
    rows = compared(before, now, 0.7)
    assert [row["fate"] for row in rows] == ["in place", "moved", "other class", "lost", "new"]
    assert [row["iou"] for row in rows] == [1, pytest.approx(1 / 3), 1, None, None]
    assert [row["was_xyxy"] for row in rows] == [square, square, square, None, None]
    assert [row["box_xyxy"] for row in rows] == [square, away, square, square, square]

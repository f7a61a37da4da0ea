"""What 02's first notebook states: its worked examples, and that its answers give the numbers of the official code."""

import math
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

from autograder.course.registry import SOLUTIONS
from autograder.course.source import read_source
from detrlab.detr.transformer import Transformer
from tests.golden_data import golden_file

FOLDER: Path = SOLUTIONS / "02_transformer" / "q1_attention"


@cache
def answers() -> SimpleNamespace:
    """The functions of all model answers."""
    space = {"math": math, "torch": torch, "F": F, "nn": nn}
    for cell in read_source(FOLDER).named("exercise").values():
        exec(cell.source, space)
    return SimpleNamespace(**space)


def rounded(values: Tensor, digits: int = 2) -> list[float]:
    return [round(value, digits) for value in values.flatten().tolist()]


def test_the_example_of_step_1():
    q = torch.tensor([[[[2.0, 0, 0, 0]]]])
    k = torch.tensor([[[[0.0, 5, 0, 0], [0, 0, 1, 0], [1, 0, 0, 0]]]])
    v = torch.tensor([[[[10.0], [20], [30]]]])
    output, weights = answers().attention(q, k, v)
    assert rounded(weights, 3) == [0.212, 0.212, 0.576]
    assert rounded(output, 1) == [23.6]


def test_the_examples_of_steps_2_and_3():
    tokens = torch.tensor([[[1, 2, 3, 4], [5, 6, 7, 8]]])
    assert answers().split_heads(tokens, 2).tolist() == [[[[1, 2], [5, 6]], [[3, 4], [7, 8]]]]
    scores, padding = torch.tensor([[[[0.0, 0, 1]]]]), torch.tensor([[False, True, False]])
    assert rounded(answers().masked_weights(scores, padding)) == [0.27, 0, 0.73]
    assert rounded(scores.softmax(-1)) == [0.21, 0.21, 0.58]


def test_the_example_of_step_4():
    padding = torch.tensor([[False, False, True]])
    encoded = {True: torch.tensor([[[1.0], [2], [3]]]), False: torch.tensor([[[1.0], [2.5], [9]]])}
    change = answers().change_without_mask(lambda src, mask: encoded[bool(mask.any())], torch.zeros(1, 3, 1), padding)
    assert change == [0.5]


def test_the_example_of_step_5():
    _, columns = answers().places(torch.tensor([[[False, False, False, True]]]))
    expected = [2 * math.pi / 3, 4 * math.pi / 3, 2 * math.pi, 2 * math.pi]
    assert columns.flatten().tolist() == pytest.approx(expected, rel=1e-5)
    p = 1.7
    four = answers().waves(torch.full((1, 1, 1), p), 4).flatten().tolist()
    assert four == pytest.approx([math.sin(p), math.cos(p), math.sin(p / 100), math.cos(p / 100)])


def test_the_example_of_step_6():
    assert rounded(nn.LayerNorm(2)(torch.tensor([1.0, 3]) + torch.tensor([2.0, -2]))) == [1, -1]


def test_the_examples_of_steps_8_to_10():
    layers = [lambda tgt, *others: tgt + 1] * 3
    decoded = [
        answers().run_decoder(layers, lambda x: 10 * x, torch.zeros(1, 1, 1), None, None, None, None, every)
        for every in (True, False)
    ]
    assert [hs.flatten().tolist() for hs in decoded] == [[10, 20, 30], [30]]
    one_head = nn.MultiheadAttention(2, 1, batch_first=True)
    one_head.in_proj_bias.data = torch.tensor([1.0, 1, 2, 2, 3, 4])
    by_hand = one_head.out_proj.weight @ torch.tensor([3.0, 4]) + one_head.out_proj.bias
    torch.testing.assert_close(answers().from_weights(one_head), by_hand)
    sums = answers().one_after_another(lambda x: x.sum(0).expand(len(x), 1), torch.tensor([[1.0], [2], [3]]))
    assert sums.flatten().tolist() == [1, 3, 6]


def test_multi_head_attention_equals_torchs_module():
    torch.manual_seed(0)
    module = nn.MultiheadAttention(15, 3, batch_first=True)
    nn.init.normal_(module.in_proj_bias)
    query, key, value = torch.randn(2, 7, 15), torch.randn(2, 11, 15), torch.randn(2, 11, 15)
    mine = answers().multi_head_attention(query, key, value, module.state_dict(), 3)
    torch.testing.assert_close(mine, module(query, key, value)[0])


def test_a_pre_norm_layer_equals_torchs_without_positions():
    torch.manual_seed(0)
    layer = nn.TransformerEncoderLayer(15, 3, 20, dropout=0.0, batch_first=True, norm_first=True)
    src, padding = torch.randn(2, 7, 15), torch.tensor([[False] * 7, [False] * 4 + [True] * 3])
    mine = answers().pre_norm_layer(layer, src, torch.zeros_like(src), padding)
    torch.testing.assert_close(mine, layer(src, src_key_padding_mask=padding))


@pytest.mark.parametrize(("name", "n"), [("sine.nf32.norm1", 32), ("sine.nf128.norm1", 128)])
def test_sine_positions_equal_the_official_code(name: str, n: int):
    golden = load_file(golden_file("position.safetensors"))
    halves = (answers().waves(place, n) for place in answers().places(golden["mask"].bool()))
    torch.testing.assert_close(answers().join_halves(*halves), golden[name], atol=1e-5, rtol=0)


def test_layers_stack_and_masked_maps_equal_the_official_code():
    golden = load_file(golden_file("transformer_postnorm.safetensors"))
    transformer = Transformer(64, 4, num_encoder_layers=2, num_decoder_layers=2, dim_feedforward=128).eval()
    transformer.load_state_dict({key[2:]: value for key, value in golden.items() if key.startswith("w.")})
    src, pos = (golden[name].flatten(2).transpose(1, 2) for name in ("src", "pos"))  # (B, S, D)
    padding = golden["mask"].bool().flatten(1)
    query_pos = golden["query_embed"].expand(2, -1, -1)

    self_attn = transformer.encoder.layers[0].self_attn
    q, k, _ = answers().project(src + pos, src + pos, src, self_attn.state_dict())
    q, k = answers().split_heads(q, 4), answers().split_heads(k, 4)
    maps = answers().masked_weights(q @ k.transpose(2, 3) / math.sqrt(16), padding)
    torch.testing.assert_close(maps, golden["attn.encoder.layers.0.self_attn"], atol=1e-5, rtol=0)

    def layer_of(parts: nn.Module):
        return lambda *given: answers().post_norm_decoder_layer(parts, *given)

    with torch.no_grad():
        for parts in transformer.encoder.layers:
            src = answers().post_norm_layer(parts, src, pos, padding)
        decoder = transformer.decoder
        layers = [layer_of(parts) for parts in decoder.layers]
        given = (torch.zeros_like(query_pos), src, padding, pos, query_pos)
        hs = answers().run_decoder(layers, decoder.norm, *given, True)
    torch.testing.assert_close(src.transpose(1, 2).reshape(2, 64, 7, 9), golden["memory"], atol=1e-5, rtol=0)
    torch.testing.assert_close(hs, golden["hs"], atol=1e-5, rtol=0)

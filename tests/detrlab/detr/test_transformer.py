"""The transformer: attention written out by hand, a padded batch, and the official numbers."""

import math

import torch
from safetensors.torch import load_file
from torch import nn

from detrlab.detr.transformer import Transformer, TransformerDecoderLayer, TransformerEncoderLayer
from tests.golden_data import golden_file


def attention_by_hand(attention: nn.MultiheadAttention, q, k, v):
    """Outputs and maps (B, M, Q, K) of a multi-head attention, from its weights."""
    B, M = len(q), attention.num_heads
    w, b = attention.in_proj_weight.chunk(3), attention.in_proj_bias.chunk(3)
    q, k, v = (
        (x @ w[i].T + b[i]).unflatten(-1, (M, -1)).transpose(1, 2) for i, x in enumerate((q, k, v))
    )  # (B, M, tokens, D / M)
    maps = (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1)
    mixed = (maps @ v).transpose(1, 2).flatten(2)  # (B, tokens, D)
    assert mixed.shape[0] == B
    return mixed @ attention.out_proj.weight.T + attention.out_proj.bias, maps


def test_encoder_layer_adds_positions_to_queries_and_keys_only():
    torch.manual_seed(0)
    B, S, D, M = 2, 13, 20, 5
    layer = TransformerEncoderLayer(D, M, dim_feedforward=11, dropout=0.1).eval()
    src, pos = torch.randn(B, S, D), torch.randn(B, S, D)
    attended, _ = attention_by_hand(layer.self_attn, src + pos, src + pos, src)
    x = layer.norm1(src + attended)
    expected = layer.norm2(x + layer.linear2(layer.linear1(x).clamp(min=0)))
    torch.testing.assert_close(layer(src, torch.zeros(B, S, dtype=torch.bool), pos), expected)


def test_decoder_layer_gives_each_attention_its_positions():
    torch.manual_seed(0)
    B, Q, S, D, M = 2, 7, 13, 20, 5
    layer = TransformerDecoderLayer(D, M, dim_feedforward=11, dropout=0.1).eval()
    tgt, query_pos, memory, pos = torch.randn(2, B, Q, D).unbind() + torch.randn(2, B, S, D).unbind()
    attended, _ = attention_by_hand(layer.self_attn, tgt + query_pos, tgt + query_pos, tgt)
    x = layer.norm1(tgt + attended)
    attended, _ = attention_by_hand(layer.multihead_attn, x + query_pos, memory + pos, memory)
    x = layer.norm2(x + attended)
    expected = layer.norm3(x + layer.linear2(layer.linear1(x).clamp(min=0)))
    mask = torch.zeros(B, S, dtype=torch.bool)
    torch.testing.assert_close(layer(tgt, memory, mask, pos, query_pos), expected)


def test_a_query_does_not_see_what_the_mask_hides():
    torch.manual_seed(0)
    B, Q, S, D, M = 2, 7, 13, 20, 5
    layer = TransformerDecoderLayer(D, M, dim_feedforward=11, dropout=0.1).eval()
    tgt, query_pos, memory, pos = torch.randn(2, B, Q, D).unbind() + torch.randn(2, B, S, D).unbind()
    mask = torch.zeros(B, S, dtype=torch.bool)
    hidden = torch.zeros(Q, Q, dtype=torch.bool)
    hidden[:3, 3:] = True  # the first three do not see the others
    alone = layer(tgt[:, :3], memory, mask, pos, query_pos[:, :3])
    everybody = layer(tgt, memory, mask, pos, query_pos)
    together = layer(tgt, memory, mask, pos, query_pos, hidden)
    torch.testing.assert_close(together[:, :3], alone)
    torch.testing.assert_close(together[:, 3:], everybody[:, 3:])
    assert (together[:, :3] - everybody[:, :3]).abs().max() > 1e-2
    # Of one picture alone, in all heads.
    first = torch.stack([hidden, torch.zeros_like(hidden)]).repeat_interleave(M, dim=0)
    of_one = layer(tgt, memory, mask, pos, query_pos, first)
    torch.testing.assert_close(of_one, torch.stack([together[0], everybody[1]]))


def test_the_decoder_starts_from_what_it_is_given_and_hides_in_every_layer():
    transformer = small_transformer()
    src, pos, queries = torch.randn(2, 20, 3, 5), torch.randn(2, 20, 3, 5), torch.randn(2, 7, 20)
    mask, hidden = torch.zeros(2, 3, 5, dtype=torch.bool), torch.zeros(7, 7, dtype=torch.bool)
    hidden[:3, 3:] = True
    alone, _ = transformer(src, mask, queries[:, :3], pos)
    start = torch.cat([torch.zeros(2, 3, 20), torch.randn(2, 4, 20)], dim=1)
    beside, _ = transformer(src, mask, queries, pos, start, hidden)
    torch.testing.assert_close(beside[:, :, :3], alone)
    seen, _ = transformer(src, mask, queries, pos, start)
    assert (seen[0, :, :3] - alone[0]).abs().max() > 1e-2


def test_what_stands_in_for_an_attention_or_a_layer_need_not_know_of_masks():
    class Layer(nn.Module):
        def forward(self, tgt, memory, mask, pos, query_pos):
            return tgt + 1

    class Attention(nn.Module):
        def forward(self, query, key, value):
            return torch.zeros_like(query), None

    transformer = small_transformer()
    transformer.decoder.layers[0] = Layer()
    transformer.decoder.layers[1].self_attn = Attention()
    hs, _ = transformer(
        torch.randn(1, 20, 3, 5),
        torch.zeros(1, 3, 5, dtype=torch.bool),
        torch.randn(7, 20),
        torch.randn(1, 20, 3, 5),
    )
    assert hs.shape == (3, 1, 7, 20)


def small_transformer() -> Transformer:
    torch.manual_seed(0)
    return Transformer(20, 5, num_encoder_layers=2, num_decoder_layers=3, dim_feedforward=11).eval()


def test_shapes_and_hooks():
    B, D, H, W, Q, L = 2, 20, 3, 5, 7, 3
    transformer = small_transformer()
    maps = []
    for attention in (
        transformer.encoder.layers[-1].self_attn,
        transformer.decoder.layers[-1].multihead_attn,
    ):
        attention.register_forward_hook(lambda module, args, output: maps.append(output[1]))
    hs, memory = transformer(
        torch.randn(B, D, H, W),
        torch.zeros(B, H, W, dtype=torch.bool),
        torch.randn(Q, D),
        torch.randn(B, D, H, W),
    )
    assert hs.shape == (L, B, Q, D)
    assert memory.shape == (B, D, H, W)
    assert [tuple(m.shape) for m in maps] == [(B, H * W, H * W), (B, Q, H * W)]
    for m in maps:
        torch.testing.assert_close(m.sum(-1), torch.ones(m.shape[:-1]))


def test_the_last_decoder_output_is_normalised():
    transformer = small_transformer()
    hs, _ = transformer(
        torch.randn(1, 20, 3, 5),
        torch.zeros(1, 3, 5, dtype=torch.bool),
        torch.randn(7, 20),
        torch.randn(1, 20, 3, 5),
    )
    for layer in hs:
        torch.testing.assert_close(layer.mean(-1), torch.zeros(1, 7), atol=1e-5, rtol=0)


def test_padding_changes_nothing():
    transformer = small_transformer()
    src, pos, queries = torch.randn(1, 20, 3, 5), torch.randn(1, 20, 3, 5), torch.randn(7, 20)
    alone, _ = transformer(src, torch.zeros(1, 3, 5, dtype=torch.bool), queries, pos)
    mask = torch.ones(1, 4, 8, dtype=torch.bool)
    mask[:, :3, :5] = False
    pad = nn.ZeroPad2d((0, 3, 0, 1))
    padded, _ = transformer(pad(src) + 9 * mask[:, None], mask, queries, pad(pos))
    torch.testing.assert_close(padded, alone, atol=1e-5, rtol=0)


def test_equals_the_official_code():
    golden = load_file(golden_file("transformer_postnorm.safetensors"))
    transformer = Transformer(64, 4, num_encoder_layers=2, num_decoder_layers=2, dim_feedforward=128).eval()
    transformer.load_state_dict({key[2:]: value for key, value in golden.items() if key.startswith("w.")})
    maps = {}
    for name, module in transformer.named_modules():
        if isinstance(module, nn.MultiheadAttention):
            module.register_forward_hook(lambda m, args, output, name=name: maps.update({name: output[1]}))
    with torch.no_grad():
        hs, memory = transformer(golden["src"], golden["mask"].bool(), golden["query_embed"], golden["pos"])
    torch.testing.assert_close(hs, golden["hs"], atol=1e-5, rtol=0)
    torch.testing.assert_close(memory, golden["memory"], atol=1e-5, rtol=0)
    assert len(maps) == 6
    for name, mean in maps.items():
        torch.testing.assert_close(mean, golden[f"attn.{name}"].mean(1), atol=1e-5, rtol=0)

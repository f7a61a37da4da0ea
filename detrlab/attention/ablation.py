"""A model with some of its attention switched off, for as long as a `with` block lasts.

A head of the decoder's cross-attention is off when nothing of it reaches the layer's output: its columns of the output
projection are zero. An encoder layer is off when its output is its input. Both are ablations of a trained model: it
was never trained to do without.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def switched_off(
    model: nn.Module, heads: Iterable[tuple[int, int]] = (), encoder_layers: Iterable[int] = ()
) -> Iterator[None]:
    """Within, the model works without these heads of the decoder's cross-attention, (layer, head), and without these
    layers of the encoder; after it the model is as it was, to the last bit.

    Raises:
        ValueError: a model without `transformer.encoder.layers` and `transformer.decoder.layers`, or no such layer or
            head.
    """
    encoder, decoder = layers_of(model)
    heads = [(_checked(layer, len(decoder), "decoder layer"), head) for layer, head in heads]
    heads = [(layer, _checked(head, decoder[layer].multihead_attn.num_heads, "head")) for layer, head in heads]
    skipped = {_checked(layer, len(encoder), "encoder layer") for layer in encoder_layers}
    kept = {layer: decoder[layer].multihead_attn.out_proj.weight.detach().clone() for layer, _ in heads}
    handles = []
    try:
        for layer in skipped:
            handles.append(encoder[layer].register_forward_hook(lambda _module, args, _output: args[0]))
        with torch.no_grad():
            for layer, head in heads:
                attention = decoder[layer].multihead_attn
                width = attention.head_dim
                attention.out_proj.weight[:, head * width : (head + 1) * width] = 0
        yield
    finally:
        for handle in handles:
            handle.remove()
        with torch.no_grad():
            for layer, weight in kept.items():
                decoder[layer].multihead_attn.out_proj.weight.copy_(weight)


def layers_of(model: nn.Module) -> tuple[nn.ModuleList, nn.ModuleList]:
    """The layers of a model's encoder and decoder; ValueError if it has none where DETR has them."""
    transformer = getattr(model, "transformer", None)
    encoder = getattr(getattr(transformer, "encoder", None), "layers", None)
    decoder = getattr(getattr(transformer, "decoder", None), "layers", None)
    if not encoder or not decoder or not isinstance(getattr(decoder[0], "multihead_attn", None), nn.MultiheadAttention):
        raise ValueError(
            f"{type(model).__name__} has no transformer.encoder.layers and transformer.decoder.layers with a "
            "multihead_attn, as DETR has: take a model from load_model"
        )
    return encoder, decoder


def _checked(value: int, count: int, what: str) -> int:
    number = operator.index(value)
    if not 0 <= number < count:
        raise ValueError(f"there is no {what} {value}, only 0 to {count - 1}")
    return number

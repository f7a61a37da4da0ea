"""Starts the short DETR from the trained "shapes" model, so that half an hour of training is enough for it.

What both have in common is copied: backbone, projection, attention, norms, class head. The feed-forward
layers of `nn.Transformer` are wider; the copied neurons come first and the others start silent. What differs
is left to learning: positions enter the short DETR once and not in every layer, and its box head is one
linear layer.
"""

import torch
from torch import Tensor, nn

from detrlab.detr.detr import DETR
from tools.train_short.short_detr import ShortDETR

CELLS = 16  # rows and columns of the map of a 128 x 128 picture, for which the tables of positions start right


@torch.no_grad()
def start_from_shapes(short: ShortDETR, shapes: DETR) -> None:
    """Copies what fits from `shapes` into `short`, in place."""
    D = shapes.transformer.d_model
    # The sine code has the row in its first half of channels, the short DETR the column: every channel moves
    # over by half of D.
    order = torch.arange(D).roll(D // 2)
    short.backbone.load_state_dict(shapes.backbone[0].body.state_dict())
    short.conv.weight.copy_(10 * shapes.input_proj.weight[order])  # the short DETR takes a tenth of it
    short.conv.bias.copy_(10 * shapes.input_proj.bias[order])
    _copy_positions(short, shapes.backbone[1])
    for ours, theirs in zip(short.transformer.encoder.layers, shapes.transformer.encoder.layers, strict=True):
        _copy_layer(ours, theirs, order)
    for ours, theirs in zip(short.transformer.decoder.layers, shapes.transformer.decoder.layers, strict=True):
        _copy_layer(ours, theirs, order)
    _copy_norm(short.transformer.decoder.norm, shapes.transformer.decoder.norm, order)
    short.query_pos.copy_(shapes.query_embed.weight[:, order])
    short.linear_class.weight.copy_(shapes.class_embed.weight[:, order])
    short.linear_class.bias.copy_(shapes.class_embed.bias)


def _copy_positions(short: ShortDETR, position: nn.Module) -> None:
    """Fills the tables with the codes of the places of CELLS cells per side, and goes on at the same pace."""
    length, half = short.row_embed.shape
    place = torch.arange(1, length + 1) / CELLS * position.scale
    code = position._waves(place)  # (length, D / 2)
    assert code.shape == (length, half)
    short.row_embed.copy_(code)
    short.col_embed.copy_(code)


def _copy_layer(ours: nn.Module, theirs: nn.Module, order: Tensor) -> None:
    """Copies an encoder or decoder layer, all attentions and norms it has."""
    for name, module in theirs.named_children():
        if isinstance(module, nn.MultiheadAttention):
            attention = getattr(ours, name)
            attention.in_proj_weight.copy_(module.in_proj_weight[:, order])
            attention.in_proj_bias.copy_(module.in_proj_bias)
            attention.out_proj.weight.copy_(module.out_proj.weight[order])
            attention.out_proj.bias.copy_(module.out_proj.bias[order])
        elif isinstance(module, nn.LayerNorm):
            _copy_norm(getattr(ours, name), module, order)
    neurons = theirs.linear1.out_features
    ours.linear1.weight[:neurons] = theirs.linear1.weight[:, order]
    ours.linear1.bias[:neurons] = theirs.linear1.bias
    ours.linear2.weight.zero_()
    ours.linear2.weight[:, :neurons] = theirs.linear2.weight[order]
    ours.linear2.bias.copy_(theirs.linear2.bias[order])


def _copy_norm(ours: nn.LayerNorm, theirs: nn.LayerNorm, order: Tensor) -> None:
    ours.weight.copy_(theirs.weight[order])
    ours.bias.copy_(theirs.bias[order])

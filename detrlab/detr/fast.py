"""A fast form of a model for inference: the same call, the same outputs to float rounding, less time.

Three changes, none of which touches what is computed: batch norms are folded into the convolutions before them,
the backbone works in channels_last memory order throughout, and attention is fused (scaled_dot_product_attention)
wherever nobody asks for its maps.
"""

import copy
from itertools import pairwise
from typing import Any

import torch
from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from detrlab.detr.backbone import FrozenBatchNorm2d
from detrlab.detr.detr import DETR


def fast(model: DETR) -> DETR:
    """A copy of `model` for inference only, in eval mode; `model` itself stays as it is.

    A forward hook on one of its nn.MultiheadAttention modules still gets the attention map as output[1]; those
    without a hook return None there. The module names stay, a folded batch norm becomes nn.Identity.
    """
    model = copy.deepcopy(model).eval().requires_grad_(False)
    for module in list(model.backbone.modules()):
        _fold_batch_norms(module)
    model.backbone.to(memory_format=torch.channels_last)
    for module in model.modules():
        if isinstance(module, nn.MultiheadAttention):
            module.register_forward_pre_hook(_maps_only_for_hooks, with_kwargs=True)
    return model


def _fold_batch_norms(parent: nn.Module) -> None:
    """Fold each batch norm of `parent` into the convolution registered just before it."""
    for (_, conv), (name, norm) in pairwise(list(parent.named_children())):
        if isinstance(conv, nn.Conv2d) and isinstance(norm, FrozenBatchNorm2d | nn.BatchNorm2d):
            conv.weight, conv.bias = fuse_conv_bn_weights(
                conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
            )
            setattr(parent, name, nn.Identity())
            if conv.kernel_size == (1, 1):
                # A 1x1 kernel has nothing to dilate, so the result is the same; but plain 1x1 convolutions of one
                # picture on one thread bypass oneDNN for a kernel that takes twice as long in this memory order.
                conv.dilation = (2, 2)


def _maps_only_for_hooks(
    attention: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    # A later pre-hook, such as that of `capture_attention`, may ask for the weights all the same.
    return args, {**kwargs, "need_weights": bool(attention._forward_hooks)}

"""The way of a mask, from the coarse attention maps to the size of the finest map: what the mask head holds in between.

DETR, section 4.4 and figure 8: attention maps, two layers at their size, then a layer for each finer map of the
backbone. The features in between have no meaning of their own; their mean over channels says where something is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

from detrlab.detr.detect import evaluating
from detrlab.panoptic.segmentation import DETRsegm


class MaskPath(NamedTuple):
    """What comes about on the way, of Q' object queries of one picture."""

    attention: Tensor  # (Q', M, h, w), the attention maps
    features: tuple[Tensor, ...]  # (Q', h_i, w_i) each: the mean over channels after the second layer, the third, ...
    channels: tuple[int, ...]  # how many these channels are
    logits: Tensor  # (Q', h_n, w_n), the masks


def mask_path(model: DETRsegm, pixels: Tensor, queries: Sequence[int]) -> MaskPath:
    """Run the mask head for some queries of one picture, and keep what it computes on the way.

    Args:
        model: a panoptic one from `load_model`.
        pixels: (3, H, W), normalised, as `to_input` makes it.
        queries: Q' of the object queries.
    """
    head, kept = model.mask_head, {}

    def keep(module: nn.Module, args: Any, output: Tensor) -> None:
        kept[module] = output

    norms = [head.get_submodule(f"gn{i}") for i in range(2, head.levels + 3)]
    handles = [module.register_forward_hook(keep) for module in (model.bbox_attention, *norms)]
    try:
        with evaluating(model):
            seen = model.see(pixels[None].to(next(model.parameters()).device))
            logits = model.masks(seen, seen.hs[-1][:, list(queries)])[0]  # (Q', h_n, w_n)
    finally:
        for handle in handles:
            handle.remove()
    return MaskPath(
        attention=kept[model.bbox_attention][0].cpu(),
        features=tuple(F.relu(kept[norm]).mean(1).cpu() for norm in norms),
        channels=tuple(kept[norm].shape[1] for norm in norms),
        logits=logits.cpu(),
    )

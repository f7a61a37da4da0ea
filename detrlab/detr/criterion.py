"""The set prediction loss: classes for all queries, boxes for the matched ones, in every decoder layer.

DETR, section 3.1, equation 2, and appendix A.4 (auxiliary losses); `SetCriterion` of the official
`models/detr.py`.
"""

from collections.abc import Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

from detrlab.boxes import cxcywh_to_xyxy, generalized_box_iou
from detrlab.detr.matcher import Matches, Targets, match

WEIGHTS = {"loss_ce": 1.0, "loss_bbox": 5.0, "loss_giou": 2.0}


def set_losses(outputs: dict, targets: Targets, no_object: float = 0.1) -> dict[str, Tensor]:
    """All losses of a batch, named as in the official code; a suffix _0, _1, ... marks the earlier decoder
    layers.

    outputs: "pred_logits" (B, Q, K+1), "pred_boxes" (B, Q, 4) cxcywh in 0..1, and if present "aux_outputs",
    a list of the same. targets: see `matcher.Targets`. no_object: weight of the no-object class in the
    cross-entropy.
    """
    layers = [outputs, *outputs.get("aux_outputs", [])]
    suffixes = ["", *(f"_{i}" for i in range(len(layers) - 1))]
    losses = {name: loss.unbind() for name, loss in _layer_losses(layers, targets, no_object).items()}
    return {name + suffix: loss[i] for i, suffix in enumerate(suffixes) for name, loss in losses.items()}


def total_loss(losses: dict[str, Tensor], weights: Mapping[str, float] = WEIGHTS) -> Tensor:
    """The weighted sum that is minimised; `weights` by name without the layer's suffix."""
    return sum(weights[name.rstrip("0123456789").removesuffix("_")] * loss for name, loss in losses.items())


def _layer_losses(layers: list[dict], targets: Targets, no_object: float) -> dict[str, Tensor]:
    """Each loss (L,) of L layers' predictions. Layers are matched anew: to the matcher they are more pictures."""
    L = len(layers)
    logits = torch.cat([layer["pred_logits"] for layer in layers]).float()  # (L*B, Q, K+1)
    boxes_cxcywh = torch.cat([layer["pred_boxes"] for layer in layers]).float()  # (L*B, Q, 4)
    matches = match({"pred_logits": logits, "pred_boxes": boxes_cxcywh}, targets * L)
    picture, query = _indices(matches)
    target = torch.cat([t for _, t in matches]) + _first_targets(targets).repeat(L)[picture]
    labels = torch.cat([each["labels"] for each in targets])
    goal_cxcywh = torch.cat([each["boxes"] for each in targets])

    K = logits.shape[-1] - 1
    classes = logits.new_full(logits.shape[:2], K, dtype=torch.int64)  # (L*B, Q), K means no object
    classes[picture, query] = labels[target]
    class_weights = logits.new_ones(K + 1)
    class_weights[K] = no_object
    weight = class_weights[classes].view(L, -1)  # (L, B*Q)
    surprise = F.cross_entropy(logits.flatten(0, 1), classes.flatten(), reduction="none").view(L, -1)
    # Every layer has as many matches.
    bbox, giou = box_losses(boxes_cxcywh[picture, query].view(L, -1, 4), goal_cxcywh[target].view(L, -1, 4))
    boxes_total = max(len(labels), 1)
    return {
        "loss_ce": (weight * surprise).sum(1) / weight.sum(1),
        "loss_bbox": bbox / boxes_total,
        "loss_giou": giou / boxes_total,
    }


def box_losses(boxes_cxcywh: Tensor, goal_cxcywh: Tensor) -> tuple[Tensor, Tensor]:
    """L1 and 1 - GIoU of boxes (..., T, 4) with the boxes (..., T, 4) they should be, each summed over the T boxes."""
    a, b = cxcywh_to_xyxy(boxes_cxcywh), cxcywh_to_xyxy(goal_cxcywh)
    overlap = generalized_box_iou(a[..., None, :], b[..., None, :])[..., 0, 0]  # (..., T): pair by pair
    return (boxes_cxcywh - goal_cxcywh).abs().sum((-2, -1)), (1 - overlap).sum(-1)


def _indices(matches: Matches) -> tuple[Tensor, Tensor]:
    """Picture and query index of every matched pair, in the order of the matches."""
    picture = torch.cat([torch.full_like(q, i) for i, (q, _) in enumerate(matches)])
    return picture, torch.cat([q for q, _ in matches])


def _first_targets(targets: Targets) -> Tensor:
    """(B,): the place of each picture's first target among those of all pictures."""
    sizes = torch.tensor([len(target["labels"]) for target in targets])
    return sizes.cumsum(0) - sizes

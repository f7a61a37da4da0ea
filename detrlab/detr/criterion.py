"""The set prediction loss: classes for all queries, boxes for the matched ones, in every decoder layer.

DETR, section 3.1, equation 2, and appendix A.4 (auxiliary losses); `SetCriterion` of the official
`models/detr.py`.
"""

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
    boxes_total = max(sum(len(target["labels"]) for target in targets), 1)
    losses = _layer_losses(outputs, targets, no_object, boxes_total)
    for i, layer in enumerate(outputs.get("aux_outputs", [])):
        losses |= {f"{name}_{i}": loss for name, loss in _layer_losses(layer, targets, no_object, boxes_total).items()}
    return losses


def total_loss(losses: dict[str, Tensor]) -> Tensor:
    """The weighted sum that is minimised."""
    return sum(WEIGHTS[name.rstrip("0123456789").removesuffix("_")] * loss for name, loss in losses.items())


def _layer_losses(outputs: dict, targets: Targets, no_object: float, boxes_total: int) -> dict[str, Tensor]:
    matches = match(outputs, targets)
    logits, boxes_cxcywh = outputs["pred_logits"].float(), outputs["pred_boxes"].float()
    K = logits.shape[-1] - 1
    picture, query = _indices(matches)
    classes = torch.full(logits.shape[:2], K)  # (B, Q), K means no object
    classes[picture, query] = torch.cat([target["labels"][t] for target, (_, t) in zip(targets, matches, strict=True)])
    class_weights = torch.ones(K + 1)
    class_weights[K] = no_object
    goal_cxcywh = torch.cat([target["boxes"][t] for target, (_, t) in zip(targets, matches, strict=True)])
    bbox, giou = box_losses(boxes_cxcywh[picture, query], goal_cxcywh)
    return {
        "loss_ce": F.cross_entropy(logits.flatten(0, 1), classes.flatten(), class_weights),
        "loss_bbox": bbox / boxes_total,
        "loss_giou": giou / boxes_total,
    }


def box_losses(boxes_cxcywh: Tensor, goal_cxcywh: Tensor) -> tuple[Tensor, Tensor]:
    """L1 and 1 - GIoU of boxes (T, 4) with the boxes (T, 4) they should be, each summed over the T boxes."""
    overlap = generalized_box_iou(cxcywh_to_xyxy(boxes_cxcywh), cxcywh_to_xyxy(goal_cxcywh))
    return F.l1_loss(boxes_cxcywh, goal_cxcywh, reduction="sum"), (1 - overlap.diagonal()).sum()


def _indices(matches: Matches) -> tuple[Tensor, Tensor]:
    """Picture and query index of every matched pair, in the order of the matches."""
    picture = torch.cat([torch.full_like(q, i) for i, (q, _) in enumerate(matches)])
    return picture, torch.cat([q for q, _ in matches])

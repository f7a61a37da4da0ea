"""Assigns every target to one prediction so that the total cost is smallest (the Hungarian algorithm).

DETR, section 3.1, equation 1; `models/matcher.py` of the official code.
"""

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from detrlab.boxes import cxcywh_to_xyxy, generalized_box_iou

Targets = list[dict[str, Tensor]]  # per picture: "labels" (T,) int64, "boxes" (T, 4) cxcywh in 0..1
Matches = list[tuple[Tensor, Tensor]]  # per picture: query indices (ascending) and the target indices they go with


@torch.no_grad()
def match(
    outputs: dict[str, Tensor],
    targets: Targets,
    cost_class: float = 1.0,
    cost_bbox: float = 5.0,
    cost_giou: float = 2.0,
) -> Matches:
    """Optimal one-to-one assignment, picture by picture.

    outputs: "pred_logits" (B, Q, K+1) and "pred_boxes" (B, Q, 4) cxcywh in 0..1. The cost of query q for
    target t is -cost_class * p_q(class of t) + cost_bbox * L1(boxes) - cost_giou * GIoU(boxes). Returns B
    pairs of int64 tensors of length min(Q, T). With more targets than queries, the costliest targets stay
    unmatched.
    """
    from scipy.optimize import linear_sum_assignment  # slow to import; only training matches

    sizes = [len(target["labels"]) for target in targets]
    labels = pad_sequence([target["labels"] for target in targets], batch_first=True)  # (B, T), T the most of a picture
    goal_cxcywh = pad_sequence([target["boxes"] for target in targets], batch_first=True)  # (B, T, 4)
    boxes_cxcywh = outputs["pred_boxes"].float()  # (B, Q, 4)
    probability = outputs["pred_logits"].float().softmax(-1)  # (B, Q, K+1)
    overlap = generalized_box_iou(cxcywh_to_xyxy(boxes_cxcywh), cxcywh_to_xyxy(goal_cxcywh))  # (B, Q, T)
    cost = (
        -cost_class * probability.gather(-1, labels[:, None].expand(-1, probability.shape[1], -1))
        + cost_bbox * torch.cdist(boxes_cxcywh, goal_cxcywh, p=1)
        - cost_giou * overlap
    )
    # What pads the shorter lists of targets is cut off again.
    pairs = [linear_sum_assignment(block[:, :T]) for block, T in zip(cost.cpu().numpy(), sizes, strict=True)]
    return [(torch.from_numpy(q), torch.from_numpy(t)) for q, t in pairs]

"""Assigns every target to one prediction so that the total cost is smallest (the Hungarian algorithm).

DETR, section 3.1, equation 1; `models/matcher.py` of the official code.
"""

import torch
from torch import Tensor

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

    B, Q = outputs["pred_logits"].shape[:2]
    sizes = [len(target["labels"]) for target in targets]
    probability = outputs["pred_logits"].float().flatten(0, 1).softmax(-1)  # (B*Q, K+1)
    boxes_cxcywh = outputs["pred_boxes"].float().flatten(0, 1)  # (B*Q, 4)
    labels = torch.cat([target["labels"] for target in targets])  # (sum T,)
    goal_cxcywh = torch.cat([target["boxes"] for target in targets])  # (sum T, 4)
    overlap = generalized_box_iou(cxcywh_to_xyxy(boxes_cxcywh), cxcywh_to_xyxy(goal_cxcywh))  # (B*Q, sum T)
    cost = (
        -cost_class * probability[:, labels]
        + cost_bbox * torch.cdist(boxes_cxcywh, goal_cxcywh, p=1)
        - cost_giou * overlap
    )
    # Across pictures nothing is matched: only the block of each picture with its own targets counts.
    per_picture = cost.view(B, Q, -1).cpu().split(sizes, -1)  # B times (B, Q, T)
    pairs = [linear_sum_assignment(block[i].numpy()) for i, block in enumerate(per_picture)]
    return [(torch.as_tensor(q, dtype=torch.int64), torch.as_tensor(t, dtype=torch.int64)) for q, t in pairs]

"""What masks are trained on: focal loss pixel by pixel, and dice loss mask by mask.

DETR, section 4.4 and appendix A.2; `sigmoid_focal_loss` and `dice_loss` in `models/segmentation.py`, `loss_masks` in
`models/detr.py` of the official code, which weighs both 1. Focal loss: Lin et al. 2017, equation 5; dice: Milletari et
al. 2016.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from detrlab.detr.matcher import Matches


def sigmoid_focal_loss(
    inputs: Tensor, targets: Tensor, num_boxes: float, alpha: float = 0.25, gamma: float = 2.0
) -> Tensor:
    """Cross-entropy in which what is right already counts little: the mean over pixels, summed over masks / num_boxes.

    Args:
        inputs: (N, P) logits of N masks of P pixels.
        targets: (N, P), 1 on the object, 0 elsewhere.
        num_boxes: what the sum over masks is divided by.
        alpha: weight of the object's pixels; the others weigh 1 - alpha.
        gamma: a pixel counts (1 - probability of its truth) ** gamma; 0 gives the plain cross-entropy.
    """
    targets = targets.to(inputs.dtype)
    surprise = F.binary_cross_entropy_with_logits(inputs, targets, reduction="none")  # (N, P)
    probability = inputs.sigmoid()
    wrong = probability + targets - 2 * probability * targets  # 1 - probability of the truth
    weight = (1 - alpha) + (2 * alpha - 1) * targets
    return (weight * wrong**gamma * surprise).mean(1).sum() / num_boxes


def dice_loss(inputs: Tensor, targets: Tensor, num_boxes: float) -> Tensor:
    """1 - (2 * shared + 1) / (mask + truth + 1), summed over masks / num_boxes: each mask counts alike, large or small.

    inputs: (N, P) logits; targets: (N, P), 1 on the object, 0 elsewhere. The 1 in both keeps empty masks finite.
    """
    probability = inputs.sigmoid()  # (N, P)
    targets = targets.to(inputs.dtype)
    shared = (probability * targets).sum(1)
    return (1 - (2 * shared + 1) / (probability.sum(1) + targets.sum(1) + 1)).sum() / num_boxes


def mask_losses(
    pred_masks: Tensor | Sequence[Tensor], targets: list[dict[str, Tensor]], matches: Matches
) -> dict[str, Tensor]:
    """The two losses of the matched queries of a batch, "loss_mask" (focal) and "loss_dice".

    Logits are enlarged to the size of the truth (bilinear), padding counts as no object.

    Args:
        pred_masks: (B, Q, h, w) logits, or B of (Q_i, h, w).
        targets: per picture "masks" (T, H_i, W_i) bool, in pixels of the model's input without padding.
        matches: from `match`, whose boxes and classes decide; masks have no say in it.
    """
    H, W = (max(target["masks"].shape[axis] for target in targets) for axis in (-2, -1))
    found, truth = [], []
    for logits, target, (query, chosen) in zip(pred_masks, targets, matches, strict=True):
        masks = target["masks"][chosen].to(logits)  # (T, H_i, W_i)
        truth.append(F.pad(masks, (0, W - masks.shape[-1], 0, H - masks.shape[-2])))
        found.append(logits[query])
    inputs = F.interpolate(torch.cat(found)[:, None], size=(H, W), mode="bilinear").flatten(1)  # (N, H*W)
    goals = torch.cat(truth).flatten(1)  # (N, H*W)
    num_boxes = max(sum(len(target["masks"]) for target in targets), 1)
    return {
        "loss_mask": sigmoid_focal_loss(inputs, goals, num_boxes),
        "loss_dice": dice_loss(inputs, goals, num_boxes),
    }

"""Boxes as centre and size or as corners, and how much they overlap.

DETR, section 3.1 "Bounding box loss"; `util/box_ops.py` of the official code; generalised IoU is Rezatofighi
et al. 2019. Every function takes any leading shape and any float dtype, and is differentiable.

cxcywh: centre x, centre y, width, height. xyxy: left, top, right, bottom, with left <= right and top <= bottom.
x grows to the right, y downwards.
"""

import torch
from torch import Tensor


def cxcywh_to_xyxy(boxes_cxcywh: Tensor) -> Tensor:
    """Corners of boxes given by centre and size: (..., 4) -> (..., 4), same unit in and out."""
    cx, cy, w, h = boxes_cxcywh.unbind(-1)
    return torch.stack([cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2], dim=-1)


def xyxy_to_cxcywh(boxes_xyxy: Tensor) -> Tensor:
    """Centre and size of boxes given by corners: (..., 4) -> (..., 4), same unit in and out."""
    x0, y0, x1, y1 = boxes_xyxy.unbind(-1)
    return torch.stack([(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0], dim=-1)


def scale_to_pixels(boxes: Tensor, size_wh: tuple[int, int]) -> Tensor:
    """Boxes (..., 4) in 0..1 of a picture -> pixels of a picture of `size_wh` = (width, height).

    Works for xyxy and for cxcywh alike, as x and y alternate in both.
    """
    width, height = size_wh
    return boxes * boxes.new_tensor([width, height, width, height])


def box_area(boxes_xyxy: Tensor) -> Tensor:
    """Area of boxes (..., 4) -> (...), in the square of their unit; half precision gives float32."""
    x0, y0, x1, y1 = _at_least_float32(boxes_xyxy).unbind(-1)
    return (x1 - x0) * (y1 - y0)


def box_iou(a_xyxy: Tensor, b_xyxy: Tensor) -> Tensor:
    """Intersection over union of every pair: (..., N, 4) and (..., M, 4) -> (..., N, M).

    Of two boxes without area it is nan, as in torchvision.
    """
    intersection, union = _intersection_and_union(a_xyxy, b_xyxy)
    return intersection / union


def generalized_box_iou(a_xyxy: Tensor, b_xyxy: Tensor) -> Tensor:
    """IoU less the share of the smallest enclosing box that neither covers: (..., N, 4), (..., M, 4) -> (..., N, M).

    From -1 (far apart) to 1 (equal). Unlike the IoU it has a gradient where the boxes are disjoint.
    """
    intersection, union = _intersection_and_union(a_xyxy, b_xyxy)
    a, b = _pairs(a_xyxy, b_xyxy)
    low = torch.minimum(a[..., :2], b[..., :2])
    high = torch.maximum(a[..., 2:], b[..., 2:])
    enclosing = (high - low).prod(-1)  # (..., N, M)
    return intersection / union - (enclosing - union) / enclosing


def _intersection_and_union(a_xyxy: Tensor, b_xyxy: Tensor) -> tuple[Tensor, Tensor]:
    """Areas of intersection and union of every pair, each (..., N, M)."""
    a, b = _pairs(a_xyxy, b_xyxy)
    low = torch.maximum(a[..., :2], b[..., :2])
    high = torch.minimum(a[..., 2:], b[..., 2:])
    intersection = (high - low).clamp(min=0).prod(-1)  # (..., N, M)
    return intersection, box_area(a) + box_area(b) - intersection


def _pairs(a_xyxy: Tensor, b_xyxy: Tensor) -> tuple[Tensor, Tensor]:
    """(..., N, 4) and (..., M, 4) -> (..., N, 1, 4) and (..., 1, M, 4), which broadcast to all pairs."""
    return _at_least_float32(a_xyxy)[..., :, None, :], _at_least_float32(b_xyxy)[..., None, :, :]


def _at_least_float32(boxes: Tensor) -> Tensor:
    # The area of a 300 x 300 box is already too large for float16.
    return boxes.float() if boxes.dtype in (torch.float16, torch.bfloat16) else boxes

"""Opening the explorer: one run of a model on a picture, with what that run computed."""

from __future__ import annotations

from typing import overload

import torch
from PIL import Image
from torch import Tensor, nn

from detrlab.attention.capture import capture_attention
from detrlab.detr.detect import Detections, detect, evaluating
from detrlab.dino.vision_transformer import VisionTransformer
from detrlab.explorer.masks import MaskExplorer
from detrlab.explorer.widget import Explorer
from detrlab.images import Source, open_picture, pixels_of
from detrlab.panoptic.segmentation import DETRsegm

DETECTIONS_ABOVE, MASKS_ABOVE = 0.7, 0.85


@overload
def explore(model: DETRsegm, picture: Source, threshold: float | None = None) -> MaskExplorer: ...
@overload
def explore(model: nn.Module, picture: Source, threshold: float | None = None) -> Explorer: ...
def explore(model: nn.Module, picture: Source, threshold: float | None = None) -> Explorer | MaskExplorer:
    """Detect objects in a picture and open the attention of that run; of a model with masks, its masks; of a vision
    transformer, its attention alone.

    Args:
        model: from `load_model` (or a fast form of it), or from `load_dino`.
        picture: anything `open_picture` takes.
        threshold: 0..1. Where the slider for detections starts (0.7 if not given); it can be moved afterwards. Of
            masks: object queries count whose class has a probability above it (0.85).

    Raises:
        ValueError: a threshold outside 0..1, or a model without attention, classes or input_size.
        PictureError: the picture cannot be opened.
    """
    if threshold is None:
        threshold = MASKS_ABOVE if isinstance(model, DETRsegm) else DETECTIONS_ABOVE
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold is {threshold}, a probability 0..1 is expected")
    picture = open_picture(picture)
    if isinstance(model, DETRsegm):
        return MaskExplorer(model, picture, threshold)
    with capture_attention(model, lazy=True) as attention:
        if isinstance(model, VisionTransformer):
            with evaluating(model):
                model(vit_input(model, picture)[None].to(model.cls_token.device))
            detections = nothing_detected()
        else:
            detections = detect(model, picture, threshold=0.0)
    return Explorer(attention, picture, detections, threshold)


def vit_input(vit: VisionTransformer, picture: Image.Image) -> Tensor:
    """The picture (3, h, w) as a vision transformer takes it, normalised: the shorter side as long as it learned it,
    both sides whole patches. Its positions are interpolated where the picture is no square."""
    P, side = vit.patch_embed.patch_size, vit.side
    longer = max(picture.size) / min(picture.size)
    width, height = (P * round(side * (longer if each > min(picture.size) else 1)) for each in picture.size)
    return pixels_of(picture.resize((width, height), Image.Resampling.BILINEAR))


def nothing_detected() -> Detections:
    """No detections, of a model that makes none."""
    none = torch.zeros(0)
    return Detections(boxes_xyxy=none.view(0, 4), labels=none.long(), scores=none, queries=none.long(), names=())

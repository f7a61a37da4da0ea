"""Opening the explorer: one detection of a picture, with the attention of that run."""

from __future__ import annotations

from torch import nn

from detrlab.attention.capture import capture_attention
from detrlab.detr.detect import detect
from detrlab.explorer.widget import Explorer
from detrlab.images import Source, open_picture


def explore(model: nn.Module, picture: Source, threshold: float = 0.7) -> Explorer:
    """Detect objects in a picture and open the attention of that run.

    Args:
        model: from `load_model` (or a fast form of it).
        picture: anything `open_picture` takes.
        threshold: where the slider for detections starts, 0..1; it can be moved afterwards.

    Raises:
        ValueError: a threshold outside 0..1, or a model without attention, classes or input_size.
        PictureError: the picture cannot be opened.
    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold is {threshold}, a probability 0..1 is expected")
    picture = open_picture(picture)
    with capture_attention(model, lazy=True) as attention:
        detections = detect(model, picture, threshold=0.0)
    return Explorer(attention, picture, detections, threshold)

"""From a picture to its detections in pixels.

DETR, section 3.2: each query is one prediction, no non-maximum suppression; `PostProcess` in `models/detr.py` of
the official code, and the threshold 0.7 of its notebooks.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from detrlab.boxes import cxcywh_to_xyxy, scale_to_pixels
from detrlab.images import Source, open_picture, to_input


class Detection(NamedTuple):
    """One detected object: corners in pixels of the original picture, and which query found it."""

    name: str
    score: float
    box_xyxy: tuple[float, float, float, float]
    label: int
    query: int


@dataclass(frozen=True, eq=False)
class Detections:
    """N detections, best score first, on the CPU. Iterating gives one `Detection` each."""

    boxes_xyxy: Tensor  # (N, 4) pixels of the original picture; may reach a little over its edge
    labels: Tensor  # (N,) long
    scores: Tensor  # (N,) probability of the label, 0..1
    queries: Tensor  # (N,) long, index 0..Q-1 of the object query
    names: tuple[str, ...]  # N class names

    def __len__(self) -> int:
        return len(self.names)

    def __iter__(self) -> Iterator[Detection]:
        rows = zip(
            self.names,
            self.scores.tolist(),
            map(tuple, self.boxes_xyxy.tolist()),
            self.labels.tolist(),
            self.queries.tolist(),
            strict=True,
        )
        return map(Detection._make, rows)


def detect(model: nn.Module, picture: Source, threshold: float = 0.7) -> Detections:
    """Detect objects in one picture.

    Args:
        model: from `load_model` (or a fast form of it).
        picture: anything `open_picture` takes.
        threshold: detections score above it, 0..1.

    Raises:
        ValueError: a threshold outside 0..1, or a model without `classes` and `input_size`.
        PictureError: the picture cannot be opened.
    """
    if not 0 <= threshold <= 1:
        raise ValueError(f"threshold is {threshold}, a probability 0..1 is expected")
    if not (hasattr(model, "classes") and hasattr(model, "input_size")):
        raise ValueError(f"{type(model).__name__} has no classes and input_size: take a model from load_model")
    picture = open_picture(picture)
    device = next(model.parameters()).device
    with evaluating(model):
        out = model(to_input(picture, *model.input_size)[None].to(device))

    # The last class is no-object: it takes part in the softmax, but is never an answer.
    probabilities = out["pred_logits"][0].softmax(-1)[:, :-1].cpu()  # (Q, K)
    scores, labels = probabilities.max(-1)  # (Q,) each
    queries = scores.argsort(descending=True)
    queries = queries[scores[queries] > threshold]  # (N,)
    boxes_xyxy = cxcywh_to_xyxy(out["pred_boxes"][0].cpu()[queries])  # (N, 4) in 0..1
    return Detections(
        boxes_xyxy=scale_to_pixels(boxes_xyxy, picture.size),
        labels=labels[queries],
        scores=scores[queries],
        queries=queries,
        names=tuple(model.classes[label] for label in labels[queries].tolist()),
    )


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Eval mode and no gradients within; after it every module's training flag is as it was."""
    flags = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.no_grad():
            yield
    finally:
        for module, training in flags:
            module.training = training
